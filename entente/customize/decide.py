"""What to do next for each customer: candidates, filters, money, a draw, and a row that tells all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection, transaction

from entente.customize.candidates import Buyers, buyers
from entente.customize.log import Reach, decision_columns
from entente.customize.models import Answer, Decision, Outcome
from entente.customize.outcomes import measure_outcomes, seen_outcomes
from entente.customize.pure.arbitration import NOTHING, Choices, arbitrate
from entente.customize.pure.facts import LEVELS
from entente.customize.pure.fatigue import fatigue
from entente.customize.pure.plays import PLAYS, Settings
from entente.customize.pure.response import believe
from entente.customize.pure.suitability import Drop, Shortlist, shortlist
from entente.customize.pure.weighing import beliefs, candidates, guesses
from entente.differentiate.facts import Facts
from entente.differentiate.models import Cycle
from entente.interact.allow import contact_policy, first_openings, load_batch
from entente.learn.assign import hold_out
from entente.lib.distinct import distinct
from entente.staff.models import Firm
from entente.staff.settings import setting
from entente.warehouse.copy_in import copy_columns

LAW = "2"
SALT = "entente decisions"
SEED = 20_210_711
# A step that cannot be taken within so many days is not offered; tomorrow decides anew.
SOON = timedelta(days=7)

Progress = Callable[[str, float, float | None], None]


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
        self.rows = distinct(fitting.customer)
        self.policy = contact_policy()
        self.columns = load_batch(everyone.customers[self.rows], everyone.level[self.rows], at=at)
        self.known: dict[tuple[str, str], np.ndarray[Any, Any]] = {}

    def opens(self, channel: str, purpose: str, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """(len(rows),) seconds since 1970, -1 for never."""
        if (channel, purpose) not in self.known:
            places = [place for place, play in enumerate(PLAYS) if play.purpose == purpose]
            fits = distinct(self.fitting.customer[np.isin(self.fitting.play, places)])
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
    copy_columns(
        Decision._meta.db_table, decision_columns(cycle, everyone, settings, short, choices, reach, held_out, rows)
    )
    chosen = choices.chosen[rows] != NOTHING
    return {"decisions": len(rows), "steps": int(chosen.sum())}


def _dropped_by_a_rule(short: Shortlist) -> np.ndarray[Any, Any]:
    """Customers for whom a play fitted and something else spoke against it."""
    return np.asarray((short.drops > Drop.SWITCHED_OFF).any(axis=1))
