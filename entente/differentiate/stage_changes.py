"""Which relationships went to another stage since the last cycle, since when everybody is at theirs, and why."""

from __future__ import annotations

from collections.abc import Mapping
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


def stages_since(cycle: Cycle, facts: Facts, table: Mapping[str, Any]) -> dict[str, Any]:
    """The column stage_on for a table of valuations: carried over from the cycle before where the stage is the same.

    Where there is no cycle before, a day that follows from the facts, or that of the cycle: since then at the latest.
    """
    today = np.datetime64(cycle.as_of, "D")
    since = np.full(len(table["customer_id"]), today)
    before = _before(cycle, facts)
    if before is None:
        return {"stage_on": _by_facts(table, since)}
    at, here = find(before["customer_id"], table["customer_id"])
    same = here.copy()
    same[here] = before["stage"][at[here]] == table["stage"][here]
    known = np.ma.filled(before["stage_on"], NEVER).astype("datetime64[D]")
    since[same] = known[at[same]]
    return {"stage_on": np.where(np.isnat(since), today, since)}


def write_stage_changes(cycle: Cycle, facts: Facts, table: Mapping[str, Any]) -> int:
    """Write a row for everybody who is at another stage than in the cycle before, or whom that did not know. Returns how many.

    Safe to run again. Without a cycle before nobody changed.
    """
    StageChange.objects.filter(cycle=cycle).delete()
    before = _before(cycle, facts)
    if before is None:
        return 0
    at, here = find(before["customer_id"], table["customer_id"])
    was = np.ma.masked_array(np.zeros(len(here), np.int16), ~here)
    was[here] = before["stage"][at[here]]
    rows = np.flatnonzero(~here | (np.ma.getdata(was) != table["stage"]))
    n = len(rows)
    copy_columns(
        StageChange._meta.db_table,
        {
            "cycle_id": np.full(n, cycle.pk, np.int64),
            "customer_id": table["customer_id"][rows],
            "changed_on": np.full(n, np.datetime64(cycle.as_of, "D")),
            "from_stage": was[rows],
            "to_stage": table["stage"][rows],
            "reason": table["stage_reason"][rows],
            "purchases": table["purchases"][rows],
            "last_on": table["last_on"][rows],
            "alive": table["alive"][rows],
        },
    )
    return n


def changes_of(customer: int) -> list[StageChange]:
    """The stages of one customer in the opinion of the cycles in force, the latest first."""
    rows = StageChange.objects.filter(
        customer_id=customer, cycle__published_at__isnull=False, cycle__replaced_at=None
    ).order_by("-changed_on", "-id")
    return list(rows[:MOST_SHOWN])


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
