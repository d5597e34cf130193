"""The four kinds of customers, and the laws they buy by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """rate: gamma, purchases a week (shape, mean). regularity: stages of the Erlang gap between purchases.
    dropout: beta, after each purchase. lines: mean of what is put into the basket by itself.
    quantity: median and log-spread of a line; size: log-spread between customers. packs: weight of small, middle,
    large.
    """

    name: str
    share: float
    is_business: bool
    rate: tuple[float, float]
    regularity: int
    dropout: tuple[float, float]
    complains: float
    lines: float
    habit: float
    quantity: tuple[float, float]
    size: float
    packs: tuple[float, float, float]
    discount: float
    needs: tuple[float, float, float, float, float]


KINDS = (
    Kind("distributor", 0.03, True, (2.2, 0.42), 3, (1.2, 130.0), 0.020, 5.0, 0.6, (8.0, 0.6), 0.6,
         (0.3, 1.0, 1.5), 0.34, (0.3, 0.12, 0.28, 0.15, 0.15)),
    Kind("retailer", 0.05, True, (2.5, 0.30), 2, (1.2, 60.0), 0.018, 4.5, 0.5, (8.0, 0.6), 0.55,
         (1.2, 1.0, 0.3), 0.25, (0.42, 0.3, 0.05, 0.08, 0.15)),
    Kind("trade", 0.32, True, (1.1, 0.13), 1, (1.0, 16.0), 0.022, 2.2, 0.5, (3.6, 0.7), 0.6,
         (0.5, 1.0, 1.0), 0.12, (0.38, 0.14, 0.16, 0.14, 0.18)),
    Kind("consumer", 0.60, False, (0.9, 0.05), 1, (1.1, 3.6), 0.030, 1.4, 0.25, (1.4, 0.45), 0.25,
         (1.6, 0.6, 0.1), 0.0, (0.5, 0.34, 0.03, 0.06, 0.07)),
)  # fmt: skip

NAMES = tuple(kind.name for kind in KINDS)

# A complaint multiplies the probability of never buying again.
COMPLAINT_HARM = 3.0
