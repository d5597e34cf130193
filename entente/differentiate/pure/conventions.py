"""What all estimators share: the conventions of scikit-learn, kept without needing it.

The constructor takes settings by name and keeps them as they are; `fit` returns the estimator; what was learned ends in an underscore;
`get_params` and `set_params` reach into estimators within; `sklearn.base.clone` and cross-validation work where scikit-learn is there.
"""

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any, Self

import numpy as np

from entente.differentiate.pure.arrays import Bools, Floats
from entente.lib.errors import EntenteError


class NotFitted(EntenteError, ValueError, AttributeError):
    """An estimator was asked before it was fitted."""


class UnusableColumns(EntenteError, ValueError):
    """Columns are missing, or hold what cannot be; the text names row and column."""


class UnknownSetting(EntenteError, ValueError):
    """A setting that the estimator does not have, or a value that it cannot have."""


class Estimator:
    """Settings, representation and score; the law is in the class that descends from this one."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings by name; with `deep` those of estimators within as well, as `name__setting`."""
        found: dict[str, Any] = {}
        for name in self._defaults():
            value = getattr(self, name)
            found[name] = value
            if deep and isinstance(value, Estimator):
                found |= {f"{name}__{inner}": one for inner, one in value.get_params().items()}
        return found

    def set_params(self, **params: Any) -> Self:
        """Change settings, `name__setting` within an estimator. Raises UnknownSetting."""
        for key, value in params.items():
            name, _, inner = key.partition("__")
            if name not in self._defaults():
                known = ", ".join(self._defaults()) or "none"
                raise UnknownSetting(f"{type(self).__name__} has no setting {name!r}. It has: {known}.")
            if inner:
                getattr(self, name).set_params(**{inner: value})
            else:
                setattr(self, name, value)
        return self

    def score(self, X: Any, y: Any, **options: Any) -> float:
        """R squared of `predict(X, **options)` against y (n,): 1 is exact, 0 no nearer than the mean of y."""
        said, true = np.asarray(self.predict(X, **options)), np.asarray(y, np.float64)
        if said.shape != true.shape:
            raise UnusableColumns(
                f"{len(said)} customers and {true.size} outcomes: give one outcome for each customer."
            )
        left, spread = float(((said - true) ** 2).sum()), float(((true - true.mean()) ** 2).sum())
        return 1.0 - left / spread if spread else float(left == 0.0)

    def predict(self, X: Any) -> Floats:
        raise NotImplementedError

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        parameters = list(signature(cls.__init__).parameters.values())[1:]
        return {one.name: one.default for one in parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)}

    def _of_fit(self, name: str) -> Any:
        """What `fit` has learned under this name."""
        if name not in vars(self):
            raise NotFitted(f"This {type(self).__name__} is not fitted yet: call fit first, then ask.")
        return vars(self)[name]

    def __repr__(self) -> str:
        changed = [f"{k}={v!r}" for k, v in self.get_params(deep=False).items() if repr(v) != repr(self._defaults()[k])]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_is_fitted__(self) -> bool:
        return any(name.endswith("_") for name in vars(self))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags, Tags, TargetTags

        return Tags(estimator_type="regressor", target_tags=TargetTags(required=False), regressor_tags=RegressorTags())


def fresh(estimator: Estimator) -> Estimator:
    """Another one with the same settings, not fitted."""
    settings = estimator.get_params(deep=False)
    return type(estimator)(**{k: fresh(v) if isinstance(v, Estimator) else v for k, v in settings.items()})


def columns_of(X: Any, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Floats]:
    """The named columns of a data frame, a dict of arrays or a two-dimensional array (then in this order), each (n,) of finite numbers.

    optional: columns that need not be there; in an array they follow the others.
    Raises UnusableColumns.
    """
    there = names_in(X)
    if there is None:
        table = np.asarray(X)
        if table.ndim != 2 or not len(names) <= table.shape[1] <= len(names) + len(optional):
            also = f", and then {', '.join(optional)} if you have them" if optional else ""
            raise UnusableColumns(
                f"Got an array of shape {table.shape}: give one row per customer with the columns {', '.join(names)}{also}."
            )
        raw = dict(zip((*names, *optional), table.T, strict=False))
    else:
        raw = {name: X[name] for name in pick(there, names, optional)}
    found = {name: numbers(name, column) for name, column in raw.items()}
    check_lengths(found)
    return found


def names_in(X: Any) -> list[str] | None:
    """The names of the columns; None of a plain array."""
    if isinstance(X, Mapping):
        return list(X)
    for attribute in ("column_names", "columns"):
        if hasattr(X, attribute):
            return list(getattr(X, attribute))
    named = getattr(getattr(X, "dtype", None), "names", None)
    return list(named) if named else None


def pick(there: Sequence[str], names: Sequence[str], optional: Sequence[str] = ()) -> list[str]:
    """Those of the columns that are asked for. Raises UnusableColumns where one is missing."""
    missing = [name for name in names if name not in there]
    if missing:
        raise UnusableColumns(f"There is no column {', '.join(missing)}. There are: {', '.join(map(str, there))}.")
    return [*names, *(name for name in optional if name in there)]


def check_lengths(columns: Mapping[str, Any]) -> None:
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise UnusableColumns(f"The columns differ in length: {told}. Give one entry per customer in each.")


def refuse(wrong: Bools, name: str, column: Any, what: str) -> None:
    """Raise UnusableColumns for the first row that is wrong, if any."""
    if wrong.any():
        at = int(np.argmax(wrong))
        raise UnusableColumns(f"Row {at}, column {name}: {column[at]} cannot be. {what}")


def numbers(name: str, column: Any) -> Floats:
    """(n,) finite numbers of a column, or UnusableColumns for the first row that is none."""
    raw = np.asarray(column)
    try:
        found = raw.astype(np.float64)
    except (TypeError, ValueError):
        found = np.array([_number(value) for value in raw.ravel()])
    if found.ndim != 1:
        raise UnusableColumns(f"Column {name} has the shape {found.shape}: give one number per row.")
    refuse(~np.isfinite(found), name, raw, "Give a number in every row.")
    return np.ascontiguousarray(found)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
