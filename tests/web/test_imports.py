"""Importing in the browser: handing over, mapping, trying, running, what was refused, taking back."""

import gzip
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from entente.identify.match import match_new
from entente.identify.models import Customer
from entente.ledger import draft
from entente.ledger.models import Import, OrderLine, RefusedRow
from entente.ledger.record import run_import
from tests import cast

MOST_QUERIES = 25
LOG = "customer,date,amount\nA1,2026-01-05,10.50\nA2,2026-01-06,20.00\nA1,2026-02-07,12.25\nA3,nonsense,5\n"


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, settings: object) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


@pytest.fixture
def maxim(company: cast.Company, signed_in) -> Client:
    return signed_in(company.staff.maxim)


def hand_over(client: Client, text: str | bytes = LOG, name: str = "orders.csv", source: str = "shop") -> Import:
    content = text.encode() if isinstance(text, str) else text
    answer = client.post("/imports/new", {"file": SimpleUploadedFile(name, content), "source": source})
    assert answer.status_code == 302, answer.content.decode()
    return Import.objects.order_by("-id")[0]


def fields(**more: str) -> dict[str, str]:
    return {
        "has_columns": "1", "columns.customer": "customer", "columns.ordered_at": "date", "columns.amount": "amount", **more,
    }  # fmt: skip


def test_a_file_goes_all_the_way(maxim: Client):
    run = hand_over(maxim)
    page = maxim.get(f"/imports/{run.pk}/columns").content.decode()
    assert "purchase-log" in page
    assert "10.50" in page
    tried = maxim.post(f"/imports/{run.pk}/columns", fields(do="try"))
    assert tried.status_code == 200
    assert tried.context["tried"]["counts"]["facts"] == 3
    assert tried.context["tried"]["counts"]["refused"] == 1
    assert not OrderLine.objects.filter(order__source__name="shop").exists()

    started = maxim.post(f"/imports/{run.pk}/columns", fields(do="start"))
    opened = Import.objects.get(source__name="shop")
    assert started.headers["Location"] == f"/imports/{opened.pk}/"
    assert opened.state == Import.State.WAITING
    assert ProcrastinateJob.objects.filter(task_name="import_file", args={"import_id": opened.pk}).count() == 1
    assert not Import.objects.filter(pk=run.pk).exists()
    assert [file.name for file in (Path(django_settings.MEDIA_ROOT) / "imports").iterdir()] == [
        opened.stored_as.split("/")[1]
    ]

    run_import(opened.pk)
    page = maxim.get(f"/imports/{opened.pk}/").content.decode()
    assert "nonsense" in page
    again = hand_over(maxim)
    answer = maxim.post(f"/imports/{again.pk}/columns", fields(do="start"), follow=True)
    assert answer.redirect_chain[-1][0] == f"/imports/{opened.pk}/"
    assert OrderLine.objects.filter(import_run=opened).count() == 3


def test_two_readings_are_asked_about_and_shown_on_the_files_own_values(maxim: Client):
    run = hand_over(maxim, "customer;date;amount\nA;03/04/2026;1.234\nB;05/06/2026;2.345\n")
    url = f"/imports/{run.pk}/columns"
    page = maxim.get(url)
    asked = {question["asks"] for question in page.context["questions"]}
    assert asked == {"decimal", "dates"}
    shown = page.content.decode()
    assert "2026-04-03" in shown
    assert "2026-03-04" in shown
    assert "1234" in shown
    assert maxim.post(url, fields(do="start")).status_code == 422
    assert not Import.objects.filter(source__name="shop").exclude(state="draft").exists()
    dates = next(question for question in page.context["questions"] if question["asks"] == "dates")
    answers = {"read.dates": dates["choices"][0]["value"], "read.decimal": "."}
    answered = maxim.post(url, fields(do="try", **answers))
    assert answered.status_code == 200
    assert answered.context["tried"]["counts"]["facts"] == 2
    forgotten = maxim.post(url, fields(do="forget.dates", **answers))
    assert [question["asks"] for question in forgotten.context["questions"]] == ["dates"]


