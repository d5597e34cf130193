"""The laws of contracts and of fixed occasions as estimators; see `estimators`."""

from typing import Any, Self

import numpy as np

from entente.differentiate.pure import contracts, occasions
from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.conventions import Estimator, columns_of, names_in, refuse
from entente.differentiate.pure.newton import Matrix


class ShiftedBetaGeometric(Estimator):
    """How long customers under contract stay. Fader & Hardie (2007). Units are whole periods of the contract.

    X (n, 2): tenure, whole periods, of a customer who left the one at whose end they did, of the others how often they have renewed; and
    left, True or 1 for those who left.
    Learned: law_, parameters_, log_likelihood_.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Raises ContractsRefused, in plain words, where the contracts do not settle the law, and UnusableColumns."""
        tenure, left = _tenures(X)
        law = self.law_ = contracts.fit(contracts.from_customers(tenure, left))
        self.parameters_, self.log_likelihood_ = {"alpha": law.alpha, "beta": law.beta}, law.log_likelihood
        self.n_features_in_ = 2
        return self

    def predict(self, X: Any, periods: int = 12) -> Floats:
        """(n,) renewals expected of each customer in the next `periods`; 0 of those who left."""
        law, (tenure, left) = self._of_fit("law_"), _tenures(X)
        return np.where(left, 0.0, contracts.expected_life(law, tenure, periods))

    def predict_alive(self, X: Any, periods: int = 1) -> Floats:
        """(n,) chance that each customer is still there `periods` renewals from now; 0 of those who left."""
        law, (tenure, left) = self._of_fit("law_"), _tenures(X)
        return np.where(left, 0.0, contracts.survival(law, periods, tenure))

    def predict_discounted(self, X: Any, discount: float) -> Floats:
        """(n,) renewals to come without end, at their value just before the next is due; discount per period. 0 of those who left."""
        law, (tenure, left) = self._of_fit("law_"), _tenures(X)
        return np.where(left, 0.0, contracts.discounted_life(law, tenure, discount))

    def retention(self, periods: int) -> Matrix:
        """(periods, 2) share that renews at the end of each period, from the first, and its standard error."""
        law, ahead = self._of_fit("law_"), np.arange(1, periods + 1)
        return np.column_stack(contracts.with_error(law, lambda one: contracts.retention(one, ahead)))


class BetaGeometricBetaBernoulli(Estimator):
    """How often customers buy at fixed occasions. Fader, Hardie & Shang (2010).

    X (n, 3): bought, occasions after the first at which they bought; last, the number of the last of them, 0 without one; held, occasions
    there were.
    Learned: law_, parameters_, log_likelihood_.
    """

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """sample_weight: (n,) customers who share each row, 1 if not given.

        Raises OccasionsRefused, in plain words, where the histories do not settle the law, and UnusableColumns.
        """
        law = self.law_ = occasions.fit(_occasions(X, sample_weight))
        self.parameters_ = dict(zip(occasions.PARAMETERS, law.vector().tolist(), strict=True))
        self.log_likelihood_, self.n_features_in_ = law.log_likelihood, 3
        return self

    def predict(self, X: Any, ahead: int = 1) -> Floats:
        """(n,) of the next `ahead` occasions, at how many each customer is expected to buy."""
        return occasions.expected_purchases(self._of_fit("law_"), _occasions(X), ahead)

    def predict_alive(self, X: Any) -> Floats:
        """(n,) chance that each customer will be there at the next occasion."""
        return occasions.probability_there(self._of_fit("law_"), _occasions(X))

    def predict_discounted(self, X: Any, discount: float) -> Floats:
        """(n,) purchases to come without end, the next worth 1 / (1 + discount); discount per occasion."""
        return occasions.discounted_purchases(self._of_fit("law_"), _occasions(X), discount)


def _tenures(X: Any) -> tuple[Ints, Bools]:
    """Who left, where X does not say it (one column, or no column of this name), is nobody."""
    named = names_in(X)
    if named is None and np.ndim(X) == 2 and np.shape(X)[1] == 1:
        columns = columns_of(X, ("tenure",))
    else:
        columns = columns_of(X, ("tenure",), ("left",)) if named is not None else columns_of(X, ("tenure", "left"))
    tenure, left = columns["tenure"], columns.get("left", np.zeros(len(columns["tenure"])))
    refuse((left != 0.0) & (left != 1.0), "left", left, "Give True or 1 for those who left, else False or 0.")
    refuse(
        (tenure < left) | (tenure != np.floor(tenure)), "tenure", tenure, "Give whole periods, 1 or more for who left."
    )
    return tenure.astype(np.int64), left == 1.0


def _occasions(X: Any, customers: Any = None) -> occasions.Occasions:
    columns = columns_of(X, ("bought", "last", "held"))
    for name, column in columns.items():
        refuse(
            (column < 0.0) | (column != np.floor(column)), name, column, "Give whole numbers of occasions, 0 or more."
        )
    x, last, held = columns.values()
    refuse(last > held, "last", last, "The last purchase was at none of the occasions that were held.")
    refuse(
        (x > last) | ((x == 0.0) != (last == 0.0)),
        "bought",
        x,
        "Nobody buys more often than there were occasions; last is 0 for 0.",
    )
    weights = np.ones(len(x)) if customers is None else np.asarray(customers, np.float64)
    whole = [column.astype(np.int64) for column in (x, last, held)]
    return occasions.Occasions(whole[0], whole[1], whole[2], weights)
