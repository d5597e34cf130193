"""What was decided for one person; and all rooms together: every table that holds something of one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from entente.customize.models import Answer, Decision, Outcome
from entente.differentiate import person as differentiate
from entente.identify import person as identify
from entente.interact import person as interact
from entente.ledger import person as ledger
from entente.ledger.person import EMPTIED, KEPT, Held, Person, of_customer

_LOG = _("What was weighed and with which chance it was chosen stays, so that it can be judged; it names nobody.")

HELD: Sequence[Held] = (
    Held(
        Decision, _("Decisions and their reasons"), of_customer(Decision), KEPT, _LOG, hidden=("features_hash", "seed")
    ),
    Held(
        Answer,
        _("What people made of the decisions"),
        of_customer(Answer, "decision__customer"),
        EMPTIED,
        _("Words go."),
    ),
    Held(Outcome, _("What came of the decisions"), of_customer(Outcome, "decision__customer"), KEPT, _LOG),
)

# Who they are first, then what happened, what was said, and what we made of it.
TABLES: Sequence[Held] = (*identify.HELD, *ledger.HELD, *interact.HELD, *differentiate.HELD, *HELD)


def erase_decisions(person: Person, words: Collection[str]) -> dict[str, int]:
    """Forget what people wrote about decisions; nothing waits to be done any more. Returns table -> rows.

    words: as `words_of` said. What was decided for customers who were others as well stays; what was written of it and names them goes.
    """
    waiting = (Decision.State.OPEN, Decision.State.POSTPONED)
    Decision.objects.filter(customer__in=person.customers, state__in=waiting).update(state=Decision.State.PASSED)
    written = Answer.objects.exclude(words="")
    of_mixed = written.filter(decision__customer__in=person.mixed).values_list("pk", "words")
    telling = [pk for pk, text in of_mixed if any(word in text.lower() for word in words)]
    gone = written.filter(Q(decision__customer__in=person.customers) | Q(pk__in=telling)).update(words="")
    return {Answer._meta.db_table: gone}
