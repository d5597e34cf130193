"""What is believed of each play in each segment: response, and what the play changes against doing nothing.

Two steps of shrinkage, cell toward play and play toward a guess, so that a cell nobody has tried behaves like its
play, and a play nobody has tried behaves like the guess. A guess is marked as one until outcomes have moved it.

p is Beta-binomial. delta_p has the prior N(rho * p, (spread * rho * p)^2), delta_r the prior N(guess, (spread *
guess)^2); both meet the observed difference between contacted and not contacted, with the normal-normal rule.
Variance between cells: DerSimonian & Laird (1986), "Meta-analysis in clinical trials". Empirical Bayes: Efron &
Morris (1975), "Data analysis using Stein's estimator".
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from entente.lib.errors import EntenteError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DEFAULT_DRAWS = 1_000
DEFAULT_RHO = 0.3  # a starting guess: of those who respond, three in ten would not have without the play
GUESS_STRENGTH = 20.0  # a guess weighs as much as this many contacts
SPREAD = 0.5  # how unsure a guess of a difference is, as a share of it
RHO_SPREAD_AT_LEAST, RETENTION_SPREAD_AT_LEAST = 0.05, 0.005  # a guess of 0 is a guess too, and may be wrong


class ImpossibleOutcome(EntenteError):
    """A logged outcome, or a guess, cannot be true."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Outcomes per play and segment, arrays of shape (plays, segments).

    contacted, responded, stayed: of those to whom the play was delivered. left_alone, left_responded, left_stayed:
        of those in
    the same position who were left alone (hold-out, or doing nothing was drawn).
    """

    contacted: Floats
    responded: Floats
    stayed: Floats
    left_alone: Floats
    left_responded: Floats
    left_stayed: Floats


@dataclass(frozen=True, slots=True)
class Guesses:
    """What the firm expects of each play before anything is measured, arrays of shape (plays,).

    response: p, within (0, 1). retention: delta_r, within (-1, 1).
    """

    response: Floats
    retention: Floats
    rho: float = DEFAULT_RHO


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed now, arrays of shape (plays, segments); draws (plays, segments, draws).

    response: mean p. change: mean delta_p. retention: mean delta_r.
    guessed: True where the figures still are the firm's guess, because fewer outcomes are in than the guess weighs.
    change_draws, retention_draws: draws of delta_p and delta_r.
    """

    response: Floats
    change: Floats
    retention: Floats
    guessed: NDArray[np.bool_]
    change_draws: Floats
    retention_draws: Floats


def tally(
    play: Ints,
    segment: Ints,
    contacted: NDArray[np.bool_],
    delivered: NDArray[np.bool_],
    responded: Ints,
    stayed: Ints,
    *,
    shape: tuple[int, int],
) -> Tally:
    """Count the outcomes of past decisions.

    play, segment: (n,) indices. contacted: (n,) the play was meant to be done; otherwise the customer was left alone.
    delivered: (n,) it reached the customer; ignored for those left alone. What was meant and did not arrive is
        counted nowhere: it is neither a contact that failed nor a customer left alone.
    responded, stayed: (n,) 1 yes, 0 no, -1 not known yet; only rows where both are known count.
    shape: (plays, segments).
    """
    plays, segments = shape
    for name, values, top in (("play", play, plays), ("segment", segment, segments)):
        _refuse_outcome(name, values, (values < 0) | (values >= top), f"there are {top}")
    for name, values in (("responded", responded), ("stayed", stayed)):
        _refuse_outcome(name, values, (values < -1) | (values > 1), "it is 1, 0, or -1 for not known yet")
    known = (responded >= 0) & (stayed >= 0)

    def count(rows: NDArray[np.bool_]) -> Floats:
        at = play[rows] * segments + segment[rows]
        return np.bincount(at, minlength=plays * segments).reshape(shape).astype(np.float64)

    reached, alone = known & contacted & delivered, known & ~contacted
    return Tally(
        count(reached), count(reached & (responded == 1)), count(reached & (stayed == 1)),
        count(alone), count(alone & (responded == 1)), count(alone & (stayed == 1)),
    )  # fmt: skip


def no_outcomes(plays: int, segments: int) -> Tally:
    """The tally of a firm that has just begun."""
    return Tally(*(np.zeros((plays, segments)) for _ in range(6)))


