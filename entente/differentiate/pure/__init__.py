"""What each customer is worth, and what each needs: laws as functions of arrays, and as estimators for notebooks.

`from entente.differentiate.pure import MBGCNBD` loads the estimators; importing a law loads that law alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from entente.differentiate.pure.contract_estimators import BetaGeometricBetaBernoulli, ShiftedBetaGeometric
    from entente.differentiate.pure.estimators import (
        BGNBD,
        MBGCNBD,
        MBGNBD,
        Automatic,
        FreeMixture,
        GammaGamma,
        LifetimeValue,
        ParetoNBD,
    )
    from entente.differentiate.pure.order_columns import summaries

__all__ = [
    "BGNBD",
    "MBGCNBD",
    "MBGNBD",
    "Automatic",
    "BetaGeometricBetaBernoulli",
    "FreeMixture",
    "GammaGamma",
    "LifetimeValue",
    "ParetoNBD",
    "ShiftedBetaGeometric",
    "summaries",
]

_ELSEWHERE: Final = {
    "BetaGeometricBetaBernoulli": "contract_estimators",
    "ShiftedBetaGeometric": "contract_estimators",
    "summaries": "order_columns",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ELSEWHERE.get(name, 'estimators')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
