"""Log-likelihoods of the buying laws on grouped statistics, with gradient and Hessian in the logs of the parameters.

BG/NBD: Fader, Hardie & Lee (2005), eq. (6). MBG/NBD: Batislam, Denizel & Filiztekin (2007), eq. (3). NBD: Ehrenberg
(1959); its likelihood is the factor of BG/NBD that knows no leaving. With m = 0 for BG/NBD and m = 1 for MBG/NBD both
read

    ln L = ln[G(r+x)/G(r)] + r ln(alpha) - (r+x) ln(alpha+T)                      NBD
         + ln[G(a+b) G(b+x+m) / (G(b) G(a+b+x+m))] + softplus(D)                  leaving
    D    = ln(a) - ln(b+x+m-1) + (r+x) [ln(alpha+T) - ln(alpha+t_x)]              for x + m > 0

where G is the gamma function and exp(D) the odds of having left. Gamma functions are taken once per distinct x,
logarithms once per day; only D needs a pass over the groups.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.special import digamma, gammaln, polygamma

from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.histories import DAYS_PER_WEEK, GroupedHistories
from entente.differentiate.pure.newton import Matrix

_UPPER = np.triu_indices(4)


@dataclass(frozen=True)
class Statistics:
    """The sums the likelihoods are made of, counted once before the climb.

    counts: (d,) distinct x; customers_at: (d,) customers with that x.
    days: (longest age + 1,) weeks of each day number; watched: customers of that age; repeats_at: their repeats in all.
    x, last, age, weight: (g,) groups: repeats, recency day, age day, customers.
    log_gaps: sum over all customers of ln(weeks between purchases that follow each other); None: not known.
    """

    counts: Floats
    customers_at: Floats
    days: Floats
    watched: Floats
    repeats_at: Floats
    x: Floats
    last: Ints
    age: Ints
    weight: Floats
    log_gaps: float | None = None

    @property
    def customers(self) -> float:
        return float(self.customers_at.sum())

    @property
    def repeats(self) -> float:
        return float(self.repeats_at.sum())

    @property
    def weeks(self) -> float:
        """Customer-weeks watched."""
        return float((self.watched * self.days).sum())

    def thinned(self, customers: int) -> "Statistics":
        """Of so many customers, evenly taken in the order of the groups: good enough to begin a climb on."""
        reached = np.cumsum(self.weight)
        taken = np.searchsorted(reached, (np.arange(customers) + 0.5) * (reached[-1] / customers))
        times = np.bincount(taken, minlength=len(self.x))
        kept = np.flatnonzero(times)
        return _statistics(self.x[kept], self.last[kept], self.age[kept], times[kept].astype(np.float64))


def statistics(grouped: GroupedHistories, log_gaps: Floats | None = None) -> Statistics:
    """log_gaps: (n,) as in BuyingHistories; only their sum counts."""
    return _statistics(
        grouped.repeats.astype(np.float64),
        grouped.recency_days,
        grouped.age_days,
        grouped.customers.astype(np.float64),
        None if log_gaps is None else float(log_gaps.sum()),
    )


def _statistics(x: Floats, last: Ints, age: Ints, weight: Floats, log_gaps: float | None = None) -> Statistics:
    at_x = np.bincount(x.astype(np.int64), weights=weight)
    counts = np.flatnonzero(at_x)
    length = int(age.max()) + 1
    return Statistics(
        counts=counts.astype(np.float64),
        customers_at=at_x[counts].astype(np.float64),
        days=np.arange(length) / DAYS_PER_WEEK,
        watched=np.bincount(age, weights=weight, minlength=length).astype(np.float64),
        repeats_at=np.bincount(age, weights=weight * x, minlength=length).astype(np.float64),
        x=x,
        last=last,
        age=age,
        weight=weight,
        log_gaps=log_gaps,
    )


@njit(cache=True, fastmath={"contract", "reassoc", "arcp", "nsz"})
def _leaving(x, last, age, weight, log_at, inverse_at, r, a, b, shift):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Sum of weight * softplus(D), its gradient (4,), the upper triangle (10,) of its Hessian in (r, alpha, a, b)."""
    value = 0.0
    g = np.zeros(4)
    h = np.zeros(10)
    log_a = np.log(a)
    for i in range(x.size):
        tries = x[i] + shift - 1.0
        if tries < 0.0:
            continue
        gap = log_at[age[i]] - log_at[last[i]]
        at_age = inverse_at[age[i]]
        at_last = inverse_at[last[i]]
        slope = at_age - at_last
        rx = r + x[i]
        over_b = 1.0 / (b + tries)
        d = log_a - np.log(b + tries) + rx * gap
        e = np.exp(-abs(d))
        value += weight[i] * (max(d, 0.0) + np.log1p(e))
        left = 1.0 / (1.0 + e) if d >= 0.0 else e / (1.0 + e)
        s = weight[i] * left
        k = s * (1.0 - left)
        d_alpha = rx * slope
        d_a = 1.0 / a
        g[0] += s * gap
        g[1] += s * d_alpha
        g[2] += s * d_a
        g[3] -= s * over_b
        h[0] += k * gap * gap
        h[1] += k * gap * d_alpha + s * slope
        h[2] += k * gap * d_a
        h[3] -= k * gap * over_b
        h[4] += k * d_alpha * d_alpha + s * rx * (at_last * at_last - at_age * at_age)
        h[5] += k * d_alpha * d_a
        h[6] -= k * d_alpha * over_b
        h[7] += (k - s) * d_a * d_a
        h[8] -= k * d_a * over_b
        h[9] += (k + s) * over_b * over_b
    return value, g, h


