"""How much does each customer spend at a purchase?

Gamma-Gamma (Fader & Hardie 2013): every purchase of a customer is Gamma(p, v), and v varies between customers as
Gamma(q, gamma). Mean spend z over n purchases then has the log-likelihood

    ln G(pn+q) - ln G(pn) - ln G(q) + q ln(gamma) + (pn-1) ln z + pn ln n - (pn+q) ln(gamma + nz)

Where the data cannot carry it, the customer's own mean is drawn to the firm's by a fixed weight.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from scipy.special import digamma, gammaln, polygamma

from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.newton import Matrix, Maximum, highest
from entente.lib.errors import EntenteError

GAMMA_GAMMA: Final = "gamma_gamma"
SHRUNK_MEAN: Final = "shrunk_mean"

FEWEST_PAYING: Final = 20
CONSTANT: Final = 1e-3
"""Spread of ln(mean spend) below which spend counts as constant."""

BOUND: Final = float(np.log(1e4))
SHRINK_TO: Final = 2.0
"""Purchases the firm's mean weighs in the shrunk mean; a starting guess."""

NOTABLE_CORRELATION: Final = 0.3
THIN_TO: Final = 20_000


class ImpossibleSpend(EntenteError):
    """Spend that cannot be: fewer than one purchase, or an amount that is no number."""


@dataclass(frozen=True)
class SpendLaw:
    """A law of spend per purchase.

    name: GAMMA_GAMMA or SHRUNK_MEAN. parameters: p, q without unit and gamma in money; or mean in money and weight in
    purchases. covariance: (3, 3) of the logarithms of p, q, gamma; zeros for the shrunk mean.
    mean: what a customer of whom nothing is known spends at a purchase. correlation: of spend with frequency among the
    customers with two purchases or more; the law assumes none. notes: plain sentences for the page.
    """

    name: str
    parameters: dict[str, float]
    log_likelihood: float
    covariance: Matrix
    customers: int
    mean: float
    correlation: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SpendChoice:
    """The law to use; `refusal` says in plain words why Gamma-Gamma could not be, empty when it could."""

    law: SpendLaw
    refusal: str = ""


def choose_spend_law(purchases: Ints, mean_spend: Floats) -> SpendChoice:
    """Fit Gamma-Gamma, or fall back to the shrunk mean and say why. Always answers.

    purchases: (n,) purchases behind each mean, 1 or more.
    mean_spend: (n,) mean amount per purchase in one currency; customers at or below zero are left out of the fit.
    Raises ImpossibleSpend for no purchases or an amount that is not finite.
    """
    count, mean = _checked(purchases, mean_spend)
    paying = mean > 0.0
    count, mean = count[paying], mean[paying]
    correlation = spend_frequency_correlation(count, mean)
    if len(mean) < FEWEST_PAYING:
        reason = f"Gamma-Gamma needs at least {FEWEST_PAYING} customers who paid; there are {len(mean)}."
        return SpendChoice(_shrunk(count, mean, correlation), reason)
    if float(np.std(np.log(mean))) < CONSTANT:
        return SpendChoice(
            _shrunk(count, mean, correlation), "Every customer spends the same, so there is no spread to fit."
        )
    unit = float(np.median(mean))
    best = _maximum(count, mean / unit)
    reason = _unusable(best)
    if reason:
        return SpendChoice(_shrunk(count, mean, correlation), reason)
    p, q, gamma = (float(v) for v in np.exp(best.at))
    return SpendChoice(
        SpendLaw(
            name=GAMMA_GAMMA,
            parameters={"p": p, "q": q, "gamma": gamma * unit},
            log_likelihood=best.value - len(mean) * float(np.log(unit)),
            covariance=np.asarray(np.linalg.inv(-best.hessian), np.float64),
            customers=len(mean),
            mean=p * gamma * unit / (q - 1.0),
            correlation=correlation,
            notes=_correlation_note(correlation),
        )
    )


def expected_spend(law: SpendLaw, purchases: Ints, mean_spend: Floats) -> Floats:
    """What will each customer spend at a future purchase?

    Arguments as in `choose_spend_law`. Returns (n,) money, above zero for Gamma-Gamma: the customer's own mean drawn
    to the firm's, the less the more purchases are behind it. A mean at or below zero counts as unknown: the firm's
    mean. Source: Fader & Hardie (2013), eq. (5).
    """
    count, mean = _checked(purchases, mean_spend)
    if law.name == GAMMA_GAMMA:
        p, q, gamma = (law.parameters[k] for k in ("p", "q", "gamma"))
        expected = p * (gamma + count * mean) / (p * count + q - 1.0)
    else:
        weight = law.parameters["weight"]
        expected = (weight * law.mean + count * mean) / (weight + count)
    return np.where(mean > 0.0, expected, law.mean)


def spend_frequency_correlation(purchases: Ints | Floats, mean_spend: Floats) -> float:
    """Pearson's correlation of purchases with mean spend among customers with two or more; 0 where not defined."""
    count, mean = np.asarray(purchases, np.float64), np.asarray(mean_spend, np.float64)
    again = count >= 2
    count, mean = count[again], mean[again]
    if len(count) < 3 or np.ptp(count) == 0.0 or np.ptp(mean) == 0.0:
        return 0.0
    return float(np.corrcoef(count, mean)[0, 1])


