"""Which relationships went to another stage since the last cycle, since when everybody is at theirs, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from entente.differentiate.facts import Facts, find
from entente.differentiate.models import Cycle, Stage, StageChange, Valuation
from entente.differentiate.partitions import has_partition, partition_of
from entente.differentiate.pure.stages import Reason, StageRules
from entente.warehouse.copy_in import copy_columns

NEVER = np.datetime64("NaT", "D")
MOST_SHOWN = 30


@dataclass(frozen=True)
class Followed:
    """What became of the stages since the cycle before. columns: of the valuations. rows: those who changed, as columns of StageChange."""

    columns: dict[str, Any]
    rows: dict[str, Any]


def follow_stages(cycle: Cycle, facts: Facts, table: Mapping[str, Any]) -> Followed:
    """Since when everybody is at their stage (the column stage_on), and who is at another than in the cycle before, or was not known to it.

    Where there is no cycle before, nobody changed, and the day follows from the facts or is that of the cycle: since then at the latest.
    """
    today = np.datetime64(cycle.as_of, "D")
    since = np.full(len(table["customer_id"]), today)
    before = _before(cycle, facts)
    if before is None:
        return Followed({"stage_on": _by_facts(table, since)}, {})
    at, here = find(before["customer_id"], table["customer_id"])
    was = np.ma.masked_array(np.zeros(len(here), np.int16), ~here)
    was[here] = before["stage"][at[here]]
    same = here & (np.ma.getdata(was) == table["stage"])
    since[same] = np.ma.filled(before["stage_on"], NEVER).astype("datetime64[D]")[at[same]]
    rows = np.flatnonzero(~same)
    changed = {
        "cycle_id": np.full(len(rows), cycle.pk, np.int64),
        "customer_id": table["customer_id"][rows],
        "changed_on": np.full(len(rows), today),
        "from_stage": was[rows],
        "to_stage": table["stage"][rows],
        "reason": table["stage_reason"][rows],
        "purchases": table["purchases"][rows],
        "last_on": table["last_on"][rows],
        "alive": table["alive"][rows],
    }
    return Followed({"stage_on": np.where(np.isnat(since), today, since)}, changed)


def write_stage_changes(cycle: Cycle, followed: Followed) -> int:
    """Write a row for everybody who changed. Returns how many. Safe to run again."""
    StageChange.objects.filter(cycle=cycle).delete()
    if not followed.rows:
        return 0
    copy_columns(StageChange._meta.db_table, followed.rows)
    return len(followed.rows["customer_id"])


def changes_of(customer: int) -> list[StageChange]:
    """The stages of one customer in the opinion of the cycles in force, the latest first.

    A day worked out after later ones may have seen a change before they did: it is told once, where it was first seen.
    """
    rows = StageChange.objects.filter(
        customer_id=customer, cycle__published_at__isnull=False, cycle__replaced_at=None
    ).order_by("-changed_on", "-id")
    told: list[StageChange] = []
    for one in reversed(rows[:MOST_SHOWN]):
        if told:
            one.from_stage = told[-1].to_stage
        if one.from_stage != one.to_stage:
            told.append(one)
    return told[::-1]


def why(worth: Valuation | StageChange, as_of: date) -> str:
    """The rule that holds, in words, with the figures it went by."""
    code = worth.stage_reason if isinstance(worth, Valuation) else worth.reason
    silent = (as_of - worth.last_on).days if worth.last_on else 0
    days = ngettext("%(n)d day", "%(n)d days", silent) % {"n": silent}
    last = date_format(worth.last_on, "j F Y") if worth.last_on else ""
    rules = StageRules()
    sentences = {
        Reason.COMPLAINT_OPEN: _("A complaint is open."),
        Reason.CAME_BACK: _("They bought again on %(day)s after more than a year of silence.") % {"day": last},
        Reason.SILENT_TOO_LONG: _("Nothing was bought for %(days)s.") % {"days": days},
        Reason.FIRST_ORDER: _("The first order came on %(day)s.") % {"day": last},
        Reason.PROBABLY_GONE: _("Silent for %(days)s: by the law of their buying more likely gone than not.") % {"days": days},
        Reason.OVERDUE: _("Silent for %(days)s, more than %(times)s times their usual gap.")
        % {"days": days, "times": f"{rules.leaving_gaps:g}"},
        Reason.FEW_ORDERS: ngettext(
            "New, with %(n)d order so far.", "New, with %(n)d orders so far.", worth.purchases
        ) % {"n": worth.purchases},
        Reason.BUYS_ON: ngettext("%(n)d order, and they go on.", "%(n)d orders, and they go on.", worth.purchases)
        % {"n": worth.purchases},
        Reason.TALKS_WITH_US: _("They talk with us and have not bought yet."),
        Reason.NO_DIALOGUE: _("They have not bought, and nobody has spoken with them for a year."),
    }  # fmt: skip
    return sentences[Reason(code)] if code in set(Reason) else ""


def _before(cycle: Cycle, facts: Facts) -> dict[str, Any] | None:
    """Stages of the latest earlier day whose valuations are kept, by customer; None where there is none."""
    earlier = Cycle.objects.filter(published_at__isnull=False, replaced_at=None, as_of__lt=cycle.as_of)
    last = earlier.order_by("-as_of").first()
    if last is None or not has_partition(last.pk):
        return None
    facts.extract.see_new_tables()
    return facts.extract.columns(
        f"SELECT customer_id, stage, stage_on FROM pg.{partition_of(last)} ORDER BY customer_id"
    )


def _by_facts(table: Mapping[str, Any], since: Any) -> Any:
    """First orders are welcomed since they came; who came back, since they bought again; who is lost, since the silence was too long."""
    stage = table["stage"]
    first, last = table["first_on"], table["last_on"]
    since = np.where(stage == Stage.WELCOME, first, since)
    since = np.where(stage == Stage.WON_BACK, last, since)
    return np.where(stage == Stage.LOST, last + np.timedelta64(StageRules().lost_days + 1, "D"), since)
