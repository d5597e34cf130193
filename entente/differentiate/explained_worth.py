"""Why is this customer worth so much, on this level, at this stage? Every figure with what it was made of, and by which law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from entente.differentiate.contract_card import HeldContract, contracts_held
from entente.differentiate.costs import Done, made_of
from entente.differentiate.current import in_force, valuation_of
from entente.differentiate.models import Cycle, Level, Stage, Valuation
from entente.differentiate.need_card import NeedStory, Wallet, need_story
from entente.differentiate.profile_shown import LikenessStory, likeness_story
from entente.differentiate.settings import Basis
from entente.differentiate.stage_changes import changes_of, why
from entente.identify.find import parties_of
from entente.identify.models import Customer

# Less than this is rounding, not a later fact.
SMALLEST_COIN = 0.005
NOT_ACTIVE = {
    Level.INACTIVE: "bought before, but nothing in the last 12 months",
    Level.PROSPECT: "never bought, but is in dialogue with us",
    Level.SUSPECT: "never bought, and nobody has spoken with them for a year",
}
CASES = {
    1: "share of wallet below what the settings call low",
    2: "so many other suppliers are known that they are played off",
    4: "somebody stands between",
}


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
    held = contracts_held(parties, cycle)
    steps = [
        *_money(worth, made_of(parties, cycle)),
        *_buying(worth, cycle, held),
        *_contracts(held),
        *_place(worth, cycle),
        *_needs(need_story(customer.pk, parties, cycle, worth, cycle.as_of), worth, cycle),
        *_likeness(likeness_story(customer, parties, cycle, worth)),
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
    rest = worth.cost_year - sum(one.cost for one in done)
    if abs(rest) > SMALLEST_COIN:
        cost += f"; the circle counted {rest:+,.2f} beside: facts came in since, or customers are counted under this one or another"
    return [
        Step("revenue, 12 months", worth.revenue_year, "orders less returns, in the firm's currency"),
        Step("margin, 12 months", worth.margin_year, margin),
        Step("cost to serve, 12 months", worth.cost_year, cost),
        Step("profit, 12 months", worth.profit_year, "margin less cost to serve"),
    ]


def _buying(worth: Valuation, cycle: Cycle, held: list[HeldContract]) -> list[Step]:
    law = (cycle.laws.get("buying") or {}).get("title", "no law")
    spend = (cycle.laws.get("spend") or {}).get("name", "")
    if not worth.purchases:
        return [Step("lifetime value", worth.value, "never bought: the laws of buying say nothing of them")]
    alive = Step("still active", worth.alive, f"{law}: {worth.purchases} purchases, the last on {worth.last_on}")
    if any(one.is_standing for one in held):
        alive = Step("still active", worth.alive, "a contract of theirs stands")
    elif held and worth.alive == 0.0:
        alive = Step("still active", worth.alive, "every contract of theirs has ended, and they bought nothing else")
    elif worth.alive is None:
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
            f"purchases and renewals of 36 months at 10 % a year x (spend x margin - cost to serve); eight of ten such customers bring "
            f"{worth.value_low:,.0f} to {worth.value_high:,.0f}",
        ),
    ]  # fmt: skip


def _contracts(held: list[HeldContract]) -> list[Step]:
    steps = []
    for one in held:
        paid = f"{one.periods} x {one.months} months paid since {one.since}"
        if not one.is_standing:
            steps.append(Step(f"contract {one.product}", "ended", f"{paid}, up to {one.paid_until}"))
            continue
        chance = (
            "of its renewal nothing can be foreseen"
            if one.chance is None
            else f"{one.chance:.0%} will renew the next time"
        )
        steps.append(Step(f"contract {one.product}", "stands", f"{paid}, up to {one.paid_until}; {chance}"))
    return steps


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
            f"{NOT_ACTIVE.get(Level(worth.level), f'among the active by {basis.value} of 12 months')}; a year before: {before}",
        ),
        Step(
            "stage", str(Stage(worth.stage).label), f"{since}{why(worth, cycle.as_of)}" + (f" {went}" if went else "")
        ),
    ]


def _needs(story: NeedStory, worth: Valuation, cycle: Cycle) -> list[Step]:
    steps = []
    if story.segment is not None:
        said = "stated by them" if story.segment.is_stated else "from what they bought"
        steps.append(Step("need segment", story.segment.segment.name, f"{said}: {', '.join(story.segment.categories)}"))
    if story.wallet is not None:
        said = _who_says(story.wallet, cycle)
        if story.wallet.potential is not None:
            steps.append(Step("potential, a year", story.wallet.potential, said))
        steps.append(Step("share of wallet", story.wallet.share, said))
    if worth.growth > 0:
        steps.append(Step("more margin, a year", worth.growth, "(potential - revenue) x their margin"))
    known = {2: story.evidence.suppliers, 4: story.evidence.through}
    steps += [
        Step("stimulation pays", CASES[case], ", ".join(known.get(case, [])) or "see share of wallet")
        for case in story.cases
    ]
    return steps


def _who_says(wallet: Wallet, cycle: Cycle) -> str:
    if wallet.is_told:
        return "as they said" if wallet.is_stated else "as somebody of ours believes"
    quantile = ((cycle.totals.get("needs") or {}).get("terms") or {}).get("quantile")
    return f"estimated: what {quantile:.0%} of their like do not exceed" if quantile else "estimated from their like"


def _likeness(story: LikenessStory | None) -> list[Step]:
    if story is None:
        return []
    values = [
        f"{one.attribute['name']} {_valued(one.value)} x {one.value['odds']:.2f}" for one in (*story.more, *story.less)
    ]
    said = f"{story.times:.1f} times the average of who never bought: {', '.join(values) or 'no value of theirs tells'}"
    return [Step("like the best", story.likeness, said)]


def _valued(value: Mapping[str, Any]) -> str:
    if "above" not in value:
        return str(value["value"])
    ends = (("above", value["above"]), ("up to", value["until"]))
    return " ".join(f"{words} {end:g}" for words, end in ends if end is not None)


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
