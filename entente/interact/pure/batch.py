"""The contact rules for many people at once.

Order: idempotency, blocks, the purpose selects rules, the zones, windows less days off, counts and gaps, repeated
until nothing moves, clipped to the expiry. People who share a calendar situation share its open times; counts are
columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from entente.interact.pure.clocks import DAY, FAR, Clock, Ints
from entente.interact.pure.columns import Flags, People, microseconds
from entente.interact.pure.consent import NAMED_ONLY, Consent, standings
from entente.interact.pure.obstacles import Obstacles, blocks_that_bind, obstacles, sorted_contacts
from entente.interact.pure.open_times import OpenTimes, Situation, clocks_of, open_times, situation_of, why_closed
from entente.interact.pure.people import Question, seconds
from entente.interact.pure.policy import DEFAULT_POLICY, ContactPolicy
from entente.interact.pure.purposes import CHANNEL_INDEX, STRENGTH, Purpose, effective_purpose
from entente.interact.pure.reasons import CODES, NUMBER
from entente.interact.pure.silence import NEVER, silences
from entente.interact.pure.zones import Place
from entente.lib.distinct import distinct

SEND_AT, DROP, ASK = 0, 1, 2
Verdict = Literal["SEND_AT", "DROP", "ASK"]
VERDICTS: tuple[Verdict, ...] = ("SEND_AT", "DROP", "ASK")
NOT_SENT = -1


@dataclass(frozen=True, eq=False)
class Answers:
    """(n,) each, a row per person.

    verdict: place in VERDICTS. allowed_now: SEND_AT with no wait.
    send_at: seconds since 1970 UTC of the first permitted instant, NOT_SENT when there is none.
    code: place in reasons.CODES of the first reason: allowed, why not now, why dropped, or what to ask.
    silent_days: whole days since the last two-way contact, -1 unknown; silence_due, silence_escalate: beyond G,
    beyond 1.5 G.
    """

    verdict: NDArray[np.int8]
    allowed_now: Flags
    send_at: Ints
    code: NDArray[np.int16]
    silent_days: Ints
    silence_due: Flags
    silence_escalate: Flags

    def __len__(self) -> int:
        return len(self.verdict)

    def words(self) -> list[str]:
        """The code of each row as text."""
        return [CODES[number] for number in self.code.tolist()]


@dataclass(frozen=True, eq=False)
class Working:
    """What an answer was made of, for whoever explains it."""

    purpose: Purpose
    at: int
    end: int
    expires: int | None
    situations: Sequence[Situation]
    situation: Ints
    places: Sequence[Place]
    place: Ints
    opens: Sequence[OpenTimes]
    obstacles: Obstacles


def check_many(
    people: People, question: Question | Sequence[Question], policy: ContactPolicy = DEFAULT_POLICY
) -> Answers:
    """May we contact each of these people? One question for all, or one for each.

    Returns Answers with a row per person. Raises UnusableInstant for an instant without a zone.
    """
    if isinstance(question, Question):
        return decide(people, question, policy)[0]
    asked: dict[Question, list[int]] = {}
    for row, each in enumerate(question):
        asked.setdefault(each, []).append(row)
    parts = [(np.array(rows), decide(people.take(np.array(rows)), each, policy)[0]) for each, rows in asked.items()]
    columns = {}
    for name in Answers.__dataclass_fields__:
        whole = np.zeros(len(people), dtype=getattr(decide_nobody(), name).dtype)
        for rows, answers in parts:
            whole[rows] = getattr(answers, name)
        columns[name] = whole
    return Answers(**columns)


def decide(people: People, question: Question, policy: ContactPolicy) -> tuple[Answers, Working]:
    """The answers and what they were made of."""
    at = question.second
    end = at + policy.horizon_days * DAY
    expires = None if question.expires_at is None else seconds(question.expires_at)
    purpose = effective_purpose(question.purpose, question.promotional)
    places, place = people.places
    situations, situation = _situations(people, places, place, question, purpose, policy)
    opens = [open_times(each, at, policy.horizon_days) for each in situations]
    clock_sets, clocks_of_row = _clock_sets(situations, situation, at)
    contacts = sorted_contacts(people.contacts, clock_sets, clocks_of_row)
    in_the_way = obstacles(people, contacts, question, purpose, policy)

    code = _refused(people, question, purpose, policy, at)
    alive = code == 0
    calendar = _Calendar(opens)
    first = calendar.next(situation, np.full(len(people), at))
    moment = _settled(calendar, situation, first, in_the_way, alive, end)
    sendable = alive & (moment != NOT_SENT) & (moment < end)
    in_time = sendable & (moment < (FAR if expires is None else expires))
    now = in_time & (moment == at)

    verdict = np.where(in_time, SEND_AT, DROP).astype(np.int8)
    shut = alive & ((first == NOT_SENT) | (first >= end))
    unclear = np.array([each.some_zone for each in opens], dtype=np.bool_)[situation] if opens else shut
    verdict[shut & unclear] = ASK
    code[alive & ~in_time] = NUMBER["beyond_horizon"]
    if expires is not None and expires <= end:
        code[alive & ~in_time] = NUMBER["expires_first"]
    code[shut] = np.where(unclear[shut], NUMBER["zone_unclear"], NUMBER["no_open_hour"])
    waiting = in_time & ~now
    code[waiting] = _why_waiting(waiting, situations, situation, first, in_the_way, question, purpose, at)
    code[now] = NUMBER["allowed"]

    days, due, escalate = _silences(people, policy, at)
    send_at = np.where(in_time, moment, NOT_SENT)
    answers = Answers(verdict, now, send_at, code.astype(np.int16), days, due, escalate)
    working = Working(purpose, at, end, expires, situations, situation, places, place, opens, in_the_way)
    return answers, working


@lru_cache(maxsize=1)
def decide_nobody() -> Answers:
    """No rows, with the types of every column."""
    none, no = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
    return Answers(none.astype(np.int8), no, none, none.astype(np.int16), none, no, no)


def _situations(
    people: People, places: Sequence[Place], place: Ints, question: Question, purpose: Purpose, policy: ContactPolicy
) -> tuple[list[Situation], Ints]:
    wishes = len(people.preferences)
    pairs, which = np.unique(place * wishes + people.preference, return_inverse=True)
    distinct: dict[Situation, int] = {}
    found = [
        distinct.setdefault(
            situation_of(places[pair // wishes], people.preferences[pair % wishes], question, purpose, policy),
            len(distinct),
        )
        for pair in pairs.tolist()
    ]
    return list(distinct), np.array(found, dtype=np.int64)[which]


def _clock_sets(situations: Sequence[Situation], situation: Ints, at: int) -> tuple[list[tuple[Clock, ...]], Ints]:
    sets: dict[tuple[Clock, ...], int] = {}
    place = [sets.setdefault(clocks_of(each, at), len(sets)) for each in situations]
    return list(sets), np.array(place, dtype=np.int64)[situation]


def _refused(people: People, question: Question, purpose: Purpose, policy: ContactPolicy, at: int) -> NDArray[np.int64]:
    """(n,) the code of what refuses a person outright, 0 for nothing. The first rule that refuses is the one told."""
    code = np.zeros(len(people), dtype=np.int64)

    def refuse(rows: Ints | Flags, word: str) -> None:
        flags = np.zeros(len(people), dtype=np.bool_)
        flags[rows] = True
        code[flags & (code == 0)] = NUMBER[word]

    contacts, blocks = people.contacts, people.blocks
    if question.key is not None and question.key in contacts.keys:
        done = (contacts.key == contacts.keys.index(question.key)) & (contacts.circle == 0)
        returned = [place for place, word in enumerate(contacts.outcomes) if word in policy.returned]
        refuse(contacts.row[done & ~np.isin(contacts.outcome, returned)], "duplicate")
    standing = blocks_that_bind(people, question, purpose, policy) & (blocks.from_at <= at) & (blocks.until_at == FAR)
    refuse(blocks.row[standing], "blocked")
    if purpose in policy.wishes_bind:
        unwanted = [wish.channels is not None and question.channel not in wish.channels for wish in people.preferences]
        refuse(np.array(unwanted, dtype=np.bool_)[people.preference], "channel_unwanted")
    given = _consents(people, question, purpose)
    refuse(given == Consent.WITHDRAWN, "consent_withdrawn")
    if policy.needs_consent(question.channel, purpose):
        refuse(given == Consent.NONE, "consent_missing")
    return code


def _consents(people: People, question: Question, purpose: Purpose) -> NDArray[np.int8]:
    events = people.consents
    about = events.purpose == STRENGTH[purpose]
    if purpose not in NAMED_ONLY:
        about = about | (events.purpose == -1)
    kept = about & ((events.channel == -1) | (events.channel == CHANNEL_INDEX[question.channel]))
    kept &= events.at <= microseconds(question.at)
    return standings(events.row[kept], events.at[kept], events.granted[kept], len(people))


class _Calendar:
    """The open times of all situations in one sorted array, so that a million look-ups are one search."""

    def __init__(self, opens: Sequence[OpenTimes]) -> None:
        shift = [place * FAR * 2 for place in range(len(opens))]
        none = np.empty(0, dtype=np.int64)
        self.starts = np.concatenate([none, *(each.starts + by for each, by in zip(opens, shift, strict=True))])
        self.ends = np.concatenate([none, *(each.ends + by for each, by in zip(opens, shift, strict=True))])

    def next(self, situation: Ints, moment: Ints) -> Ints:
        """The first open instant at or after each moment, NOT_SENT where the calendar knows none."""
        if not len(self.ends):
            return np.full(len(moment), NOT_SENT)
        shift = situation * (FAR * 2)
        place = np.minimum(np.searchsorted(self.ends, moment + shift, side="right"), len(self.ends) - 1)
        found = np.maximum(moment, self.starts[place] - shift)
        mine = (self.ends[place] - shift > moment) & (found < FAR)
        return np.where(mine, found, NOT_SENT)


def _settled(calendar: _Calendar, situation: Ints, first: Ints, ahead: Obstacles, alive: Flags, end: int) -> Ints:
    """Step over obstacles and closed hours until nothing moves. Every round leaves at least one obstacle behind."""
    moment = first.copy()
    left = np.flatnonzero(alive[ahead.row]) if len(ahead.row) else np.empty(0, dtype=np.int64)
    while len(left):
        row = ahead.row[left]
        here = moment[row]
        left = left[(ahead.end[left] > here) & (here != NOT_SENT) & (here < end)]
        row = ahead.row[left]
        hit = ahead.start[left] <= moment[row]
        if not hit.any():
            break
        moved = moment.copy()
        np.maximum.at(moved, row[hit], ahead.end[left[hit]])
        rows = distinct(row[hit])
        moment[rows] = calendar.next(situation[rows], np.minimum(moved[rows], FAR - 1))
    return moment


def _why_waiting(
    waiting: Flags,
    situations: Sequence[Situation],
    situation: Ints,
    first: Ints,
    ahead: Obstacles,
    question: Question,
    purpose: Purpose,
    at: int,
) -> NDArray[np.int64]:
    """The first reason of those who must wait: the calendar's if it is closed now, else the first rule's."""
    rule = np.full(len(waiting), len(ahead.rules), dtype=np.int64)
    now = (ahead.start <= at) & (at < ahead.end)
    np.minimum.at(rule, ahead.row[now], ahead.rule[now])
    numbers = np.array([NUMBER[code] for code, _ in ahead.rules] + [0], dtype=np.int64)
    code = numbers[rule]
    closed = waiting & (first != at)
    told = np.zeros(len(situations), dtype=np.int64)
    for place in np.unique(situation[closed]).tolist():
        told[place] = NUMBER[why_closed(situations[place], question, purpose, at)[0].code]
    code[closed] = told[situation[closed]]
    return code[waiting]


def _silences(people: People, policy: ContactPolicy, at: int) -> tuple[Ints, Flags, Flags]:
    rows = people.contacts
    spoke = rows.two_way & (rows.circle == 0) & (rows.at <= at)
    last = np.full(len(people), NEVER, dtype=np.int64)
    np.maximum.at(last, rows.row[spoke], rows.at[spoke])
    limits = {level: policy.silence.get(level, 0) if level else 0 for level in set(people.level)}
    limit = np.fromiter((limits[level] for level in people.level), np.int64, len(people))
    return silences(last, people.since, limit, at, policy.escalate_at)
