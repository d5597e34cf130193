"""Where a firm's law is wrong in a way its own past shows, a factor learned from that past corrects what it expects.

A law knows how often and when somebody bought. Gradient boosting (Friedman 2001; Poisson loss) is given what the law says beside what
it does not look at, the spend above all, and learns outcome / expectation, weighted with the expectation: a factor. It moves purchases from
some customers to others and leaves their sum as the law has it: how the last months were in all is their season, not next year's.

Learned on the past cut at o1 with what happened until o2; tried on the past cut at o2 with what happened until now, where the
law was fitted anew; used only if the corrected expectation comes nearer than the law's by GATE. Then it is learned again at o2.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from entente.differentiate.pure.accuracy import accuracy
from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.buying_fit import Fits, statistics_of
from entente.differentiate.pure.buying_laws import BuyingLaw, without_leaving
from entente.differentiate.pure.histories import DAYS_PER_WEEK, BuyingHistories, from_customer_days
from entente.differentiate.pure.hold_out_choice import Chosen, committee, even_part, past_and_after, score
from entente.differentiate.pure.newton import Matrix
from entente.differentiate.pure.outlooks import outlook_of

FEWEST_CUSTOMERS: Final = 2_000
"""Known at the first origin, so that both hold-outs show something."""
FEWEST_PURCHASES: Final = 1_000
"""Made in either hold-out."""
SPANS_OF_PAST: Final = 4
LONGEST_HOLD_OUT: Final = 365
SHORTEST_HOLD_OUT: Final = 28
"""Days."""
MOST_LEARNED_FROM: Final = 50_000
GATE: Final = 0.01
LOWEST, HIGHEST = 0.25, 4.0

TREES, LEAVES, FEWEST_IN_A_LEAF, LEARNING_RATE = 60, 4, 200, 0.05
SEED: Final = 0


@dataclass(frozen=True)
class Correction:
    """factor: (n,) by which the law's expectation is multiplied, 1 where the correction is not used. reason: why it is used or not, in
    plain words. gain: share by which the corrected expectation came nearer at the rolling origin, below 0 where it came less
    near; 0 where nothing could be tried."""

    factor: Floats
    used: bool
    reason: str
    gain: float


@dataclass(frozen=True)
class _Cut:
    """The past cut at one origin. summaries: (n, 6). expected, later: (n,) purchases until the end of the hold-out, as the law
    expects them and as they came."""

    summaries: Matrix
    expected: Floats
    later: Floats


def correction(customer: Ints, day: Ints, amount: Floats, as_of_day: int, chosen: Chosen) -> Correction:
    """The factor by which the chosen law's expectations are to be corrected, 1 for all where the past does not show that it helps.

    customer, day, amount: (m,) as in `hold_out_choice.choose`, whose answer `chosen` is.
    Returns factors (n,) in the order of the customers of `histories.from_customer_days` at `as_of_day`, within LOWEST .. HIGHEST. The
    same data give the same answer. Costs about five seconds for 50,000 customers or more, of whom as many are learned from.
    """
    now = from_customer_days(customer, day, amount, as_of_day)[1]
    span = (as_of_day - int(day.min())) // SPANS_OF_PAST if len(day) else 0
    span = min(span, LONGEST_HOLD_OUT)
    if span < SHORTEST_HOLD_OUT:
        return _unused(now, f"a past of at least {SPANS_OF_PAST * SHORTEST_HOLD_OUT} days is needed")
    cuts: list[_Cut] = []
    for origin in (as_of_day - 2 * span, as_of_day - span):
        cut = _cut(customer, day, amount, origin, span, chosen.law)
        if isinstance(cut, str):
            return _unused(now, cut)
        cuts.append(cut)
    first, second = cuts
    factor = _read(_learned(first), second.summaries, second.expected)
    gain = 1.0 - _score(factor * second.expected, second.later) / _score(second.expected, second.later)
    if gain < GATE:
        return _unused(
            now, f"tried on the last {span} days, it came {_nearer(gain)}, and {GATE:.0%} nearer is asked", gain
        )
    today = _summaries(chosen.law, now, span)
    reason = f"A learned correction is used: tried on the last {span} days, it came {_nearer(gain)}."
    return Correction(_read(_learned(second), *today), True, reason, gain)


def _unused(now: BuyingHistories, why: str, gain: float = 0.0) -> Correction:
    return Correction(np.ones(len(now)), False, f"No learned correction is used: {why}.", gain)


def _nearer(gain: float) -> str:
    return f"{abs(gain):.1%} {'nearer' if gain >= 0.0 else 'less near'} than the law alone"


def _cut(customer: Ints, day: Ints, amount: Floats, origin: int, span: int, law: BuyingLaw) -> _Cut | str:
    """The past until `origin`, and what came in the `span` days after. Why not, in words, where there is too little of it."""
    who, known, later = past_and_after(customer, day, amount, origin, origin + span)
    if len(who) < FEWEST_CUSTOMERS:
        return f"{FEWEST_CUSTOMERS:,} customers with an older past are needed, and there are {len(who):,}"
    part = even_part(len(who), MOST_LEARNED_FROM)
    known, later = known.take(part), later[part]
    if later.sum() < FEWEST_PURCHASES:
        return f"{FEWEST_PURCHASES:,} later purchases are needed to learn from, and there are {later.sum():,.0f}"
    refitted = _refitted(law, known)
    if refitted is None:
        return "the law that was chosen cannot be fitted to the older past"
    summaries, expected = _summaries(refitted, known, span)
    return _Cut(summaries, expected, later)


def _refitted(law: BuyingLaw, known: BuyingHistories) -> BuyingLaw | None:
    """The same law as it would have been fitted then; where leaving could not be found yet, the same without."""
    fits = Fits(statistics_of(known))
    fitted: list[BuyingLaw] = []
    for name in [member.name for member in law.members] or [law.name]:
        for tried in (name, without_leaving(name)):
            answer = fits.attempt(tried)
            if isinstance(answer, BuyingLaw):
                fitted.append(answer)
                break
        else:
            return None
    return fitted[0] if len(fitted) == 1 else committee(fitted)


def _summaries(law: BuyingLaw, known: BuyingHistories, span: int) -> tuple[Matrix, Floats]:
    """(n, 6) what is learned from, and (n,) purchases that the law expects in the next `span` days.

    All without unit: repeats; recency as a share of age; silence in mean gaps; spend and expectation as shares of the firm's; chance to be
    still there. Ages and rates themselves are higher or lower at every later origin, and what was learned of them would be
    read where nothing was learned.
    """
    look = outlook_of(law, known)
    expected = np.maximum(look.expected([span / DAYS_PER_WEEK]), 1e-9)
    gap = known.recency / np.maximum(known.repeats, 1)
    columns = (
        known.repeats.astype(np.float64),
        known.recency / np.maximum(known.age, 1.0 / DAYS_PER_WEEK),
        np.divide(known.age - known.recency, gap, out=np.full(len(known), np.nan), where=gap > 0.0),
        known.spend_mean / max(float(np.median(np.abs(known.spend_mean))), 1e-9),
        expected / expected.mean(),
        look.alive,
    )
    return np.column_stack(columns), expected


def _learned(cut: _Cut) -> Any:
    """The model behind the factor."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    model = HistGradientBoostingRegressor(
        loss="poisson",
        learning_rate=LEARNING_RATE,
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=FEWEST_IN_A_LEAF,
        early_stopping=False,
        random_state=SEED,
    )
    # On one thread sums are added up in one order, whatever the machine.
    with threadpool_limits(1):
        return model.fit(cut.summaries, cut.later / cut.expected, sample_weight=cut.expected)


def _read(model: Any, summaries: Matrix, expected: Floats) -> Floats:
    """(n,) factors, 1 in the mean weighted with the expectation, but for the limits."""
    raw = np.asarray(model.predict(summaries), np.float64)
    return np.clip(raw * expected.sum() / (raw @ expected), LOWEST, HIGHEST)


def _score(said: Floats, later: Floats) -> float:
    """As laws are judged, in `hold_out_choice`."""
    found = accuracy(said, later)
    return score([(found.mae, found.rmse)])
