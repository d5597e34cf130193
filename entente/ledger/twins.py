"""How often has this line stood in the file before? Counted on disk, so that memory does not grow with the file."""

import sqlite3

import numpy as np
from numpy.typing import NDArray

from entente.ledger.pure import keys


class Twins:
    """Used by one thread at a time. Its file has no name and is gone with the process, however that ends."""

    def __init__(self) -> None:
        self._seen = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._seen.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000; PRAGMA temp_store = FILE;"
            "CREATE TABLE seen (key BLOB PRIMARY KEY, count INTEGER NOT NULL, chunk INTEGER NOT NULL) WITHOUT ROWID;"
        )
        self._chunk = 0
        self.count = 0

    def keys_of(self, lanes: keys.Lanes, days: NDArray[np.int32]) -> NDArray[np.void]:
        """(n,) the keys of the next n lines of the file, twins told apart."""
        found = keys.fact_keys(lanes, days, np.zeros(len(lanes), np.int64))
        order, counts, places = keys.twins_within(found)
        starts = np.cumsum(counts) - counts
        # In the order of the keys, so that what is written lies together on the disk.
        before = self._before(found[order[starts]].tobytes(), counts.tolist())
        if before.any():
            places[order] += np.repeat(before, counts)
        twins = places > 0
        self.count += int(twins.sum())
        if twins.any():
            found[twins] = keys.fact_keys(lanes[twins], days[twins], places[twins])
        return found

    def _before(self, joined: bytes, counts: list[int]) -> NDArray[np.int64]:
        """How often each key has been seen in earlier chunks; and now it has been seen `counts` more."""
        distinct = [joined[start : start + 16] for start in range(0, len(joined), 16)]
        before = np.zeros(len(distinct), np.int64)
        self._chunk += 1
        self._seen.execute("BEGIN")
        rows = zip(distinct, counts, [self._chunk] * len(distinct), strict=True)
        inserted = self._seen.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", rows).rowcount
        if inserted < len(distinct):
            for place, key in enumerate(distinct):
                count, chunk = self._seen.execute("SELECT count, chunk FROM seen WHERE key = ?", (key,)).fetchone()
                if chunk != self._chunk:
                    before[place] = count
                    self._seen.execute("UPDATE seen SET count = count + ? WHERE key = ?", (counts[place], key))
        self._seen.execute("COMMIT")
        return before

    def close(self) -> None:
        self._seen.close()
