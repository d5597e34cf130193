"""The permanent hold-out: a small share of customers who, for a year, get nothing that was meant to persuade them.

What the rest gained over them is what the firm's efforts were worth. It is drawn by lot from the customer's
permanent id, the firm's salt and the year, so it can be computed anywhere, never has to be stored to stay the same,
and starts afresh each year.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entente.learn.pure.lots import lots
from entente.lib.errors import EntenteError

DEFAULT_SHARE = 0.05  # a starting guess, a setting

# What a person is owed whatever we wish to learn.
NEVER_WITHHELD = frozenset({"emergency", "legal", "transactional", "service"})
PURPOSES = ("emergency", "legal", "transactional", "service", "relationship", "marketing", "survey")


class ImpossibleShare(EntenteError):
    """The share of customers held out is not a share."""


class UnknownPurpose(EntenteError):
    """A message has a purpose nobody has defined."""


def held_out(customer_ids: ArrayLike, *, salt: str, year: int, share: float = DEFAULT_SHARE) -> NDArray[np.bool_]:
    """Who is held out in this year?

    customer_ids: (n,) or scalar, permanent ids of customers, whole numbers.
    salt: the firm's own word, chosen once; another salt gives another hold-out.
    year: the calendar year of the date for which is decided.
    share: of all customers, in [0, 1]. A larger share holds out the same customers and more.

    Returns (n,) or () of bool.
    Raises ImpossibleShare, ImpossibleId.
    """
    if not 0.0 <= share <= 1.0:  # also refuses NaN
        raise ImpossibleShare(
            f"The hold-out's share is {share}; give a number from 0 to 1, such as 0.05 for one in twenty."
        )
    return np.asarray(lots(customer_ids, "hold-out", salt, str(int(year))) < share)


def may_be_withheld(purpose: str) -> bool:
    """May a contact with this purpose be kept from the hold-out?"""
    if purpose not in PURPOSES:
        raise UnknownPurpose(f"No purpose is called {purpose!r}; it is one of {', '.join(PURPOSES)}.")
    return purpose not in NEVER_WITHHELD
