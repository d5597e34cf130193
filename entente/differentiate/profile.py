"""Who of those that never bought is like the best customers? A part of valuing all: one column, and what a page says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from entente.differentiate.attribute_words import PROTECTED, kind_of
from entente.differentiate.attributes import Attribute, named, read_attributes
from entente.differentiate.facts import Facts
from entente.differentiate.models import Level
from entente.differentiate.profile_terms import profile_terms
from entente.differentiate.pure.arrays import Floats
from entente.differentiate.pure.profile import OTHER, Codes, Judged, Profile, Value, Weight, profile_of

BEST = (Level.TOP, Level.BIG)
MOST_VALUES = 12
CURVE = 41


@dataclass(frozen=True)
class Profiled:
    """columns: of the table of valuations. told: the profile as a page shows it, for the cycle to keep."""

    columns: dict[str, Any]
    told: dict[str, Any]


def profiled(facts: Facts, table: Mapping[str, Any]) -> Profiled:
    """The likeness of each customer who never bought to the best; nobody's where the law refuses."""
    customers, level = table["customer_id"], np.asarray(table["level"])
    bought = level <= Level.INACTIVE
    attributes, left_out = read_attributes(facts, customers, bought, profile_terms())
    codes = _matrix(attributes, len(customers))
    buyers = np.flatnonzero(bought)
    others = np.flatnonzero(~bought)
    first = np.ma.getdata(table["first_on"])[buyers].astype("datetime64[D]").astype(np.int64)
    # Of matrices this small a second thread costs more in waiting than it wins.
    with threadpool_limits(1):
        found = profile_of(codes[buyers], np.isin(level[buyers], BEST), first, customers[buyers], codes[others])
    likeness = np.ma.masked_all(len(customers), np.float64)
    if len(found.likeness):
        likeness[others] = found.likeness
    told = {
        "reason": list(found.reason) if found.reason else None,
        "customers": found.customers,
        "best": found.best,
        "since": str(np.datetime64(found.since, "D")),
        "strength": found.ridge,
        "is_recalibrated": found.platt != (0.0, 1.0),
        "scored": len(found.likeness),
        "mean": float(found.likeness.mean()) if len(found.likeness) else None,
        "judged": _judged(found.judged) if found.judged else None,
        "attributes": [_weighed(one, attributes[one.attribute]) for one in found.weights if one.matters],
        "quiet": _quiet(found, attributes),
        "left_out": named(left_out),
        "switched_on": [one.name for one in attributes if kind_of(one.name) in PROTECTED],
    }
    return Profiled({"likeness": likeness}, told)


def _matrix(attributes: Sequence[Attribute], rows: int) -> Codes:
    if not attributes:
        return np.zeros((rows, 0), np.int32)
    return np.column_stack([one.codes for one in attributes])


def _quiet(found: Profile, attributes: Sequence[Attribute]) -> list[dict[str, Any]]:
    """What was looked at and says nothing."""
    loud = {one.attribute for one in found.weights if one.matters}
    return [{"name": one.name, "is_field": one.is_field} for at, one in enumerate(attributes) if at not in loud]


def _judged(judged: Judged) -> dict[str, Any]:
    looked, found = judged.curve
    at = np.linspace(0.0, 1.0, CURVE)
    curve: Floats = np.interp(at, looked, found)
    return {
        "customers": judged.customers,
        "best": judged.best,
        "lift": judged.lift.value,
        "lift_low": judged.lift.low,
        "lift_high": judged.lift.high,
        "found": judged.lift.found,
        "area": judged.area,
        "loss": judged.loss,
        "base_loss": judged.base_loss,
        "is_off": judged.is_off,
        "expected": sum(part.predicted * part.customers for part in judged.parts),
        "parts": [
            {"decile": number, "customers": part.customers, "predicted_mean": part.predicted, "observed_mean": part.happened}
            for number, part in enumerate(judged.parts, 1)
        ],
        "curve": [[round(float(x), 4), round(float(y), 4)] for x, y in zip(at, curve, strict=True)],
    }  # fmt: skip


def _weighed(weight: Weight, attribute: Attribute) -> dict[str, Any]:
    return {
        "name": attribute.name,
        "is_field": attribute.is_field,
        "loss": weight.loss,
        "doubt": weight.doubt,
        "values": [_valued(one, attribute) for one in _strongest([one for one in weight.values if one.tells])],
    }


def _strongest(values: Sequence[Value]) -> list[Value]:
    """Those furthest from the average, in the order of their odds."""
    kept = sorted(values, key=lambda one: -abs(np.log(one.odds)))[:MOST_VALUES]
    return [one for one in values if one in kept]


def _valued(value: Value, attribute: Attribute) -> dict[str, Any]:
    said: dict[str, Any] = {"value": None}
    if attribute.points is not None:
        ends = [None, *map(float, attribute.points), None]
        said = {"above": ends[value.code], "until": ends[value.code + 1]}
    elif value.code != OTHER:
        said = {"value": attribute.labels[value.code]}
    return {
        **said, "odds": value.odds, "low": value.low, "high": value.high, "customers": value.customers, "best": value.best,
    }  # fmt: skip
