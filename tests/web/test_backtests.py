"""Comparisons of what was predicted with what happened."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from entente.differentiate.models import Backtest
from entente.web.tenths import _round_up
from tests import cast

RESULT = {
    "customers": 200, "mae": 1.02, "rmse": 1.7, "correlation": 0.92, "bias": -0.041, "predicted_total": 1006.2, "observed_total": 966.0,
    "calibration": [
        {"decile": k, "customers": 20, "predicted_mean": k * 1.1, "observed_mean": float(k)} for k in range(1, 11)
    ],
    "past_rate": {"customers": 200, "mae": 1.53, "rmse": 2.8, "correlation": 0.8, "bias": 0.44},
    "law": {"name": "bg_nbd", "title": "BG/NBD", "parameters": {}},
    "refused": [{"law": "X", "reason": cast.HOSTILE}], "notes": [cast.HOSTILE],
}  # fmt: skip


def made(**changes: object) -> Backtest:
    return Backtest.objects.create(
        from_on=date(2026, 1, 1), to_on=date(2026, 7, 1), count="net", law="BG/NBD", result={**RESULT, **changes}
    )


def test_a_comparison_is_a_picture_and_words(company: cast.Company, anna: Client):
    page = anna.get(f"/backtests/{made().pk}/").content.decode()
    text = " ".join(page.split())
    for expected in (
        "1.02",
        "1.70",
        "0.92",
        "too little in all",
        "33% less wrong",
        "<b>1006</b> purchases were predicted",
    ):
        assert expected in text, expected
    assert text.count('class="predicted"') == 10 + 1  # and the legend
    assert text.count('class="happened"') == 10 + 1
    assert "<script>alert" not in page
    assert "style=" not in page


def test_bars_stand_on_the_floor_and_keep_their_proportion(company: cast.Company, anna: Client):
    pairs = anna.get(f"/backtests/{made().pk}/").context["pairs"]
    tall = [float(pair.tall_happened) for pair in pairs]
    assert tall[9] == pytest.approx(10 * tall[0], abs=0.6)
    assert all(float(pair.y_happened) + float(pair.tall_happened) == pytest.approx(220, abs=0.1) for pair in pairs)
    assert max(float(pair.tall_predicted) for pair in pairs) <= 204


@pytest.mark.parametrize(
    ("top", "ceiling"), [(0, 1), (0.03, 0.032), (0.9, 1), (1, 1), (11.57, 12), (12.5, 16), (99, 100), (101, 120)]
)
def test_the_scale_is_the_next_number_that_divides_well(top: float, ceiling: float):
    assert _round_up(top) == pytest.approx(ceiling)


def test_nobody_and_nothing_still_have_a_page(company: cast.Company, anna: Client):
    empty = made(customers=0, mae=0.0, rmse=0.0, correlation=0.0, bias=0.0, calibration=[], past_rate={})
    assert anna.get(f"/backtests/{empty.pk}/").status_code == 200
    flat = made(calibration=[{"decile": 1, "customers": 1, "predicted_mean": 0.0, "observed_mean": 0.0}])
    assert anna.get(f"/backtests/{flat.pk}/").status_code == 200
    assert anna.get("/backtests/").status_code == 200
    assert anna.get("/backtests/99999/").status_code == 404


def test_a_manager_runs_one_and_it_is_watched(company: cast.Company, signed_in, anna: Client):
    maxim = signed_in(company.staff.maxim)
    span = {"from_on": "2026-10-05", "to_on": "2026-11-01", "count": "gross"}
    assert anna.post("/backtests/", span).status_code == 403
    assert maxim.post("/backtests/", span).status_code == 302
    job = ProcrastinateJob.objects.get(task_name="backtest")
    assert job.args == {
        "from_on": "2026-10-05",
        "to_on": "2026-11-01",
        "count": "gross",
        "by_id": company.staff.maxim.pk,
    }
    assert "Being made" in maxim.get("/backtests/").content.decode()
    assert "<html" not in maxim.get("/backtests/", headers={"HX-Request": "true"}).content.decode()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    assert maxim.get("/backtests/", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    "span",
    [
        {}, {"from_on": "2026-11-01", "to_on": "2026-10-05", "count": "net"}, {"from_on": "x", "to_on": "2026-10-05", "count": "net"},
        {"from_on": "1990-01-01", "to_on": "2026-10-05", "count": "net"}, {"from_on": "2026-10-05", "to_on": "2999-01-01", "count": "net"},
        {"from_on": "2026-10-05", "to_on": "2026-11-01", "count": "both"},
    ],
)  # fmt: skip
def test_an_impossible_span_is_refused_beside_its_field(company: cast.Company, signed_in, span: dict[str, str]):
    answer = signed_in(company.staff.maxim).post("/backtests/", span)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert not ProcrastinateJob.objects.filter(task_name="backtest").exists()


def test_dates_are_written_so_that_every_browser_reads_them(company: cast.Company, signed_in):
    company.staff.maxim.language = "ru"
    company.staff.maxim.save()
    page = signed_in(company.staff.maxim).get("/backtests/").content.decode()
    assert 'type="date"' in page
    value = page.split('name="from_on"')[1].split('value="')[1].split('"')[0]
    assert date.fromisoformat(value)


def test_they_cost_few_queries(company: cast.Company, anna: Client):
    for _ in range(30):
        made()
    for url in ("/backtests/", f"/backtests/{made().pk}/"):
        with CaptureQueriesContext(connection) as queries:
            anna.get(url)
        assert len(queries) <= 25
