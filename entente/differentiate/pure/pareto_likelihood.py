"""Log-likelihood of Pareto/NBD on grouped statistics: customers may leave at any moment, not only after a purchase.

Schmittlein, Morrison & Colombo (1987). Written with the moment of leaving integrated out by quadrature (Fader & Hardie's
derivation before its hypergeometric functions), which needs no special function and differentiates under the integral:

    ln L = ln[G(r+x)/G(r)] + r ln(alpha) + s ln(beta) + A + softplus(I - A)
    A    = -(r+x) ln(alpha+T) - s ln(beta+T)                                       still there
    I    = ln of the integral of s (alpha+t)^-(r+x) (beta+t)^-(s+1) dt from t_x to T     left at t
"""

import numpy as np
from numba import njit

from entente.differentiate.pure.arrays import Floats
from entente.differentiate.pure.likelihoods import Statistics, buying_part, in_logs
from entente.differentiate.pure.newton import Matrix

_RULES = [np.polynomial.legendre.leggauss(count) for count in (8, 12, 20)]
_NODES, _WEIGHTS = (np.concatenate(columns) for columns in zip(*_RULES, strict=True))
_UPPER = np.triu_indices(4)
# Beyond so many e-folds of the integrand nothing is left of it.
_FARTHEST = 28.0


def pareto_nbd(stats: Statistics, log_parameters: Floats) -> tuple[float, Floats, Matrix]:
    """Pareto/NBD at (ln r, ln alpha, ln s, ln beta): value, gradient (4,), Hessian (4, 4). alpha, beta in weeks."""
    parameters = np.exp(log_parameters)
    r, alpha, s, beta = (float(p) for p in parameters)
    value, gradient, triangle = _leaving(
        stats.x, stats.last, stats.age, stats.weight, stats.days, r, alpha, s, beta, _NODES, _WEIGHTS
    )
    hessian = np.zeros((4, 4))
    hessian[_UPPER] = triangle
    hessian += np.triu(hessian, 1).T
    buying, buying_gradient, buying_hessian = buying_part(stats, r, alpha)
    gradient[:2] += buying_gradient
    hessian[:2, :2] += buying_hessian
    at = beta + stats.days
    log_at, watched, n = np.log(at), stats.watched, stats.customers
    gradient[2] += n * np.log(beta) - (watched * log_at).sum()
    gradient[3] += n * s / beta - s * (watched / at).sum()
    hessian[2, 3] += n / beta - (watched / at).sum()
    hessian[3, 2] = hessian[2, 3]
    hessian[3, 3] += -n * s / beta**2 + s * (watched / at**2).sum()
    staying = n * s * np.log(beta) - s * (watched * log_at).sum()
    return in_logs(parameters, float(value) + buying + float(staying), gradient, hessian)


def odds_of_having_left(
    r: float, alpha: float, s: float, beta: float, x: Floats, recency: Floats, age: Floats
) -> Floats:
    """Logarithm of the odds that a customer has left (n,), -inf where there was no time for it. Times in weeks."""
    found: Floats = _log_odds(x, recency, age, r, alpha, s, beta, _NODES, _WEIGHTS)
    return found


@njit(cache=True, inline="always")
def _end(begin, age, m, alpha, s, beta):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Until when the integrand is worth looking at."""
    end = age
    if m > 1.0:
        end = min(end, (alpha + begin) * np.exp(_FARTHEST / (m - 1.0)) - alpha)
    return min(end, (beta + begin) * np.exp(_FARTHEST / (s + 1.0)) - beta)


@njit(cache=True, inline="always")
def _rule(low, half, begin, end, m, s, beta):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Where in the nodes to begin and end: the steeper the integrand falls, the more of them; exact to 1e-8 at least."""
    drop = abs((1.0 - m) * 2.0 * half) + (s + 1.0) * np.log((beta + end) / (beta + begin))
    if drop < 2.0:
        return 0, 8
    if drop < 8.0:
        return 8, 20
    return 20, 40


