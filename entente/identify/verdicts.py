"""People decide who is who: the same, not the same, taken out. What somebody said stands against every later run, until it is taken back;
taken back, everything that moved because of it returns to where it was, and what came since stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from entente.identify.apply import standing
from entente.identify.find import visible_customers
from entente.identify.models import BY_HAND, ONE_RECORD, Customer, Membership, PossibleMatch, Verdict
from entente.identify.moves import homes, move, one_at_a_time
from entente.identify.pure.clusters import cluster
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
    verdict nor a likeness, says otherwise. Records return to where they were; what joined them since goes with them.
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
        came = list(Membership.objects.filter(verdict__in=numbers, made_at__gte=first.made_at).order_by("id"))
        if not came:
            return 0
        return _part(first, came, by) if first.is_same else _rejoin(said, came, by)


def _part(verdict: Verdict, came: Sequence[Membership], by: User) -> int:
    """Take apart what this verdict alone had held together."""
    left, right = _customers_of(verdict.left_id, verdict.right_id, by=by)
    if left != right:
        return 0
    moved = {each.party_id for each in came}
    stays = verdict.right_id if verdict.left_id in moved else verdict.left_id
    of = _held_together(left)
    going = [party for party in of if of[party] != of[stays] and of[party] in {of.get(one) for one in moved}]
    if not going:
        return 0
    gone = next(party for party in (verdict.left_id, verdict.right_id, *going) if party in moved and party in going)
    before = Membership.objects.filter(party=gone, pk__lt=min(each.pk for each in came if each.party_id == gone))
    home = before.order_by("-id").values_list("customer_id", flat=True).first()
    if home is None or home == left or _said_between(going, _records_of(home), is_same=False):
        (home,) = homes([going])
    _go(going, home, by)
    show([left, home])
    return len(going)


def _rejoin(said: Sequence[Verdict], came: Sequence[Membership], by: User) -> int:
    """Bring a record that was taken out back to those it was with."""
    out = came[0].party_id
    others = {each.left_id if each.right_id == out else each.right_id for each in said}
    now = Membership.objects.filter(party__in=others, ended_at=None).values("customer")
    most = now.annotate(records=Count("id")).order_by("-records", "customer").values_list("customer", flat=True)
    (here,), target = _customers_of(out, by=by), most.first()
    if target is None or target == here:
        return 0
    of = _held_together(here)
    going = [party for party in of if of[party] == of[out]]
    if _said_between(going, _records_of(target), is_same=False):
        return 0
    _go(going, target, by)
    show([here, target])
    return len(going)


def _held_together(customer: int) -> dict[int, int]:
    """record: a number of those it is with for a reason that stands: a verdict, or a likeness that the law put it there for.

    A record that has stood for itself since is no more held by what the law saw before.
    """
    parties = _records_of(customer)
    place = {party: row for row, party in enumerate(parties)}
    alone: dict[int, int] = {}
    likely: list[tuple[int, int, int]] = []
    for number, party, law, explanation in (
        Membership.objects.filter(party__in=parties).order_by("id").values_list("id", "party_id", "law", "explanation")
    ):
        if law == ONE_RECORD:
            alone[party] = number
        elif explanation.get("with") in place:
            likely.append((number, party, explanation["with"]))
    pairs = [(place[a], place[b]) for number, a, b in likely if number > max(alone.get(a, 0), alone.get(b, 0))]
    said = Verdict.objects.filter(withdrawn_at=None, left__in=parties, right__in=parties)
    told = [(place[a], place[b], same) for a, b, same in said.values_list("left_id", "right_id", "is_same")]
    edges = np.array(pairs, np.int64).reshape(-1, 2)
    same, apart = (
        np.array([(a, b) for a, b, is_same in told if is_same is wanted], np.int64).reshape(-1, 2)
        for wanted in (True, False)
    )
    of = cluster(len(parties), edges[:, 0], edges[:, 1], np.ones(len(edges)), same=same, apart=apart)
    return dict(zip(parties, of.tolist(), strict=True))


def _go(parties: Sequence[int], home: int, by: User) -> None:
    """Give these records to a customer, each as it was there before."""
    there = Membership.objects.filter(customer=home)
    has_first = there.filter(ended_at=None, law=ONE_RECORD).exists()
    was = {each.party_id: each for each in there.filter(party__in=parties).select_related("verdict").order_by("id")}
    stands_alone = len(parties) == 1 and not there.filter(ended_at=None).exists()
    laws, explanations, weights = [], [], []
    for party in parties:
        before = was.get(party)
        is_first = not has_first and (before.law == ONE_RECORD if before else stands_alone)
        has_first |= is_first
        by_law = before is not None and before.law not in (ONE_RECORD, BY_HAND)
        laws.append(ONE_RECORD if is_first else before.law if before and by_law else BY_HAND)
        explanations.append(before.explanation if before and by_law else {})
        weights.append(before.weight if before else 1.0)
    move(
        np.array(parties, np.int64),
        np.full(len(parties), home),
        weight=np.array(weights),
        explanation=explanations,
        law=laws,
        at=timezone.now(),
        by=by,
    )


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
