"""Over which channels may customers be contacted at all? Consents and wishes of all of them, in columns."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import numpy as np

from entente.differentiate.facts import find
from entente.differentiate.pure.knowing import CHANNELS, PURPOSES, Rules
from entente.identify.models import Membership
from entente.interact.allow import contact_policy
from entente.interact.models import ConsentEvent, Preference
from entente.interact.pure.columns import ConsentEvents
from entente.interact.pure.purposes import CHANNEL_INDEX, STRENGTH, Channel, Purpose
from entente.interact.pure.reach import may_reach
from entente.interact.wishes import UnreadableWishes, preferences_of
from entente.warehouse.extract import Extract

_OWN = f"pg.{Membership._meta.db_table} m"


def rules_of(customers: np.ndarray[Any, Any], extract: Extract, *, at: datetime) -> Rules:
    """customers: rising numbers. What they have said until `at`, over all their records; the wishes in force are those of now."""
    n, policy = len(customers), contact_policy()
    events, (wishing, channels) = _consents(customers, extract, at), _wishes(customers, extract)
    shape = (len(CHANNELS), len(PURPOSES), n)
    rules = Rules(np.zeros(shape, bool), np.zeros(shape, bool), np.zeros((len(CHANNELS), n), bool), np.zeros(n, bool))
    rules.wishes[wishing] = True
    for place, channel in enumerate(CHANNELS):
        unwanted = np.zeros(n, bool)
        unwanted[[row for row, welcome in zip(wishing, channels, strict=True) if channel not in welcome]] = True
        for number, purpose in enumerate(PURPOSES):
            reach = may_reach(n, events, unwanted, Channel(channel), Purpose(purpose), policy)
            rules.open[place, number], rules.lacks_consent[place, number] = reach.open, reach.lacks_consent
            if purpose == Purpose.MARKETING:
                rules.asked[place] = reach.asked
    return rules


def _consents(customers: np.ndarray[Any, Any], extract: Extract, at: datetime) -> ConsentEvents:
    found = extract.columns(
        f"""
        SELECT m.customer_id, epoch_us(c."at") AS at, {_coded("c.purpose", STRENGTH)} AS purpose,
               {_coded("c.channel", CHANNEL_INDEX)} AS channel, c.is_granted AS granted
        FROM pg.{ConsentEvent._meta.db_table} c JOIN {_OWN} ON m.party_id = c.party_id AND m.ended_at IS NULL
        WHERE c."at" <= $at
        """,
        {"at": at},
    )
    row, here = find(customers, found["customer_id"])
    return ConsentEvents(
        row[here],
        found["at"][here],
        found["purpose"][here].astype(np.int8),
        found["channel"][here].astype(np.int8),
        found["granted"][here],
    )


def _wishes(
    customers: np.ndarray[Any, Any], extract: Extract
) -> tuple[np.ndarray[Any, Any], list[frozenset[Channel] | tuple[str, ...]]]:
    """Rows of those who wished anything, and the channels each of them leaves open."""
    found = extract.columns(
        f"""
        SELECT m.customer_id, arg_max(p.wishes::VARCHAR, (p."at", p.id)) AS wishes
        FROM pg.{Preference._meta.db_table} p JOIN {_OWN} ON m.party_id = p.party_id AND m.ended_at IS NULL
        GROUP BY m.customer_id ORDER BY m.customer_id
        """
    )
    row, here = find(customers, found["customer_id"])
    read: dict[str, frozenset[Channel] | tuple[str, ...]] = {}
    for kept in set(found["wishes"][here].tolist()):
        try:
            welcome = preferences_of(json.loads(kept)).channels
            read[kept] = CHANNELS if welcome is None else welcome
        except UnreadableWishes:
            # As the contact rules have it: left in peace until it is entered anew.
            read[kept] = frozenset()
    return row[here], [read[kept] for kept in found["wishes"][here].tolist()]


def _coded(column: str, codes: Any) -> str:
    whens = " ".join(f"WHEN '{word.value}' THEN {code}" for word, code in codes.items())
    return f"(CASE {column} {whens} ELSE -1 END)"
