"""What is known, and what a question is worth: on customers whose answers are plain, and on any."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.asking_terms import AGEING, WAYS, ImpossibleTerms, Terms, Way
from entente.differentiate.pure.knowing import (
    CARRIED_BY,
    CHANNELS,
    FIELDS,
    NOBODY,
    PURPOSES,
    ImpossibleKnowledge,
    Known,
    Rules,
    collect,
    counted,
    first,
    reachable,
    still_right,
)

RELATIONSHIP, MARKETING = PURPOSES.index("relationship"), PURPOSES.index("marketing")


def customers(
    n: int = 1, *, value: float = 1000.0, known: Any = FIELDS, level: int = 4, has_bought: bool = True
) -> Known:
    """n customers of whom these fields are known, just now, and to whom everything may be sent."""
    shape = (len(CHANNELS), len(PURPOSES), n)
    yes, no = np.ones(n, bool), np.zeros(n, bool)
    return Known(
        level=np.full(n, level),
        value=np.full(n, value),
        has_bought=np.full(n, has_bought),
        held_out=no,
        applies=dict.fromkeys(FIELDS, yes),
        known={field: yes if field in known else no for field in FIELDS},
        age={field: np.zeros(n) for field in AGEING},
        rules=Rules(np.ones(shape, bool), np.zeros(shape, bool), np.ones(shape[::2], bool), yes.copy()),
    )


def without(*fields: str) -> list[str]:
    return [field for field in FIELDS if field not in fields]


def worth(known: Known, field: str, terms: Terms | None = None) -> float:
    return float(collect(known, terms or Terms()).worth[FIELDS.index(field)].sum())


def test_half_of_it_holds_after_one_half_life_and_a_quarter_after_two():
    assert still_right(np.array([0.0, 730.0, 1460.0]), 730.0).tolist() == [1.0, 0.5, 0.25]
    for age, half_life in ((-1.0, 730.0), (np.nan, 730.0), (1.0, 0.0), (1.0, -3.0), (1.0, np.nan)):
        with pytest.raises(ImpossibleKnowledge):
            still_right(np.array([age]), half_life)


def test_a_share_is_of_those_it_makes_sense_of():
    found = counted(
        np.array([1, 1, 1, 2, 2]),
        3,
        np.array([True, True, False, True, False]),
        np.array([True, False, True, True, True]),
        np.array([0.5, 0.9, 0.9, 0.25, 0.9]),
    )
    assert found.of.tolist() == [0, 2, 1]
    assert found.known.tolist() == [0, 1, 1]
    assert found.fresh is not None and found.fresh.tolist() == [0.0, 0.5, 0.25]
    with pytest.raises(ImpossibleKnowledge):
        counted(np.array([1]), 2, np.array([True]), np.array([True, False]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.booleans(), st.booleans(), st.floats(0, 1)), max_size=60), st.randoms())
def test_shares_lie_between_0_and_1_and_groups_add_up(rows: list[tuple[int, bool, bool, float]], chance: Any):
    def of(rows: list[tuple[int, bool, bool, float]]) -> Any:
        group, applies, known, right = (np.array([row[k] for row in rows]) for k in range(4))
        return counted(group.astype(int), 8, applies.astype(bool), known.astype(bool), right.astype(float))

    found = of(rows)
    assert (found.known >= 0).all() and (found.known <= found.of).all()
    assert (found.fresh >= 0).all() and (found.fresh <= found.known + 1e-9).all()
    assert found.of.sum() == sum(applies for _, applies, _, _ in rows)
    assert found.known.sum() == sum(applies and known for _, applies, known, _ in rows)
    chance.shuffle(rows)
    again = of(rows)
    assert (again.of == found.of).all() and (again.known == found.known).all()
    assert again.fresh == pytest.approx(found.fresh)


def test_of_whom_all_is_known_nothing_is_asked():
    found = collect(customers(3), Terms())
    assert not found.worth.any() and not found.asks.any()
    assert (found.field == NOBODY).all() and (found.way == NOBODY).all() and not found.gain.any()


def test_the_first_way_to_reach_somebody_is_worth_most():
    """5 % of 1,000 hangs on speaking with them: the first channel makes 25 of it safe, the second 12.5, the third 6.25."""
    nobody_to_reach = customers(known=without("phone", "email", "address"))
    # Asked with the next order: every second one answers, at 20 cents.
    assert worth(nobody_to_reach, "phone") == pytest.approx(0.5 * 25 - 0.2)
    by_mail = customers(known=without("phone", "address"))
    assert worth(by_mail, "phone") == pytest.approx(0.5 * 12.5 - 0.2)
    by_both = customers(known=without("address"))
    # Now they can be called: four of five answer, at 50 cents.
    assert worth(by_both, "address") == pytest.approx(0.8 * 6.25 - 0.5)
    found = collect(by_both, Terms())
    assert (FIELDS[found.field[0]], WAYS[found.way[0]]) == ("address", "call")
    assert found.gain[0] == pytest.approx(4.5)


def test_who_never_bought_and_cannot_be_reached_cannot_be_asked():
    silent = customers(known=without("phone", "email", "address"), has_bought=False)
    assert not collect(silent, Terms()).gain.any()


def test_who_is_held_out_is_asked_when_they_come_to_us_and_not_before():
    known = replace(customers(known=without("phone")), held_out=np.ones(1, bool))
    assert WAYS[collect(known, Terms()).way[0]] == "order"
    assert not collect(replace(known, has_bought=np.zeros(1, bool)), Terms()).gain.any()


def test_what_may_not_be_used_is_not_asked_for():
    known = customers(known=without("phone"))
    known.rules.open[CHANNELS.index("phone")] = False
    assert worth(known, "phone") == 0.0
    known.rules.open[CHANNELS.index("phone"), RELATIONSHIP] = True
    # Of the two purposes that are ours to choose it opens one.
    assert worth(known, "phone") == pytest.approx(0.5 * 6.25 / 2 - 0.2)


def test_consent_is_asked_of_who_was_never_asked_and_not_over_its_own_channel():
    known = customers(known=without("consent_email"))
    mail = CHANNELS.index("email")
    known.rules.open[mail, MARKETING] = False
    # They have said no.
    assert worth(known, "consent_email") == 0.0
    known.rules.lacks_consent[mail, MARKETING] = True
    # Phone and letter are open: a third channel for one of two purposes.
    assert worth(known, "consent_email") == pytest.approx(0.8 * 6.25 / 2 - 0.5)
    only_mail = Terms(ways={**Terms().ways, "call": Way(1e6, 1), "letter": Way(1e6, 1), "order": Way(1e6, 1)})
    assert worth(known, "consent_email", only_mail) == 0.0
    nowhere_to_write = replace(known, known={**known.known, "email": np.zeros(1, bool)})
    assert worth(nowhere_to_write, "consent_email") == 0.0


def test_what_is_old_is_worth_asking_again():
    known = customers()
    known.age["phone"][:] = 730.0
    # Half of it is lost with a probability of a half; the call to the old number is still the best way.
    assert worth(known, "phone") == pytest.approx(0.8 * 6.25 / 2 - 0.5)
    assert worth(known, "phone", Terms(half_lives={"phone": 1e9})) == 0.0
    known.age["phone"][:] = 1e7
    assert worth(known, "phone") == pytest.approx(worth(customers(known=without("phone")), "phone") + 0.3 * 6.25 - 0.3)


def test_who_is_worth_nothing_is_not_asked():
    for value in (0.0, -50.0):
        assert not collect(customers(value=value, known=()), Terms()).gain.any()


def test_only_of_whom_it_makes_sense():
    known = customers(known=without("tax_id"))
    known.applies["tax_id"] = np.zeros(1, bool)
    assert worth(known, "tax_id", Terms(moves={"tax_id": 0.5})) == 0.0


def test_reach_needs_an_address_and_leave():
    known = customers(known=without("email", "address"))
    assert reachable(known, "marketing").all()
    known.rules.open[CHANNELS.index("phone"), MARKETING] = False
    assert not reachable(known, "marketing").any() and reachable(known, "service").all()


def test_the_first_to_ask_are_the_dearest_and_among_equals_the_oldest():
    known = customers(6, known=without("email"))
    known.value[:] = [500.0, 900.0, 900.0, 100.0, 900.0, 0.0]
    numbers = np.array([11, 7, 3, 5, 9, 1])
    found = collect(known, Terms())
    assert numbers[first(found, numbers, 4)].tolist() == [3, 7, 9, 11]
    assert numbers[first(found, numbers, 2)].tolist() == [3, 7]
    assert numbers[first(found, numbers, 99)].tolist() == [3, 7, 9, 11, 5]
    assert first(collect(customers(0), Terms()), numbers[:0], 5).tolist() == []


def anybody(n: int, seed: int) -> Known:
    rng = np.random.default_rng(seed)
    shape = (len(CHANNELS), len(PURPOSES), n)
    is_open = rng.random(shape) < 0.7
    return Known(
        level=rng.integers(1, 8, n),
        value=rng.lognormal(6, 2, n) - 50,
        has_bought=rng.random(n) < 0.8,
        held_out=rng.random(n) < 0.1,
        applies={field: rng.random(n) < 0.9 for field in FIELDS},
        known={field: rng.random(n) < 0.5 for field in FIELDS},
        age={field: rng.integers(0, 3000, n).astype(float) for field in AGEING},
        rules=Rules(is_open, ~is_open & (rng.random(shape) < 0.5), rng.random(shape[::2]) < 0.5, rng.random(n) < 0.1),
    )


def taken(known: Known, rows: Any) -> Known:
    rules = known.rules
    return Known(
        known.level[rows], known.value[rows], known.has_bought[rows], known.held_out[rows],
        *({name: column[rows] for name, column in each.items()} for each in (known.applies, known.known, known.age)),
        rules=Rules(rules.open[..., rows], rules.lacks_consent[..., rows], rules.asked[..., rows], rules.wishes[rows]),
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 40), st.integers(0, 10_000))
def test_the_order_of_the_customers_changes_nothing(n: int, seed: int):
    known = anybody(n, seed)
    found = collect(known, Terms())
    rows = np.random.default_rng(seed + 1).permutation(n)
    again = collect(taken(known, rows), Terms())
    assert again.worth == pytest.approx(found.worth)
    assert (again.asks == found.asks).all()
    assert (again.field == found.field[rows]).all() and (again.way == found.way[rows]).all()
    assert again.gain.tolist() == found.gain[rows].tolist()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(0, 10_000))
def test_a_question_is_never_worth_more_than_what_hangs_on_it(n: int, seed: int):
    known, terms = anybody(n, seed), Terms()
    found = collect(known, terms)
    asked = found.field != NOBODY
    assert (asked == (found.gain > 0)).all() and (asked == (found.way != NOBODY)).all()
    assert (found.gain <= np.maximum(known.value, 0.0) * terms.speaking / 2).all()
    # Each customer's best question is one of those counted; nobody's counts for less than the dearest field of all.
    by_level = np.bincount(known.level, weights=found.gain, minlength=8)
    assert (by_level <= found.worth.sum(axis=0) + 1e-9).all()
    assert (by_level >= found.worth.max(axis=0) - 1e-9).all()
    # What is asked is not known for certain, and may be asked in that way.
    for row in np.flatnonzero(asked):
        field, way = FIELDS[found.field[row]], WAYS[found.way[row]]
        assert known.applies[field][row]
        assert not known.known[field][row] or known.age.get(field, np.zeros(n))[row] > 0 or field.startswith("consent_")
        channel = dict(zip(WAYS, (*CHANNELS, ""), strict=True))[way]
        if channel:
            place = CHANNELS.index(channel)
            assert not known.held_out[row]
            assert known.known[CARRIED_BY[channel]][row] and known.rules.open[place, RELATIONSHIP, row]
            assert field != f"consent_{channel}"
        else:
            assert known.has_bought[row]


def test_assumptions_are_read_strictly():
    terms = Terms.from_dict(
        {"call.cost": 2, "mail.answer": 0.5, "half_life.phone": 365, "moves.language": 0, "speaking": 0.1, "off": 1}
    )
    assert terms.ways["call"] == Way(2.0, 0.8) and terms.ways["mail"] == Way(0.1, 0.5)
    assert terms.half_life("phone") == 365.0 and terms.half_life("email") == 730.0
    assert Terms.from_dict(terms.as_dict()).as_dict() == terms.as_dict()
    for name, value in (
        ("call.cost", -1), ("call.answer", 1.5), ("speaking", float("nan")), ("off", True), ("half_life.phone", 0),
        ("half_life.born_on", 9), ("moves.phone", 0.1), ("fax.cost", 1), ("speaking", "0.1"), ("call.cost", float("inf")),
    ):  # fmt: skip
        with pytest.raises(ImpossibleTerms) as wrong:
            Terms.from_dict({name: value})
        assert wrong.value.where == name
