"""A cycle is killed at every point: the old result is served, and the same command makes it whole."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from entente.customize.models import Decision
from entente.cycle import AlreadyRunning, run_cycle
from entente.differentiate.current import in_force
from entente.differentiate.models import Cycle, PyramidCell, Valuation
from entente.staff.settings import put_setting
from entente.warehouse.extract import sweep_extracts
from tests.databases import CHECKOUT
from tests.ledger_facts import Ledger, a_firm, a_trade, committed, environment, partitions

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

AS_OF = date(2026, 6, 30)
TODAY = date(2026, 7, 1)

# Loaded once; for each line it reads, a child runs the cycle and is killed: when it tells of a step, or after a function.
MOTHER = """
import importlib, os, signal, sys
from datetime import date
import django
django.setup()
from entente import cycle

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def run(point):
    place, _, name = point.partition(":")
    if not name:
        return cycle.run_cycle(date(2026, 6, 30), today=date(2026, 7, 1), progress=lambda step, *_: step == point and die())
    module = importlib.import_module(place)
    real = getattr(module, name)
    def killed(*arguments, **named):
        real(*arguments, **named)
        die()
    setattr(module, name, killed)
    return cycle.run_cycle(date(2026, 6, 30), today=date(2026, 7, 1))

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(line.strip())
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
"""

POINTS = (
    "entente.cycle:_begin",
    "Reading order lines",
    "Fitting the laws",
    "entente.differentiate.partitions:copy_columns",
    "entente.cycle:value_customers",
    "Asking the contact rules",
    "entente.customize.decide:copy_columns",
    "Publishing",
    "entente.cycle:attach_partition",
    "entente.cycle:publish",
)


@pytest.fixture
def mother(committed: None) -> Iterator[subprocess.Popen[str]]:
    program = subprocess.Popen(
        [sys.executable, "-c", MOTHER], cwd=CHECKOUT, env={**environment(), "DJANGO_SETTINGS_MODULE": "entente.settings"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield program
    program.stdin.close()
    program.wait(30)
    program.stdout.close()


def result_of(cycle: Cycle) -> dict[str, Any]:
    """All that a cycle says, but for numbers and hours."""
    parts = {
        "valuations": Valuation.objects.filter(cycle_id=cycle.pk).order_by("customer_id").values(),
        "decisions": Decision.objects.filter(cycle=cycle).order_by("customer_id").values(),
        "cells": PyramidCell.objects.filter(cycle=cycle).order_by("level", "measure").values(),
    }
    untold = {"id", "cycle_id", "decided_at"}
    said = {name: [{k: v for k, v in row.items() if k not in untold} for row in rows] for name, rows in parts.items()}
    return {**said, "totals": cycle.totals, "laws": cycle.laws, "notes": cycle.notes}


def go_on() -> Cycle:
    """The database may need a moment to see that the one who held the lock is dead."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return run_cycle(AS_OF, today=TODAY)
        except AlreadyRunning:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_killed_anywhere(mother):
    a_firm()
    a_trade(Ledger(), buyers=40, until=AS_OF, email="buyer@example.com")
    whole = result_of(run_cycle(AS_OF, today=TODAY))
    assert whole["decisions"] and whole["valuations"]
    for point in POINTS:
        before = in_force()
        # Says nothing new, and yet is a reason to run again.
        put_setting("plays", {}, by=None)
        mother.stdin.write(point + "\n")
        mother.stdin.flush()
        assert int(mother.stdout.readline()) == 9, point
        assert in_force() == before, point
        assert result_of(before) == whole, point
        after = go_on()
        assert after != before and in_force() == after, point
        assert result_of(after) == whole, point
        assert partitions() == [f"differentiate_valuation_{after.pk}"], point
        assert Decision.objects.count() == len(whole["decisions"]), point
        assert not Cycle.objects.filter(published_at=None).exists(), point
    left = list(settings.HOME.glob("extract-*"))
    assert left, "those who were killed could not tidy up"
    now = timezone.now().timestamp()
    assert sweep_extracts(settings.HOME, older_than_s=3600, now=now) == 0
    assert sweep_extracts(settings.HOME, older_than_s=-1, now=now) == len(left)
    assert not list(settings.HOME.glob("extract-*"))
