"""How much do we know of the customers, and what is most worth asking next? Reads the facts of a cycle, calls the law, writes cells and
questions.

Customers are those the cycle values, of whom a record is left; what they show is what any of their own records says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction

from entente.differentiate.current import in_force_id
from entente.differentiate.facts import Facts, day_number, find, spread
from entente.differentiate.knowing_terms import terms
from entente.differentiate.models import Cycle, KnowingCell, NextQuestion
from entente.differentiate.partitions import partition_of
from entente.differentiate.pure.arrays import Bools, Ints
from entente.differentiate.pure.asking_terms import AGEING, WAYS, Terms
from entente.differentiate.pure.estimate import guess, within
from entente.differentiate.pure.knowing import (
    CARRIED_BY,
    CHANNELS,
    CONSENTS,
    FIELDS,
    LEVELS,
    PURPOSES,
    Collected,
    Counted,
    Known,
    Rules,
    collect,
    counted,
    first,
    reachable,
    still_right,
)
from entente.identify.models import Membership, PossibleMatch
from entente.ledger.models import Party, PartyVersion
from entente.warehouse.extract import Columns, Extract

MOST_QUESTIONS = 1000
REACH = tuple(f"reach_{purpose}" for purpose in PURPOSES)
ALONE, IN_DOUBT = "alone", "in_doubt"

# What a record says, a bit each. A country alone is no address: nothing can be sent there.
_SAYS = {
    "name": "p.name <> ''",
    "kind": f"p.kind <> '{Party.Kind.UNKNOWN}'",
    "phone": "p.phone <> ''",
    "email": "p.email <> ''",
    "address": "p.city <> ''",
    "language": "p.language <> ''",
    "segment": "p.segment <> ''",
    "born_on": "p.born_on IS NOT NULL",
    "tax_id": "p.tax_id <> ''",
    "is_person": f"p.kind = '{Party.Kind.PERSON}'",
    "is_organisation": f"p.kind = '{Party.Kind.ORGANISATION}'",
}
_BIT = {name: 1 << place for place, name in enumerate(_SAYS)}
# Of whom it makes sense to ask.
_ONLY_OF = {"born_on": "is_person", "tax_id": "is_organisation"}

RulesOf = Callable[[Ints, Extract], Rules]
HeldOut = Callable[[Ints], Bools]
Progress = Callable[[str, float, float | None], None]


@dataclass(frozen=True, eq=False)
class Records:
    """The living records of valued customers, by customer. row: (m,) whose, a place among the customers. source, says, day: (m,) which
    source, what it says as bits, and the day of its latest word. in_doubt: (m,) somebody is asked whose it is."""

    row: Ints
    source: Ints
    says: Ints
    day: Ints
    in_doubt: Bools


def know(
    cycle: Cycle, facts: Facts, rules_of: RulesOf, held_out: HeldOut, *, progress: Progress = lambda *_: None
) -> dict[str, Any]:
    """Count what is known as of the cycle's day, and keep the questions most worth asking. Safe to run again.

    rules_of: what the contact rules make of these customers. held_out: who of them is left alone. Returns how many customers were looked
    at, how many are worth a question, what their best questions are worth together and how far that may be off, and what was assumed.
    """
    progress("Counting what is known", 0, None)
    customers, worth, records = _read(cycle, facts)
    assumed = terms()
    known = _known(customers, worth, records, facts, rules_of, held_out(customers))
    collected = collect(known, assumed)
    asked = first(collected, customers, MOST_QUESTIONS)
    cells = [*_of_customers(known, assumed, collected), *_of_records(records, known, facts, assumed)]
    with transaction.atomic():
        KnowingCell.objects.filter(cycle=cycle).delete()
        KnowingCell.objects.bulk_create([KnowingCell(cycle=cycle, **cell) for cell in cells])
        _write_questions(cycle, customers[asked], known.level[asked], collected, asked)
    return {
        "customers": len(customers),
        "questions": int((collected.gain > 0.0).sum()),
        "worth": float(collected.gain.sum()),
        "spread": _spread(assumed, cycle),
        "assumed": assumed.as_dict(),
    }


def _spread(assumed: Terms, cycle: Cycle) -> float:
    """How far sums of money here may be off, as a share: the assumptions and the lifetime values, each by its own part."""
    return (guess(1.0, assumed.off) * within(1.0, cycle.totals.get("value_relative_error", 0.0))).share


def _read(cycle: Cycle, facts: Facts) -> tuple[Ints, Columns, Records]:
    facts.extract.see_new_tables()
    worth = facts.extract.columns(
        f"SELECT customer_id, level, value, purchases FROM pg.{partition_of(cycle)} ORDER BY customer_id"
    )
    bits = " + ".join(f"({what})::INTEGER * {_BIT[name]}" for name, what in _SAYS.items())
    asked = f"SELECT left_id, right_id FROM pg.{PossibleMatch._meta.db_table} WHERE settled_by_id IS NULL"
    found = facts.extract.columns(
        f"""
        WITH asked AS ({asked}), doubted AS (SELECT left_id AS id FROM asked UNION SELECT right_id FROM asked)
        SELECT m.customer_id, p.source_id, p.says, p.id IN (FROM doubted) AS in_doubt,
               floor(epoch(coalesce(v.spoke_at, p.recorded_at)))::BIGINT // 86400 AS day
        FROM (SELECT id, source_id, {bits} AS says, recorded_at FROM pg.{Party._meta.db_table} p WHERE erased_at IS NULL) p
        JOIN (SELECT party_id, customer_id FROM pg.{Membership._meta.db_table} WHERE ended_at IS NULL) m ON m.party_id = p.id
        LEFT JOIN (
            SELECT party_id, max(recorded_at) AS spoke_at FROM pg.{PartyVersion._meta.db_table} GROUP BY party_id
        ) v ON v.party_id = p.id
        ORDER BY m.customer_id, p.source_id, p.id
        """
    )
    _, valued = find(worth["customer_id"], found["customer_id"])
    left = np.isin(worth["customer_id"], found["customer_id"][valued])
    customers = worth["customer_id"][left]
    row = np.searchsorted(customers, found["customer_id"][valued])
    return (
        customers,
        {name: column[left] for name, column in worth.items()},
        Records(
            row,
            found["source_id"][valued].astype(np.int64),
            found["says"][valued].astype(np.int64),
            found["day"][valued].astype(np.int64),
            found["in_doubt"][valued],
        ),
    )


def _known(
    customers: Ints, worth: Columns, records: Records, facts: Facts, rules_of: RulesOf, held_out: Bools
) -> Known:
    """What customers show: what any of their records says, and the day of the last word on it, spoken or written."""
    n, today, contacts = len(customers), day_number(facts.as_of), facts.contacts
    says, day = _over(records.row, records.says, records.day, n)
    age = {}
    for name in AGEING:
        last = day[name]
        if name in CARRIED_BY.values():
            # Who spoke with us over it holds it still.
            last = np.maximum(last, spread(contacts["customer_id"], contacts[f"last_over_{name}"], customers, -1))
        age[name] = np.maximum(today - last, 0).astype(np.float64)
    rules = rules_of(customers, facts.extract)
    by_rules = {field: rules.asked[CHANNELS.index(channel)] for field, channel in CONSENTS.items()}
    return Known(
        level=worth["level"].astype(np.int64),
        value=worth["value"],
        has_bought=worth["purchases"] > 0,
        held_out=held_out,
        applies={field: _applies(field, says) for field in FIELDS},
        known={**{field: _says(field, says) for field in FIELDS if field in _SAYS}, **by_rules, "wishes": rules.wishes},
        age=age,
        rules=rules,
    )


def _over(group: Ints, says: Ints, day: Ints, groups: int) -> tuple[Ints, dict[str, Ints]]:
    """(groups,) all that records of a group say together, and the newest day of those that say it, -1 for none.

    group: (m,) rising, each of the groups at least once.
    """
    if not groups:
        return np.zeros(0, np.int64), {name: np.zeros(0, np.int64) for name in AGEING}
    starts = np.searchsorted(group, np.arange(groups))
    newest = {name: np.maximum.reduceat(np.where(_says(name, says), day, -1), starts) for name in AGEING}
    return np.bitwise_or.reduceat(says, starts), newest


def _says(name: str, says: Ints) -> Bools:
    return np.asarray(says & _BIT[name] != 0)


def _applies(field: str, says: Ints) -> Bools:
    return _says(_ONLY_OF[field], says) if field in _ONLY_OF else np.ones(len(says), np.bool_)


def _of_customers(known: Known, assumed: Terms, collected: Collected) -> Iterator[dict[str, Any]]:
    """What customers show, level by level, with what asking for it is worth; and whom we can reach for what."""
    groups = LEVELS + 1
    for place, field in enumerate(FIELDS):
        right = still_right(known.age[field], assumed.half_life(field)) if field in AGEING else None
        found = counted(known.level, groups, known.applies[field], known.known[field], right)
        for cell in _cells(found, field):
            level = cell["level"]
            yield {**cell, "asks": int(collected.asks[place, level]), "worth": float(collected.worth[place, level])}
    everyone = np.ones(len(known.level), np.bool_)
    for name, purpose in zip(REACH, PURPOSES, strict=True):
        yield from _cells(counted(known.level, groups, everyone, reachable(known, purpose)), name)


def _of_records(records: Records, known: Known, facts: Facts, assumed: Terms) -> Iterator[dict[str, Any]]:
    """Records that are not linked or in doubt, and, where there are several sources, what each of them says of its customers."""
    sources = np.unique(records.source)
    everything = np.ones(len(records.row), np.bool_)
    level = known.level[records.row] if len(records.row) else records.row
    if len(sources) < 2:
        yield from _cells(counted(level, LEVELS + 1, everything, records.in_doubt), IN_DOUBT)
        return
    alone = np.bincount(records.row)[records.row] == 1
    for name, column in ((ALONE, alone), (IN_DOUBT, records.in_doubt)):
        yield from _cells(counted(level, LEVELS + 1, everything, column), name)
        for source in sources:
            yield from _cells(counted(level, LEVELS + 1, records.source == source, column), name, int(source))
    today = day_number(facts.as_of)
    for source in sources:
        own = records.source == source
        row, group = np.unique(records.row[own], return_inverse=True)
        says, day = _over(group, records.says[own], records.day[own], len(row))
        for field in (field for field in FIELDS if field in _SAYS):
            age = np.maximum(today - day[field], 0).astype(np.float64) if field in AGEING else None
            right = None if age is None else still_right(age, assumed.half_life(field))
            applies = _applies(field, says)
            yield from _cells(
                counted(known.level[row], LEVELS + 1, applies, _says(field, says), right), field, int(source)
            )


def _cells(found: Counted, respect: str, source: int | None = None) -> Iterator[dict[str, Any]]:
    for level in np.flatnonzero(found.of):
        yield {
            "level": int(level),
            "source_id": source,
            "respect": respect,
            "of": int(found.of[level]),
            "known": int(found.known[level]),
            "fresh": None if found.fresh is None else float(found.fresh[level]),
        }


def _write_questions(cycle: Cycle, customers: Ints, level: Ints, collected: Collected, asked: Ints) -> None:
    """Only the questions of the cycle in force and of this one are kept: those of earlier ones nobody asks any more."""
    NextQuestion.objects.filter(cycle=cycle).delete()
    NextQuestion.objects.exclude(cycle_id=in_force_id()).delete()
    NextQuestion.objects.bulk_create(
        NextQuestion(cycle=cycle, customer_id=customer, level=at, field=FIELDS[field], way=WAYS[way], gain=gain)
        for customer, at, field, way, gain in zip(
            customers.tolist(),
            level.tolist(),
            collected.field[asked].tolist(),
            collected.way[asked].tolist(),
            collected.gain[asked].tolist(),
            strict=True,
        )
    )
