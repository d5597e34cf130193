"""People decide who is who: the same, not the same, taken out. What somebody said stands against every later run, until it is taken back;
taken back, everything that moved because of it returns to where it was, and what came since stays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from entente.identify.apply import standing
from entente.identify.evidence import Pair, Reason, evidence_among, pair_of
from entente.identify.find import visible_customers
from entente.identify.models import BY_HAND, ONE_RECORD, Customer, Membership, PossibleMatch, Verdict
from entente.identify.moves import homes, move, one_at_a_time
from entente.identify.pure.keepers import NOBODY, keepers
from entente.identify.shown import show
from entente.ledger.models import Party
from entente.lib.errors import EntenteError
from entente.staff.models import User

Ints = NDArray[np.int64]

# Unless something stands between the customers that both are now.
_OPEN_AGAIN = f"""
UPDATE {PossibleMatch._meta.db_table} q SET settled_by_id = NULL
FROM {Membership._meta.db_table} l, {Membership._meta.db_table} r
WHERE q.settled_by_id IS NOT NULL AND (q.left_id = ANY(%(parties)s) OR q.right_id = ANY(%(parties)s))
  AND l.party_id = q.left_id AND l.ended_at IS NULL AND r.party_id = q.right_id AND r.ended_at IS NULL
  AND l.customer_id <> r.customer_id
  AND NOT EXISTS (
    SELECT FROM {Verdict._meta.db_table} v
    JOIN {Membership._meta.db_table} a ON a.party_id = v.left_id AND a.ended_at IS NULL
    JOIN {Membership._meta.db_table} b ON b.party_id = v.right_id AND b.ended_at IS NULL
    WHERE v.withdrawn_at IS NULL AND (a.customer_id, b.customer_id)
          IN ((l.customer_id, r.customer_id), (r.customer_id, l.customer_id))
  )
