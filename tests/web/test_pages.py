"""The pages: what they show, what they cost, what they withstand."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from entente.customize import answer
from entente.customize.models import Answer, Decision
from entente.differentiate.models import Cycle
from entente.identify.counted import Counting
from entente.identify.relations import relate
from entente.identify.verdicts import say_same, take_back
from entente.interact.models import ConsentEvent, Interaction, Preference
from entente.ledger.models import Delivery, Invoice, Payment
from entente.lib.keyset import place
from tests import cast

MOST_QUERIES = 25
WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "TRUNCATE")


def pages(company: cast.Company) -> list[str]:
    who = company.mallory.pk
    order = company.mallory.memberships.get().party.order_set.get().pk
    return [
        "/", "/?whose=mine", "/customers/", "/customers/?order=name", "/customers/?level=1", f"/customers/{who}/",
        f"/customers/{company.brankova.pk}/", f"/customers/{who}/timeline", f"/customers/{who}/week",
        f"/customers/{who}/calls/new?decision={company.decisions['mallory'].pk}", f"/customers/{who}/mails/new",
        f"/customers/{who}/notes/new", f"/customers/{who}/preferences", f"/customers/{who}/consents", f"/orders/{order}/",
        "/search?q=script", "/search?q=", "/me/", "/healthz",
    ]  # fmt: skip


def test_the_number_of_a_customer_that_stands_empty_leads_to_whose_its_records_are(anna: Client, company: cast.Company):
    left, right = (who.memberships.order_by("id")[0].party_id for who in (company.mallory, company.brankova))
    decided = say_same(left, right, by=company.staff.anna)
    (gone,) = {company.mallory.pk, company.brankova.pk} - {decided.customer}
    answer = anna.get(f"/customers/{gone}/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/customers/{decided.customer}/")
    assert anna.get("/customers/987654321/").status_code == 404
    take_back(decided.verdict, by=company.staff.anna)
    assert anna.get(f"/customers/{gone}/").status_code == 200


class Tags(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_every_page_answers_within_its_queries_and_writes_nothing(anna: Client, company: cast.Company):
    for url in pages(company):
        with CaptureQueriesContext(connection) as queries:
            answer = anna.get(url)
        assert answer.status_code == 200, url
        assert len(queries) <= MOST_QUERIES, f"{url}: {len(queries)}"
        assert not [q["sql"] for q in queries if q["sql"].lstrip().upper().startswith(WRITES)], url


def test_a_card_with_every_kind_of_event_answers_within_its_queries(anna: Client, company: cast.Company):
    who, day = company.mallory, company.cycle.as_of
    party = who.memberships.get().party
    told = {"source": party.source, "party": party, "import_run": cast.witness(), "line": 1}
    money = {"amount": 100, "currency": "EUR"}
    invoice = Invoice.objects.create(**told, **money, number="R1", issued_on=day)
    Payment.objects.create(**told, **money, key="P1", invoice=invoice, paid_on=day)
    Delivery.objects.create(**told, number="D1", shipped_on=day)
    answer.postpone(company.decisions["mallory"], by=company.staff.anna, at=timezone.now(), until_on=day)
    relate(who, "group", company.alnoor, by=None)
    company.cycle.totals = {"counting": Counting.GROUP}
    company.cycle.save(update_fields=["totals"])
    with CaptureQueriesContext(connection) as queries:
        text = anna.get(f"/customers/{who.pk}/").content.decode()
    assert len(queries) <= MOST_QUERIES
    assert all(f"is-{kind}" in text for kind in ("order", "invoice", "payment", "delivery", "complaint", "answer"))


def test_hostile_names_stay_text_and_no_page_needs_an_inline_script_or_style(anna: Client, company: cast.Company):
    for url in pages(company):
        answer = anna.get(url)
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        tags = Tags()
        tags.feed(answer.content.decode())
        for tag, attributes in tags.found:
            assert not (tag == "script" and "src" not in attributes), url
            assert tag != "img", url
            assert not [name for name in attributes if name.startswith("on") or name == "style"], url
        assert tag_named(tags, "style") == []
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def tag_named(tags: Tags, name: str) -> list[str]:
    return [tag for tag, _ in tags.found if tag == name]


def test_queries_do_not_grow_with_the_rows(anna: Client, company: cast.Company):
    def count(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            anna.get(url)
        return len(queries)

    urls = ["/", "/customers/", f"/customers/{company.alnoor.pk}/", "/search?q=customer"]
    few = {url: count(url) for url in urls}
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(30):
        who = cast.customer(f"Customer {number}", phone=f"+4420794{number:05}", country="GB")
        cast.valuation(who, company.cycle, 10 + number)
        cast.decision(who, company.cycle, 5 + number)
        cast.contact(company.alnoor, start + timedelta(days=number))
    assert {url: count(url) - few[url] for url in urls if count(url) > few[url] + 3} == {}


@pytest.mark.parametrize(
    "query",
    [
        "level=99", "level=1;drop", "level=-1", "stage=x", "country=ZZZ", "country='--", "order=worth", "who=me", "who=٣", "who=1e3",
        "later=xx", "later=" + place("a", 1), "later=" + place(1.5, 2, 3), "later=bnVsbA", "later=W1tdXQ",
        "later=WzFlOTk5LDFd", "later=" + "A" * 3000, "who=99999999999999999999",
    ],
)  # fmt: skip
def test_an_impossible_list_is_answered_with_a_clear_word(anna: Client, query: str):
    answer = anna.get(f"/customers/?{query}")
    assert answer.status_code == 400
    assert "Traceback" not in answer.content.decode()


@pytest.mark.parametrize("url", ["/?before=x", "/?whose=theirs", "/customers/{}/timeline?before=" + place(1, 2, 3)])
def test_an_impossible_place_elsewhere_too(anna: Client, company: cast.Company, url: str):
    assert anna.get(url.format(company.alnoor.pk)).status_code == 400


@pytest.mark.parametrize(
    "url", ["/customers/999999/", "/customers/99999999999999999999999/", "/orders/999999/", "/nothing/here"]
)
def test_what_is_not_there_is_404(anna: Client, url: str):
    assert anna.get(url).status_code == 404


def test_the_list_is_walked_in_both_directions_without_losing_anybody(anna: Client, company: cast.Company):
    for number in range(120):
        # Many of one value: a page must not begin again at the first of them.
        cast.valuation(cast.customer(f"Equal {number}", country="GB"), company.cycle, 7.25)
    for order in ("value", "name"):
        seen, url = [], f"/customers/?order={order}"
        walked = []
        while url:
            text = anna.get(url).content.decode()
            walked.append(found := re.findall(r'href="/customers/(\d+)/"', text))
            seen += found
            after = re.search(r'rel="next" href="([^"]+)"', text)
            url = "/customers/" + after[1].replace("&amp;", "&") if after else ""
        assert len(seen) == len(set(seen)) == 125
        back = re.search(r'rel="prev" href="([^"]+)"', text)[1].replace("&amp;", "&")
        assert re.findall(r'href="/customers/(\d+)/"', anna.get("/customers/" + back).content.decode()) == walked[-2]


def test_without_a_cycle_the_list_says_how_to_run_one(anna: Client, company: cast.Company):
    Cycle.objects.update(published_at=None)
    text = anna.get("/customers/").content.decode()
    assert "bin/entente cycle" in text
    assert "Brankova Interiors" in text
    assert "Not known yet" in anna.get(f"/customers/{company.alnoor.pk}/").content.decode()


def test_the_card_says_what_is_not_known(anna: Client, company: cast.Company):
    text = anna.get(f"/customers/{company.rahimi.pk}/").content.decode()
    assert "not known" in text
    assert "estimate" in text


def test_from_a_phone_number_to_a_logged_call(anna: Client, company: cast.Company):
    text = anna.get("/search", {"q": "(030) 901-820"}).content.decode()
    form = f"/customers/{company.brankova.pk}/calls/new"
    assert form in text
    assert anna.get(form).status_code == 200
    answer = anna.post(
        f"/customers/{company.brankova.pk}/calls",
        {"outcome": "reached", "direction": "in", "minutes": "4", "body": "Wants grey."},
    )
    assert answer.headers["Location"] == f"/customers/{company.brankova.pk}/"
    call = Interaction.objects.latest("id")
    assert (call.kind, call.is_outgoing, call.is_two_way, call.minutes, call.by) == (
        "call",
        False,
        True,
        4,
        company.staff.anna,
    )
    assert call.party.key == "20077"
    assert "Wants grey." in anna.get(answer.headers["Location"]).content.decode()


@pytest.mark.parametrize(
    "said", [{"outcome": "bribed"}, {"minutes": "-1"}, {"at": "2999-01-01T10:00"}, {"at": "yesterday"}]
)
def test_an_impossible_call_is_asked_again(anna: Client, company: cast.Company, said: dict[str, str]):
    before = Interaction.objects.count()
    answer = anna.post(f"/customers/{company.alnoor.pk}/calls", {"outcome": "reached", "direction": "out", **said})
    assert answer.status_code == 422
    assert Interaction.objects.count() == before


def test_doing_a_step_by_calling_closes_it(anna: Client, company: cast.Company):
    step = company.decisions["alnoor"]
    answer = anna.post(
        f"/customers/{company.alnoor.pk}/calls",
        {"outcome": "bought", "direction": "out", "decision": str(step.pk), "next": "/"},
    )
    assert answer.headers["Location"] == "/"
    step.refresh_from_db()
    given = Answer.objects.get()
    assert (step.state, given.kind, given.interaction.decision_id) == ("done", "done", step.pk)
    assert given.interaction.purpose == step.purpose


def test_a_step_of_another_customer_is_not_there(anna: Client, company: cast.Company):
    step = company.decisions["alnoor"]
    answer = anna.post(
        f"/customers/{company.okafor.pk}/calls", {"outcome": "reached", "direction": "out", "decision": str(step.pk)}
    )
    assert answer.status_code == 404
    step.refresh_from_db()
    assert step.state == "open"


def test_what_was_said_is_kept_although_the_step_was_answered_meanwhile(anna: Client, company: cast.Company):
    step = company.decisions["alnoor"]
    Decision.objects.filter(pk=step.pk).update(state="refused")
    before = Interaction.objects.count()
    anna.post(
        f"/customers/{company.alnoor.pk}/calls", {"outcome": "reached", "direction": "out", "decision": str(step.pk)}
    )
    assert Interaction.objects.count() == before + 1
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"kind": "postponed", "days": "7"}, "postponed"),
        ({"kind": "refused", "why_not": "known_reason", "words": "They moved."}, "refused"),
        ({"kind": "done"}, "done"),
    ],
)
def test_a_step_is_answered_once(anna: Client, company: cast.Company, said: dict[str, str], state: str):
    step = company.decisions["brankova"]
    url = f"/decisions/{step.pk}/answers"
    assert anna.post(url, said, headers={"HX-Request": "true"}).status_code == 200
    step.refresh_from_db()
    assert step.state == state
    if state != "postponed":
        anna.post(url, said)
        assert Answer.objects.count() == 1


@pytest.mark.parametrize(
    "said", [{}, {"kind": "postponed", "days": "9999"}, {"kind": "refused"}, {"kind": "refused", "why_not": "x"}]
)
def test_half_an_answer_changes_nothing(anna: Client, company: cast.Company, said: dict[str, str]):
    step = company.decisions["alnoor"]
    assert anna.post(f"/decisions/{step.pk}/answers", said).status_code == 400
    step.refresh_from_db()
    assert step.state == "open"


@pytest.mark.parametrize(
    "where", ["//evil.example", "https://evil.example/", "\\\\evil.example", "javascript:alert(1)"]
)
def test_the_way_back_stays_in_the_house(anna: Client, company: cast.Company, where: str):
    answer = anna.post(f"/customers/{company.alnoor.pk}/notes", {"body": "x", "next": where})
    assert answer.headers["Location"] == f"/customers/{company.alnoor.pk}/"


def test_wishes_are_added_never_changed(anna: Client, company: cast.Company):
    url = f"/customers/{company.alnoor.pk}/preferences"
    said = {
        "channels": ["phone"],
        "weekdays": ["0", "1"],
        "from_time": "10:00",
        "until_time": "16:00",
        "limit": "1",
        "days": "30",
    }
    assert anna.post(url, said).status_code == 302
    assert anna.post(url, {**said, "limit": "2", "paused_until": "2027-01-31"}).status_code == 302
    first, second = Preference.objects.order_by("id")
    assert first.wishes == {
        "channels": ["phone"], "weekdays": [0, 1], "hours": {"from": "10:00", "until": "16:00"}, "frequency": {"limit": 1, "days": 30},
    }  # fmt: skip
    assert second.wishes["frequency"]["limit"] == 2
    assert 'value="2027-01-31"' in anna.get(url).content.decode()


def test_the_contact_rules_read_what_the_page_wrote(anna: Client, company: cast.Company):
    from entente.interact.wishes import preferences_of

    url = f"/customers/{company.alnoor.pk}/preferences"
    anna.post(url, {"channels": ["email"], "from_time": "22:00", "until_time": "06:00", "paused_until": "2027-01-31"})
    assert preferences_of(Preference.objects.get().wishes).paused_until is not None


@pytest.mark.parametrize(
    "said",
    [{"limit": "1"}, {"from_time": "10:00"}, {"from_time": "10:00", "until_time": "10:00"}, {"channels": "telepathy"}],
)
def test_half_a_wish_is_asked_again(anna: Client, company: cast.Company, said: dict[str, str]):
    assert anna.post(f"/customers/{company.alnoor.pk}/preferences", said).status_code == 422
    assert not Preference.objects.exists()


def test_consent_keeps_its_words_and_its_hour(anna: Client, company: cast.Company):
    url = f"/customers/{company.alnoor.pk}/consents"
    said = {
        "channel": "email",
        "purpose": "marketing",
        "is_granted": "yes",
        "at": "2026-11-01T10:00",
        "wording": "Yes, send me offers.",
    }
    assert anna.post(url, said).status_code == 302
    assert anna.post(url, {**said, "is_granted": "no", "at": "", "wording": "Stop."}).status_code == 302
    assert list(ConsentEvent.objects.order_by("id").values_list("is_granted", "wording")) == [
        (True, "Yes, send me offers."),
        (False, "Stop."),
    ]
    assert "withdrawn" in anna.get(f"/customers/{company.alnoor.pk}/").content.decode()


def test_a_mail_is_noted_down_in_one_line_of_subject(anna: Client, company: cast.Company):
    key = "0f8fad5b-d9cb-469f-a165-70867728950e"
    answer = anna.post(
        f"/customers/{company.alnoor.pk}/mails",
        {"subject": "Hello\r\nBcc: all@example.com", "body": "Text", "key": key, "how": "sent"},
    )
    assert answer.status_code == 302
    assert Interaction.objects.latest("id").subject == "Hello Bcc: all@example.com"


def test_without_a_mail_server_sending_says_what_to_do(anna: Client, company: cast.Company, settings):
    settings.MAIL = None
    before = Interaction.objects.count()
    key = "0f8fad5b-d9cb-469f-a165-70867728950e"
    answer = anna.post(
        f"/customers/{company.alnoor.pk}/mails", {"subject": "Hello", "body": "Text", "key": key, "how": "send"}
    )
    assert answer.status_code == 422
    assert "ENTENTE_SMTP_URL" in answer.content.decode()
    assert Interaction.objects.count() == before


KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"
MAIL = {"subject": "Hello", "body": "Text", "key": KEY, "how": "send"}


@pytest.fixture
def reachable(company: cast.Company, settings) -> cast.Company:
    settings.MAIL = "set"
    for who, address in ((company.alnoor, "sales@alnoor.example"), (company.mallory, "mallory@example.com")):
        who.email = address
        who.save(update_fields=["email"])
    return company


def test_the_mail_form_says_for_what_a_mail_is_welcome(anna: Client, reachable: cast.Company):
    with CaptureQueriesContext(connection) as queries:
        text = anna.get(f"/customers/{reachable.alnoor.pk}/mails/new").content.decode()
    assert len(queries) <= MOST_QUERIES
    assert '<option value="service" selected>' in text
    assert re.findall(r'<option value="(\w+)"', text) == ["service", "relationship", "marketing", "transactional"]
    assert "Is e-mail welcome now?" in text and "Marketing by e-mail needs consent" in text


def test_the_purpose_of_a_mail_is_that_of_its_decision_unless_chosen(anna: Client, reachable: cast.Company):
    decision = reachable.decisions["mallory"]
    Decision.objects.filter(pk=decision.pk).update(purpose="survey")
    url = f"/customers/{reachable.mallory.pk}/mails"
    text = anna.get(f"{url}/new?decision={decision.pk}").content.decode()
    assert '<option value="survey" selected>' in text
    noted = {**MAIL, "how": "sent", "decision": decision.pk}
    assert anna.post(url, noted).status_code == 302
    assert Interaction.objects.latest("id").purpose == "survey"
    assert anna.post(url, {**noted, "purpose": "relationship"}).status_code == 302
    assert Interaction.objects.latest("id").purpose == "relationship"
    assert anna.post(url, {**noted, "purpose": "emergency"}).status_code == 422


def test_an_unwelcome_mail_is_told_beside_its_purpose(anna: Client, reachable: cast.Company):
    before = Interaction.objects.count()
    answer = anna.post(f"/customers/{reachable.alnoor.pk}/mails", {**MAIL, "purpose": "marketing"})
    text = answer.content.decode()
    assert answer.status_code == 422 and Interaction.objects.count() == before
    (field,) = re.findall(r'<select name="purpose"[^>]*>', text)
    assert 'aria-invalid="true"' in field and "id_purpose_errors" in field
    assert re.search(r'id="id_purpose_errors"><li>Marketing by e-mail needs consent', text)


def test_one_mail_form_is_not_sent_to_two(anna: Client, reachable: cast.Company):
    assert anna.post(f"/customers/{reachable.alnoor.pk}/mails", MAIL).status_code == 302
    assert anna.post(f"/customers/{reachable.alnoor.pk}/mails", MAIL).status_code == 302
    before, decision = Interaction.objects.count(), reachable.decisions["mallory"]
    answer = anna.post(f"/customers/{reachable.mallory.pk}/mails", {**MAIL, "decision": decision.pk})
    assert answer.status_code == 422 and "open a new one" in answer.content.decode()
    decision.refresh_from_db()
    assert (Interaction.objects.count(), decision.state) == (before, Decision.State.OPEN)
    assert not Answer.objects.exists()


def test_an_impossible_address_is_told_on_the_form(anna: Client, reachable: cast.Company):
    reachable.alnoor.email = "a@example.com\nBcc: all@example.com"
    reachable.alnoor.save(update_fields=["email"])
    answer = anna.post(f"/customers/{reachable.alnoor.pk}/mails", MAIL)
    assert answer.status_code == 422 and "line break" in answer.content.decode()


def test_persian_turns_the_page_round(anna: Client, company: cast.Company):
    company.staff.anna.language = "fa"
    company.staff.anna.save()
    text = anna.get("/").content.decode()
    assert '<html lang="fa" dir="rtl">' in text


def test_times_are_those_of_the_users_zone(anna: Client, company: cast.Company):
    company.staff.anna.zone = "Asia/Tehran"
    company.staff.anna.save()
    text = anna.get(f"/customers/{company.alnoor.pk}/").content.decode()
    assert re.search(
        r'datetime="2026-10-02T08:00\+00:00"[^>]*>2 Oct[^<]*11:30|datetime="2026-10-02T08:00\+00:00"', text
    )
    assert "a.m. there" not in text