def test_parties_go_all_the_way(maxim: Client):
    assert 'value="parties" selected' in maxim.get("/imports/new?kind=parties").content.decode()
    text = "no,Vorname,Nachname,Geburtsdatum\nP1,Ada,L,1970-02-28\nP2,Bob,,never\n"
    file = SimpleUploadedFile("people.csv", text.encode())
    assert maxim.post("/imports/new", {"file": file, "source": "erp", "kind": "parties"}).status_code == 302
    run = Import.objects.order_by("-id")[0]
    url = f"/imports/{run.pk}/columns"
    page = maxim.get(url)
    assert [field["name"] for field in page.context["fields"] if field["needed"]] == ["key"]
    assert {map.key for map in page.context["maps"]} == {"parties"}
    form = {
        "has_columns": "1",
        "columns.given_name": "Vorname",
        "columns.family_name": "Nachname",
        "columns.birth_date": "Geburtsdatum",
    }
    assert maxim.post(url, {**form, "do": "try"}).status_code == 422
    form["columns.key"] = "no"
    tried = maxim.post(url, {**form, "do": "try"})
    assert (tried.context["tried"]["counts"]["new"], tried.context["tried"]["counts"]["refused"]) == (1, 1)
    assert "Ada L" in tried.content.decode()
    maxim.post(url, {**form, "do": "start"})
    opened = Import.objects.get(source__name="erp")
    assert run_import(opened.pk).rows_recorded == 1
    match_new()
    assert Customer.objects.filter(name="Ada L").exists()
    assert maxim.get(f"{url.replace(str(run.pk), str(opened.pk))}").status_code == 302
    maxim.post(f"/imports/{opened.pk}/reversal")
    assert not Customer.objects.filter(name="Ada L").exists()


def test_a_kind_that_there_is_not_is_refused(maxim: Client):
    file = SimpleUploadedFile("people.csv", b"a,b\n")
    assert maxim.post("/imports/new", {"file": file, "kind": "../orders"}).status_code == 422


def test_a_saved_map_is_taken_and_a_strange_one_named(maxim: Client):
    run = hand_over(maxim)
    url = f"/imports/{run.pk}/columns"
    assert maxim.get(f"{url}?map=purchase-log").context["is_ready"]
    assert maxim.get(f"{url}?map=online-retail").context["map_error"]
    for strange in ("../../etc/passwd", "/etc/passwd", "999999", "%00"):
        assert maxim.get(f"{url}?map={strange}").context["map_error"]


def test_what_is_missing_is_said_beside_its_field(maxim: Client):
    run = hand_over(maxim, "a,b,c\n1,2026-01-05,3\n")
    answer = maxim.post(f"/imports/{run.pk}/columns", {"has_columns": "1", "columns.customer": "a", "do": "try"})
    assert answer.status_code == 422
    wrong = {field["name"] for field in answer.context["fields"] if field["error"]}
    assert wrong == {"ordered_at", "amount"}


def test_a_hostile_name_stays_text_and_never_becomes_a_path(maxim: Client):
    run = hand_over(maxim, name=f"../../{cast.HOSTILE}.csv", source=cast.HOSTILE[:60])
    assert run.stored_as.startswith("imports/")
    assert len(run.stored_as) == len("imports/") + 32
    for url in (f"/imports/{run.pk}/columns", "/imports/"):
        assert "<script>alert" not in maxim.get(url).content.decode()
    assert (Path(django_settings.MEDIA_ROOT) / run.stored_as).stat().st_mode & 0o077 == 0


def test_hostile_columns_stay_text(maxim: Client):
    run = hand_over(maxim, f'"{cast.HOSTILE.replace(chr(34), chr(34) * 2)}",date,amount\n<b>x</b>,2026-01-05,1\n')
    page = maxim.get(f"/imports/{run.pk}/columns").content.decode()
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7 something", b"\xd0\xcf\x11\xe0 old", gzip.compress(b"", mtime=0), b"\0" * 5000, b"PK\x03\x04 no zip"],
)
def test_what_is_no_table_is_refused_in_words(maxim: Client, content: bytes):
    run = hand_over(maxim, content)
    answer = maxim.get(f"/imports/{run.pk}/columns")
    assert answer.status_code == 422
    assert "Traceback" not in answer.content.decode()


