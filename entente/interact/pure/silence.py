"""The longest silence (maximum gap): when we have been quiet for too long, and when somebody senior should know.

A limit G for each level; only a two-way contact ends a silence, for a mailing nobody answered is not a conversation.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entente.interact.pure.clocks import DAY, Ints

NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Silence:
    """days: whole days since the last two-way contact, or since the customer became known if there never was one; None
    if neither is known. limit: G of the level, None without. due: longer than G. escalate: longer than 1.5 G."""

    days: int | None
    limit: int | None
    due: bool
    escalate: bool
    never: bool = False


def silences(
    last: Ints, since: Ints, limit: Ints, as_of: int, escalate_at: float = 1.5
) -> tuple[Ints, NDArray[np.bool_], NDArray[np.bool_]]:
    """last: (n,) instants of the last two-way contact, NEVER if there was none. since: (n,) when known, or NEVER.
    limit: (n,) G in days, 0 for none. as_of: the instant of asking; instants after it do not count.

    Returns (days, due, escalate), (n,) each; days is -1 where nothing is known. Due means strictly older than G.
    """
    begin = np.where((last != NEVER) & (last <= as_of), last, since)
    known = (begin != NEVER) & (begin <= as_of)
    elapsed = np.where(known, as_of - np.where(known, begin, as_of), -1)
    due = known & (limit > 0) & (elapsed > limit * DAY)
    escalate = due & (elapsed > limit * DAY * escalate_at)
    return np.where(known, elapsed // DAY, -1), due, escalate
