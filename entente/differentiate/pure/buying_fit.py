"""Fitting the buying laws, and refusing those the data cannot carry.

A fit that does not converge or that sits on a bound is never shown as a result: it is refused in plain words and a simpler law is
tried, down to the firm-wide rate, which always answers.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from entente.differentiate.pure import free_mixture, likelihoods
from entente.differentiate.pure.arrays import Floats
from entente.differentiate.pure.buying_laws import (
    BG_NBD,
    CNBD,
    FIRM_RATE,
    FREE,
    MBG_CNBD,
    NBD,
    PARAMETERS,
    PARETO_NBD,
    REGULAR,
    SHIFT,
    STAGES,
    STEADY,
    TITLES,
    BuyingLaw,
    Choice,
    Refusal,
    formula_of,
    without_leaving,
)
from entente.differentiate.pure.histories import BuyingHistories
from entente.differentiate.pure.likelihoods import Statistics
from entente.differentiate.pure.newton import Matrix, Maximum, Objective, highest
from entente.differentiate.pure.pareto_likelihood import pareto_nbd
from entente.differentiate.pure.regular_likelihood import cnbd, mbg_cnbd, of_gaps
from entente.lib.errors import EntenteError

BORROW_BELOW: Final = 500
"""Customers below which a prior is borrowed; its weight falls evenly from 1 (no customers) to 0 (this many)."""

# Centres and spreads of ln(r), ln(alpha in weeks), ln(a), ln(b): wide enough to hold what published sets of customers
# give (CDNOW .24/4.4/.79/2.4; groceries and wholesale alpha up to 15), narrow enough to keep ten customers off the
# bounds. On the logarithms, never on the parameters: a penalty on raw parameters pulls CDNOW's forecast 31 % up.
PRIOR_CENTRE: Final = np.log(np.array([0.5, 8.0, 0.7, 3.0]))
PRIOR_SPREAD: Final = np.array([1.0, 1.2, 1.0, 1.0])
# The same of ln(r), ln(alpha), ln(s), ln(beta): CDNOW .55/10.6/.61/11.7.
PARETO_CENTRE: Final = np.log(np.array([0.5, 8.0, 0.6, 10.0]))
PARETO_SPREAD: Final = np.array([1.0, 1.2, 1.0, 1.2])

FEWEST_CUSTOMERS: Final = {4: 10, 2: 5}
FEWEST_RETURNING: Final = {4: 5, 2: 3}
CHURN_GAIN: Final = 2.0
"""Log-likelihood by which a law with leaving must beat the one without: about two standard errors."""

NOBODY_LEAVES: Final = (
    "Nobody is taken to have left: the chance that a customer is still active cannot be told from these data, "
    "and values years ahead are on the high side."
)
BOUND: Final = float(np.log(1e4))
THIN_TO: Final = (4_000, 60_000)
"""Customers on whom the climb begins where groups are more: from every start on the fewest, from where that ended on more, then on all."""
FREE_ON: Final = 50_000
"""Customers on whom a law is freed where groups are more; others would not move its weights."""

HALF_A_PURCHASE, ONE_CUSTOMER_YEAR = 0.5, 52.0


class LawRefused(EntenteError):
    """These data cannot carry the law that was asked for; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.reason} Use choose_law to get the richest law these data can carry.")
        self.refusal = refusal


def fit(histories: BuyingHistories, name: str = BG_NBD) -> BuyingLaw:
    """Fit one law (a name in LAWS) by maximum likelihood on grouped statistics.

    Below BORROW_BELOW customers a weak prior on the logarithms of the parameters is borrowed, and said in `notes`.
    Raises LawRefused when the fit is no result: too few data, churn not identified, on a bound, not converged.
    """
    answer = attempt(statistics_of(histories), name) if len(histories) else _firm_rate(None)
    if isinstance(answer, Refusal):
        raise LawRefused(answer)
    return answer


def choose_law(histories: BuyingHistories) -> Choice:
    """The law that explains the past best: MBG/CNBD-k of the likeliest k, else one without leaving, else the firm-wide rate.

    Always answers. k is 1 where the gaps between purchases are not known. Which law predicts best is another question:
    `hold_out_choice.choose` asks it, where there is past enough to hold some of it out.
    """
    if not len(histories):
        return Choice(_firm_rate(None))
    stats = statistics_of(histories)
    fits, refusals = Fits(stats), list[Refusal]()
    for kind in (REGULAR, STEADY):
        tried = [fits.attempt(name) for name in (kind if stats.log_gaps is not None else kind[:1])]
        refusals += [one for one in tried[:1] if isinstance(one, Refusal)]
        if fitted := [one for one in tried if isinstance(one, BuyingLaw)]:
            return Choice(max(fitted, key=lambda law: law.log_likelihood), tuple(refusals))
    return Choice(_firm_rate(stats), tuple(refusals))