def test_nothing_and_too_much_are_refused(maxim: Client, settings):
    assert maxim.post("/imports/new", {}).status_code == 422
    assert maxim.post("/imports/new", {"file": SimpleUploadedFile("a.csv", b"")}).status_code == 422
    settings.IMPORT_MOST_UPLOAD_BYTES = 1000
    # Within the room for other fields, so it is the writing that stops.
    assert maxim.post("/imports/new", {"file": SimpleUploadedFile("a.csv", b"x" * 2000)}).status_code == 413
    assert maxim.post("/imports/new", {"file": SimpleUploadedFile("a.csv", b"x" * 100_000)}).status_code == 413
    assert not list(Path(settings.MEDIA_ROOT).glob("imports/*"))
    assert not Import.objects.filter(state="draft").exists()


def test_a_form_without_its_token_is_refused(company: cast.Company):
    client = Client(enforce_csrf_checks=True)
    client.force_login(company.staff.maxim)
    answer = client.post("/imports/new", {"file": SimpleUploadedFile("a.csv", LOG.encode())})
    assert answer.status_code == 403
    assert not Import.objects.filter(state="draft").exists()


def test_a_draft_is_its_owners_business(maxim: Client, company: cast.Company, signed_in):
    run = hand_over(maxim)
    alice, victor = signed_in(company.staff.alice), signed_in(company.staff.victor)
    assert alice.get(f"/imports/{run.pk}/columns").status_code == 404
    assert alice.post(f"/imports/{run.pk}/discard").status_code == 404
    assert victor.get(f"/imports/{run.pk}/columns").status_code == 403
    assert run.file_name not in victor.get("/imports/").content.decode().replace("orders.csv", "", 1)
    maxim.post(f"/imports/{run.pk}/discard")
    assert not Import.objects.filter(pk=run.pk).exists()
    assert not (Path(django_settings.MEDIA_ROOT) / run.stored_as).exists()


def opened(client: Client, text: str = LOG) -> Import:
    run = hand_over(client, text)
    client.post(f"/imports/{run.pk}/columns", fields(do="start"))
    return Import.objects.filter(source__name="shop").latest("id")


