"""One record beside a few: level by level and bit by bit what is said of columns of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.identify.pure.coded import coded
from entente.identify.pure.comparisons import ORGANISATION, PERSON, SOUND, Field, compare, with_addresses
from entente.identify.pure.few import compare_with_one, judge_few
from entente.identify.pure.live import levels_deciding, starting_weights
from entente.identify.pure.readings import read_organisation, read_organisations, read_people, read_person
from entente.identify.pure.weights import evidence, judge

NAMES = (
    "given_name", "given_name" + SOUND, "family_name", "family_name" + SOUND, "name", "name" + SOUND, "born_on", "email", "phone",
    "street", "house_number", "postcode", "city", "tax_id",
)  # fmt: skip
# Few words, so that they meet: near ones, exchanged ones, some in letters the loops do not know.
WORDS = [
    "",
    "anna",
    "ana",
    "a",
    "anna maria",
    "maria anna",
    "schroeder",
    "schroder",
    "علی",
    "رضایی",
    "ł",
    "x" * 80,
    "x" * 79 + "y",
]
NUMBERS = [
    "",
    "19840302",
    "19840203",
    "19840312",
    "19510630",
    "anna7@web.example",
    "anna8@web.example",
    "ana7@web.example",
    "7",
    "7a",
]
TEXTS = st.sampled_from(WORDS + NUMBERS)
RECORDS = st.lists(st.tuples(*(TEXTS for _ in NAMES)), min_size=1, max_size=8)

SAID = {
    "name": ["", "Anna Schröder", "SCHRÖDER, Anna", "علی‌رضا رحیمی", "n/a", "Al Noor Building Supply LLC", "Dr. Karl-Heinz von Berg"],
    "given_name": ["", "Anna", "test", "Анна"], "family_name": ["", "Schröder", "-", "رحیمی"],
    "born_on": ["", "1984-03-02", "1984", "0000-00-00"], "email": ["", "ANNA@web.example ", "test@test.com", "info@alnoor.example"],
    "phone": ["", "0221 5550142", "000000", "٠٢٢١٥٥٥٠١٤٢"], "street": ["", "Lindenweg 7", "Hauptstr. 12a", "улица Ленина, 5", "n/a"],
    "house_number": ["", "7", "12 A"], "postcode": ["", "50674", "EC1A1BB", "00000"], "city": ["", "Köln", "شیراز"],
    "country": ["", "DE", "gb"], "tax_id": ["", "3001-2234-5678-003", "0000"],
}  # fmt: skip


def columns_of(records: Sequence[Sequence[str]]):
    columns = {name: coded(texts) for name, texts in zip(NAMES, zip(*records, strict=True), strict=True)}
    return with_addresses(columns)


@settings(deadline=None)  # loops may be compiled first
@given(RECORDS, st.sampled_from([PERSON, ORGANISATION]))
def test_levels_are_those_of_columns(records: list[tuple[str, ...]], fields: tuple[Field, ...]):
    n = len(records) - 1
    left, right = np.arange(n, dtype=np.int32), np.full(n, n, np.int32)
    among = compare(fields, columns_of(records), left, right)
    assert compare_with_one(fields, NAMES, records[:-1], records[-1]).tolist() == among.tolist()


@settings(deadline=None)  # loops may be compiled first
@given(RECORDS, st.sampled_from([PERSON, ORGANISATION]), st.integers(2, 10**6))
def test_weights_and_reasons_are_those_of_columns(records: list[tuple[str, ...]], fields: tuple[Field, ...], many: int):
    columns, weights, n = columns_of(records), starting_weights(fields, many), len(records) - 1
    left, right = np.arange(n, dtype=np.int32), np.full(n, n, np.int32)
    levels = compare(fields, columns, left, right)
    held = np.zeros(levels.shape, np.int64)
    place = {field.how: at for at, field in enumerate(fields)}["place"]
    own = {field.name: at for at, field in enumerate(fields)}
    for name, pairs in levels_deciding(fields, levels).items():
        held[pairs, own.get(name, place)] = columns[name].counts[columns[name].code[left[pairs]]]
    weight, bits = judge_few(weights, levels, held)
    assert weight == pytest.approx(judge(weights, columns, levels, left, right).weight, abs=1e-9)
    assert bits == pytest.approx(evidence(weights, columns, levels, left), abs=1e-9)


@settings(deadline=None)
@given(st.fixed_dictionaries({name: st.sampled_from(texts) | st.text(max_size=8) for name, texts in SAID.items()}))
def test_one_is_read_as_many_are(said: dict[str, str]):
    for read_one, read_all in ((read_person, read_people), (read_organisation, read_organisations)):
        columns = read_all({name: [text] for name, text in said.items()}).columns
        among = {
            name: columns[name].values[columns[name].code[0]]
            for name in NAMES
            if name in columns and columns[name].code[0] >= 0
        }
        assert {name: text for name, text in read_one(said).items() if text} == among


def test_nobody_to_compare_with_is_nobody():
    levels = compare_with_one(PERSON, NAMES, [], [""] * len(NAMES))
    assert levels.shape == (0, len(PERSON))
    weight, bits = judge_few(starting_weights(PERSON, 10), levels, np.zeros(levels.shape, np.int64))
    assert len(weight) == len(bits) == 0
