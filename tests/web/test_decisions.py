"""The log of decisions, and all that stands behind one."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from entente.customize.models import Answer, Decision
from tests import cast


def test_the_log_is_walked_without_losing_or_repeating_anything(company: cast.Company, anna: Client):
    for number in range(120):
        cast.decision(cast.customer(f"Customer {number}", country="GB"), company.cycle, number)
    seen: list[int] = []
    url = "/decisions/"
    while url:
        page = anna.get(url)
        seen += [row.pk for row, _why in page.context["rows"]]
        url = f"/decisions/?later={page.context['later']}" if page.context["later"] else ""
    assert seen == list(Decision.objects.order_by("-id").values_list("id", flat=True))


def test_filters_narrow_and_stay_while_paging(company: cast.Company, anna: Client):
    for number in range(60):
        cast.decision(cast.customer(f"Customer {number}"), company.cycle, 1, play="win_back", state="done")
    page = anna.get("/decisions/?play=win_back&state=done&channel=phone")
    assert len(page.context["rows"]) == 50
    assert "play=win_back&amp;state=done" in page.content.decode()
    rest = anna.get(f"/decisions/?play=win_back&state=done&later={page.context['later']}")
    assert len(rest.context["rows"]) == 10
    assert [row.pk for row, _why in anna.get("/decisions/?channel=email").context["rows"]] == [
        company.decisions["brankova"].pk
    ]
    assert "No decision fits" in anna.get("/decisions/?play=welcome").content.decode()


@pytest.mark.parametrize("query", ["play=x", "state=x", "channel='--", "as_of=2020-01-01", "later=x", "later=W10"])
def test_an_impossible_list_is_answered_with_a_clear_word(company: cast.Company, anna: Client, query: str):
    assert anna.get(f"/decisions/?{query}").status_code == 400


def test_earlier_cycles_have_their_own(company: cast.Company, anna: Client):
    earlier = cast.cycle(date(2026, 5, 1))
    made = cast.decision(company.okafor, earlier, 3)
    assert [row.pk for row, _why in anna.get("/decisions/?as_of=2026-05-01").context["rows"]] == [made.pk]
    assert made.pk not in [row.pk for row, _why in anna.get("/decisions/").context["rows"]]


def test_one_decision_tells_everything_that_was_logged(company: cast.Company, anna: Client):
    company.cycle.laws = {"buying": {"name": "bg_nbd", "title": "BG/NBD"}, "spend": {"name": "gamma_gamma"}}
    company.cycle.save()
    made = cast.decision(
        company.okafor, company.cycle, 18.4, seed=1938779515135109, features_hash="b6acace6c9aff031",
        plays=["nothing", "silence", "win_back"], scores=[0.0, 18.4, 3.25], win_shares=[0.1, 0.65, 0.25],
        propensities=[0.12, 0.63, 0.25], propensity=0.63, drops={"cross_sell": "contact_rules", "welcome": "held_out"},
        is_hold_out=True,
    )  # fmt: skip
    Answer.objects.create(
        decision=made,
        kind="refused",
        why_not="wrong_facts",
        words=cast.HOSTILE,
        by=company.staff.anna,
        until_on=date(2026, 12, 1),
    )
    page = anna.get(f"/decisions/{made.pk}/").content.decode()
    for expected in (
        "€18.40", "€3.25", "65%", "63%", "1938779515135109", "b6acace6c9aff031", "BG/NBD", "Gamma-Gamma",
        "the contact rules do not allow it", "hold-out", "the facts are wrong", "A customer for 60 days",
        'width="65.0"', "J. Okafor",
    ):  # fmt: skip
        assert expected in page, expected
    assert "<script>alert" not in page
    assert "style=" not in page


def test_what_is_not_there_is_404(company: cast.Company, anna: Client):
    assert anna.get("/decisions/999999/").status_code == 404


def test_they_cost_few_queries_whatever_their_number(company: cast.Company, anna: Client):
    def count(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert anna.get(url).status_code == 200
        assert not [q for q in queries if q["sql"].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
        return len(queries)

    one = f"/decisions/{company.decisions['mallory'].pk}/"
    few = count("/decisions/")
    for number in range(60):
        cast.decision(cast.customer(f"Customer {number}"), company.cycle, 1)
    for _ in range(20):
        Answer.objects.create(decision=company.decisions["mallory"], kind="done", by=company.staff.anna)
    assert count("/decisions/") <= few + 1 <= 25
    assert count(one) <= 25
