import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.estimate import (
    Estimate,
    ImpossibleEstimate,
    Precision,
    exact,
    guess,
    total,
    within,
)

FIGURES = st.builds(
    lambda value, make: make(value),
    st.floats(-1e6, 1e6),
    st.sampled_from([exact, guess, lambda value: within(value, 0.1)]),
)


def test_a_guess_is_half_off_and_says_so():
    found = guess(200.0)
    assert (found.low, found.high, found.share) == (100.0, 300.0, 0.5)
    assert found.precision is Precision.GUESS


def test_exact_figures_add_up_exactly():
    assert total([exact(1.0), exact(2.5)]) == exact(3.5)
    assert total([]) == exact(0.0)


def test_independent_errors_partly_cancel():
    found = within(300.0, 0.1) + within(400.0, 0.1)
    assert found.value == 700.0
    assert found.spread == pytest.approx(50.0)
    assert found.precision is Precision.ESTIMATE


def test_a_product_adds_shares_of_error():
    found = within(100.0, 0.03) * within(10.0, 0.04)
    assert found.share == pytest.approx(0.05)
    assert (2 * within(100.0, 0.03)).spread == pytest.approx(6.0)


def test_losses_have_spread_too():
    assert within(-100.0, 0.1).low == pytest.approx(-110.0)
    assert (exact(5.0) - guess(10.0)).spread == 5.0


@settings(deadline=None)
@given(FIGURES, FIGURES)
def test_a_result_is_never_surer_than_what_it_was_made_from(one, other):
    order = list(Precision)
    for found in (one + other, one - other, one * other):
        assert order.index(found.precision) == max(order.index(one.precision), order.index(other.precision))
    assert (one + other).spread >= max(one.spread, other.spread) - 1e-9
    assert one + other == other + one


@pytest.mark.parametrize("parts", [(float("nan"),), (1.0, -1.0), (1.0, float("inf")), (1.0, 0.5, Precision.EXACT)])
def test_figures_that_cannot_be_are_refused(parts):
    with pytest.raises(ImpossibleEstimate):
        Estimate(*parts)
