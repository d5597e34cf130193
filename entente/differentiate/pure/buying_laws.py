"""What a fitted buying law is, and what a refused one is. Named and ordered from the richest to the simplest."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from entente.differentiate.pure.arrays import Floats
from entente.differentiate.pure.newton import Matrix

BG_NBD: Final = "bg_nbd"
MBG_NBD: Final = "mbg_nbd"
NBD: Final = "nbd"
FIRM_RATE: Final = "firm_rate"

LAWS: Final = (BG_NBD, MBG_NBD, NBD, FIRM_RATE)

PARAMETERS: Final = {
    BG_NBD: ("r", "alpha", "a", "b"),
    MBG_NBD: ("r", "alpha", "a", "b"),
    NBD: ("r", "alpha"),
    FIRM_RATE: ("rate",),
}

TITLES: Final = {
    BG_NBD: "BG/NBD",
    MBG_NBD: "MBG/NBD",
    NBD: "NBD",
    FIRM_RATE: "firm-wide rate",
}

# How much later the chance to leave comes: BG/NBD customers may leave after each repeat, MBG/NBD customers after the
# first purchase too. Everywhere in the formulas that is b + x for the one and b + x + 1 for the other.
SHIFT: Final = {BG_NBD: 0, MBG_NBD: 1}


@dataclass(frozen=True)
class BuyingLaw:
    """A law of how customers buy, fitted to a firm.

    name: one of LAWS.
    parameters: by the names in PARAMETERS; alpha in weeks, rate in purchases a week, the others without unit.
    log_likelihood: of the data alone, without the borrowed prior.
    covariance: (k, k) of the natural logarithms of the parameters, in the order of PARAMETERS.
    customers: how many it was fitted to.
    converged: always True for a law that was handed out; a fit that is not is refused.
    notes: plain sentences for the page that shows the law: what was borrowed, what is not identified.
    """

    name: str
    parameters: dict[str, float]
    log_likelihood: float
    covariance: Matrix
    customers: int
    converged: bool
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return TITLES[self.name]

    @property
    def knows_churn(self) -> bool:
        """Whether the law can tell a customer who left from one who is silent."""
        return self.name in SHIFT

    def vector(self) -> Floats:
        return np.array([self.parameters[name] for name in PARAMETERS[self.name]])

    def at(self, vector: Floats) -> "BuyingLaw":
        """The same law with other parameters: for intervals that follow from the uncertainty of the fit."""
        values = dict(zip(PARAMETERS[self.name], (float(v) for v in vector), strict=True))
        return BuyingLaw(
            self.name, values, self.log_likelihood, self.covariance, self.customers, self.converged, self.notes
        )


@dataclass(frozen=True)
class Refusal:
    """A law these data cannot carry, and why, in words for the page."""

    law: str
    reason: str

    @property
    def title(self) -> str:
        return TITLES[self.law]


@dataclass(frozen=True)
class Choice:
    """The law to use, and the richer ones that were tried before it and refused."""

    law: BuyingLaw
    refusals: tuple[Refusal, ...] = field(default=())
