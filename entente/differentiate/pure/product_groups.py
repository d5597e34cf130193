"""Which products are of one kind: by their category, or, where a firm keeps none, by a word that their names share."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from entente.differentiate.pure.arrays import Ints

MOST_GROUPS = 200
MOST_SHARE: Final = 0.05
"""A word in more of the names than this says size, colour or packing rather than what a thing is; a starting guess."""
FEWEST_NAMES = 3
COVERED: Final = 0.5
"""Least share of the products that must have a category for categories to be believed."""
_WORD = re.compile(r"[^\W\d_]{3,}")


def by_category(categories: Sequence[str]) -> tuple[Ints, list[str]] | None:
    """The category of each product, -1 for none, and their names; None where too few products have one."""
    written = [" ".join(category.split()) for category in categories]
    count = Counter(filter(None, written))
    if sum(count.values()) < COVERED * max(len(written), 1) or len(count) < 2:
        return None
    groups = sorted(_most_frequent(count)[:MOST_GROUPS])
    return _coded(written, groups), groups


def by_name(names: Sequence[str]) -> tuple[Ints, list[str]]:
    """The group of each product, -1 for none, and the word each group shares, the most frequent first: of the words in a name the one
    that most names have."""
    words = [list(dict.fromkeys(words_of(name))) for name in names]
    count = Counter(word for each in words for word in each)
    most = max(MOST_SHARE * len(names), 2 * FEWEST_NAMES)
    groups = [word for word in _most_frequent(count) if FEWEST_NAMES <= count[word] <= most][:MOST_GROUPS]
    rank = {word: len(groups) - place for place, word in enumerate(groups)}
    return _coded([group_of(each, rank) for each in words], groups), groups


def words_of(name: str) -> list[str]:
    return _WORD.findall(name.casefold())


def group_of(words: Sequence[str], rank: Mapping[str, int]) -> str:
    """The word of a name that ranks highest; empty where it has none that counts."""
    known = [word for word in words if word in rank]
    return max(known, key=lambda word: rank[word]) if known else ""


def _most_frequent(count: Counter[str]) -> list[str]:
    return [word for word, _many in sorted(count.items(), key=lambda one: (-one[1], one[0]))]


def _coded(chosen: Sequence[str], groups: Sequence[str]) -> Ints:
    place = {word: at for at, word in enumerate(groups)}
    return np.array([place.get(word, -1) for word in chosen], np.int64)