def nbd(stats: Statistics, log_parameters: Floats) -> tuple[float, Floats, Matrix]:
    """NBD at (ln r, ln alpha): value, gradient (2,), Hessian (2, 2)."""
    parameters = np.exp(log_parameters)
    return in_logs(parameters, *buying_part(stats, float(parameters[0]), float(parameters[1])))


def bg_nbd(stats: Statistics, log_parameters: Floats, shift: int = 0) -> tuple[float, Floats, Matrix]:
    """BG/NBD (shift 0) or MBG/NBD (shift 1) at (ln r, ln alpha, ln a, ln b): value, gradient (4,), Hessian (4, 4)."""
    parameters = np.exp(log_parameters)
    r, alpha, a, b = (float(p) for p in parameters)
    buying, buying_gradient, buying_hessian = buying_part(stats, r, alpha)
    log_at = np.log(alpha + stats.days)
    value, gradient, triangle = _leaving(
        stats.x, stats.last, stats.age, stats.weight, log_at, 1.0 / (alpha + stats.days), r, a, b, float(shift)
    )
    hessian = np.zeros((4, 4))
    hessian[_UPPER] = triangle
    hessian += np.triu(hessian, 1).T
    chances, chances_gradient, chances_hessian = chances_taken(stats, a, b, shift)
    gradient[:2] += buying_gradient
    hessian[:2, :2] += buying_hessian
    gradient[2:] += chances_gradient
    hessian[2:, 2:] += chances_hessian
    return in_logs(parameters, float(value) + buying + chances, gradient, hessian)


def buying_part(stats: Statistics, r: float, alpha: float, stages: int = 1) -> tuple[float, Floats, Matrix]:
    """The factor without leaving, in (r, alpha), of r + stages * x for r + x."""
    x, w, n = stages * stats.counts, stats.customers_at, stats.customers
    exponent = r * stats.watched + stages * stats.repeats_at
    at = alpha + stats.days
    log_at = np.log(at)
    value = (w * (gammaln(r + x) - gammaln(r))).sum() + n * r * np.log(alpha) - (log_at * exponent).sum()
    d_r = (w * (digamma(r + x) - digamma(r))).sum() + n * np.log(alpha) - (log_at * stats.watched).sum()
    d_alpha = n * r / alpha - (exponent / at).sum()
    rr = (w * (polygamma(1, r + x) - polygamma(1, r))).sum()
    ra = n / alpha - (stats.watched / at).sum()
    aa = -n * r / alpha**2 + (exponent / at**2).sum()
    return float(value), np.array([d_r, d_alpha]), np.array([[rr, ra], [ra, aa]])


def chances_taken(stats: Statistics, a: float, b: float, shift: int) -> tuple[float, Floats, Matrix]:
    """The beta factor: x + m chances to leave came and none was taken."""
    stayed, w = stats.counts + shift, stats.customers_at
    value = (w * (gammaln(a + b) - gammaln(b) + gammaln(b + stayed) - gammaln(a + b + stayed))).sum()
    d_a = (w * (digamma(a + b) - digamma(a + b + stayed))).sum()
    d_b = d_a + (w * (digamma(b + stayed) - digamma(b))).sum()
    aa = (w * (polygamma(1, a + b) - polygamma(1, a + b + stayed))).sum()
    bb = aa + (w * (polygamma(1, b + stayed) - polygamma(1, b))).sum()
    return float(value), np.array([d_a, d_b]), np.array([[aa, aa], [aa, bb]])


def in_logs(p: Floats, value: float, gradient: Floats, hessian: Matrix) -> tuple[float, Floats, Matrix]:
    """Chain rule from parameters to their logarithms."""
    slope = gradient * p
    return value, slope, hessian * np.outer(p, p) + np.diag(slope)
