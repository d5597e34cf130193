"""Cost to serve on the pages: the pyramid's columns, who is below zero, what a cost is made of, and setting the rates."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from entente.differentiate.activity_rates import serving_terms
from entente.differentiate.models import Cycle, PyramidCell, Valuation
from entente.differentiate.settings import basis
from entente.lib.keyset import place
from entente.staff.models import Setting
from entente.web import ranking
from tests import cast

WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "TRUNCATE")
# Level: revenue, cost, profit.
FIGURES = {
    1: (700.0, 90.0, 500.0),
    2: (200.0, 60.0, 80.0),
    3: (80.0, 30.0, 20.0),
    4: (20.0, 40.0, -30.0),
    5: (0.0, 12.0, -12.0),
}


@pytest.fixture
def costly(company: cast.Company) -> cast.Company:
    """Mallory and Okafor are below zero, each on a level of their own; Al Noor is served at a profit."""
    run, terms = company.cycle, serving_terms()
    for who, revenue, margin, cost, level in (
        (company.alnoor, 700.0, 590.0, 90.0, 1), (company.okafor, 20.0, 10.0, 40.0, 4), (company.mallory, 0.0, 0.0, 12.5, 5),
    ):  # fmt: skip
        Valuation.objects.filter(cycle_id=run.pk, customer_id=who.pk).update(
            revenue_year=revenue, margin_year=margin, cost_year=cost, profit_year=margin - cost, level=level
        )
    for level, figures in FIGURES.items():
        for measure, amount in zip(("revenue", "cost", "profit"), figures, strict=True):
            precision, spread = ("exact", 0.0) if measure == "revenue" else ("guess", 3.0 if amount < 0 else 0.25)
            PyramidCell.objects.create(
                cycle=run, level=level, measure=measure, amount=amount, precision=precision, spread=spread
            )
    run.laws = {"serving": {"rates": terms.as_dict(), "usual": 5.0, "weight": 2.0, "is_measured": True}}
    activities = {name: {"times": 0.0, "cost": 0.0, "anonymous": 0.0} for name in terms.rates}
    activities["order"] = {"times": 61.0, "cost": 122.0, "anonymous": 4.0}
    activities["visit"] = {"times": 1.0, "cost": 50.0, "anonymous": 0.0}
    run.totals = {
        "serving": {"cost": 172.0, "anonymous_cost": 8.0, "activities": activities}, "basis": "profit", "anonymous_revenue": 77.0,
        "below_zero": {"customers": 2, "loss": 42.5, "levels": {**{str(one): 0 for one in range(1, 8)}, "4": 1, "5": 1}},
    }  # fmt: skip
    run.save()
    return company


def text_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return " ".join(answer.content.decode().split())


def test_the_pyramid_tells_cost_and_profit_with_their_precision(costly: cast.Company, anna: Client):
    text = text_of(anna, "/pyramid/").replace(" </td>", "</td>")
    headings = re.findall(r'<th scope="col" class="num">([^<]+)</th>', text)
    assert headings[:6] == ["Customers", "Revenue", "Margin", "Cost to serve", "Profit", "Lifetime value"]
    assert '<span class="approx">€90.00</span> <small class="give">guess <bdi>±25%</bdi></small>' in text
    assert '<span class="approx loss">-€30.00</span> <small class="give">guess <bdi>±€90.00</bdi></small>' in text
    assert "<b>30%</b> of the active customers bring <b>90%</b> of the revenue and more than all of the profit" in text
    assert "by what is left of the margin after the cost to serve them" in text
    assert '2 customers cost more to serve than their margin was: <b class="loss">€42.50</b>' in text
    assert 'href="/customers/?order=loss"' in text
    assert '<td class="num" data-label="cost">€8.00</td>' in text, "what nobody’s sales cost"
    assert '<th scope="row">Orders</th>' in text and "71%" in text, "what it is made of"
    assert "/settings/costs" not in re.findall(r'href="([^"]+)"', text), "an agent sets no rates"


def test_the_saying_tells_of_profit_only_where_there_is_one(costly: cast.Company, anna: Client):
    PyramidCell.objects.filter(measure="profit", level=4).update(amount=100.0)
    assert "of the revenue and <b>83%</b> of the profit" in text_of(anna, "/pyramid/")
    PyramidCell.objects.filter(measure="profit").delete()
    assert "<b>90%</b> of the revenue.</p>" in text_of(anna, "/pyramid/")


def test_a_pyramid_of_before_costs_were_counted_shows_none(company: cast.Company, anna: Client):
    text = text_of(anna, "/pyramid/")
    assert 'data-label="cost">–' in text and "What serving them cost" not in text and "order=loss" not in text
    assert "Cost, 12 months" not in text_of(anna, f"/customers/{company.alnoor.pk}/")
    assert "Nothing was done" in text_of(anna, f"/customers/{company.alnoor.pk}/cost")


def test_who_is_below_zero_is_named_the_greatest_loss_first(costly: cast.Company, anna: Client):
    text = text_of(anna, "/customers/?order=loss")
    assert "2 customers" in text and "<script>alert" not in text
    assert text.index("Okafor") < text.index("alert(")
    assert '<b class="loss">-€30.00</b>' in text and "Al Noor" not in text
    assert "Okafor" not in text_of(anna, "/customers/?order=loss&level=5")
    assert "Nobody fits" in text_of(anna, "/customers/?order=loss&level=1")
    assert anna.get("/customers/?order=loss&stage=2").status_code == 400
    Valuation.objects.filter(cycle_id=costly.cycle.pk).update(profit_year=0.0)
    assert "Nobody is below zero" in text_of(anna, "/customers/?order=loss")


def test_prospects_who_cost_something_are_not_below_zero(costly: cast.Company, anna: Client):
    Valuation.objects.filter(cycle_id=costly.cycle.pk, customer_id=costly.okafor.pk).update(level=6)
    assert "Okafor" not in text_of(anna, "/customers/?order=loss")


def test_the_list_goes_on_in_both_directions(costly: cast.Company, anna: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ranking, "PAGE", 1)
    first = anna.get("/customers/?order=loss").context["listing"]
    second = anna.get(f"/customers/?order=loss&later={first.later}").context["listing"]
    back = anna.get(f"/customers/?order=loss&earlier={second.earlier}").context["listing"]
    names = [[row.customer.pk for row in page.rows] for page in (first, second, back)]
    assert names == [[costly.okafor.pk], [costly.mallory.pk], [costly.okafor.pk]]
    assert (first.earlier, second.later, back.earlier) == (None, None, None)
    assert anna.get(f"/customers/?order=loss&later={place('x', 1)}").status_code == 400


def test_the_card_tells_revenue_margin_cost_and_profit_and_what_the_cost_is_made_of(costly: cast.Company, anna: Client):
    who, day = costly.alnoor, costly.cycle.as_of
    assert anna.get(f"/customers/{who.pk}/").status_code == 200
    card = text_of(anna, f"/customers/{costly.okafor.pk}/")
    assert '<dd><span class="approx unbroken loss">-€30.00</span></dd>' in card
    assert f'hx-get="/customers/{costly.okafor.pk}/cost"' in card
    cast.order(who, "L1", day, 10)
    cast.order(who, "L2", day + timedelta(days=1), 10)
    with CaptureQueriesContext(connection) as queries:
        text = text_of(anna, f"/customers/{who.pk}/cost")
    assert len(queries) <= 25
    assert not [q for q in queries if q["sql"].lstrip().upper().startswith(WRITES)]
    assert "<html" not in text
    assert 'Orders: 2</dt><dd class="unbroken">€4.00' in text
    assert 'Minutes of calls: 6 <small>in 1 call</small></dt><dd class="unbroken">€3.60' in text
    assert "The circle counted €90.00" in text, "what was counted then differs from what the facts say now"
    Valuation.objects.filter(cycle_id=costly.cycle.pk, customer_id=who.pk).update(cost_year=7.6)
    assert "The circle counted" not in text_of(anna, f"/customers/{who.pk}/cost")
    assert anna.get("/customers/999999/cost").status_code == 404


def test_the_cost_of_a_customer_before_any_cycle(company: cast.Company, anna: Client):
    Cycle.objects.filter(pk=company.cycle.pk).update(published_at=None)
    assert "Nothing was done" in text_of(anna, f"/customers/{company.alnoor.pk}/cost")


@pytest.fixture
def maxim(company: cast.Company, signed_in) -> Client:
    return signed_in(company.staff.maxim)


def test_rates_are_set_by_who_steers_and_by_nobody_else(maxim: Client, anna: Client, company: cast.Company):
    with CaptureQueriesContext(connection) as queries:
        page = maxim.get("/settings/costs").content.decode()
    assert len(queries) <= 25
    assert not [q for q in queries if q["sql"].lstrip().upper().startswith(WRITES)]
    assert page.count('<option value="guess" selected>') == 9
    for answer in (anna.get("/settings/costs"), anna.post("/settings/costs", {"visit.amount": "1"})):
        assert answer.status_code == 403
    assert not Setting.objects.exists()
    given = {"visit.amount": "80,5", "visit.precision": "estimate", "visit.share": "0.1", "reminder_days": "30"}
    assert maxim.post("/settings/costs", given).status_code == 302
    assert Setting.objects.get(name="activity_rates").set_by == company.staff.maxim
    assert serving_terms().rates["visit"].spread == pytest.approx(8.05)
    page = maxim.get("/settings/costs").content.decode()
    assert "by default 50" in page and "by default 14" in page and "Maxim" in page


def test_impossible_rates_say_where_and_keep_what_was_typed(maxim: Client):
    given = {"visit.amount": cast.HOSTILE, "visit.precision": "surely", "mail.share": "0", "call_minutes": "-1"}
    answer = maxim.post("/settings/costs", given)
    assert answer.status_code == 422
    assert set(answer.context["errors"]) == set(given)
    page = answer.content.decode()
    assert all(f'id="{name}-errors"' in page for name in given)
    assert "<script>alert" not in page
    assert not Setting.objects.exists()


def test_the_pyramid_may_be_ranked_by_profit(maxim: Client):
    shares = {"top": "0.02", "big": "0.05", "medium": "0.2"}
    assert basis() == "revenue"
    assert maxim.post("/settings/pyramid", {**shares, "basis": "profit"}).status_code == 302
    assert basis() == "profit"
    assert '<option value="profit" selected>' in maxim.get("/settings/pyramid").content.decode()
    maxim.post("/settings/pyramid", shares)
    assert basis() == "profit", "what the form does not send stays"
    answer = maxim.post("/settings/pyramid", {**shares, "basis": "fame"})
    assert answer.status_code == 422
    assert set(answer.context["errors"]) == {"basis"}
    assert basis() == "profit"
