"""Which facts of needs there are, and what is assumed where a potential is estimated: starting guesses, to be set by the firm."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from math import isfinite
from typing import Any, Final

from entente.lib.errors import EntenteError


class Kind(StrEnum):
    """What the value of a fact is."""

    MONEY = "money"
    SHARE = "share"
    SEGMENT = "segment"
    DAY = "day"
    TEXT = "text"


@dataclass(frozen=True)
class Predicate:
    """A word of the vocabulary. are_many: several stand side by side; else a later one takes the place of the earlier."""

    name: str
    kind: Kind
    are_many: bool = False


PREDICATES: Final = {
    one.name: one
    for one in (
        Predicate("spend_elsewhere", Kind.MONEY),
        Predicate("share_of_wallet", Kind.SHARE),
        Predicate("budget", Kind.MONEY),
        Predicate("other_supplier", Kind.TEXT, are_many=True),
        Predicate("buys_through", Kind.TEXT, are_many=True),
        Predicate("segment", Kind.SEGMENT),
        Predicate("need", Kind.TEXT, are_many=True),
        Predicate("preferred", Kind.TEXT, are_many=True),
        Predicate("decides_on", Kind.DAY),
    )
}
"""What the laws read or every firm asks. A firm adds words of its own, which are text and are read by people."""

MOST: Final = 36_500
OWN_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")


class ImpossibleNeedTerms(EntenteError):
    """A figure no potential can be estimated with. where: its name. what: what would do."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where, self.what = where, what


@dataclass(frozen=True)
class NeedTerms:
    """quantile: of the peers' spend that is taken for a potential. low_share: below it, stimulation pays. suppliers: so many others and
    they are played off. peers: fewest of a group. confidence: a fact less sure does not count for figures. lasts: days a fact
    holds where nobody said how long."""

    quantile: float = 0.75
    low_share: float = 1 / 3
    suppliers: float = 2
    peers: float = 30
    confidence: float = 0.5
    lasts: float = 730

    def as_dict(self) -> dict[str, float]:
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "NeedTerms":
        """The defaults with what the firm has set. Raises ImpossibleNeedTerms."""
        known = cls().as_dict()
        for name, value in given.items():
            if name not in known:
                raise ImpossibleNeedTerms(name, f"There is no such figure. Known are {', '.join(known)}.")
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                raise ImpossibleNeedTerms(name, "Give a number.")
            if name in ("quantile", "low_share") and not 0 < value < 1:
                raise ImpossibleNeedTerms(name, "Give a share between 0 and 1, such as 0.75.")
            if name == "confidence" and not 0 <= value <= 1:
                raise ImpossibleNeedTerms(name, "Give a share from 0 to 1, such as 0.5.")
            if name in ("suppliers", "peers", "lasts") and not (1 <= value <= MOST and value == int(value)):
                raise ImpossibleNeedTerms(name, f"Give a whole number from 1 to {MOST}.")
        return replace(cls(), **{name: float(value) for name, value in given.items()})
