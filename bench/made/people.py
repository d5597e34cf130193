"""Made-up person records with known truth, for linkage: five countries, three scripts, three kinds of noise.

    python -m bench.made.people --records 1000000 --seed 1 people.parquet

Names, towns and streets follow Zipf's law. People live in households that share a family name, an address, often a
telephone; there are fathers and sons of one name, twins, shared mailboxes, switchboards, and telephone numbers that
belonged to somebody else before. A record is what one system wrote down of a person at one time:

- typing: a letter too many, lost, exchanged, wrong, or misread by a scanner;
- knowledge: fields left empty or filled with junk, short names, initials, second names, name parts exchanged, the name
  before marriage, the address before the move, an earlier telephone or mail address;
- system: capitals, day and month exchanged, telephone formats, cut-off fields, abbreviations, names in another spelling or
  script.

The rates of `Noise` are such that Splink with a tutorial's settings (splink_peer.py, `people`) reaches a pairwise F1 of
about .93 at a million records.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.made.people_records import FIELDS, SYSTEM_SHARES, SYSTEMS, Noise, Records
from bench.made.people_truth import People

__all__ = ["FIELDS", "SYSTEMS", "Noise", "people", "to_parquet"]

Array = np.ndarray[Any, Any]
# Of people with several records: one more, two more, ...
MORE_RECORDS = (0.66, 0.22, 0.08, 0.03, 0.01)


def people(n: int, *, seed: int, duplicates: float = 0.28, noise: Noise | None = None) -> dict[str, Array]:
    """n records; a share `duplicates` of them is of a person who had an earlier record.

    Returns (n,) columns: those of FIELDS and `system` as objects (`str`, empty where unknown), birth_date as ISO text, and
    `group` as int64, the true person. The same arguments give the same records. A million takes about ten
    seconds and less than a gigabyte.
    """
    noise = noise or Noise()
    rng = np.random.default_rng(seed)
    person, later = _whose(n, duplicates, rng)
    world = People(int(person.max()) + 1 if n else 0, rng)
    system = rng.choice(len(SYSTEMS), n, p=SYSTEM_SHARES)
    found = Records(world, person, later, system, noise, rng).written()
    found["system"] = np.array(SYSTEMS, object)[system]
    found["group"] = person.astype(np.int64)
    return found


def to_parquet(columns: dict[str, Array], path: Path) -> None:
    """Columns as they are, unknown values as NULL, and `record`, the row's number; `group` keeps the truth."""
    table: dict[str, Any] = {"record": np.arange(len(columns["group"]), dtype=np.int64)}
    for name, values in columns.items():
        table[name] = pa.array(np.where(values == "", None, values), pa.string()) if values.dtype == object else values
    pq.write_table(pa.table(table), path, compression="zstd")


def _whose(n: int, duplicates: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """The person of each record, and whether an earlier record is of the same person."""
    more = round(n * duplicates)
    people_count = n - more
    if more and not people_count:
        raise ValueError("Not all records can be duplicates: give a share below 1.")
    extra = np.zeros(people_count, np.int64)
    for person in _layers(more, people_count, rng):
        extra[person] += 1
    person = np.concatenate([np.arange(people_count), np.repeat(np.arange(people_count), extra)])
    person = person[rng.permutation(n)]
    _, first = np.unique(person, return_index=True)
    later = np.ones(n, bool)
    later[first] = False
    return person, later


def _layers(more: int, people_count: int, rng: np.random.Generator) -> list[Array]:
    """Layers of persons, distinct in each, `more` together: who has a second record, who a third, and so on."""
    at_least = np.cumsum(MORE_RECORDS[::-1])[::-1]
    order = rng.permutation(people_count)
    layers, left = [], more
    for share in at_least / at_least.sum():
        size = min(left, people_count, round(more * share))
        layers.append(order[:size])
        left -= size
    while left:
        size = min(left, people_count)
        layers.append(order[:size])
        left -= size
    return layers


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("path", type=Path)
    options.add_argument("--records", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--duplicates", type=float, default=0.28)
    asked = options.parse_args()
    to_parquet(people(asked.records, seed=asked.seed, duplicates=asked.duplicates), asked.path)


if __name__ == "__main__":
    main()