"""


class AlreadyDecided(EntenteError):
    """Somebody said otherwise, and it stands."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        who = str(verdict.by) if verdict.by else _("somebody")
        said = _("the same") if verdict.is_same else _("not the same")
        super().__init__(
            _("%(who)s decided on %(day)s that these are %(said)s. Take that decision back first.")
            % {"who": who, "day": timezone.localtime(verdict.made_at).date().isoformat(), "said": said}
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
        _must_be_alike(left, right)
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
    """Let the verdict, and what was said in one breath with it, stand no longer. Returns how many records moved.

    What it had brought together parts again, what it had parted comes together again: as far as nothing else that stands, neither a
    verdict nor a likeness, says otherwise. In whatever order several are taken back, the same records come together, each group where
    most of it was. What joined them since goes with them.
    """
    with transaction.atomic():
        one_at_a_time()
        first = verdict.together_with or verdict
        breath = Verdict.objects.select_for_update().filter(Q(pk=first.pk) | Q(together_with=first), withdrawn_at=None)
        said = list(breath)
        if not said:
            return 0
        _customers_of(first.left_id, first.right_id, by=by)
        numbers = [each.pk for each in said]
        Verdict.objects.filter(pk__in=numbers).update(withdrawn_at=timezone.now(), withdrawn_by=by)
        PossibleMatch.objects.filter(settled_by__in=numbers).update(settled_by=None)
        came = Membership.objects.filter(verdict__in=numbers, made_at__gte=first.made_at)
        moved = set(came.values_list("party_id", flat=True))
        if first.is_same:
            return _settle_anew({*_ends(first), *moved}, by=by)
        if not moved:
            return 0
        others = {each for one in said for each in _ends(one)} - moved
        return _settle_anew(moved, beside=others, freed=set(map(_ends, said)), by=by)


@contextmanager
def losing_records(import_id: int, *, by: User | None) -> Iterator[None]:
    """Around the removal of an import's records, in its transaction: who was held together only by what was said of them parts."""
    one_at_a_time()
    of_it = Q(left__import_run=import_id) | Q(right__import_run=import_id)
    said = {each.pk: _ends(each) for each in Verdict.objects.filter(of_it, is_same=True, withdrawn_at=None)}
    yield
    stand = set(Verdict.objects.filter(pk__in=said).values_list("pk", flat=True))
    ends = {each for pk, pair in said.items() if pk not in stand for each in pair}
    left = set(Party.objects.filter(pk__in=ends).values_list("pk", flat=True))
    if left:
        _settle_anew(left, by=by)


def _settle_anew(
    parties: Collection[int], *, by: User | None, beside: Collection[int] = (), freed: Collection[Pair] = ()
) -> int:
    """Put these records, and those that are held together with them, where the evidence has them. Returns how many moved.

    beside: records they may belong with; those and whoever is with them stay together. freed: as in `evidence_among`.
    """
    around = Membership.objects.filter(party__in={*parties, *beside}, ended_at=None).values("customer")
    rows = Membership.objects.filter(customer__in=around, ended_at=None).order_by("party_id")
    party, customer, is_first = (
        np.array(column)
        for column in zip(*((row.party_id, row.customer_id, row.law == ONE_RECORD) for row in rows), strict=True)
    )
    of_parties = np.isin(party, list(parties))
    others = np.setdiff1d(customer, customer[of_parties])
    back = [party[customer == each].tolist() for each in others]
    if len(back) == 1:
        # All it was taken out of are one to this day: it returns to them whatever the reason was.
        back[0].append(min(parties))
    found = evidence_among(party.tolist(), freed=freed, back=back)
    held = np.array([found.together[each] for each in party.tolist()])
    # Who is not asked about belongs with the rest of the customer.
    rest = ~np.isin(held, held[of_parties])
    _, together = np.unique(np.where(rest, len(party) + customer, held), return_inverse=True)
    law = _numbers(customer, [found.by_law.get(*each) for each in zip(party.tolist(), customer.tolist(), strict=True)])
    to = keepers(together, law, is_first=is_first, is_dear=law == customer)
    to[rest & (to == NOBODY)] = customer[rest & (to == NOBODY)]
    for group in np.unique(together[to == NOBODY]).tolist():
        own = together == group
        free = [each for each in customer[own].tolist() if each not in to]
        to[own] = max(free, key=free.count) if free else homes([party[own].tolist()])[0]
    moving = to != customer
    for home in np.unique(to[moving]).tolist():
        _go(party[moving & (to == home)].tolist(), home, found.reasons, by)
    _ask_again(party[moving].tolist())
    show(np.union1d(to[moving], customer[moving]))
    return int(moving.sum())


def _numbers(customer: Ints, by_law: Sequence[int]) -> Ints:
    """(n,) under which number each record counts: that which the law had it under at last; its customer's, where others have that now."""
    law = np.array(by_law, np.int64)
    held = Membership.objects.filter(customer__in=by_law, ended_at=None).exclude(customer__in=customer.tolist())
    return np.where(np.isin(law, list(held.values_list("customer_id", flat=True))), customer, law)


def _go(parties: Sequence[int], home: int, reasons: Mapping[int, Reason], by: User | None) -> None:
    """Give these records to a customer, each for the reason that stands; one may be the record it began with."""
    there = Membership.objects.filter(customer=home)
    began = set(there.filter(party__in=parties, law=ONE_RECORD).values_list("party_id", flat=True))
    if there.filter(ended_at=None, law=ONE_RECORD).exists():
        began = set()
    elif len(parties) == 1 and not there.filter(ended_at=None).exists():
        began = set(parties)
    first = min(began, default=None)
    why = [None if party == first else reasons.get(party) for party in parties]
    move(
        np.array(parties, np.int64),
        np.full(len(parties), home),
        weight=np.array([each.weight if each else 1.0 for each in why]),
        explanation=[
            {"with": each.other(party), "likeness": each.likeness} if each else {}
            for party, each in zip(parties, why, strict=True)
        ],
        law=[
            ONE_RECORD if party == first else each.law if each else BY_HAND
            for party, each in zip(parties, why, strict=True)
        ],
        at=timezone.now(),
        by=by,
    )


def _ask_again(parties: Sequence[int]) -> None:
    """What was settled in passing about these records, with what was said of others of their customer, is open where they parted."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_AGAIN, {"parties": list(parties)})


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
    _ask_again([party])
    show([customer, home])
    return Decided(verdict, home, 1)


def _say(left: int, right: int, *, is_same: bool, by: User) -> Verdict:
    """Said twice, it is said once. The other way round, the first one stands and the second is told."""
    low, high = pair_of(left, right)
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


def _must_be_alike(left: int, right: int) -> None:
    erased = Party.objects.filter(pk__in=(left, right)).exclude(erased_at=None).count()
    if erased == 1:
        raise NothingToDecide(
            _("One of these records was of somebody who is erased. Nothing is known of them any more.")
        )


def _records_of(customer: int) -> list[int]:
    """Its records, the one it began with first."""
    own = Membership.objects.filter(customer=customer, ended_at=None).values_list("party_id", "law")
    return [party for party, _law in sorted(own, key=lambda each: (each[1] != ONE_RECORD, each[0]))]


def _ends(verdict: Verdict) -> Pair:
    return verdict.left_id, verdict.right_id


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
