"""Rows that programs hand over become imports, once."""

from __future__ import annotations

import gzip
import io
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from entente import jobs
from entente.api.models import ImportRequest
from entente.ledger.mapping import KINDS
from entente.ledger.models import Import, OrderLine, Party, Source
from tests import cast
from tests.api.conftest import CSV, NDJSON, ORDERS, key_of
from tests.files_of_kinds import KNOWN, ROWS
from tests.ledger_facts import committed  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db

Send = Callable[..., Any]


def parquet() -> bytes:
    file = io.BytesIO()
    columns = {
        "customer": ["a", "a", "b"],
        "date": ["2026-01-01", "2026-01-02", "2026-01-02"],
        "amount": [10.0, 5.0, 7.25],
    }
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def queued() -> list[int]:
    return [job.args["import_id"] for job in ProcrastinateJob.objects.filter(task_name="import_file")]


def work(import_id: int) -> Import:
    """What the worker does."""
    jobs.import_file(import_id)
    return Import.objects.get(pk=import_id)


def is_problem(answer: Any, status: int, where: str = "") -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert (said["status"], said["type"]) == (status, "about:blank")
    assert said["title"]
    assert said["detail"].endswith(".")
    assert said["where"] == where
    return said


# What goes well


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("text/csv", CSV),
        ("text/csv; charset=utf-8", CSV),
        ("text/csv", gzip.compress(CSV, mtime=0)),
        ("application/x-ndjson", NDJSON),
        ("application/jsonl", gzip.compress(NDJSON, mtime=0)),
        ("application/vnd.apache.parquet", parquet()),
    ],
    ids=["csv", "csv with its letters", "csv.gz", "ndjson", "jsonl.gz", "parquet"],
)
def test_rows_become_facts_once_the_worker_has_taken_them(
    send: Send, shop: Client, form: str, body: bytes, staff: cast.Staff
):
    answer = send(body, form=form)
    assert answer.status_code == 202, answer.content
    said = answer.json()
    assert answer.headers["Location"] == said["href"] == f"/api/v1/imports/{said['id']}"
    assert queued() == [said["id"]]
    assert shop.get(said["href"]).json()["state"] == "waiting"
    done = work(said["id"])
    assert (done.state, done.rows_recorded, done.by, done.source.name) == ("done", 3, staff.maxim, "shop")
    state = shop.get(said["href"]).json()
    assert (state["state"], state["rows_read"], state["rows_recorded"], state["rows_refused"]) == ("done", 3, 3, 0)
    assert (state["refused"], state["next"], state["kind"]) == ([], None, "orders")
    assert sorted(OrderLine.objects.values_list("amount", flat=True)) == [Decimal("5"), Decimal("7.25"), Decimal("10")]


def test_parties_come_with_a_mapping_by_its_name(send: Send):
    body = b'{"key": "a", "name": "Ada", "email": "ada@example.com"}\n{"key": 7, "name": "Al Noor"}\n'
    answer = send(body, "/api/v1/imports/parties?source=shop&mapping=parties", "application/x-ndjson")
    assert work(answer.json()["id"]).rows_recorded == 2
    assert sorted(Party.objects.values_list("key", "name")) == [("7", "Al Noor"), ("a", "Ada")]


def test_every_kind_there_is_is_tried_here():
    assert set(ROWS) == set(KINDS)


@pytest.mark.parametrize("kind", ROWS)
def test_every_kind_comes_once_is_looked_at_and_taken_back(send: Send, shop: Client, kind: str):
    work(send(KNOWN.encode(), key="before").json()["id"])
    body, reason = ROWS[kind][0].encode(), ROWS[kind][1]
    url = f"/api/v1/imports/{kind}?source=shop&currency=EUR&dates=y-m-d"
    tried = send(body, url + "&dry_run=true", key="")
    assert tried.status_code == 200, tried.content
    first = send(body, url)
    assert first.status_code == 202, first.content
    assert send(body, url).json() == first.json()
    assert work(first.json()["id"]).state == "done"
    state = shop.get(first.json()["href"]).json()
    assert (state["kind"], state["rows_refused"], state["refused"][0]["reason"]) == (kind, 1, reason)
    assert state["rows_recorded"] == state["rows_read"] - 1 == tried.json()["counts"]["facts"]
    for _time in range(2):
        back = shop.post(f"{first.json()['href']}/reversal")
        assert (back.status_code, back.json()["state"]) == (200, "reverted"), back.content
    assert send(body, url).json() == first.json(), "the same request stays the same, whatever became of it"
    again = send(body, url, key="k-2").json()["id"]
    assert again != first.json()["id"] and work(again).rows_recorded == state["rows_recorded"]


