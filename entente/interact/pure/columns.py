"""Many people as columns: what a batch of the contact rules reads.

One row per person, one row per contact, event and block.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from entente.interact.pure.clocks import FAR, Ints
from entente.interact.pure.people import CIRCLES, Block, ConsentEvent, Contact, Person, Preferences, instant_of, seconds
from entente.interact.pure.purposes import CHANNEL_INDEX, CHANNELS, PURPOSES, STRENGTH
from entente.interact.pure.silence import NEVER
from entente.interact.pure.zones import Place, place_of, telling_digits

Bytes = NDArray[np.int8]
Flags = NDArray[np.bool_]
Texts = Sequence[str | None]


@dataclass(frozen=True, eq=False)
class Contacts:
    """(c,) each. row: whose; at: seconds; channel, purpose, circle: places in CHANNELS, PURPOSES, CIRCLES;
    outcome, topic, key: places in the tuples of words below, -1 for none."""

    row: Ints
    at: Ints
    channel: Bytes
    purpose: Bytes
    circle: Bytes
    inbound: Flags
    two_way: Flags
    outcome: Ints
    topic: Ints
    key: Ints
    outcomes: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ConsentEvents:
    """(e,) each. at: microseconds. purpose, channel: places in PURPOSES and CHANNELS, -1 for all."""

    row: Ints
    at: Ints
    purpose: Bytes
    channel: Bytes
    granted: Flags


@dataclass(frozen=True, eq=False)
class Blocks:
    """(b,) each. from_at, until_at: seconds; 0 and FAR where open. purpose, channel: -1 for all."""

    row: Ints
    purpose: Bytes
    channel: Bytes
    from_at: Ints
    until_at: Ints


Table = TypeVar("Table", Contacts, ConsentEvents, Blocks)


@dataclass(frozen=True, eq=False)
class People:
    """n people. preference: (n,) place in `preferences`; since: (n,) seconds or silence.NEVER; the texts are n long."""

    keys: Sequence[object]
    country: Texts
    subdivision: Texts
    phone: Texts
    postcode: Texts
    zone: Texts
    level: Texts
    since: Ints
    preference: Ints
    preferences: tuple[Preferences, ...]
    contacts: Contacts
    consents: ConsentEvents
    blocks: Blocks

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: Ints) -> "People":
        """The people of `rows`, in that order, as columns of their own; no row twice."""
        place = np.full(len(self), -1, dtype=np.int64)
        place[rows] = np.arange(len(rows))

        def texts(column: Texts) -> Texts:
            return list(np.asarray(column, dtype=object)[rows])

        taken = replace(
            self,
            keys=[self.keys[row] for row in rows.tolist()],
            country=texts(self.country),
            subdivision=texts(self.subdivision),
            phone=texts(self.phone),
            postcode=texts(self.postcode),
            zone=texts(self.zone),
            level=texts(self.level),
            since=self.since[rows],
            preference=self.preference[rows],
            contacts=_kept(self.contacts, place),
            consents=_kept(self.consents, place),
            blocks=_kept(self.blocks, place),
        )
        if "places" in vars(self):
            distinct, which = self.places
            vars(taken)["places"] = distinct, which[rows]
        return taken

    @cached_property
    def places(self) -> tuple[list[Place], Ints]:
        """The distinct places of these people, and which is whose. The same for every question, so worked out once."""
        known: dict[tuple[str | None, ...], int] = {}
        phones = map(_telling, self.phone)
        raw = zip(self.zone, self.country, self.subdivision, phones, self.postcode, strict=True)
        which = np.fromiter((known.setdefault(each, len(known)) for each in raw), np.int64, len(self))
        distinct: dict[Place, int] = {}
        found = np.array([distinct.setdefault(_place(*each), len(distinct)) for each in known], dtype=np.int64)
        return list(distinct), found[which] if len(which) else which

    def person(self, row: int) -> Person:
        """One person out of the columns."""
        one = self.take(np.array([row]))
        since = int(one.since[0])
        return Person(
            key=one.keys[0],
            country=one.country[0],
            subdivision=one.subdivision[0],
            phone=one.phone[0],
            postcode=one.postcode[0],
            zone=one.zone[0],
            preferences=one.preferences[int(one.preference[0])],
            consents=_events(one.consents),
            blocks=_blocks(one.blocks),
            history=_history(one.contacts),
            level=one.level[0],
            since_at=None if since == NEVER else instant_of(since),
        )


@lru_cache(maxsize=262_144)
def _place(
    zone: str | None, country: str | None, subdivision: str | None, phone: str | None, postcode: str | None
) -> Place:
    return place_of(zone=zone, country=country, subdivision=subdivision, phone=phone, postcode=postcode)


def _telling(phone: str | None) -> str | None:
    """As much of a plain international number as tells its place, so that numbers share an answer."""
    if phone and phone[0] == "+" and phone[1:].isdigit():
        return "+" + telling_digits(phone[1:])
    return phone


def _kept(table: Table, place: Ints) -> Table:
    """The rows of a table that belong to kept people, renumbered."""
    mine = place[table.row] >= 0
    columns: dict[str, Any] = {
        name: column[mine] for name, column in vars(table).items() if isinstance(column, np.ndarray)
    }
    columns["row"] = place[columns["row"]]
    return replace(table, **columns)


def _history(rows: Contacts) -> tuple[Contact, ...]:
    def word(words: tuple[str, ...], place: int) -> str | None:
        return words[place] if place >= 0 else None

    return tuple(
        Contact(
            at=instant_of(int(rows.at[each])),
            channel=CHANNELS[rows.channel[each]],
            purpose=PURPOSES[rows.purpose[each]],
            inbound=bool(rows.inbound[each]),
            two_way=bool(rows.two_way[each]),
            outcome=word(rows.outcomes, int(rows.outcome[each])),
            topic=word(rows.topics, int(rows.topic[each])),
            circle=CIRCLES[rows.circle[each]],
            key=word(rows.keys, int(rows.key[each])),
        )
        for each in range(len(rows.row))
    )


def _events(rows: ConsentEvents) -> tuple[ConsentEvent, ...]:
    return tuple(
        ConsentEvent(
            purpose=PURPOSES[rows.purpose[each]] if rows.purpose[each] >= 0 else None,
            channel=CHANNELS[rows.channel[each]] if rows.channel[each] >= 0 else None,
            granted=bool(rows.granted[each]),
            at=instant_of(0) + timedelta(microseconds=int(rows.at[each])),
        )
        for each in range(len(rows.row))
    )


def _blocks(rows: Blocks) -> tuple[Block, ...]:
    return tuple(
        Block(
            channel=CHANNELS[rows.channel[each]] if rows.channel[each] >= 0 else None,
            purpose=PURPOSES[rows.purpose[each]] if rows.purpose[each] >= 0 else None,
            from_at=instant_of(int(rows.from_at[each])) if rows.from_at[each] else None,
            until_at=instant_of(int(rows.until_at[each])) if rows.until_at[each] < FAR else None,
        )
        for each in range(len(rows.row))
    )


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, for consent, where the order of two events in one second matters."""
    return seconds(instant) * 1_000_000 + instant.microsecond


