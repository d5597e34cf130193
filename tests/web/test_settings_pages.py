"""Settings: kept with who and when, refused with where and what, and only what differs is stored."""

from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from entente.customize.settings import play_settings, set_plays
from entente.differentiate.settings import cut_offs
from entente.interact.allow import contact_policy
from entente.interact.settings import read_hours, rules, written
from entente.learn.assign import own_terms
from entente.learn.settings import hold_out_share
from entente.ledger.models import Channel, Purpose
from entente.staff.models import Firm, Setting
from entente.staff.settings import setting
from tests import cast

PAGES = ("/settings/", "/settings/pyramid", "/settings/contact", "/settings/plays", "/settings/hold-out")
FIRM = {"name": "Northwind", "currency": "eur", "country": "DE", "zone": "Europe/Berlin", "margin_rate": "0,4"}


@pytest.fixture
def maxim(company: cast.Company, signed_in) -> Client:
    return signed_in(company.staff.maxim)


def form_of(client: Client, url: str) -> dict[str, str]:
    """What the page would send as it stands."""
    found: dict[str, str] = {}

    class Inputs(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            is_sent = given.get("type") != "checkbox" or "checked" in given
            if tag == "input" and is_sent and given.get("name") not in (None, "q", "csrfmiddlewaretoken"):
                found[given["name"] or ""] = given.get("value") or "on"

    Inputs().feed(client.get(url).content.decode())
    return found


def test_the_pages_are_cheap_write_nothing_and_are_the_steering_roles_business(maxim: Client, anna: Client):
    for url in PAGES:
        with CaptureQueriesContext(connection) as queries:
            assert maxim.get(url).status_code == 200, url
        assert len(queries) <= 25
        assert not [q for q in queries if q["sql"].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))], url
        assert anna.get(url).status_code == 403
        assert anna.post(url, {}).status_code == 403
    assert not Setting.objects.exists()


def test_the_firm_is_kept_with_who_and_when(maxim: Client, company: cast.Company):
    assert maxim.post("/settings/", FIRM).status_code == 302
    firm = Firm.objects.get()
    assert (firm.name, firm.currency, firm.country, firm.zone, str(firm.margin_rate)) == (
        "Northwind",
        "EUR",
        "DE",
        "Europe/Berlin",
        "0.4000",
    )
    last = Setting.objects.get(name="firm")
    assert last.set_by == company.staff.maxim
    assert "Maxim" in maxim.get("/settings/").content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 201), ("currency", "XXXX"), ("currency", "ZZZ"), ("country", "Germany"), ("country", "ZQ"),
        ("zone", "Mars/Olympus"), ("zone", "../../etc/passwd"), ("margin_rate", "2"), ("margin_rate", "-0.1"), ("margin_rate", "NaN"),
        ("margin_rate", "a third"), ("margin_rate", ""),
    ],
)  # fmt: skip
def test_an_impossible_firm_says_where_and_what(maxim: Client, field: str, value: str):
    answer = maxim.post("/settings/", {**FIRM, field: value})
    assert answer.status_code == 422
    assert set(answer.context["errors"]) == {field}
    assert not Setting.objects.exists()


def test_a_hostile_name_stays_text(maxim: Client):
    maxim.post("/settings/", {**FIRM, "name": cast.HOSTILE})
    assert "<script>alert" not in maxim.get("/settings/").content.decode()


def test_cut_offs(maxim: Client):
    assert cut_offs() == (0.01, 0.04, 0.15)
    assert maxim.post("/settings/pyramid", {"top": "0.02", "big": "0,05", "medium": "۰٫۲"}).status_code == 302
    assert cut_offs() == (0.02, 0.05, 0.2)
    for wrong, where in (
        ({"top": "0", "big": ".1", "medium": ".1"}, {"top"}),
        ({"top": "nan", "big": "inf", "medium": "x"}, {"top", "big", "medium"}),
        ({"top": ".4", "big": ".4", "medium": ".4"}, {""}),
        ({}, {"top", "big", "medium"}),
    ):
        answer = maxim.post("/settings/pyramid", wrong)
        assert answer.status_code == 422
        assert set(answer.context["errors"]) == where
    assert cut_offs() == (0.02, 0.05, 0.2)


def test_contact_rules_sent_as_they_stand_store_nothing(maxim: Client):
    assert maxim.post("/settings/contact", form_of(maxim, "/settings/contact")).status_code == 302
    assert setting("contact_policy") == {}
    assert setting("plays") == {}


