"""How well we foresee: what was tried, on a page a manager understands."""

from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import cast

TENTHS = [{"decile": k, "customers": 20, "predicted_mean": k * 1.1, "observed_mean": float(k)} for k in range(1, 11)]
DID = {"customers": 200, "mae": 0.512, "rmse": 1.2, "correlation": 0.8, "bias": -0.04}
LAWS = {
    "buying": {
        "name": "committee", "title": "mean of MBG/CNBD-2, Pareto/NBD", "parameters": {}, "customers": 200, "knows_churn": True,
        "members": [
            {"name": "mbg_cnbd_2", "title": "MBG/CNBD-2", "parameters": {"r": 0.5}, "customers": 200},
            {"name": "pareto_nbd", "title": "Pareto/NBD", "parameters": {"s": 0.6}, "customers": 200},
        ],
    },
    "reason": f"This one came nearest {cast.HOSTILE}",
    "trials": [
        {
            "names": ["mbg_cnbd_2", "pareto_nbd"], "title": "MBG/CNBD-2 + Pareto/NBD", "score": 1.0, "scored": [DID, DID],
            "calibration": TENTHS,
        },
        {"names": ["bg_nbd"], "title": "BG/NBD", "score": 1.1, "scored": [DID, DID], "calibration": TENTHS},
        {"names": ["hiatus"], "title": "hiatus", "score": 1.3, "scored": [DID, DID], "calibration": TENTHS},
        {"names": ["past_rate"], "title": "past rate", "score": 1.4, "scored": [DID, DID], "calibration": TENTHS},
    ],
    "origins": [
        {"day": 20_000, "until": 20_100, "customers": 200, "purchases": 400},
        {"day": 20_050, "until": 20_100, "customers": 210, "purchases": 150},
    ],
    "refused": [{"law": "MBG/NBD", "reason": f"Churn is not identified {cast.HOSTILE}"}],
}  # fmt: skip


def full(company: cast.Company) -> None:
    company.cycle.laws = LAWS
    company.cycle.totals = {"retention": {"1": {"rate": 0.8, "worth": 1234.0}, "4": {"rate": 0.0, "worth": 0.0}}}
    company.cycle.save()


def test_everything_that_was_tried_stands_there_with_the_simple_rules(company: cast.Company, anna: Client):
    full(company)
    with CaptureQueriesContext(connection) as queries:
        page = anna.get("/pyramid/laws").content.decode()
    assert len(queries) <= 25
    assert "<script>alert" not in page
    text = " ".join(page.split())
    for words in (
        "MBG/CNBD-2 + Pareto/NBD", "past rate: everybody goes on as before", "silent for the last third", "0.512", "-4%",
        "Churn is not identified", "They err in different directions".lower(), "80%", "€1,234",
    ):  # fmt: skip
        assert words in text, words
    used = [row for row in page.split("<tr") if ">used</span>" in row]
    assert len(used) == 1 and "MBG/CNBD-2 + Pareto/NBD" in used[0]
    assert page.count('class="predicted"') == 10 + 1


def test_before_the_first_cycle_and_of_an_old_one_the_page_says_so(company: cast.Company, anna: Client):
    assert "Nothing foreseen yet" in anna.get("/pyramid/laws").content.decode()


def test_the_pyramid_leads_there(company: cast.Company, anna: Client):
    full(company)
    page = anna.get("/pyramid/").content.decode()
    assert 'href="/pyramid/laws"' in page and "mean of MBG/CNBD-2, Pareto/NBD" in page
