"""Public sets of person records with known truth, in the column names of bench/made/people.py.

They lie in ../shared/data beside the checkout; where one is absent, Absent says which. Every column is an object array of
`str`, empty where unknown; `group` (int64) is the true person.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np

from bench.made.people import FIELDS

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
Columns = dict[str, np.ndarray[Any, Any]]
FEBRL = {
    "given_name": "given_name",
    "family_name": "surname",
    "birth_date": "date_of_birth",
    "street": "address_1",
    "house_number": "street_number",
    "postcode": "postcode",
    "city": "suburb",
    "national_id": "soc_sec_id",
    "address_2": "address_2",
    "region": "state",
}
FAKE = {"given_name": "first_name", "family_name": "surname", "birth_date": "dob", "city": "city", "email": "email"}


class Absent(Exception):
    """The set is not there."""


def febrl(number: int = 3, *, data: Path = DATA) -> Columns:
    """FEBRL data set 1 (1,000 records), 2 or 3 (5,000 each), made by Christen's generator of Australian addresses.

    Beside the usual columns national_id, address_2 and region. group: the number in rec-1496-org, rec-1496-dup-0.
    Raises Absent.
    """
    rows = _rows(data / f"febrl_dataset{number}.csv.gz")
    found = _columns(rows, FEBRL)
    found["birth_date"] = np.array([_dashed(value) for value in found["birth_date"]], object)
    found["country"] = np.full(len(rows), "AU", object)
    found["group"] = np.array([int(row["rec_id"].split("-")[1]) for row in rows], np.int64)
    return found


def fake_1000(*, data: Path = DATA) -> Columns:
    """Splink's own small set: names, birth dates, cities and mail addresses with many gaps. Raises Absent."""
    rows = _rows(data / "fake_1000.csv.gz")
    found = _columns(rows, FAKE)
    found["group"] = np.array([int(row["cluster"]) for row in rows], np.int64)
    return found


def fake_1000_labels(*, data: Path = DATA) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Pairs a clerk looked at: (k, 2) rows of fake_1000, and (k,) how surely they are one person. Raises Absent."""
    rows = _rows(data / "fake_1000_labels.csv.gz")
    pairs = np.array([(int(row["unique_id_l"]), int(row["unique_id_r"])) for row in rows], np.int64)
    return pairs, np.array([float(row["clerical_match_score"]) for row in rows])


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        raise Absent(f"{path.name} is not in {path.parent}: put the public data there, or leave this comparison out.")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, skipinitialspace=True)
        reader.fieldnames = [name.strip() for name in reader.fieldnames or []]
        return list(reader)


def _columns(rows: list[dict[str, str]], names: dict[str, str]) -> Columns:
    found: Columns = {name: np.full(len(rows), "", object) for name in FIELDS}
    for ours, theirs in names.items():
        found[ours] = np.array([(row[theirs] or "").strip() for row in rows], object)
    return found


def _dashed(value: str) -> str:
    """Eight digits as an ISO date, lawful or not; anything else as it stands."""
    return f"{value[:4]}-{value[4:6]}-{value[6:]}" if len(value) == 8 and value.isdigit() else value
