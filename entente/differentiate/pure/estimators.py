"""The laws as estimators, for notebooks: `from entente.differentiate.pure import MBGCNBD`.

Scikit-learn's conventions (`conventions`), without scikit-learn and without Django. X of those who buy when they like has a row for each
customer and the columns

    repeats   purchases after the first (one purchase is one customer-day)
    recency   weeks from the first purchase to the last, 0 without a repeat
    age       weeks since the first purchase

in a data frame or a dict of arrays, or an array (n, 3) in this order. `summaries` makes them from orders. Columns it makes beside:
log_gaps (fourth in an array), which tell how regularly customers buy, and spend_mean.
"""

from typing import Any, ClassVar, Self

import numpy as np

from entente.differentiate.pure.arrays import Bools, Floats
from entente.differentiate.pure.buying_fit import LawRefused, attempt, statistics_of
from entente.differentiate.pure.buying_laws import BG_NBD, FREE, MBG_NBD, PARETO_NBD, REGULAR, BuyingLaw, Refusal
from entente.differentiate.pure.conventions import (
    Estimator,
    UnknownSetting,
    UnusableColumns,
    columns_of,
    fresh,
    names_in,
    refuse,
)
from entente.differentiate.pure.histories import DAYS_PER_WEEK, BuyingHistories
from entente.differentiate.pure.hold_out_choice import CANDIDATES, choose
from entente.differentiate.pure.lifetime_value import DRAWS, INTERVAL, LifetimeValues, lifetime_value
from entente.differentiate.pure.newton import Matrix
from entente.differentiate.pure.order_columns import columns_of_histories, customer_days, last_day
from entente.differentiate.pure.purchases import alive_is_meaningful, expected_purchases, probability_alive
from entente.differentiate.pure.spend import choose_spend_law, expected_spend

HISTORY = ("repeats", "recency", "age")


