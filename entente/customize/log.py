"""The decisions of a cycle as columns of the log, written by the hundred thousand: nothing here goes customer by customer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.customize.candidates import Buyers
from entente.customize.models import Decision
from entente.customize.pure.arbitration import NOTHING, Choices
from entente.customize.pure.plays import PLAYS, Settings
from entente.customize.pure.reasons import CODES, figures_of, reasons
from entente.customize.pure.suitability import Drop, Shortlist
from entente.differentiate.models import Cycle
from entente.warehouse.copy_in import Wire, coded, float_arrays, instants, jsonb, text_array, texts

NAMES = ("nothing", *(play.key for play in PLAYS))
WORDS = tuple(name.encode() for name in NAMES)
LOT_STEPS = 2**53  # a lot is a multiple of 1 / LOT_STEPS, and is kept whole

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Reach:
    """(n, plays): the best channel (place in the play's channels, -1 none), whether one is there, allowed soon, and when."""

    channel: NDArray[Any]
    reachable: NDArray[Any]
    allowed: NDArray[Any]
    opens: NDArray[Any]


def decision_columns(
    cycle: Cycle, everyone: Buyers, settings: Settings, short: Shortlist, choices: Choices, reach: Reach,
    held_out: NDArray[Any], rows: Ints,
) -> dict[str, Any]:  # fmt: skip
    """One decision for each of `rows`, (r,) customers of `everyone`, as columns of the table of decisions."""
    chosen = choices.chosen[rows]
    acts = chosen != NOTHING
    # In PLAYS. NOTHING is -1, the last of each of these: there may be no candidate at all.
    place, score = np.append(short.play, -1)[chosen], np.append(choices.score.round(4), 0.0)[chosen]
    channel = reach.channel[rows, place]
    kept_back = (short.drops[rows] == Drop.HELD_OUT).any(axis=1)
    pieces, offsets = _pieces(short.offsets, rows)

    def weighed(nothing: Any, of_candidates: NDArray[Any]) -> Wire:
        """`nothing` first, then the candidates of the same customer."""
        out = np.empty(offsets[-1])
        out[offsets[:-1]] = nothing
        out[_behind(offsets)] = of_candidates[pieces]
        return float_arrays(out, offsets)

    now = np.full(len(rows), datetime.now(UTC).timestamp())
    return {
        "cycle_id": np.full(len(rows), cycle.pk, np.int64),
        "customer_id": everyone.customers[rows].astype(np.int64),
        "as_of": np.full(len(rows), np.datetime64(cycle.as_of, "D")),
        "level": everyone.level[rows].astype(np.int16),
        "play": coded(WORDS, place + 1),
        "channel": _channels(place, channel),
        "purpose": coded([b"", *(play.purpose.encode() for play in PLAYS)], place + 1),
        "score": score,
        "propensity": choices.propensity[rows],
        "is_hold_out": held_out[rows].astype(np.bool_),
        "plays": _play_names(short, rows, pieces, offsets),
        "scores": weighed(0.0, choices.score.round(4)),
        "win_shares": weighed(choices.nothing_win[rows].round(6), choices.win.round(6)),
        "propensities": weighed(choices.nothing_chance[rows], choices.chance),
        "drops": _drops(short.drops[rows]),
        **_reasons(everyone, settings, short, chosen),
        "features_hash": _features_hash(everyone)[rows],
        "seed": (choices.lot[rows] * LOT_STEPS).astype(np.int64),
        "opens_at": instants(np.where(acts, reach.opens[rows, place], -1)),
        "decided_at": instants(now),
        "state": coded(
            [Decision.State.OPEN.encode(), Decision.State.NOTHING.encode(), Decision.State.HELD_OUT.encode()],
            np.where(acts, 0, np.where(kept_back, 2, 1)),
        ),
    }


def _pieces(offsets: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """The candidates of these customers one after the other, and where each customer's list begins with `nothing` before them."""
    count = offsets[rows + 1] - offsets[rows]
    ends = np.cumsum(count)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - count, count)
    return np.repeat(offsets[rows], count) + within, np.concatenate([[0], np.cumsum(count + 1)])


def _behind(offsets: Ints) -> NDArray[np.bool_]:
    """Every place but the first of each list."""
    found = np.ones(offsets[-1], np.bool_)
    found[offsets[:-1]] = False
    return found


def _play_names(short: Shortlist, rows: Ints, pieces: Ints, offsets: Ints) -> Wire:
    # Which plays, as bits; they stand in the order of PLAYS in every list.
    list_of = np.repeat(np.arange(len(rows)), np.diff(offsets) - 1)
    bits = np.zeros(len(rows), np.int64)
    np.bitwise_or.at(bits, list_of, np.int64(1) << short.play[pieces])
    distinct, code = np.unique(bits, return_inverse=True)
    return coded(
        [
            text_array([WORDS[0], *(WORDS[k + 1] for k in range(len(PLAYS)) if one >> k & 1)])
            for one in distinct.tolist()
        ],
        code,
    )


def _channels(place: Ints, channel: NDArray[Any]) -> Wire:
    words = [b""]
    first = []
    for play in PLAYS:
        first.append(len(words))
        words += [name.encode() for name in play.channels]
    return coded(words, np.where(place >= 0, np.array(first)[place] + channel, 0))


def _drops(drops: NDArray[np.uint8]) -> Wire:
    """The drops of each customer as JSON, but for plays that simply do not fit."""
    told = np.where(drops > Drop.SWITCHED_OFF, drops, 0).astype(np.int64)
    code = np.zeros(len(told), np.int64)
    for place in range(len(PLAYS)):
        code = code * len(Drop) + told[:, place]
    _, first, of_row = np.unique(code, return_index=True, return_inverse=True)
    words = [
        json.dumps({PLAYS[place].key: Drop(why).name.lower() for place, why in enumerate(row) if why})
        for row in told[first].tolist()
    ]
    return coded([jsonb(word) for word in words], of_row)


def _reasons(everyone: Buyers, settings: Settings, short: Shortlist, chosen: Ints) -> dict[str, Wire]:
    """The code and the figures of each sentence."""
    code = np.zeros(len(chosen), np.int64)
    figures = [jsonb("{}")] * len(chosen)
    named = {place: json.dumps(name) for place, name in everyone.product_names.items()}
    of_row = np.append(short.play, -1)[chosen]
    for play in range(len(PLAYS)):
        mine = np.flatnonzero(of_row == play)
        found = reasons(play, everyone.facts, settings, short.customer[chosen[mine]])
        code[mine] = found.code + 1
        for row, text in zip(mine.tolist(), figures_of(found, named), strict=True):
            figures[row] = jsonb(text)
    return {"reason": coded([WORDS[0], *(word.encode() for word in CODES)], code), "facts": texts(figures)}


def _features_hash(everyone: Buyers) -> NDArray[np.bytes_]:
    """Sixteen hex digits of what was known of each customer, to tell later whether two decisions saw the same."""
    facts = everyone.facts
    columns = (
        facts.level, facts.purchases, facts.first_order_days_ago, facts.last_order_days_ago, facts.usual_gap_days, facts.alive,
        facts.margin, facts.clv, facts.last_two_way_days, facts.complaint_open, facts.product, facts.product_score,
    )  # fmt: skip
    mixed = np.zeros(len(facts), np.uint64)
    for column in columns:
        mixed = (mixed ^ column.astype(np.float64).view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    halves = mixed.astype(">u8").view(np.uint8)
    return digits[np.stack([halves >> 4, halves & 15], axis=1)].reshape(-1, 16).view("S16").ravel()
