"""What one more contact may cost: phi, the lifetime value expected to be lost because somebody opts out."""

import numpy as np
from numpy.typing import NDArray

from entente.lib.errors import EntenteError

Floats = NDArray[np.float64]

OPT_OUT = 0.001  # a starting guess: one contact in a thousand ends in opting out, when nothing was sent lately
GROWTH = 1.5  # a starting guess: each contact of the last 30 days makes the next so many times as likely to be the last


class ImpossiblePressure(EntenteError):
    """The pressure on a customer cannot be what it is said to be."""


def fatigue(clv: Floats, contacts_30_days: Floats, *, opt_out: float = OPT_OUT, growth: float = GROWTH) -> Floats:
    """phi = max(CLV, 0) * min(opt_out * growth ^ contacts, 1).

    clv: (n,) lifetime value in money; who costs more than is earned has nothing to lose.
    contacts_30_days: (n,) how often we came to them, uncalled for, in the last 30 days.

    Returns (n,) money, at least 0. Raises ImpossiblePressure, naming the row.
    """
    wrong = ~(np.isfinite(clv) & np.isfinite(contacts_30_days) & (contacts_30_days >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ImpossiblePressure(
            f"Row {row}: lifetime value {clv[row]}, contacts {contacts_30_days[row]}; "
            "give numbers, contacts of at least 0."
        )
    if not (0.0 <= opt_out <= 1.0 and growth >= 1.0):
        raise ImpossiblePressure(
            f"opt_out is {opt_out}, growth {growth}; give a chance from 0 to 1, and a growth of at least 1."
        )
    with np.errstate(over="ignore"):  # an endless pressure is a certain end
        chance = np.minimum(opt_out * growth**contacts_30_days, 1.0) if opt_out > 0 else np.zeros(len(clv))
    return np.maximum(clv, 0.0) * chance
