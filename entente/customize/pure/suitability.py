"""Who is a candidate for what, and why everyone else is not.

Eligibility, applicability, suitability, contact rules, hold-out: in that order, and the first that says no is recorded.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from entente.customize.pure.facts import Bools, Facts, Floats, ImpossibleFact, check
from entente.customize.pure.opportunities import LAWS
from entente.customize.pure.plays import PLAYS, Settings
from entente.differentiate.pure.stages import Stage

Ints = NDArray[np.int64]


class Drop(IntEnum):
    """Why a play is not a candidate. The numbers are stored; new ones are added at the end."""

    KEPT = 0
    NOT_ELIGIBLE = 1
    UNKNOWN = 2
    SWITCHED_OFF = 3
    DONE_RECENTLY = 4
    PUT_OFF = 5
    NO_CHANNEL = 6
    COMPLAINT_OPEN = 7
    DETRACTOR = 8
    CONTACT_RULES = 9
    HELD_OUT = 10


DROP_TEXT = {
    Drop.KEPT: "a candidate",
    Drop.NOT_ELIGIBLE: "the play does not fit this customer now",
    Drop.UNKNOWN: "too little is known to tell whether it fits",
    Drop.SWITCHED_OFF: "the play is switched off",
    Drop.DONE_RECENTLY: "it was done not long ago",
    Drop.PUT_OFF: "somebody put it off or said why not",
    Drop.NO_CHANNEL: "there is no way to reach this customer that the play can use",
    Drop.COMPLAINT_OPEN: "a complaint is open; only service and recovery now",
    Drop.DETRACTOR: "a bad rating came in lately; only service and recovery now",
    Drop.CONTACT_RULES: "the contact rules do not allow it",
    Drop.HELD_OUT: "the customer is in this year's hold-out",
}


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Who might get what: long columns sorted by customer, then in the order of PLAYS, and the drops of all others.

    offsets: (n + 1,). customer, play: (k,) rows of the facts and places in PLAYS. margin, clv, cost, epsilon: (k,).
    drops: (n, plays) of Drop.
    """

    offsets: Ints
    customer: Ints
    play: Ints
    margin: Floats
    clv: Floats
    cost: Floats
    epsilon: Floats
    drops: NDArray[np.uint8]


def shortlist(
    facts: Facts,
    settings: Settings,
    *,
    reachable: Bools | None = None,
    allowed: Bools | None = None,
    held_out: Bools | None = None,
) -> Shortlist:
    """Ask every play about every customer.

    reachable: (n, plays) the customer has a channel that the play can use; everyone when not given.
    allowed: (n, plays) the contact rules allow the play, now or soon; everything when not given.
    held_out: (n,) in the hold-out; nobody when not given. Keeps only plays that may not be withheld.
    Raises ImpossibleFact, naming the row.
    """
    check(facts, len(PLAYS))
    n = len(facts)
    _same_shape("reachable", reachable, (n, len(PLAYS)))
    _same_shape("allowed", allowed, (n, len(PLAYS)))
    _same_shape("held_out", held_out, (n,))
    drops = np.zeros((n, len(PLAYS)), np.uint8)
    margin, clv = np.empty((n, len(PLAYS))), np.empty((n, len(PLAYS)))
    for place in range(len(PLAYS)):
        found = LAWS[place](facts, settings)
        margin[:, place], clv[:, place] = found.margin, found.clv
        _drop(drops, place, ~found.fits & ~found.unknown, Drop.NOT_ELIGIBLE)
        _drop(drops, place, ~np.isin(facts.stage, [*PLAYS[place].stages, Stage.PROBLEM]), Drop.NOT_ELIGIBLE)
        _drop(drops, place, found.unknown & ~found.fits, Drop.UNKNOWN)
        _filter(drops, place, facts, settings, reachable, allowed, held_out)
    customer, play = np.nonzero(drops == Drop.KEPT)
    offsets = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(customer, minlength=n), out=offsets[1:])
    cost = np.array([settings.of(place).cost for place in range(len(PLAYS))])
    epsilon = np.array([one.epsilon for one in PLAYS])
    return Shortlist(
        offsets, customer, play, margin[customer, play], clv[customer, play], cost[play], epsilon[play], drops
    )


def _filter(
    drops: NDArray[np.uint8],
    place: int,
    facts: Facts,
    settings: Settings,
    reachable: Bools | None,
    allowed: Bools | None,
    held_out: Bools | None,
) -> None:
    play, own = PLAYS[place], settings.of(place)
    if not own.on:
        _drop(drops, place, np.ones(len(facts), np.bool_), Drop.SWITCHED_OFF)
    _drop(
        drops, place, facts.last_done_days[:, place] < own.rest_days, Drop.DONE_RECENTLY
    )  # NaN, never done, is not less
    _drop(drops, place, facts.not_before_days[:, place] > 0, Drop.PUT_OFF)
    if reachable is not None:
        _drop(drops, place, ~reachable[:, place], Drop.NO_CHANNEL)
    if not play.soothing:
        _drop(drops, place, facts.complaint_open, Drop.COMPLAINT_OPEN)
        _drop(drops, place, facts.detractor_days <= settings.detractor_days, Drop.DETRACTOR)
    if allowed is not None:
        _drop(drops, place, ~allowed[:, place], Drop.CONTACT_RULES)
    if held_out is not None and play.withheld:
        _drop(drops, place, held_out, Drop.HELD_OUT)


def _drop(drops: NDArray[np.uint8], place: int, whom: Bools, why: Drop) -> None:
    column = drops[:, place]
    column[whom & (column == Drop.KEPT)] = why


def _same_shape(name: str, given: Bools | None, wanted: tuple[int, ...]) -> None:
    if given is not None and (given.shape != wanted or given.dtype != np.bool_):
        raise ImpossibleFact(f"{name} has the shape {given.shape} of {given.dtype}; {wanted} of yes and no is wanted.")
