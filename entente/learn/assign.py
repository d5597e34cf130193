"""Who is held out: a permanent share of customers who get nothing meant to persuade, so that the effect of the rest can be proved."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from entente.learn.pure.holdout import DEFAULT_SHARE, held_out
from entente.staff.settings import put_setting, setting


def hold_out(customers: np.ndarray[Any, Any], *, year: int) -> np.ndarray[Any, Any]:
    """(n,) bool: who is in this year's hold-out, by the firm's own salt and share."""
    own = own_terms()
    return np.asarray(held_out(customers, salt=own["salt"], year=year, share=own["share"]))


def own_terms() -> dict[str, Any]:
    """Salt and share. The salt is drawn once, when it is first needed, and never again: another would be another experiment."""
    own = setting("hold_out")
    if "salt" not in own:
        own = {"share": DEFAULT_SHARE, **own, "salt": secrets.token_hex(8)}
        put_setting("hold_out", own, by=None)
    return own