def statistics_of(histories: BuyingHistories) -> Statistics:
    return likelihoods.statistics(histories.grouped, histories.log_gaps)


def attempt(stats: Statistics, name: str) -> BuyingLaw | Refusal:
    """Fit one law; a refusal says in plain words why there is none. Raises KeyError for a name that is no law's."""
    return Fits(stats).attempt(name)


class Fits:
    """Laws fitted to the same customers, each once: some stand on others."""

    def __init__(self, stats: Statistics) -> None:
        self.stats = stats
        self._fitted: dict[str, BuyingLaw | Refusal] = {}
        self._steady: dict[str, Maximum] = {}

    def attempt(self, name: str) -> BuyingLaw | Refusal:
        """As the function of this name."""
        if name not in self._fitted:
            self._fitted[name] = self._attempt(name)
        return self._fitted[name]

    def where_nobody_leaves(self, name: str) -> Maximum:
        """How well the law of the same stages explains them in which nobody leaves, nothing borrowed."""
        steady = without_leaving(name)
        if steady not in self._steady:
            self._steady[steady] = _maximum(self.stats, steady, 0.0)
        return self._steady[steady]

    def _attempt(self, name: str) -> BuyingLaw | Refusal:
        stats = self.stats
        if name == FIRM_RATE:
            return _firm_rate(stats)
        returning = float(stats.customers_at[stats.counts > 0].sum())
        size = len(PARAMETERS[name])
        if stats.customers < FEWEST_CUSTOMERS[size] or returning < FEWEST_RETURNING[size]:
            return Refusal(
                name,
                f"{TITLES[name]} needs at least {FEWEST_CUSTOMERS[size]} customers of whom {FEWEST_RETURNING[size]} bought "
                f"again; there are {stats.customers:.0f}, and {returning:.0f} bought again.",
            )
        if name in FREE:
            return _freed(self, name)
        return _with_leaving(self, name) if name in SHIFT or name == PARETO_NBD else _without_leaving(self, name)


def _without_leaving(fits: Fits, name: str) -> BuyingLaw | Refusal:
    stats = fits.stats
    weight = _prior_weight(stats)
    best = _maximum(stats, name, weight) if weight else fits.where_nobody_leaves(name)
    reason = _unusable(name, best)
    if reason:
        return Refusal(name, reason)
    return _law(stats, name, best, (*_borrowed(weight), NOBODY_LEAVES))


def _with_leaving(fits: Fits, name: str) -> BuyingLaw | Refusal:
    stats = fits.stats
    weight = _prior_weight(stats)
    best = _maximum(stats, name, weight)
    notes = _borrowed(weight)
    if not weight:
        gain = best.value - fits.where_nobody_leaves(name).value
        if gain < CHURN_GAIN:
            return Refusal(
                name,
                f"Churn is not identified by these data: {TITLES[name]} explains them no better than a law in which "
                "nobody ever leaves. Watch the customers longer, or look at who was silent for unusually long instead.",
            )
        if _unusable(name, best):
            best = _maximum(stats, name, 1.0)
            notes = (
                "The data leave one parameter open, so its usual value was borrowed from published sets of customers.",
            )
    reason = _unusable(name, best)
    return Refusal(name, reason) if reason else _law(stats, name, best, notes)


def _freed(fits: Fits, name: str) -> BuyingLaw | Refusal:
    """Freed from the law of the same k with leaving, or from the one without where that is refused."""
    stats, stages = fits.stats, STAGES[name]
    formula = fits.attempt(formula_of(name, with_leaving=True))
    if isinstance(formula, Refusal):
        formula = fits.attempt(without_leaving(name))
    if isinstance(formula, Refusal):
        return Refusal(name, f"There is no law to free it from. {formula.reason}")
    given = formula.parameters
    leaving = (given["a"], given["b"]) if formula.knows_churn else None
    base = free_mixture.base_mixture(given["r"], given["alpha"], leaving, stages)
    thin = stats.thinned(FREE_ON) if len(stats.x) > FREE_ON else stats
    groups = thin.x, thin.days[thin.last], thin.days[thin.age], thin.weight
    found = free_mixture.free(base, *groups)
    if not found.converged:
        return Refusal(name, f"{TITLES[name]} did not converge on these data after {found.steps} steps.")
    stuck = free_mixture.free(free_mixture.nobody_leaves(base), *groups)
    finds_leaving = found.log_likelihood - stuck.log_likelihood >= CHURN_GAIN
    value = free_mixture.log_likelihood(
        found.mixture, stats.x, stats.days[stats.last], stats.days[stats.age], stats.weight
    )
    notes = tuple(note for note in formula.notes if note != NOBODY_LEAVES)
    return replace(
        formula,
        name=name,
        mixture=found.mixture,
        finds_leaving=finds_leaving,
        log_likelihood=value + of_gaps(stats, stages),
        notes=notes if finds_leaving else (*notes, NOBODY_LEAVES),
    )