def test_changed_contact_rules_are_in_force_and_only_they_are_stored(maxim: Client):
    given = form_of(maxim, "/settings/contact")
    given["hours.phone.marketing"] = "mon tue 10:00-12:00, 14:00–16:00 *"
    given["hours.fax.survey"] = "never"
    given["caps.1.limit"] = "1"
    given["silence.top"] = "21"
    assert maxim.post("/settings/contact", given).status_code == 302
    stored = setting("contact_policy")
    assert set(stored) == {"hours", "caps", "silence"}
    assert set(stored["hours"]) == {"phone", "fax"}
    policy = contact_policy()
    assert [window.hours for window in policy.hours[Channel.PHONE.value, Purpose.MARKETING.value]] == [
        "10:00-12:00",
        "14:00-16:00",
    ]
    assert policy.hours[Channel.FAX.value, Purpose.SURVEY.value] == ()
    assert policy.caps[1].limit == 1
    assert policy.silence["top"] == 21
    # The play that ends a silence counts the same days.
    assert setting("plays") == {"longest_silence_days": [21.0, 60.0, 120.0, 365.0]}
    assert policy.firm_zone == "Europe/London"
    back = {**form_of(maxim, "/settings/contact"), "silence.top": "30"}
    maxim.post("/settings/contact", back)
    assert setting("plays") == {}
    assert "silence" not in setting("contact_policy")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hours.phone.marketing", "nine to five"), ("hours.phone.marketing", "25:00-26:00"), ("hours.phone.marketing", "09:00-09:00"),
        ("hours.phone.marketing", ""), ("hours.phone.marketing", "foo 09:00-10:00"), ("caps.0.limit", "0"), ("caps.1.days", "-7"),
        ("caps.1.days", "9999"), ("caps.0.limit", "1.5"), ("silence.top", "0"), ("silence.big", "soon"),
    ],
)  # fmt: skip
def test_impossible_contact_rules_say_where_and_keep_what_was_typed(maxim: Client, field: str, value: str):
    answer = maxim.post("/settings/contact", {**form_of(maxim, "/settings/contact"), field: value})
    assert answer.status_code == 422
    assert set(answer.context["errors"]) == {field}
    page = answer.content.decode()
    assert f'id="{field}-errors"' in page
    assert f'value="{value}"' in page
    assert not Setting.objects.exists()


def test_fields_nobody_knows_are_passed_over(maxim: Client):
    strange = {
        "hours.pigeon.marketing": "always",
        "caps.99.limit": "1",
        "caps.x.limit": "1",
        "silence.suspect": "1",
        "__class__": "x",
    }
    assert maxim.post("/settings/contact", strange).status_code == 302
    assert setting("contact_policy") == {}


def test_every_hour_is_written_and_read_back(company: cast.Company):
    for row in rules().hours:
        for _name, _purpose, text in row.cells:
            assert written(read_hours(text)) == text


def test_plays_sent_as_they_stand_store_nothing_and_a_change_only_itself(maxim: Client):
    given = form_of(maxim, "/settings/plays")
    assert maxim.post("/settings/plays", given).status_code == 302
    assert setting("plays") == {}
    del given["welcome.on"]
    given["win_back.response"] = "0,07"
    maxim.post("/settings/plays", given)
    assert setting("plays") == {"welcome": {"on": False}, "win_back": {"response": 0.07}}
    rows = {row.key: row for row in play_settings()}
    assert rows["welcome"].on is False
    assert "by default 0.05" in maxim.get("/settings/plays").content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("welcome.response", "1"), ("welcome.response", "0"), ("welcome.cost", "-1"), ("welcome.rest_days", "x"),
        ("welcome.retention", "2"),
        ("cross_sell.margin_share", "1.5"), ("win_back.cost", "nan"), ("win_back.cost", "1e999"), ("quietly_leaving.alive_from", "0.9"),
        ("quietly_leaving.alive_until", "7"),
    ],
)  # fmt: skip
def test_impossible_plays_say_where(maxim: Client, field: str, value: str):
    answer = maxim.post("/settings/plays", {**form_of(maxim, "/settings/plays"), field: value})
    assert answer.status_code == 422
    assert list(answer.context["errors"]) == [field]
    assert f'id="{field}-errors"' in answer.content.decode()
    assert not Setting.objects.exists()


def test_what_other_pages_set_in_the_same_setting_stays(company: cast.Company):
    Setting.objects.create(name="plays", value={"longest_silence_days": [20, 60, 120, 365], "detractor_days": 60})
    switches = {row.switch: "on" for row in play_settings()}
    set_plays(switches, by=company.staff.maxim)
    assert setting("plays") == {"longest_silence_days": [20, 60, 120, 365], "detractor_days": 60}


def test_the_hold_out_changes_its_share_and_never_its_salt(maxim: Client):
    salt = own_terms()["salt"]
    assert salt not in maxim.get("/settings/hold-out").content.decode()
    assert maxim.post("/settings/hold-out", {"share": "0,1"}).status_code == 302
    assert hold_out_share() == 0.1
    assert own_terms()["salt"] == salt
    for wrong in ("", "x", "0.5", "-0.1", "nan", "inf"):
        assert maxim.post("/settings/hold-out", {"share": wrong}).status_code == 422
    assert hold_out_share() == 0.1
