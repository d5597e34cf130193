"""Consent: an append-only list of events. The latest wins; at the same instant a withdrawal wins.

Two records that turn out to be one person keep all events of both. So a merge never revives a withdrawal: only a grant
given after it does.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from entente.interact.pure.clocks import Ints
from entente.interact.pure.people import ConsentEvent
from entente.interact.pure.purposes import STRENGTH, Channel, Purpose


class Consent(IntEnum):
    NONE = 0
    GRANTED = 1
    WITHDRAWN = 2


# "Write to me no more" speaks of what we choose to send, not of what we owe; those need a withdrawal by name.
NAMED_ONLY = frozenset({Purpose.EMERGENCY, Purpose.LEGAL, Purpose.TRANSACTIONAL, Purpose.SERVICE})


def speaks_of(event: ConsentEvent, purpose: Purpose, channel: Channel) -> bool:
    """Is this event about such a message? One without a purpose is about all that are not owed."""
    about = event.purpose == purpose or (event.purpose is None and purpose not in NAMED_ONLY)
    return about and event.channel in (None, channel)


def standing(events: Iterable[ConsentEvent], purpose: Purpose, channel: Channel, as_of: datetime) -> Consent:
    """What one person's events come to at `as_of`; later events are not known yet."""
    relevant = [event for event in events if event.at <= as_of and speaks_of(event, purpose, channel)]
    if not relevant:
        return Consent.NONE
    latest = max(event.at for event in relevant)
    final = [event for event in relevant if event.at == latest]
    return Consent.GRANTED if all(event.granted for event in final) else Consent.WITHDRAWN


def standings(rows: Ints, at: Ints, granted: NDArray[np.bool_], people: int) -> NDArray[np.int8]:
    """The same for many people at once.

    rows, at, granted: (n,) relevant events: whose, when (any integer scale), granted or withdrawn.

    Returns (people,) codes of Consent.
    """
    result = np.zeros(people, dtype=np.int8)
    # Sorted so that the event that decides comes last for its person: latest, and a withdrawal after a grant.
    order = np.lexsort((~granted, at, rows))
    owner = rows[order]
    final = order[np.append(owner[1:] != owner[:-1], True)] if len(order) else order
    result[rows[final]] = np.where(granted[final], Consent.GRANTED, Consent.WITHDRAWN)
    return result


def merged(*lists: Iterable[ConsentEvent]) -> tuple[ConsentEvent, ...]:
    """The events of one person made of several records: all of them, each once, by time."""
    everything = {event for events in lists for event in events}
    return tuple(
        sorted(
            everything,
            key=lambda event: (
                event.at,
                event.granted,
                -1 if event.purpose is None else STRENGTH[event.purpose],
                event.channel or "",
            ),
        )
    )
