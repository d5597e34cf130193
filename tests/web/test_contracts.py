"""Contracts on the pages: said in the settings, foreseen on the page of the laws, told on the customer's card."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from entente.differentiate.contract_models import ContractProduct
from entente.differentiate.contract_settings import MOST_FOUND, PAGE, occasion_months
from entente.differentiate.explained_worth import explain_worth
from entente.ledger.models import OrderLine, Product
from entente.staff.models import Setting
from entente.web.contract_pictures import contracts_shown
from tests import cast

URL = "/settings/contracts"
CURVE = [
    {"renewals": k, "seen": 0.8**k if k < 4 else None, "at_risk": 40.0 - 8 * k, "foreseen": 0.82**k, "error": 0.02}
    for k in range(7)
]
YEARLY = {
    "months": 12, "standing": 61, "ended": 12, "due": 88.0, "left": 12.0, "is_one_rate": False, "has_law": True, "refusal": "",
    "curve": CURVE, "value": 23_400.0, "first_rate": 0.8, "rate": 0.91, "renewals_year": 50.4, "renewals_error": 3.0,
    "paid_year": 6_048.0, "life_years": 5.25,
}  # fmt: skip
REFUSED = {
    "months": 1, "standing": 3, "ended": 0, "due": 2.0, "left": 0.0, "is_one_rate": False, "has_law": False,
    "refusal": f"Too few {cast.HOSTILE}", "curve": CURVE[:1], "value": 0.0,
}  # fmt: skip


def product(code: str, **fields: str) -> Product:
    return Product.objects.create(source=cast.source(), code=code, **fields)


def pays(company: cast.Company, what: Product, *days_ago: int) -> None:
    """Okafor pays for a contract."""
    for place, ago in enumerate(sorted(days_ago, reverse=True)):
        order = cast.order(company.okafor, f"C-{what.code}-{place}", cast.AS_OF - timedelta(days=ago), 120)
        OrderLine.objects.filter(order=order).update(product=what, fact_key=uuid.uuid4())


def foreseen(company: cast.Company, *lengths: dict[str, object]) -> None:
    company.cycle.laws = {
        "contracts": {"12": {"alpha": 1.0, "beta": 4.0, "is_one_rate": False, "refusal": "", "contracts": 73.0}}
    }
    company.cycle.totals = {"contracts": {"lengths": list(lengths), "holders": 61}}
    company.cycle.started_at = timezone.now()
    company.cycle.save()


@pytest.fixture
def maxim(company: cast.Company, signed_in) -> Client:
    return signed_in(company.staff.maxim)


def test_a_product_is_found_by_its_name_and_made_a_contract_on_record(maxim: Client, company: cast.Company):
    care = product("CARE-12", name="Colour care")
    product("X1", name="Brush")
    text = maxim.get(URL, {"q": "COLOUR 12"}).content.decode()
    assert "Colour care" in text and "Brush" not in text
    answer = maxim.post(f"{URL}/new", {"product": str(care.pk), "months": "12", "q": "colour"}, follow=True)
    assert "Colour care is a contract from the next cycle on." in answer.content.decode()
    made = ContractProduct.objects.get()
    assert (made.product, made.months, made.by) == (care, 12, company.staff.maxim)
    noted = Setting.objects.get(name="contracts")
    assert noted.set_by == company.staff.maxim
    assert noted.value["changed"] == {"product": care.pk, "code": "CARE-12", "months": 12}
    maxim.post(f"{URL}/new", {"product": str(care.pk), "months": "24"})
    assert ContractProduct.objects.get().months == 24
    assert maxim.get(URL, {"q": "colour"}).context["found"] == [], "it is one already"
    maxim.post(f"{URL}/{care.pk}/end")
    assert not ContractProduct.objects.exists()
    assert Setting.objects.filter(name="contracts").latest("id").value["changed"]["months"] is None
    assert maxim.post(f"{URL}/{care.pk}/end").status_code == 302 and Setting.objects.count() == 3


@pytest.mark.parametrize("months", ["", "0", "61", "1.5", "-1", "twelve", "²"])
def test_a_period_that_cannot_be_is_refused_where_it_was_typed(maxim: Client, company: cast.Company, months: str):
    care = product("CARE-12", name=f"Care {cast.HOSTILE}")
    answer = maxim.post(f"{URL}/new", {"product": str(care.pk), "months": months, "q": "care"})
    text = answer.content.decode()
    assert answer.status_code == 422 and "Give whole months, 1 to 60." in text and "<script>alert" not in text
    assert f'id="months-{care.pk}-errors"' in text
    assert not ContractProduct.objects.exists() and not Setting.objects.exists()


def test_no_such_product_and_no_number_are_said(maxim: Client, company: cast.Company):
    assert "There is no such product" in maxim.post(f"{URL}/new", {"product": "999", "months": "12"}).content.decode()
    assert maxim.post(f"{URL}/new", {"product": "x", "months": "12"}).status_code == 400
    assert maxim.get(URL, {"after": "nonsense"}).status_code == 400


def test_only_who_steers_says_what_a_contract_is(anna: Client, company: cast.Company):
    care = product("CARE-12")
    assert anna.get(URL).status_code == 403
    assert anna.post(f"{URL}/new", {"product": str(care.pk), "months": "12"}).status_code == 403
    assert anna.post(f"{URL}/{care.pk}/end").status_code == 403
    assert not ContractProduct.objects.exists()


def test_the_page_stays_the_same_however_many_products_there_are(maxim: Client, company: cast.Company):
    made = Product.objects.bulk_create(
        [Product(source=cast.source(), code=f"P{k:05}", name=f"Paint {k}") for k in range(PAGE + MOST_FOUND + 40)]
    )
    ContractProduct.objects.bulk_create([ContractProduct(product=one, months=12) for one in made[: PAGE + 5]])
    with CaptureQueriesContext(connection) as queries:
        page = maxim.get(URL, {"q": "paint"})
    assert len(queries) <= 25
    assert len(page.context["rows"]) == PAGE and len(page.context["found"]) == MOST_FOUND and page.context["are_more"]
    later = maxim.get(URL, {"after": page.context["more"]})
    assert [row["contract"].product.code for row in later.context["rows"]] == [
        f"P{k:05}" for k in range(PAGE, PAGE + 5)
    ]
    assert later.context["more"] is None


def test_the_laws_page_tells_what_contracts_will_do(company: cast.Company, anna: Client):
    foreseen(company, YEARLY, REFUSED)
    with CaptureQueriesContext(connection) as queries:
        page = anna.get("/pyramid/laws").content.decode()
    assert len(queries) <= 25 and "<script>alert" not in page
    text = " ".join(page.split())
    for words in (
        "Paid for 12 months at a time", "<b>61</b>", "renewals in the next 12 months, 47 to 54; €6,048",
        "So far 88 renewals came due, of which 86% were made.", "renewed for the first time in 80% of cases", "91% are expected",
        "Paid by the month", "That is too little to foresee who will renew", "Too few",
    ):  # fmt: skip
        assert words in text, words
    assert page.count('class="seen" cx') == 4 and page.count("<polyline") == 1


def test_one_rate_for_all_is_told_as_such_and_no_contracts_are_not_mentioned(company: cast.Company, anna: Client):
    foreseen(company, {**YEARLY, "is_one_rate": True, "refusal": "Nobody left."})
    text = " ".join(anna.get("/pyramid/laws").content.decode().split())
    assert "Everybody is taken to renew at one rate, 80%" in text and "Nobody left." in text
    company.cycle.totals = {}
    company.cycle.save()
    assert 'id="contracts"' not in anna.get("/pyramid/laws").content.decode()


def test_the_picture_stays_within_its_frame(company: cast.Company):
    steep = [{"renewals": k, "seen": 1.0, "at_risk": 9.0, "foreseen": 0.9, "error": 0.5} for k in range(60)]
    foreseen(company, {**YEARLY, "curve": steep})
    shown = contracts_shown(company.cycle)[0]
    heights = [float(pair.split(",")[1]) for pair in shown["band"].split()]
    assert min(heights) >= 14 and max(heights) <= 190 and len(shown["marks"]) <= 9


def test_the_card_and_the_explanation_tell_each_contract(company: cast.Company, anna: Client):
    care, news, old = (product(code, name=code.title()) for code in ("CARE", "NEWS", "OLD"))
    for one, months in ((care, 12), (news, 1), (old, 12)):
        ContractProduct.objects.create(product=one, months=months)
    foreseen(company, YEARLY)
    pays(company, care, 20, 380)
    pays(company, news, 5)
    pays(company, old, 900)
    with CaptureQueriesContext(connection) as queries:
        text = " ".join(anna.get(f"/customers/{company.okafor.pk}/").content.decode().split())
    assert len(queries) <= 25
    assert text.index("<bdi>News</bdi>") < text.index("<bdi>Old</bdi>"), "what stands comes first"
    # (4 + 1) / (1 + 4 + 1) of who has renewed once.
    assert "paid 2 times" in text and '<span class="approx">83%</span>' in text
    assert "31 Oct 2027" in text and "Ended" in text and "not known" in text
    steps = {one.said: one for one in explain_worth(company.okafor).steps}
    assert steps["still active"].because == "a contract of theirs stands"
    assert steps["contract Care"].value == "stands" and "83% will renew" in steps["contract Care"].because
    assert steps["contract Old"].value == "ended" and "nothing can be foreseen" in steps["contract News"].because


def test_the_card_tells_no_contract_that_the_cycle_did_not_know(company: cast.Company, anna: Client, maxim: Client):
    """What is said of a product counts from the next cycle on: until then its payments are orders, on the card too."""
    care, news = (product(code, name=code.title()) for code in ("CARE", "NEWS"))
    ContractProduct.objects.create(product=care, months=12)
    foreseen(company, YEARLY)
    for one in (care, news):
        pays(company, one, 20, 380)
    maxim.post(f"{URL}/new", {"product": str(news.pk), "months": "12"})
    text = anna.get(f"/customers/{company.okafor.pk}/").content.decode()
    assert "<h3><bdi>Care</bdi></h3>" in text and "<h3><bdi>News</bdi></h3>" not in text
    company.cycle.started_at = timezone.now()
    company.cycle.save()
    assert "<h3><bdi>News</bdi></h3>" in anna.get(f"/customers/{company.okafor.pk}/").content.decode()


def test_the_card_says_less_of_who_is_overdue(company: cast.Company, anna: Client):
    """Of a hundred renewals one came later than ten days after the day."""
    care = product("CARE", name="Care")
    ContractProduct.objects.create(product=care, months=12)
    foreseen(company, YEARLY)
    company.cycle.laws["contracts"]["12"]["late"] = [*range(-89, 11), 46]
    company.cycle.save()
    pays(company, care, 385, 750)
    told = {one.said: one for one in explain_worth(company.okafor).steps}["contract Care"]
    share = 1 / 101
    assert f"{5 / 6 * share / (5 / 6 * share + 1 / 6):.0%} will renew" in told.because


def test_a_card_of_a_firm_without_contracts_asks_for_none(company: cast.Company, anna: Client):
    with CaptureQueriesContext(connection) as queries:
        text = anna.get(f"/customers/{company.okafor.pk}/").content.decode()
    assert "Will renew next time" not in text
    assert not [one for one in queries if "contractproduct" in one["sql"].lower()]


def test_fixed_occasions_are_said_on_the_same_page_and_shown_beside_the_laws(
    company: cast.Company, maxim: Client, anna: Client
):
    assert anna.post(f"{URL}/occasions", {"occasions": "12"}).status_code == 403
    assert maxim.post(f"{URL}/occasions", {"occasions": "0"}).status_code == 422 and occasion_months() == 0
    assert maxim.post(f"{URL}/occasions", {"occasions": "12"}).status_code == 302 and occasion_months() == 12
    care = product("CARE-12")
    maxim.post(f"{URL}/new", {"product": str(care.pk), "months": "12"})
    assert occasion_months() == 12, "what else is set there stays"
    told = {
        "months": 12, "refusal": "", "customers": 900, "bought_last": 300, "expected_next": 271.6, "held_out": 2,
        "compared": [{"name": name, "mae": 0.4, "rmse": 0.6, "bias": -0.02} for name in ("occasions", "past_rate", "free")],
    }  # fmt: skip
    foreseen(company, YEARLY)
    company.cycle.totals = {**company.cycle.totals, "occasions": told}
    company.cycle.save()
    text = " ".join(anna.get("/pyramid/laws").content.decode().split())
    assert "Of 900 customers 300 bought at the last occasion." in text and "272 are expected at the next" in text
    assert text.index("law of fixed occasions (BG/BB)") < text.index("law of free buying")
    maxim.post(f"{URL}/occasions", {"occasions": ""})
    assert occasion_months() == 0
