"""Why this play for this customer: a code, and the figures of a sentence a person would say.

A face looks the sentence up in SENTENCES, wraps it with gettext and fills the names in. `{product}` and `{because}`
are indices of products here; the verb puts names in their place. `{margin}` is an amount in the firm's currency.
Days are ISO dates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.customize.pure.facts import Codes, Facts, Floats
from entente.customize.pure.opportunities import longest_silence, silent_days
from entente.customize.pure.plays import (
    CROSS_SELL,
    PLAYS,
    QUIETLY_LEAVING,
    REORDER_DUE,
    SILENCE,
    THANK_TOP,
    WELCOME,
    WIN_BACK,
    Settings,
)

SENTENCES = {
    "welcome.first_order": "The first order came on {date}. Welcome them, and leave the numbers to ring.",
    "reorder_due.window": "Buys about every {gap} days. The next order is expected between {date} and {until}.",
    "reorder_due.late": (
        "Bought every {gap} days, {times} times running. "
        "The next order was expected around {date}; it is {late} days late."
    ),
    "reorder_due.late_once": "Came back after {gap} days once. The next order was expected around {date}.",
    "cross_sell.because": "Has bought {because}. Customers who did often buy {product} too, and this one never has.",
    "cross_sell.alone": "Customers like this one often buy {product}, and this one never has.",
    "thank_top.never": "One of the best customers, {times} orders so far, and never thanked for it.",
    "thank_top.again": "One of the best customers, {times} orders so far. Last thanked on {date}.",
    "quietly_leaving.overdue": "Bought every {gap} days, and now nothing for {silent} days. Ask before they are gone.",
    "quietly_leaving.fading": (
        "Nothing for {silent} days. Of 100 customers with this history, {alive} are still customers. "
        "Ask before they are gone."
    ),
    "win_back.inactive": "Bought {times} times, earning about {margin} each time, and nothing since {date}.",
    "silence.long": "Last spoke on {date}, {silent} days ago; for a customer of this level {limit} is the most.",
    "silence.never": "A customer for {silent} days, and nobody has ever spoken with them.",
}
CODES = tuple(SENTENCES)


@dataclass(frozen=True, slots=True)
class Reasons:
    """(r,) places in CODES, and (r,) columns by name; NaN or NaT where a sentence does not use it."""

    code: NDArray[np.int16]
    columns: dict[str, NDArray[Any]]


def figures_of(found: Reasons, names: Mapping[int, str]) -> list[str]:
    """The figures each sentence uses, as JSON.

    names: what stands for the index of a product, in JSON already; "?" for who is not among them.
    """
    out = [""] * len(found.code)
    for number in np.unique(found.code).tolist():
        rows = np.flatnonzero(found.code == number)
        used = [name for name in found.columns if "{" + name + "}" in SENTENCES[CODES[number]]]
        words = [
            [names.get(int(k), '"?"') for k in found.columns[name][rows].tolist()]
            if name in ("product", "because")
            else _json(found.columns[name][rows])
            for name in used
        ]
        form = "{" + ", ".join(f'"{name}": %s' for name in used) + "}"
        for row, told in zip(rows.tolist(), zip(*words, strict=True), strict=True):
            out[row] = form % told
    return out


def sentence(code: str, figures: dict[str, Any]) -> str:
    """The English sentence of a reason."""
    return SENTENCES[code].format_map(figures)


def reasons(play: int, facts: Facts, settings: Settings, rows: NDArray[np.integer]) -> Reasons:
    """Why the play fits these customers.

    play: place in PLAYS. rows: (r,) rows of the facts for which the play fits.
    """
    gap, silent = _days(facts.usual_gap_days[rows]), _days(facts.last_order_days_ago[rows])
    times = facts.purchases[rows].astype(np.int64)
    if play == WELCOME:
        return _all("welcome.first_order", rows, date=_ago(facts, facts.first_order_days_ago[rows]))
    if play == REORDER_DUE:
        late = -facts.next_median_days[rows]
        # One or two days after the middle of the window nobody would say late.
        code = np.where(late < 3, _at("reorder_due.window"), _at("reorder_due.late"))
        code = np.where((late >= 3) & (times < 3), _at("reorder_due.late_once"), code)
        date = np.where(late < 3, _ago(facts, -facts.next_from_days[rows]), _ago(facts, late))
        until = _ago(facts, -facts.next_until_days[rows])
        gap = np.where(np.isnan(gap), _days(_mean_gap(facts, rows)), gap)
        return Reasons(
            code.astype(np.int16), {"gap": gap, "date": date, "until": until, "times": times - 1, "late": _days(late)}
        )
    if play == CROSS_SELL:
        because = facts.because[rows]
        code = np.where(because >= 0, _at("cross_sell.because"), _at("cross_sell.alone"))
        return Reasons(code.astype(np.int16), {"product": facts.product[rows], "because": because})
    if play == THANK_TOP:
        before = facts.last_done_days[rows, THANK_TOP]
        code = np.where(np.isnan(before), _at("thank_top.never"), _at("thank_top.again"))
        return Reasons(code.astype(np.int16), {"times": times, "date": _ago(facts, before)})
    if play == QUIETLY_LEAVING:
        overdue = facts.last_order_days_ago[rows] >= settings.quietly_leaving.overdue * facts.usual_gap_days[rows]
        code = np.where(overdue, _at("quietly_leaving.overdue"), _at("quietly_leaving.fading"))
        alive = np.rint(100 * facts.alive[rows]).astype(np.int64)
        return Reasons(code.astype(np.int16), {"gap": gap, "silent": silent, "alive": alive})
    if play == WIN_BACK:
        date = _ago(facts, facts.last_order_days_ago[rows])
        return _all("win_back.inactive", rows, times=times, margin=facts.margin[rows].round(2), date=date)
    if play == SILENCE:
        spoken = facts.last_two_way_days[rows]
        code = np.where(np.isnan(spoken), _at("silence.never"), _at("silence.long"))
        columns = {"date": _ago(facts, spoken), "silent": _days(silent_days(facts)[rows])}
        return Reasons(code.astype(np.int16), {**columns, "limit": _days(longest_silence(facts, settings)[rows])})
    raise IndexError(f"There are {len(PLAYS)} plays; {play} is none of them.")


def _all(code: str, rows: NDArray[np.integer], **columns: NDArray[Any]) -> Reasons:
    return Reasons(np.full(len(rows), _at(code), np.int16), columns)


def _at(code: str) -> int:
    return CODES.index(code)


def _days(values: Floats) -> Floats:
    return np.rint(values)


def _ago(facts: Facts, days: Floats) -> NDArray[np.datetime64]:
    """The day so many days before as_of; NaT for NaN."""
    known = np.isfinite(days)
    whole = np.rint(np.where(known, days, 0.0)).astype(np.int64).astype("timedelta64[D]")
    return np.where(known, facts.as_of.astype("datetime64[D]") - whole, np.datetime64("NaT", "D"))


def _mean_gap(facts: Facts, rows: Codes) -> Floats:
    span = facts.first_order_days_ago[rows] - facts.last_order_days_ago[rows]
    found: Floats = span / np.maximum(facts.purchases[rows] - 1, 1)
    return found


def _json(values: NDArray[Any]) -> list[str]:
    """Days in quotes, whole numbers without a point."""
    if values.dtype.kind == "M":
        return [f'"{day}"' for day in np.datetime_as_string(values, "D").tolist()]
    return [str(int(k)) if k == int(k) else repr(k) for k in values.astype(np.float64).tolist()]
