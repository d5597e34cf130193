"""The plays as data: what each is for, how it may reach a person, what it is guessed to do, and the firm's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import Any

from entente.customize.pure.arbitration import DEFAULT_EPSILON
from entente.differentiate.pure.stages import Stage
from entente.learn.pure.holdout import may_be_withheld
from entente.lib.errors import EntenteError


class ImpossibleSetting(EntenteError):
    """A play's setting is unknown or out of range."""


@dataclass(frozen=True, slots=True)
class Play:
    """One thing to do. Channels are in the order preferred; no channel is needed where none is named.

    stages: of the life cycle at which it makes sense. Somebody with a problem is at none of them and all: what else speaks against it
    then is said instead.
    """

    key: str
    name: str
    purpose: str
    channels: tuple[str, ...]
    stages: frozenset[Stage]
    recovery: bool = False

    @property
    def withheld(self) -> bool:
        """Is it kept from the hold-out?"""
        return may_be_withheld(self.purpose)

    @property
    def epsilon(self) -> float:
        """No experiment displaces what a person is owed."""
        return 0.0 if self.recovery or self.purpose in ("emergency", "legal") else DEFAULT_EPSILON

    @property
    def soothing(self) -> bool:
        """May it go to somebody with an open complaint?"""
        return self.recovery or not self.withheld


_BUYING = frozenset({Stage.GETTING_TO_KNOW, Stage.DEVELOPMENT, Stage.WON_BACK})

# The order is the order of the columns everywhere; new plays are added at the end.
PLAYS = (
    Play(
        "welcome",
        "Welcome after the first order",
        "relationship",
        ("phone", "email", "letter"),
        frozenset({Stage.WELCOME, Stage.GETTING_TO_KNOW}),
    ),
    Play(
        "reorder_due",
        "The next order is due",
        "marketing",
        ("email", "phone", "messenger"),
        _BUYING | {Stage.WELCOME, Stage.LEAVING},
    ),
    Play("cross_sell", "Something that goes with it", "marketing", ("email", "messenger", "phone"), _BUYING),
    Play("thank_top", "Thank a top customer", "relationship", ("phone", "letter", "email"), _BUYING | {Stage.WELCOME}),
    Play("quietly_leaving", "Quietly leaving", "relationship", ("phone", "email"), _BUYING | {Stage.LEAVING}),
    Play("win_back", "Win back", "marketing", ("phone", "email", "letter"), frozenset({Stage.LEAVING, Stage.LOST})),
    Play(
        "silence",
        "Too long a silence",
        "relationship",
        ("phone", "email"),
        _BUYING | {Stage.WELCOME, Stage.LEAVING},
    ),
)
WELCOME, REORDER_DUE, CROSS_SELL, THANK_TOP, QUIETLY_LEAVING, WIN_BACK, SILENCE = range(7)


@dataclass(frozen=True, slots=True)
class PlaySettings:
    """One play's settings. All figures are starting guesses until the firm sets or outcomes replace them.

    on: is it played at all. response: guessed p. retention: guessed delta_r. cost: of doing it once, in the firm's
        currency.
    rest_days: not again for so long. within_days, after_days, late_days, overdue, alive_from, alive_until,
        min_score, min_past_margin,
    margin_share: the play's own conditions; the play says what it does with them.
    """

    on: bool = True
    response: float = 0.05
    retention: float = 0.01
    cost: float = 1.0
    rest_days: float = 30.0
    within_days: float = 30.0
    after_days: float = 0.0
    late_days: float = 45.0
    overdue: float = 2.0
    alive_from: float = 0.2
    alive_until: float = 0.7
    min_score: float = 0.0
    min_past_margin: float = 0.0
    margin_share: float = 1.0


