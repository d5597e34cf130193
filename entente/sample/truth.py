"""What the sample was made of: recomputed whenever asked for, never stored beside the facts."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import numpy as np

from entente.sample.pure.firm import SEED, SampleFirm, Truth, sample_firm


@lru_cache(maxsize=2)
def made(seed: int, as_of: dt.date, customers: int) -> SampleFirm:
    """The whole sample firm; the latest two are kept."""
    return sample_firm(np.random.default_rng(seed), as_of=as_of, customers=customers)


def truth(seed: int = SEED, as_of: dt.date = dt.date(2026, 11, 20), customers: int = 5000) -> Truth:
    """The truth behind the sample that `plant` writes for the same three arguments."""
    return made(seed, as_of, customers).truth
