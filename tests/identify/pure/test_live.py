"""One record against all: the same numbers as among all, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.identify.pure.blocking import ORGANISATION_RULES, PERSON_RULES
from entente.identify.pure.coded import coded
from entente.identify.pure.comparisons import ORGANISATION, PERSON, compare, with_addresses
from entente.identify.pure.live import (
    WHOLE_NAMES,
    Counted,
    chance,
    counted_columns,
    identifier_key,
    keys_of_one,
    levels_deciding,
    number_bits,
    rule_keys,
    starting_weights,
    value_keys,
    values_of_one,
    without_common,
)
from entente.identify.pure.readings import read_organisations, read_people
from entente.identify.pure.weights import judge

ANNA = {
    "given_name": "Anna", "family_name": "Schröder", "born_on": "1984-03-02", "email": "anna@web.example", "phone": "0221 5550142",
    "street": "Lindenweg 7", "postcode": "50674", "city": "Köln", "country": "DE",
}  # fmt: skip
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def columns_of(*people: dict[str, str]):
    return read_people({name: [each.get(name, "") for each in people] for name in ANNA}).columns


def texts_of(columns, row: int) -> dict[str, str]:
    return {
        name: column.values[column.code[row]]
        for name, column in columns.items()
        if column.code[row] >= 0 and column.values
    }


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(ANNA, WORDS)), min_size=1, max_size=4))
def test_the_keys_of_one_are_those_among_many(people: list[dict[str, str]]):
    columns = columns_of(*people)
    rules = (*PERSON_RULES, *WHOLE_NAMES["person"])
    among = rule_keys("person", rules, columns)
    for row in range(len(people)):
        texts = texts_of(columns, row)
        assert keys_of_one("person", rules, texts) == among[row][among[row] != 0].tolist()
        values = {name: int(value_keys("person", name, columns)[row]) for name in counted_columns(PERSON)}
        assert values_of_one("person", counted_columns(PERSON), texts) == {
            name: key for name, key in values.items() if key
        }


def test_keys_of_two_rules_or_kinds_never_meet():
    person = columns_of(ANNA)
    firm = read_organisations(
        {"name": ["Schröder"], "email": ["anna@web.example"], "phone": ["0221 5550142"], "city": ["Köln"]}
    ).columns
    keys = [key for key in rule_keys("person", PERSON_RULES, person)[0] if key]
    keys += [key for key in rule_keys("organisation", ORGANISATION_RULES, firm)[0] if key]
    keys += [int(value_keys("person", name, person)[0]) for name in counted_columns(PERSON) if name in person]
    assert len(keys) == len(set(keys)) > 20


def test_keys_stay_as_they_are_kept():
    # A change of these makes every index that was ever written useless: then it is time for a new run over all.
    assert keys_of_one("person", PERSON_RULES[:1], {"email": "anna@web.example"}) == [
        int(rule_keys("person", PERSON_RULES[:1], {"email": coded(["anna@web.example"])})[0, 0])
    ]
    assert identifier_key("@Anna Schroeder") == identifier_key("annaschroeder ") != identifier_key("annaschroede")
    assert identifier_key("علی") != identifier_key("رضا") and identifier_key("@a") == 0


def test_one_address_is_one_value_and_the_next_house_another():
    columns = columns_of(ANNA, ANNA | {"given_name": "Karl"}, ANNA | {"street": "Lindenweg 9"}, {})
    address, street = value_keys("person", "address", columns), value_keys("person", "street_and_town", columns)
    assert address[0] == address[1] != address[2] and street[0] == street[2] != address[0]
    assert address[3] == street[3] == 0


def test_values_counted_elsewhere_weigh_as_those_counted_here():
    people = [ANNA, ANNA | {"email": ""}, ANNA | {"given_name": "Karl"}, ANNA | {"given_name": "Ann", "phone": ""}] * 3
    columns = with_addresses(columns_of(*people))
    left, right = np.zeros(11, np.int32), np.arange(1, 12, dtype=np.int32)
    levels = compare(PERSON, columns, left, right)
    weights = starting_weights(PERSON, 1000)
    rarity = {}
    for name in levels_deciding(PERSON, levels):
        column = columns[name]
        held = np.where(column.code >= 0, np.append(column.counts, 0)[column.code], 0)
        rarity[name] = Counted(np.arange(12, dtype=np.int32), (), held)
    assert judge(weights, rarity, levels, left, right).weight == pytest.approx(
        judge(weights, columns, levels, left, right).weight
    )


def test_what_too_many_hold_is_struck_out_and_nobodys_mailbox():
    columns = columns_of(ANNA, {"email": "info@web.example", "phone": "0711 4465500"})
    left = without_common("person", columns, {"email": np.zeros(2, np.int64), "phone": np.array([20, 21])})
    assert left["phone"].code.tolist() == [0, -1] and left["email"].code.tolist() == [0, -1]
    firm = read_organisations({"email": ["info@alnoor.example", "info@gmail.com"]}).columns
    kept = without_common("organisation", firm, {"email": np.zeros(2, np.int64)})
    assert kept["email"].code.tolist() == [0, -1]


def test_the_more_hold_a_number_the_less_it_says():
    assert number_bits(1) > number_bits(2) > number_bits(1000) > 0
    assert number_bits(0) == number_bits(1)


def test_odds_are_chances():
    assert (
        chance(0) == 0.5
        and chance(1) == pytest.approx(2 / 3)
        and 0 < chance(-1e9) < 1e-9
        and chance(1e9) == pytest.approx(1)
    )


@pytest.mark.parametrize("fields", [PERSON, ORGANISATION])
@pytest.mark.parametrize("records", [0, 1, 50, 10**6])
def test_guesses_to_begin_with_are_chances(fields, records: int):
    weights = starting_weights(fields, records)
    assert weights.shares.sum() == pytest.approx(1) and (weights.shares > 0).all()
    for field, chances in zip(fields, weights.chances, strict=True):
        assert chances.shape == (4, field.levels) and chances.sum(axis=1) == pytest.approx(1)
        assert (chances > 0).all() and (np.log2(chances[0] / chances[2])[1:] > 0).all()