_SHARES = ("alive_from", "alive_until", "margin_share")
_AT_LEAST_0 = ("cost", "rest_days", "within_days", "after_days", "late_days", "overdue", "min_past_margin")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of all plays, and the longest silence per level in days (top, big, medium, small)."""

    welcome: PlaySettings = PlaySettings(response=0.10, retention=0.02, cost=3.0, within_days=21.0, rest_days=3_650.0)
    reorder_due: PlaySettings = PlaySettings(response=0.30, retention=0.005, cost=1.0, rest_days=14.0)
    cross_sell: PlaySettings = PlaySettings(
        response=0.05, retention=0.0, cost=0.5, rest_days=30.0, within_days=365.0, margin_share=0.25
    )
    thank_top: PlaySettings = PlaySettings(response=0.02, retention=0.01, cost=5.0, rest_days=180.0)
    quietly_leaving: PlaySettings = PlaySettings(
        response=0.10, retention=0.05, cost=5.0, rest_days=60.0, within_days=365.0
    )
    win_back: PlaySettings = PlaySettings(
        response=0.05,
        retention=0.02,
        cost=3.0,
        rest_days=180.0,
        after_days=365.0,
        within_days=1_095.0,
        min_past_margin=100.0,
    )
    silence: PlaySettings = PlaySettings(response=0.03, retention=0.01, cost=4.0, rest_days=30.0)
    longest_silence_days: tuple[float, float, float, float] = field(default=(30.0, 60.0, 120.0, 365.0))
    detractor_days: float = 30.0

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Settings":
        """The defaults with what the firm has set, such as {"welcome": {"within_days": 14}, "detractor_days": 60}.

        Raises ImpossibleSetting for a word nobody knows or a figure out of range.
        """
        settings = cls()
        for key, value in given.items():
            if key == "longest_silence_days":
                settings = replace(settings, longest_silence_days=_four_days(value))
            elif key == "detractor_days":
                settings = replace(settings, detractor_days=_at_least(key, value, 0.0))
            elif key in {play.key for play in PLAYS}:
                changed: Any = {key: _play_settings(key, getattr(settings, key), value)}
                settings = replace(settings, **changed)
            else:
                known = [play.key for play in PLAYS] + ["longest_silence_days", "detractor_days"]
                raise ImpossibleSetting(f"No play or setting is called {key!r}; known are {', '.join(known)}.")
        return settings

    def of(self, play: int) -> PlaySettings:
        """The settings of a play by its place in PLAYS."""
        found: PlaySettings = getattr(self, PLAYS[play].key)
        return found


def _play_settings(key: str, settings: PlaySettings, given: Any) -> PlaySettings:
    if not isinstance(given, Mapping):
        raise ImpossibleSetting(f'{key}: give its settings by name, such as {{"rest_days": 30}}, not {given!r}.')
    known = {one.name for one in fields(PlaySettings)}
    checked: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise ImpossibleSetting(f"{key}: no setting is called {name!r}; known are {', '.join(sorted(known))}.")
        checked[name] = _checked(f"{key}.{name}", name, value)
    changed = replace(settings, **checked)
    if changed.alive_from > changed.alive_until:
        raise ImpossibleSetting(
            f"{key}: alive_from {changed.alive_from} is above alive_until {changed.alive_until}; swap them."
        )
    return changed


def _checked(where: str, name: str, value: Any) -> bool | float:
    if name == "on":
        if not isinstance(value, bool):
            raise ImpossibleSetting(f"{where} is {value!r}; give true or false.")
        return value
    number = _at_least(where, value, 0.0 if name in _AT_LEAST_0 else float("-inf"))
    if name in _SHARES and not 0.0 <= number <= 1.0:
        raise ImpossibleSetting(f"{where} is {number}; give a share from 0 to 1.")
    if name == "response" and not 0.0 < number < 1.0:
        raise ImpossibleSetting(f"{where} is {number}; give a chance between 0 and 1, neither included.")
    if name == "retention" and not -1.0 < number < 1.0:
        raise ImpossibleSetting(f"{where} is {number}; give a change of a chance between -1 and 1.")
    return number


def _at_least(where: str, value: Any, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < least:
        wanted = "a number" if least == float("-inf") else f"a number of at least {least:g}"
        raise ImpossibleSetting(f"{where} is {value!r}; give {wanted}.")
    return float(value)


def _four_days(value: Any) -> tuple[float, float, float, float]:
    if not isinstance(value, list | tuple) or len(value) != 4:
        raise ImpossibleSetting(
            f"longest_silence_days is {value!r}; give four numbers of days, for top, big, medium and small."
        )
    top, big, medium, small = (_at_least("longest_silence_days", days, 1.0) for days in value)
    return top, big, medium, small
