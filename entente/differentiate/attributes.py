"""What is known of customers beside what they bought, as codes: fields they show, and the attributes their sources gave them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from entente.differentiate.attribute_words import DEALING, NAME
from entente.differentiate.facts import Facts, find
from entente.differentiate.profile_terms import ProfileTerms
from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.lift import cut_points, part_of
from entente.differentiate.pure.profile import LEAST_OF_VALUE, Codes
from entente.identify.models import Customer
from entente.ledger.models import Party
from entente.lib.distinct import distinct

FIELDS = {
    "country": "nullif(country, '')",
    "segment": "nullif(segment, '')",
    "kind": f"nullif(kind, '{Party.Kind.UNKNOWN}')",
    "language": "nullif(language, '')",
    "postcode_area": "CASE WHEN postcode <> '' THEN country || ' ' || upper(left(replace(postcode, ' ', ''), 2)) END",
    "city": "nullif(city, '')",
}
BORN_ON = "born_on"
MOST_KEYS = 30
MOST_NAMED = 100  # of keys that are looked at at all
LONGEST = 100
# An attribute with more different values is no attribute but a text.
MOST_DIFFERENT = 50_000
PLAIN_NUMBER = r"^\s*[-+]?\d{1,15}([.,]\d{1,9})?\s*$"
NUMBERS = 0.95  # of those known are numbers: then it is one
FEWEST_NUMBERS = 10
# Of whom never bought, as against who did: known for fewer, and that it is known gives away who bought.
LEAST_RATIO = 0.5
LEAST_KNOWN = 0.2
LEAST_SHARED = 0.2  # of those known, how many have a value that enough have


@dataclass(frozen=True)
class Attribute:
    """codes: (n,) place in labels, -1 unknown. points: where numbers are cut; then the labels stand for the parts."""

    name: str
    is_field: bool
    codes: Codes
    labels: list[str]
    points: Floats | None = None


@dataclass(frozen=True)
class LeftOut:
    """why: protected, name, dealing, unknown, given away, differs, rare, nested, or many: more common ones are looked at. kind: of
    what is protected. buyers, others: known of how many of them."""

    name: str
    is_field: bool
    why: str
    kind: str = ""
    buyers: float | None = None
    others: float | None = None


def read_attributes(
    facts: Facts, customers: Ints, bought: Bools, terms: ProfileTerms
) -> tuple[list[Attribute], list[LeftOut]]:
    """What may be used of each customer, numbers cut at the quantiles of who bought; and what was left out."""
    allowed: list[str] = []
    left_out: list[LeftOut] = []
    kept: list[Attribute] = []
    for key in _keys(facts):
        kind = terms.why_not(key)
        if not kind and len(allowed) < MOST_KEYS:
            allowed.append(key)
        else:
            why = kind if kind in (NAME, DEALING) else "protected" if kind else "many"
            left_out.append(LeftOut(key[:LONGEST], False, why, kind if why == "protected" else ""))
    found = _of_fields(facts, customers) + _of_keys(facts, customers, allowed)
    born, is_known = _born(facts, customers, terms)
    found += born
    if is_known and not born:
        left_out.append(LeftOut(BORN_ON, True, "protected", "age"))
    for one in found:
        if not (one.codes >= 0).any():
            left_out += [] if one.is_field else [LeftOut(one.name, False, "nested")]
            continue
        read = _unfit(one, bought) or _read(one, bought)
        if isinstance(read, Attribute):
            kept.append(read)
        else:
            left_out.append(read)
    return kept, left_out


def _of_fields(facts: Facts, customers: Ints) -> list[Attribute]:
    columns = ", ".join(f"{sql} AS {name}" for name, sql in FIELDS.items())
    table = facts.extract.table(f"SELECT id, {columns} FROM pg.{Customer._meta.db_table}")
    return [
        Attribute(name, True, *_coded(customers, table.column("id").to_numpy(), table.column(name))) for name in FIELDS
    ]


def _keys(facts: Facts) -> list[str]:
    """The most common names of attributes; table `attributed` holds the records that have any, by customer."""
    _ = facts._members
    facts.extract.run(
        f"""
        CREATE OR REPLACE TABLE attributed AS
        SELECT m.customer_id, p.id, p.attributes::VARCHAR AS said FROM pg.{Party._meta.db_table} p JOIN members m ON m.party_id = p.id
        WHERE length(p.attributes::VARCHAR) > 2
        """
    )
    found = facts.extract.columns(
        "SELECT key FROM (SELECT unnest(json_keys(said)) AS key FROM attributed) GROUP BY key "
        f"ORDER BY count(*) DESC, key LIMIT {MOST_NAMED}"
    )
    return [str(key) for key in found["key"]]


def _of_keys(facts: Facts, customers: Ints, keys: Sequence[str]) -> list[Attribute]:
    if not keys:
        return []
    pointers = ["/" + key.replace("~", "~0").replace("/", "~1") for key in keys]
    # An object or a list may hold what is protected, under a name that tells nothing of it.
    columns = ", ".join(
        f"CASE WHEN left(trim(said[{at}]), 1) NOT IN ('{{', '[') THEN nullif(trim(left(said[{at}], {LONGEST})), '') END AS a{at}"
        for at in range(1, len(keys) + 1)
    )
    table = facts.extract.table(
        f"SELECT customer_id, {columns}, id FROM (SELECT customer_id, id, json_extract_string(said, $pointers) AS said FROM attributed)",
        {"pointers": pointers},
    )
    who = table.column("customer_id").to_numpy()
    if len(distinct(who)) < len(who):
        # Of several records of a customer the oldest that says anything counts: it is written last.
        table = table.take(np.argsort(-table.column("id").to_numpy(), kind="stable"))
    who = table.column("customer_id").to_numpy()
    return [
        Attribute(key[:LONGEST], False, *_coded(customers, who, table.column(at))) for at, key in enumerate(keys, 1)
    ]


def _born(facts: Facts, customers: Ints, terms: ProfileTerms) -> tuple[list[Attribute], bool]:
    """The year of birth where the firm has switched it on, and whether any is known."""
    is_known = facts.extract.value(
        f"SELECT count(*) > 0 FROM (SELECT 1 FROM pg.{Party._meta.db_table} WHERE born_on IS NOT NULL LIMIT 1)"
    )
    if not is_known or terms.why_not(BORN_ON):
        return [], bool(is_known)
    table = facts.extract.table(
        f"SELECT m.customer_id, year(p.born_on)::VARCHAR AS born FROM pg.{Party._meta.db_table} p JOIN members m ON m.party_id = p.id "
        "WHERE p.born_on IS NOT NULL ORDER BY p.id DESC"
    )
    return [Attribute(BORN_ON, True, *_coded(customers, table.column(0).to_numpy(), table.column(1)))], True


def _coded(customers: Ints, who: Ints, column: Any) -> tuple[Codes, list[str]]:
    """(n,) codes of texts, those that differ in case alone being one; the last row of a customer that says anything counts."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    code = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    labels = [str(one) for one in encoded.dictionary.to_pylist()]
    place, codes = find(customers, who), np.full(len(customers), -1, np.int32)
    rows = np.flatnonzero(place[1] & (code >= 0))
    if len(labels) <= MOST_DIFFERENT:
        labels, same = _folded(labels)
        codes[place[0][rows]] = same[code[rows]]
    else:
        codes[place[0][rows]] = code[rows]
    return codes, labels


