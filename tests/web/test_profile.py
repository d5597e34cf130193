"""The profile of the best on its page, in the list, on the card and in the settings: shown, explained, refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from entente.differentiate.models import Cycle, Valuation
from entente.differentiate.profile_terms import profile_terms
from entente.ledger.models import Party
from entente.staff.models import Setting, User
from tests import cast

MOST_QUERIES = 25
WRITES = ("INSERT", "UPDATE", "DELETE")
SignIn = Callable[[User], Client]
TOLD: dict[str, Any] = {
    "reason": None, "customers": 900, "best": 45, "since": "2026-01-02", "is_recalibrated": True, "scored": 3, "mean": 0.02,
    "judged": {
        "customers": 225, "best": 12, "lift": 3.4, "lift_low": 2.1, "lift_high": 4.6, "found": 0.34, "area": 0.81, "loss": 0.1701,
        "base_loss": 0.2003, "is_off": True, "expected": 21.7, "curve": [[0.0, 0.0], [0.1, 0.34], [1.0, 1.0]],
        "parts": [{"decile": 1, "customers": 225, "predicted_mean": 0.0034, "observed_mean": 0.05}],
    },
    "attributes": [
        {"name": "sector", "is_field": False, "loss": 0.02, "doubt": 0.002, "values": [
            {"value": "hotel", "odds": 4.13, "low": 2.2, "high": 7.7, "customers": 200, "best": 30},
            {"value": cast.HOSTILE, "odds": 0.22, "low": 0.1, "high": 0.6, "customers": 100, "best": 1},
            {"value": None, "odds": 0.5, "low": 0.3, "high": 0.9, "customers": 40, "best": 1},
        ]},
        {"name": "employees", "is_field": False, "loss": 0.01, "doubt": 0.002, "values": [
            {"above": 250.0, "until": None, "odds": 3.0, "low": 1.2, "high": 7.7, "customers": 200, "best": 30},
            {"above": None, "until": 9.5, "odds": 0.3, "low": 0.1, "high": 0.6, "customers": 100, "best": 1},
        ]},
        {"name": "country", "is_field": True, "loss": 0.001, "doubt": 0.0001, "values": [
            {"value": "DE", "odds": 1.5, "low": 1.2, "high": 1.7, "customers": 200, "best": 30},
        ]},
        {"name": "kind", "is_field": True, "loss": 0.0005, "doubt": 0.0001, "values": []},
    ],
    "quiet": [{"name": cast.HOSTILE, "is_field": False}, {"name": "language", "is_field": True}],
    "left_out": [
        {"name": "date_of_birth", "is_field": False, "why": "protected", "kind": "age", "buyers": None, "others": None},
        {"name": cast.HOSTILE, "is_field": False, "why": "given away", "kind": "", "buyers": 0.9, "others": 0.05},
        {"name": "floor", "is_field": False, "why": "unknown", "kind": "", "buyers": 0.2, "others": 0.15},
        {"name": "account_manager", "is_field": False, "why": "dealing", "kind": "", "buyers": None, "others": None},
    ],
    "switched_on": [],
}  # fmt: skip


@pytest.fixture
def full(company: cast.Company) -> cast.Company:
    run = company.cycle
    run.totals = {"profile": TOLD}
    run.save()
    for who, likeness in ((company.okafor, 0.052), (company.mallory, 0.02), (company.rahimi, 0.0034)):
        Valuation.objects.filter(cycle_id=run.pk, customer_id=who.pk).update(likeness=likeness, level=6)
    return company


@pytest.fixture
def maxim(company: cast.Company, signed_in: SignIn) -> Client:
    return signed_in(company.staff.maxim)


def party_of(who: Any) -> Party:
    return who.memberships.order_by("-weight", "party_id")[0].party


def text_of(client: Client, url: str, **more: str) -> str:
    answer = client.get(url, **more)
    assert answer.status_code == 200, url
    return " ".join(answer.content.decode().split())


def told(company: cast.Company, **changed: Any) -> None:
    Cycle.objects.filter(pk=company.cycle.pk).update(totals={"profile": {**TOLD, **changed}})


def test_the_page_says_what_matters_how_well_it_finds_and_what_was_left_out(full: cast.Company, anna: Client):
    page = text_of(anna, "/pyramid/profile")
    assert "<b>3.4 times</b> as many of the best" in page and "somewhere from 2.1 to 4.6" in page
    assert "hotel" in page and "× 4.13" in page and "2.20–7.70" in page
    assert "above 250" in page and "up to 9.5" in page and "any other" in page and "Germany" in page
    assert "no single value surely differs" in page
    assert (
        "protected: about age" in page
        and "having dealt with you" in page
        and "only 15% of those who have not bought" in page
    )
    assert "known of 90% of those who bought but of 5% of the others" in page
    assert 'points="40.0,210.0 72.0,142.0 360.0,10.0"' in page
    assert "22 were expected" in page and "Recalibrated" in page and "0.34%" in page
    assert (
        "Okafor" in page and "5.2%" in page and page.index("Okafor") < page.index("Rahimi")
        if "Rahimi" in page
        else True
    )
    assert cast.HOSTILE not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (["no attribute", 0, 1], "may be used and is known of prospects"),
        (["few customers", 150, 200], "takes 200 customers who ever bought"),
        (["few best", 19, 20], "takes 20 top and big"),
        (["few best later", 2, 5], "judged on the last: 2"),
        (["nothing tells", 0, 0], "better than chance would"),
        (["no lift", 1.4286, 0.8712], "finds 1.43 times"),
    ],
)
def test_where_nobody_is_scored_it_says_why(full: cast.Company, anna: Client, reason: list[Any], words: str):
    told(full, reason=reason, judged=None, attributes=[], quiet=[], scored=0, mean=None)
    Valuation.objects.update(likeness=None)
    page = text_of(anna, "/pyramid/profile")
    assert "Nobody is scored." in page and words in page
    assert "order=likeness" not in page
    assert "Nobody is compared with the best" in text_of(anna, "/customers/?order=likeness")


def test_protected_attributes_in_use_are_named(full: cast.Company, anna: Client):
    assert "switched them on" not in text_of(anna, "/pyramid/profile")
    told(full, switched_on=["date_of_birth"])
    assert "your firm has switched them on: <bdi>date_of_birth</bdi>" in text_of(anna, "/pyramid/profile")


def test_before_a_cycle_and_with_one_of_before_the_page_stands_empty(company: cast.Company, anna: Client):
    assert "Nothing counted yet" in text_of(anna, "/pyramid/profile")
    Cycle.objects.update(published_at=None)
    assert "Nothing counted yet" in text_of(anna, "/pyramid/profile")


def test_the_list_is_ordered_by_likeness_and_paged(full: cast.Company, anna: Client, monkeypatch: pytest.MonkeyPatch):
    page = text_of(anna, "/customers/?order=likeness")
    assert "3 customers" in page and page.index("5.2%") < page.index("2.0%") < page.index("0.34%")
    assert "Al Noor" not in page and cast.HOSTILE not in page
    monkeypatch.setattr("entente.web.ranking.PAGE", 2)
    first = text_of(anna, "/customers/?order=likeness")
    later = first.split("later=")[1].split('"')[0]
    second = text_of(anna, f"/customers/?order=likeness&later={later}")
    assert "0.34%" in second and "5.2%" not in second and "earlier=" in second
    assert "Nobody fits" in text_of(anna, "/customers/?order=likeness&level=7")


def test_the_card_of_a_prospect_says_how_many_times_as_likely_and_why(full: cast.Company, anna: Client):
    party = party_of(full.okafor)
    party.attributes = {"sector": "HOTEL", "employees": "3", "odd": None}
    party.save()
    fragment = text_of(anna, f"/customers/{full.okafor.pk}/needs", HTTP_HX_REQUEST="true")
    assert "<b>2.6 times</b> as likely" in fragment and "(5.2%)" in fragment
    assert "<bdi>sector</bdi> <bdi>hotel</bdi> (× 4.1)" in fragment and "up to 9.5</bdi> (× 0.30)" in fragment
    party.attributes = {"sector": cast.HOSTILE, "employees": "many"}
    party.save()
    page = text_of(anna, f"/customers/{full.okafor.pk}/needs")
    assert "Against it:" in page and cast.HOSTILE not in page
    assert "times</b> as likely" not in text_of(anna, f"/customers/{full.alnoor.pk}/needs")


def test_a_page_asks_at_most_25_times(full: cast.Company, anna: Client):
    for url in ("/pyramid/profile", "/customers/?order=likeness", f"/customers/{full.okafor.pk}/needs"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert anna.get(url).status_code == 200
        assert len(asked) <= MOST_QUERIES, url
        assert not [one["sql"] for one in asked if one["sql"].startswith(WRITES)]


def test_a_manager_switches_on_with_a_warning_and_it_stays_on_record(full: cast.Company, maxim: Client):
    assert "forbidden in many countries" in text_of(maxim, "/settings/profile")
    answer = maxim.post("/settings/profile", {"switched_on": "date_of_birth\r\n\r\ndate_of_birth", "dealings": "tier*"})
    assert answer.status_code == 302
    assert (profile_terms().switched_on, profile_terms().dealings) == (("date_of_birth",), ("tier*",))
    kept = Setting.objects.get(name="profile")
    assert kept.set_by == full.staff.maxim
    page = text_of(maxim, "/settings/profile")
    assert "date_of_birth" in page and "tier*" in page and "Maxim" in page


@pytest.mark.parametrize(
    ("page", "first", "second"),
    [
        ("profile", {"switched_on": "", "dealings": ""}, {"switched_on": "date_of_birth", "dealings": "tier*"}),
        ("needs", {"low_share": "0.25"}, {"low_share": "0.3333", "peers": "40"}),
        ("costs", {"visit.amount": "80"}, {"visit.amount": "50", "order.amount": "3"}),
    ],
)
def test_whoever_saves_second_overwrites_nothing_and_is_told(
    company: cast.Company, maxim: Client, page: str, first: dict[str, str], second: dict[str, str]
):
    url = f"/settings/{page}"
    seen = re.search(r'name="stands" value="(\d+)"', text_of(maxim, url))
    assert seen is not None
    assert maxim.post(url, {**first, "stands": seen[1]}).status_code == 302
    kept = list(Setting.objects.order_by("id").values_list("name", "value"))
    answer = maxim.post(url, {**second, "stands": seen[1]}, follow=True)
    assert "somebody else has changed this meanwhile" in answer.content.decode()
    assert list(Setting.objects.order_by("id").values_list("name", "value")) == kept
    again = re.search(r'name="stands" value="(\d+)"', answer.content.decode())
    assert again is not None and maxim.post(url, {**second, "stands": again[1]}).status_code == 302
    assert Setting.objects.count() > len(kept)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"switched_on": "given_name"}, "Names are never used"),
        ({"switched_on": "industry"}, "needs no switching on"),
        ({"switched_on": cast.HOSTILE}, "needs no switching on"),
        ({"switched_on": "age " * 60}, "none longer than"),
        ({"dealings": "\n".join(f"w{place}" for place in range(51))}, "at most 50 lines"),
        ({"dealings": "***"}, "at most 50 lines of letters"),
    ],
)
def test_what_cannot_be_set_is_said_and_nothing_is_kept(
    full: cast.Company, maxim: Client, given: dict[str, str], words: str
):
    answer = maxim.post("/settings/profile", given)
    page = answer.content.decode()
    assert answer.status_code == 422 and words in page and cast.HOSTILE not in page
    assert not Setting.objects.filter(name="profile").exists()


def test_who_may_not_steer_writes_nothing(full: cast.Company, signed_in: SignIn):
    for role, user in full.staff.by_role.items():
        if role not in ("admin", "manager"):
            client = signed_in(user)
            assert client.get("/pyramid/profile").status_code == 200
            assert client.get("/settings/profile").status_code == 403
            assert client.post("/settings/profile", {"switched_on": "age"}).status_code == 403
    assert Client().get("/pyramid/profile").status_code == 302
    assert not Setting.objects.filter(name="profile").exists()
