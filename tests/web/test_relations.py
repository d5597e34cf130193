"""Relations in the browser: the picture, saying, ending, taking back; who is counted; the comparison."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from entente.differentiate.compare_countings import KEPT_IN
from entente.differentiate.models import Level, Valuation
from entente.identify.counted import counting
from entente.identify.models import Customer
from entente.identify.relations import relate
from entente.identify.relations_models import Deal, Relation
from tests import cast

IN_PLACE = {"HX-Request": "true"}


@pytest.fixture
def said(company: cast.Company) -> Relation:
    return relate(company.alnoor, "distributes_to", company.brankova, by=company.staff.anna, from_on=date(2024, 1, 1))


def url(customer: Customer, place: str = "relations") -> str:
    return f"/customers/{customer.pk}/{place}"


def text(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_the_card_shows_the_picture_and_the_list(anna: Client, company: cast.Company, said: Relation):
    relate(company.brankova, "employs", company.mallory, by=company.staff.anna)
    assert f'hx-get="{url(company.alnoor)}"' in text(anna, f"/customers/{company.alnoor.pk}/")
    page = text(anna, url(company.alnoor), **IN_PLACE)
    assert '<svg class="relations"' in page and "<title id=" in page and "<desc id=" in page
    assert page.count(f'href="/customers/{company.brankova.pk}/"') == 2  # in the picture and in the list
    assert page.count(f'href="/customers/{company.mallory.pk}/"') == 1  # two steps away: in the picture
    assert "distributes to" in page and "<script>alert(1)" not in page
    assert "is supplied by" in text(anna, url(company.brankova))
    assert "Nobody has said" in text(anna, url(company.okafor))


def test_the_picture_is_mirrored_where_words_run_from_right_to_left(
    anna: Client, company: cast.Company, said: Relation
):
    way = 'd="M10 21V63H32"'
    assert way in text(anna, url(company.alnoor))
    company.staff.anna.language = "fa"
    company.staff.anna.save()
    mirrored = text(anna, url(company.alnoor))
    assert way not in mirrored and 'd="M262 21V63H240"' in mirrored


def test_said_in_three_steps(anna: Client, company: cast.Company):
    new = url(company.alnoor, "relations/new")
    assert "Okafor" not in text(anna, new)
    found = text(anna, f"{new}?q=okafor", **IN_PLACE)
    assert f"?with={company.okafor.pk}" in found and "<html" not in found
    assert f"?with={company.alnoor.pk}" not in text(anna, f"{new}?q=noor")
    form = f"{new}?with={company.okafor.pk}"
    assert "is supplied by" in text(anna, form)
    answer = anna.post(
        form, {"kind": "distributes_to:back", "from_on": "2026-01-01", "percent": "8", "share_of": "net"}
    )
    assert answer.status_code == 302 and answer["Location"] == f"/customers/{company.alnoor.pk}/"
    (made,) = Relation.objects.all()
    assert made.party.name == "J. Okafor" and made.by == company.staff.anna and str(made.share) == "0.080000"


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"kind": "owns"}, "Select a valid choice"),
        ({"kind": "employs", "from_on": "2026-02-01", "to_on": "2026-01-01"}, "cannot end before it begins"),
        ({"kind": "employs", "amount": "5"}, "Give the currency"),
        ({"kind": "employs", "amount": "5", "currency": "eur", "percent": "3"}, "not both"),
        ({"kind": "distributes_to"}, "already, since 1 January 2024"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_kept(
    anna: Client, company: cast.Company, said: Relation, given: dict[str, str], word: str
):
    answer = anna.post(url(company.alnoor, f"relations/new?with={company.brankova.pk}"), given)
    assert answer.status_code == 422 and word in answer.content.decode()
    assert Relation.objects.count() == 1


def test_addresses_that_lead_nowhere(anna: Client, company: cast.Company, said: Relation):
    for address, status in (("with=999999", 404), ("with=x", 400), ("with=1&deal=77", 404)):
        assert anna.get(url(company.alnoor, f"relations/new?{address}")).status_code == status, address
    # A relation is changed from the cards of those it is between, and from no other.
    for place in (f"relations/{said.pk}/end", f"relations/{said.pk}/withdrawal", f"deals/{said.pk}/end"):
        assert anna.post(url(company.okafor, place), {"last_on": "2026-01-01"}).status_code == 404
    said.refresh_from_db()
    assert said.to_on is None and said.withdrawn_at is None


def test_ended_in_place_and_told_where_it_was_over(anna: Client, company: cast.Company, said: Relation):
    place = url(company.brankova, f"relations/{said.pk}/end")
    for day in ("", "never", "2023-01-01"):
        refused = anna.post(place, {"last_on": day}, headers=IN_PLACE)
        assert refused.status_code == 200 and 'role="alert"' in refused.content.decode()
    answer = anna.post(place, {"last_on": "2025-12-31"}, headers=IN_PLACE)
    assert "ended" in answer.content.decode() and "<svg" not in answer.content.decode()
    said.refresh_from_db()
    assert said.to_on == date(2025, 12, 31) and said.ended_by == company.staff.anna
    assert anna.post(place, {"last_on": "2026-01-31"}).status_code == 422
    assert anna.post(url(company.alnoor, f"relations/{said.pk}/withdrawal")).status_code == 302
    assert "distributes to" not in text(anna, url(company.alnoor))


def test_a_deal_of_three(anna: Client, company: cast.Company):
    new = url(company.alnoor, "relations/new")
    given = {"name": "Harbour", "role": "supplier", "other_role": "painter"}
    assert anna.post(f"{new}?with={company.okafor.pk}&as=deal", given).status_code == 302
    deal = Deal.objects.get()
    join = f"{new}?with={company.brankova.pk}&deal={deal.pk}"
    assert anna.post(join, {"role": "surveyor"}).status_code == 302
    assert anna.post(join, {"role": "surveyor"}).status_code == 422
    page = text(anna, url(company.brankova))
    assert "Harbour" in page and "painter" in page and "surveyor" in page
    assert anna.post(url(company.brankova, f"deals/{deal.pk}/withdrawal")).status_code == 302
    assert "Harbour" not in text(anna, url(company.alnoor))


def test_a_viewer_looks_and_changes_nothing(company: cast.Company, said: Relation, signed_in):
    victor = signed_in(company.staff.victor)
    page = text(victor, url(company.alnoor))
    assert "Brankova" in page and "End it" not in page and "relations/new" not in page
    assert victor.get(url(company.alnoor, "relations/new")).status_code == 403
    assert victor.post(url(company.alnoor, f"relations/{said.pk}/end"), {"last_on": "2026-01-01"}).status_code == 403


def test_names_of_customers_who_may_not_be_seen_stay_unsaid(anna: Client, company: cast.Company, said: Relation):
    company.brankova.memberships.update(ended_at="2026-01-01T00:00Z")
    page = text(anna, url(company.alnoor))
    assert "Brankova" not in page and "<desc" not in page
    assert anna.post(url(company.alnoor, f"relations/{said.pk}/withdrawal")).status_code == 404


def test_the_section_costs_no_more_for_forty_relations(anna: Client, company: cast.Company, said: Relation):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            text(anna, url(company.alnoor), **IN_PLACE)
        return len(queries)

    before = cost()
    for k in range(39):
        relate(company.alnoor, "distributes_to", cast.customer(f"Shop {k}"), by=None)
    assert cost() == before <= 25


def test_who_was_counted_under_another_says_so_and_is_found(anna: Client, company: cast.Company):
    relate(company.okafor, "group", company.alnoor, by=company.staff.anna)
    card, section = f"/customers/{company.okafor.pk}/", url(company.okafor)
    Valuation.objects.filter(customer=company.okafor).delete()
    assert "counted under" not in text(anna, card) and "Counted under" not in text(anna, section)
    company.cycle.totals = {"counting": "group"}
    company.cycle.save()
    for address, words in ((card, "counted under"), (f"{card}notes/new", "counted under"), (section, "Counted under")):
        page = text(anna, address)
        assert words in page and f'href="/customers/{company.alnoor.pk}/"' in page
    assert "Okafor" in text(anna, "/search?q=okafor")


def test_the_choice_is_a_setting(company: cast.Company, signed_in):
    maxim = signed_in(company.staff.maxim)
    assert 'value="buyer" required checked' in text(maxim, "/settings/counting")
    assert maxim.post("/settings/counting", {"who": "shelf"}).status_code == 422
    assert maxim.post("/settings/counting", {"who": "chain"}).status_code == 302
    assert counting() == "chain" and "Maxim" in text(maxim, "/settings/counting")


def test_two_choices_side_by_side(anna: Client, company: cast.Company, signed_in):
    page = "/pyramid/counting?one=buyer&other=group"
    assert "Nobody has compared" in text(anna, page)
    assert anna.post(page).status_code == 403
    maxim = signed_in(company.staff.maxim)
    assert maxim.post(page).status_code == 302
    assert "being worked out" in text(maxim, page)
    assert "being worked out" in text(maxim, page, **IN_PLACE)
    assert maxim.get("/pyramid/counting?one=shelf").status_code == 400
    assert "Choose two that differ" in text(maxim, "/pyramid/counting?one=chain&other=chain")
    levels = {str(level.value): [int(level), 1000.0] for level in Level}
    fewer = {**levels, "4": [1, 1000.0]}
    company.cycle.totals = {
        KEPT_IN: {
            "buyer group": {
                "at": "2026-11-21T05:00:00+00:00",
                "found": {
                    "buyer": {"levels": levels, "anonymous": 0.0},
                    "group": {"levels": fewer, "anonymous": 3.0},
                },
            }
        }
    }
    company.cycle.save()
    shown = text(anna, page)
    assert ">28<" in shown and ">25<" in shown and "Sales without a customer" in shown
