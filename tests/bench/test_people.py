"""The made-up people: reproducible, of known truth, with every kind of noise, and none where none is asked for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench.made.people import FIELDS, SYSTEMS, Noise, people, to_parquet
from bench.made.people_names import COUNTRIES, CYRILLIC, family_names, given_names, spelled
from bench.made.people_noise import mistyped

QUIET = Noise().scaled(0)


@pytest.fixture(scope="module")
def made() -> dict[str, np.ndarray]:
    return people(12_000, seed=7)


def siblings(columns: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The rows of each person with several records."""
    order = np.argsort(columns["group"], kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(columns["group"][order])) + 1)
    return [rows for rows in groups if rows.size > 1]


def test_the_same_seed_makes_the_same_records(made: dict[str, np.ndarray]):
    again, other = people(12_000, seed=7), people(12_000, seed=8)
    assert all((made[name] == again[name]).all() for name in made)
    assert (made["email"] != other["email"]).mean() > 0.5


@pytest.mark.parametrize(("n", "share"), [(0, 0.28), (1, 0.28), (2, 0.5), (1000, 0.28), (1000, 0.0), (1000, 0.9)])
def test_as_many_records_and_duplicates_as_asked_for(n: int, share: float):
    columns = people(n, seed=1, duplicates=share)
    assert {len(values) for values in columns.values()} == {n}
    assert n - len(np.unique(columns["group"])) == round(n * share)


def test_not_everything_can_be_a_duplicate():
    with pytest.raises(ValueError, match="share below 1"):
        people(10, seed=1, duplicates=1.0)


def test_columns_are_texts_and_the_truth_a_number(made: dict[str, np.ndarray]):
    assert list(made) == [*FIELDS, "system", "group"]
    assert made["group"].dtype == np.int64
    assert all(type(value) is str for name in FIELDS for value in made[name][:500])
    assert set(made["country"]) == set(COUNTRIES) and set(made["system"]) == set(SYSTEMS)


def test_birth_dates_are_lawful_whatever_happened_to_them(made: dict[str, np.ndarray]):
    dates = [dt.date.fromisoformat(value) for value in made["birth_date"] if value]
    assert min(dates).year >= 1900 and max(dates).year <= 2030


def test_household_and_family_share_what_such_people_share():
    columns = people(12_000, seed=3, duplicates=0.0, noise=QUIET)
    at = {}
    for row in range(12_000):
        at.setdefault((columns["postcode"][row], columns["street"][row], columns["house_number"][row]), []).append(row)
    homes = [rows for rows in at.values() if 1 < len(rows) < 6]
    alike = [columns["family_name"][rows[0]][:4] == columns["family_name"][rows[1]][:4] for rows in homes]
    assert len(homes) > 1000 and np.mean(alike) > 0.4
    same_day = [rows for rows in homes if len({columns["birth_date"][row] for row in rows}) < len(rows)]
    assert same_day
    _, phones = np.unique(columns["phone"], return_counts=True)
    assert phones.max() > 5  # a switchboard


def test_few_people_share_a_mailbox():
    columns = people(12_000, seed=3, duplicates=0.0, noise=QUIET)
    _, owners = np.unique(columns["email"], return_counts=True)
    assert owners.max() > 1 and (owners > 1).mean() < 0.02


def test_names_are_skewed():
    columns = people(12_000, seed=3, noise=QUIET)
    _, counts = np.unique(columns["city"], return_counts=True)
    counts = np.sort(counts)[::-1]
    assert counts[0] > 20 * np.median(counts)


def test_without_noise_records_of_one_person_differ_by_system_only():
    columns = people(4000, seed=5, noise=QUIET)
    for rows in siblings(columns):
        for name in ("birth_date", "email", "house_number", "postcode", "country"):
            assert len(set(columns[name][rows])) == 1, name


def test_every_kind_of_noise_leaves_a_trace():
    for name in ("given_typed", "family_typed", "street_typed", "city_typed", "email_typed", "phone_typed",
                 "postcode_typed", "birth_typed", "short_name", "initial", "second_name", "exchanged", "maiden", "moved",
                 "new_phone", "new_email", "day_month", "abbreviated", "transliterated", "junk", "no_given", "no_birth",
                 "no_address", "no_email", "no_phone"):  # fmt: skip
        quiet = people(600, seed=2, noise=QUIET)
        noisy = people(600, seed=2, noise=Noise(**{**vars(QUIET), name: 1.0}))
        assert (quiet["group"] == noisy["group"]).all()
        assert any((quiet[field] != noisy[field]).mean() > 0.05 for field in FIELDS), name


def test_more_noise_makes_siblings_less_alike():
    def unlike(factor: float) -> float:
        columns = people(4000, seed=5, noise=Noise().scaled(factor))
        return float(np.mean([len(set(columns["email"][rows])) > 1 for rows in siblings(columns)]))

    assert unlike(0) == 0 < unlike(0.5) < unlike(1.5)


def test_a_share_of_the_names_is_written_in_other_scripts_and_transliterated(made: dict[str, np.ndarray]):
    russian = [rows for rows in siblings(made) if made["country"][rows[0]] == "RU"]
    latin = [{name.isascii() for name in made["family_name"][rows] if name} for rows in russian]
    assert {True, False} in latin and {False} in latin
    assert spelled("Журавлёва", CYRILLIC) == "Zhuravleva"


def test_women_bear_the_same_name_in_their_form():
    words, first = family_names().words, family_names().first
    assert words[first[4], 0] + "а" == words[first[5], 0]
    assert (np.diff(first)[::2] == np.diff(first)[1::2]).all()


def test_frequent_words_come_first():
    given = given_names()
    drawn = given.draw(np.zeros(20_000, np.int64), np.random.default_rng(1))
    counts = np.bincount(drawn, minlength=given.first[1])
    assert drawn.max() < given.first[1] and counts[:10].sum() > 2 * counts[40:50].sum()


def test_a_slip_changes_a_value_by_one_letter_or_two():
    values = np.array(["Hartwell", "Соколова", "فراهانی", "Großmann"] * 500, object)
    wrong = mistyped(values, np.random.default_rng(1))
    assert ((wrong != values).mean()) > 0.85
    assert all(abs(len(a) - len(b)) <= 1 and "\0" not in a for a, b in zip(wrong, values, strict=True))
    assert all(text.isalpha() or not text.isascii() or any(c.isdigit() for c in text) for text in wrong)
    assert {len(text) for text in wrong[::4]} == {7, 8, 9}


def test_slips_of_digits_stay_digits_and_short_values_stay():
    phones = np.array(["+447911123456"] * 300, object)
    wrong = mistyped(phones, np.random.default_rng(1), digits=True)
    assert all(text.startswith("+44") and text[1:].isdigit() for text in wrong)
    assert mistyped(np.array(["", "x"], object), np.random.default_rng(1)).tolist() == ["", "x"]
    assert mistyped(np.array([], object), np.random.default_rng(1)).size == 0


def test_a_file_keeps_values_and_truth(made: dict[str, np.ndarray], tmp_path: Path):
    to_parquet(made, tmp_path / "people.parquet")
    table = pq.read_table(tmp_path / "people.parquet")
    assert table.column_names == ["record", *made]
    assert table["group"].to_numpy().tolist() == made["group"].tolist()
    assert table["record"].to_pylist() == list(range(12_000))
    assert [value or "" for value in table["email"].to_pylist()] == made["email"].tolist()
    assert table["email"].null_count == (made["email"] == "").sum() > 0
