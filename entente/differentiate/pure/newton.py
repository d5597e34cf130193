"""Damped Newton steps to a maximum, for laws that know their gradient and Hessian."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from entente.differentiate.pure.arrays import Floats

Matrix = npt.NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats, Matrix]]

LONGEST_STEP = 1.5
STEPS = 100
GRADIENT_AT_REST = 1e-7
# Of the value: a gain smaller than that is lost among the roundings of its many terms.
LEAST_GAIN = 1e-12


@dataclass(frozen=True)
class Maximum:
    """Where the climb ended. `converged` means: the slope is nil and the ground falls away in every direction."""

    at: Floats
    value: float
    hessian: Matrix
    converged: bool
    steps: int


def climb(objective: Objective, start: Floats, scale: float = 1.0, steps: int = STEPS) -> Maximum:
    """Climb from one start.

    objective: value, gradient (k,) and Hessian (k, k) at a point (k,).
    scale: size of the sample; slopes are judged per unit of it.

    Where the Hessian is not negative definite its eigenvalues are turned (so every step goes upward); a step that does
    not gain is shortened (Levenberg's damping). Never raises: a failed climb is told by `converged`.
    """
    at = np.array(start, dtype=np.float64)
    value, gradient, hessian = objective(at)
    damping, taken = 0.0, 0
    while taken < steps:
        if not _usable(value, gradient, hessian) or np.abs(gradient).max() <= GRADIENT_AT_REST * scale:
            break
        taken += 1
        curvature, axes = np.linalg.eigh(-hessian / scale)
        step = axes @ ((axes.T @ (gradient / scale)) / (np.maximum(np.abs(curvature), 1e-9) + damping))
        step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        if abs(float(gradient @ step)) <= LEAST_GAIN * abs(value):
            break
        candidate = objective(at + step)
        if _usable(*candidate) and candidate[0] >= value - 1e-13 * abs(value):
            at = at + step
            value, gradient, hessian = candidate
            damping *= 0.2
        else:
            damping = max(damping * 5.0, 1e-3)
            if damping > 1e12:
                break
    usable = _usable(value, gradient, hessian)
    at_rest = usable and float(np.abs(gradient).max()) <= 1e-5 * scale
    is_peak = usable and float(np.linalg.eigvalsh(hessian).max()) < 0.0
    return Maximum(at, value, hessian, bool(at_rest and is_peak), taken)


def highest(objective: Objective, starts: Sequence[Floats], scale: float = 1.0) -> Maximum:
    """Climb from every start; the highest end wins, a converged one before any other."""
    return max((climb(objective, start, scale) for start in starts), key=lambda m: (m.converged, _rank(m.value)))


def _usable(value: float, gradient: Floats, hessian: Matrix) -> bool:
    return bool(np.isfinite(value) and np.isfinite(gradient).all() and np.isfinite(hessian).all())


def _rank(value: float) -> float:
    return value if np.isfinite(value) else -np.inf