def believe(seen: Tally, guesses: Guesses, generator: Generator, *, draws: int = DEFAULT_DRAWS) -> Posterior:
    """Update the guesses by what was seen.

    Returns means and draws. With nothing seen, p is the guess, delta_p is rho * p and delta_r is the guess; with
    much seen, they are the observed share and the observed differences.
    Raises ImpossibleOutcome for counts or guesses that cannot be.
    """
    _check(seen, guesses)
    shape = seen.contacted.shape
    a, b = _beta(seen.contacted, seen.responded, guesses.response)
    p_mean = a / (a + b)
    p_draws = generator.beta(a[..., None], b[..., None], (*shape, draws))

    noise = generator.standard_normal((*shape, draws))
    raw, variance = _difference(seen.contacted, seen.responded, seen.left_alone, seen.left_responded)
    rho, rho_spread = _rho(raw, variance, p_mean, guesses.rho)
    # Given p, only those left alone say more of delta_p: it is p less their share. So p's own doubt is counted once.
    alone, doubt = _share(seen.left_alone, seen.left_responded)
    doubt = np.where(seen.contacted > 0, doubt, np.inf)
    keep, spread = _meet(doubt, rho_spread * p_mean)
    told = p_draws - alone[..., None]
    change_draws = (
        keep[..., None] * rho[..., None] * p_draws + (1.0 - keep[..., None]) * told + spread[..., None] * noise
    )
    change_draws = np.clip(change_draws, p_draws - 1.0, p_draws)  # nobody responds less than never, or more than always

    raw, variance = _difference(seen.contacted, seen.stayed, seen.left_alone, seen.left_stayed)
    prior = np.broadcast_to(guesses.retention[:, None], shape)
    prior, prior_spread = _pool(raw, variance, prior, np.maximum(SPREAD * np.abs(prior), RETENTION_SPREAD_AT_LEAST))
    keep, spread = _meet(variance, prior_spread)
    noise = generator.standard_normal((*shape, draws))
    retention_draws = np.clip((keep * prior + (1.0 - keep) * raw)[..., None] + spread[..., None] * noise, -1.0, 1.0)

    return Posterior(
        p_mean,
        change_draws.mean(axis=2),
        retention_draws.mean(axis=2),
        np.minimum(seen.contacted, seen.left_alone) < GUESS_STRENGTH,
        change_draws,
        retention_draws,
    )


def _beta(trials: Floats, successes: Floats, guess: Floats) -> tuple[Floats, Floats]:
    """Beta per cell: the guess updated by the play's other cells, updated by the cell's own outcomes."""
    total, hits = trials.sum(axis=1, keepdims=True), successes.sum(axis=1, keepdims=True)
    strength = _prior_strength(
        trials, successes, (guess * GUESS_STRENGTH + hits[:, 0]) / (GUESS_STRENGTH + total[:, 0])
    )
    # Without the cell's own outcomes, which else would count twice.
    mean = (guess[:, None] * GUESS_STRENGTH + hits - successes) / (GUESS_STRENGTH + total - trials)
    a = strength[:, None] * mean + successes
    b = strength[:, None] * (1.0 - mean) + trials - successes
    return a, b


def _prior_strength(trials: Floats, successes: Floats, mean: Floats) -> Floats:
    """How many contacts the play's mean weighs in a cell: by moments, from how much the cells differ beyond chance."""
    cells = (trials > 0).sum(axis=1)
    share = successes / np.maximum(trials, 1.0)
    excess = (trials * (share - mean[:, None]) ** 2).sum(axis=1) / (mean * (1.0 - mean)) - cells
    room = trials.sum(axis=1) - cells  # E[excess] = room * rho for beta-binomial cells with intra-cell correlation rho
    correlation = np.clip(excess / np.maximum(room, 1.0), 1e-4, 0.5)
    found: Floats = np.where((cells >= 3) & (room >= 30), 1.0 / correlation - 1.0, GUESS_STRENGTH)
    return found


def _share(n: Floats, hits: Floats) -> tuple[Floats, Floats]:
    """Observed share and its variance; 0 and an infinite variance where nobody was observed."""
    # Half a success and half a failure more keep the variance of 0 of 5 away from 0 (Agresti & Caffo 2000).
    smooth = (hits + 0.5) / (n + 1.0)
    some = np.maximum(n, 1.0)
    return hits / some, np.where(n > 0, smooth * (1.0 - smooth) / some, np.inf)


