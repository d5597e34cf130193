"""lifetimes and pymc-marketing on one file of histories. Runs in an environment of its own.

    python value_peer.py HISTORIES.npz WEEKS [--laws] [--no-pymc]

HISTORIES: columns repeats, recency, age (weeks); with --laws also `later`, what each customer bought in the WEEKS after.
BG/NBD is fitted and scored by lifetimes (no penalty) and by pymc-marketing's MAP fit with its default priors; pymc-marketing
compiles its model first, on a small sample, and that is told apart. With --laws every law of lifetimes is fitted and its
forecast compared with `later`. CPU seconds. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from importlib.metadata import version
from typing import Any

import numpy as np

warnings.filterwarnings("ignore")
SMALL = 2_000


def timed(work: Any) -> tuple[Any, float]:
    start = time.process_time()
    answer = work()
    return answer, round(time.process_time() - start, 4)


def with_lifetimes(columns: dict[str, np.ndarray], weeks: float) -> dict[str, Any]:
    import lifetimes

    x, t, T = columns["repeats"], columns["recency"], columns["age"]
    fitter = lifetimes.BetaGeoFitter(penalizer_coef=0.0)
    _, fit_s = timed(lambda: fitter.fit(x, t, T))
    said, score_s = timed(lambda: fitter.conditional_expected_number_of_purchases_up_to_time(weeks, x, t, T))
    return {
        "version": version("lifetimes"),
        "fit_s": fit_s,
        "score_s": score_s,
        "parameters": {name: float(value) for name, value in fitter.params_.items()},
        "not_numbers": int((~np.isfinite(np.asarray(said, float))).sum()),
    }


def with_pymc(columns: dict[str, np.ndarray], weeks: float) -> dict[str, Any]:
    import pandas
    from pymc_marketing.clv import BetaGeoModel

    names = {"repeats": "frequency", "recency": "recency", "age": "T"}
    table = pandas.DataFrame({theirs: columns[ours].astype(float) for ours, theirs in names.items()})
    table.insert(0, "customer_id", np.arange(len(table)))

    def fitted(data: Any) -> Any:
        model = BetaGeoModel(data=data)
        model.fit(method="map", progressbar=False)
        return model

    _, compile_s = timed(lambda: fitted(table.head(SMALL)))
    model, fit_s = timed(lambda: fitted(table))
    said, score_s = timed(lambda: model.expected_purchases(data=table, future_t=weeks))
    found = model.fit_result
    return {
        "version": version("pymc-marketing"),
        "first_fit_s": compile_s,
        "fit_s": fit_s,
        "score_s": score_s,
        "parameters": {name: float(np.asarray(found[name]).ravel()[0]) for name in ("r", "alpha", "a", "b")},
        "mean": float(np.asarray(said).mean()),
    }


def all_laws(columns: dict[str, np.ndarray], weeks: float) -> dict[str, Any]:
    import lifetimes

    x, t, T, later = (columns[name] for name in ("repeats", "recency", "age", "later"))
    found = {}
    for name in ("BetaGeoFitter", "ModifiedBetaGeoFitter", "ParetoNBDFitter"):
        try:
            fitter = getattr(lifetimes, name)(penalizer_coef=0.0)
            _, seconds = timed(lambda fitter=fitter: fitter.fit(x, t, T))
            said = np.asarray(fitter.conditional_expected_number_of_purchases_up_to_time(weeks, x, t, T), float)
        except Exception as error:
            found[name] = {"failed": repr(error)[:120]}
            continue
        said = np.where(np.isfinite(said), said, 0.0)
        found[name] = {
            "mae": float(np.abs(said - later).mean()),
            "rmse": float(np.sqrt(((said - later) ** 2).mean())),
            "correlation": float(np.corrcoef(said, later)[0, 1]),
            "bias": float(said.sum() / later.sum() - 1.0),
            "fit_s": seconds,
        }
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("histories")
    options.add_argument("weeks", type=float)
    options.add_argument("--laws", action="store_true")
    options.add_argument("--no-pymc", action="store_true")
    asked = options.parse_args()
    with np.load(asked.histories) as file:
        columns = {name: file[name] for name in file.files}
    found: dict[str, Any] = {"customers": len(columns["repeats"])}
    if asked.laws:
        found["laws"] = all_laws(columns, asked.weeks)
    else:
        found["lifetimes"] = with_lifetimes(columns, asked.weeks)
        if not asked.no_pymc:
            found["pymc_marketing"] = with_pymc(columns, asked.weeks)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