def test_progress_is_a_fragment_until_it_is_over(maxim: Client):
    run = opened(maxim)
    fragment = maxim.get(f"/imports/{run.pk}/", headers={"HX-Request": "true"})
    assert 'id="progress"' in fragment.content.decode()
    assert "<html" not in fragment.content.decode()
    run_import(run.pk)
    assert maxim.get(f"/imports/{run.pk}/", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_one_left_lying_can_go_on(maxim: Client, company: cast.Company, signed_in):
    run = opened(maxim)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    Import.objects.filter(pk=run.pk).update(state="running", heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert maxim.get(f"/imports/{run.pk}/").context["may_resume"]
    assert not signed_in(company.staff.anna).get(f"/imports/{run.pk}/").context["may_resume"]
    maxim.post(f"/imports/{run.pk}/runs")
    assert ProcrastinateJob.objects.filter(task_name="import_file", args={"import_id": run.pk}).count() == 1
    maxim.post(f"/imports/{run.pk}/runs")
    assert ProcrastinateJob.objects.filter(task_name="import_file", args={"import_id": run.pk}).count() == 1


def test_refused_rows_are_paged_and_downloaded_harmless(maxim: Client, company: cast.Company, signed_in):
    rows = "".join(f"A{n},2026-13-{n:02},1\n" for n in range(60))
    run = opened(maxim, f"customer,date,amount\nOK,2026-01-05,1\n=cmd|' /C calc'!A0,not a date,1\n{rows}")
    run_import(run.pk)
    page = maxim.get(f"/imports/{run.pk}/")
    assert len(page.context["refused"]) == 50
    rest = maxim.get(f"/imports/{run.pk}/?later={page.context['later']}")
    lines = [row.line for row, _why in [*page.context["refused"], *rest.context["refused"]]]
    assert lines == sorted(set(lines))
    assert len(lines) == RefusedRow.objects.filter(import_run=run).count() == 61
    answer = maxim.get(f"/imports/{run.pk}/refused.csv")
    assert answer.streaming
    assert answer.headers["Content-Disposition"] == f'attachment; filename="refused-{run.pk}.csv"'
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert len(text.strip().splitlines()) == 62
    assert "'=cmd" in text
    assert signed_in(company.staff.victor).get(f"/imports/{run.pk}/refused.csv").status_code == 403


def test_taking_back_asks_first_and_is_not_offered_twice(maxim: Client):
    run = opened(maxim)
    run_import(run.pk)
    assert maxim.get(f"/imports/{run.pk}/").context["may_revert"]
    assert maxim.get(f"/imports/{run.pk}/reversal").status_code == 200
    assert OrderLine.objects.filter(import_run=run).count() == 3
    maxim.post(f"/imports/{run.pk}/reversal")
    assert not OrderLine.objects.filter(import_run=run).exists()
    assert not maxim.get(f"/imports/{run.pk}/").context["may_revert"]
    assert maxim.post(f"/imports/{run.pk}/reversal").status_code == 404


def test_taken_back_and_imported_again_nobody_is_doubled(maxim: Client):
    others = set(Customer.objects.values_list("pk", flat=True))
    for _ in range(2):
        run = opened(maxim)
        run_import(run.pk)
        match_new()
        come = Customer.objects.exclude(pk__in=others)
        assert sorted(come.values_list("name", flat=True)) == ["A1", "A2"]
        maxim.post(f"/imports/{run.pk}/reversal")
        assert not come.all().exists()
    assert set(Customer.objects.values_list("pk", flat=True)) == others


def test_what_failed_or_was_left_lying_can_be_taken_back_but_not_what_runs(maxim: Client):
    run = opened(maxim)
    run_import(run.pk)
    Import.objects.filter(pk=run.pk).update(state="running", heartbeat_at=timezone.now())
    assert not maxim.get(f"/imports/{run.pk}/").context["may_revert"]
    assert maxim.post(f"/imports/{run.pk}/reversal").status_code == 404
    Import.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert maxim.post(f"/imports/{run.pk}/reversal").status_code == 404, "a worker will come to it"
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    assert maxim.get(f"/imports/{run.pk}/reversal").status_code == 200
    Import.objects.filter(pk=run.pk).update(state="failed", heartbeat_at=timezone.now())
    assert maxim.get(f"/imports/{run.pk}/").context["may_revert"]
    maxim.post(f"/imports/{run.pk}/reversal")
    run.refresh_from_db()
    assert run.state == Import.State.REVERTED
    assert not OrderLine.objects.filter(import_run=run).exists()


def test_refused_rows_are_shown_to_whom_may_have_them(maxim: Client, company: cast.Company, signed_in):
    run = opened(maxim)
    run_import(run.pk)
    for user, sees in ((company.staff.maxim, True), (company.staff.anna, False), (company.staff.victor, False)):
        page = signed_in(user).get(f"/imports/{run.pk}/").content.decode()
        assert ("nonsense" in page, "refused.csv" in page) == (sees, sees), user.name


def test_the_pages_stay_within_their_queries_and_write_nothing(maxim: Client):
    run = opened(maxim)
    run_import(run.pk)
    waiting = hand_over(maxim)
    for _ in range(60):
        Import.objects.create(source=run.source, file_name="old.csv", state="done")
    for url in (
        "/imports/",
        "/imports/new",
        f"/imports/{run.pk}/",
        f"/imports/{waiting.pk}/columns",
        f"/imports/{run.pk}/reversal",
    ):
        with CaptureQueriesContext(connection) as queries:
            assert maxim.get(url).status_code == 200
        assert len(queries) <= MOST_QUERIES, url
        assert not [q for q in queries if q["sql"].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))], url
    first = maxim.get("/imports/")
    assert len(first.context["imports"]) == 50
    assert len(maxim.get(f"/imports/?before={first.context['more']}").context["imports"]) > 10
    assert maxim.get("/imports/?before=x").status_code == 400


def test_a_map_of_an_earlier_import_keeps_answers_and_forgets_findings(maxim: Client):
    run = hand_over(maxim, "customer;date;amount\nA;03/04/2026;1.234\n")
    page = maxim.get(f"/imports/{run.pk}/columns")
    order = next(q for q in page.context["questions"] if q["asks"] == "dates")["choices"][0]["value"]
    maxim.post(f"/imports/{run.pk}/columns", fields(do="start", **{"read.dates": order, "read.decimal": ","}))
    done = Import.objects.filter(source__name="shop").latest("id")
    run_import(done.pk)
    mapping = draft.map_of(str(done.pk))
    assert (mapping.read.dates, mapping.read.decimal, mapping.read.separator) == (order, ",", "")
    assert str(done.pk) in {one.key for one in draft.saved_maps()}
