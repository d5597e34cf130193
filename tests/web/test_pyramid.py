"""The pyramid page: figures with their precision, earlier days, laws in words, running the circle."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from entente.differentiate.current import pyramid_of
from entente.differentiate.models import Cycle, PyramidCell
from entente.differentiate.picture import totals_of, upper_shares
from tests import cast

FIGURES = {  # level: customers, revenue, margin, lifetime value
    1: (10, 500_000.0, 90_000.0, 300_000.0),
    2: (40, 200_000.0, 40_000.0, 100_000.0),
    3: (150, 200_000.0, 40_000.0, 100_000.0),
    4: (800, 100_000.0, 10_000.0, 50_000.0),
    5: (500, 0.0, 0.0, 1_000.0),
    6: (5, 0.0, 0.0, 0.0),
    7: (7, 0.0, 0.0, 0.0),
}


def fill(cycle: Cycle) -> None:
    PyramidCell.objects.filter(cycle=cycle).delete()
    for level, (customers, revenue, margin, value) in FIGURES.items():
        for measure, amount, precision, spread in (
            ("customers", customers, "exact", 0.0), ("revenue", revenue, "exact", 0.0),
            ("margin", margin, "guess" if level == 1 else "exact", 0.2 if level == 1 else 0.0), ("value", value, "estimate", 0.1),
        ):  # fmt: skip
            PyramidCell.objects.create(
                cycle=cycle, level=level, measure=measure, amount=amount, precision=precision, spread=spread
            )
    cycle.laws = {
        "buying": {"name": "nbd", "title": "NBD", "parameters": {"r": 0.25}, "customers": 1000},
        "refused": [{"law": "BG/NBD", "reason": f"No sign of churn {cast.HOSTILE}"}],
    }
    cycle.notes = ["Returns without a purchase: 12."]
    cycle.totals = {"anonymous_revenue": 1234.0}
    cycle.save()


@pytest.fixture
def full(company: cast.Company) -> cast.Company:
    fill(company.cycle)
    return company


def test_every_figure_stands_with_its_precision(full: cast.Company, anna: Client):
    page = anna.get("/pyramid/").content.decode()
    text = " ".join(page.split()).replace(" </td>", "</td>")
    assert "<b>5%</b> of the active customers bring <b>70%</b> of the revenue" in text
    assert '<td class="num" data-label="revenue">€500K</td>' in text
    assert '<span class="approx">€300K</span> <small class="give"><bdi>±10%</bdi></small>' in text
    assert '<span class="approx">€90K</span> <small class="give">guess <bdi>±20%</bdi></small>' in text
    assert 'data-label="revenue">€1,234</td>' in text
    assert 'href="/customers/?level=1"' in text
    assert "Customers buy at their own pace; the data do not show" in text
    assert "Not used: BG/NBD" in text
    assert "<script>alert" not in page
    assert "style=" not in page


def test_sums_are_never_surer_than_their_parts(full: cast.Company):
    rows = pyramid_of(full.cycle)
    total = totals_of(rows)
    assert total["customers"].amount == sum(row[0] for row in FIGURES.values())
    assert (total["revenue"].precision, total["revenue"].spread) == ("exact", 0.0)
    assert total["margin"].precision == "guess"
    assert total["margin"].spread == pytest.approx(0.2 * 90_000 / 180_000)
    # One law errs in one direction: the spread of the sum is not smaller than that of each part.
    assert total["value"].spread == pytest.approx(0.1)
    shares = upper_shares(rows)
    assert shares is not None
    assert (shares.customers, shares.revenue) == (pytest.approx(0.05), pytest.approx(0.7))


def test_shares_of_nobody_are_not_invented(company: cast.Company):
    PyramidCell.objects.filter(cycle=company.cycle).delete()
    assert upper_shares(pyramid_of(company.cycle)) is None


def test_an_earlier_day_is_shown_and_only_one_that_is_served(full: cast.Company, anna: Client):
    earlier = cast.cycle(date(2026, 5, 1))
    fill(earlier)
    gone = cast.cycle(date(2026, 4, 1))
    Cycle.objects.filter(pk=gone.pk).update(replaced_at=gone.published_at)
    page = anna.get("/pyramid/?as_of=2026-05-01")
    assert page.context["cycle"].pk == earlier.pk
    # Its levels are not those of the list of customers.
    assert "/customers/?level=1" not in page.content.decode()
    assert anna.get("/pyramid/").context["cycle"].pk == full.cycle.pk
    for strange in ("2026-04-01", "x", "2026-13-01", "%00"):
        assert anna.get(f"/pyramid/?as_of={strange}").status_code == 400


def test_without_a_cycle_it_says_what_to_do(company: cast.Company, anna: Client):
    Cycle.objects.filter(pk=company.cycle.pk).update(published_at=None, state="failed", error=cast.HOSTILE)
    page = anna.get("/pyramid/").content.decode()
    assert "No pyramid yet" in page
    assert "did not come to its end" in page
    assert "<script>alert" not in page


def test_a_manager_lets_the_circle_run_once(full: cast.Company, signed_in, anna: Client):
    assert "Run the circle" not in anna.get("/pyramid/").content.decode()
    assert anna.post("/cycles").status_code == 403
    maxim = signed_in(full.staff.maxim)
    assert "Run the circle" in maxim.get("/pyramid/").content.decode()
    assert maxim.post("/cycles").headers["Location"] == "/pyramid/"
    maxim.post("/cycles")
    job = ProcrastinateJob.objects.get(task_name="cycle")
    assert job.args["by_id"] == full.staff.maxim.pk
    page = maxim.get("/pyramid/").content.decode()
    assert "waiting for a worker" in page
    assert "Run the circle" not in page


def test_a_running_cycle_is_watched_and_the_old_one_still_served(full: cast.Company, anna: Client):
    running = Cycle.objects.create(as_of=date(2026, 11, 21), state="running", step="decide")
    page = anna.get("/pyramid/")
    assert page.context["cycle"].pk == full.cycle.pk
    fragment = anna.get("/pyramid/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert fragment.count("is-done") == 3
    assert 'aria-current="step"' in fragment
    Cycle.objects.filter(pk=running.pk).update(state="done")
    assert anna.get("/pyramid/", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_it_costs_few_queries_and_writes_nothing(full: cast.Company, anna: Client):
    for number in range(30):
        cast.cycle(date(2025, 1, 1 + number))
    with CaptureQueriesContext(connection) as queries:
        assert anna.get("/pyramid/").status_code == 200
    assert len(queries) <= 25
    assert not [q for q in queries if q["sql"].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
