"""What contracts change in the valuations: their value, its interval, and that nobody under contract is silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot
from typing import Any

import numpy as np

from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.renewals import Renewals
from entente.differentiate.worth import SPREAD_OF_80, Worth


@dataclass(frozen=True)
class Lasting:
    """By what the law of stages goes, all (n,): chance to be active and whether it is a finding, days of silence and the gap before it."""

    alive: Floats
    is_known: Bools
    silent_days: Ints
    gap_days: Ints


def lasting_of(found: Lasting, customers: Ints, free_rows: Ints, renewals: Renewals) -> Lasting:
    """Who holds a standing contract is active, however long ago it was paid. Whose contracts have all ended, and who never bought
    anything else, is gone: of contracts that is known. customers: (n,) sorted. free_rows: of those of whom a law of buying speaks."""
    stands = np.zeros(len(customers), np.bool_)
    ended = np.zeros(len(customers), np.bool_)
    rows = np.searchsorted(customers, renewals.holders)
    stands[rows], ended[rows] = renewals.stands, ~renewals.stands
    ended[free_rows] = False
    return Lasting(
        alive=np.where(stands, 1.0, np.where(ended, 0.0, found.alive)),
        is_known=found.is_known | stands | ended,
        silent_days=np.where(stands, 0, found.silent_days),
        gap_days=np.where(stands, 0, found.gap_days),
    )


def renewed_columns(table: Mapping[str, Any], renewals: Renewals) -> dict[str, Any]:
    """Columns of the valuations with what standing contracts bring: renewals are expected purchases too, at what they cost."""
    rows = np.searchsorted(table["customer_id"], renewals.holders)
    columns = {name: table[name].copy() for name in ("value", "value_low", "value_high", "expected_year", "spend")}
    columns["value"][rows] += renewals.value
    columns["value_low"][rows], columns["value_high"][rows] = renewals.low, renewals.high
    free = table["expected_year"][rows]
    expected = free + renewals.payments_year
    columns["expected_year"][rows] = expected
    spent = free * table["spend"][rows] + renewals.paid_year
    columns["spend"][rows] = np.divide(spent, expected, out=columns["spend"][rows], where=renewals.payments_year > 0.0)
    return columns


def with_renewals(worth: Worth, renewals: Renewals) -> float:
    """How far the sum of all lifetime values may be off, four times of five, as a share of it."""
    free = float(worth.values.expected.sum()) if worth.values else 0.0
    whole = abs(free + float(renewals.value.sum()))
    return hypot(worth.spread_share * free, SPREAD_OF_80 * renewals.error) / whole if whole else 0.0
