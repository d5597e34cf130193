"""The laws as estimators: scikit-learn's conventions, what they predict, and errors that name row and column."""

import pickle
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from entente.differentiate import pure
from entente.differentiate.pure import (
    BGNBD,
    MBGCNBD,
    MBGNBD,
    Automatic,
    BetaGeometricBetaBernoulli,
    FreeMixture,
    GammaGamma,
    LifetimeValue,
    ParetoNBD,
    ShiftedBetaGeometric,
    summaries,
)
from entente.differentiate.pure.buying_fit import LawRefused
from entente.differentiate.pure.conventions import NotFitted, UnknownSetting, UnusableColumns
from entente.lib.errors import EntenteError
from tests.differentiate.pure.buyers import simulated

CHECKOUT = Path(__file__).resolve().parents[3]
ALL = [getattr(pure, name) for name in pure.__all__ if name != "summaries"]
BUYING = [BGNBD, MBGNBD, MBGCNBD, ParetoNBD, FreeMixture]


@pytest.fixture(scope="module")
def customers():
    """800 customers: X as an array, and what they bought in the 39 weeks after."""
    histories, later = simulated(800, 1)
    return np.column_stack([histories.repeats, histories.recency, histories.age]), later


@pytest.fixture(scope="module")
def orders():
    """Orders of 400 customers over two years, not sorted, some twice on a day."""
    rng = np.random.default_rng(2)
    who = rng.integers(0, 400, 9_000)
    day = rng.integers(0, 730, 9_000)
    stays = rng.exponential(500.0, 400)[who]
    kept = (rng.random(9_000) < (who % 10) / 10.0) & (day < stays)
    labels = np.array([f"C{number:03}" for number in range(400)])
    return {
        "customer": labels[who[kept]],
        "day": np.datetime64("2024-01-01") + day[kept],
        "amount": np.round(rng.lognormal(3.0, 0.5, int(kept.sum())), 2),
    }