@njit(cache=True)
def _log_odds(x, recency, age, r, alpha, s, beta, nodes, weights):  # type: ignore[no-untyped-def]  # pragma: no cover
    out = np.full(x.size, -np.inf)
    for i in range(x.size):
        m = r + x[i]
        end = _end(recency[i], age[i], m, alpha, s, beta)
        if end <= recency[i]:
            continue
        low = np.log(alpha + recency[i])
        half = 0.5 * (np.log(alpha + end) - low)
        top = (1.0 - m) * low - (s + 1.0) * np.log(beta + recency[i])
        total = 0.0
        first, last = _rule(low, half, recency[i], end, m, s, beta)
        for n in range(first, last):
            v = low + half * (1.0 + nodes[n])
            total += weights[n] * np.exp((1.0 - m) * v - (s + 1.0) * np.log(beta + np.exp(v) - alpha) - top)
        stay = -m * np.log(alpha + age[i]) - s * np.log(beta + age[i])
        out[i] = np.log(s * half * total) + top - stay
    return out


@njit(cache=True, fastmath={"contract", "reassoc", "arcp", "nsz"})
def _leaving(x, last, age, weight, days, r, alpha, s, beta, nodes, weights):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Sum of weight * softplus(I - A), its gradient (4,), the upper triangle (10,) of its Hessian in (r, alpha, s, beta).

    Relative to A the slopes of ln(integrand) are phi - A's; their means and products under the integrand give those of I - A.
    """
    value = 0.0
    g = np.zeros(4)
    h = np.zeros(10)
    mean = np.zeros(4)
    bend = np.zeros(10)
    phi = np.zeros(4)
    for i in range(x.size):
        begin, until = days[last[i]], days[age[i]]
        m = r + x[i]
        end = _end(begin, until, m, alpha, s, beta)
        if end <= begin:
            continue
        at_a, at_b = alpha + until, beta + until
        log_a, log_b = np.log(at_a), np.log(at_b)
        low = np.log(alpha + begin)
        half = 0.5 * (np.log(alpha + end) - low)
        top = (1.0 - m) * low - (s + 1.0) * np.log(beta + begin)
        total = 0.0
        mean[:] = 0.0
        bend[:] = 0.0
        first, beyond = _rule(low, half, begin, end, m, s, beta)
        for n in range(first, beyond):
            v = low + half * (1.0 + nodes[n])
            of_a = np.exp(v)
            of_b = beta + of_a - alpha
            log_of_b = np.log(of_b)
            f = weights[n] * np.exp((1.0 - m) * v - (s + 1.0) * log_of_b - top)
            total += f
            phi[0] = log_a - v
            phi[1] = m * (1.0 / at_a - 1.0 / of_a)
            phi[2] = 1.0 / s + log_b - log_of_b
            phi[3] = s / at_b - (s + 1.0) / of_b
            place = 0
            for p in range(4):
                mean[p] += f * phi[p]
                for q in range(p, 4):
                    bend[place] += f * phi[p] * phi[q]
                    place += 1
            bend[1] += f * (1.0 / at_a - 1.0 / of_a)
            bend[4] += f * m * (1.0 / (of_a * of_a) - 1.0 / (at_a * at_a))
            bend[7] -= f / (s * s)
            bend[8] += f * (1.0 / at_b - 1.0 / of_b)
            bend[9] += f * ((s + 1.0) / (of_b * of_b) - s / (at_b * at_b))
        d = np.log(s * half * total) + top + m * log_a + s * log_b
        e = np.exp(-abs(d))
        w = weight[i]
        value += w * (max(d, 0.0) + np.log1p(e))
        left = 1.0 / (1.0 + e) if d >= 0.0 else e / (1.0 + e)
        place = 0
        for p in range(4):
            d_p = mean[p] / total
            g[p] += w * left * d_p
            for q in range(p, 4):
                d_q = mean[q] / total
                d_pq = bend[place] / total - d_p * d_q
                h[place] += w * left * (d_pq + (1.0 - left) * d_p * d_q)
                place += 1
    return value, g, h
