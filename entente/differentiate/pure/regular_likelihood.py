"""Log-likelihood of MBG/CNBD-k on grouped statistics: buying that is more regular than chance.

Reutterer, Platzer & Schroeder (2021), "Leveraging purchase regularity for predicting customer behavior the easy way". A
customer passes stages at a rate of their own and buys at every k-th; k = 1 is MBG/NBD. With s = r + kx,
u = (T - t_x) / (alpha + T), C_0 = 1, C_j = s (s+1) ... (s+j-1) / j!:

    ln L = (k-1) sum ln(gap) - x ln G(k)                                          constant for one k
         + ln[G(s)/G(r)] + r ln(alpha) - s ln(alpha+T)                            buying
         + ln[G(a+b) G(b+x+1) / (G(b) G(a+b+x+1))] + ln P + softplus(D)           leaving
    P    = sum of C_j u^j over j < k
    D    = ln(a) - ln(b+x) + s [ln(alpha+T) - ln(alpha+t_x)] - ln P

The gaps stand in the constant only, so that a fit needs (x, t_x, T) and no more; they matter where different k are compared.
"""

import numpy as np
from numba import njit
from scipy.special import gammaln

from entente.differentiate.pure.arrays import Floats
from entente.differentiate.pure.likelihoods import Statistics, buying_part, chances_taken, in_logs
from entente.differentiate.pure.newton import Matrix

MOST_STAGES = 4
_UPPER = np.triu_indices(4)


def mbg_cnbd(stats: Statistics, log_parameters: Floats, stages: int) -> tuple[float, Floats, Matrix]:
    """MBG/CNBD-k at (ln r, ln alpha, ln a, ln b), k = stages: value, gradient (4,), Hessian (4, 4).

    alpha is that of the stages' rate: customers buy every alpha * k / r weeks, roughly.
    """
    parameters = np.exp(log_parameters)
    r, alpha, a, b = (float(p) for p in parameters)
    value, gradient, triangle = _leaving(
        stats.x, stats.last, stats.age, stats.weight, alpha + stats.days, stages, r, a, b
    )  # fmt: skip
    hessian = np.zeros((4, 4))
    hessian[_UPPER] = triangle
    hessian += np.triu(hessian, 1).T
    buying, buying_gradient, buying_hessian = buying_part(stats, r, alpha, stages)
    chances, chances_gradient, chances_hessian = chances_taken(stats, a, b, 1)
    gradient[:2] += buying_gradient
    hessian[:2, :2] += buying_hessian
    gradient[2:] += chances_gradient
    hessian[2:, 2:] += chances_hessian
    return in_logs(parameters, float(value) + buying + chances + of_gaps(stats, stages), gradient, hessian)


def cnbd(stats: Statistics, log_parameters: Floats, stages: int) -> tuple[float, Floats, Matrix]:
    """The same where nobody leaves, at (ln r, ln alpha): value, gradient (2,), Hessian (2, 2)."""
    nobody = np.concatenate([log_parameters, [-40.0, 0.0]])
    value, gradient, hessian = mbg_cnbd(stats, nobody, stages)
    return value, gradient[:2], hessian[:2, :2]


def of_gaps(stats: Statistics, stages: int) -> float:
    """The part of the log-likelihood that depends on nothing but k. Without gaps known it is left out."""
    if stages == 1 or stats.log_gaps is None:
        return 0.0
    return float((stages - 1) * stats.log_gaps - stats.repeats * gammaln(stages))


@njit(cache=True, fastmath={"contract", "reassoc", "arcp", "nsz"})
def _leaving(x, last, age, weight, at, k, r, a, b):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Sum of weight * (ln P + softplus(D)), its gradient (4,), the upper triangle (10,) of its Hessian in (r, alpha, a, b)."""
    value = 0.0
    g = np.zeros(4)
    h = np.zeros(10)
    log_at = np.log(at)
    log_a = np.log(a)
    for i in range(x.size):
        end = at[age[i]]
        s = r + k * x[i]
        u = (end - at[last[i]]) / end
        # P and its slopes in s and u.
        p, p_s, p_u, p_ss, p_su, p_uu = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
        c, c_s, c_ss, power, before, twice = 1.0, 0.0, 0.0, 1.0, 0.0, 0.0
        for j in range(1, k):
            c_ss = (c_ss * (s + j - 1.0) + 2.0 * c_s) / j
            c_s = (c_s * (s + j - 1.0) + c) / j
            c = c * (s + j - 1.0) / j
            twice = j * before
            before = j * power
            power *= u
            p += c * power
            p_s += c_s * power
            p_ss += c_ss * power
            p_u += c * before
            p_su += c_s * before
            p_uu += c * twice
        q_r = p_s / p
        q_u = p_u / p
        u_al = -u / end
        q_al = q_u * u_al
        q_rr = p_ss / p - q_r * q_r
        q_ra = (p_su / p - q_r * q_u) * u_al
        q_aa = (p_uu / p - q_u * q_u) * u_al * u_al + q_u * 2.0 * u / (end * end)
        log_p = np.log(p)
        begin = at[last[i]]
        gap = log_at[age[i]] - log_at[last[i]]
        over_b = 1.0 / (b + x[i])
        d = log_a + np.log(over_b) + s * gap - log_p
        e = np.exp(-abs(d))
        value += weight[i] * (log_p + max(d, 0.0) + np.log1p(e))
        left = 1.0 / (1.0 + e) if d >= 0.0 else e / (1.0 + e)
        w = weight[i]
        o = w * left
        m = o * (1.0 - left)
        slope = 1.0 / end - 1.0 / begin
        d_r = gap - q_r
        d_al = s * slope - q_al
        d_a = 1.0 / a
        g[0] += w * q_r + o * d_r
        g[1] += w * q_al + o * d_al
        g[2] += o * d_a
        g[3] -= o * over_b
        h[0] += (w - o) * q_rr + m * d_r * d_r
        h[1] += (w - o) * q_ra + o * slope + m * d_r * d_al
        h[2] += m * d_r * d_a
        h[3] -= m * d_r * over_b
        h[4] += (w - o) * q_aa + o * s * (1.0 / (begin * begin) - 1.0 / (end * end)) + m * d_al * d_al
        h[5] += m * d_al * d_a
        h[6] -= m * d_al * over_b
        h[7] += (m - o) * d_a * d_a
        h[8] -= m * d_a * over_b
        h[9] += (m + o) * over_b * over_b
    return value, g, h
