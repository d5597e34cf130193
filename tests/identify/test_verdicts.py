"""What people said is taken back in any order, and everybody is again where they were, under the number they had."""

from __future__ import annotations

import random

import pytest
from django.db import transaction
from django.utils import timezone

from entente.identify.link import link_all
from entente.identify.models import Linkage, Membership, PossibleMatch
from entente.identify.newcomers import link_new
from entente.identify.verdicts import (
    AlreadyDecided,
    Decided,
    NothingToDecide,
    say_not_same,
    say_same,
    take_back,
    take_out,
)
from entente.ledger.models import Party
from entente.staff.models import User
from tests.identify.test_link import crowd, maxim, party, whose

__all__ = ["crowd", "maxim"]  # fixtures
pytestmark = pytest.mark.django_db(transaction=True)
TRIALS = 40


@pytest.fixture
def three_each(crowd: list[Party]) -> list[int]:
    """Nine records of three people, three each one after the other, as the law put them together; and three people of one record."""
    people = [("Anna Schröder", "Linden"), ("Boris Quandt", "Rosen"), ("Cecilia Vogel", "Tulpen")]
    ids = [
        party(
            f"{who}{copy}", name=name, email=f"x{who}@web{who}.example", phone=f"0221 555014{who}", phone_e164=f"+4922155501{who}4",
            born_on=f"198{who}-0{who + 1}-0{who + 2}", address=f"{street}weg {who + 7}", postcode=f"5067{who}",
        ).pk
        for who, (name, street) in enumerate(people) for copy in range(3)
    ]  # fmt: skip
    nothing = {"phone": "", "phone_e164": "", "born_on": None, "address": "", "postcode": "", "city": ""}
    for name in ("Zeno Quist", "Ulf Brandt", "Xaver Ohm"):
        ids.append(party(name, name=name, email=f"{name[0]}@q.example", **nothing).pk)
    link_all()
    return ids


def now_at(ids: list[int]) -> list[int]:
    own = whose()
    return [own[each] for each in ids]


def test_the_law_has_them_as_the_tests_think(three_each: list[int]):
    at = now_at(three_each)
    assert len(set(at[0:3])) == len(set(at[3:6])) == len(set(at[6:9])) == 1 and len(set(at)) == 6


def something_said(chance: random.Random, ids: list[int], by: User) -> Decided | None:
    one, other = chance.sample(ids, 2)
    said = chance.choice((say_same, say_same, say_not_same, take_out))
    try:
        return take_out(one, by=by) if said is take_out else said(one, other, by=by)
    except (AlreadyDecided, NothingToDecide):
        return None


def test_whatever_was_said_taken_back_in_any_order_it_is_as_if_nobody_had_spoken(three_each: list[int], maxim: User):
    before = now_at(three_each)
    spoken = 0
    for seed in range(TRIALS):
        chance = random.Random(seed)
        with transaction.atomic():
            made = [something_said(chance, three_each, maxim) for _ in range(chance.randint(1, 5))]
            said = {each.verdict.pk: each.verdict for each in made if each is not None}
            for verdict in chance.sample(list(said.values()), len(said)):
                take_back(verdict, by=maxim)
            assert now_at(three_each) == before, seed
            spoken += len(said)
            transaction.set_rollback(True)
    assert spoken > TRIALS


def test_numbers_return_with_those_who_had_them(three_each: list[int], maxim: User):
    before = now_at(three_each)
    out = take_out(three_each[2], by=maxim).verdict
    same = say_same(three_each[2], three_each[3], by=maxim).verdict
    take_back(out, by=maxim)
    assert len(set(now_at(three_each)[:6])) == 1
    take_back(same, by=maxim)
    assert now_at(three_each) == before


def test_without_the_one_that_was_like_both_the_two_are_still_one(three_each: list[int], maxim: User):
    """Both are there for their likeness to a record that is taken out while a stranger is in between."""
    before = now_at(three_each)
    same = say_same(three_each[1], three_each[4], by=maxim).verdict
    out = take_out(three_each[0], by=maxim).verdict
    take_back(same, by=maxim)
    at = now_at(three_each)
    assert at[1] == at[2] and at[1] not in (at[0], at[3]) and at[3] == at[4] == at[5] == before[3]
    take_back(out, by=maxim)
    assert now_at(three_each) == before


def test_who_came_since_goes_with_whom_it_is_like(three_each: list[int], maxim: User):
    before = now_at(three_each)
    same = say_same(three_each[1], three_each[4], by=maxim).verdict
    boris = Party.objects.get(pk=three_each[4])
    copied = {
        name: getattr(boris, name)
        for name in ("name", "email", "phone", "phone_e164", "born_on", "address", "postcode")
    }
    late = party("late", **copied).pk
    link_new()
    assert whose()[late] == whose()[three_each[1]]
    take_back(same, by=maxim)
    assert now_at(three_each) == before and whose()[late] == before[4]


def test_who_is_erased_is_linked_to_nobody_by_what_people_say(three_each: list[int], maxim: User):
    a, b, _, d, *_ = three_each
    same, out = say_same(a, d, by=maxim).verdict, take_out(b, by=maxim).verdict
    Party.objects.filter(pk=b).update(name="", erased_at=timezone.now())
    home = whose()[b]
    with pytest.raises(NothingToDecide, match="erased"):
        say_same(a, b, by=maxim)
    assert take_back(out, by=maxim) == 0 and whose()[b] == home
    take_back(same, by=maxim)
    assert Membership.objects.filter(customer=home, ended_at=None).count() == 1


def test_what_was_settled_in_passing_is_asked_again_of_who_is_taken_out(three_each: list[int], maxim: User):
    a, b, *_, zeno, _ulf, _xaver = three_each
    run = Linkage.objects.latest("id")
    for one in (a, b):
        PossibleMatch.objects.create(left_id=one, right_id=zeno, probability=0.6, linkage=run)
    said = say_not_same(a, zeno, by=maxim).verdict

    def asked() -> list[int]:
        return sorted(PossibleMatch.objects.filter(right=zeno, settled_by=None).values_list("left", flat=True))

    assert asked() == []
    take_out(b, by=maxim)
    assert asked() == [b]
    take_back(said, by=maxim)
    assert asked() == [a, b]
