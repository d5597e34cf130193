"""People decide who is who: the same, not the same, taken out. What somebody said stands against every later run, until it is taken back;
taken back, everything that moved because of it returns to where it was, and what came since stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from entente.identify.apply import standing
from entente.identify.find import visible_customers
from entente.identify.models import BY_HAND, ONE_RECORD, Customer, Membership, PossibleMatch, Verdict
from entente.identify.moves import homes, move, one_at_a_time
from entente.identify.pure.keepers import keepers
from entente.identify.shown import show
from entente.lib.errors import EntenteError
from entente.staff.models import User


class AlreadyDecided(EntenteError):
    """Somebody said otherwise, and it stands."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        who = str(verdict.by) if verdict.by else _("somebody")
        said = _("the same") if verdict.is_same else _("not the same")
        super().__init__(
            _("%(who)s decided on %(day)s that these are %(said)s. Take that decision back first.")
            % {"who": who, "day": verdict.made_at.date().isoformat(), "said": said}
        )


class NothingToDecide(EntenteError):
    """The records are gone, are one and the same, or are not this person's to see."""


@dataclass(frozen=True)
class Decided:
    """customer: who both are now, or whose the record is that was taken out. moved: how many records changed their customer."""

    verdict: Verdict
    customer: int
    moved: int


def say_same(left: int, right: int, *, by: User) -> Decided:
    """These two records are one customer: all records of both are, from now on.

    Raises NothingToDecide, and AlreadyDecided where somebody said of any two of them that they are not.
    """
    with transaction.atomic():
        one_at_a_time()
        a, b = _customers_of(left, right, by=by)
        records = {each: _records_of(each) for each in (a, b)}
        if a != b and (against := _said_between(records[a], records[b], is_same=False)):
            raise AlreadyDecided(against)
        verdict = _say(left, right, is_same=True, by=by)
        moved: list[int] = []
        kept = a
        if a != b:
            kept = _kept(a, b)
            moved = records[b if kept == a else a]
            _move(moved, [kept] * len(moved), verdict, BY_HAND, by)
            show([a, b])
        _settle(verdict, records[a], records[b])
        return Decided(verdict, kept, len(moved))


def say_not_same(left: int, right: int, *, by: User) -> Decided:
    """These two records are two customers. Of one and the same customer, the second is taken out.

    Raises NothingToDecide, and AlreadyDecided where somebody said that they are the same.
    """
    with transaction.atomic():
        one_at_a_time()
        a, b = _customers_of(left, right, by=by)
        if a == b:
            return _take_out(max(left, right), min(left, right), a, by)
        verdict = _say(left, right, is_same=False, by=by)
        _settle(verdict, _records_of(a), _records_of(b))
        return Decided(verdict, b, 0)


def take_out(party: int, *, by: User) -> Decided:
    """This record is somebody else than the customer it is shown with. Raises NothingToDecide, AlreadyDecided."""
    with transaction.atomic():
        one_at_a_time()
        (customer,) = _customers_of(party, by=by)
        others = [each for each in _records_of(customer) if each != party]
        if not others:
            raise NothingToDecide(_("This is the only record of the customer."))
        return _take_out(party, others[0], customer, by)


def take_back(verdict: Verdict, *, by: User) -> int:
    """Let the verdict, and what was said in one breath with it, stand no longer. Returns how many records returned to where they were.

    A record that has gone elsewhere since, stays there.
    """
    with transaction.atomic():
        one_at_a_time()
        first = verdict.together_with or verdict
        breath = Verdict.objects.select_for_update().filter(Q(pk=first.pk) | Q(together_with=first), withdrawn_at=None)
        all_said = list(breath)
        if not all_said:
            return 0
        _customers_of(first.left_id, first.right_id, by=by)
        numbers = [each.pk for each in all_said]
        Verdict.objects.filter(pk__in=numbers).update(withdrawn_at=timezone.now(), withdrawn_by=by)
        PossibleMatch.objects.filter(settled_by__in=numbers).update(settled_by=None)
        return _return(Membership.objects.filter(verdict__in=numbers, ended_at=None), by)


