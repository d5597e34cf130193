"""What is assumed when the cost to serve is worked out: what each activity costs once, and how sure that is.

The amounts are starting guesses for a currency such as the euro, each to be replaced by the firm's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Final

from entente.differentiate.pure.cost_to_serve import ACTIVITIES
from entente.differentiate.pure.estimate import GUESS_SHARE, Estimate, Precision, exact, guess, within
from entente.lib.errors import EntenteError

MOST_MONEY: Final = 1e12
DEFAULT_RATES: Final[Mapping[str, Estimate]] = {
    "order": guess(2.0), "delivery": guess(4.0), "return": guess(6.0), "call_minute": guess(0.6), "visit": guess(50.0),
    "mail": guess(1.0), "letter": guess(2.0), "complaint": guess(15.0), "payment_reminder": guess(3.0),
}  # fmt: skip


class ImpossibleRate(EntenteError):
    """A figure that no cost can be made of. where: its name, such as `visit.amount`. what: what would do."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where, self.what = where, what


@dataclass(frozen=True)
class ServingTerms:
    """rates: activity -> money for once. call_minutes: of a call of which nobody noted how long it was. reminder_days: so long after
    its due day an invoice that is not paid is taken to have been reminded of, once."""

    rates: Mapping[str, Estimate] = field(default_factory=lambda: DEFAULT_RATES)
    call_minutes: float = 5.0
    reminder_days: float = 14.0

    def as_dict(self) -> dict[str, Any]:
        """Every figure by its name, as a form shows them and `from_dict` reads them."""
        figures: dict[str, Any] = {}
        for name in ACTIVITIES:
            rate = self.rates[name]
            share = rate.share if rate.value else _USUAL_SHARE[rate.precision]
            figures |= {f"{name}.amount": rate.value, f"{name}.precision": rate.precision.value, f"{name}.share": share}
        return {**figures, "call_minutes": self.call_minutes, "reminder_days": self.reminder_days}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "ServingTerms":
        """The defaults with what the firm has set, such as {"visit.amount": 80.0}. Raises ImpossibleRate.

        A precision that is set without its share takes the usual one: none, 20 % of an estimate, half of a guess.
        """
        figures = cls().as_dict()
        for name, value in given.items():
            if name not in figures:
                raise ImpossibleRate(name, f"There is no such figure. Known are {', '.join(figures)}.")
            figures[name] = checked(name, value)
            activity, _, of = name.partition(".")
            if of == "precision" and f"{activity}.share" not in given:
                figures[f"{activity}.share"] = _USUAL_SHARE[Precision(value)]
        rates = {one: _rate(*(figures[f"{one}.{of}"] for of in ("amount", "precision", "share"))) for one in ACTIVITIES}
        return replace(cls(), rates=rates, call_minutes=figures["call_minutes"], reminder_days=figures["reminder_days"])


_USUAL_SHARE: Final = {Precision.EXACT: 0.0, Precision.ESTIMATE: 0.2, Precision.GUESS: GUESS_SHARE}


def checked(name: str, value: Any) -> Any:
    """One figure as it is kept. Raises ImpossibleRate."""
    of = name.rpartition(".")[2]
    if of == "precision":
        if value not in [one.value for one in Precision]:
            raise ImpossibleRate(name, "Choose exact, estimate or guess.")
        return str(value)
    is_number = not isinstance(value, bool) and isinstance(value, int | float) and isfinite(value)
    if of == "amount" and not (is_number and 0 <= value <= MOST_MONEY):
        raise ImpossibleRate(name, "Give an amount, at least 0.")
    if of == "share" and not (is_number and 0 <= value <= 2):
        raise ImpossibleRate(name, "Give a share from 0 to 2, such as 0.2 for a fifth more or less.")
    if of == "call_minutes" and not (is_number and 0 <= value <= 600):
        raise ImpossibleRate(name, "Give a number of minutes, from 0 to 600.")
    if of == "reminder_days" and not (is_number and 0 <= value <= 3650 and value == int(value)):
        raise ImpossibleRate(name, "Give a whole number of days, from 0 to 3650.")
    return float(value)


def _rate(amount: float, precision: str, share: float) -> Estimate:
    made = Precision(precision)
    if made is Precision.EXACT:
        return exact(amount)
    return within(amount, share) if made is Precision.ESTIMATE else guess(amount, share)