def _folded(labels: Sequence[str]) -> tuple[list[str], Ints]:
    first: dict[str, tuple[int, str]] = {}
    same = [first.setdefault(one.casefold(), (len(first), one))[0] for one in sorted(labels)]
    order = dict(zip(sorted(labels), same, strict=True))
    return [shown for _code, shown in first.values()], np.array([order[one] for one in labels] or [0], np.int64)


def _unfit(one: Attribute, bought: Bools) -> LeftOut | None:
    """Is it known of too few, or of so many more who bought that this alone would tell?"""
    known = one.codes >= 0
    if int(known[bought].sum()) < LEAST_OF_VALUE:
        return LeftOut(one.name, one.is_field, "rare")
    buyers = float(known[bought].mean())
    if bought.all():
        return None
    others = float(known[~bought].mean())
    if others < LEAST_RATIO * buyers:
        return LeftOut(one.name, one.is_field, "given away", "", buyers, others)
    return LeftOut(one.name, one.is_field, "unknown", "", buyers, others) if others < LEAST_KNOWN else None


def _read(one: Attribute, bought: Bools) -> Attribute | LeftOut:
    """Numbers in parts; texts as they are, if enough customers share some."""
    if (not one.is_field or one.name == BORN_ON) and (values := _numbers(one)) is not None:
        has = np.flatnonzero((one.codes >= 0) & np.isfinite(values[one.codes]))
        mine = values[one.codes[has]]
        points = cut_points(mine[bought[has]])
        codes = np.full(len(one.codes), -1, np.int32)
        codes[has] = part_of(mine, points)
        return Attribute(one.name, one.is_field, codes, [""] * (len(points) + 1), points)
    counts = np.bincount(one.codes[bought & (one.codes >= 0)], minlength=1)
    shared = counts[counts >= LEAST_OF_VALUE].sum() / counts.sum()
    if len(one.labels) > MOST_DIFFERENT or shared < LEAST_SHARED:
        return LeftOut(one.name, one.is_field, "differs")
    return one


def _numbers(one: Attribute) -> Floats | None:
    """(labels + 1,) each label as a number, NaN where it is none and at the end for unknown; None where too few are."""
    is_number = pc.match_substring_regex(pa.array(one.labels, pa.string()), PLAIN_NUMBER).to_numpy(zero_copy_only=False)
    values = np.full(len(one.labels) + 1, np.nan)
    at = np.flatnonzero(is_number)
    if len(at) <= FEWEST_NUMBERS:
        return None
    values[at] = [float(one.labels[row].replace(",", ".")) for row in at]
    counts = np.bincount(one.codes[one.codes >= 0], minlength=len(one.labels))
    return values if counts[at].sum() >= NUMBERS * counts.sum() else None


def named(left_out: Iterable[LeftOut]) -> list[Mapping[str, Any]]:
    """For the cycle to keep."""
    return [
        {
            "name": one.name, "is_field": one.is_field, "why": one.why, "kind": one.kind,
            "buyers": one.buyers, "others": one.others,
        }
        for one in left_out
    ]  # fmt: skip
