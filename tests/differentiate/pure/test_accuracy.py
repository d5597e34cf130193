from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.accuracy import Accuracy, UnequalForecast, accuracy


def test_measures_by_hand():
    found = accuracy(np.array([1.0, 2.0, 3.0, 6.0]), np.array([1, 0, 3, 4]))
    assert found.customers == 4
    assert found.mae == 1.0
    assert found.rmse == pytest.approx(np.sqrt(2.0))
    assert found.bias == pytest.approx(0.5)
    assert found.correlation == pytest.approx(np.corrcoef([1, 2, 3, 6], [1, 0, 3, 4])[0, 1])


def test_deciles_rise_with_the_forecast_and_hold_everyone():
    predicted = np.random.default_rng(1).permutation(np.arange(105.0))
    parts = accuracy(predicted, predicted * 2).calibration
    assert [part.decile for part in parts] == list(range(1, 11))
    assert sum(part.customers for part in parts) == 105
    assert all(part.observed_mean == pytest.approx(2 * part.predicted_mean) for part in parts)
    assert all(one.predicted_mean < two.predicted_mean for one, two in pairwise(parts))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 10**6)), max_size=40))
def test_never_a_value_that_is_no_number(rows):
    found = accuracy(np.array([row[0] for row in rows]), np.array([row[1] for row in rows]))
    assert np.isfinite([found.mae, found.rmse, found.correlation, found.bias]).all()
    assert -1 <= found.correlation <= 1


@pytest.mark.parametrize("constant", [0.0, 0.1, 7.0])
def test_constant_forecasts_and_outcomes_have_no_correlation(constant):
    found = accuracy(np.full(7, constant), np.arange(7))
    assert found.correlation == 0.0
    assert accuracy(np.arange(7.0), np.zeros(7)).correlation == 0.0


def test_nobody_is_no_error():
    assert accuracy(np.zeros(0), np.zeros(0)) == Accuracy(0, 0.0, 0.0, 0.0, 0.0, ())


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(UnequalForecast, match="length"):
        accuracy(np.zeros(2), np.zeros(3))
    with pytest.raises(UnequalForecast, match="not numbers"):
        accuracy(np.array([np.nan]), np.zeros(1))
