"""What the best customers have in common, how well that finds others like them, and who is most like them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import log
from typing import Any

from babel import Locale
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from entente.differentiate.current import in_force
from entente.differentiate.models import Cycle, Valuation
from entente.differentiate.profile_shown import LikenessStory, Reason, most_like
from entente.identify.find import visible_customers
from entente.identify.models import Customer
from entente.ledger.models import Party
from entente.staff.models import User
from entente.web.permissions import allowed
from entente.web.person import person
from entente.web.templatetags.words import country, number, percent
from entente.web.tenths import tenths

FIELDS = {
    "country": gettext_lazy("country"),
    "segment": gettext_lazy("segment"),
    "kind": gettext_lazy("kind"),
    "language": gettext_lazy("language"),
    "postcode_area": gettext_lazy("postcode area"),
    "city": gettext_lazy("city"),
    "born_on": gettext_lazy("year of birth"),
}
PROTECTED = {
    "age": gettext_lazy("about age"),
    "sex": gettext_lazy("about sex"),
    "nationality": gettext_lazy("about nationality"),
    "origin": gettext_lazy("about origin"),
    "religion": gettext_lazy("about religion"),
    "health": gettext_lazy("about health"),
    "disability": gettext_lazy("about disability"),
    "marital status": gettext_lazy("about marital status"),
    "politics": gettext_lazy("about political opinion"),
    "union": gettext_lazy("about a trade union"),
    "sexual orientation": gettext_lazy("about sexual orientation"),
}
WHY = {
    "name": gettext_lazy("names are never used"),
    "dealing": gettext_lazy("they have it only for having dealt with you"),
    "differs": gettext_lazy("nearly everybody’s is another"),
    "rare": gettext_lazy("known of too few customers"),
    "nested": gettext_lazy("no plain values"),
    "many": gettext_lazy("only the thirty most common are looked at"),
}
# The picture, in units of its own: from 0 % at the corner to 100 %.
LEFT, TOP, WIDE, TALL = 40.0, 10.0, 320.0, 200.0
# A bar of odds: the middle is the average, either end a factor of so many.
FURTHEST = 8.0


@dataclass(frozen=True)
class Bar:
    """One value with its odds. x, width: of the bar of a hundred whose middle is the average; low_x, low_width: of its interval."""

    words: str
    odds: float
    low: float
    high: float
    customers: int
    best: int
    x: str
    width: str
    low_x: str
    low_width: str


@dataclass(frozen=True)
class Weighed:
    """One attribute that matters. width: of a hundred, beside the one that matters most."""

    words: str
    width: str
    bars: list[Bar]


@require_safe
def pyramid_profile(request: HttpRequest) -> HttpResponse:
    """The attributes and values that count, how well they foresee, what was left out, and who is most like the best."""
    user, cycle = person(request), in_force()
    page: dict[str, Any] = {"cycle": cycle, "may_set": allowed("settings_profile", "GET", user.role)}
    told = (cycle.totals.get("profile") or {}) if cycle else {}
    if cycle is not None and told:
        judged = told["judged"]
        page |= {
            "told": told,
            "since": date.fromisoformat(told["since"]) if told.get("since") else None,
            "why_not": _why_nobody(told["reason"]) if told["reason"] else "",
            "weighed": _weighed(told["attributes"]),
            "quiet": [name_of(one) for one in told["quiet"]],
            "left_out": [(name_of(one), _why_left_out(one)) for one in told["left_out"]],
            "judged": judged,
            "lift": _picture(judged["curve"]) if judged else None,
            "calibration": tenths(judged["parts"]) if judged else None,
            "first": _first(cycle, user),
        }
    return render(request, "pyramid/profile.html", page)


def _first(cycle: Cycle, user: User) -> list[tuple[Customer, Valuation]]:
    rows = most_like(cycle)
    people = visible_customers(user).in_bulk([row.customer_id for row in rows])
    return [(people[row.customer_id], row) for row in rows if row.customer_id in people]


def name_of(attribute: Mapping[str, Any]) -> str:
    """What a page calls an attribute: a field by our word, everything else by its source's."""
    return str(FIELDS.get(attribute["name"], attribute["name"])) if attribute["is_field"] else attribute["name"]