def test_only_what_was_handed_over_with_ones_own_keys_is_taken_back(send: Send, shop: Client, staff: cast.Staff):
    answer = send()
    url = f"{answer.json()['href']}/reversal"
    assert "under way" in is_problem(shop.post(url), 409, "path.import_id")["title"]
    work(answer.json()["id"])
    other = Client(headers={"Authorization": f"Bearer {key_of(staff.alice)}"})
    is_problem(other.post(url), 403, "path.import_id")
    asker = Client(headers={"Authorization": f"Bearer {key_of(staff.anna, 'resolve')}"})
    is_problem(asker.post(url), 403, "header.Authorization")
    is_problem(shop.post("/api/v1/imports/999999/reversal"), 404, "path")
    assert OrderLine.objects.count() == 3
    assert shop.post(url).status_code == 200 and not OrderLine.objects.exists()


def test_the_mapping_of_an_earlier_import_is_taken_by_its_number(send: Send):
    first = work(send().json()["id"])
    body = CSV.replace(b"2026-01", b"2026-02")
    second = send(body, f"/api/v1/imports/orders?source=shop&mapping={first.pk}", key="k-2")
    assert work(second.json()["id"]).rows_recorded == 3


def test_a_dry_run_changes_nothing(send: Send):
    answer = send(CSV + b"c,yesterday,1\n", ORDERS + "&dry_run=true", key="")
    assert answer.status_code == 200
    said = answer.json()
    assert (said["counts"]["rows"], said["counts"]["facts"], said["reasons"]) == (4, 3, {"not_a_date": 1})
    assert said["refused"][0]["text"] == "Line 5: date is no date in the order of this file: yesterday."
    assert not any(model.objects.exists() for model in (Import, ImportRequest, Source, ProcrastinateJob))


def test_refused_rows_come_a_page_at_a_time(send: Send, shop: Client):
    body = b"customer,date,amount\n" + b"".join(b"c%d,2026-99-01,1\n" % n for n in range(230)) + b"a,2026-01-01,1\n"
    url = send(body, ORDERS + "&dates=y-m-d").json()["href"]
    assert work(int(url.rpartition("/")[2])).rows_refused == 230
    lines: list[int] = []
    pages = 0
    while url:
        page = shop.get(url).json()
        lines += [row["line"] for row in page["refused"]]
        url, pages = page["next"], pages + 1
    assert lines == list(range(2, 232))
    assert pages == 3


# The same again


def test_the_same_request_again_answers_the_same_and_does_nothing(send: Send):
    first, second = send(), send()
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    work(first.json()["id"])
    assert send().json() == first.json()
    assert Import.objects.count() == ImportRequest.objects.count() == len(queued()) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"body": CSV + b"c,2026-01-03,1\n"},
        {"url": ORDERS.replace("shop", "till")},
        {"url": ORDERS.replace("EUR", "GBP")},
        {"body": NDJSON, "form": "application/x-ndjson"},
    ],
    ids=["body", "source", "currency", "form"],
)
def test_the_same_key_with_another_request_is_refused(send: Send, other: dict[str, Any]):
    send()
    said = is_problem(send(**other), 422, "header.Idempotency-Key")
    assert "a key of its own" in said["detail"]
    assert Import.objects.count() == 1


def test_a_request_that_failed_leaves_its_key_free(send: Send):
    is_problem(send(b"customer,date\na,b\n"), 422, "body")
    assert send().status_code == 202


