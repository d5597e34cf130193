"""What do customers need, and what more could they buy? A part of valuing them: columns of the table, and the sums a page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction

from entente.differentiate.facts import Facts
from entente.differentiate.models import Cycle, Level, NeedSegment, PotentialCell
from entente.differentiate.need_facts import need_terms
from entente.differentiate.need_segments import Segmented, segment_customers
from entente.differentiate.potential import judge, read_needs, said_number
from entente.differentiate.pure.arrays import Bools, Ints


@dataclass(frozen=True)
class Needed:
    """columns: of the table of valuations. told: how segments and potentials were found, for the cycle to keep."""

    columns: dict[str, Any]
    told: dict[str, Any]


def needs_of(cycle: Cycle, facts: Facts, table: Mapping[str, Any]) -> Needed:
    """Segment and potential of every customer of a cycle. Writes the cycle's segments and the potential of its levels.

    Safe to run again: what was there of this cycle is replaced.
    """
    terms = need_terms()
    read_needs(facts, terms)
    customers = table["customer_id"]
    found = segment_customers(cycle, facts, customers)
    said, is_stated = said_number(facts, "segment", customers)
    # Who says they belong to a segment that is no more is left where their purchases put them.
    there = np.isin(np.nan_to_num(said), [row.number for row in found.rows])
    number = np.where(there, np.nan_to_num(said), found.number).astype(np.int64)
    judged = judge(facts, table, number, terms)
    with transaction.atomic():
        NeedSegment.objects.filter(cycle=cycle).delete()
        NeedSegment.objects.bulk_create(_counted(found, number, there & is_stated, table))
        PotentialCell.objects.filter(cycle=cycle).delete()
        for cell in judged.cells:
            cell.cycle = cycle
        PotentialCell.objects.bulk_create(judged.cells)
    columns = {
        **judged.columns,
        "segment": np.ma.masked_array(number.astype(np.int16), number == 0),
        "segment_is_stated": there & is_stated,
    }
    return Needed(
        columns, {"segments": found.told | {"why": found.note}, "potential": judged.told, "terms": terms.as_dict()}
    )


def _counted(found: Segmented, number: Ints, is_stated: Bools, table: Mapping[str, Any]) -> list[NeedSegment]:
    most = max([row.number for row in found.rows], default=0)
    level = np.asarray(table["level"], np.int64)
    by_level = np.bincount(number * (len(Level) + 1) + level, minlength=(most + 1) * (len(Level) + 1)).reshape(
        most + 1, len(Level) + 1
    )
    revenue = np.bincount(number, weights=table["revenue_year"], minlength=most + 1)
    stated = np.bincount(number, weights=is_stated, minlength=most + 1)
    for row in found.rows:
        counts = by_level[row.number]
        row.customers, row.revenue = int(counts.sum()), float(revenue[row.number])
        row.stated = int(stated[row.number])
        row.levels = {str(one.value): int(counts[one]) for one in Level if counts[one]}
    return found.rows
