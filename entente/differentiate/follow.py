"""What really moved since a plan began: written by every cycle, for each plan that is a target."""

from __future__ import annotations

from collections import defaultdict

from django.db import connection

from entente.differentiate.models import Cycle, Plan, PlanProgress
from entente.differentiate.partitions import has_partition, partition_of

# Whoever is no customer any more, or was none yet, is on level 0: not there.
SINCE = """
SELECT coalesce(b.level, 0), coalesce(n.level, 0), count(*), sum(coalesce(n.profit_year, 0) - coalesce(b.profit_year, 0))
FROM {began} b FULL JOIN {now} n USING (customer_id)
GROUP BY 1, 2
"""


def follow_plans(cycle: Cycle) -> int:
    """Compare the cycle with the day each target began. Part of publishing. Returns how many plans were followed.

    Of each month only the last day is kept, so that a day run again, or out of turn, changes no later one.
    """
    began: dict[int, list[Plan]] = defaultdict(list)
    targets = Plan.objects.filter(state=Plan.State.TARGET, baseline__as_of__lt=cycle.as_of)
    for plan in targets.select_related("baseline").order_by("pk"):
        month = plan.progress.filter(as_of__year=cycle.as_of.year, as_of__month=cycle.as_of.month)
        if not month.filter(as_of__gt=cycle.as_of).exists() and has_partition(plan.baseline_id):
            month.delete()
            began[plan.baseline_id].append(plan)
    for plans in began.values():
        with connection.cursor() as cursor:
            cursor.execute(SINCE.format(began=partition_of(plans[0].baseline), now=partition_of(cycle)))
            cells = cursor.fetchall()
        PlanProgress.objects.bulk_create(
            PlanProgress(
                plan=plan,
                as_of=cycle.as_of,
                from_level=before,
                to_level=after,
                customers=customers,
                profit_change=change,
            )
            for plan in plans
            for before, after, customers, change in cells
        )
    return sum(len(plans) for plans in began.values())


def begin_again(old: Cycle, new: Cycle) -> None:
    """A cycle is replaced by another of the same day: plans that began with it begin with the new one, whose facts are fuller."""
    Plan.objects.filter(baseline=old).update(baseline=new)