def _take_out(party: int, other: int, customer: int, by: User) -> Decided:
    others = [each for each in _records_of(customer) if each != party]
    if said := _said_between([party], others, is_same=True):
        raise AlreadyDecided(said)
    verdict = _say(party, other, is_same=False, by=by)
    Verdict.objects.bulk_create(
        [
            Verdict(left_id=min(party, each), right_id=max(party, each), is_same=False, by=by, together_with=verdict)
            for each in others
            if each != other and not _said_between([party], [each], is_same=False)
        ]
    )
    (home,) = homes([[party]])
    _move([party], [home], verdict, ONE_RECORD, by)
    _settle(verdict, [party], others)
    show([customer, home])
    return Decided(verdict, home, 1)


def _say(left: int, right: int, *, is_same: bool, by: User) -> Verdict:
    """Said twice, it is said once. The other way round, the first one stands and the second is told."""
    low, high = min(left, right), max(left, right)
    verdict = Verdict.objects.filter(left=low, right=high, withdrawn_at=None).select_related("by").first()
    if verdict is not None and verdict.is_same != is_same:
        raise AlreadyDecided(verdict)
    return verdict or Verdict.objects.create(left_id=low, right_id=high, is_same=is_same, by=by)


def _customers_of(*parties: int, by: User) -> list[int]:
    """Whose each record is, where this person may see the customer."""
    own = dict(
        Membership.objects.filter(party__in=parties, ended_at=None).values_list("party_id", "customer_id"),
    )
    seen = set(visible_customers(by).filter(pk__in=own.values()).values_list("id", flat=True))
    if len(set(parties)) < len(parties) or any(own.get(party) not in seen for party in parties):
        raise NothingToDecide(_("One of these records is not there any more. Load the page again."))
    return [own[party] for party in parties]


def _records_of(customer: int) -> list[int]:
    """Its records, the one it began with first."""
    own = Membership.objects.filter(customer=customer, ended_at=None).values_list("party_id", "law")
    return [party for party, _law in sorted(own, key=lambda each: (each[1] != ONE_RECORD, each[0]))]


def _said_between(some: Sequence[int], others: Sequence[int], *, is_same: bool) -> Verdict | None:
    crossing = Q(left__in=some, right__in=others) | Q(left__in=others, right__in=some)
    said = Verdict.objects.filter(crossing, withdrawn_at=None, is_same=is_same)
    return said.select_related("by").order_by("id").first()


def _kept(a: int, b: int) -> int:
    """Which of two customers goes on: as the law of linking has it."""
    now = standing(np.array([*_records_of(a), *_records_of(b)], np.int64))
    dear = set(
        Customer.objects.filter(pk__in=(a, b), looked_after_by__isnull=False).values_list("id", flat=True),
    )
    to = keepers(
        np.zeros(len(now.parties), np.int64),
        now.customer,
        is_first=now.is_first,
        is_dear=np.isin(now.customer, list(dear)),
    )
    return int(to[0])


def _move(parties: Sequence[int], customers: Sequence[int], verdict: Verdict, law: str, by: User) -> None:
    n = len(parties)
    move(
        np.array(parties, np.int64),
        np.array(customers, np.int64),
        weight=np.ones(n),
        explanation=[{}] * n,
        law=[law] * n,
        at=timezone.now(),
        verdict=verdict,
        by=by,
    )


def _settle(verdict: Verdict, some: Iterable[int], others: Iterable[int]) -> None:
    """Nobody need be asked any more of two records of these."""
    some, others = list(some), list(others)
    crossing = Q(left__in=some, right__in=others) | Q(left__in=others, right__in=some)
    PossibleMatch.objects.filter(crossing, settled_by=None).update(settled_by=verdict)


def _return(memberships: Iterable[Membership], by: User) -> int:
    """Begin again, for each of these, the membership it had ended."""
    touched: set[int] = set()
    at = timezone.now()
    moved = 0
    for now in memberships:
        before = Membership.objects.filter(party=now.party_id, pk__lt=now.pk).order_by("-id").first()
        if before is None:
            continue
        Membership.objects.filter(pk=now.pk).update(ended_at=at, ended_by=by)
        touched |= {now.customer_id, before.customer_id}
        before.pk, before.made_at, before.ended_at, before.ended_by = None, at, None, None
        before.save(force_insert=True)
        moved += 1
    show(sorted(touched))
    return moved
