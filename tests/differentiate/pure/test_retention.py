"""What one more point of retention is worth: known truth, and levels where nothing can be kept."""

import numpy as np
import pytest

from entente.differentiate.pure.buying_laws import NBD
from entente.differentiate.pure.lifetime_value import (
    WEEKS_PER_YEAR,
    LifetimeValues,
    lifetime_value,
    present_value,
    spans_of,
)
from entente.differentiate.pure.purchases import fit
from entente.differentiate.pure.retention import retention_worth
from entente.differentiate.pure.spend import choose_spend_law
from tests.differentiate.pure.buyers import simulated

YEARS = 3.0
WEEKS = YEARS * WEEKS_PER_YEAR


def kept_at(rate, a_year, gain, customers=1, discount=0.0):
    """Customers whose buying keeps a share `rate` each year, `a_year` purchases in the first instant's year."""
    loss = -np.log(rate)
    spans = np.array(spans_of(WEEKS)) / WEEKS_PER_YEAR
    bought = a_year * (spans if loss == 0 else -np.expm1(-loss * spans) / loss)
    columns = np.repeat(bought[:, None], customers, axis=1).astype(np.float32)
    empty, gains = np.zeros(customers), np.full(customers, gain)
    worth = present_value(columns, WEEKS, np.log1p(discount) / WEEKS_PER_YEAR)
    return LifetimeValues(worth * gains, empty, empty, worth, columns, gains, gains, 0.0, empty, empty == 0)


@pytest.mark.parametrize("rate", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("discount", [0.0, 0.1])
def test_is_what_the_value_grows_by_when_the_rate_is_a_point_higher(rate, discount):
    values, better = (kept_at(kept, 12.0, 5.0, customers=40, discount=discount) for kept in (rate, rate + 0.01))
    found = retention_worth(values, np.ones(40, np.int64), 1, weeks=WEEKS, yearly_discount=discount)[0]
    assert found.rate == pytest.approx(rate, abs=1e-4)
    assert found.worth == pytest.approx(better.expected.sum() - values.expected.sum(), rel=2e-3)


def test_where_nobody_leaves_there_is_nothing_to_keep():
    known, _ = simulated(800, seed=3)
    law, spend = fit(known, NBD), choose_spend_law(known.purchases, known.spend_mean).law
    values = lifetime_value(law, spend, known, margin=0.3, rng=np.random.default_rng(0))
    found = retention_worth(values, np.full(800, 2), 3, weeks=WEEKS, yearly_discount=0.1)
    assert [one.level for one in found] == [1, 2, 3]
    assert [one.worth for one in found] == [0.0, 0.0, 0.0]
    assert found[1].rate == pytest.approx(1.0, abs=1e-4)
    assert found[0].rate == 0.0


def test_levels_stand_for_themselves_and_add_up():
    known, _ = simulated(5_000, seed=4)
    values = lifetime_value(
        fit(known),
        choose_spend_law(known.purchases, known.spend_mean).law,
        known,
        margin=0.3,
        rng=np.random.default_rng(0),
    )
    level = np.where(known.repeats > 2, 1, 2)
    apart = retention_worth(values, level, 2, weeks=WEEKS, yearly_discount=0.1)
    alone = retention_worth(values, np.where(level == 1, 1, 7), 1, weeks=WEEKS, yearly_discount=0.1)
    assert apart[0] == alone[0]
    assert all(0 < one.worth < values.expected.sum() * 0.05 for one in apart)
