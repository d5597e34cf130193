"""What a fitted buying law is, and what a refused one is."""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from entente.differentiate.pure.arrays import Floats
from entente.differentiate.pure.free_mixture import Mixture
from entente.differentiate.pure.newton import Matrix

BG_NBD: Final = "bg_nbd"
MBG_NBD: Final = "mbg_nbd"
PARETO_NBD: Final = "pareto_nbd"
NBD: Final = "nbd"
FIRM_RATE: Final = "firm_rate"
MBG_CNBD: Final = ("mbg_cnbd_2", "mbg_cnbd_3", "mbg_cnbd_4")
CNBD: Final = ("cnbd_2", "cnbd_3", "cnbd_4")
FREE: Final = ("free_1", "free_2")
COMMITTEE: Final = "committee"

REGULAR: Final = (MBG_NBD, *MBG_CNBD)
"""MBG/CNBD-k of k = 1, 2, 3, 4."""

STEADY: Final = (NBD, *CNBD)
"""The same where nobody leaves."""

LAWS: Final = (BG_NBD, *REGULAR, PARETO_NBD, *FREE, *STEADY, FIRM_RATE)
"""All that can be fitted by name."""

STAGES: Final = {name: stages for group in (STEADY, REGULAR, FREE) for stages, name in enumerate(group, start=1)}
"""k: every which stage of a customer's rate is a purchase. 1 for laws that are not named."""


def formula_of(name: str, with_leaving: bool) -> str:
    """The law with a formula that has the same stages."""
    return REGULAR[STAGES.get(name, 1) - 1] if with_leaving else without_leaving(name)


def without_leaving(name: str) -> str:
    """The law of the same stages in which nobody leaves."""
    return STEADY[STAGES.get(name, 1) - 1]


_WITH_LEAVING: Final = ("r", "alpha", "a", "b")
PARAMETERS: Final = {
    BG_NBD: _WITH_LEAVING,
    **dict.fromkeys((*REGULAR, *FREE), _WITH_LEAVING),
    PARETO_NBD: ("r", "alpha", "s", "beta"),
    **dict.fromkeys(STEADY, ("r", "alpha")),
    FIRM_RATE: ("rate",),
    COMMITTEE: (),
}
"""Of a free law: those of the formula it was freed from."""

TITLES: Final = {
    BG_NBD: "BG/NBD",
    MBG_NBD: "MBG/NBD",
    **{name: f"MBG/CNBD-{STAGES[name]}" for name in MBG_CNBD},
    PARETO_NBD: "Pareto/NBD",
    NBD: "NBD",
    **{name: f"CNBD-{STAGES[name]}" for name in CNBD},
    **{name: f"free MBG/CNBD-{STAGES[name]}" for name in FREE},
    FIRM_RATE: "firm-wide rate",
}

# How much later the chance to leave comes: BG/NBD customers may leave after each repeat, MBG/NBD customers after the
# first purchase too. Everywhere in the formulas that is b + x for the one and b + x + 1 for the other.
SHIFT: Final = {BG_NBD: 0, **dict.fromkeys(REGULAR, 1)}


@dataclass(frozen=True)
class BuyingLaw:
    """A law of how customers buy, fitted to a firm.

    name: one of those above.
    parameters: by the names in PARAMETERS; alpha and beta in weeks, rate in purchases a week, the others without unit. alpha is
    that of the stages' rate where a law has stages.
    log_likelihood: of the data alone, without the borrowed prior.
    covariance: (k, k) of the natural logarithms of the parameters, in the order of PARAMETERS.
    customers: how many it was fitted to.
    converged: always True for a law that was handed out; a fit that is not is refused.
    notes: plain sentences for the page that shows the law: what was borrowed, what is not identified.
    mixture: of a free law; finds_leaving: whether it shows that customers leave.
    members: of a committee, whose answers are the means of theirs.
    """

    name: str
    parameters: dict[str, float]
    log_likelihood: float
    covariance: Matrix
    customers: int
    converged: bool
    notes: tuple[str, ...] = ()
    mixture: Mixture | None = None
    finds_leaving: bool = True
    members: tuple["BuyingLaw", ...] = ()

    @property
    def title(self) -> str:
        if self.members:
            return "mean of " + ", ".join(member.title for member in self.members)
        return TITLES[self.name]

    @property
    def knows_churn(self) -> bool:
        """Whether the law can tell a customer who left from one who is silent."""
        if self.members:
            return any(member.knows_churn for member in self.members)
        return self.name in SHIFT or self.name == PARETO_NBD or (self.mixture is not None and self.finds_leaving)

    @property
    def stages(self) -> int:
        """k: a purchase comes at every k-th stage of the customer's rate."""
        return STAGES.get(self.name, 1)

    def vector(self) -> Floats:
        return np.array([self.parameters[name] for name in PARAMETERS[self.name]])

    def at(self, vector: Floats) -> "BuyingLaw":
        """The same law with other parameters: for intervals that follow from the uncertainty of the fit."""
        return replace(self, parameters=dict(zip(PARAMETERS[self.name], (float(v) for v in vector), strict=True)))


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
