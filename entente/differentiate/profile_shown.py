"""The profile of the best as pages show it: who is most like them, and what speaks for one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from entente.differentiate.models import Cycle, Valuation
from entente.identify.models import Customer
from entente.ledger.models import Party

SHOWN = 20


@dataclass(frozen=True)
class Reason:
    """A value that somebody has: of which attribute, and the value with its odds, as the cycle keeps them."""

    attribute: Mapping[str, Any]
    value: Mapping[str, Any]


@dataclass(frozen=True)
class LikenessStory:
    """times: as likely as the average of who never bought. more, less: what speaks for it and against it, the strongest first."""

    likeness: float
    times: float
    more: list[Reason] = field(default_factory=list)
    less: list[Reason] = field(default_factory=list)


def most_like(cycle: Cycle) -> list[Valuation]:
    """Those who never bought and are most like the best."""
    found = Valuation.objects.filter(cycle_id=cycle.pk, likeness__isnull=False)
    return list(found.order_by("-likeness", "-customer_id")[:SHOWN])


def likeness_story(
    customer: Customer, parties: Iterable[int], cycle: Cycle | None, worth: Valuation | None
) -> LikenessStory | None:
    """How like the best somebody is and why; None for who bought before and where nobody is scored."""
    told = (cycle.totals.get("profile") or {}) if cycle else {}
    if worth is None or worth.likeness is None or not told.get("mean"):
        return None
    has = _values_of(customer, parties)
    reasons = [
        Reason(one, value)
        for one in told["attributes"]
        for value in one["values"]
        if _is(value, has.get((one["is_field"], one["name"])))
    ]
    more = sorted((one for one in reasons if one.value["odds"] > 1), key=lambda one: -one.value["odds"])
    less = sorted((one for one in reasons if one.value["odds"] < 1), key=lambda one: one.value["odds"])
    return LikenessStory(worth.likeness, worth.likeness / told["mean"], more, less)


def _values_of(customer: Customer, parties: Iterable[int]) -> dict[tuple[bool, str], str]:
    """By whether it is a field and its name: what the profile reads of a customer."""
    postcode = customer.postcode.replace(" ", "").upper()[:2]
    found = {
        (True, name): str(getattr(customer, name)) for name in ("country", "segment", "kind", "language", "city")
    } | {(True, "postcode_area"): f"{customer.country} {postcode}" if postcode else ""}
    records = Party.objects.filter(pk__in=list(parties)).order_by("pk").values_list("attributes", "born_on")
    for attributes, born_on in records:
        if born_on is not None:
            found.setdefault((True, "born_on"), str(born_on.year))
        for name, value in attributes.items():
            if value is not None and str(value).strip():
                found.setdefault((False, name[:100]), str(value)[:100].strip())
    return found


def _is(value: Mapping[str, Any], has: str | None) -> bool:
    """Has somebody this value? Of all that are too rare to be told apart, nobody says so."""
    if not has:
        return False
    if "above" not in value:
        return value["value"] is not None and value["value"].casefold() == has.casefold()
    try:
        number = float(has.replace(",", "."))
    except ValueError:
        return False
    return (value["above"] is None or number > value["above"]) and (value["until"] is None or number <= value["until"])