def people_of(persons: Sequence[Person]) -> People:
    """Columns of persons. Raises UnusableInstant for an instant without a zone."""
    preferences = {person.preferences: 0 for person in persons}
    place = {wish: number for number, wish in enumerate(preferences)}
    return People(
        keys=[person.key for person in persons],
        country=[person.country for person in persons],
        subdivision=[person.subdivision for person in persons],
        phone=[person.phone for person in persons],
        postcode=[person.postcode for person in persons],
        zone=[person.zone for person in persons],
        level=[person.level for person in persons],
        since=_ints(NEVER if person.since_at is None else seconds(person.since_at) for person in persons),
        preference=_ints(place[person.preferences] for person in persons),
        preferences=tuple(preferences),
        contacts=_contact_columns([(row, each) for row, person in enumerate(persons) for each in person.history]),
        consents=_consent_columns([(row, each) for row, person in enumerate(persons) for each in person.consents]),
        blocks=_block_columns([(row, each) for row, person in enumerate(persons) for each in person.blocks]),
    )


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)


def _bytes(values: Iterable[int]) -> Bytes:
    return np.fromiter(values, dtype=np.int8)


def _flags(values: Iterable[bool]) -> Flags:
    return np.fromiter(values, dtype=np.bool_)


def _coded(words: list[str | None]) -> tuple[Ints, tuple[str, ...]]:
    known = {word: number for number, word in enumerate(dict.fromkeys(word for word in words if word is not None))}
    return _ints(-1 if word is None else known[word] for word in words), tuple(known)


def _contact_columns(rows: list[tuple[int, Contact]]) -> Contacts:
    outcome, outcomes = _coded([each.outcome for _, each in rows])
    topic, topics = _coded([each.topic for _, each in rows])
    key, keys = _coded([each.key for _, each in rows])
    return Contacts(
        row=_ints(row for row, _ in rows),
        at=_ints(seconds(each.at) for _, each in rows),
        channel=_bytes(CHANNEL_INDEX[each.channel] for _, each in rows),
        purpose=_bytes(STRENGTH[each.purpose] for _, each in rows),
        circle=_bytes(CIRCLES.index(each.circle) for _, each in rows),
        inbound=_flags(each.inbound for _, each in rows),
        two_way=_flags(each.two_way for _, each in rows),
        outcome=outcome,
        topic=topic,
        key=key,
        outcomes=outcomes,
        topics=topics,
        keys=keys,
    )


def _consent_columns(rows: list[tuple[int, ConsentEvent]]) -> ConsentEvents:
    return ConsentEvents(
        row=_ints(row for row, _ in rows),
        at=_ints(microseconds(each.at) for _, each in rows),
        purpose=_bytes(-1 if each.purpose is None else STRENGTH[each.purpose] for _, each in rows),
        channel=_bytes(-1 if each.channel is None else CHANNEL_INDEX[each.channel] for _, each in rows),
        granted=_flags(each.granted for _, each in rows),
    )


def _block_columns(rows: list[tuple[int, Block]]) -> Blocks:
    return Blocks(
        row=_ints(row for row, _ in rows),
        purpose=_bytes(-1 if each.purpose is None else STRENGTH[each.purpose] for _, each in rows),
        channel=_bytes(-1 if each.channel is None else CHANNEL_INDEX[each.channel] for _, each in rows),
        from_at=_ints(0 if each.from_at is None else seconds(each.from_at) for _, each in rows),
        until_at=_ints(FAR if each.until_at is None else seconds(each.until_at) for _, each in rows),
    )
