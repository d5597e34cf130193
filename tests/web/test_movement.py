"""The movement page: the matrix, its picture, who is in a cell, and asking for another span."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from entente.differentiate.models import Cycle, Movement, MovementCell, MovementMember, Valuation
from tests import cast

PAGE = "/pyramid/movement"
CELLS = ((1, 1, 8), (2, 1, 2), (3, 2, 5), (4, 5, 40), (4, 4, 300), (0, 4, 50), (7, 6, 9))


def fill(run: Cycle | None, **fields) -> Movement:
    given = {"from_on": date(2025, 11, 20), "to_on": date(2026, 11, 20), "notes": [cast.HOSTILE]}
    made = Movement.objects.create(cycle=run, **{**given, **fields})
    for before, after, customers in CELLS:
        MovementCell.objects.create(
            movement=made, from_level=before, to_level=after, customers=customers, revenue_before=100.0 * customers,
            revenue_after=200.0 * customers, profit_before=10.0 * customers, profit_after=20.0 * customers,
            value_after=50.0 * customers, change_sd=5.0, changes=[10.0] * 33,
        )  # fmt: skip
    return made


@pytest.fixture
def full(company: cast.Company) -> cast.Company:
    fill(company.cycle)
    return company


def text_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return " ".join(answer.content.decode().split())


def test_every_number_leads_to_its_customers_and_all_adds_up(full: cast.Company, anna: Client):
    page = text_of(anna, PAGE)
    made = full.cycle.movement
    for before, after, customers in CELLS:
        assert (
            f'href="/pyramid/movement/customers?movement={made.pk}&amp;from={before}&amp;to={after}">{customers}</a>'
            in page
        )
    assert '<td class="num sum">340</td>' in page, "small on the first day"
    assert '<tr class="sum"><th scope="row">together</th><td class="num">10</td><td class="num">5</td>' in page
    assert '<td class="num">414</td></tr></tfoot>' in page
    for words in (
        "<b>50</b><span>came in",
        '<b class="up">16</b>',
        '<b class="down">40</b>',
        "<b>50</b> began to buy, <b>40</b> stopped",
    ):
        assert words in page
    assert "5 from Medium to Big" in page
    assert "<script>alert" not in page and "style=" not in page


def test_a_cell_of_the_year_is_paged_by_worth(full: cast.Company, anna: Client, monkeypatch):
    everybody = [full.alnoor, full.brankova, full.rahimi, full.okafor, full.mallory]
    Valuation.objects.filter(cycle_id=full.cycle.pk).update(level=4, level_before=4, profit_before=-12.0)
    monkeypatch.setattr("entente.differentiate.moved.PAGE", 2)
    url = f"{PAGE}/customers?movement={full.cycle.movement.pk}&from=4&to=4"
    answer = anna.get(url)
    seen = [one.customer for one in answer.context["found"].rows]
    while more := answer.context["found"].more:
        answer = anna.get(f"{url}&later={more}")
        seen += [one.customer for one in answer.context["found"].rows]
    assert seen == everybody
    page = text_of(anna, url)
    assert "From Small to Small" in page and "-€12.00" in page and f'href="/customers/{full.alnoor.pk}/"' in page
    assert "<script>alert" not in text_of(anna, f"{url}&later={anna.get(url).context['found'].more}")
    assert "Nobody went this way" in text_of(anna, url.replace("from=4", "from=1"))


def test_who_came_in_is_found_by_not_having_been_there(full: cast.Company, anna: Client):
    Valuation.objects.filter(cycle_id=full.cycle.pk).update(level=4, level_before=None)
    found = anna.get(f"{PAGE}/customers?movement={full.cycle.movement.pk}&from=0&to=4").context["found"]
    assert len(found.rows) == 5


def test_those_of_an_asked_span_are_kept_beside_it(full: cast.Company, anna: Client):
    made = fill(None, from_on=date(2026, 1, 1))
    MovementMember.objects.create(
        movement=made, customer=full.rahimi, from_level=3, to_level=2, value=9.0, revenue_before=1, revenue_after=2, profit_before=3,
        profit_after=4444,
    )  # fmt: skip
    page = text_of(anna, f"{PAGE}/customers?movement={made.pk}&from=3&to=2")
    assert "علی‌رضا رحیمی" in page and "€4,444" in page
    assert "4 have been erased since" in page
    assert f'<option value="{made.pk}" selected>' in text_of(anna, f"{PAGE}?movement={made.pk}")


@pytest.mark.parametrize("strange", ["movement=x", "movement=999999", "movement=%00"])
def test_strange_addresses_get_a_clear_answer(full: cast.Company, anna: Client, strange: str):
    assert anna.get(f"{PAGE}?{strange}").status_code == 400
    assert anna.get(f"{PAGE}/customers?{strange}&from=1&to=1").status_code in (400, 404)
    made = full.cycle.movement.pk
    for rest in ("from=8&to=1", "from=1&to=-1", "from=1&to=1&later=x"):
        assert anna.get(f"{PAGE}/customers?movement={made}&{rest}").status_code == 400


def test_what_is_being_worked_out_is_shown_to_nobody(full: cast.Company, anna: Client):
    """A cycle writes its movement before it is published; the pages of it are of the day before until then."""
    running = cast.cycle(date(2026, 11, 21))
    made = fill(running)
    Cycle.objects.filter(pk=running.pk).update(published_at=None)
    for url in (f"{PAGE}/as.xlsx?movement={made.pk}", f"{PAGE}/customers?movement={made.pk}&from=4&to=4"):
        assert anna.get(url).status_code == 404, url


def test_what_was_asked_for_is_shown_as_soon_as_it_is_there(full: cast.Company, signed_in):
    maxim = signed_in(full.staff.maxim)
    fill(None, from_on=date(2026, 1, 1), to_on=date(2026, 6, 30))
    back = maxim.post(PAGE, {"from_on": "2026-01-01", "to_on": "2026-06-30"}).headers["Location"]
    anew = fill(None, from_on=date(2026, 1, 1), to_on=date(2026, 6, 30))
    ProcrastinateJob.objects.all().delete()
    assert maxim.get(back).context["shown"] == anew
    other = maxim.post(PAGE, {"from_on": "2026-02-01", "to_on": "2026-06-30"}).headers["Location"]
    assert maxim.get(other).context["shown"] == full.cycle.movement, "until then the pyramid's year"
    assert maxim.get(f"{PAGE}?from_on=x&to_on=2026-06-30").status_code == 400


def test_customers_of_a_day_long_past_are_not_invented(full: cast.Company, anna: Client):
    old = cast.cycle(date(2024, 1, 1))
    made = fill(old)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE differentiate_valuation_{old.pk}")
    assert "Nobody can say any more" in text_of(anna, f"{PAGE}/customers?movement={made.pk}&from=1&to=1")


def test_without_a_year_before_or_without_a_cycle_it_says_so(company: cast.Company, anna: Client):
    assert "No movement yet" in text_of(anna, PAGE)
    made = Movement.objects.create(cycle=company.cycle, from_on=date(2025, 11, 20), to_on=company.cycle.as_of)
    MovementCell.objects.create(
        movement=made, from_level=0, to_level=4, customers=7, revenue_before=0, revenue_after=1, profit_before=0, profit_after=1,
        value_after=1, change_sd=0, changes=[],
    )  # fmt: skip
    assert "Nobody was known on the first day" in text_of(anna, PAGE)
    Cycle.objects.update(published_at=None)
    assert "No movement yet" in text_of(anna, PAGE)


def test_a_manager_asks_for_a_span_once(full: cast.Company, signed_in, anna: Client):
    span = {"from_on": "2026-01-01", "to_on": "2026-06-30"}
    with CaptureQueriesContext(connection) as queries:
        assert anna.post(PAGE, span).status_code == 403
    assert not [q for q in queries if q["sql"].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
    assert "Between two other days" not in text_of(anna, PAGE)
    maxim = signed_in(full.staff.maxim)
    assert maxim.post(PAGE, span).headers["Location"] == f"{PAGE}?from_on=2026-01-01&to_on=2026-06-30"
    maxim.post(PAGE, span)
    job = ProcrastinateJob.objects.get(task_name="movement")
    assert job.args == {**span, "by_id": full.staff.maxim.pk}
    assert "2026-01-01 to 2026-06-30 is being worked out" in text_of(maxim, PAGE)
    fragment = maxim.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and 'id="waits"' in fragment
    ProcrastinateJob.objects.all().delete()
    assert maxim.get(PAGE, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    for wrong in (
        {"from_on": "2026-06-30", "to_on": "2026-01-01"},
        {"from_on": "2026-01-01", "to_on": "2099-01-01"},
        {},
    ):
        assert maxim.post(PAGE, wrong).status_code == 422
    assert not ProcrastinateJob.objects.exists()


def test_they_cost_few_queries_and_write_nothing(full: cast.Company, anna: Client):
    for url in (PAGE, f"{PAGE}/customers?movement={full.cycle.movement.pk}&from=4&to=4"):
        with CaptureQueriesContext(connection) as queries:
            assert anna.get(url).status_code == 200
        assert len(queries) <= 15, [q["sql"] for q in queries]
        assert not [q for q in queries if q["sql"].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
