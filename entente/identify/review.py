"""Of which two records somebody is asked whether they are one customer: the dearest question first, each settled once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from entente.identify.find import customers_of
from entente.identify.models import Customer, Linkage, PossibleMatch, Verdict
from entente.identify.moves import one_at_a_time
from entente.identify.verdicts import AlreadyDecided, Decided, NothingToDecide, say_not_same, say_same
from entente.lib.keyset import after, before
from entente.staff.models import User

ORDER = ("stake", "id")


@dataclass(frozen=True)
class Asked:
    """An open question, and the customers it is about. is_sure: as sure as this, records are put together without asking."""

    question: PossibleMatch
    left: Customer
    right: Customer
    is_sure: bool


def waiting() -> QuerySet[PossibleMatch]:
    """The open questions, the dearest first."""
    return PossibleMatch.objects.filter(settled_by=None).order_by("-stake", "-id")


def questions(user: User, *, since: PossibleMatch | None, itself: bool, most: int) -> list[Asked]:
    """The next open questions, each with the two customers it is about: after `since`, or beginning with it."""
    some = waiting()
    if since is not None:
        key = (since.stake, since.pk)
        # The number is whole: what stands below the next one begins with this one.
        some = some.filter(before(ORDER, (since.stake, since.pk + 1) if itself else key))
    rows = some.select_related("left__source", "right__source").annotate(sure=F("linkage__sure"))[:most]
    found = list(rows)
    whose = customers_of({party for row in found for party in (row.left_id, row.right_id)}, user)
    return [
        Asked(row, whose[row.left_id], whose[row.right_id], is_sure=row.probability >= row.sure)
        for row in found
        if row.left_id in whose and row.right_id in whose
    ]


def question_before(since: PossibleMatch) -> int | None:
    """The number of the open question that stands before this one."""
    dearer = waiting().order_by(*ORDER).filter(after(ORDER, (since.stake, since.pk)))
    return dearer.values_list("id", flat=True).first()


def settle(question: int, *, is_same: bool, by: User) -> Decided:
    """Answer an open question. Of two who answer at once, the second raises AlreadyDecided, whatever was said.

    Raises NothingToDecide where it is not asked any more.
    """
    with transaction.atomic():
        one_at_a_time()
        asked = PossibleMatch.objects.select_related("settled_by__by").filter(pk=question).first()
        if asked is None:
            raise NothingToDecide(_("Nobody need be asked that any more: the records have been linked anew since."))
        if asked.settled_by is not None:
            raise AlreadyDecided(asked.settled_by)
        return (say_same if is_same else say_not_same)(asked.left_id, asked.right_id, by=by)


def own_last(by: User, *, since: datetime) -> Verdict | None:
    """What this person said last, not before an instant, and has not taken back."""
    said = Verdict.objects.filter(by=by, withdrawn_at=None, together_with=None)
    last = said.select_related("left", "right").order_by("-id").first()
    return last if last is not None and last.made_at >= since else None


def runs() -> QuerySet[Linkage]:
    """The runs of the law over the records, the newest first, without what they learned."""
    return Linkage.objects.defer("weights").select_related("by").order_by("-id")
