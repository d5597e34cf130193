"""The plays as a form shows them, and setting them. What is stored is only what differs from the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from entente.customize.explain import play_name
from entente.customize.pure.plays import PLAYS, ImpossibleSetting, Settings
from entente.interact import settings as contact
from entente.lib.errors import WrongFields
from entente.staff.models import User
from entente.staff.settings import put_setting, setting

NAME = "plays"
LEVELS = ("top", "big", "medium", "small")

LABELS = {
    "response": gettext_lazy("chance that they answer"),
    "retention": gettext_lazy("more of them stay by"),
    "cost": gettext_lazy("cost of doing it once"),
    "rest_days": gettext_lazy("days it then rests"),
    "within_days": gettext_lazy("days since the order, at most"),
    "after_days": gettext_lazy("days since the order, more than"),
    "late_days": gettext_lazy("days overdue, at most"),
    "overdue": gettext_lazy("silent for so many usual gaps"),
    "alive_from": gettext_lazy("chance still active, at least"),
    "alive_until": gettext_lazy("chance still active, at most"),
    "min_score": gettext_lazy("fit of the product, more than"),
    "min_past_margin": gettext_lazy("margin so far, at least"),
    "margin_share": gettext_lazy("share of a usual purchase"),
}
GUESSES = ("response", "retention", "cost", "rest_days")
# Which conditions each play looks at besides the guesses that all of them have.
CONDITIONS = {
    "welcome": ("within_days",),
    "reorder_due": ("late_days",),
    "cross_sell": ("within_days", "min_score", "margin_share"),
    "quietly_leaving": ("overdue", "alive_from", "alive_until", "within_days"),
    "win_back": ("after_days", "within_days", "min_past_margin"),
}


class ImpossiblePlays(WrongFields):
    """Settings of plays that cannot be meant. `errors`: name of the field -> what would do."""


@dataclass(frozen=True)
class Figure:
    """One figure of a play: the name of its field, its words, what is in force and what it is by default."""

    name: str
    label: str
    value: float
    default: float

    @property
    def is_own(self) -> bool:
        return self.value != self.default

    @property
    def written(self) -> str:
        """As a form holds it, whatever the reader's language."""
        return f"{self.value:.12g}"

    @property
    def default_written(self) -> str:
        return f"{self.default:.12g}"


@dataclass(frozen=True)
class PlayRow:
    """One play: on or off, the guesses all plays have, and its own conditions."""

    key: str
    label: str
    switch: str
    on: bool
    withheld: bool
    guesses: list[Figure]
    conditions: list[Figure] = field(default_factory=list)


def play_settings() -> list[PlayRow]:
    """Every play with what is in force for it."""
    in_force, plain = Settings.from_dict(setting(NAME)), Settings()
    rows = []
    for place, play in enumerate(PLAYS):
        now, default = asdict(in_force.of(place)), asdict(plain.of(place))

        def figures(
            names: tuple[str, ...], key: str = play.key, now: Any = now, default: Any = default
        ) -> list[Figure]:
            return [Figure(f"{key}.{name}", str(LABELS[name]), now[name], default[name]) for name in names]

        rows.append(
            PlayRow(
                play.key,
                play_name(play.key),
                f"{play.key}.on",
                bool(now["on"]),
                play.withheld,
                figures(GUESSES),
                figures(CONDITIONS.get(play.key, ())),
            )
        )
    return rows


def set_plays(values: Mapping[str, str], *, by: User | None) -> Settings:
    """Set the plays from the fields of a form: `welcome.on` (there: on), `welcome.response` and so on. A figure left out stays.

    Raises ImpossiblePlays, with all that is wrong.
    """
    before, plain = setting(NAME), Settings()
    wanted: dict[str, Any] = {name: value for name, value in before.items() if name not in {play.key for play in PLAYS}}
    errors: dict[str, str] = {}
    for place, play in enumerate(PLAYS):
        given = {**before.get(play.key, {}), "on": f"{play.key}.on" in values}
        for name in LABELS:
            text = values.get(f"{play.key}.{name}", "").strip().replace(",", ".").replace("٫", ".")
            if not text:
                continue
            try:
                given[name] = float(text)
                Settings.from_dict({play.key: {name: given[name]}} if not name.startswith("alive_") else {})
            except ImpossibleSetting as error:
                errors[f"{play.key}.{name}"] = _advice(error)
            except ValueError:
                errors[f"{play.key}.{name}"] = _("Give a number, such as 0.05.")
        default = asdict(plain.of(place))
        if own := {name: value for name, value in given.items() if value != default[name]}:
            wanted[play.key] = own
        if not any(name.startswith(f"{play.key}.") for name in errors):
            try:
                Settings.from_dict({play.key: own})
            except ImpossibleSetting as error:
                where = str(error).split(" ", 1)[0]
                errors[where if where in values else f"{play.key}.alive_from"] = _advice(error)
    if errors:
        raise ImpossiblePlays(errors)
    checked = Settings.from_dict(wanted)
    put_setting(NAME, wanted, by=by)
    return checked


@transaction.atomic
def set_contact_rules(values: Mapping[str, str], *, by: User | None) -> None:
    """Set the contact rules; the play that ends too long a silence counts the same days as they do. Raises ImpossibleRules."""
    policy = contact.set_rules(values, by=by)
    days = [float(policy.silence[level]) for level in LEVELS]
    own = {name: value for name, value in setting(NAME).items() if name != "longest_silence_days"}
    if days != list(Settings().longest_silence_days):
        own["longest_silence_days"] = days
    if own != setting(NAME):
        Settings.from_dict(own)
        put_setting(NAME, own, by=by)


def _advice(error: ImpossibleSetting) -> str:
    """What would do, without the name of the field it stands beside."""
    advice = str(error).rpartition("; ")[2]
    return advice[:1].upper() + advice[1:]
