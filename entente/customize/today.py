"""The best next steps of a cycle, best first: for the command line and whoever else wants them as plain data."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from entente.customize.explain import play_name, sentence
from entente.customize.models import Decision
from entente.differentiate.current import levels_of
from entente.differentiate.models import Cycle, Level
from entente.interact.allow import local_zone


def best_steps(cycle: Cycle, *, limit: int) -> list[dict[str, Any]]:
    """The chosen steps of a cycle by expected money, answered ones included."""
    rows = list(
        Decision.objects.filter(cycle=cycle)
        .exclude(play="nothing")
        .select_related("customer", "cycle")
        .order_by("-score", "-id")[:limit]
    )
    levels = levels_of([row.customer_id for row in rows])
    return [
        {
            "decision": row.pk,
            "customer": row.customer.name,
            "customer_id": row.customer_id,
            "level": str(Level(levels[row.customer_id]).label) if row.customer_id in levels else "",
            "play": row.play,
            "play_name": play_name(row.play),
            "channel": row.channel,
            "score": row.score,
            "propensity": row.propensity,
            "why": sentence(row),
            "when": _when(row),
            "state": row.state,
        }
        for row in rows
    ]


def _when(row: Decision) -> str:
    if row.opens_at is None:
        return ""
    zone = local_zone(row.customer)
    at = row.opens_at.astimezone(ZoneInfo(zone))
    return f"{row.get_channel_display()} from {at:%A %d %B %H:%M}, {zone}"
