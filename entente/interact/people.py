"""What the contact rules read about customers, as columns: one set of queries whatever their number."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from entente.identify.models import Customer, Membership
from entente.interact.models import ConsentEvent, Interaction, Preference
from entente.interact.pure.columns import Blocks, ConsentEvents, Contacts, People
from entente.interact.pure.people import CIRCLES, PERSON, Preferences
from entente.interact.pure.purposes import CHANNEL_INDEX, STRENGTH
from entente.interact.pure.silence import NEVER

# Longer than any cap or gap looks back. Of older contacts the last two-way one counts, for silence.
LOOKS_BACK = timedelta(days=100)

LEVEL_NAMES = {1: "top", 2: "big", 3: "medium", 4: "small"}

Rows = list[tuple[Any, ...]]


def people(
    customers: Sequence[int],
    *,
    at: datetime,
    levels: Mapping[int, int],
    wishes: Callable[[dict[str, Any]], Preferences],
    with_silence: bool = True,
) -> People:
    """The columns of these customers, in this order, as known at `at`; no customer twice.

    with_silence: look for the last two-way contact however long ago; not needed by who only asks whether a contact is allowed.
    levels: pyramid level by customer, for the longest silence. wishes: reads what a Preference row keeps.
    """
    row_of = {number: row for row, number in enumerate(customers)}
    # One text instead of a list: a million numbers are not dumped one by one.
    whose = "{" + ",".join(map(str, customers)) + "}"
    _, country, subdivision, phone, postcode, zone = _customers(customers, whose)
    preference, preferences = _preferences(whose, row_of, wishes)
    return People(
        keys=list(customers),
        country=country,
        subdivision=subdivision,
        phone=phone,
        postcode=postcode,
        zone=zone,
        level=[LEVEL_NAMES.get(levels.get(number, 0)) for number in customers],
        since=np.full(len(customers), NEVER, np.int64),
        preference=preference,
        preferences=preferences,
        contacts=_contacts(whose, row_of, at, with_silence=with_silence),
        consents=_consents(whose, row_of, at),
        blocks=_no_blocks(),
    )


def _ask(sql: str, values: list[Any]) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _customers(customers: Sequence[int], whose: str) -> Sequence[Sequence[Any]]:
    """Number, country, subdivision, phone, postcode and zone as columns in the order asked for; None for what is not known."""
    places = [f"nullif({name}, '')" for name in ("country", "subdivision", "phone_e164", "postcode", "zone")]
    rows = _ask(
        f"SELECT id, {', '.join(places)} FROM {Customer._meta.db_table} WHERE id = ANY(%s::bigint[]) ORDER BY id",
        [whose],
    )
    columns = list(zip(*rows, strict=True)) or [()] * 6
    # A batch asks in order of number for customers that exist: then the rows are the columns already.
    if columns[0] == tuple(customers):
        return columns
    found = {row[0]: row for row in rows}
    return list(zip(*(found.get(number, (number,) + (None,) * 5) for number in customers), strict=True)) or [()] * 6


def _contacts(whose: str, row_of: Mapping[int, int], at: datetime, *, with_silence: bool) -> Contacts:
    members, interactions = Membership._meta.db_table, Interaction._meta.db_table
    columns = "m.customer_id, floor(extract(epoch FROM i.at))::bigint, i.channel, i.purpose, NOT i.is_outgoing, i.is_two_way, i.outcome"
    rows = _ask(
        f"""
        SELECT {columns}
        FROM {members} m JOIN {interactions} i ON i.party_id = m.party_id
        WHERE m.customer_id = ANY(%s::bigint[]) AND m.ended_at IS NULL AND i.at > %s AND i.at <= %s AND i.kind <> 'note'
        """,
        [whose, at - LOOKS_BACK, at],
    )
    if with_silence:
        rows += _ask(
            f"""
            SELECT {columns}
            FROM {members} m CROSS JOIN LATERAL (
                SELECT at, channel, purpose, is_outgoing, is_two_way, outcome FROM {interactions} i
                WHERE i.party_id = m.party_id AND i.is_two_way AND i.at <= %s ORDER BY i.at DESC LIMIT 1
            ) i
            WHERE m.customer_id = ANY(%s::bigint[]) AND m.ended_at IS NULL
            """,
            [at - LOOKS_BACK, whose],
        )
    words = {word: place for place, word in enumerate(dict.fromkeys(row[6] for row in rows if row[6]))}
    none = np.full(len(rows), -1, np.int64)
    return Contacts(
        row=np.array([row_of[row[0]] for row in rows], np.int64),
        at=np.array([row[1] for row in rows], np.int64),
        channel=np.array([CHANNEL_INDEX[row[2]] for row in rows], np.int8),
        purpose=np.array([STRENGTH[row[3]] for row in rows], np.int8),
        circle=np.full(len(rows), CIRCLES.index(PERSON), np.int8),
        inbound=np.array([row[4] for row in rows], np.bool_),
        two_way=np.array([row[5] for row in rows], np.bool_),
        outcome=np.array([words.get(row[6], -1) for row in rows], np.int64),
        topic=none,
        key=none,
        outcomes=tuple(words),
    )


def _consents(whose: str, row_of: Mapping[int, int], at: datetime) -> ConsentEvents:
    """All events of all records of the customer: the latest wins wherever it was said."""
    rows = _ask(
        f"""
        SELECT m.customer_id, (extract(epoch FROM c.at) * 1000000)::bigint, c.purpose, c.channel, c.is_granted
        FROM {Membership._meta.db_table} m JOIN {ConsentEvent._meta.db_table} c ON c.party_id = m.party_id
        WHERE m.customer_id = ANY(%s::bigint[]) AND m.ended_at IS NULL AND c.at <= %s
        """,
        [whose, at],
    )
    return ConsentEvents(
        row=np.array([row_of[row[0]] for row in rows], np.int64),
        at=np.array([row[1] for row in rows], np.int64),
        purpose=np.array([STRENGTH[row[2]] for row in rows], np.int8),
        channel=np.array([CHANNEL_INDEX[row[3]] for row in rows], np.int8),
        granted=np.array([row[4] for row in rows], np.bool_),
    )


def _preferences(
    whose: str, row_of: Mapping[int, int], wishes: Callable[[dict[str, Any]], Preferences]
) -> tuple[np.ndarray[Any, Any], tuple[Preferences, ...]]:
    """The latest wishes of each customer over all records; place 0 is no wish at all.

    The latest of all, whatever day is asked about: what is decided for a past day is acted on now, and now they wish this.
    """
    rows = _ask(
        f"""
        SELECT DISTINCT ON (m.customer_id) m.customer_id, p.wishes
        FROM {Membership._meta.db_table} m JOIN {Preference._meta.db_table} p ON p.party_id = m.party_id
        WHERE m.customer_id = ANY(%s::bigint[]) AND m.ended_at IS NULL
        ORDER BY m.customer_id, p.at DESC, p.id DESC
        """,
        [whose],
    )
    places: dict[Preferences, int] = {Preferences(): 0}
    of_customer = np.zeros(len(row_of), np.int64)
    for number, kept in rows:
        wish = wishes(_loaded(kept))
        of_customer[row_of[number]] = places.setdefault(wish, len(places))
    return of_customer, tuple(places)


def _loaded(kept: Any) -> dict[str, Any]:
    return dict(json.loads(kept) if isinstance(kept, str) else kept)


def _no_blocks() -> Blocks:
    none = np.zeros(0, np.int64)
    return Blocks(row=none, purpose=none.astype(np.int8), channel=none.astype(np.int8), from_at=none, until_at=none)
