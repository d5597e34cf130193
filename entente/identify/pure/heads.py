"""Who stands at the top of each one's line, where everybody knows only who stands directly above."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from entente.lib.distinct import distinct

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Heads:
    """below, head: (k,) those who stand under somebody, rising, and the top of each one's line. circling: those above each other."""

    below: Ints
    head: Ints
    circling: Ints


def heads(below: Ints, above: Ints) -> Heads:
    """Follow everybody up to where nobody stands above.

    below: (m,) numbers, none twice. above: (m,) who stands directly above each.

    Who stand above each other in a circle have no top: each is taken for a top, and whoever stands under one of them ends there.
    Every step doubles how far each one looks, so that a line of a hundred thousand takes seventeen (pointer jumping: Wyllie 1979).
    """
    numbers, places = np.unique(np.concatenate([below, above]), return_inverse=True)
    up = np.arange(len(numbers))
    up[places[: len(below)]] = places[len(below) :]
    # As many steps on as there are numbers, only tops and circles are left; a circle is left whole.
    reached = distinct(_far_up(up))
    circling = reached[up[reached] != reached]
    up[circling] = circling
    top = _far_up(up)
    is_under = top != np.arange(len(numbers))
    return Heads(numbers[is_under], numbers[top[is_under]], numbers[circling])


def _far_up(up: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Where each one is after at least as many steps as there are numbers."""
    far = up
    for _ in range(len(up).bit_length()):
        far = far[far]
    return far