def _difference(n: Floats, hits: Floats, m: Floats, base: Floats) -> tuple[Floats, Floats]:
    """Observed difference of two shares and its variance; 0 and an infinite variance where one side is empty."""
    p, p_variance = _share(n, hits)
    q, q_variance = _share(m, base)
    variance = p_variance + q_variance
    return np.where(np.isfinite(variance), p - q, 0.0), variance


def _rho(raw: Floats, variance: Floats, p: Floats, guess: float) -> tuple[Floats, Floats]:
    """Each play's share of responses that it caused, and its spread between segments, (plays, segments) both."""
    prior = np.full(p.shape, guess)
    return _pool(raw / p, variance / p**2, prior, np.maximum(SPREAD * prior, RHO_SPREAD_AT_LEAST))


def _pool(raw: Floats, variance: Floats, prior: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Each cell's centre and spread before its own outcomes: the guess, moved by the play's other segments.

    How much segments differ beyond chance is found from three segments on; before, they may differ as the guess is
    unsure.
    """
    weight = 1.0 / variance
    total = weight.sum(axis=1, keepdims=True)
    mean = (weight * raw).sum(axis=1, keepdims=True) / np.maximum(total, 1e-300)
    between = _between(raw, weight, mean, total)
    weight = 1.0 / (variance + between)
    others = weight.sum(axis=1, keepdims=True) - weight
    pull = (weight * raw).sum(axis=1, keepdims=True) - weight * raw
    trust = spread**-2
    centre = (pull + trust * prior) / (others + trust)
    known = (np.isfinite(variance).sum(axis=1, keepdims=True) >= 3) & (others > trust)
    found = np.sqrt(np.maximum(between, (0.1 * spread) ** 2) + 1.0 / (others + trust))
    return centre, np.where(known, found, spread)


def _between(raw: Floats, weight: Floats, mean: Floats, total: Floats) -> Floats:
    """DerSimonian & Laird's variance between segments, (plays, 1), at least 0."""
    q = (weight * (raw - mean) ** 2).sum(axis=1, keepdims=True)
    seen = (weight > 0).sum(axis=1, keepdims=True)
    room = total - (weight**2).sum(axis=1, keepdims=True) / np.maximum(total, 1e-300)
    found: Floats = np.where(seen >= 2, np.maximum(q - (seen - 1), 0.0) / np.maximum(room, 1e-300), 0.0)
    return np.where(room > 0, found, 0.0)


def _meet(variance: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Normal-normal rule: the weight that the prior keeps, and the posterior's standard deviation."""
    keep = 1.0 / (1.0 + spread**2 / variance)  # an infinite variance keeps all of the prior
    return keep, np.sqrt(keep) * spread


def _check(seen: Tally, guesses: Guesses) -> None:
    plays = seen.contacted.shape[0]
    pairs = (
        ("responded", seen.responded, seen.contacted), ("stayed", seen.stayed, seen.contacted),
        ("left_responded", seen.left_responded, seen.left_alone), ("left_stayed", seen.left_stayed, seen.left_alone),
    )  # fmt: skip
    for name, part, whole in pairs:
        wrong = ~((part >= 0) & (part <= whole))  # also true of NaN
        if wrong.any():
            play, segment = (int(at[0]) for at in np.nonzero(wrong))
            raise ImpossibleOutcome(
                f"Play {play}, segment {segment}: {name} is {part[play, segment]} of {whole[play, segment]}; "
                "a part is within its whole."
            )
    if guesses.response.shape != (plays,) or guesses.retention.shape != (plays,):
        raise ImpossibleOutcome(f"There are {plays} plays; give one guess of response and one of retention for each.")
    if not ((guesses.response > 0) & (guesses.response < 1)).all():
        raise ImpossibleOutcome(
            "A guessed response lies between 0 and 1, neither included: nothing could ever correct it."
        )
    if not (np.abs(guesses.retention) < 1).all():
        raise ImpossibleOutcome("A guessed change in retention lies between -1 and 1.")
    if not 0.0 <= guesses.rho <= 1.0:
        raise ImpossibleOutcome(f"rho is {guesses.rho}; the share of responses a play causes is from 0 to 1.")


def _refuse_outcome(name: str, values: Ints, wrong: NDArray[np.bool_], why: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ImpossibleOutcome(f"Outcome {row}: {name} is {values[row]}; {why}.")