@njit(cache=True)
def _sums(count, total, gamma):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Over customers: ln(gamma+s), n ln(gamma+s), 1/(gamma+s), n/(gamma+s), their squares; s = money in all."""
    out = np.zeros(6)
    for i in range(count.size):
        log = np.log(gamma + total[i])
        inverse = 1.0 / (gamma + total[i])
        out[0] += log
        out[1] += count[i] * log
        out[2] += inverse
        out[3] += count[i] * inverse
        out[4] += inverse * inverse
        out[5] += count[i] * inverse * inverse
    return out


def _maximum(count: Floats, mean: Floats) -> Maximum:
    starts = [np.log([p, q, gamma]) for p, q, gamma in ((1.0, 2.0, 1.0), (6.0, 4.0, 0.5), (3.0, 10.0, 3.0))]
    if len(count) > 2 * THIN_TO:
        stride = len(count) // THIN_TO
        thin = _Likelihood(np.ascontiguousarray(count[::stride]), np.ascontiguousarray(mean[::stride]))
        starts = [highest(thin, starts, thin.n).at]
    return highest(_Likelihood(count, mean), starts, len(count))


class _Likelihood:
    """Gamma-Gamma in (ln p, ln q, ln gamma): value, gradient (3,), Hessian (3, 3)."""

    def __init__(self, count: Floats, mean: Floats) -> None:
        self.count, self.total, self.n = count, count * mean, float(len(count))
        self.distinct, self.sharing = (v.astype(np.float64) for v in np.unique(count, return_counts=True))
        self.log_mean, self.log_total = float(np.log(mean).sum()), float((count * np.log(self.total)).sum())

    def __call__(self, z: Floats) -> tuple[float, Floats, Matrix]:
        parameters = np.exp(z)
        p, q, gamma = (float(v) for v in parameters)
        s = _sums(self.count, self.total, gamma)
        n, w, k, customers = self.distinct, self.sharing, p * self.distinct + q, self.n
        value = (w * (gammaln(k) - gammaln(p * n))).sum() - customers * (gammaln(q) - q * np.log(gamma))
        value += p * self.log_total - self.log_mean - p * s[1] - q * s[0]
        d_p = (w * n * (digamma(k) - digamma(p * n))).sum() + self.log_total - s[1]
        d_q = (w * digamma(k)).sum() - customers * (digamma(q) - np.log(gamma)) - s[0]
        d_g = customers * q / gamma - p * s[3] - q * s[2]
        bend = w * polygamma(1, k)
        pp = (n * n * bend).sum() - (w * n * n * polygamma(1, p * n)).sum()
        pq, qq = (n * bend).sum(), bend.sum() - customers * polygamma(1, q)
        pg, qg = -s[3], customers / gamma - s[2]
        gg = -customers * q / gamma**2 + p * s[5] + q * s[4]
        slope = np.array([d_p, d_q, d_g]) * parameters
        hessian = np.array([[pp, pq, pg], [pq, qq, qg], [pg, qg, gg]]) * np.outer(parameters, parameters) + np.diag(
            slope
        )
        return float(value), slope, hessian


def _unusable(best: Maximum) -> str:
    if not best.converged:
        return f"Gamma-Gamma did not converge on these data after {best.steps} steps."
    if (np.abs(best.at) > BOUND).any():
        return "Gamma-Gamma runs to a bound on these data: they do not settle how spend varies."
    if np.exp(best.at[1]) <= 1.0:
        return "A few customers spend so much more than the rest that Gamma-Gamma has no mean (q is 1 or less)."
    return ""


def _shrunk(count: Floats, mean: Floats, correlation: float) -> SpendLaw:
    firm = float((count * mean).sum() / count.sum()) if len(mean) else 0.0
    notes = (f"Each customer's mean spend is drawn to the firm's, which weighs {SHRINK_TO:g} purchases.",)
    parameters = {"mean": firm, "weight": SHRINK_TO}
    return SpendLaw(SHRUNK_MEAN, parameters, 0.0, np.zeros((3, 3)), len(mean), firm, correlation, notes)


def _correlation_note(correlation: float) -> tuple[str, ...]:
    if abs(correlation) < NOTABLE_CORRELATION:
        return ()
    more = "more" if correlation > 0 else "less"
    return (
        f"Customers who buy often spend {more} at a purchase (correlation {correlation:.2f}); the law assumes no such "
        "link, so values of very frequent buyers are less sure.",
    )


def _checked(purchases: Ints, mean_spend: Floats) -> tuple[Floats, Floats]:
    count, mean = np.ascontiguousarray(purchases, np.float64), np.ascontiguousarray(mean_spend, np.float64)
    wrong = ~((count >= 1.0) & np.isfinite(count) & np.isfinite(mean))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ImpossibleSpend(
            f"Customer number {at} has {count[at]:g} purchases of {mean[at]:g} on average: that cannot be. "
            "Check the order amounts this was made from."
        )
    return count, mean
