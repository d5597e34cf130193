"""Making the next item while this one is used."""

import threading

import numpy as np
import pytest

from entente.ledger.ahead import ahead
from entente.ledger.pure.keys import hashed
from entente.ledger.twins import Twins


def test_the_items_come_in_their_order():
    assert list(ahead(iter(range(100)))) == list(range(100))


def test_an_error_is_raised_where_the_items_are_used():
    def items():
        yield 1
        raise ValueError("broken")

    made = ahead(items())
    assert next(made) == 1
    with pytest.raises(ValueError, match="broken"):
        next(made)


def test_who_stops_asking_stops_the_making():
    closed = threading.Event()

    def items():
        try:
            yield from range(10**9)
        finally:
            closed.set()

    made = ahead(items())
    assert next(made) == 0
    made.close()
    assert closed.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "ahead"]


def test_twins_are_counted_over_many_chunks():
    values = np.random.default_rng(5).integers(0, 40, 600)
    twins, days = Twins(), np.zeros(100, np.int32)
    lanes = hashed("customer", [str(value) for value in values])
    found = np.concatenate([twins.keys_of(lanes[start : start + 100], days) for start in range(0, 600, 100)])
    whole = Twins().keys_of(lanes, np.zeros(600, np.int32))
    assert (found == whole).all()
    assert len({key.tobytes() for key in found}) == 600
    assert twins.count == 600 - len(set(values.tolist()))
