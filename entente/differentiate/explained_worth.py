"""Why is this customer worth so much, on this level, at this stage? Every figure with what it was made of, and by which law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from entente.differentiate.costs import Done, made_of
from entente.differentiate.current import in_force, valuation_of
from entente.differentiate.models import Cycle, Level, Stage, Valuation
from entente.differentiate.need_card import NeedStory, need_story
from entente.differentiate.settings import Basis
from entente.differentiate.stage_changes import changes_of, why
from entente.identify.find import parties_of
from entente.identify.models import Customer


@dataclass(frozen=True)
class Step:
    """One figure. said: name. value: the figure. because: what it was made of, in words."""

    said: str
    value: Any
    because: str = ""


@dataclass(frozen=True)
class ExplainedWorth:
    customer: Customer
    cycle: Cycle | None
    worth: Valuation | None
    steps: list[Step]


def explain_worth(customer: Customer) -> ExplainedWorth:
    """What the cycle in force says of a customer, step by step; no steps where it says nothing of them."""
    cycle = in_force()
    worth = valuation_of(customer.pk, cycle)
    if cycle is None or worth is None:
        return ExplainedWorth(customer, cycle, None, [])
    parties = parties_of(customer)
    steps = [
        *_money(worth, made_of(parties, cycle)),
        *_buying(worth, cycle),
        *_place(worth, cycle),
        *_needs(need_story(customer.pk, parties, cycle, worth, cycle.as_of)),
    ]
    return ExplainedWorth(customer, cycle, worth, steps)


def _money(worth: Valuation, done: list[Done]) -> list[Step]:
    margin = (
        "the cost of what was sold is not known everywhere: the firm's margin rate there"
        if worth.margin_is_estimate
        else "counted"
    )
    cost = (
        ", ".join(f"{one.times:g} x {one.activity.replace('_', ' ')} = {one.cost:,.2f}" for one in done)
        or "nothing was done"
    )
    return [
        Step("revenue, 12 months", worth.revenue_year, "orders less returns, in the firm's currency"),
        Step("margin, 12 months", worth.margin_year, margin),
        Step("cost to serve, 12 months", worth.cost_year, cost),
        Step("profit, 12 months", worth.profit_year, "margin less cost to serve"),
    ]


def _buying(worth: Valuation, cycle: Cycle) -> list[Step]:
    law = (cycle.laws.get("buying") or {}).get("title", "no law")
    spend = (cycle.laws.get("spend") or {}).get("name", "")
    if not worth.purchases:
        return [Step("lifetime value", worth.value, "never bought: the laws of buying say nothing of them")]
    alive = Step("still active", worth.alive, f"{law}: {worth.purchases} purchases, the last on {worth.last_on}")
    if worth.alive is None:
        alive = Step("still active", None, f"{law} cannot tell who has left from these data")
    coming = (
        f"{worth.next_from_on} to {worth.next_to_on}"
        if worth.next_from_on
        else "no order is expected by their own rhythm"
    )
    return [
        Step("purchases", worth.purchases, f"customer-days from {worth.first_on} to {worth.last_on}, cancelled ones left out"),
        alive,
        Step("next order", worth.next_on, coming),
        Step("purchases, next 12 months", worth.expected_year, f"{law}. {cycle.laws.get('reason', '')}".strip()),
        Step("spend a purchase", worth.spend, f"{spend.replace('_', ' ')}: their own mean drawn to everybody's"),
        Step(
            "lifetime value", worth.value,
            f"purchases of 36 months at 10 % a year x (spend x margin - cost to serve); eight of ten such customers bring "
            f"{worth.value_low:,.0f} to {worth.value_high:,.0f}",
        ),
    ]  # fmt: skip


def _place(worth: Valuation, cycle: Cycle) -> list[Step]:
    basis = Basis(cycle.totals.get("basis", Basis.REVENUE))
    before = Level(worth.level_before).label if worth.level_before else "not known then"
    went = "; ".join(
        f"{one.changed_on}: {Stage(one.to_stage).label}"
        + (f" (before {Stage(one.from_stage).label})" if one.from_stage else "")
        for one in changes_of(worth.customer_id)
    )
    since = f"since {worth.stage_on}. " if worth.stage_on else ""
    return [
        Step(
            "level",
            str(Level(worth.level).label),
            f"among the active by {basis.value} of 12 months; a year before: {before}",
        ),
        Step(
            "stage", str(Stage(worth.stage).label), f"{since}{why(worth, cycle.as_of)}" + (f" {went}" if went else "")
        ),
    ]


def _needs(story: NeedStory) -> list[Step]:
    steps = []
    if story.segment is not None:
        said = "stated by them" if story.segment.is_stated else "from what they bought"
        steps.append(Step("need segment", story.segment.segment.name, f"{said}: {', '.join(story.segment.categories)}"))
    if story.wallet is not None and story.wallet.potential is not None:
        said = "as they said" if story.wallet.is_stated else "estimated from what the upper quarter of their like spend"
        steps.append(Step("potential, a year", story.wallet.potential, said))
        steps.append(Step("share of wallet", story.wallet.share, said))
    return steps


def as_data(found: ExplainedWorth) -> dict[str, Any]:
    """For a machine."""

    def plain(value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    return {
        "customer": found.customer.pk,
        "name": found.customer.name,
        "as_of": found.cycle.as_of if found.cycle else None,
        "currency": found.cycle.currency if found.cycle else None,
        "steps": [{"figure": one.said, "value": plain(one.value), "because": one.because} for one in found.steps],
    }