class BuyingEstimator(Estimator):
    """What the laws of buying share. Learned: law_, parameters_, log_likelihood_, notes_ (plain sentences), n_features_in_."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """X: (n, 3), or (n, 4) with log_gaps. y is not looked at.

        Raises LawRefused, in plain words, where these data cannot carry the law, and UnusableColumns, naming row and column.
        """
        histories = histories_of(X)
        self._learn(self._fitted(histories))
        self.n_features_in_ = 3 if histories.log_gaps is None else 4
        return self

    def predict(self, X: Any, weeks: float = 52.0) -> Floats:
        """(n,) purchases expected of each customer in the next `weeks`."""
        law: BuyingLaw = self._of_fit("law_")
        return expected_purchases(law, *_history(X), weeks)

    def predict_alive(self, X: Any) -> Floats:
        """(n,) chance from 0 to 1 that each customer has not left for good; NaN where the law assumes it rather than finds it."""
        law: BuyingLaw = self._of_fit("law_")
        x, recency, age = _history(X)
        return np.where(alive_is_meaningful(law, x), probability_alive(law, x, recency, age), np.nan)

    def _fitted(self, histories: BuyingHistories) -> BuyingLaw:
        raise NotImplementedError

    def _learn(self, law: BuyingLaw) -> None:
        self.law_, self.parameters_, self.log_likelihood_ = law, dict(law.parameters), law.log_likelihood
        self.notes_ = law.notes


class _OneLaw(BuyingEstimator):
    _name: ClassVar[str]

    def _fitted(self, histories: BuyingHistories) -> BuyingLaw:
        return _of(attempt(statistics_of(histories), self._name))


class BGNBD(_OneLaw):
    """Customers buy at a rate of their own and may leave after each repeat. Fader, Hardie & Lee (2005). X (n, 3)."""

    _name = BG_NBD


class MBGNBD(_OneLaw):
    """The same, and may leave after the first purchase too. Batislam, Denizel & Filiztekin (2007). X (n, 3)."""

    _name = MBG_NBD


class ParetoNBD(_OneLaw):
    """Customers buy at a rate of their own and may leave at any time. Schmittlein, Morrison & Colombo (1987). X (n, 3)."""

    _name = PARETO_NBD


class MBGCNBD(BuyingEstimator):
    """MBG/NBD of customers who buy regularly: a purchase comes at every k-th stage of their rate. Reutterer, Platzer & Schröder (2021).

    k: 1 (random) to 4 (regular); None takes the likeliest, for which X needs log_gaps: without them k is 1, and notes_ say so.
    Learned beside: k_.
    """

    def __init__(self, k: int | None = None) -> None:
        self.k = k

    def _fitted(self, histories: BuyingHistories) -> BuyingLaw:
        names = REGULAR if self.k is None else (_law_of_stages(self.k, REGULAR),)
        if self.k is None and histories.log_gaps is None:
            names = names[:1]
        stats = statistics_of(histories)
        tried = [attempt(stats, name) for name in names]
        fitted = [one for one in tried if isinstance(one, BuyingLaw)]
        return max(fitted, key=lambda law: law.log_likelihood) if fitted else _of(tried[0])

    def _learn(self, law: BuyingLaw) -> None:
        super()._learn(law)
        self.k_ = law.stages

    def fit(self, X: Any, y: Any = None) -> Self:
        super().fit(X, y)
        if self.k is None and self.n_features_in_ == 3:
            self.notes_ = (
                *self.notes_,
                "X has no log_gaps, so how regularly customers buy is not known, and k = 1 was taken.",
            )
        return self


class FreeMixture(BuyingEstimator):
    """MBG/CNBD-k without a formula for how customers differ: rates and readiness to leave are spread as the data say
    (`free_mixture`). k: 1 or 2. X (n, 3)."""

    def __init__(self, k: int = 1) -> None:
        self.k = k

    def _fitted(self, histories: BuyingHistories) -> BuyingLaw:
        return _of(attempt(statistics_of(histories), _law_of_stages(self.k, FREE)))


class Automatic(BuyingEstimator):
    """The law, or the mean of up to three, that predicts best on the past of these customers (`hold_out_choice.choose`).

    as_of: the day at whose end it is asked; None takes the last day in the orders.
    Learned beside: chosen_ (with trials and refusals), reason_, customers_ (n,) and columns_ (their X, as of `summaries`).
    """

    def __init__(self, as_of: Any = None) -> None:
        self.as_of = as_of

    def fit(self, X: Any, y: Any = None) -> Self:
        """X: orders, with the columns customer, day, amount, as in `summaries`. Raises UnusableColumns, naming row and column."""
        labels, who, day, amount = customer_days(X)
        numbers, histories, self.chosen_ = choose(who, day, amount, last_day(day, self.as_of), CANDIDATES)
        self._learn(self.chosen_.law)
        self.customers_, self.columns_, self.reason_ = (
            labels[numbers],
            columns_of_histories(histories),
            self.chosen_.reason,
        )
        self.n_features_in_ = 3
        return self

    def predict(self, X: Any = None, weeks: float = 52.0) -> Floats:
        """(n,) purchases expected in the next `weeks`, of the customers it was fitted to unless X (n, 3) names others."""
        return super().predict(self._of_fit("columns_") if X is None else X, weeks)

    def predict_alive(self, X: Any = None) -> Floats:
        return super().predict_alive(self._of_fit("columns_") if X is None else X)


class GammaGamma(Estimator):
    """What a customer spends at a purchase. Fader & Hardie (2013). X (n, 2): purchases, 1 or more, and spend_mean, money.

    Learned: law_, parameters_, refusal_: where Gamma-Gamma cannot be fitted why not; then each customer's mean, drawn to the firm's, is
    used. notes_.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        choice = choose_spend_law(*_spending(X))
        self.law_, self.refusal_, self.notes_ = choice.law, choice.refusal, choice.law.notes
        self.parameters_, self.n_features_in_ = dict(choice.law.parameters), 2
        return self

    def predict(self, X: Any) -> Floats:
        """(n,) money expected at a future purchase."""
        return expected_spend(self._of_fit("law_"), *_spending(X))


