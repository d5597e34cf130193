"""What to do next for each customer: candidates, filters, money, a draw, and a row that tells all of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection, transaction

from entente.customize.candidates import Buyers, buyers
from entente.customize.models import Answer, Decision, Outcome
from entente.customize.outcomes import measure_outcomes, seen_outcomes
from entente.customize.pure.arbitration import NOTHING, Choices, arbitrate
from entente.customize.pure.facts import LEVELS
from entente.customize.pure.fatigue import fatigue
from entente.customize.pure.plays import PLAYS, Settings
from entente.customize.pure.reasons import reasons
from entente.customize.pure.response import believe
from entente.customize.pure.suitability import Drop, Shortlist, shortlist
from entente.customize.pure.weighing import beliefs, candidates, guesses
from entente.differentiate.facts import Facts
from entente.differentiate.models import Cycle
from entente.interact.allow import contact_policy, first_openings, load_batch
from entente.learn.assign import hold_out
from entente.staff.models import Firm
from entente.staff.settings import setting
from entente.warehouse.copy_in import copy_field, copy_text

LAW = "1"
SALT = "entente decisions"
SEED = 20_210_711
# A step that cannot be taken within so many days is not offered; tomorrow decides anew.
SOON = timedelta(days=7)

Progress = Callable[[str, float, float | None], None]
NAMES = ("nothing", *(play.key for play in PLAYS))


@dataclass(frozen=True)
class Reach:
    """(n, plays): the best channel (place in the play's channels, -1 none), whether one is there, allowed soon, and when."""

    channel: np.ndarray[Any, Any]
    reachable: np.ndarray[Any, Any]
    allowed: np.ndarray[Any, Any]
    opens: np.ndarray[Any, Any]


def decide(cycle: Cycle, facts: Facts, firm: Firm, *, progress: Progress) -> dict[str, Any]:
    """Decide for everyone who ever bought; write the cycle's decisions. Safe to run again: answered decisions stay as they are.

    Returns how many customers were looked at, how many steps were chosen and how many customers are held out.
    """
    settings = Settings.from_dict(setting("plays"))
    everyone = buyers(cycle, facts, cross_sell_days=settings.cross_sell.within_days, progress=progress)
    measured = measure_outcomes(cycle, facts)
    if not len(facts.contacts["customer_id"]):
        # No contact of anybody is on record: that nobody was spoken to is a gap in the data, not a silence.
        settings = replace(settings, silence=replace(settings.silence, on=False))
    held_out = hold_out(everyone.customers, year=cycle.as_of.year)
    progress("Asking the contact rules", 0, None)
    reach = _reach(everyone, shortlist(everyone.facts, settings), decision_instant(cycle.as_of, firm), progress)
    short = shortlist(everyone.facts, settings, reachable=reach.reachable, allowed=reach.allowed, held_out=held_out)
    progress("Weighing the candidates", 0, None)
    posterior = believe(seen_outcomes(cycle.as_of), guesses(settings), np.random.default_rng(SEED))
    pressure = fatigue(everyone.facts.clv, everyone.contacts_month.astype(np.float64))
    choices = arbitrate(
        candidates(short, everyone.facts.level, LEVELS, fatigue=pressure), beliefs(posterior), everyone.customers,
        as_of=cycle.as_of.isoformat(), salt=SALT,
    )  # fmt: skip
    progress("Writing decisions", 0, None)
    with transaction.atomic():
        written = _write(cycle, everyone, settings, short, choices, reach, held_out)
    return {"customers": len(everyone.customers), "held_out": int(held_out.sum()), "measured": measured, **written}


def decision_instant(as_of: date, firm: Firm) -> datetime:
    """The morning after: the first moment somebody could act on it."""
    return datetime.combine(as_of + timedelta(days=1), time(8), ZoneInfo(firm.zone))


def _reach(everyone: Buyers, fitting: Shortlist, at: datetime, progress: Progress) -> Reach:
    """Try each fitting play's channels in the order preferred; the first that may be used soon is taken."""
    n = len(everyone.customers)
    shape = (n, len(PLAYS))
    reach = Reach(
        np.full(shape, -1, np.int8), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_), np.full(shape, -1, np.int64)
    )
    # Of some customers no address of any kind came with the orders. The firm has it elsewhere: any channel may be tried.
    unknown = ~(everyone.has_phone | everyone.has_email | everyone.has_address)
    has = {
        "phone": everyone.has_phone | unknown, "email": everyone.has_email | unknown, "letter": everyone.has_address | unknown
    }  # fmt: skip
    ask = _Openings(everyone, fitting, at, progress)
    latest = int((at + SOON).timestamp())
    for place, play in enumerate(PLAYS):
        rows = fitting.customer[fitting.play == place]
        for number, channel in enumerate(play.channels):
            if channel not in has:
                continue
            open_to = rows[has[channel][rows] & (reach.channel[rows, place] < 0)]
            reach.reachable[open_to, place] = True
            opens = ask.opens(channel, play.purpose, open_to)
            soon = (opens >= 0) & (opens <= latest)
            reach.channel[open_to[soon], place] = number
            reach.allowed[open_to[soon], place] = True
            reach.opens[open_to[soon], place] = opens[soon]
    return reach


