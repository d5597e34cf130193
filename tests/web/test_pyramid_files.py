"""Pyramid and plans as files: what they say is what the pages say."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from entente.differentiate.models import OwnEstimate
from tests import cast
from tests.web.test_plans import a_plan, followed, full, maxim

__all__ = ["full", "maxim"]  # fixtures


def sheets_of(client: Client, url: str) -> list[list[list[Any]]]:
    answer = client.get(url)
    assert answer.status_code == 200
    return [[list(row) for row in sheet.iter_rows()] for sheet in load_workbook(io.BytesIO(answer.content))]


def an_estimate(measure: str, amount: float) -> OwnEstimate:
    return OwnEstimate.objects.create(level=3, measure=measure, amount=amount, precision="guess", spread=0.5)


def test_an_own_estimate_of_customers_is_no_money(full: cast.Company, maxim: Client):
    an_estimate("customers", 875)
    an_estimate("profit", 4321)
    cells = {cell.value: cell.number_format for row in sheets_of(maxim, "/pyramid/as.xlsx")[-1] for cell in row}
    assert cells[875] == "#,##0"
    assert cells[4321].endswith('"EUR"')


def test_the_pyramid_of_an_earlier_day_has_no_estimates_of_today(full: cast.Company, maxim: Client):
    an_estimate("profit", 4321)
    earlier = cast.cycle(date(2026, 10, 31))
    assert len(sheets_of(maxim, "/pyramid/as.xlsx")) == 3
    assert len(sheets_of(maxim, f"/pyramid/as.xlsx?as_of={earlier.as_of}")) == 2
    assert len(sheets_of(maxim, f"/pyramid/as.xlsx?as_of={full.cycle.as_of}")) == 3


@pytest.mark.parametrize("sign", ["\uffff", "\ufffe", "\x0b", "\u202e"])
def test_a_name_that_no_xml_holds_makes_no_broken_file(full: cast.Company, maxim: Client, sign: str):
    plan = a_plan(full, f"Up{sign}wards", note=f"a{sign}b")
    texts = [
        cell.value for sheet in sheets_of(maxim, f"/pyramid/plans/{plan.pk}/as.xlsx") for row in sheet for cell in row
    ]
    assert "Upwards" in texts or f"Up{sign}wards" in texts
    assert maxim.get(f"/pyramid/plans/{plan.pk}/as.pdf").content.startswith(b"%PDF-")


def test_a_followed_plan_says_what_was_wanted_beside_what_moved(full: cast.Company, maxim: Client):
    plan = followed(full)
    (course,) = [
        sheet
        for sheet in sheets_of(maxim, f"/pyramid/plans/{plan.pk}/as.xlsx")
        if sheet[0][0].value == "How it comes along"
    ]
    rows = [[cell.value for cell in row] for row in course]
    assert rows[2] == [
        "By", "move 4 Medium", "wanted by then", "keep 9 Small", "wanted by then", "Profit of those who moved, change",
    ]  # fmt: skip
    assert rows[4][1:5] == [3, pytest.approx(61 / 365 * 4), 6, pytest.approx(61 / 365 * 9)]
