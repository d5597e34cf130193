"""How much we know: the table with its counts, the questions with their money, and where a question is seen when it can be asked."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from entente.differentiate.models import Cycle, KnowingCell, NextQuestion
from entente.differentiate.pure.asking_terms import Terms
from entente.staff.models import Setting
from tests import cast

PAGE = "/pyramid/knowing"


def fill(company: cast.Company) -> None:
    """Two levels, two sources, a question for everybody."""
    run = company.cycle
    erp, shop = cast.source("ERP"), cast.source(cast.HOSTILE[:80])
    for source in (None, erp, shop):
        for level in (1, 4):
            for respect, known, of, fresh in (
                ("email", level, 5, level / 2), ("phone", 5, 5, 4.5), ("wishes", 0, 5, None),
                ("alone", 3, 5, None), ("in_doubt", 1, 5, None),
                ("reach_marketing", 2, 5, None),
            ):  # fmt: skip
                if source is None or respect in ("email", "phone", "alone", "in_doubt"):
                    asked = source is None and respect == "email"
                    KnowingCell.objects.create(
                        cycle=run, level=level, source=source, respect=respect, of=of, known=known, fresh=fresh,
                        asks=3 if asked else 0, worth=300.0 * level if asked else 0.0,
                    )  # fmt: skip
    for rank, who in enumerate((company.alnoor, company.brankova, company.rahimi, company.okafor, company.mallory)):
        NextQuestion.objects.create(
            cycle=run, customer=who, level=min(7, rank + 1), field="email", way="call", gain=500.0 - rank
        )
    run.steps_done = {
        "know": {"customers": 10, "questions": 5, "worth": 1234.0, "spread": 0.52, "assumed": Terms().as_dict()}
    }
    run.totals = {"revenue": 900.0, "anonymous_revenue": 100.0}
    run.save()


@pytest.fixture
def full(company: cast.Company) -> cast.Company:
    fill(company)
    return company


def text_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return " ".join(answer.content.decode().split())


def test_each_share_stands_with_what_it_is_made_of(full: cast.Company, anna: Client):
    page = text_of(anna, PAGE)
    assert "Of <b>90%</b> of the revenue" in page
    assert '<td class="shade-2"><span>20%</span><small>1 of 5</small>' in page
    assert '<td class="shade-8"><span>80%</span><small>4 of 5</small>' in page
    assert '<td class="total"><span>50%</span><small>5 of 10</small>' in page
    # Few records alone are no less good news for being few: no colour.
    assert "<td><span>60%</span><small>3 of 5</small>" in page
    assert "style=" not in page and "<script>alert" not in page


def test_what_still_holds_is_a_guess(full: cast.Company, anna: Client):
    page = text_of(anna, f"{PAGE}?show=fresh")
    assert '<span class="approx">90%</span><small>of 5</small>' in page
    assert "How they wish to be contacted</th>" not in page, "what does not age is not shown"


def test_what_asking_is_worth_is_money_and_a_guess(full: cast.Company, anna: Client):
    page = text_of(anna, f"{PAGE}?show=worth")
    assert '<td class="shade-10"><span class="approx">€1,200</span><small>3 customers</small>' in page
    assert '<td class="shade-2"><span class="approx">€300</span>' in page
    assert "Phone</th>" not in page
    KnowingCell.objects.update(asks=0, worth=0)
    assert "Nobody is worth asking anything" in text_of(anna, f"{PAGE}?show=worth")


def test_one_source_says_what_it_says(full: cast.Company, anna: Client):
    erp = cast.source("ERP")
    page = text_of(anna, f"{PAGE}?source={erp.pk}")
    assert "With offers" not in page and "what asking is worth" not in page
    assert f'<option value="{erp.pk}" selected>ERP</option>' in page
    for strange in ("source=999999", "source=x", f"source={erp.pk}&show=worth", "show=all", "before=x", "source=%00"):
        assert anna.get(f"{PAGE}?{strange}").status_code == 400, strange


def test_the_questions_lead_to_the_cards_the_dearest_first(full: cast.Company, anna: Client, monkeypatch):
    page = text_of(anna, PAGE)
    names = [full.alnoor, full.brankova, full.rahimi, full.okafor, full.mallory]
    places = [page.index(f'href="/customers/{who.pk}/" data-walk') for who in names]
    assert places == sorted(places)
    assert 'e-mail address</td><td class="how">at the next call</td>' in page
    assert '<span class="approx">€500</span>' in page
    assert (
        '5 customers are worth a question, together <span class="approx">€1,234</span> <bdi>±52%</bdi>, a guess' in page
    )
    monkeypatch.setattr("entente.web.knowing.PAGE", 2)
    answer = anna.get(PAGE)
    seen = [one.customer for one in answer.context["asked"]]
    while more := answer.context["more"]:
        answer = anna.get(PAGE, {"before": more})
        seen += [one.customer for one in answer.context["asked"]]
    assert seen == names


def test_a_question_stands_with_the_step_on_which_it_can_be_asked(full: cast.Company, anna: Client):
    step = full.decisions["alnoor"]
    for url in ("/", f"/customers/{full.alnoor.pk}/", f"/customers/{full.alnoor.pk}/calls/new?decision={step.pk}"):
        assert "Also ask: e-mail address." in text_of(anna, url), url
    NextQuestion.objects.all().delete()
    assert "Also ask" not in text_of(anna, "/")


def test_without_anything_counted_it_says_what_to_do(company: cast.Company, anna: Client):
    for show in ("known", "fresh"):
        assert "Nothing counted yet" in text_of(anna, f"{PAGE}?show={show}")
    Cycle.objects.update(published_at=None)
    assert "Nothing counted yet" in text_of(anna, PAGE)


def test_it_costs_few_queries_and_writes_nothing(full: cast.Company, anna: Client):
    for show in ("known", "fresh", "worth"):
        with CaptureQueriesContext(connection) as queries:
            assert anna.get(f"{PAGE}?show={show}").status_code == 200
        assert len(queries) <= 15
        assert not [q for q in queries if q["sql"].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]


def test_everybody_looks_and_who_steers_assumes(full: cast.Company, signed_in):
    for user in full.staff.by_role.values():
        page = text_of(signed_in(user), PAGE)
        steers = user.role in ("admin", "manager")
        assert ("/settings/knowing" in page) == steers
        assert signed_in(user).get("/settings/knowing").status_code == (200 if steers else 403)
    assert Client().get(PAGE).status_code == 302


def test_assumptions_are_kept_with_who_and_refused_with_where(full: cast.Company, signed_in):
    maxim = signed_in(full.staff.maxim)
    answer = maxim.post("/settings/knowing", {"call.cost": "-2", "speaking": "0,1"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="-2"' in page and 'id="call.cost-errors"' in page and "at least 0" in page
    assert not Setting.objects.exists()
    assert maxim.post("/settings/knowing", {"call.cost": "2", "speaking": "0,1"}).status_code == 302
    kept = Setting.objects.get(name="knowing")
    assert (kept.value, kept.set_by) == ({"call.cost": 2.0, "speaking": 0.1}, full.staff.maxim)
    page = maxim.get("/settings/knowing").content.decode()
    assert "by default 0.05" in page and "Maxim" in page
