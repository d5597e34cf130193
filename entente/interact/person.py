"""What one person allowed, wished and was written; and how it goes. As `entente/ledger/person.py`."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from entente.interact.models import ConsentEvent, Outgoing, Preference
from entente.ledger.person import DELETED, EMPTIED, Held, Person, of_party

HELD: Sequence[Held] = (
    Held(ConsentEvent, _("Consents given and withdrawn"), of_party(ConsentEvent), DELETED, ""),
    Held(
        Preference, _("Wishes"), of_party(Preference), DELETED,
        _("In its place stands the wish not to be contacted."),
    ),
    Held(
        Outgoing, _("Mail on its way and sent"), of_party(Outgoing, "interaction__party"), EMPTIED,
        _("What has not gone out does not; of what has, the day stays."),
    ),
)  # fmt: skip
# Nobody is to be found any more, and nobody is to try: the contact rules read it as any other wish.
NO_CONTACT = {"paused_until": "2999-12-31"}
ON_ITS_WAY = (Outgoing.State.QUEUED, Outgoing.State.SENDING)


def erase_dialogue(person: Person) -> dict[str, int]:
    """Stop what is on its way, and contact them no more. Returns table -> rows.

    Of a mail that a worker is handing over at this moment the text is out of our hands; if that fails, it is not tried again.
    """
    mails = Outgoing.objects.filter(interaction__party__in=person.parties)
    count = mails.filter(state__in=ON_ITS_WAY).delete()[0] + mails.update(recipient="", error="")
    contact_no_more(person.parties[:1])
    return {Outgoing._meta.db_table: count}


def contact_no_more(parties: Sequence[int]) -> None:
    """Let the contact rules keep everybody from these records for good."""
    Preference.objects.bulk_create(Preference(party_id=party, wishes=NO_CONTACT) for party in parties)