def python(code):
    return subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_a_law_alone_loads_no_estimator():
    done = python(
        "import sys, entente.differentiate.pure.pyramid\n"
        "heavy = ('django', 'sklearn', 'entente.differentiate.pure.estimators', 'entente.differentiate.pure.learned')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_estimators_need_neither_django_nor_scikit_learn():
    done = python(
        "import sys\n"
        "sys.modules['sklearn'] = sys.modules['django'] = None\n"
        "from entente.differentiate.pure import MBGCNBD, LifetimeValue, summaries\n"
        "print(MBGCNBD(k=2), MBGCNBD().get_params())"
    )
    assert done.stdout.strip() == "MBGCNBD(k=2) {'k': None}", done.stderr


def test_the_folder_names_what_it_has_and_nothing_else():
    assert set(pure.__all__) <= set(dir(pure))
    with pytest.raises(AttributeError, match="no attribute 'Oracle'"):
        pure.Oracle  # noqa: B018


@pytest.mark.parametrize("kind", ALL)
def test_a_constructor_sets_its_settings_and_nothing_else(kind):
    one = kind()
    assert vars(one) == one.get_params(deep=False)
    assert repr(one) == f"{kind.__name__}()"
    assert kind.__doc__


@pytest.mark.parametrize("kind", ALL)
def test_can_be_cloned(kind):
    base = pytest.importorskip("sklearn.base")
    one = kind()
    for name in one.get_params():
        one.set_params(**{name: 7})
    other = base.clone(one)
    assert other is not one
    assert other.get_params() == one.get_params()
    assert vars(other) == other.get_params(deep=False)


@pytest.mark.parametrize("kind", ALL)
def test_asked_before_it_is_fitted_it_says_what_to_do(kind):
    X = {
        name: [1.0]
        for name in ("repeats", "recency", "age", "spend_mean", "purchases", "tenure", "bought", "last", "held")
    }
    with pytest.raises(NotFitted, match=f"This {kind.__name__} is not fitted yet: call fit first") as caught:
        kind().predict(X)
    assert isinstance(caught.value, (EntenteError, ValueError, AttributeError))


def test_settings_within_settings():
    worth = LifetimeValue(buying=MBGCNBD(k=2), margin=0.3)
    assert repr(worth) == "LifetimeValue(buying=MBGCNBD(k=2), margin=0.3)"
    assert worth.set_params(buying__k=3, months=12) is worth
    assert worth.get_params()["buying__k"] == 3
    assert worth.buying.k == 3
    with pytest.raises(UnknownSetting, match=r"MBGCNBD has no setting 'l'\. It has: k\."):
        worth.set_params(buying__l=1)


@pytest.mark.parametrize("kind", BUYING)
def test_learns_and_predicts(kind, customers):
    X, later = customers
    model = kind()
    assert model.fit(X) is model
    said = model.predict(X, weeks=39)
    assert said.shape == (800,)
    assert said.sum() == pytest.approx(later.sum(), rel=0.25)
    assert model.score(X, later, weeks=39) > 0.3
    assert set(model.parameters_) >= {"r", "alpha"}
    alive = model.predict_alive(X)
    assert ((alive >= 0.0) & (alive <= 1.0) | np.isnan(alive)).all()
    assert pickle.loads(pickle.dumps(model)).predict(X, weeks=39) == pytest.approx(said)


def test_agrees_with_fader_hardie_and_lee(cdnow):
    model = BGNBD().fit(np.column_stack([cdnow.repeats, cdnow.recency, cdnow.age]))
    assert model.parameters_ == pytest.approx({"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, abs=1e-4)
    assert model.predict([[2, 30.43, 38.86]], weeks=39) == pytest.approx([1.226], abs=5e-4)


def test_bg_nbd_does_not_claim_to_know_one_time_buyers(customers):
    X, _ = customers
    alive = BGNBD().fit(X).predict_alive(X)
    assert (np.isnan(alive) == (X[:, 0] == 0)).all()


def test_columns_come_in_any_shape(customers):
    X, _ = customers
    columns = dict(zip(("repeats", "recency", "age"), X.T, strict=True))
    said = MBGNBD().fit(X).predict(X)
    structured = np.zeros(len(X), [("age", float), ("repeats", float), ("recency", float), ("name", "U3")])
    for name, column in columns.items():
        structured[name] = column
    for other in (columns, pa.table(columns), structured, X.tolist(), {**columns, "more": ["x"] * len(X)}):
        assert MBGNBD().fit(other).predict(other) == pytest.approx(said)


def test_scikit_learn_can_validate_them(customers):
    selection = pytest.importorskip("sklearn.model_selection")
    X, later = customers
    assert selection.cross_val_score(MBGNBD(), X, later, cv=2).mean() > 0.3
    search = selection.GridSearchCV(MBGCNBD(), {"k": [1, 4]}, cv=2).fit(X, later)
    assert search.best_estimator_.k_ == search.best_params_["k"]


@pytest.mark.parametrize(
    ("X", "said"),
    [
        ([[1, 2]], "shape (1, 2): give one row per customer with the columns repeats, recency, age"),
        ([1, 2, 3], "shape (3,)"),
        ({"repeats": [1], "recency": [2]}, "no column age. There are: repeats, recency."),
        ({"repeats": [1], "recency": [2], "age": [3, 4]}, "differ in length: repeats 1, recency 1, age 2"),
        ([[0, 0, 5], [1, 3, 2]], "Row 1, column age: 2.0 cannot be"),
        ([[0, 0, 5], [1.5, 3, 4]], "Row 1, column repeats: 1.5 cannot be"),
        ([[0, 0, 5], [-1, 3, 4]], "Row 1, column repeats: -1.0 cannot be"),
        ([[0, 0, 5], [1, -3, 4]], "Row 1, column recency: -3.0 cannot be"),
        ([[0, 1, 4]], "Row 0, column recency: 1.0 cannot be. Without a repeat it is 0."),
        ([[1, 0.01, 4]], "Row 0, column recency: 0.01 cannot be"),
        ([[0, 0, 5], ["x", 3, 4]], "Row 1, column repeats: x cannot be"),
        ([[0, 0, 5], [1, 3, None]], "Row 1, column age: None cannot be"),
        ([[0, 0, 5], [1, 3, np.inf]], "Row 1, column age: inf cannot be"),
        ({"repeats": ["=1+1"], "recency": [0], "age": [1]}, "Row 0, column repeats: =1+1 cannot be"),
    ],
)
def test_errors_name_row_and_column(X, said):
    with pytest.raises(UnusableColumns) as caught:
        MBGNBD().fit(X)
    assert said in str(caught.value)


def test_a_law_that_the_data_cannot_carry_is_refused():
    with pytest.raises(LawRefused, match="needs at least 10 customers"):
        MBGCNBD().fit([[1, 2.0, 3.0]])


@pytest.mark.parametrize("model", [MBGCNBD(k=0), MBGCNBD(k=5), MBGCNBD(k="2"), FreeMixture(k=3), MBGCNBD(k=1.5)])
def test_stages_that_cannot_be(model, customers):
    with pytest.raises(UnknownSetting, match="cannot be: give a whole number from 1 to"):
        model.fit(customers[0])


def test_without_gaps_it_says_that_regularity_is_not_known(customers, orders):
    blind = MBGCNBD().fit(customers[0])
    assert blind.k_ == 1
    assert "no log_gaps" in blind.notes_[-1]
    seeing = MBGCNBD().fit(summaries(orders))
    assert not any("log_gaps" in note for note in seeing.notes_)


def test_summaries_are_what_the_orders_say():
    found = summaries(
        {
            "customer": ["Ada", "Bo", "Ada", "Ada", "Bo", "Eve", "Ada"],
            "day": ["2026-01-01", "2026-01-05", "2026-01-15", "2026-01-15", "2026-01-06", "2026-01-02", "2026-03-01"],
            "amount": [10, 5, 20, 12, -5, 0, 99],
        },
        as_of="2026-01-29",
    )
    assert found["customer"].tolist() == ["Ada", "Bo"]
    assert found["repeats"].tolist() == [1, 0]
    assert found["recency"] == pytest.approx([2.0, 0.0])
    assert found["age"] == pytest.approx([4.0, 24 / 7])
    assert found["spend_mean"] == pytest.approx([21.0, 5.0])
    assert found["log_gaps"] == pytest.approx([np.log(2.0), 0.0])


def test_days_are_days_however_they_are_written():
    days = [
        np.array(["2026-01-01", "2026-01-15"], "datetime64[ns]"),
        [date(2026, 1, 1), date(2026, 1, 15)],
        [datetime(2026, 1, 1, 23, 30, tzinfo=UTC), datetime(2026, 1, 15, 0, 5, tzinfo=UTC)],
        ["2026-01-01", "2026-01-15T10:00:00"],
        [20454, 20468],
        [20454.0, 20468.0],
        pa.chunked_array([[date(2026, 1, 1)], [date(2026, 1, 15)]]),
    ]
    for written in days:
        found = summaries({"customer": [7, 7], "day": written, "amount": [1.0, 2.0]}, as_of=date(2026, 1, 29))
        assert found["recency"] == pytest.approx([2.0])
        assert found["age"] == pytest.approx([4.0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"day": ["2026-01-01", "soon"]}, "Row 1, column day: soon cannot be. Write days as 2026-03-31."),
        ({"day": ["2026-01-01", None]}, "Row 1, column day"),
        ({"day": [1.0, 1.5]}, "Row 1, column day: 1.5"),
        ({"amount": [1.0, np.nan]}, "Row 1, column amount: nan"),
        ({"amount": ["1", "=A1"]}, "Row 1, column amount: =A1 cannot be"),
        ({"customer": ["Ada", None]}, "Row 1, column customer: None"),
        ({"customer": [1.0, np.nan]}, "Row 1, column customer: nan"),
        ({"customer": np.array(["Ada", 2], dtype=object)}, "column customer mixes numbers and texts"),
        ({"amount": [1.0]}, "differ in length"),
    ],
)
def test_orders_that_cannot_be_name_row_and_column(change, said):
    orders = {"customer": np.array(["Ada", "Bo"]), "day": ["2026-01-01", "2026-01-02"], "amount": [1.0, 2.0], **change}
    with pytest.raises(UnusableColumns) as caught:
        summaries(orders)
    assert said in str(caught.value)


def test_no_orders_no_customers():
    empty = {"customer": [], "day": [], "amount": []}
    assert len(summaries(empty)["repeats"]) == 0
    assert len(Automatic().fit(empty).predict()) == 0


def test_the_automatic_one_chooses_on_the_past(orders):
    model = Automatic().fit(orders)
    assert len(model.predict(weeks=26)) == len(model.customers_) == len(model.columns_["repeats"])
    assert "nearer than their past rate" in model.reason_
    assert model.chosen_.law is model.law_
    assert model.predict([[2, 3.0, 4.0]]).shape == (1,)
    earlier = Automatic(as_of="2024-12-31").fit(orders)
    assert earlier.columns_["age"].max() <= 366 / 7


def test_spend_is_drawn_to_the_firm(orders):
    table = summaries(orders)
    X = {"purchases": table["repeats"] + 1, "spend_mean": table["spend_mean"]}
    model = GammaGamma().fit(X)
    assert not model.refusal_
    assert np.std(model.predict(X)) < np.std(table["spend_mean"])
    constant = GammaGamma().fit({"purchases": [2] * 50, "spend_mean": [10.0] * 50})
    assert "Every customer spends the same" in constant.refusal_
    with pytest.raises(UnusableColumns, match=r"Row 1, column purchases: 0\.0"):
        model.predict([[1, 5.0], [0, 5.0]])


def test_values_are_money_with_an_interval(orders):
    table = summaries(orders)
    model = LifetimeValue(margin=0.4, cost_to_serve=2.0).fit(table)
    value, interval = model.predict(table), model.predict_interval(table)
    assert value.shape == (len(table["customer"]),)
    assert (interval[:, 0] <= value).all()
    assert (value <= interval[:, 1]).all()
    assert (model.predict_interval(table) == interval).all()
    assert model.values(table).relative_error > 0.0
    assert isinstance(model.buying_, MBGCNBD)
    assert model.buying is None
    array = np.column_stack([table[name] for name in ("repeats", "recency", "age", "spend_mean", "log_gaps")])
    assert model.predict(array) == pytest.approx(value)


def test_values_by_the_law_that_predicts_best(orders):
    model = LifetimeValue(buying=Automatic(), margin=0.4).fit(orders)
    assert len(model.predict()) == len(model.buying_.customers_)
    with pytest.raises(UnusableColumns, match="Give X"):
        LifetimeValue().fit(summaries(orders)).predict()
    with pytest.raises(UnknownSetting, match="takes an estimator of buying"):
        LifetimeValue(buying=GammaGamma()).fit(summaries(orders))


def test_contracts():
    tenure = np.repeat([1, 2, 3, 4, 5, 6, 7, 7], [369, 163, 86, 56, 37, 27, 21, 241])
    left = np.arange(1000) < 759
    X = np.column_stack([tenure, left])
    model = ShiftedBetaGeometric().fit(X)
    assert model.parameters_ == pytest.approx({"alpha": 0.704, "beta": 1.182}, abs=1e-3)
    assert (model.predict(X, periods=3)[:759] == 0.0).all()
    assert model.predict({"tenure": [0, 5]}, periods=3)[1] > model.predict([[0], [5]], periods=3)[0]
    assert model.predict_alive([[7, 0]], periods=5) == pytest.approx([170 / 241], abs=0.01)
    assert model.predict_discounted([[0, 0]], discount=0.1) == pytest.approx([2.964], abs=1e-3)
    rate, error = model.retention(7).T
    assert (np.diff(rate) > 0.0).all()
    assert (error < 0.05).all()
    for wrong, said in (
        ([[1.5, 0]], "Row 0, column tenure"),
        ([[1, 2]], "Row 0, column left"),
        ([[0, 1]], "Row 0, column tenure"),
    ):
        with pytest.raises(UnusableColumns, match=said):
            model.predict(wrong)


def test_fixed_occasions():
    rng = np.random.default_rng(4)
    chance = rng.beta(1.2, 0.8, 3000)
    stays = rng.geometric(np.clip(rng.beta(0.7, 2.8, 3000), 1e-9, 1.0)) - 1
    came = (rng.random((3000, 7)) < chance[:, None]) & (np.arange(1, 8) <= stays[:, None])
    last = np.where(came.any(axis=1), 7 - np.argmax(came[:, ::-1], axis=1), 0)
    X = np.column_stack([came.sum(axis=1), last, np.full(3000, 7)])
    model = BetaGeometricBetaBernoulli().fit(X)
    distinct, count = np.unique(X, axis=0, return_counts=True)
    grouped = BetaGeometricBetaBernoulli().fit(distinct, sample_weight=count)
    assert grouped.parameters_ == pytest.approx(model.parameters_, rel=1e-6)
    assert model.predict([[7, 7, 7]], ahead=5)[0] > model.predict([[1, 1, 7]], ahead=5)[0]
    assert model.predict_alive([[7, 7, 7]])[0] > 0.8
    assert model.predict_discounted([[7, 7, 7]], discount=0.1)[0] > 2.0
    for wrong, said in (
        ([[1, 8, 7]], "Row 0, column last"),
        ([[3, 2, 7]], "Row 0, column bought"),
        ([[1.5, 2, 7]], "column bought"),
    ):
        with pytest.raises(UnusableColumns, match=said):
            model.predict(wrong)


def test_a_score_is_one_for_the_truth_and_nought_for_the_mean(customers):
    X, _ = customers
    model = MBGNBD().fit(X)
    said = model.predict(X)
    assert model.score(X, said) == 1.0
    assert model.score(X[:1], said[:1]) == 1.0
    with pytest.raises(UnusableColumns, match="800 customers and 2 outcomes"):
        model.score(X, [1, 2])


class _Unknown:
    """What a data frame has in place of a text that is missing: it will not say whether it is itself."""

    def __eq__(self, other: object):
        return self

    __hash__ = None

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")


def test_what_data_frames_leave_out_is_missed():
    missing = np.array(["Ada", _Unknown()], dtype=object)
    with pytest.raises(UnusableColumns, match="Row 1, column customer"):
        summaries({"customer": missing, "day": ["2026-01-01", "2026-01-02"], "amount": [1.0, 2.0]})
    half = np.array([datetime(2026, 1, 1, tzinfo=UTC), np.datetime64("NaT")], dtype=object)
    with pytest.raises(UnusableColumns, match="Row 1, column day"):
        summaries({"customer": ["Ada", "Bo"], "day": half, "amount": [1.0, 2.0]})
