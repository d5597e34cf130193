"""What a likeness is worth: weights learned from the records themselves, without anybody saying who is who.

Fellegi & Sunter (1969), with levels of likeness and weights by how rare a value is (Winkler 1989), learned by EM (Winkler 2000). Two
records are the same customer, or two of one household (or two branches of one firm), or strangers: a third class beside the usual two,
so that father and son at one address, who share all a household shares, are not taken for one. And a fourth, namesakes: strangers who
share a whole name, because the names of one country, or of one time, go together, and so do its towns; without it they would be taken
for customers who have changed everything else. What strangers have in common by chance is counted on random pairs; the others are
learned on the pairs that blocking brings together. With the chances of strangers from all pairs, the odds do not depend on which pairs
blocking chose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.identify.pure.coded import MISSING, Coded
from entente.identify.pure.comparisons import RARE, TOLD_APART, Field, Levels, Rows

Floats = NDArray[np.float64]
ROUNDS = 300
SETTLED = 1e-6
RANDOM_PAIRS = 400_000
LEAST = 1e-6  # no chance is nothing, or one odd record would outweigh all the rest
OF_THE_SAME = 0.9  # of the fields of one customer agree, to begin with
HANDED_DOWN = 0.02  # of two of one household so many have in common what only one should have: a son his father's name
NEAR = 2  # the highest level of a place that is no address
RAREST = 2.0  # a value held by fewer records than this counts as held by so many
OF_NAMESAKES = 0.97  # of their names agree
MOST_DIFFER = 0.6  # of two records of one customer no more differ in a field in which both say something
SAME, HOUSEHOLD, STRANGERS, NAMESAKES = 0, 1, 2, 3
OTHERS = [HOUSEHOLD, STRANGERS, NAMESAKES]
TO_BEGIN_WITH = {SAME: 0.1, HOUSEHOLD: 0.05, NAMESAKES: 0.05}  # of the pairs that blocking brings together


@dataclass(frozen=True, eq=False)
class Weights:
    """chances[f]: (4, levels) the chance of each level of field f for the same customer, one household, strangers, namesakes.

    shares: (4,) of all pairs of records. crowd: (fields,) how many hold what two namesakes have in common, on the average; for what is no
    name, all records. records: how many there were. settled: did learning come to rest?
    """

    fields: tuple[Field, ...]
    chances: tuple[Floats, ...]
    shares: Floats
    crowd: Floats
    records: int
    rounds: int
    settled: bool


@dataclass(frozen=True, eq=False)
class Judged:
    """(pairs,) the probability of being the same customer, and of being of one household; weight: log2 of the odds of the same."""

    same: Floats
    household: Floats
    weight: Floats


def learn(
    fields: Sequence[Field], columns: Mapping[str, Coded], levels: Levels, by_chance: Levels, *, records: int
) -> Weights:
    """Learn from the levels of blocked pairs (k, fields) and of random pairs (r, fields)."""
    fields = tuple(fields)
    patterns, counts = _patterns(fields, levels)
    strangers = [_shares(by_chance[:, place], field.levels) for place, field in enumerate(fields)]
    chances = [
        np.stack(
            [
                _guess(field.levels, OF_THE_SAME),
                chance if field.household is None else _guess(field.levels, field.household),
                chance,
                _guess(field.levels, OF_NAMESAKES) if field.how == "name" else chance,
            ]
        )
        for field, chance in zip(fields, strangers, strict=True)
    ]
    pairs = max(records * (records - 1) / 2, 1.0)
    found = float(counts.sum())
    shares = np.zeros(4)
    for group, part in TO_BEGIN_WITH.items():
        shares[group] = part * found / pairs + 1e-12
    shares[STRANGERS] = 1.0 - shares.sum()
    learned = list(TO_BEGIN_WITH)
    settled, round_number = False, 0
    while not settled and round_number < ROUNDS:
        round_number += 1
        belief = _belief(patterns, chances, shares)
        weighed = belief * counts[:, None]
        fresh = weighed[:, learned].sum(axis=0) / pairs
        settled = bool(np.max(np.abs(fresh - shares[learned])) * pairs < max(SETTLED * found, 0.01))
        shares[learned] = np.maximum(fresh, 1e-12)
        shares[STRANGERS] = 1.0 - fresh.sum()
        for place, field in enumerate(fields):
            chances[place] = _improved(field, patterns[:, place], weighed, chances[place], strangers[place])
    crowd = [_crowd(columns.get(field.name), records) if field.how == "name" else records for field in fields]
    return Weights(fields, tuple(chances), shares, np.array(crowd, np.float64), records, round_number, settled)


def judge(weights: Weights, columns: Mapping[str, Coded], levels: Levels, left: Rows, right: Rows) -> Judged:
    """How probable it is that each pair is one customer. left, right: (k,) records; levels: (k, fields) as compared."""
    log = np.tile(np.log2(weights.shares), (len(levels), 1))
    for place in range(len(weights.fields)):
        log += bits(weights, place, columns, levels[:, place], left)
    top = log.max(axis=1, keepdims=True)
    odds = np.exp2(log - top)
    total = odds.sum(axis=1)
    other = np.log2(odds[:, OTHERS].sum(axis=1)) + top[:, 0]
    return Judged(odds[:, SAME] / total, odds[:, HOUSEHOLD] / total, log[:, SAME] - other)


def bits(weights: Weights, place: int, columns: Mapping[str, Coded], levels: Levels, left: Rows) -> Floats:
    """(k, 4) log2 of the chance of what one field shows, for each of the four classes; 0 where it shows nothing."""
    field, chances = weights.fields[place], weights.chances[place]
    table = np.vstack([np.log2(chances.T), np.zeros(4)])
    found: Floats = table[levels]
    for level, name in RARE[field.how].items():
        column = columns.get(name or field.name)
        if column is None:
            continue
        rows = np.flatnonzero(levels == level)
        code = column.code[left[rows]]
        rows, code = rows[code != MISSING], code[code != MISSING]
        holders = np.maximum(column.counts[code], RAREST)
        held = holders / weights.records
        # Of strangers as many agree on a value by chance as hold it: to agree on a rare one says more.
        by_chance = np.log2(np.clip(held, LEAST, 1.0))
        found[rows, STRANGERS] = by_chance
        if tells_by_rarity(field, level):
            # Namesakes mostly have a common name: as many pairs of them have it as there are pairs of its holders.
            found[rows, NAMESAKES] = np.log2(np.maximum(holders / weights.crowd[place], LEAST))
        if field.household is None:
            found[rows, HOUSEHOLD] = np.log2(np.clip(held + HANDED_DOWN, LEAST, 1.0))
    return found


def tells_by_rarity(field: Field, level: int) -> bool:
    """Does it matter for namesakes, too, how rare a value is? That they live in one town was learned of them: it is no chance."""
    return field.how != "place" or level > NEAR


def evidence(weights: Weights, columns: Mapping[str, Coded], levels: Levels, left: Rows) -> Floats:
    """(k, fields) bits by which each field of each pair speaks for the same customer; 0 where it says nothing."""
    others = np.log2(weights.shares[OTHERS])
    prior = np.logaddexp2.reduce(others)
    out = np.zeros(levels.shape)
    for place in range(len(weights.fields)):
        found = bits(weights, place, columns, levels[:, place], left)
        against = np.logaddexp2.reduce(found[:, OTHERS] + others, axis=1)
        out[:, place] = found[:, SAME] - (against - prior)
    return out


def explain(
    weights: Weights, columns: Mapping[str, Coded], levels: Levels, left: Rows
) -> list[dict[str, tuple[str, float]]]:
    """For each pair and each field that says something: how alike both are, and the bits by which that speaks for the same customer."""
    found = np.round(evidence(weights, columns, levels, left), 2)
    names = [(field.name, TOLD_APART[field.how]) for field in weights.fields]
    return [
        {
            name: (told[level], bits_of)
            for (name, told), level, bits_of in zip(names, row, said, strict=True)
            if level != MISSING
        }
        for row, said in zip(levels.tolist(), found.tolist(), strict=True)
    ]


def as_data(weights: Weights) -> dict[str, Any]:
    """Plain numbers and texts, to be kept."""
    return {
        "fields": [[field.name, field.how, field.household] for field in weights.fields],
        "chances": [chance.tolist() for chance in weights.chances],
        "shares": weights.shares.tolist(),
        "crowd": weights.crowd.tolist(),
        "records": weights.records,
        "rounds": weights.rounds,
        "settled": weights.settled,
    }


def from_data(data: Mapping[str, Any]) -> Weights:
    return Weights(
        tuple(Field(*each) for each in data["fields"]),
        tuple(np.array(chance, np.float64) for chance in data["chances"]),
        np.array(data["shares"], np.float64),
        np.array(data["crowd"], np.float64),
        data["records"],
        data["rounds"],
        data["settled"],
    )


def _patterns(fields: tuple[Field, ...], levels: Levels) -> tuple[Levels, Floats]:
    """Distinct rows of levels, and how often each was seen."""
    code = np.zeros(len(levels), np.int64)
    for place, field in enumerate(fields):
        code = code * (field.levels + 1) + levels[:, place] + 1
    _, first, counts = np.unique(code, return_index=True, return_counts=True)
    return levels[first], counts.astype(np.float64)


def _shares(levels: NDArray[np.int8], count: int) -> Floats:
    seen = np.bincount(levels[levels >= 0], minlength=count).astype(np.float64)
    return _chances((seen + 0.5e-3) / (seen.sum() + count * 0.5e-3))


def _chances(share: Floats) -> Floats:
    """None of them nothing, and one in all."""
    found: Floats = np.clip(share, LEAST, 1.0)
    return found / found.sum()


def _at_least(chance: Floats, agree: float) -> Floats:
    """What a household may share some household shares, though few of those seen did: twins their birthday, a family its telephone.
    Learned away, it would take the first twins for one person."""
    short = max(agree - float(chance[-1]), 0.0)
    out = chance * (1.0 - short / (1.0 - float(chance[-1]))) if short else chance.copy()
    out[-1] += short
    return out


def _differing_at_most(chance: Floats) -> Floats:
    """Some customers have moved, some have another mailbox by now: but not nearly all, or they would be namesakes."""
    differ = float(chance[0])
    if differ <= MOST_DIFFER:
        return chance
    return np.append(MOST_DIFFER, chance[1:] * ((1.0 - MOST_DIFFER) / (1.0 - differ)))


def _crowd(column: Coded | None, records: int) -> float:
    """How many records hold what two of the same name are called, on the average of such pairs."""
    if column is None or not len(column.values):
        return float(records)
    held = column.counts.astype(np.float64)
    return max(float((held * held).sum() / max(held.sum(), 1.0)), RAREST)


def _guess(count: int, agree: float) -> Floats:
    """So many agree whole, a tenth of the others in part."""
    guess = np.full(count, 0.1 * (1.0 - agree) / max(count - 2, 1))
    guess[0], guess[-1] = 0.9 * (1.0 - agree), agree
    return guess / guess.sum()


def _belief(patterns: Levels, chances: Sequence[Floats], shares: Floats) -> Floats:
    log = np.tile(np.log2(np.maximum(shares, 1e-300)), (len(patterns), 1))
    for place, chance in enumerate(chances):
        table = np.vstack([np.log2(chance.T), np.zeros(4)])
        log += table[patterns[:, place]]
    odds = np.exp2(log - log.max(axis=1, keepdims=True))
    found: Floats = odds / odds.sum(axis=1, keepdims=True)
    return found


def _improved(field: Field, levels: NDArray[np.int8], weighed: Floats, before: Floats, strangers: Floats) -> Floats:
    known = levels >= 0
    out = np.empty_like(before)
    out[STRANGERS], out[NAMESAKES] = strangers, before[NAMESAKES]
    if field.how == "place":
        near = np.bincount(levels[known], weights=weighed[known, NAMESAKES], minlength=field.levels)[: NEAR + 1]
        # Where, but not at which address: two of one name in one house may well be one.
        left = 1.0 - float(strangers[NEAR + 1 :].sum())
        first = 5.0 * strangers[: NEAR + 1] / strangers[: NEAR + 1].sum()
        out[NAMESAKES] = np.append(left * _chances((near + first) / (near.sum() + 5.0)), strangers[NEAR + 1 :])
    for group in (SAME, HOUSEHOLD):
        if group == HOUSEHOLD and field.household is None:
            out[group] = strangers
            continue
        agree, made_up = (OF_THE_SAME, 5.0) if group == SAME else (field.household or 0.0, 50.0)
        seen = np.bincount(levels[known], weights=weighed[known, group], minlength=field.levels)
        # Made-up pairs like the first guess keep a field few fill in, and households where there are few, from saying anything extreme.
        out[group] = _chances((seen + made_up * _guess(field.levels, agree)) / (seen.sum() + made_up))
        if group == HOUSEHOLD:
            out[group] = _at_least(out[group], agree / 2)
        else:
            out[group] = _differing_at_most(out[group])
    return out
