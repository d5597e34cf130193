"""Which step is best for each customer, in money, with doing nothing always among the candidates.

    S = (1 + C) (1 + L) [delta_p * m + delta_r * CLV] - k - phi

delta_p and delta_r are what the play changes against doing nothing, as draws from what is believed of this play in
this segment; m and CLV are the customer's own money. A step is taken when its S is likely to be the largest, and
larger than 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entente.customize.pure.propensity import NOTHING, Floats, Ints, draw, mix, win_shares
from entente.learn.pure.lots import lots
from entente.lib.errors import EntenteError

__all__ = [
    "DEFAULT_EPSILON",
    "NOTHING",
    "Beliefs",
    "Candidates",
    "Choices",
    "ImpossibleCandidate",
    "arbitrate",
    "score",
]

DEFAULT_EPSILON = 0.05  # a starting guess, a setting
LEVER_RANGE = (-0.5, 1.0)


class ImpossibleCandidate(EntenteError):
    """A candidate, or what is believed of its play, cannot be scored."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who might get which play, and the money in it: long columns, sorted by customer.

    offsets: (n + 1,) candidates of customer j are rows offsets[j]:offsets[j + 1]; the first is 0, the last is k.
    cell: (k,) row of `Beliefs` for this play and the customer's segment.
    margin: (k,) money a response brings, before the cost of the step; may be negative.
    clv: (k,) lifetime value that a change in retention applies to; may be negative.
    cost: (k,) k, at least 0.
    fatigue: (k,) phi, the lifetime value expected to be lost to opting out at today's pressure, at least 0.
    context, lever: (k,) C and L, summed percentages as fractions (0.2 is +20 %); clamped to [-0.5, 1].
    epsilon: (k,) the play's curiosity in [0, 1]; a customer's is the smallest of the customer's candidates, so that
        a play that must not be displaced by an experiment (emergency, legal, recovery) is not.
    """

    offsets: Ints
    cell: Ints
    margin: Floats
    clv: Floats
    cost: Floats
    fatigue: Floats
    context: Floats
    lever: Floats
    epsilon: Floats


@dataclass(frozen=True, slots=True)
class Beliefs:
    """Posterior draws per cell (play x segment), shared by all customers of the cell.

    response: (cells, draws) of delta_p, within [-1, 1]. retention: (cells, draws) of delta_r, within [-1, 1].
    """

    response: Floats
    retention: Floats


@dataclass(frozen=True, slots=True)
class Choices:
    """What was weighed and what was chosen; everything a decision logs.

    score: (k,) mean S in money. win: (k,) w. chance: (k,) pi.
    nothing_win, nothing_chance: (n,) the same for doing nothing, whose S is 0.
    chosen: (n,) row of the candidate, or NOTHING. propensity: (n,) the chance with which it was chosen.
    chosen_score: (n,) its mean S, 0 for nothing. lot: (n,) the number in [0, 1) that chose. epsilon: (n,) the
        curiosity used.
    """

    score: Floats
    win: Floats
    chance: Floats
    nothing_win: Floats
    nothing_chance: Floats
    chosen: Ints
    propensity: Floats
    chosen_score: Floats
    lot: Floats
    epsilon: Floats


def score(candidates: Candidates, delta_p: Floats, delta_r: Floats) -> Floats:
    """S of each candidate, in money, at given effects.

    delta_p, delta_r: (k,) change in the chance of a response, and of staying, against doing nothing.
    """
    levers = _levers(candidates)
    worth: Floats = (
        levers * (delta_p * candidates.margin + delta_r * candidates.clv) - candidates.cost - candidates.fatigue
    )
    return worth


def arbitrate(
    candidates: Candidates, beliefs: Beliefs, customer_ids: Ints, *, as_of: str, salt: str, threads: int = 2
) -> Choices:
    """Weigh all candidates of all customers and choose one step, or nothing, for each.

    customer_ids: (n,) permanent ids; with as_of (an ISO date) and salt they decide each customer's lot, so that the
        same decision made again for the date falls out the same.
    threads: how many blocks of customers are weighed at once; results do not depend on it.

    Raises ImpossibleCandidate, naming the row, for anything missing, not finite or out of range. Nobody in, nobody out.
    """
    _check(candidates, beliefs, len(customer_ids))
    levers, counts = _levers(candidates), np.diff(candidates.offsets)
    win, nothing_win = win_shares(
        candidates.offsets, candidates.cell, levers * candidates.margin, levers * candidates.clv,
        candidates.cost + candidates.fatigue, beliefs.response, beliefs.retention, threads=threads,
    )  # fmt: skip
    epsilon = _epsilon_per_customer(candidates, counts)
    chance, nothing_chance = mix(candidates.offsets, win, nothing_win, epsilon)
    lot = lots(customer_ids, "best next step", salt, as_of)
    chosen, propensity = draw(candidates.offsets, chance, nothing_chance, lot)
    worth = score(
        candidates, beliefs.response.mean(axis=1)[candidates.cell], beliefs.retention.mean(axis=1)[candidates.cell]
    )
    acts = chosen != NOTHING
    chosen_score = np.zeros(len(chosen))
    chosen_score[acts] = worth[chosen[acts]]
    return Choices(worth, win, chance, nothing_win, nothing_chance, chosen, propensity, chosen_score, lot, epsilon)


def _levers(candidates: Candidates) -> Floats:
    return (1.0 + np.clip(candidates.context, *LEVER_RANGE)) * (1.0 + np.clip(candidates.lever, *LEVER_RANGE))


def _epsilon_per_customer(candidates: Candidates, counts: Ints) -> Floats:
    epsilon = np.zeros(len(counts))
    has = counts > 0
    if has.any():
        epsilon[has] = np.minimum.reduceat(candidates.epsilon, candidates.offsets[:-1][has])
    return epsilon


def _check(candidates: Candidates, beliefs: Beliefs, customers: int) -> None:
    offsets, rows = candidates.offsets, len(candidates.cell)
    if len(offsets) != customers + 1 or offsets[0] != 0 or offsets[-1] != rows or (np.diff(offsets) < 0).any():
        raise ImpossibleCandidate(
            f"The offsets must be {customers + 1} numbers, one more than customers, "
            f"and rise from 0 to {rows}, the number of candidates."
        )
    _check_beliefs(beliefs)
    columns = ("margin", "clv", "cost", "fatigue", "context", "lever", "epsilon")
    for name in columns:
        values = getattr(candidates, name)
        if len(values) != rows:
            raise ImpossibleCandidate(f"There are {rows} candidates but {len(values)} values of {name}.")
        _refuse(candidates, name, ~np.isfinite(values), "give a number")
    cells = len(beliefs.response)
    _refuse(
        candidates, "cell", (candidates.cell < 0) | (candidates.cell >= cells), f"there are {cells} cells of beliefs"
    )
    _refuse(candidates, "cost", candidates.cost < 0, "a cost is at least 0")
    _refuse(candidates, "fatigue", candidates.fatigue < 0, "a loss to fatigue is at least 0")
    _refuse(candidates, "epsilon", (candidates.epsilon < 0) | (candidates.epsilon > 1), "a share is from 0 to 1")


def _refuse(candidates: Candidates, name: str, wrong: NDArray[np.bool_], why: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        customer = int(np.searchsorted(candidates.offsets, row, side="right")) - 1
        value = getattr(candidates, name)[row]
        raise ImpossibleCandidate(f"Candidate {row} (of customer row {customer}): {name} is {value}; {why}.")


def _check_beliefs(beliefs: Beliefs) -> None:
    if (
        beliefs.response.shape != beliefs.retention.shape
        or beliefs.response.ndim != 2
        or beliefs.response.shape[1] == 0
    ):
        raise ImpossibleCandidate(
            f"Beliefs need as many draws of response {beliefs.response.shape} "
            f"as of retention {beliefs.retention.shape}, and at least one."
        )
    for name, values in (("response", beliefs.response), ("retention", beliefs.retention)):
        wrong = ~(np.abs(values) <= 1.0)  # also true of NaN
        if wrong.any():
            cell, number = (int(at[0]) for at in np.nonzero(wrong))
            raise ImpossibleCandidate(
                f"Belief cell {cell}, draw {number}: {name} is {values[cell, number]}; "
                "a change of a chance is from -1 to 1."
            )
