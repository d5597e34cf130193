"""Which customers buy alike, of all in a cycle: reads what each bought by category, calls the law, carries numbers over from last time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import Max
from django.utils.translation import gettext as _
from scipy.sparse import csr_matrix

from entente.differentiate.facts import Facts, day_number, find
from entente.differentiate.models import Cycle, NeedSegment
from entente.differentiate.pure.arrays import Ints
from entente.differentiate.pure.need_segments import Segments, carry_numbers, find_segments, shares
from entente.differentiate.pure.newton import Matrix
from entente.differentiate.pure.product_groups import by_category, by_name
from entente.differentiate.pure.segment_words import Portrait, name_of, portraits
from entente.ledger.models import Product

SEED = 20_050_901
KEPT_LOADINGS = 40


@dataclass(frozen=True)
class Segmented:
    """number: (n,) of each customer's segment, 0 for none. rows: one for each segment, not yet counted. told: how they were found."""

    number: Ints
    rows: list[NeedSegment] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)
    note: str = ""


def segment_customers(cycle: Cycle, facts: Facts, customers: Ints) -> Segmented:
    """Find the need segments of a cycle and who is in which. customers: all of the cycle, rising."""
    nobody = np.zeros(len(customers), np.int64)
    product, code, names, by = _groups_of_products(facts)
    if not names:
        return Segmented(nobody, note=_("Need segments: no product has a category or a name that others share."))
    times = _times(facts, customers, product, code, len(names))
    found = find_segments(times, np.random.default_rng(SEED))
    told = {
        "by": by, "standing_out": found.standing_out, "stability": round(found.stability, 3), "sample": found.customers,
        "groups": names if by == "name" else [],
    }  # fmt: skip
    if not len(found.loadings):
        return Segmented(nobody, told=told, note=_why_none(found))
    segment, _part = shares(times, found)
    rows, number_of = _rows(cycle, portraits(times, segment, found.loadings), found.loadings, names)
    return Segmented(np.append(number_of, 0)[segment], rows, told)


def _groups_of_products(facts: Facts) -> tuple[Ints, Ints, list[str], str]:
    """Numbers of products, the group of each, -1 for none, the names of the groups, and by what they were grouped."""
    found = facts.extract.columns(
        f"SELECT id, category, name FROM pg.{Product._meta.db_table} WHERE NOT is_charge ORDER BY id"
    )
    grouped, by = by_category([str(one) for one in found["category"]]), "category"
    if grouped is None:
        grouped, by = by_name([str(one) for one in found["name"]]), "name"
    code, names = grouped
    is_any = code >= 0
    return np.asarray(found["id"])[is_any], code[is_any], names, by


def _times(facts: Facts, customers: Ints, product: Ints, code: Ints, groups: int) -> csr_matrix:
    """(customers, groups) how many lines each bought of each group until the cycle's day."""
    _ = facts._lines
    engine = facts.extract.engine
    engine.register("group_arrays", {"product_id": product, "code": code.astype(np.int32)})
    bought = facts.extract.columns(
        """
        SELECT customer_id, code, least(count(*), 10000)::SMALLINT AS times FROM lines JOIN group_arrays USING (product_id)
        WHERE amount > 0 AND NOT is_return AND NOT is_charge AND day <= $last
        GROUP BY customer_id, code
        """,
        {"last": day_number(facts.as_of)},
    )
    engine.unregister("group_arrays")
    at, is_there = find(customers, bought["customer_id"])
    rows = (at[is_there].astype(np.int32), np.asarray(bought["code"])[is_there])
    times = csr_matrix((np.asarray(bought["times"])[is_there].astype(np.float32), rows), shape=(len(customers), groups))
    times.sort_indices()
    return times


def _rows(
    cycle: Cycle, found: Sequence[Portrait], loadings: Matrix, names: Sequence[str]
) -> tuple[list[NeedSegment], Ints]:
    """A row for each segment, and the number of each row of `loadings`: those of last time where they are the same segments."""
    before = _before(cycle)
    place = {name: at for at, name in enumerate(names)}
    then = np.zeros((len(before), len(names)))
    for row, one in enumerate(before):
        for name, loading in one.words.get("loadings", {}).items():
            if name in place:
                then[row, place[name]] = loading
    length = np.linalg.norm(then, axis=1, keepdims=True)
    # Numbers are never used again: whoever said they belong to one would be taken for another.
    highest = NeedSegment.objects.exclude(cycle=cycle).aggregate(Max("number"))["number__max"] or 0
    numbers, is_carried = carry_numbers(
        loadings, then / np.maximum(length, 1e-12), [one.number for one in before], highest + 1
    )
    names_before = {one.number: one for one in before}
    rows = []
    for at, portrait in enumerate(found):
        told = [names[category] for category in portrait.categories]
        name = name_of(told)
        # A name does not jump while what it says is still so.
        if is_carried[at] and names_before[numbers[at]].words.get("named", [])[:1] == told[:1]:
            name = names_before[numbers[at]].name
        words = {
            "named": told, "share": round(portrait.share, 4), "lift": portrait.lift and round(portrait.lift, 2),
            "loadings": _heaviest(loadings[at], names),
        }  # fmt: skip
        rows.append(NeedSegment(cycle=cycle, number=numbers[at], name=name, words=words, customers=0, revenue=0.0))
    return rows, np.array(numbers, np.int64)


def _heaviest(loadings: Matrix, names: Sequence[str]) -> Mapping[str, float]:
    order = np.argsort(-loadings, kind="stable")[:KEPT_LOADINGS]
    return {names[at]: round(float(loadings[at]), 4) for at in order if loadings[at] > 0}


def _before(cycle: Cycle) -> list[NeedSegment]:
    """The segments of the last published cycle up to the same day; of the first after it, where there is none before."""
    found = Cycle.objects.filter(published_at__isnull=False, need_segments__isnull=False).exclude(pk=cycle.pk)
    last = (
        found.filter(as_of__lte=cycle.as_of).order_by("-as_of", "-id").first()
        or found.filter(as_of__gt=cycle.as_of).order_by("as_of", "-id").first()
    )
    return list(NeedSegment.objects.filter(cycle=last).order_by("number")) if last else []


def _why_none(found: Segments) -> str:
    code, has, wanted = found.reason
    if code == "few customers":
        return _("Need segments: only %(has)d customers bought twice or more; it takes %(wanted)d to tell segments.") % {
            "has": has, "wanted": wanted,
        }  # fmt: skip
    if code == "few categories":
        return _("Need segments: only %(has)d categories were bought; it takes %(wanted)d to tell segments.") % {
            "has": has, "wanted": wanted,
        }  # fmt: skip
    if code == "chance":
        return _(
            "Need segments: what customers buy together is no more than chance would put together, so there are none."
        )
    return _("Need segments: two halves of the customers do not show the same segments (%(has).2f of 1), so none are shown.") % {
        "has": has
    }  # fmt: skip