def test_the_key_of_another_user_is_another(send: Send, staff: cast.Staff):
    send()
    other = Client(headers={"Authorization": f"Bearer {key_of(staff.alice)}"})
    answer = other.post(ORDERS, CSV + b"c,2026-01-03,1\n", content_type="text/csv", headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == 202
    assert ImportRequest.objects.count() == 2


def test_another_key_with_the_same_body_finds_the_import_there_was(send: Send):
    first, second = send(), send(key="k-2")
    assert first.json() == second.json()
    assert Import.objects.count() == len(queued()) == 1


@pytest.mark.usefixtures("committed")
def test_equal_requests_at_once_make_one_import():
    secret = key_of(cast.staff().maxim)
    gate = threading.Barrier(4)
    answers: list[Any] = []

    def ask() -> None:
        client = Client(headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "k-1"})
        gate.wait()
        answer = client.post(ORDERS, CSV, content_type="text/csv")
        answers.append((answer.status_code, answer.content))
        connection.close()

    threads = [threading.Thread(target=ask) for _time in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert len(set(answers)) == 1
    assert answers[0][0] == 202
    assert Import.objects.count() == ImportRequest.objects.count() == len(queued()) == 1


# What is refused


def test_what_is_not_read_here_is_refused_before_the_body_is(send: Send, shop: Client, settings: Any):
    is_problem(send(form="application/json"), 415, "header.Content-Type")
    is_problem(send(form="multipart/form-data; boundary=x"), 415, "header.Content-Type")
    is_problem(send(key=""), 422, "header.Idempotency-Key")
    is_problem(send(key="k" * 201), 422, "header.Idempotency-Key")
    said = is_problem(send(url="/api/v1/imports/everything?source=x"), 404, "path.kind")
    assert "orders, parties" in said["detail"]
    is_problem(send(url="/api/v1/imports/orders"), 422, "query.source")
    for source in ("", "a%00b", "x" * 81, "a%0Ab"):
        is_problem(send(url=f"/api/v1/imports/orders?source={source}"), 422, "query.source")
    is_problem(shop.post(ORDERS, CSV, content_type="text/csv", headers={"Idempotency-Key": "k"}, CONTENT_LENGTH=""), 411,
               "header.Content-Length")  # fmt: skip
    empty = shop.post(ORDERS, headers={"Idempotency-Key": "k"}, CONTENT_TYPE="text/csv", CONTENT_LENGTH="0")
    assert "empty" in is_problem(empty, 422, "body")["detail"]
    settings.IMPORT_MOST_UPLOAD_BYTES = len(CSV) - 1
    is_problem(send(), 413, "body")
    assert not Import.objects.exists()


def test_a_body_larger_than_a_page_takes_is_taken_here(send: Send):
    body = b"customer,date,amount\n" + b"".join(b"c%07d,2026-01-01,1.00\n" % n for n in range(300_000))
    assert len(body) > 6 * 1024**2
    assert send(body).status_code == 202


@pytest.mark.parametrize(
    ("form", "body", "says"),
    [
        ("text/csv", b"\n\n", "no lines with text"),
        ("text/csv", b"\0" * 5000, "not a table of text"),
        ("text/csv", gzip.compress(CSV, mtime=0)[:-9], "gzip file is damaged"),
        ("text/csv", b"\x1f\x8b" + b"x" * 100, "gzip file is damaged"),
        ("text/csv", parquet(), "no text"),
        ("text/csv", b"PK\x03\x04 and so on", "no text"),
        ("application/vnd.apache.parquet", CSV, "no Parquet file"),
        ("application/vnd.apache.parquet", parquet()[:-20], "cannot be read"),
        ("application/x-ndjson", b"\n\n", "no JSON objects"),
        ("application/x-ndjson", b"{}\n{}\n", "no JSON objects"),
        ("application/x-ndjson", b'{"a": 1}\n[1]\n', "Line 2 is no JSON object"),
        ("application/x-ndjson", b'{"a": 1}\n{"a": {"b": 1}}\n', "Line 2"),
        ("application/x-ndjson", b'{"a": NaN}\n', "Line 1"),
        ("application/x-ndjson", b'{"a": 1' + b"0" * 5000 + b"}\n", "Line 1"),
        ("application/x-ndjson", b'{"a": "\xff"}\n', "Line 1"),
        ("application/x-ndjson", b"[" * 100_000, "Line 1"),
        ("application/x-ndjson", b'{"a": "' + b"x" * 2**20 + b'"}\n', "longer than"),
        ("application/x-ndjson", b"".join(b'{"a%d": 1}\n' % n for n in range(1001)), "different names"),
        ("application/x-ndjson", gzip.compress(NDJSON, mtime=0)[:-9], "gzip file is damaged"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_table_is_refused(send: Send, form: str, body: bytes, says: str):
    assert says in is_problem(send(body, form=form), 422, "body")["detail"]
    assert not any(model.objects.exists() for model in (Import, ImportRequest, Source))


def test_what_can_be_read_in_several_ways_is_asked_about(send: Send):
    body = CSV.replace(b"2026-01-0", b"01/02/202")
    said = is_problem(send(body), 422, "body")
    assert [question["asks"] for question in said["questions"]] == ["dates"]
    assert send(body, ORDERS + "&dates=d/m/y").status_code == 202
    for wrong in (
        "&dates=yes",
        "&decimal=x",
        "&zone=Nowhere",
        "&encoding=none",
        "&mapping=none",
        "&currency=XX",
    ):
        is_problem(send(body, ORDERS + wrong, key="k-2"), 422, "body")


def test_hostile_values_become_refused_rows(send: Send, shop: Client):
    rows = [
        rb'{"customer": "a\u0000b", "date": "2026-01-01", "amount": 1}',
        rb'{"customer": "\ud800", "date": "2026-01-01", "amount": 1}',
        rb'{"customer": "=cmd()", "date": "2026-01-01", "amount": 1e400}',
        rb'{"customer": "x", "date": "2026-01-01", "amount": "many"}',
        rb'{"customer": "x", "date": "2026-01-01", "amount": true}',
    ]
    answer = send(b"\n".join([*rows, NDJSON]), form="application/x-ndjson")
    done = work(answer.json()["id"])
    assert (done.rows_recorded, done.rows_refused) == (4, 4)
    said = shop.get(answer.json()["href"]).json()["refused"]
    assert [(row["line"], row["reason"]) for row in said] == [
        (2, "nul_character"), (4, "too_large"), (5, "not_a_number"), (6, "not_a_number")]  # fmt: skip


def test_an_import_that_is_not_there_or_still_a_draft_is_not_shown(shop: Client, staff: cast.Staff):
    draft = Import.objects.create(source=cast.source(), state=Import.State.DRAFT, by=staff.maxim)
    for number in (draft.pk, draft.pk + 1, 2**62):
        is_problem(shop.get(f"/api/v1/imports/{number}"), 404, "path")
    done = Import.objects.create(source=cast.source(), state=Import.State.DONE)
    is_problem(shop.get(f"/api/v1/imports/{done.pk}?later=x"), 422, "body")


def test_nothing_is_left_on_the_way(send: Send, settings: Any):
    send()
    send(b"customer,date\na,b\n", key="k-2")
    send(form="application/x-ndjson", key="k-3")
    send(CSV, ORDERS + "&dry_run=true")
    kept = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert [path.name for path in kept] == [Import.objects.get().stored_as.rpartition("/")[2]]


# What programs read first


def test_the_description_names_every_route_its_refusals_and_its_key():
    said = Client().get("/api/v1/openapi.json").json()
    assert set(said["paths"]) == {
        "/api/v1/imports/{kind}", "/api/v1/imports/{import_id}", "/api/v1/imports/{import_id}/reversal", "/api/v1/resolve",
        "/api/v1/parties/proofs", "/api/v1/parties/proofs/withdrawal",
    }  # fmt: skip
    for methods in said["paths"].values():
        for route in methods.values():
            assert {"401", "403", "422", "429"} <= set(route["responses"])
            assert route["security"] == [{"ByToken": []}]
    post = said["paths"]["/api/v1/imports/{kind}"]["post"]
    assert "text/csv" in post["requestBody"]["content"]
    assert {one["name"] for one in post["parameters"]} >= {"kind", "source", "mapping", "dry_run", "Idempotency-Key"}
