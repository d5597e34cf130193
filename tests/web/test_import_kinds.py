"""Every kind of facts in the browser: proposed, tried, started, taken back."""

import gzip

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from entente.identify.bring_in import bring_in
from entente.identify.relations_models import Relation
from entente.ledger.models import Import, Interaction
from entente.ledger.record import run_import
from tests import cast
from tests.web.test_imports import _own_files, fields, hand_over, opened

__all__ = ["_own_files"]  # fixture


@pytest.fixture
def maxim(company: cast.Company, signed_in) -> Client:
    return signed_in(company.staff.maxim)


CALLS = "key,customer,at,channel,subject,body,outcome\nT1,A1,2026-01-10 10:30,telephone,Paint,=1+1,voicemail\nT2,A1,never,telephone,,,\n"
COLUMNS = ("key", "customer", "at", "channel", "subject", "body", "outcome")


def handed_over(maxim: Client, kind: str, text: str) -> Import:
    file = SimpleUploadedFile(f"{kind}.csv", text.encode())
    assert maxim.post("/imports/new", {"file": file, "source": "shop", "kind": kind}).status_code == 302
    return Import.objects.order_by("-id")[0]


def test_contacts_go_all_the_way_with_a_direction_that_holds_for_every_row(maxim: Client):
    run = handed_over(maxim, "interactions", CALLS)
    url = f"/imports/{run.pk}/columns"
    page = maxim.get(url)
    assert [field["name"] for field in page.context["fields"] if field["needed"]] == ["customer", "at", "direction"]
    form = {"has_columns": "1", "read.dates": "y-m-d", **{f"columns.{name}": name for name in COLUMNS}}
    lacking = maxim.post(url, {**form, "do": "try"})
    assert lacking.status_code == 422
    assert [field["name"] for field in lacking.context["fields"] if field["error"]] == ["direction"]
    assert maxim.post(url, {**form, "columns.direction": "every row: up", "do": "try"}).status_code == 422
    form["columns.direction"] = "every row: outgoing"
    tried = maxim.post(url, {**form, "do": "try"})
    assert {name: tried.context["tried"]["counts"][name] for name in ("new", "changed", "refused")} == {
        "new": 1,
        "changed": 0,
        "refused": 1,
    }
    shown = tried.content.decode()
    assert 'value="every row: outgoing" selected' in shown
    assert "left a message" not in shown
    assert "from us" in shown
    maxim.post(url, {**form, "do": "start"})
    opened = Import.objects.exclude(state="draft").get(kind="interactions")
    assert run_import(opened.pk).rows_recorded == 1
    contact = Interaction.objects.get(import_run=opened)
    assert (contact.is_outgoing, contact.is_two_way, contact.outcome) == (True, False, "voicemail")

    again = handed_over(maxim, "interactions", CALLS.replace("T1", "T9"))
    taken = maxim.get(f"/imports/{again.pk}/columns?map={opened.pk}")
    assert taken.context["is_ready"], "the way it was read is offered with what held for every row"
    assert maxim.post(f"/imports/{opened.pk}/reversal").status_code == 302
    assert not Interaction.objects.filter(import_run=opened).exists()


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (
            "invoices",
            "Invoice,Customer,Date,Due date,Amount,Currency\nR1,A1,2026-01-10,2026-02-10,5,EUR\n",
            "To be paid by",
        ),
        ("payments", "Invoice,Date,Amount,Currency\nR1,2026-01-10,5,EUR\n", "Date of the payment"),
        ("deliveries", "Delivery,Order,Promised,Status\nD1,N1,2026-01-10,shipped\n", "Promised for"),
    ],
)
def test_dealings_are_proposed_tried_and_started(maxim: Client, kind: str, text: str, words: str):
    assert f'value="{kind}" selected' in maxim.get(f"/imports/new?kind={kind}").content.decode()
    run = handed_over(maxim, kind, text)
    url = f"/imports/{run.pk}/columns"
    page = maxim.get(url)
    assert page.context["is_ready"], page.context["questions"]
    chosen = {f"columns.{field['name']}": field["chosen"] for field in page.context["fields"] if field["chosen"]}
    tried = maxim.post(url, {"has_columns": "1", **chosen, "do": "try"})
    assert words in tried.content.decode()
    assert tried.context["tried"]["counts"]["new"] == 1
    maxim.post(url, {"has_columns": "1", **chosen, "do": "start"})
    opened = Import.objects.exclude(state="draft").get(kind=kind)
    assert run_import(opened.pk).rows_recorded == 1
    assert maxim.get(f"/imports/{opened.pk}/").context["may_revert"]


def test_relations_are_proposed_tried_started_and_taken_back(maxim: Client):
    known = opened(maxim, "customer,date,amount\nA1,2026-01-01,5\nA2,2026-01-01,5\n")
    bring_in(known.pk)
    text = "Customer,Relation,Other,Since\nA1,branch of,A2,2026-01-10\nA1,branch of,A9,2026-01-10\n"
    run = handed_over(maxim, "relations", text)
    url = f"/imports/{run.pk}/columns"
    page = maxim.get(url)
    assert page.context["is_ready"], page.context["questions"]
    chosen = {f"columns.{field['name']}": field["chosen"] for field in page.context["fields"] if field["chosen"]}
    tried = maxim.post(url, {"has_columns": "1", **chosen, "do": "try"})
    shown = tried.content.decode()
    assert tried.context["tried"]["counts"]["new"] == 1
    assert "belongs to the group of" in shown and "nobody of this source" in shown
    maxim.post(url, {"has_columns": "1", **chosen, "do": "start"})
    relations = Import.objects.exclude(state="draft").get(kind="relations")
    assert bring_in(relations.pk).rows_recorded == 1
    assert maxim.post(f"/imports/{relations.pk}/reversal").status_code == 302
    assert not Relation.objects.exists()


def test_lines_of_json_are_taken_like_any_table(maxim: Client):
    lines = (
        '{"customer": "A", "date": "2026-01-05", "amount": 1.5}\n{"customer": "B", "date": "2026-01-06", "amount": 2}\n'
    )
    run = hand_over(maxim, gzip.compress(lines.encode()), name="orders.jsonl.gz")
    tried = maxim.post(f"/imports/{run.pk}/columns", fields(do="try"))
    assert tried.context["tried"]["counts"]["facts"] == 2
    broken = maxim.post("/imports/new", {"file": SimpleUploadedFile("x.ndjson", b'{"a": 1}\n{'), "kind": "orders"})
    assert broken.status_code == 422 and "Line 2" in broken.content.decode()
