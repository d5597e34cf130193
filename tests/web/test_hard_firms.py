"""Firms that give the laws little or something odd: the circle runs, figures are figures, pages stand and say what could not be told."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import models
from django.test import Client

from entente.cycle import run_cycle
from entente.differentiate.models import Cycle, Level, PyramidCell, Valuation
from entente.staff.models import Role
from tests.ledger_facts import Ledger, a_firm, a_user, committed

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

TODAY = date(2026, 6, 30)
PAGES = (
    "/pyramid/", "/pyramid/laws", "/pyramid/movement", "/pyramid/plans/", "/pyramid/plans/new", "/pyramid/potential", "/pyramid/needs",
    "/pyramid/profile", "/pyramid/knowing", "/pyramid/estimates", "/customers/", "/customers/?order=loss", "/customers/?order=growth", "/",
)  # fmt: skip


def ten_customers(ledger: Ledger) -> None:
    for number, party in enumerate(ledger.parties(10)):
        for month in range(number % 4 + 1):
            ledger.buys(party, TODAY - timedelta(days=30 * month + number), 50 + number)


def one_product(ledger: Ledger) -> None:
    nails = ledger.product("nails")
    for number, party in enumerate(ledger.parties(40)):
        for month in range(number % 5 + 1):
            ledger.buys(party, TODAY - timedelta(days=20 * month + 1), 10, product=nails)


def everybody_bought_once(ledger: Ledger) -> None:
    for number, party in enumerate(ledger.parties(60)):
        ledger.buys(party, TODAY - timedelta(days=5 * number), 20)


def nobody_came_back(ledger: Ledger) -> None:
    for number, party in enumerate(ledger.parties(60)):
        ledger.buys(party, TODAY - timedelta(days=900 + number), 20)


def all_on_one_day(ledger: Ledger) -> None:
    for party in ledger.parties(30):
        ledger.buys(party, TODAY, 20)


def less_than_nothing(ledger: Ledger) -> None:
    for number, party in enumerate(ledger.parties(30)):
        ledger.buys(party, TODAY - timedelta(days=40 + number), 20)
        ledger.buys(party, TODAY - timedelta(days=number), -500)


def money_without_a_rate(ledger: Ledger) -> None:
    for number, party in enumerate(ledger.parties(30)):
        ledger.buys(party, TODAY - timedelta(days=number), 20, currency=("GBP", "SEK", "JPY")[number % 3])


def a_day_ahead(ledger: Ledger) -> None:
    for number, party in enumerate(ledger.parties(30)):
        ledger.buys(party, TODAY - timedelta(days=number), 20)
        ledger.buys(party, TODAY + timedelta(days=400), 10_000)


def a_wholesaler(ledger: Ledger) -> None:
    first, *others = ledger.parties(40)
    ledger.all_buy((first, TODAY - timedelta(days=day), 250_000, {}) for day in range(0, 720, 2))
    for number, party in enumerate(others):
        ledger.buys(party, TODAY - timedelta(days=9 * number), 12)


FIRMS: dict[str, tuple[Callable[[Ledger], None], str]] = {
    "ten customers": (ten_customers, "too little past"),
    "one product": (one_product, "too little past"),
    "everybody bought once": (everybody_bought_once, "0 bought again"),
    "nobody came back": (nobody_came_back, "0 bought again"),
    "all on one day": (all_on_one_day, "0 bought again"),
    "less than nothing": (less_than_nothing, "nothing can be valued"),
    "money without a rate": (money_without_a_rate, "without an exchange rate"),
    "a day ahead": (a_day_ahead, "too little past"),
    "a wholesaler worth more than all others": (a_wholesaler, "too little past"),
}


@pytest.mark.parametrize("name", FIRMS)
def test_the_circle_runs_and_says_what_it_could_not_tell(name: str, committed: None, client: Client):
    fill, sentence = FIRMS[name]
    a_firm()
    fill(Ledger())
    cycle = run_cycle(TODAY, today=TODAY)
    rows = list(Valuation.objects.filter(cycle=cycle).values())
    assert rows
    for row in rows:
        for column, value in row.items():
            assert not isinstance(value, float) or math.isfinite(value), (name, column, row)
        assert row["value_low"] <= row["value"] <= row["value_high"]
        assert row["profit_year"] == pytest.approx(row["margin_year"] - row["cost_year"])
    cells = PyramidCell.objects.filter(cycle=cycle, measure="customers")
    assert sum(cell.amount for cell in cells) == len(rows)
    said = " ".join(
        [*cycle.notes, cycle.laws.get("reason", ""), *(one["reason"] for one in cycle.laws.get("refused", []))]
    )
    assert sentence in said, said
    client.force_login(a_user(role=Role.MANAGER))
    for page in PAGES:
        answer = client.get(page)
        assert answer.status_code == 200, (name, page)
        for nonsense in (">nan", ">inf", "None<", "NaN"):
            assert nonsense not in answer.content.decode(), (name, page, nonsense)


def test_what_lies_ahead_is_not_counted(committed: None):
    a_firm()
    a_day_ahead(Ledger())
    cycle = run_cycle(TODAY, today=TODAY)
    assert Valuation.objects.filter(cycle=cycle).aggregate(all=models.Sum("revenue_all"))["all"] == 30 * 20


def test_a_wholesaler_is_top_and_leaves_the_others_their_levels(committed: None):
    a_firm()
    a_wholesaler(Ledger())
    cycle: Cycle = run_cycle(TODAY, today=TODAY)
    first = Valuation.objects.filter(cycle=cycle).order_by("-revenue_year").first()
    assert first is not None and first.level == Level.TOP
    assert Valuation.objects.filter(cycle=cycle, level=Level.TOP).count() == 1
    assert Valuation.objects.filter(cycle=cycle, level=Level.SMALL).exists()


def test_ten_customers_borrow_and_it_is_said(committed: None):
    a_firm()
    ten_customers(Ledger())
    cycle = run_cycle(TODAY, today=TODAY)
    assert any("Fewer than 500 customers" in note or "average" in note for note in cycle.notes)
