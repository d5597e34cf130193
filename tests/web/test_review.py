"""The review: one question at a time, answered once, taken back exactly; the records on the card; how far sources are believed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from entente.identify.models import Chosen, Customer, Linkage, Membership, PossibleMatch, SourceTrust, Verdict
from entente.identify.verdicts import say_not_same, say_same
from entente.ledger.models import Party, Source
from tests import cast

IN_PLACE = {"HX-Request": "true"}
LIKENESS = {"given_name": ["close", 3.1], "family_name": ["same", 6.4], "email": ["different", -4.2]}
MOST_QUERIES = 25


def linkage() -> Linkage:
    made, _ = Linkage.objects.get_or_create(
        law="entente identity 1",
        sure=0.95,
        doubtful=0.5,
        state="done",
        defaults={
            "started_at": timezone.now(),
            "finished_at": timezone.now(),
            "counts": {"records": 6, "customers": 5, "moved": 1, "parted": 0, "asked": 2},
            "ignored": [["person", "email", "info@x.example", 312], ["person", "phone", cast.HOSTILE, 50]],
            "crowded": [["person", "family_name:sound + born_on[6]", 2, 90]],
        },
    )
    return made


def question(one: Customer, other: Customer, **fields: Any) -> PossibleMatch:
    """Somebody is asked of the first records of two customers."""
    left, right = sorted(each.memberships.order_by("party_id")[0].party_id for each in (one, other))
    given = {"probability": 0.82, "explanation": {"with": right, "likeness": LIKENESS}, **fields}
    return PossibleMatch.objects.create(left_id=left, right_id=right, linkage=linkage(), **given)


@pytest.fixture
def asked(company: cast.Company) -> list[PossibleMatch]:
    """Three questions, the dearest first."""
    return [
        question(company.alnoor, company.brankova, stake=220_000),
        question(company.okafor, company.mallory, stake=220, probability=0.97),
        question(company.rahimi, company.mallory, stake=22),
    ]


def whose() -> dict[int, int]:
    return dict(Membership.objects.filter(ended_at=None).values_list("party_id", "customer_id"))


def page(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, address
    return answer.content.decode()


def say(client: Client, asked: PossibleMatch, said: str, **headers: str) -> Any:
    return client.post(f"/customers/review/{asked.pk}/verdicts", {"said": said}, headers=headers)


def test_the_dearest_question_comes_first_field_by_field(
    anna: Client, company: cast.Company, asked: list[PossibleMatch]
):
    text = page(anna, "/customers/review")
    assert "Al Noor Building Supply" in text and "Brankova Interiors" in text and "Probably one customer" in text
    assert "€220" in text and "with 1 further record" in text and "speaks for two customers" in text
    assert "<mark>" in text and f"?question={asked[1].pk}" in text
    assert '<span class="count" id="count-review">3</span>' in text


def test_a_decision_brings_the_next_question_at_once(anna: Client, company: cast.Company, asked: list[PossibleMatch]):
    answer = say(anna, asked[0], "same", **IN_PLACE)
    text = answer.content.decode()
    assert answer.status_code == 200 and "<html" not in text and answer["HX-Replace-Url"] == "/customers/review"
    assert "J. Okafor" in text and "You said" in text and 'id="count-review" hx-swap-oob="true">2<' in text
    own = whose()
    assert own[asked[0].left_id] == own[asked[0].right_id]
    verdict = Verdict.objects.get()
    assert verdict.by == company.staff.anna and verdict.is_same
    assert say(anna, asked[1], "other", **IN_PLACE).status_code == 200
    assert whose() == own and Verdict.objects.filter(is_same=False).count() == 1
    last = say(anna, asked[2], "other", **IN_PLACE).content.decode()
    assert "Nobody need be asked" in last and "312 records" in last and "<script>alert(1)" not in last


def test_without_scripts_it_goes_by_way_of_the_page(anna: Client, asked: list[PossibleMatch]):
    answer = say(anna, asked[0], "other")
    assert answer.status_code == 302 and answer["Location"] == "/customers/review"
    assert say(anna, asked[1], "perhaps").status_code == 400
    assert Verdict.objects.count() == 1


def test_what_is_left_open_is_passed_over_and_comes_again_at_the_end(anna: Client, asked: list[PossibleMatch]):
    text = page(anna, f"/customers/review?question={asked[1].pk}", **IN_PLACE)
    assert "J. Okafor" in text and f'rel="prev" href="/customers/review?question={asked[0].pk}"' in text
    assert "where anybody may write" in text  # as sure as that, and asked all the same
    assert "رحیمی" in say(anna, asked[1], "other", **IN_PLACE).content.decode()
    # Behind the last one it begins again with what was passed over.
    assert "Al Noor" in say(anna, asked[2], "other", **IN_PLACE).content.decode()


def test_undo_asks_again_and_brings_everything_back(anna: Client, asked: list[PossibleMatch]):
    before = whose()
    say(anna, asked[0], "same")
    assert whose() != before
    text = page(anna, "/customers/review")
    verdict = Verdict.objects.get()
    assert f'action="/customers/review/verdicts/{verdict.pk}/withdrawal"' in text
    back = anna.post(f"/customers/review/verdicts/{verdict.pk}/withdrawal", headers=IN_PLACE).content.decode()
    assert whose() == before and "Al Noor" in back and "Taken back" in back and "You said" not in back
    assert (
        anna.post(f"/customers/review/verdicts/{verdict.pk}/withdrawal", {"next": "/customers/review/decided"})[
            "Location"
        ]
        == "/customers/review/decided"
    )


def test_of_two_reviewers_the_second_is_told_and_nothing_changes(
    anna: Client, company: cast.Company, asked: list[PossibleMatch], signed_in
):
    page(anna, "/customers/review")
    maxim = signed_in(company.staff.maxim)
    say(maxim, asked[0], "other")
    before = whose()
    for said in ("same", "other"):
        text = say(anna, asked[0], said, **IN_PLACE).content.decode()
        assert 'role="alert"' in text and "Maxim was first" in text and "decided not to be the same" in text
    assert whose() == before and Verdict.objects.get().by == company.staff.maxim
    assert "You said" not in text
    # Settled by what was said of other records of the two, it is settled all the same.
    say_same(
        company.okafor.memberships.get().party_id, company.mallory.memberships.get().party_id, by=company.staff.maxim
    )
    before = whose()
    assert "Maxim was first" in say(anna, asked[1], "other", **IN_PLACE).content.decode()
    assert whose() == before


def test_a_question_that_is_gone_is_told_of(anna: Client, asked: list[PossibleMatch]):
    gone = asked[0]
    PossibleMatch.objects.filter(pk=gone.pk).delete()
    assert "linked anew" in say(anna, gone, "same", **IN_PLACE).content.decode()
    assert "dearest question now" in page(anna, f"/customers/review?question={gone.pk}")
    assert not Verdict.objects.exists()
    assert anna.get("/customers/review?question=x").status_code == 400


def test_what_was_decided_is_listed_with_who_and_taken_back_there(
    anna: Client, company: cast.Company, asked: list[PossibleMatch]
):
    say(anna, asked[1], "same")
    say(anna, asked[2], "other")
    text = page(anna, "/customers/review/decided")
    assert text.count("Take back<") == 2 and "Anna" in text and "<script>alert(1)" not in text
    anna.post(f"/customers/review/verdicts/{Verdict.objects.first().pk}/withdrawal")
    text = page(anna, "/customers/review/decided")
    assert text.count("Take back<") == 1 and "taken back" in text


def test_the_list_of_decisions_and_of_runs_is_paged_and_costs_the_same(anna: Client, company: cast.Company):
    parties = Party.objects.bulk_create(Party(source=cast.source(), key=f"K{k}", name=f"Name {k}") for k in range(60))
    customers = Customer.objects.bulk_create(Customer(name=party.name) for party in parties)
    Membership.objects.bulk_create(
        Membership(party=party, customer=customer, law="one record, one customer 1")
        for party, customer in zip(parties, customers, strict=True)
    )
    for one, other in pairwise(parties):
        Verdict.objects.create(left=one, right=other, is_same=False, by=company.staff.anna)
    linkage()
    Linkage.objects.bulk_create(
        Linkage(law="x", sure=0.9, doubtful=0.4, state="failed", error=cast.HOSTILE, started_at=timezone.now())
        for _ in range(25)
    )
    for address, word in (("/customers/review/decided", "Name 0"), ("/customers/review/runs", "312 records")):
        with CaptureQueriesContext(connection) as queries:
            first = anna.get(address)
        assert first.status_code == 200 and len(queries) <= MOST_QUERIES
        assert word not in first.content.decode() and "<script>alert(1)" not in first.content.decode()
        assert word in page(anna, f"{address}?later={first.context['later']}")
        assert anna.get(f"{address}?later=zzz").status_code == 400


def test_a_run_says_what_it_ignored_and_what_its_thresholds_mean(anna: Client):
    linkage()
    text = page(anna, "/customers/review/runs")
    assert "From 95% on" in text and "6 records are 5 customers." in text
    assert "sound of the Family name + Date of birth: 2 values, shared by 90 records." in text


def test_the_review_costs_no_more_for_many_questions(anna: Client, company: cast.Company, asked: list[PossibleMatch]):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(anna, "/customers/review")
        return len(queries)

    before = cost()
    for k in range(120):
        question(company.alnoor, cast.customer(f"Shop {k}"), stake=k)
    assert cost() == before <= MOST_QUERIES
    text = page(anna, "/customers/review")
    assert 'id="count-review">99+<' in text


def test_before_any_run_the_page_says_what_will_come(anna: Client):
    assert "No records have been compared yet" in page(anna, "/customers/review")
    assert "No records have been compared yet" in page(anna, "/customers/review/runs")
    assert "Nothing decided yet" in page(anna, "/customers/review/decided")


def test_a_viewer_looks_and_decides_nothing(company: cast.Company, asked: list[PossibleMatch], signed_in):
    victor = signed_in(company.staff.victor)
    text = page(victor, "/customers/review")
    assert "Al Noor" in text and "Not the same" not in text
    verdict = say_not_same(asked[0].left_id, asked[0].right_id, by=company.staff.anna).verdict
    party = company.brankova.memberships.order_by("party_id")[0].party_id
    for address, given in (
        (f"/customers/review/{asked[1].pk}/verdicts", {"said": "same"}),
        (f"/customers/review/verdicts/{verdict.pk}/withdrawal", {}),
        (f"/customers/{company.brankova.pk}/records/{party}/departure", {}),
        (f"/customers/{company.brankova.pk}/records/choices", {"field": "name", "party": party}),
    ):
        assert victor.post(address, given).status_code == 403, address
    assert Verdict.objects.filter(withdrawn_at=None).count() == 1 and not Chosen.objects.exists()
    assert "Take back" not in page(victor, "/customers/review/decided")


def test_who_may_not_be_seen_is_not_asked_about(anna: Client, company: cast.Company, asked: list[PossibleMatch]):
    company.alnoor.memberships.update(ended_at=timezone.now())
    assert "Al Noor" not in page(anna, "/customers/review")
    say(anna, asked[0], "same")
    assert not Verdict.objects.exists()


# The records on the card.


def records(client: Client, customer: Customer) -> str:
    return page(client, f"/customers/{customer.pk}/records", **IN_PLACE)


def test_the_card_says_why_each_record_is_there(anna: Client, company: cast.Company, asked: list[PossibleMatch]):
    assert f'hx-get="/customers/{company.brankova.pk}/records"' in page(anna, f"/customers/{company.brankova.pk}/")
    first, second = company.brankova.memberships.order_by("party_id")
    second.explanation = {"with": first.party_id, "likeness": LIKENESS}
    second.save()
    text = records(anna, company.brankova)
    assert "The customer began with it." in text and "92% sure to be who ERP 20077 is." in text
    assert "Given name:" in text and "This is somebody else" in text
    assert f"?question={asked[0].pk}" in text
    assert "<html" in page(anna, f"/customers/{company.brankova.pk}/records")
    one = records(anna, company.okafor)
    assert "One customer, one record" in one and "This is somebody else" not in one and "What is shown" not in one
    assert "<script>alert(1)" not in records(anna, company.mallory)


def test_a_record_is_taken_out_and_comes_back(anna: Client, company: cast.Company):
    before = whose()
    party = company.brankova.memberships.order_by("-party_id")[0].party_id
    away = f"/customers/{company.brankova.pk}/records/{party}/departure"
    assert anna.post(f"/customers/{company.alnoor.pk}/records/{party}/departure").status_code == 404
    assert anna.post(away)["Location"] == f"/customers/{company.brankova.pk}/"
    assert whose()[party] != before[party]
    assert anna.post(away).status_code == 404
    text = records(anna, company.brankova)
    assert "are not the same" in text and "Anna" in text
    verdict = Verdict.objects.get()
    anna.post(f"/customers/review/verdicts/{verdict.pk}/withdrawal", {"next": f"/customers/{company.brankova.pk}/"})
    assert whose() == before


def test_what_somebody_said_is_the_same_is_not_taken_out_of(anna: Client, company: cast.Company, signed_in):
    first, second = company.brankova.memberships.order_by("party_id").values_list("party_id", flat=True)
    say_same(first, second, by=company.staff.maxim)
    answer = anna.post(f"/customers/{company.brankova.pk}/records/{second}/departure", follow=True)
    assert "Maxim decided on" in answer.content.decode() and whose()[second] == company.brankova.pk
    only = company.okafor.memberships.get().party_id
    answer = anna.post(f"/customers/{company.okafor.pk}/records/{only}/departure", follow=True)
    assert "only record" in answer.content.decode()


def test_a_field_is_shown_from_the_record_somebody_chose(anna: Client, company: cast.Company):
    _first, second = company.brankova.memberships.order_by("party_id").values_list("party_id", flat=True)
    Party.objects.filter(pk=second).update(name="Brankova GmbH", phone="+49 30 1")
    choices = f"/customers/{company.brankova.pk}/records/choices"
    assert "its source is believed more" not in records(anna, company.brankova)
    Source.objects.filter(name="ERP").update(rank=10)
    assert "its source is believed more" in records(anna, company.brankova)
    assert anna.post(choices, {"field": "name", "party": second}).status_code == 302
    assert Customer.objects.get(pk=company.brankova.pk).name == "Brankova GmbH"
    text = records(anna, company.brankova)
    assert "somebody chose it" in text and f'value="{second}" checked' in text
    anna.post(choices, {"field": "name", "party": ""})
    assert Customer.objects.get(pk=company.brankova.pk).name == "Brankova Interiors"
    assert anna.post(choices, {"field": "shoe size"}).status_code == 400
    assert anna.post(choices, {"field": "name", "party": "x"}).status_code == 400
    other = company.okafor.memberships.get().party_id
    refused = anna.post(choices, {"field": "name", "party": other}, follow=True)
    assert "does not belong" in refused.content.decode() and not Chosen.objects.exists()


def test_the_records_cost_no_more_for_fifty(anna: Client, company: cast.Company):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            records(anna, company.brankova)
        return len(queries)

    first = company.brankova.memberships.order_by("party_id")[0]
    for k in range(50):
        party = Party.objects.create(source=cast.source(), key=f"B{k}", name=f"Brankova {k}")
        told = {"with": first.party_id, "likeness": LIKENESS}
        Membership.objects.create(party=party, customer=company.brankova, explanation=told, law="entente identity 1")
        if k == 1:
            before = cost()
    assert cost() == before <= MOST_QUERIES
    assert "and 2 further records" in records(anna, company.brankova)


# How far sources are believed.


def test_sources_are_believed_as_the_page_says(company: cast.Company, signed_in):
    maxim = signed_in(company.staff.maxim)
    erp, shop = Source.objects.get(name="ERP"), Source.objects.get(name="Web shop")
    text = page(maxim, "/settings/sources")
    assert "Nobody has changed this" in text and "Anybody may write here who they are" in text
    given = {f"rank.{erp.pk}": "10", f"rank.{shop.pk}": "20", f"rank.{shop.pk}.email": "1", f"claimed.{shop.pk}": "on"}
    assert maxim.post("/settings/sources", given).status_code == 302
    erp.refresh_from_db()
    trust = SourceTrust.objects.get(source=shop)
    assert erp.rank == 10 and trust.is_claimed and trust.ranks == {"email": 1}
    assert ProcrastinateJob.objects.filter(task_name="show_customers", status="todo").count() == 1
    text = page(maxim, "/settings/sources")
    assert "Maxim" in text and f'name="claimed.{shop.pk}"' in text and " checked" in text
    # Only who may write is changed: nobody is shown otherwise.
    del given[f"claimed.{shop.pk}"]
    ProcrastinateJob.objects.all().delete()
    maxim.post("/settings/sources", given)
    assert not SourceTrust.objects.get(source=shop).is_claimed and not ProcrastinateJob.objects.exists()


@pytest.mark.parametrize("written", ["", "-1", "1.5", "99999", "ten", "٣"])
def test_an_impossible_rank_is_told_beside_its_field_and_nothing_kept(company: cast.Company, signed_in, written: str):
    maxim = signed_in(company.staff.maxim)
    erp, shop = Source.objects.get(name="ERP"), Source.objects.get(name="Web shop")
    answer = maxim.post("/settings/sources", {f"rank.{erp.pk}": "5", f"rank.{shop.pk}": written})
    assert answer.status_code == 422 and "Give a whole number" in answer.content.decode()
    assert set(Source.objects.values_list("rank", flat=True)) == {100} and not SourceTrust.objects.exists()
    assert maxim.get("/settings/sources").status_code == 200


def test_a_source_is_named_before_its_first_file(company: cast.Company, signed_in):
    maxim = signed_in(company.staff.maxim)
    assert maxim.post("/settings/sources/new", {"name": " Web form\n", "claimed": "on"}).status_code == 302
    form = Source.objects.get(name="Web form")
    assert form.trust.is_claimed and form.rank == 100
    text = page(maxim, "/settings/sources")
    assert f'name="claimed.{form.pk}"' in text and "Maxim" in text
    for name, word in (("Web form", "There is a source of this name"), (" \0", "Give it the name")):
        answer = maxim.post("/settings/sources/new", {"name": name})
        assert answer.status_code == 422 and word in answer.content.decode()
    assert Source.objects.get(name="Web form").trust.is_claimed
    maxim.post("/settings/sources/new", {"name": cast.HOSTILE})
    assert not SourceTrust.objects.get(source__name=cast.HOSTILE[:80]).is_claimed
    assert "<script>alert(1)" not in page(maxim, "/settings/sources")


def test_an_agent_does_not_set_how_sources_are_believed(anna: Client):
    assert anna.get("/settings/sources").status_code == 403
    assert anna.post("/settings/sources", {}).status_code == 403
    before = Source.objects.count()
    assert anna.post("/settings/sources/new", {"name": "Web form"}).status_code == 403
    assert Source.objects.count() == before
