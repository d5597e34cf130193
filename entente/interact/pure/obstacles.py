"""Spans of time in which a rule of number forbids one more contact, for many people at once.

Everything that is not a yes or no and not the calendar becomes the same thing: a row, a start, an end and the rule.
The next permitted instant is then found by stepping over spans.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from entente.interact.pure.caps import (
    Cap,
    Gap,
    forbidden_after,
    forbidden_by_calendar,
    forbidden_by_runs,
)
from entente.interact.pure.clocks import FAR, Clock, Ints
from entente.interact.pure.columns import Contacts, Flags, People
from entente.interact.pure.people import CIRCLES, Question, seconds
from entente.interact.pure.policy import ContactPolicy
from entente.interact.pure.purposes import CHANNEL_INDEX, CHANNELS, STRENGTH, Purpose

Spans = tuple[Ints, Ints, Ints]
Values = dict[str, str | int]
# Whose contacts a cap of each circle counts.
_COUNTED = {"person": ("person",), "household": ("person", "household"), "firm": ("person", "firm")}


@dataclass(frozen=True, eq=False)
class Obstacles:
    """row, start, end: (k,) half-open spans of seconds.
    rule: (k,) place in `rules`, pairs of code and parameters, in the order in which the rules are told."""

    row: Ints
    start: Ints
    end: Ints
    rule: Ints
    rules: tuple[tuple[str, Values], ...]


class _Collector:
    def __init__(self) -> None:
        self.spans: list[Spans] = []
        self.rules: list[tuple[str, Values]] = []
        self.number: list[int] = []

    def add(self, code: str, values: Values, spans: Sequence[Spans]) -> None:
        for each in spans:
            if len(each[0]):
                self.spans.append(each)
                self.number.append(len(self.rules))
        self.rules.append((code, values))

    def gathered(self) -> Obstacles:
        empty = np.empty(0, dtype=np.int64)
        rows = [each[0] for each in self.spans]
        return Obstacles(
            row=np.concatenate([empty, *rows]),
            start=np.concatenate([empty, *(each[1] for each in self.spans)]),
            end=np.concatenate([empty, *(each[2] for each in self.spans)]),
            rule=np.repeat(np.array(self.number, dtype=np.int64), [len(each) for each in rows]),
            rules=tuple(self.rules),
        )


@dataclass(frozen=True, eq=False)
class Sorted:
    """Contacts sorted by the clocks of their person, person and time; `place` of each contact in `clocks`."""

    rows: Contacts
    order: Ints
    place: Ints
    clocks: Sequence[tuple[Clock, ...]]

    def spans(self, kept: Flags, forbid: Callable[[Clock, Ints, Ints], Spans]) -> list[Spans]:
        """What `forbid` makes of the kept contacts, on every clock their person may live by."""
        if not kept.any():
            return []
        order = self.order[kept[self.order]]
        at, row, place = self.rows.at[order], self.rows.row[order], self.place[order]
        cuts = np.flatnonzero(np.diff(place)) + 1
        found = []
        for begin, end in zip([0, *cuts], [*cuts, len(order)], strict=True):
            mine = slice(begin, end)
            found += [forbid(clock, at[mine], row[mine]) for clock in self.clocks[place[begin]]]
        return found


def sorted_contacts(rows: Contacts, clocks: Sequence[tuple[Clock, ...]], clocks_of_row: Ints) -> Sorted:
    place = clocks_of_row[rows.row]
    return Sorted(rows, np.lexsort((rows.at, rows.row, place)), place, clocks)


def obstacles(
    people: People, contacts: Sorted, question: Question, purpose: Purpose, policy: ContactPolicy
) -> Obstacles:
    """Every span in which a block with an end, a wish, a rest, an exclusion, a gap or a cap says no to `question`.

    purpose: the effective one.
    """
    found = _Collector()
    _blocks(found, people, question, purpose, policy)
    counted = ~contacts.rows.inbound & ~_any_word(contacts.rows.outcomes, contacts.rows.outcome, policy.returned)
    if purpose in policy.wishes_bind:
        _wishes(found, people, contacts, counted, policy)
    _rests(found, contacts, question, purpose, policy)
    for each in policy.exclusions:
        others = (each.others if purpose in each.purposes else frozenset()) | (
            each.purposes if purpose in each.others else frozenset()
        )
        if others:
            kept = counted & _purposes(contacts.rows, others) & (contacts.rows.circle == 0)
            days = each.days
            found.add("exclusion", {"rule": each.name}, contacts.spans(kept, _runs(1, days, 0)))
    for gap in policy.gaps:
        if _binds(gap, question, purpose):
            kept = counted & _counts(gap, contacts.rows, question)
            found.add("gap", {"rule": gap.name}, contacts.spans(kept, _runs(1, gap.days, gap.hours)))
    for cap in policy.caps:
        if _binds(cap, question, purpose):
            kept = counted & _counts(cap, contacts.rows, question)
            values: Values = {"rule": cap.name, "limit": cap.limit, "circle": cap.circle}
            found.add("cap", values, contacts.spans(kept, _cap(cap)))
    return found.gathered()


def _runs(limit: int, days: int, hours: int) -> Callable[[Clock, Ints, Ints], Spans]:
    return lambda clock, at, row: forbidden_by_runs(clock, at, row, limit, days, hours)


def _cap(cap: Cap) -> Callable[[Clock, Ints, Ints], Spans]:
    per = cap.per
    if per is not None:
        return lambda clock, at, row: forbidden_by_calendar(clock, at, row, cap.limit, per)
    return _runs(cap.limit, cap.days or 0, 0)


def _binds(rule: Cap | Gap, question: Question, purpose: Purpose) -> bool:
    channel = rule.channels is None or question.channel in rule.channels
    return purpose in rule.purposes and channel and not (rule.same_topic and question.topic is None)


def _counts(rule: Cap | Gap, rows: Contacts, question: Question) -> Flags:
    circles = np.array([each in _COUNTED[rule.circle] for each in CIRCLES])
    kept = _purposes(rows, rule.purposes) & circles[rows.circle]
    if rule.channels is not None:
        kept &= np.array([each in rule.channels for each in CHANNELS])[rows.channel]
    if rule.same_topic:
        kept &= _any_word(rows.topics, rows.topic, {question.topic})
    return np.asarray(kept)


def _purposes(rows: Contacts, purposes: frozenset[Purpose]) -> Flags:
    wanted = np.zeros(len(STRENGTH), dtype=np.bool_)
    wanted[[STRENGTH[each] for each in purposes]] = True
    return np.asarray(wanted[rows.purpose])


def _any_word(words: tuple[str, ...], places: Ints, wanted: "frozenset[str] | set[str | None]") -> Flags:
    # The last place answers for -1, no word.
    known = np.array([word in wanted for word in words] + [False])
    return np.asarray(known[places])


def blocks_that_bind(people: People, question: Question, purpose: Purpose, policy: ContactPolicy) -> Flags:
    """(b,) which blocks speak of this question."""
    rows = people.blocks
    general = (rows.purpose == -1) & (purpose not in policy.block_spares)
    named = rows.purpose == STRENGTH[purpose]
    here = (rows.channel == -1) | (rows.channel == CHANNEL_INDEX[question.channel])
    return np.asarray((general | named) & here)


def _blocks(found: _Collector, people: People, question: Question, purpose: Purpose, policy: ContactPolicy) -> None:
    rows = people.blocks
    kept = blocks_that_bind(people, question, purpose, policy)
    found.add("blocked_until", {}, [(rows.row[kept], rows.from_at[kept], rows.until_at[kept])])


def _wishes(found: _Collector, people: People, contacts: Sorted, counted: Flags, policy: ContactPolicy) -> None:
    wished = _purposes(contacts.rows, policy.wishes_bind) & counted & (contacts.rows.circle == 0)
    pauses: list[Spans] = []
    for number, wish in enumerate(people.preferences):
        if wish.paused_from is None and wish.paused_until is None:
            continue
        rows = np.flatnonzero(people.preference == number)
        start = 0 if wish.paused_from is None else seconds(wish.paused_from)
        end = FAR if wish.paused_until is None else seconds(wish.paused_until)
        pauses.append((rows, np.full(len(rows), start), np.full(len(rows), end)))
    found.add("paused", {}, pauses)
    asked = {wish.frequency: None for wish in people.preferences if wish.frequency is not None}
    for often in asked:
        who = np.array([wish.frequency == often for wish in people.preferences])[people.preference]
        spans: list[Spans] = []
        if often.limit < 1:
            rows = np.flatnonzero(who)
            spans.append((rows, np.zeros(len(rows), np.int64), np.full(len(rows), FAR)))
        else:
            spans += contacts.spans(wished & who[contacts.rows.row], _runs(often.limit, often.days, 0))
        found.add("frequency", {"limit": often.limit, "days": often.days}, spans)


def _rests(found: _Collector, contacts: Sorted, question: Question, purpose: Purpose, policy: ContactPolicy) -> None:
    rows = contacts.rows
    for rest in policy.rests:
        if purpose not in rest.purposes or (rest.same_topic and question.topic is None):
            continue
        kept = _any_word(rows.outcomes, rows.outcome, {rest.outcome}) & (rows.circle == 0)
        if rest.same_channel:
            kept &= rows.channel == CHANNEL_INDEX[question.channel]
        if rest.same_topic:
            kept &= _any_word(rows.topics, rows.topic, {question.topic})
        days, hours = rest.days, rest.hours

        def after(clock: Clock, at: Ints, row: Ints, days: int = days, hours: int = hours) -> Spans:
            return (row, *forbidden_after(clock, at, days, hours))

        found.add("rest", {"rule": rest.name, "outcome": rest.outcome}, contacts.spans(kept, after))
