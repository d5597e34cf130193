"""How much is known of the customers, and which question is most worth asking next.

Completeness is a plain ratio (Pipino, Lee & Wang, Data Quality Assessment, 2002). Freshness is the chance that what was said still holds,
with an exponential shelf life (Heinrich, Kaiser & Klier, How to Measure Data Quality?, 2007). A question is worth what knowing the answer
may change, times the chance of getting it, less what asking costs (Howard, Information Value Theory, 1966), with the customer's own
lifetime value as the stake (Even, Shankaranarayanan & Berger, Inequality in the Utility of Customer Data, 2010).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.asking_terms import AGEING, WAYS, Terms, Way
from entente.lib.errors import EntenteError

LEVELS: Final = 7

# What carries a message: the field that has to be known for each.
CARRIED_BY: Final = {"phone": "phone", "email": "email", "letter": "address"}
CHANNELS: Final = tuple(CARRIED_BY)
PURPOSES: Final = ("service", "relationship", "marketing")
# The purposes whose contacts are ours to choose: what being reachable for them is worth is what reach is worth.
CHOSEN: Final = [PURPOSES.index("relationship"), PURPOSES.index("marketing")]

CONSENTS: Final = {f"consent_{channel}": channel for channel in CHANNELS}
FIELDS: Final = (
    *("name", "kind", "phone", "email", "address", "language", "segment", "born_on", "tax_id"),
    *CONSENTS,
    "wishes",
)
# Over which channel each way of asking goes; the last needs none.
CHANNEL_OF_WAY: Final = dict(zip(WAYS, (*CHANNELS, None), strict=True))
NOBODY: Final = -1

Codes = npt.NDArray[np.int8]


class ImpossibleKnowledge(EntenteError):
    """Columns that differ in length, or ages before anything was said."""


@dataclass(frozen=True, eq=False)
class Rules:
    """What the contact rules make of n customers, whatever addresses are known.

    open: (channels, purposes, n) a message may go, at some hour. lacks_consent: the same shape, it might if they agreed, and nobody has
    asked them. asked: (channels, n) they have said yes or no to marketing. wishes: (n,) they have said how they wish to be contacted.
    """

    open: Bools
    lacks_consent: Bools
    asked: Bools
    wishes: Bools


@dataclass(frozen=True, eq=False)
class Known:
    """n customers. level: (n,) 1 to 7. value: (n,) lifetime value, money. has_bought: (n,). held_out: (n,) left alone, to prove what
    the rest is worth.

    applies, known: (n,) of each field of FIELDS: does it make sense of them, and do they show it. age: (n,) of each field of AGEING,
    days since anybody last said or confirmed it; read only where known.
    """

    level: Ints
    value: Floats
    has_bought: Bools
    held_out: Bools
    applies: Mapping[str, Bools]
    known: Mapping[str, Bools]
    age: Mapping[str, Floats]
    rules: Rules

    @property
    def present(self) -> Bools:
        """(channels, n): is there anything to send a message to?"""
        return np.stack([self.known[field] for field in CARRIED_BY.values()])


@dataclass(frozen=True, eq=False)
class Counted:
    """(groups,) each. of: whom it is asked of. known: of how many the answer is yes. fresh: how many of these are expected to hold
    still; None for what does not age."""

    of: Ints
    known: Ints
    fresh: Floats | None = None


@dataclass(frozen=True, eq=False)
class Collected:
    """What is worth collecting. worth, asks: (fields, levels + 1) money expected and number of customers worth asking, by level.

    field, way: (n,) places in FIELDS and WAYS of each customer's best question, NOBODY where none is worth asking; gain: (n,) money.
    """

    worth: Floats
    asks: Ints
    field: Codes
    way: Codes
    gain: Floats


def still_right(age: Floats, half_life: float) -> Floats:
    """The chance that what was said `age` days ago still holds: a half after one half-life, a quarter after two.

    age: (n,) days, at least 0. half_life: days, above 0. Returns (n,) shares.
    Raises ImpossibleKnowledge for a negative age or a half-life that is not above 0.
    """
    if not half_life > 0.0 or (len(age) and not float(np.min(age)) >= 0.0):
        raise ImpossibleKnowledge("Ages are at least 0 days and a half-life is above 0.")
    return np.asarray(np.exp2(-np.asarray(age, np.float64) / half_life))


def counted(group: Ints, groups: int, applies: Bools, known: Bools, right: Floats | None = None) -> Counted:
    """Count by group. group: (n,) from 0 to groups - 1. right: (n,) chance that it still holds, read where known.

    Every row stands in one group: groups add up to the whole, whatever the order of the rows.
    """
    if not len(group) == len(applies) == len(known):
        raise ImpossibleKnowledge("The columns differ in length: give one entry per customer in each.")
    shown = applies & known
    fresh = None if right is None else np.bincount(group[shown], right[shown], groups).astype(np.float64)
    return Counted(
        np.bincount(group[applies], minlength=groups), np.bincount(group[shown], minlength=groups), fresh
    )  # fmt: skip


def reachable(known: Known, purpose: str) -> Bools:
    """(n,) is at least one channel there and open for this purpose?"""
    return np.asarray((known.present & known.rules.open[:, PURPOSES.index(purpose)]).any(axis=0))


def collect(known: Known, terms: Terms) -> Collected:
    """What is each unknown or aged field worth, who should be asked what next, and how.

    A question is asked in the way that leaves most. Of one customer one question is asked at a time: the best.
    """
    n = len(known.value)
    worth, asks = np.zeros((len(FIELDS), LEVELS + 1)), np.zeros((len(FIELDS), LEVELS + 1), np.int64)
    field, best, at_stake = np.full(n, NOBODY, np.int8), np.zeros(n), np.zeros(n)
    value, ways = np.maximum(known.value, 0.0), _ways_open(known)
    for place, (name, share) in enumerate(_shares_at_stake(known, terms)):
        stake = value * share
        gain = np.zeros(n)
        for way in _ways_for(name):
            np.maximum(gain, _left(stake, ways[way], terms.ways[way]), out=gain)
        worth[place] = np.bincount(known.level, weights=gain, minlength=LEVELS + 1)
        asks[place] = np.bincount(known.level, weights=gain > 0.0, minlength=LEVELS + 1)
        better = gain > best
        np.copyto(field, place, where=better)
        np.copyto(at_stake, stake, where=better)
        np.maximum(best, gain, out=best)
    return Collected(worth, asks, field, _best_ways(field, at_stake, ways, terms), best)


def first(collected: Collected, customers: Ints, most: int) -> Ints:
    """Places of the customers to ask first: the best question first, the lower number where two are worth the same."""
    rows = np.flatnonzero(collected.gain > 0.0)
    if len(rows) > most:
        # All that are worth as much as the last one in stay until the numbers decide.
        least = np.partition(collected.gain[rows], -most)[-most]
        rows = rows[collected.gain[rows] >= least]
    return np.asarray(rows[np.lexsort((customers[rows], -collected.gain[rows]))][:most])


def _shares_at_stake(known: Known, terms: Terms) -> Iterable[tuple[str, Floats]]:
    """(field, (n,) share of the lifetime value that a right answer is expected to move) in the order of FIELDS."""
    chosen = known.rules.open[:, CHOSEN]
    usable = known.present[:, np.newaxis] & chosen
    open_now = usable.sum(axis=0, dtype=np.int8)
    # With k channels open, 1 - 2**-k of what hangs on speaking with them is safe: each further channel adds half as much as the last.
    adds = terms.speaking / len(CHOSEN) * np.exp2(-np.arange(1.0, len(CHANNELS) + 2.0))
    for name in FIELDS:
        if name in CARRIED_BY.values():
            channel = tuple(CARRIED_BY.values()).index(name)
            share = (chosen[channel] * adds[open_now - usable[channel]]).sum(axis=0) * _unsure(known, terms, name)
        elif name in CONSENTS:
            channel = CHANNELS.index(CONSENTS[name])
            share = (known.rules.lacks_consent[channel, CHOSEN] * adds[open_now]).sum(axis=0) * known.present[channel]
        else:
            share = terms.moves.get(name, 0.0) * _unsure(known, terms, name)
        yield name, share * known.applies[name]


def _unsure(known: Known, terms: Terms, name: str) -> Floats:
    """(n,) the chance that nothing right is known: 1 where nothing is."""
    shown = known.known[name]
    if name not in AGEING:
        return np.asarray(~shown, np.float64)
    unsure = np.ones(len(shown))
    unsure[shown] -= still_right(known.age[name][shown], terms.half_life(name))
    return unsure


def _ways_open(known: Known) -> dict[str, Bools]:
    """(n,) of each way of asking. To ask is a contact of the relationship, and none for those held out; whoever buys can be asked with the
    next order, when they come to us."""
    over = known.present & known.rules.open[:, PURPOSES.index("relationship")] & ~known.held_out
    return {
        way: known.has_bought if channel is None else over[CHANNELS.index(channel)]
        for way, channel in CHANNEL_OF_WAY.items()
    }


def _ways_for(name: str) -> Iterable[str]:
    """How a field may be asked for: consent not over the channel it is about, for a message there is what they have not agreed to."""
    return [way for way in WAYS if CHANNEL_OF_WAY[way] is None or CHANNEL_OF_WAY[way] != CONSENTS.get(name)]


def _left(stake: Floats, is_open: Bools, way: Way) -> Floats:
    """(n,) what asking so is expected to leave; nothing where they cannot be asked so."""
    return (way.answer * stake - way.cost) * is_open


def _best_ways(field: Codes, stake: Floats, ways: Mapping[str, Bools], terms: Terms) -> Codes:
    """(n,) the place of the way that leaves most of each best question, NOBODY without one."""
    by = np.full(len(field), NOBODY, np.int8)
    for place in range(len(FIELDS)):
        rows = np.flatnonzero(field == place)
        own = _ways_for(FIELDS[place])
        if len(rows):
            left = np.stack([_left(stake[rows], ways[way][rows], terms.ways[way]) for way in own])
            by[rows] = np.array([WAYS.index(way) for way in own])[left.argmax(axis=0)]
    return by