def value_of(attribute: Mapping[str, Any], value: Mapping[str, Any]) -> str:
    """What a page calls a value."""
    if "above" in value:
        above, until = value["above"], value["until"]
        if above is None and until is None:
            return _("any")
        if above is None:
            return _("up to %(until)s") % {"until": number(until)}
        if until is None:
            return _("above %(above)s") % {"above": number(above)}
        return _("above %(above)s up to %(until)s") % {"above": number(above), "until": number(until)}
    said = value["value"]
    if said is None:
        return _("any other")
    if attribute["is_field"] and attribute["name"] == "country":
        return country(said)
    if attribute["is_field"] and attribute["name"] == "kind" and said in Party.Kind.values:
        return str(Party.Kind(said).label)
    if attribute["is_field"] and attribute["name"] == "language":
        return str(Locale.parse(get_language() or "en", sep="-").languages.get(said, said))
    return str(said)


def because(story: LikenessStory | None) -> dict[str, Any]:
    """What the card says of who never bought: how many times as likely, and the values that speak for it and against it."""
    if story is None:
        return {}

    def words(reasons: Sequence[Reason]) -> list[tuple[str, str, float]]:
        return [(name_of(one.attribute), value_of(one.attribute, one.value), one.value["odds"]) for one in reasons]

    return {
        "likeness": story.likeness, "times": round(story.times, 1), "more": words(story.more), "less": words(story.less),
    }  # fmt: skip


def _weighed(attributes: Sequence[Mapping[str, Any]]) -> list[Weighed]:
    most = max((one["loss"] for one in attributes), default=0.0) or 1.0
    return [
        Weighed(name_of(one), f"{100 * one['loss'] / most:.1f}", [_bar(one, value) for value in one["values"]])
        for one in attributes
    ]


def _bar(attribute: Mapping[str, Any], value: Mapping[str, Any]) -> Bar:
    here, low, high = (_place(value[name]) for name in ("odds", "low", "high"))
    return Bar(
        value_of(attribute, value), value["odds"], value["low"], value["high"], value["customers"], value["best"],
        f"{min(here, 50.0):.1f}", f"{abs(here - 50.0):.1f}", f"{low:.1f}", f"{max(high - low, 0.5):.1f}",
    )  # fmt: skip


def _place(odds: float) -> float:
    """Where odds stand between 0 and 100: a factor counts as much up as down."""
    return 50.0 + 50.0 * log(min(max(odds, 1 / FURTHEST), FURTHEST)) / log(FURTHEST)


def _picture(curve: Sequence[Sequence[float]]) -> dict[str, Any]:
    """The curve of gains as an SVG has it, beside the diagonal."""

    def at(x: float, y: float) -> str:
        return f"{LEFT + WIDE * x:.1f},{TOP + TALL * (1 - y):.1f}"

    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    return {
        "points": " ".join(at(x, y) for x, y in curve),
        "left": f"{LEFT:.0f}", "right": f"{LEFT + WIDE:.0f}", "top": f"{TOP:.0f}", "floor": f"{TOP + TALL:.0f}",
        "tenth": f"{LEFT + 0.1 * WIDE:.1f}",
        "up": [(f"{TOP + TALL * (1 - one):.1f}", one) for one in ticks],
        "along": [(f"{LEFT + WIDE * one:.1f}", one) for one in ticks],
    }  # fmt: skip


def _why_left_out(one: Mapping[str, Any]) -> str:
    if one["why"] == "protected":
        return _("protected: %(about)s") % {"about": PROTECTED.get(one["kind"], one["kind"])}
    if one["why"] == "unknown":
        return _("known of only %(share)s of those who have not bought") % {"share": percent(one["others"])}
    if one["why"] == "given away":
        return _(
            "known of %(buyers)s of those who bought but of %(others)s of the others: it would tell who bought, not who will be good"
        ) % {"buyers": percent(one["buyers"]), "others": percent(one["others"])}
    return str(WHY.get(one["why"], one["why"]))


def _why_nobody(reason: Sequence[Any]) -> str:
    """Why nobody is scored, in words."""
    code, has, wanted = reason
    words = {
        "no attribute": _("Nothing is known of your customers that may be used and is known of prospects as well."),
        "few customers": _("It takes %(wanted)s customers who ever bought to see what the best have in common; there are %(has)s."),
        "few best": _("It takes %(wanted)s top and big customers to see what they have in common; there are %(has)s."),
        "few best later": _(
            "Too few of the best to learn from the earlier customers and be judged on the last: %(has)s, and it takes %(wanted)s."
        ),
        "nothing tells": _("Nothing that is known of customers before they buy tells the best from the others better than chance would."),
        "no lift": _(
            "Among the newest quarter of the customers the profile finds %(has)s times as many of the best as chance, but it may be "
            "only %(wanted)s times: not surely more than chance."
        ),
    }  # fmt: skip
    return words.get(code, code) % {"has": _figure(has), "wanted": _figure(wanted)}


def _figure(value: float) -> str:
    return number(value if value == int(value) else round(value, 2))