class LifetimeValue(Estimator):
    """What each customer is worth from today on: purchases expected x (spend x margin - cost to serve), discounted (`lifetime_value`).

    buying: an estimator of buying, MBGCNBD() if None. spending: GammaGamma() if None. margin: share of the spend that is left after the
    cost of goods. cost_to_serve: money per purchase. months: horizon. interval: share of such customers whose money lies within
    `predict_interval`. random_state: number from which the outcomes behind the interval are drawn.

    X: columns repeats, recency, age, spend_mean, and log_gaps if known, as `summaries` makes them; or an array in this order. With
    Automatic, fit takes orders, and predict the customers it was fitted to if X is not given.
    Learned: buying_, spending_.
    """

    def __init__(
        self,
        buying: BuyingEstimator | None = None,
        spending: GammaGamma | None = None,
        margin: float = 1.0,
        cost_to_serve: float = 0.0,
        months: float = 36.0,
        yearly_discount: float = 0.10,
        interval: float = INTERVAL,
        random_state: int = 0,
    ) -> None:
        self.buying, self.spending = buying, spending
        self.margin, self.cost_to_serve = margin, cost_to_serve
        self.months, self.yearly_discount = months, yearly_discount
        self.interval, self.random_state = interval, random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        buying, spending = fresh(self.buying or MBGCNBD()), fresh(self.spending or GammaGamma())
        if not isinstance(buying, BuyingEstimator) or not isinstance(spending, GammaGamma):
            raise UnknownSetting("LifetimeValue takes an estimator of buying as `buying` and GammaGamma as `spending`.")
        if isinstance(buying, Automatic):
            X = buying.fit(X).columns_
        histories = histories_of(X, with_spend=True)
        if not isinstance(buying, Automatic):
            buying.fit(columns_of_histories(histories))
        self.buying_ = buying
        self.spending_ = spending.fit({"purchases": histories.purchases, "spend_mean": histories.spend_mean})
        self.n_features_in_ = 4 if histories.log_gaps is None else 5
        return self

    def predict(self, X: Any = None) -> Floats:
        """(n,) money each customer is worth, in the mean."""
        return self.values(X).expected

    def predict_interval(self, X: Any = None) -> Matrix:
        """(n, 2) money between which it will lie for `interval` of such customers."""
        values = self.values(X)
        return np.column_stack([values.low, values.high])

    def values(self, X: Any = None) -> LifetimeValues:
        """All that is known of the values: interval, purchases, spend, the standard error of their sum."""
        buying = self._of_fit("buying_")
        if X is None:
            if not isinstance(buying, Automatic):
                raise UnusableColumns("Give X: only with Automatic are the customers known from fit.")
            X = buying.columns_
        return lifetime_value(
            buying.law_,
            self._of_fit("spending_").law_,
            histories_of(X, with_spend=True),
            margin=self.margin,
            cost_to_serve=self.cost_to_serve,
            rng=np.random.Generator(np.random.PCG64(self.random_state)),
            months=self.months,
            yearly_discount=self.yearly_discount,
            interval=self.interval,
            draws=DRAWS,
        )


def histories_of(X: Any, with_spend: bool = False) -> BuyingHistories:
    """Histories in days, rounded from weeks. Raises UnusableColumns, naming row and column."""
    names = (*HISTORY, "spend_mean") if with_spend else HISTORY
    columns = columns_of(X, names, ("log_gaps",))
    x, recency, age = _possible(*(columns[name] for name in HISTORY))
    days = np.rint(recency * DAYS_PER_WEEK)
    refuse(
        (x > 0.0) & (days < 1.0),
        "recency",
        recency,
        "A purchase is a customer-day, so a repeat comes at least 1/7 of a week later.",
    )
    spend = columns.get("spend_mean", np.zeros(len(x)))
    return BuyingHistories(x, days, np.rint(age * DAYS_PER_WEEK), spend, columns.get("log_gaps"))  # type: ignore[arg-type]


def _history(X: Any) -> tuple[Floats, Floats, Floats]:
    """Columns to ask a law with. Those that it was fitted to beside them may stand in the array."""
    optional = () if names_in(X) is not None else ("log_gaps",)
    columns = columns_of(X, HISTORY, optional)
    return _possible(*(columns[name] for name in HISTORY))


def _possible(x: Floats, recency: Floats, age: Floats) -> tuple[Floats, Floats, Floats]:
    refuse((x < 0.0) | (x != np.floor(x)), "repeats", x, "Give the number of purchases after the first.")
    refuse(recency < 0.0, "recency", recency, "Give weeks from the first purchase to the last.")
    refuse(recency > age, "age", age, "The last purchase would lie after the day of asking: age is at least recency.")
    refuse((x == 0.0) & (recency != 0.0), "recency", recency, "Without a repeat it is 0.")
    return x, recency, age


def _spending(X: Any) -> tuple[Any, Floats]:
    columns = columns_of(X, ("purchases", "spend_mean"))
    few: Bools = columns["purchases"] < 1.0
    refuse(few, "purchases", columns["purchases"], "Count all purchases, the first included: 1 or more.")
    return columns["purchases"], columns["spend_mean"]


def _law_of_stages(k: Any, names: tuple[str, ...]) -> str:
    if k not in range(1, len(names) + 1):
        raise UnknownSetting(f"k = {k!r} cannot be: give a whole number from 1 to {len(names)}.")
    return names[k - 1]


def _of(answer: BuyingLaw | Refusal) -> BuyingLaw:
    if isinstance(answer, Refusal):
        raise LawRefused(answer)
    return answer
