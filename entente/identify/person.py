"""What is believed about who one person is, table by table; and how it goes. As `entente/ledger/person.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from entente.identify.index_models import HeldByMany, Reading
from entente.identify.models import (
    Chosen,
    Customer,
    Linkage,
    Membership,
    PossibleMatch,
    Verdict,
    Verified,
)
from entente.identify.relations_models import Deal, DealPart, Relation
from entente.identify.shown import COLUMNS, show
from entente.ledger.models import Party
from entente.ledger.person import DELETED, EMPTIED, KEPT, UNTOUCHED, Held, Person, of_customer, of_party
from entente.ledger.tombstones import digits_spelling

_FIGURES = _(
    "That there was a relation, from when to when and for how much, concerns the other side, too; words about it go."
)
_OPINION = _("Which record was believed to be whom, without a word of who that was.")


def _deals(person: Person) -> QuerySet[Deal]:
    return Deal.objects.filter(pk__in=DealPart.objects.filter(party__in=person.parties).values("deal"))


HELD: Sequence[Held] = (
    Held(Customer, _("The customer, as believed"), of_customer(Customer, "pk"), EMPTIED, _("The number stays and is never used again."),
         hidden=("grams", "search", "shown_of")),
    Held(Membership, _("Which records are this customer"), of_party(Membership), KEPT, _OPINION),
    Held(Verdict, _("What people said of the records"), of_party(Verdict, "left", "right"), KEPT, _OPINION),
    Held(PossibleMatch, _("Who may be the same"), of_party(PossibleMatch, "left", "right"), DELETED, ""),
    Held(Verified, _("Mailboxes and telephones proved"), of_party(Verified), DELETED, ""),
    Held(Chosen, _("Which record is shown"), of_party(Chosen), DELETED, ""),
    Held(Reading, _("As the records are compared"), of_party(Reading), DELETED, "", hidden=("keys", "digest")),
    Held(Relation, _("Relations"), of_party(Relation, "party", "other"), EMPTIED, _FIGURES),
    Held(DealPart, _("Parts in deals"), of_party(DealPart), EMPTIED, _FIGURES),
    Held(Deal, _("Deals"), lambda person: _deals(person).order_by("pk"), EMPTIED,
         _("It is the others' deal as well: words in it that name them go.")),
    Held(HeldByMany, _("Values that many share"), None, UNTOUCHED, _("What many share is nobody's.")),
    Held(Linkage, _("Runs of the law of identity"), None, EMPTIED, _("Of what too many records hold, what is theirs goes.")),
)  # fmt: skip

_WORDS_OF_TERMS = ("share_of", "due", "decided_by", "told", "contract", "notice", "notes", "evidence")


def erase_identity(person: Person, words: Collection[str]) -> dict[str, int]:
    """Forget who they are, after the ledger did. words: as `words_of` said before that. Returns table -> rows."""
    gone = {}
    relations = Relation.objects.filter(Q(party__in=person.parties) | Q(other__in=person.parties))
    gone[Relation._meta.db_table] = relations.update(**dict.fromkeys(_WORDS_OF_TERMS, ""))
    gone[DealPart._meta.db_table] = DealPart.objects.filter(party__in=person.parties).update(role="")
    gone[Deal._meta.db_table] = _empty_deals(person, words)
    _empty_linkages(words)
    show([person.customer])
    gone[Customer._meta.db_table] = 1 + _empty_former_customers(person)
    return gone


def forget_stale_readings() -> int:
    """Take out again what a run had read of people who were erased while it worked. In the transaction in which it comes into force."""
    erased = Party.objects.filter(erased_at__isnull=False)
    PossibleMatch.objects.filter(Q(left__in=erased) | Q(right__in=erased)).delete()
    return Reading.objects.filter(party__in=erased).exclude(keys=[]).delete()[0]


def _empty_former_customers(person: Person) -> int:
    """A customer whose records have all gone to another is shown to nobody, and still says what they said."""
    former = Customer.objects.filter(memberships__party__in=person.parties).exclude(memberships__ended_at=None)
    blank = {**dict.fromkeys(COLUMNS, ""), "kind": Party.Kind.UNKNOWN, "search": "", "shown_of": None}
    return Customer.objects.filter(pk__in=former.values("pk")).update(**blank)


def _empty_deals(person: Person, words: Collection[str]) -> int:
    count = 0
    for deal in _deals(person):
        telling = [
            name for name in ("name", *_WORDS_OF_TERMS) if any(word in getattr(deal, name).lower() for word in words)
        ]
        for name in telling:
            setattr(deal, name, "")
        if telling:
            deal.save(update_fields=telling)
            count += 1
    return count


def _empty_linkages(words: Collection[str]) -> None:
    digits = {digits_spelling(word)[-9:] for word in words} - {""}
    for run in Linkage.objects.exclude(ignored=[], error=""):
        left = [row for row in run.ignored if not {str(cell).lower() for cell in row} & {*words, *digits}]
        # What went wrong may quote the row that it went wrong with.
        error = "" if any(word in run.error.lower() for word in words) else run.error
        if (left, error) != (run.ignored, run.error):
            Linkage.objects.filter(pk=run.pk).update(ignored=left, error=error)
