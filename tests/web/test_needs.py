"""Needs and potential on the card and on their pages: shown with where they come from, written down, taken back, and refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from entente.differentiate.models import Cycle, NeedFact, NeedSegment, PotentialCell, Valuation
from entente.differentiate.need_facts import say
from entente.identify.relations import relate
from entente.ledger.models import Interaction
from entente.staff.firm import firm_today
from entente.staff.models import Firm, Setting, User
from tests import cast

MOST_QUERIES = 25
WRITES = ("INSERT", "UPDATE", "DELETE")
SignIn = Callable[[User], Client]


def party_of(who: cast.Customer) -> int:
    return int(who.memberships.order_by("-weight", "party_id")[0].party_id)


def fill(company: cast.Company) -> None:
    """Two segments, a potential for everybody, and each case once."""
    run = company.cycle
    for number, name in ((1, "Wood + Brushes"), (2, cast.HOSTILE[:100])):
        NeedSegment.objects.create(
            cycle=run, number=number, name=name, customers=3 - number, revenue=1000.0, levels={"1": 1}, stated=number - 1,
            words={"named": ["Wood", cast.HOSTILE], "share": 0.7, "lift": 4.13, "loadings": {}},
        )  # fmt: skip
    for level in range(1, 8):
        PotentialCell.objects.create(
            cycle=run, level=level, customers=2, judged=1, stated=0, revenue=1000.0, potential=4000.0, potential_low=2000.0,
            potential_high=8000.0, growth=900.0, low_share=1, plays_off=0, buys_through=0,
        )  # fmt: skip
    for rank, who in enumerate((company.alnoor, company.brankova, company.rahimi, company.okafor, company.mallory)):
        Valuation.objects.filter(cycle_id=run.pk, customer_id=who.pk).update(
            potential=10_000.0, share=0.24, growth=1000.0 * (rank + 1), segment=1 + rank % 2, stimulate=(1, 2, 4, 0, 7)[rank],
            segment_is_stated=who == company.mallory,
        )  # fmt: skip
    run.totals = {"needs": {
        "potential": {"low": 0.6, "high": 1.5, "estimated": 4, "stated": 1, "believed": 0, "newcomers": 2},
        "segments": {"by": "category", "stability": 0.91, "sample": 500, "why": ""},
        "terms": {"quantile": 0.75, "peers": 30},
    }}  # fmt: skip
    run.save()


@pytest.fixture
def full(company: cast.Company) -> cast.Company:
    fill(company)
    return company


def text_of(client: Client, url: str, **more: str) -> str:
    answer = client.get(url, **more)
    assert answer.status_code == 200, url
    return " ".join(answer.content.decode().split())


def heard(who: cast.Customer, predicate: str, value: str, **more: object) -> NeedFact:
    given = {"said_on": firm_today(), "today": firm_today(), "currency": "EUR", **more}
    return say(party_of(who), predicate, value, **given)  # type: ignore[arg-type]


def test_the_card_fetches_needs_when_it_stands(full: cast.Company, anna: Client):
    who = full.alnoor.pk
    assert f'hx-get="/customers/{who}/needs"' in text_of(anna, f"/customers/{who}/")
    fragment = text_of(anna, f"/customers/{who}/needs", HTTP_HX_REQUEST="true")
    assert fragment.startswith('<section class="card" id="needs"') and "<html" not in fragment
    assert "buy 4.1 times as much of" in fragment and "70% of their order lines" in fragment
    assert "we think" in fragment and "Buys little of it here" in fragment
    assert '<span class="approx unbroken">24%</span>' in fragment and "16%–40%" in fragment
    assert "<html" in text_of(anna, f"/customers/{who}/needs")


def test_what_they_said_stands_beside_what_we_think_with_its_origin(full: cast.Company, anna: Client):
    heard(full.alnoor, "other_supplier", "Jotun", evidence="letter of May", by=full.staff.maxim)
    heard(full.alnoor, "need", "speed", is_stated=False, confidence=0.8)
    gone = heard(full.alnoor, "budget", "900")
    NeedFact.objects.filter(pk=gone.pk).update(expires_on=firm_today() - timedelta(days=1))
    page = text_of(anna, f"/customers/{full.alnoor.pk}/needs")
    assert "letter of May" in page and "Maxim" in page and "80% sure" in page
    assert page.count("they said") >= 2 and "past its day" in page and "1 fact that counts no more" in page


def test_who_told_long_ago_is_to_be_asked_again(full: cast.Company, anna: Client):
    gone = heard(full.okafor, "budget", "900")
    NeedFact.objects.filter(pk=gone.pk).update(expires_on=firm_today() - timedelta(days=1))
    page = text_of(anna, f"/customers/{full.okafor.pk}/needs")
    assert "counts any more: ask again" in page and "Nobody has written down" not in page


def test_a_customer_without_anything_known_is_shown_all_the_same(company: cast.Company, anna: Client):
    page = text_of(anna, f"/customers/{company.okafor.pk}/needs")
    assert "Nobody has written down" in page and "No need segment" in page
    Cycle.objects.update(published_at=None)
    assert "Nobody has written down" in text_of(anna, f"/customers/{company.okafor.pk}/needs")


def test_a_fact_is_kept_with_who_said_it_where_and_until_when(full: cast.Company, anna: Client):
    url = f"/customers/{full.alnoor.pk}/needs/new"
    contact = full.alnoor.memberships.get().party.interactions.get()
    assert f'value="{contact.pk}"' in text_of(anna, url)
    said = {
        "predicate": "spend_elsewhere",
        "value": "12000,50",
        "currency": "eur",
        "is_stated": "yes",
        "confidence": "0.8",
    }
    answer = anna.post(url, {**said, "interaction": contact.pk, "evidence": "on the phone"})
    assert answer.status_code == 302 and answer.headers["Location"] == f"/customers/{full.alnoor.pk}/"
    fact = NeedFact.objects.get()
    assert (fact.predicate, str(fact.number), fact.currency, fact.is_stated) == (
        "spend_elsewhere",
        "12000.5000",
        "EUR",
        True,
    )
    assert (fact.by, fact.interaction_id, fact.confidence) == (full.staff.anna, contact.pk, 0.8)
    assert fact.said_on == contact.at.date() and fact.expires_on == fact.said_on + timedelta(days=730)
    anna.post(url, {**said, "predicate": "segment", "segment": "2", "value": ""})
    assert NeedFact.objects.get(predicate="segment").number == 2


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"value": "much"}, "Give a number"), ({"value": "1", "currency": ""}, "in which currency"),
        ({"value": "1", "said_on": "2999-01-01"}, "still to come"), ({"predicate": "segment"}, "Say what"),
        ({"value": "1", "said_on": "2026-01-01", "expires_on": "2025-01-01"}, "before it was said"),
        ({"predicate": "nonsense", "value": "x"}, "Select a valid choice"), ({"value": "1", "interaction": "999999"}, "Select a valid"),
    ],
)  # fmt: skip
def test_an_impossible_fact_is_asked_again(full: cast.Company, anna: Client, said: dict[str, str], word: str):
    given = {
        "predicate": "spend_elsewhere",
        "value": "",
        "currency": "EUR",
        "is_stated": "yes",
        "confidence": "1",
        **said,
    }
    answer = anna.post(f"/customers/{full.alnoor.pk}/needs/new", given)
    assert answer.status_code == 422
    assert word in answer.content.decode()
    assert not NeedFact.objects.exists()


def test_a_fact_is_taken_back_once_and_only_on_its_own_customer(full: cast.Company, anna: Client):
    fact = heard(full.alnoor, "need", "speed")
    assert anna.post(f"/customers/{full.okafor.pk}/needs/{fact.pk}/withdrawal").status_code == 404
    for _ in range(2):
        assert anna.post(f"/customers/{full.alnoor.pk}/needs/{fact.pk}/withdrawal").status_code == 302
    fact.refresh_from_db()
    assert fact.withdrawn_by == full.staff.anna
    assert "taken back" in text_of(anna, f"/customers/{full.alnoor.pk}/needs")


def test_a_viewer_looks_and_writes_nothing(full: cast.Company, signed_in: SignIn):
    victor = signed_in(full.staff.victor)
    fact = heard(full.alnoor, "need", "speed")
    page = text_of(victor, f"/customers/{full.alnoor.pk}/needs")
    assert "Take back" not in page and "needs/new" not in page
    assert victor.post(f"/customers/{full.alnoor.pk}/needs/new", {"predicate": "need", "value": "x"}).status_code == 403
    assert victor.post(f"/customers/{full.alnoor.pk}/needs/{fact.pk}/withdrawal").status_code == 403
    assert NeedFact.objects.get().withdrawn_at is None


def test_the_potential_stands_level_by_level_with_its_range_and_its_cases(full: cast.Company, anna: Client):
    heard(full.brankova, "other_supplier", "Jotun")
    heard(full.brankova, "other_supplier", "Brillux")
    relate(full.alnoor, "distributes_to", full.rahimi, by=None)
    page = text_of(anna, "/pyramid/potential")
    assert "About <b>25%</b>" in page and "from 12% to 50%" in page
    assert "€2,400 of about €10K" in page
    assert "Brillux, Jotun" in page or "Jotun, Brillux" in page
    assert full.alnoor.name in page.split('id="case-4"')[1]
    assert "/settings/needs" not in page, "an agent does not set what is assumed"
    assert 'href="/customers/?case=2"' not in page, "nobody of the case was counted"


def test_the_page_says_from_how_many_suppliers_on_somebody_plays_them_off(full: cast.Company, anna: Client):
    full.cycle.totals["needs"]["terms"]["suppliers"] = 3.0
    full.cycle.save()
    assert "3 or more other suppliers are known" in text_of(anna, "/pyramid/potential")


def test_a_share_we_believe_is_told_where_nothing_was_spent(full: cast.Company, anna: Client):
    Valuation.objects.filter(customer_id=full.alnoor.pk).update(potential=None, share=0.2, revenue_year=0.0)
    case = text_of(anna, "/pyramid/potential").split('id="case-1"')[1].split("</section>")[0]
    assert "20% of what they spend, as we think" in case and "–" not in case


def test_a_fact_heard_just_now_is_kept_wherever_on_earth_one_sits(full: cast.Company, anna: Client):
    type(full.staff.anna).objects.filter(pk=full.staff.anna.pk).update(zone="Pacific/Kiritimati")
    Firm.objects.update(zone="Pacific/Pago_Pago")
    party = full.alnoor.memberships.get().party
    contact = Interaction.objects.create(
        party=party,
        at=timezone.now(),
        kind="call",
        channel="phone",
        purpose="service",
        is_outgoing=True,
        is_two_way=True,
    )
    said = {"predicate": "need", "value": "speed", "currency": "", "is_stated": "yes", "confidence": "1"}
    answer = anna.post(f"/customers/{full.alnoor.pk}/needs/new", {**said, "interaction": contact.pk})
    assert answer.status_code == 302
    assert NeedFact.objects.get().said_on == firm_today()


def test_segments_stand_with_their_words_and_lead_to_their_customers(full: cast.Company, signed_in: SignIn):
    page = text_of(signed_in(full.staff.maxim), "/pyramid/needs")
    assert 'href="/customers/?segment=1"' in page and "buy 4.1 times as much" in page
    assert "1 said so" in page and "/settings/needs" in page
    assert 'class="shade-5"><span>50%</span>' in page
    NeedSegment.objects.all().delete()
    full.cycle.totals = {"needs": {"segments": {"why": "only 3 customers"}}}
    full.cycle.save()
    assert "only 3 customers" in text_of(signed_in(full.staff.anna), "/pyramid/needs")


def test_without_a_cycle_the_pages_say_what_to_do(company: cast.Company, anna: Client):
    for published in (True, False):
        if not published:
            Cycle.objects.update(published_at=None)
        assert "Nothing counted yet" in text_of(anna, "/pyramid/potential")
        assert "No need segments" in text_of(anna, "/pyramid/needs")


def test_the_list_is_in_order_of_growth_and_takes_only_a_case_or_a_segment(
    full: cast.Company, anna: Client, monkeypatch
):
    order = [full.mallory, full.okafor, full.rahimi, full.brankova, full.alnoor]
    assert [row.customer for row in anna.get("/customers/?order=growth").context["listing"].rows] == order
    monkeypatch.setattr("entente.web.ranking.PAGE", 2)
    answer = anna.get("/customers/?order=growth")
    seen = [row.customer for row in answer.context["listing"].rows]
    while later := answer.context["listing"].later:
        answer = anna.get("/customers/", {"order": "growth", "later": later})
        seen += [row.customer for row in answer.context["listing"].rows]
    assert seen == order
    assert answer.context["listing"].earlier
    monkeypatch.setattr("entente.web.ranking.PAGE", 50)

    def who(query: str) -> list[cast.Customer]:
        return [row.customer for row in anna.get(f"/customers/?{query}").context["listing"].rows]

    assert who("case=1") == [full.alnoor, full.mallory]
    assert who("case=2&order=growth") == [full.mallory, full.brankova]
    assert who("case=4") == [full.rahimi, full.mallory]
    assert who("segment=2") == [full.brankova, full.okafor]
    assert who("segment=1&order=growth&level=1") == [full.alnoor]
    for wrong in ("case=3", "case=x", "segment=9", "segment=0", "order=grow", "case=1&order=loss"):
        assert anna.get(f"/customers/?{wrong}").status_code == 400, wrong
    Valuation.objects.filter(cycle_id=full.cycle.pk).update(growth=0)
    assert "Nobody is known to buy elsewhere" in text_of(anna, "/customers/?order=growth")


def test_what_they_said_of_their_wallet_is_marked_in_the_list(full: cast.Company, anna: Client):
    Valuation.objects.filter(cycle_id=full.cycle.pk, customer_id=full.okafor.pk).update(share_is_stated=True)
    page = text_of(anna, "/customers/?order=growth")
    assert page.count("<small>they said</small>") == 1
    assert page.count('<span class="approx">24%</span>') == 4, "what they said is no estimate"


def test_pages_cost_few_queries_write_nothing_and_hostile_words_stay_text(full: cast.Company, anna: Client):
    heard(full.mallory, "other_supplier", cast.HOSTILE[:90])
    heard(full.mallory, "other_supplier", "Jotun", evidence=cast.HOSTILE)
    urls = [
        "/pyramid/potential", "/pyramid/needs", "/customers/?order=growth", "/customers/?case=2&segment=1",
        f"/customers/{full.mallory.pk}/needs", f"/customers/{full.mallory.pk}/needs/new",
    ]  # fmt: skip
    for url in urls:
        with CaptureQueriesContext(connection) as queries:
            page = text_of(anna, url)
        assert len(queries) <= MOST_QUERIES, f"{url}: {len(queries)}"
        assert not [q for q in queries if q["sql"].lstrip().upper().startswith(WRITES)], url
        assert "<script>alert" not in page and "<img" not in page and "style=" not in page, url


def test_queries_do_not_grow_with_the_facts(full: cast.Company, anna: Client):
    def count(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            anna.get(url)
        return len(queries)

    urls = [
        "/pyramid/potential",
        "/pyramid/needs",
        f"/customers/{full.alnoor.pk}/needs",
        f"/customers/{full.alnoor.pk}/needs/new",
    ]
    heard(full.alnoor, "other_supplier", "Jotun")
    few = {url: count(url) for url in urls}
    for place in range(20):
        heard(full.alnoor, "other_supplier", f"Supplier {place}")
        heard(full.brankova, "need", f"need {place}")
        cast.contact(full.alnoor, cast.datetime(2026, 1, 1 + place, 9, tzinfo=cast.UTC))
        who = cast.customer(f"Customer {place}", country="GB")
        heard(who, "other_supplier", "Jotun")
        cast.valuation(who, full.cycle, 300_000.0 + place, potential=100.0, share=0.1, stimulate=7, growth=1.0)
    assert {url: count(url) for url in urls} == few


def test_who_steers_sets_what_is_assumed_and_the_firms_own_words(full: cast.Company, signed_in: SignIn):
    assert signed_in(full.staff.anna).get("/settings/needs").status_code == 403
    maxim = signed_in(full.staff.maxim)
    answer = maxim.post("/settings/needs", {"quantile": "7", "words": "colour: which colour"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="7"' in page and 'id="quantile-errors"' in page and "colour: which colour" in page
    assert not Setting.objects.exists(), "half of it is not kept"
    answer = maxim.post("/settings/needs", {"words": "Need it: x"})
    assert answer.status_code == 422 and 'id="words-errors"' in answer.content.decode()
    assert maxim.post("/settings/needs", {"quantile": "0.8", "words": "colour: which colour\n"}).status_code == 302
    assert Setting.objects.get(name="potential").value == {"quantile": 0.8}
    assert Setting.objects.get(name="needs").set_by == full.staff.maxim
    page = text_of(maxim, "/settings/needs")
    assert "by default 0.75" in page and "colour: which colour" in page
    assert "Which colour (in a few words)" in text_of(maxim, f"/customers/{full.alnoor.pk}/needs/new")


def test_a_day_that_is_past_is_no_reason_to_forget_who_said_it(full: cast.Company, anna: Client):
    heard(full.alnoor, "decides_on", "2026-12-31", said_on=date(2026, 1, 5), today=date(2026, 1, 5))
    assert "31 Dec 2026" in text_of(anna, f"/customers/{full.alnoor.pk}/needs")