class _Openings:
    """Answers of the contact rules, each question asked once for everybody whom a play with its purpose fits."""

    def __init__(self, everyone: Buyers, fitting: Shortlist, at: datetime, progress: Progress) -> None:
        self.fitting, self.at, self.progress = fitting, at, progress
        self.rows = np.unique(fitting.customer)
        self.policy = contact_policy()
        self.columns = load_batch(everyone.customers[self.rows], everyone.level[self.rows], at=at)
        self.known: dict[tuple[str, str], np.ndarray[Any, Any]] = {}

    def opens(self, channel: str, purpose: str, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """(len(rows),) seconds since 1970, -1 for never."""
        if (channel, purpose) not in self.known:
            places = [place for place, play in enumerate(PLAYS) if play.purpose == purpose]
            fits = np.unique(self.fitting.customer[np.isin(self.fitting.play, places)])
            asked = np.searchsorted(self.rows, fits)
            found = np.full(len(self.rows), -1, np.int64)
            found[asked] = first_openings(
                self.columns, asked, channel=channel, purpose=purpose, at=self.at, policy=self.policy
            )
            self.known[channel, purpose] = found
            self.progress("Asking the contact rules", len(self.known), None)
        return self.known[channel, purpose][np.searchsorted(self.rows, rows)]


def _write(
    cycle: Cycle, everyone: Buyers, settings: Settings, short: Shortlist, choices: Choices, reach: Reach,
    held_out: np.ndarray[Any, Any],
) -> dict[str, int]:  # fmt: skip
    with connection.cursor() as cursor:
        # By their cycles, which an index finds; the table holds the decisions of all days.
        of_the_day = f"cycle_id IN (SELECT id FROM {Cycle._meta.db_table} WHERE as_of = %s)"
        # One that is being answered at this moment has its state before it has its answer.
        unanswered = (
            f"SELECT id FROM {Decision._meta.db_table} d WHERE {of_the_day} AND d.state <> ALL(%s) "
            f"AND NOT EXISTS (SELECT FROM {Answer._meta.db_table} a WHERE a.decision_id = d.id) FOR UPDATE"
        )
        for table, column in ((Outcome._meta.db_table, "decision_id"), (Decision._meta.db_table, "id")):
            cursor.execute(
                f"DELETE FROM {table} WHERE {column} IN ({unanswered})", [cycle.as_of, list(Answer.Kind.values)]
            )
        cursor.execute(
            f"UPDATE {Decision._meta.db_table} SET cycle_id = %s WHERE {of_the_day}", [cycle.pk, cycle.as_of]
        )
        cursor.execute(f"SELECT customer_id FROM {Decision._meta.db_table} WHERE {of_the_day}", [cycle.as_of])
        answered = np.array([number for (number,) in cursor.fetchall()], np.int64)
    worth_telling = (np.diff(short.offsets) > 0) | _dropped_by_a_rule(short)
    rows = np.flatnonzero(worth_telling & ~np.isin(everyone.customers, answered))
    copy_text(Decision._meta.db_table, FIELDS, _lines(cycle, everyone, settings, short, choices, reach, held_out, rows))
    chosen = choices.chosen[rows] != NOTHING
    return {"decisions": len(rows), "steps": int(chosen.sum())}


def _dropped_by_a_rule(short: Shortlist) -> np.ndarray[Any, Any]:
    """Customers for whom a play fitted and something else spoke against it."""
    return np.asarray((short.drops > Drop.SWITCHED_OFF).any(axis=1))


FIELDS = (
    "cycle_id", "customer_id", "as_of", "level", "play", "channel", "purpose", "score", "propensity", "is_hold_out", "plays", "scores",
    "win_shares", "propensities", "drops", "reason", "facts", "features_hash", "seed", "opens_at", "decided_at", "state",
)  # fmt: skip


def _lines(
    cycle: Cycle, everyone: Buyers, settings: Settings, short: Shortlist, choices: Choices, reach: Reach,
    held_out: np.ndarray[Any, Any], rows: np.ndarray[Any, Any],
) -> Iterator[str]:  # fmt: skip
    """One line of COPY for each decision. The only loop over customers, for texts have no columns."""
    told = _told(everyone, settings, short, choices)
    hashes = _features_hash(everyone)
    as_of, number = cycle.as_of.isoformat(), cycle.pk
    customers, offsets = everyone.customers.tolist(), short.offsets.tolist()
    play = short.play.tolist()
    # What is written of each candidate, column by column: many times as fast as row by row.
    name = [NAMES[place + 1] for place in play]
    score = [f"{k:.4f}" for k in choices.score.tolist()]
    win = [f"{k:.6g}" for k in choices.win.tolist()]
    chance = [repr(k) for k in choices.chance.tolist()]
    chosen, propensity, lots = choices.chosen.tolist(), choices.propensity.tolist(), choices.lot.tolist()
    nothing_win, nothing_chance = choices.nothing_win.tolist(), choices.nothing_chance.tolist()
    # Few distinct instants: hours open for whole countries at once.
    opening_words = {k: datetime.fromtimestamp(k, UTC).isoformat() for k in np.unique(reach.opens).tolist() if k >= 0}
    drops, levels = _drop_words(short), everyone.level.tolist()
    held = held_out.tolist()
    acts = np.flatnonzero(choices.chosen != NOTHING)
    places = short.play[choices.chosen[acts]]
    channels = dict(zip(acts.tolist(), reach.channel[acts, places].tolist(), strict=True))
    opening = dict(zip(acts.tolist(), reach.opens[acts, places].tolist(), strict=True))
    kept_back = (short.drops == Drop.HELD_OUT).any(axis=1).tolist()
    for row in rows.tolist():
        first, end = offsets[row], offsets[row + 1]
        names = ",".join(["nothing", *name[first:end]])
        scores = ",".join(["0", *score[first:end]])
        wins = ",".join([f"{nothing_win[row]:.6g}", *win[first:end]])
        chances = ",".join([repr(nothing_chance[row]), *chance[first:end]])
        pick = chosen[row]
        if pick == NOTHING:
            key, channel, purpose, worth, opens, reason, figures = "nothing", "", "", "0", "\\N", "nothing", "{}"
            state = "held_out" if kept_back[row] else "nothing"
        else:
            place = play[pick]
            one = PLAYS[place]
            key, purpose, worth, state = one.key, one.purpose, score[pick], "open"
            channel = one.channels[channels[row]]
            opens = opening_words[opening[row]]
            reason, figures = told[pick]
        yield (
            f"{number}\t{customers[row]}\t{as_of}\t{levels[row]}\t{key}\t{channel}\t{purpose}\t{worth}\t{propensity[row]!r}\t"
            f"{'t' if held[row] else 'f'}\t{{{names}}}\t{{{scores}}}\t{{{wins}}}\t{{{chances}}}\t{drops[row]}\t{reason}\t"
            f"{figures}\t{hashes[row]:016x}\t{int(lots[row] * 2**53)}\t{opens}\tnow\t{state}\n"
        )


def _told(everyone: Buyers, settings: Settings, short: Shortlist, choices: Choices) -> dict[int, tuple[str, str]]:
    """For each chosen candidate the code and the figures of its sentence."""
    picked = choices.chosen[choices.chosen != NOTHING]
    told: dict[int, tuple[str, str]] = {}
    for place in range(len(PLAYS)):
        mine = picked[short.play[picked] == place]
        if not len(mine):
            continue
        found = reasons(place, everyone.facts, settings, short.customer[mine])
        for at, pick in enumerate(mine.tolist()):
            code, figures = found.row(at)
            for name in ("product", "because"):
                if name in figures:
                    figures[name] = everyone.product_names.get(int(figures[name]), "?")
            told[pick] = code, copy_field(json.dumps(figures, ensure_ascii=False))
    return told


def _drop_words(short: Shortlist) -> dict[int, str]:
    """The drops of each customer as JSON, but for plays that simply do not fit."""
    rows, plays = np.nonzero(short.drops > Drop.SWITCHED_OFF)
    words: dict[int, dict[str, str]] = {}
    for row, place, why in zip(rows.tolist(), plays.tolist(), short.drops[rows, plays].tolist(), strict=True):
        words.setdefault(row, {})[PLAYS[place].key] = Drop(why).name.lower()
    known: dict[int, str] = {row: json.dumps(drops) for row, drops in words.items()}
    return _Otherwise(known)


class _Otherwise(dict[int, str]):
    def __missing__(self, key: int) -> str:
        return "{}"


def _features_hash(everyone: Buyers) -> list[int]:
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
    return list(mixed.tolist())