def _firm_rate(stats: Statistics | None) -> BuyingLaw:
    """Everybody buys at one rate. Half a purchase in one customer-year is added: no data give a rate all the same."""
    repeats, weeks, customers = (stats.repeats, stats.weeks, int(stats.customers)) if stats else (0.0, 0.0, 0)
    rate = (repeats + HALF_A_PURCHASE) / (weeks + ONE_CUSTOMER_YEAR)
    return BuyingLaw(
        name=FIRM_RATE,
        parameters={"rate": rate},
        log_likelihood=float(repeats * np.log(rate) - rate * weeks),
        covariance=np.array([[1.0 / (repeats + HALF_A_PURCHASE)]]),
        customers=customers,
        converged=True,
        notes=(
            "Every customer gets the same expectation, the firm's average: these data cannot tell customers apart.",
        ),
    )


def _maximum(stats: Statistics, name: str, prior: float) -> Maximum:
    """Its `value` is the likelihood alone, without what the prior takes off."""
    starts = _starts(stats, name)
    for customers in THIN_TO:
        if len(stats.x) > customers:
            thin = stats.thinned(customers)
            starts = [highest(_objective(thin, name, prior), starts, thin.customers).at]
    best = highest(_objective(stats, name, prior), starts, stats.customers)
    return replace(best, value=float(_plain(stats, name)(best.at)[0])) if prior else best


def _starts(stats: Statistics, name: str) -> list[Floats]:
    alpha = max(stats.weeks / stats.customers / 4.0, 0.1) / STAGES.get(name, 1)
    buying = (1.0, 0.3, 0.7)
    if len(PARAMETERS[name]) == 2:
        return [np.log([r, alpha]) for r in buying[:2]]
    leaving = ((1.0, 1.0), (0.5, 3.0), (0.1, 5.0))
    if name == PARETO_NBD:
        leaving = ((0.5, 10.0), (0.5, 50.0), (2.0, 30.0))
    return [np.log([r, alpha, a, b]) for r, (a, b) in zip(buying, leaving, strict=True)]


def _objective(stats: Statistics, name: str, prior: float) -> Objective:
    plain = _plain(stats, name)
    if not prior:
        return plain
    centre, spread = (PARETO_CENTRE, PARETO_SPREAD) if name == PARETO_NBD else (PRIOR_CENTRE, PRIOR_SPREAD)
    size = len(PARAMETERS[name])
    centre, spread = centre[:size].copy(), spread[:size]
    centre[1] -= np.log(STAGES.get(name, 1))

    def with_prior(z: Floats) -> tuple[float, Floats, Matrix]:
        value, gradient, hessian = plain(z)
        away = (z - centre) / spread
        pull = prior * away / spread
        return value - 0.5 * prior * float(away @ away), gradient - pull, hessian - np.diag(prior / spread**2)

    return with_prior


def _plain(stats: Statistics, name: str) -> Callable[[Floats], tuple[float, Floats, Matrix]]:
    if name == PARETO_NBD:
        return lambda z: pareto_nbd(stats, z)
    if name in MBG_CNBD:
        return lambda z: mbg_cnbd(stats, z, STAGES[name])
    if name in CNBD:
        return lambda z: cnbd(stats, z, STAGES[name])
    if name == NBD:
        return lambda z: likelihoods.nbd(stats, z)
    return lambda z: likelihoods.bg_nbd(stats, z, SHIFT[name])


def _law(stats: Statistics, name: str, best: Maximum, notes: tuple[str, ...]) -> BuyingLaw:
    return BuyingLaw(
        name=name,
        parameters=dict(zip(PARAMETERS[name], np.exp(best.at).tolist(), strict=True)),
        log_likelihood=best.value,
        covariance=np.asarray(np.linalg.inv(-best.hessian), np.float64),
        customers=int(stats.customers),
        converged=best.converged,
        notes=notes,
    )


def _prior_weight(stats: Statistics) -> float:
    return max(0.0, 1.0 - stats.customers / BORROW_BELOW)


def _borrowed(weight: float) -> tuple[str, ...]:
    if not weight:
        return ()
    return (f"Fewer than {BORROW_BELOW} customers: usual values from published sets of customers were mixed in.",)


def _unusable(name: str, best: Maximum) -> str:
    """Why this end of the climb is no result; empty when it is one."""
    outside = np.flatnonzero(np.abs(best.at) > BOUND)
    if len(outside):
        parameter = PARAMETERS[name][int(outside[0])]
        end = float(np.exp(best.at[outside[0]]))
        return f"{TITLES[name]} runs to a bound ({parameter} = {end:.3g}): these data do not settle it."
    if not best.converged:
        return f"{TITLES[name]} did not converge on these data after {best.steps} steps."
    return ""
