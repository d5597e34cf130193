"""From a shortlist and beliefs to what can be arbitrated: cells, levers, fatigue."""

import numpy as np
from numpy.typing import NDArray

from entente.customize.pure.arbitration import Beliefs, Candidates
from entente.customize.pure.facts import Floats
from entente.customize.pure.plays import PLAYS, Settings
from entente.customize.pure.response import Guesses, Posterior
from entente.customize.pure.suitability import Shortlist


def guesses(settings: Settings) -> Guesses:
    """What the firm expects of each play before anything is measured, in the order of PLAYS."""
    own = [settings.of(play) for play in range(len(PLAYS))]
    return Guesses(np.array([one.response for one in own]), np.array([one.retention for one in own]))


def beliefs(posterior: Posterior) -> Beliefs:
    """The draws, one row per cell; the cell of a play and a segment is `play * segments + segment`."""
    draws = posterior.change_draws.shape[-1]
    return Beliefs(posterior.change_draws.reshape(-1, draws), posterior.retention_draws.reshape(-1, draws))


def candidates(
    short: Shortlist,
    segment: NDArray[np.integer],
    segments: int,
    *,
    fatigue: Floats | None = None,
    context: Floats | None = None,
    lever: Floats | None = None,
) -> Candidates:
    """The shortlist's rows with the cell, and what is known of the customer beside.

    segment: (n,) 0 to segments - 1, such as the level.
    fatigue: (n,) phi in money. context: (n, plays) C. lever: (plays,) L, the manager's. Each is 0 when not given.
    """
    if ((segment < 0) | (segment >= segments)).any():
        row = int(np.argmax((segment < 0) | (segment >= segments)))
        raise IndexError(f"Customer row {row}: segment {segment[row]}; there are {segments}.")
    nothing = np.zeros(len(short.play))
    return Candidates(
        offsets=short.offsets,
        cell=short.play * segments + segment[short.customer],
        margin=short.margin,
        clv=short.clv,
        cost=short.cost,
        fatigue=nothing if fatigue is None else fatigue[short.customer],
        context=nothing if context is None else context[short.customer, short.play],
        lever=nothing if lever is None else lever[short.play],
        epsilon=short.epsilon,
    )
