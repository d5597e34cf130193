"""What if, plans and own estimates in the browser; and all of it as files."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from entente.differentiate.models import (
    Cycle,
    Movement,
    MovementCell,
    OwnEstimate,
    Plan,
    PlanEvent,
    PlanMove,
    PlanProgress,
    PyramidCell,
)  # fmt: skip
from entente.differentiate.own_estimates import own_estimates
from entente.staff.models import User
from tests import cast

NEW = "/pyramid/plans/new"
FORMULA = '=HYPERLINK("http://evil.example";"x")'
UP = {
    "moves.0.kind": "move", "moves.0.customers": "4", "moves.0.from": "3", "moves.0.to": "2", "cost": "100", "cost_precision": "guess",
    "figures": "own",
}  # fmt: skip
WRITES = ("INSERT", "UPDATE", "DELETE")


def fill(run: Cycle) -> None:
    PyramidCell.objects.filter(cycle=run).delete()
    for level, (customers, profit) in enumerate(
        ((10, 9e4), (40, 8e4), (150, 6e4), (800, 5e4), (500, -100), (5, 0), (7, 0)), start=1
    ):
        for measure, amount, precision, spread in (
            ("customers", customers, "exact", 0.0), ("revenue", 5 * profit, "exact", 0.0), ("margin", profit, "exact", 0.0),
            ("cost", 100.0, "guess", 0.3), ("profit", profit, "estimate", 0.1), ("value", 3 * profit, "estimate", 0.1),
        ):  # fmt: skip
            PyramidCell.objects.create(
                cycle=run, level=level, measure=measure, amount=amount, precision=precision, spread=spread
            )
    made = Movement.objects.create(cycle=run, from_on=date(2025, 11, 20), to_on=run.as_of)
    for before, after, customers, first, last in (
        (1, 1, 8, 8e4, 8e4), (2, 2, 30, 6e4, 6e4), (3, 3, 120, 5e4, 5e4), (4, 4, 700, 4e4, 4e4), (3, 2, 12, 7e3, 2e4), (4, 5, 90, 5e3, 0),
    ):  # fmt: skip
        MovementCell.objects.create(
            movement=made, from_level=before, to_level=after, customers=customers, revenue_before=first, revenue_after=last,
            profit_before=first, profit_after=last, value_after=3 * last, change_sd=100.0,
            changes=[(last - first) / customers + 10 * (k - 16) for k in range(33)],
        )  # fmt: skip


@pytest.fixture
def full(company: cast.Company) -> cast.Company:
    fill(company.cycle)
    return company


@pytest.fixture
def maxim(full: cast.Company, signed_in) -> Client:
    return signed_in(full.staff.maxim)


def a_plan(full: cast.Company, name: str = "Up", **fields) -> Plan:
    plan = Plan.objects.create(name=name, baseline=full.cycle, by=full.staff.maxim, cost=100, cost_spread=0.5, **fields)
    PlanMove.objects.create(plan=plan, place=0, kind="move", customers=4, from_level=3, to_level=2)
    PlanMove.objects.create(plan=plan, place=1, kind="keep", customers=9, from_level=4, to_level=5)
    return plan


def text_of(client: Client, url: str, data: dict[str, str] | None = None) -> str:
    answer = client.get(url, data)
    assert answer.status_code == 200, url
    return " ".join(answer.content.decode().split())


def written(queries: CaptureQueriesContext) -> list[str]:
    return [q["sql"] for q in queries if q["sql"].lstrip().upper().startswith(WRITES)]


def test_what_if_shows_effect_interval_spread_and_what_it_is_owed_to(full: cast.Company, anna: Client):
    page = text_of(anna, NEW, UP)
    assert "last year 12 went" in page and "four times of five" in page and "Which customers exactly" in page
    assert page.count('<rect class="in"') + page.count('<rect class="beyond"') == 48
    assert "Keep it as a plan" not in page, "an agent looks and does not keep"
    assert "style=" not in page


def test_each_change_answers_with_a_fragment_and_costs_little(full: cast.Company, anna: Client):
    with CaptureQueriesContext(connection) as queries:
        answer = anna.get(NEW, UP, headers={"HX-Request": "true"})
    fragment = answer.content.decode()
    assert "<html" not in fragment and 'id="effect"' in fragment and 'hx-swap-oob="true"' in fragment
    assert len(queries) <= 10 and not written(queries)


def test_what_cannot_be_is_said_beside_its_line_and_nothing_is_kept(full: cast.Company, maxim: Client):
    page = text_of(maxim, NEW, {**UP, "moves.0.customers": "151"})
    assert "Level Medium has 150 customers for this, not 151." in page and "Not like this" in page
    answer = maxim.post(NEW, {**UP, "moves.0.customers": "151", "name": cast.HOSTILE})
    assert answer.status_code == 422 and "<script>alert" not in answer.content.decode()
    assert "Give the plan a name" in maxim.post(NEW, UP).content.decode()
    assert not Plan.objects.exists()
    for strange in (
        {"moves.0.customers": "9" * 400},
        {"moves.0.kind": cast.HOSTILE},
        {"figures": "x"},
        {"cost": "NaN"},
    ):
        page = text_of(maxim, NEW, {**UP, **strange})
        assert "Not like this" in page and "<script>alert" not in page


def test_keeping_changing_and_aiming_at_a_plan(full: cast.Company, maxim: Client):
    answer = maxim.post(NEW, {**UP, "name": f"Up {cast.HOSTILE[:60]}", "note": cast.HOSTILE})
    plan = Plan.objects.get()
    assert answer.headers["Location"] == f"/pyramid/plans/{plan.pk}/"
    page = text_of(maxim, f"/pyramid/plans/{plan.pk}/")
    assert "<script>alert" not in page and "move 4 customers" in page and "four times of five" in page
    assert maxim.get(f"/pyramid/plans/{plan.pk}/edit").context["lines"][0].given["customers"] == "4"
    given = {**UP, "moves.0.customers": "6", "name": "Up", "version": "1"}
    assert maxim.post(f"/pyramid/plans/{plan.pk}/edit", given).status_code == 302
    late = maxim.post(f"/pyramid/plans/{plan.pk}/edit", {**given, "moves.0.customers": "9"})
    assert late.status_code == 409 and "Somebody else has changed this plan meanwhile" in late.content.decode()
    assert PlanMove.objects.get(plan=plan).customers == 6
    target = f"/pyramid/plans/{plan.pk}/target"
    who = str(full.staff.maxim.pk)
    assert maxim.post(target, {"version": "2", "responsible": who, "ends_on": "2020-01-01"}).status_code == 422
    assert (
        maxim.post(
            target, {"version": "2", "responsible": str(full.staff.anna.pk), "ends_on": "2027-06-30"}
        ).status_code
        == 422
    )
    assert maxim.post(target, {"version": "1", "responsible": who, "ends_on": "2027-06-30"}).status_code == 409
    assert maxim.post(target, {"version": "2", "responsible": who, "ends_on": "2027-06-30"}).status_code == 302
    page = text_of(maxim, f"/pyramid/plans/{plan.pk}/")
    assert "Maxim answers for it, until 30 June 2027" in page and "Nothing to tell yet" in page
    assert maxim.get(f"/pyramid/plans/{plan.pk}/edit").status_code == 302
    assert maxim.post(f"/pyramid/plans/{plan.pk}/closing", {"version": "3", "words": "Enough."}).status_code == 302
    assert "Enough." in text_of(maxim, f"/pyramid/plans/{plan.pk}/")
    assert [event.kind for event in PlanEvent.objects.order_by("pk")] == ["made", "changed", "target", "closed"]


def followed(full: cast.Company) -> Plan:
    """A target with two months behind it."""
    plan = a_plan(
        full, state="target", ends_on=date(2027, 11, 20), responsible=full.staff.maxim, expected={"last_year": [12, 90]}
    )
    for month, moved, left in ((12, 1, 2), (1, 3, 9)):
        day = date(2026 if month == 12 else 2027, month, 20)
        for before, after, customers in ((3, 2, moved), (4, 5, left), (4, 4, 700), (1, 0, 2)):
            PlanProgress.objects.create(
                plan=plan,
                as_of=day,
                from_level=before,
                to_level=after,
                customers=customers,
                profit_change=1000.0 * customers,
            )
    return plan


def test_a_target_is_followed_month_by_month(full: cast.Company, anna: Client):
    plan = followed(full)
    page = text_of(anna, f"/pyramid/plans/{plan.pk}/")
    assert page.count('<circle class="went"') == 2
    # A month of 365 days at last year's pace would have cost 7 of 90; 2 left, 5 are kept. In two months 15, less 9.
    for moved, kept in (("1 <small>of 0", "5 <small>of 1"), ("3 <small>of 1", "6 <small>of 2")):
        cells = [
            f'<td class="num" data-label="{name}">{told}</small></td>'
            for name, told in (("move Medium", moved), ("keep Small", kept))
        ]
        assert "".join(cells) in page
    assert "2 customers of the first day are no customers of their own any more" in page
    assert "Close it" not in page


def test_plans_stand_side_by_side(full: cast.Company, anna: Client):
    one, other = a_plan(full, "One"), a_plan(full, cast.HOSTILE[:100])
    many = a_plan(full, "Too many")
    PlanMove.objects.filter(plan=many, place=0).update(customers=9_999)
    page = text_of(anna, f"/pyramid/plans/beside?plan={one.pk}&plan={other.pk}&plan={many.pk}")
    assert (
        page.count('<svg class="interval"') == 4
        and "Level Medium has 150 customers" in page
        and "<script>alert" not in page
    )
    for few in ("", f"?plan={one.pk}", f"?plan={one.pk}&plan=x", "?plan=1&plan=2&plan=3&plan=4&plan=5"):
        assert anna.get(f"/pyramid/plans/beside{few}").status_code == 400
    assert anna.get("/pyramid/plans/beside?plan=888888&plan=999999").status_code == 404
    assert "One" in text_of(anna, "/pyramid/plans/")


def test_an_own_estimate_stands_under_the_computed_figure(full: cast.Company, maxim: Client):
    given = {
        "level": "3",
        "measure": "profit",
        "amount": "75000",
        "amount_precision": "estimate",
        "amount_spread": "20",
        "note": cast.HOSTILE,
    }
    assert maxim.post("/pyramid/estimates", given).status_code == 302
    kept = OwnEstimate.objects.get()
    for url in ("/pyramid/", "/pyramid/estimates"):
        page = text_of(maxim, url)
        assert '<span class="approx">€60K</span> <small class="give"><bdi>±10%</bdi></small>' in page, (
            "the computed one stays"
        )
        assert "own €75K</bdi> <bdi>±20%</bdi>" in page and "<script>alert" not in page
    own, plain = (
        maxim.get(NEW, {**UP, "figures": figures}).context["effect"].profit.expected for figures in ("own", "computed")
    )
    assert own != plain
    refused = maxim.post("/pyramid/estimates", {**given, "amount": "7,500"})
    assert refused.status_code == 422 and 'id="amount-errors"' in refused.content.decode()
    assert maxim.post(f"/pyramid/estimates/{kept.pk}/withdrawal").status_code == 302
    maxim.post(f"/pyramid/estimates/{kept.pk}/withdrawal")
    assert "own €75K" not in text_of(maxim, "/pyramid/")
    assert OwnEstimate.objects.get().withdrawn_by == full.staff.maxim


def test_a_draft_that_the_pyramid_has_overtaken_says_why(full: cast.Company, anna: Client):
    plan = a_plan(full)
    PlanMove.objects.filter(place=0).update(customers=151)
    page = text_of(anna, f"/pyramid/plans/{plan.pk}/")
    assert "Level Medium has 150 customers for this, not 151." in page and "beside the field" not in page


def test_money_of_another_currency_is_never_taken_for_todays(full: cast.Company, maxim: Client):
    """The firm counts in dollars since yesterday: what was written down in euros is said, and not reckoned with."""
    plan, other = a_plan(full), a_plan(full, "Other")
    OwnEstimate.objects.create(level=3, measure="profit", amount=75_000, precision="exact")
    OwnEstimate.objects.create(level=3, measure="customers", amount=140, precision="exact")
    newest = cast.cycle(date(2026, 11, 21))
    fill(newest)
    Cycle.objects.filter(pk=newest.pk).update(currency="USD", published_at=timezone.now())
    assert set(own_estimates()) == {(3, "customers")}
    page = text_of(maxim, "/pyramid/estimates")
    assert "written down in another currency than USD" in page and "€75K" in page
    refused = "written down in EUR, and the firm counts in USD now"
    for url in (f"/pyramid/plans/{plan.pk}/", f"/pyramid/plans/beside?plan={plan.pk}&plan={other.pk}"):
        page = text_of(maxim, url)
        assert refused in page and "€100" in page and "$100" not in page, url
    given = {"version": "1", "responsible": str(full.staff.maxim.pk), "ends_on": "2027-06-30"}
    answer = maxim.post(f"/pyramid/plans/{plan.pk}/target", given)
    assert answer.status_code == 422 and refused in answer.content.decode()
    assert maxim.get(f"/pyramid/plans/{plan.pk}/edit").context["cost"]["cost"] == ""
    assert load_workbook(io.BytesIO(maxim.get(f"/pyramid/plans/{plan.pk}/as.xlsx").content))


def test_withdrawing_what_another_has_replaced_does_not_say_the_computed_one_holds(full: cast.Company, maxim: Client):
    old, new = (
        OwnEstimate.objects.create(level=3, measure="profit", amount=amount, precision="exact")
        for amount in (1, 75_000)
    )
    page = " ".join(maxim.post(f"/pyramid/estimates/{old.pk}/withdrawal", follow=True).content.decode().split())
    assert "own €75K" in page and new.withdrawn_at is None
    assert "What is computed holds again" not in page and "Somebody has written down another since" in page


@pytest.mark.parametrize("who", ["anna", "victor"])
def test_who_does_not_steer_looks_and_writes_nothing(full: cast.Company, signed_in, who: str):
    user: User = getattr(full.staff, who)
    client, plan = signed_in(user), a_plan(full)
    own = OwnEstimate.objects.create(level=1, measure="profit", amount=1, precision="exact")
    for url in ("/pyramid/plans/", NEW, f"/pyramid/plans/{plan.pk}/", "/pyramid/estimates"):
        page = text_of(client, url)
        assert "csrfmiddlewaretoken" not in page.replace(_sign_out(page), ""), url
    with CaptureQueriesContext(connection) as queries:
        for url in (
            NEW, "/pyramid/estimates", f"/pyramid/estimates/{own.pk}/withdrawal", f"/pyramid/plans/{plan.pk}/edit",
            f"/pyramid/plans/{plan.pk}/target", f"/pyramid/plans/{plan.pk}/closing",
        ):  # fmt: skip
            assert client.post(url, {**UP, "name": "x", "version": "1"}).status_code == 403, url
    assert not written(queries)


def test_without_a_cycle_every_page_says_what_to_do(full: cast.Company, maxim: Client):
    Cycle.objects.update(published_at=None)
    for url in (NEW, "/pyramid/estimates"):
        assert "No pyramid yet" in text_of(maxim, url)
    assert "No plans yet" in text_of(maxim, "/pyramid/plans/")
    assert maxim.post(NEW, {**UP, "name": "x"}).status_code in (200, 422) and not Plan.objects.exists()
    assert maxim.get("/pyramid/as.xlsx").status_code == 404


def test_without_a_year_before_it_rests_on_guesses_and_says_so(full: cast.Company, anna: Client):
    MovementCell.objects.all().delete()
    page = text_of(anna, NEW, UP)
    assert "Nobody was known a year before" in page and "50% is a starting guess" in page


@pytest.mark.parametrize("language", ["en", "fa"])
def test_everything_is_a_workbook_in_which_nothing_is_a_formula(full: cast.Company, maxim: Client, language: str):
    User.objects.filter(pk=full.staff.maxim.pk).update(name=FORMULA, language=language)
    plan = a_plan(full, FORMULA, note="+1+cmd", state="target", ends_on=date(2027, 1, 1), responsible=full.staff.maxim)
    OwnEstimate.objects.create(
        level=1, measure="profit", amount=5, precision="guess", spread=0.5, note="@SUM(A1)\x07", by=full.staff.maxim
    )
    for url, name in (
        ("/pyramid/as.xlsx", "pyramid-2026-11-20.xlsx"),
        (f"/pyramid/movement/as.xlsx?movement={full.cycle.movement.pk}", "movement-2025-11-20-2026-11-20.xlsx"),
        (f"/pyramid/plans/{plan.pk}/as.xlsx", f"plan-{plan.pk}.xlsx"),
    ):
        answer = maxim.get(url)
        assert answer.headers["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        cells = [
            cell for sheet in load_workbook(io.BytesIO(answer.content)) for row in sheet.iter_rows() for cell in row
        ]
        assert {cell.data_type for cell in cells if cell.value is not None} == {"s", "n"}
        money = [cell for cell in cells if cell.number_format.endswith('"EUR"')]
        assert money and all(isinstance(cell.value, int | float) for cell in money)
        if "plans" in url:
            assert [cell.value for cell in cells if cell.value == FORMULA], "kept as it is, as text"


@pytest.mark.parametrize("language", ["en", "fa"])
def test_everything_is_a_pdf_whatever_its_names(full: cast.Company, maxim: Client, language: str):
    User.objects.filter(pk=full.staff.maxim.pk).update(language=language)
    hostile = '#panic("x") $x$ @ref *b* \\ `raw` #read("paper.typ") " علی‌رضا'
    plan = a_plan(full, hostile, note=f'{cast.HOSTILE}\n= heading\n#import "x"')
    for url in (
        "/pyramid/as.pdf",
        f"/pyramid/movement/as.pdf?movement={full.cycle.movement.pk}",
        f"/pyramid/plans/{plan.pk}/as.pdf",
    ):
        answer = maxim.get(url)
        assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-") and len(answer.content) > 5_000


def test_files_of_what_is_not_there(full: cast.Company, anna: Client):
    for url in (
        "/pyramid/as.docx",
        "/pyramid/plans/999/as.pdf",
        "/pyramid/movement/as.pdf?movement=999",
        "/pyramid/movement/as.pdf",
    ):
        assert anna.get(url).status_code == 404
    assert anna.get("/pyramid/as.pdf?as_of=1999-01-01").status_code == 400


def test_pages_cost_few_queries_and_write_nothing(full: cast.Company, anna: Client):
    plans = [a_plan(full, f"P{k}") for k in range(12)]
    beside = "&".join(f"plan={plan.pk}" for plan in plans[:4])
    for url in (
        "/pyramid/plans/",
        NEW,
        f"/pyramid/plans/{plans[0].pk}/",
        f"/pyramid/plans/beside?{beside}",
        "/pyramid/estimates",
        "/pyramid/",
    ):
        with CaptureQueriesContext(connection) as queries:
            assert anna.get(url).status_code == 200
        assert len(queries) <= 25, (url, len(queries))
        assert not written(queries)


def _sign_out(page: str) -> str:
    """The form every page has."""
    start = page.index('<form method="post" action="/account/logout/"')
    return page[start : page.index("</form>", start)]
