"""The best next step for a million customers: hold-out, plays, beliefs, win shares, lot, reasons.

Seconds per step and peak memory.

Usage: bench/next_step.py [--customers 1000000]
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from entente.customize.pure.arbitration import NOTHING, arbitrate
from entente.customize.pure.facts import LEVELS, Facts
from entente.customize.pure.fatigue import fatigue
from entente.customize.pure.plays import PLAYS, Settings
from entente.customize.pure.reasons import reasons
from entente.customize.pure.response import believe, no_outcomes
from entente.customize.pure.suitability import shortlist
from entente.customize.pure.weighing import beliefs, candidates, guesses
from entente.differentiate.pure.stages import Stage
from entente.learn.pure.holdout import held_out

seconds: dict[str, float] = {}


@contextmanager
def timed(step: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[step] = round(time.perf_counter() - began, 3)


def firm(n: int, generator: np.random.Generator) -> Facts:
    """Customers with about one play each: a long tail of small and inactive ones."""
    level = np.searchsorted(np.cumsum([0.005, 0.02, 0.075, 0.4, 0.4, 0.1]), generator.random(n)).astype(np.int8)
    bought = level < 5
    purchases = np.where(bought, 1 + generator.poisson(np.array([30, 15, 8, 2, 2, 0, 0])[level]), 0)
    gap = generator.lognormal(3.5, 0.5, n)
    last = np.where(level == 4, generator.uniform(366, 1500, n), np.minimum(generator.exponential(gap), 365))
    first = last + gap * np.maximum(purchases - 1, 0)
    nan = np.full(n, np.nan)

    def known(values: np.ndarray, where: np.ndarray) -> np.ndarray:
        return np.where(where, values, nan)

    done = np.where(generator.random((n, len(PLAYS))) < 0.3, generator.exponential(60, (n, len(PLAYS))), np.nan)
    repeats, product = purchases > 1, generator.integers(-5, 5, n).astype(np.int32)
    return Facts(
        as_of=np.datetime64("2026-03-01"), level=level,
        stage=np.where(level == 4, Stage.LOST, Stage.DEVELOPMENT), purchases=purchases,
        first_order_days_ago=known(first, bought), last_order_days_ago=known(last, bought),
        usual_gap_days=known(gap, repeats), next_from_days=known(0.6 * gap - last, repeats),
        next_median_days=known(gap - last, repeats), next_until_days=known(1.7 * gap - last, repeats),
        alive=generator.beta(5, 1, n), alive_meaningful=repeats, margin=generator.gamma(2, 30, n),
        clv=generator.gamma(1, 300, n),
        last_two_way_days=known(generator.exponential(120, n), generator.random(n) < 0.5),
        complaint_open=generator.random(n) < 0.01,
        detractor_days=known(generator.exponential(90, n), generator.random(n) < 0.05),
        product=np.maximum(product, -1), product_score=generator.random(n), because=np.maximum(product, -1),
        last_done_days=done,
        not_before_days=np.full((n, len(PLAYS)), np.nan),
    )  # fmt: skip


def decide(facts: Facts, ids: np.ndarray) -> dict[str, float]:
    settings, plays = Settings(), len(PLAYS)
    with timed("hold-out"):
        held = held_out(ids, salt="firm", year=2026)
    with timed("plays and filters"):
        short = shortlist(facts, settings, held_out=held)
    with timed("beliefs"):
        believed = beliefs(believe(no_outcomes(plays, LEVELS), guesses(settings), np.random.default_rng(1)))
    with timed("arbitration"):
        them = candidates(short, facts.level, LEVELS, fatigue=fatigue(facts.clv, np.ones(len(ids))))
        choices = arbitrate(them, believed, ids, as_of="2026-03-01", salt="firm")
    with timed("reasons"):
        acts = np.flatnonzero(choices.chosen != NOTHING)
        chosen_play = short.play[choices.chosen[acts]]
        for play in range(plays):
            reasons(play, facts, settings, acts[chosen_play == play])
    return {"candidates": len(short.play), "steps": len(acts), "per_customer": round(len(short.play) / len(ids), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    options = parser.parse_args()
    generator = np.random.default_rng(7)
    decide(firm(1_000, generator), np.arange(1_000))  # compiles
    facts = firm(options.customers, generator)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = decide(facts, np.arange(options.customers))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    results = {"customers": options.customers, **told, "seconds": {**seconds, "all": round(sum(seconds.values()), 3)},
               "peak_mb": round(peak), "peak_before_mb": round(before)}  # fmt: skip
    print(json.dumps(results, indent=2))
    for step, took in results["seconds"].items():
        print(f"{step:20s} {took:8.3f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
