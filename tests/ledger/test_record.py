"""Files become facts, once."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entente.ledger import record
from entente.ledger.dry_run import dry_run
from entente.ledger.models import Import, LineKind, Order, OrderLine, Party, Product, RefusedRow, Source
from entente.ledger.prepare import OpenQuestions
from entente.ledger.record import SourceIsBusy, open_import, run_import
from entente.staff.models import Firm
from tests.ledger.conftest import LINES, LOG, bring, ledger, mapping
from tests.ledger_facts import other_connection

pytestmark = pytest.mark.django_db(transaction=True)

TWO_DAYS = "customer,date,amount\na,2024-01-01,10\na,2024-01-01,5\nb,2024-01-02,7.25\n,2024-01-02,1\n"


def refused():
    return list(RefusedRow.objects.order_by("line").values_list("line", "column", "value", "reason"))


def test_a_log_becomes_one_order_a_customer_and_day_and_a_line_a_row(write):
    done = bring(write(TWO_DAYS), mapping(LOG))
    assert (done.state, done.rows_read, done.rows_recorded, done.rows_refused) == ("done", 4, 4, 0)
    assert sorted(Order.objects.values_list("number", "party__key")) == [
        ("/2024-01-02", None), ("a/2024-01-01", "a"), ("b/2024-01-02", "b")]  # fmt: skip
    line = OrderLine.objects.get(line=4)
    assert (line.amount, line.quantity, line.unit_price, line.currency) == (Decimal("7.25"), 1, Decimal("7.25"), "EUR")
    assert line.party.key == line.order.party.key == "b"
    assert (line.ordered_on, line.order.ordered_on) == (date(2024, 1, 2), date(2024, 1, 2))


def test_the_time_is_that_of_the_firms_clocks(write):
    Firm.objects.create(id=1, name="Firm", zone="Asia/Tehran", currency="IRR")
    done = bring(write("customer,date,amount\na,1403/05/17 08:30,10000\n"), mapping(LOG, currency=""))
    order = Order.objects.get()
    assert order.ordered_at == datetime(2024, 8, 7, 5, 0, tzinfo=UTC)
    assert OrderLine.objects.get().currency == "IRR"
    assert {"code": "currency_of_the_firm", "currency": "IRR"} in done.notes


def test_every_wrong_row_is_refused_with_its_line_column_and_reason(write):
    text = (
        "order,date,customer,product,quantity,price\n"
        "1,2024-01-01,a,x,1,2\n"
        '"2",2024-01-01,b,"y\nz",2,3\n'
        "3,2024-02-30,b,y,1,1\n"
        "4,2024-01-01,b,y,many,1\n"
        "5,2024-01-01,b,y,1\n"
        "6,2024-01-01,b,y,1,1,9\n"
        ",2024-01-01,b,y,1,1\n"
        "\n"
        "8,2024-01-01,b,y,1,1.23456\n"
        "9,20111-01-01,b,y,1,1\n"
        "10,2024-01-01,b,y,1000000000000,1\n"
        "11,2024-01-01,b\x00,y,1,1\n"
        "1,2024-01-01,b,y,1,1\n"
        "12,2024-01-01,b,y,1,XYZ 1\n"
        "13,2024-01-01," + "k" * 200 + ",y,1,1\n"
        "14,2024-01-01,b,y,1,1,\n"
    )
    done = bring(write(text), mapping(LINES))
    assert [(line, column, reason) for line, column, _, reason in refused()] == [
        (5, "date", "not_a_date"), (6, "quantity", "not_a_number"), (7, "", "too_few_fields"), (8, "", "too_many_fields"),
        (9, "order", "empty"), (11, "price", "too_many_decimals"), (12, "date", "year_not_meant"), (13, "quantity", "too_large"),
        (14, "customer", "nul_character"), (15, "order", "order_of_another_customer"), (16, "currency", "unknown_currency"),
        (17, "customer", "too_long"),
    ]  # fmt: skip
    assert (done.rows_read, done.rows_recorded, done.rows_refused) == (15, 3, 12)
    assert set(OrderLine.objects.values_list("line", flat=True)) == {2, 3, 18}
    assert RefusedRow.objects.get(line=6).row == ["4", "2024-01-01", "b", "y", "many", "1"]
    assert Party.objects.filter(key="k" * 120).count() == 0


def test_the_same_file_twice_changes_nothing(write):
    path = write(TWO_DAYS)
    first = bring(path, mapping(LOG))
    before = ledger()
    again = bring(path, mapping(LOG))
    assert again.pk == first.pk
    assert ledger() == before
    assert Import.objects.count() == 1


def test_the_same_lines_in_another_file_are_known(write):
    bring(write(TWO_DAYS), mapping(LOG))
    before = ledger()
    again = bring(write(TWO_DAYS.replace(",", ";"), "other.csv"), mapping(LOG))
    assert (again.rows_recorded, again.rows_known) == (0, 4)
    assert ledger() == before


def test_overlapping_exports_record_each_line_once_and_twins_are_kept(write):
    heading, twin = "customer,date,amount\n", "a,2024-01-01,5\n"
    first = bring(write(heading + twin + "b,2024-01-02,1\n", "january.csv"), mapping(LOG))
    second = bring(write(heading + "b,2024-01-02,1\n" + twin + twin + "c,2024-02-01,2\n", "february.csv"), mapping(LOG))
    assert first.rows_recorded == 2
    assert (second.rows_recorded, second.rows_known) == (2, 2)
    assert OrderLine.objects.filter(party__key="a").count() == 2
    assert {"code": "twins", "count": 1} in second.notes


def test_twins_are_told_apart_across_chunks(write, monkeypatch):
    monkeypatch.setattr(record, "CHUNK_ROWS", 3)
    text = "customer,date,amount\n" + "a,2024-01-01,5\n" * 10
    done = bring(write(text), mapping(LOG))
    assert done.rows_recorded == 10
    again = bring(write(text + "\n\n", "again.csv"), mapping(LOG))
    assert (again.rows_recorded, again.rows_known) == (0, 10)


def test_another_source_has_facts_of_its_own(write):
    path = write(TWO_DAYS)
    bring(path, mapping(LOG), "shop")
    bring(path, mapping(LOG), "till")
    assert OrderLine.objects.count() == 8
    assert Party.objects.filter(key="a").count() == 2


def test_later_lines_complete_a_customer_and_overwrite_nothing(write):
    columns = {"country": "country", "phone": "phone", "email": "mail"}
    heading = "customer,date,amount,country,phone,mail\n"
    bring(
        write(heading + "a,2024-01-01,1,,,\na,2024-01-02,1,Deutschland,030 901820,A@Example.COM\n"),
        mapping(LOG, columns),
    )
    bring(write(heading + "a,2024-01-03,1,France,,\n", "more.csv"), mapping(LOG, columns))
    party = Party.objects.get()
    assert (party.country, party.phone, party.phone_e164, party.email) == (
        "DE",
        "030 901820",
        "+4930901820",
        "a@example.com",
    )


def test_returns_charges_costs_and_products(write):
    text = (
        "order,date,customer,product,quantity,price,cost,name\n"
        "1,2024-01-01,a,x,2,10,6.5,Lacquer\n"
        "1,2024-01-01,a,POST,1,4,,Postage\n"
        "2,2024-01-02,a,x,-1,10,6.5,\n"
    )
    read = {**LINES, "charges": ["post"]}
    bring(write(text), mapping(read, {"unit_cost": "cost", "product_name": "name"}))
    lines = {line.line: line for line in OrderLine.objects.select_related("product", "order")}
    assert [(lines[n].kind, lines[n].amount, lines[n].cost) for n in (2, 3, 4)] == [
        (LineKind.SALE, 20, 13), (LineKind.CHARGE, 4, None), (LineKind.RETURN, -10, Decimal("-6.5"))]  # fmt: skip
    assert lines[3].product.is_charge
    assert not lines[2].product.is_charge
    assert lines[4].order.is_return
    assert not lines[2].order.is_return
    assert Product.objects.get(code="x").unit_cost == Decimal("6.5")


def test_a_currency_beside_the_amount_is_taken(write):
    bring(write("customer;date;amount\na;2024-01-01;2,50 €\nb;2024-01-01;£3,25\n"), mapping(LOG, currency=""))
    assert sorted(OrderLine.objects.values_list("currency", "amount")) == [
        ("EUR", Decimal("2.5")),
        ("GBP", Decimal("3.25")),
    ]


def test_an_ambiguous_file_is_not_imported_but_asked_about(write):
    path = write("customer,date,amount\na,01/02/2024,5\n")
    with pytest.raises(OpenQuestions) as raised:
        open_import(path, mapping=mapping(LOG), source_name="shop", file_name="x", by=None)
    assert [question.option for question in raised.value.questions] == ["--dates"]
    assert not Import.objects.exists()
    bring(path, mapping(LOG, dates="d/m/y"))
    assert Order.objects.get().ordered_on == date(2024, 2, 1)


def test_a_currency_that_nobody_names_is_asked_for(write):
    with pytest.raises(OpenQuestions) as raised:
        bring(write(TWO_DAYS), mapping(LOG, currency=""))
    assert raised.value.questions[0].option == "--currency"


def test_a_dry_run_says_what_would_happen_and_writes_nothing(write):
    path = write(TWO_DAYS + "x,tomorrow,1\n")
    found = dry_run(path, mapping(LOG), source_name="shop")
    assert found.counts == {
        "rows": 5,
        "facts": 4,
        "known": 0,
        "refused": 1,
        "anonymous": 1,
        "orders": 3,
        "customers": 2,
        "products": 0,
    }
    assert found.totals == {"EUR": Decimal("23.25")}
    assert found.days == ("2024-01-01", "2024-01-02")
    assert found.first[0]["amount"] == 10
    assert (found.refused[0]["line"], found.refused[0]["reason"]) == (6, "not_a_date")
    assert not Source.objects.exists()
    assert not Import.objects.exists()
    bring(path, mapping(LOG))
    assert dry_run(path, mapping(LOG), source_name="shop").counts["known"] == 4


def test_two_imports_of_one_source_do_not_run_at_once(write, monkeypatch):
    monkeypatch.setattr(record, "PATIENCE_S", 0)
    opened = open_import(write(TWO_DAYS), mapping=mapping(LOG), source_name="shop", file_name="x", by=None)
    with other_connection() as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [record._LOCK, opened.source_id])
        with pytest.raises(SourceIsBusy):
            run_import(opened.pk)
    assert run_import(opened.pk).rows_recorded == 4


def test_the_file_is_kept_only_until_it_is_done_and_never_under_its_own_name(write, settings, tmp_path):
    opened = open_import(
        write(TWO_DAYS), mapping=mapping(LOG), source_name="shop", file_name="../../etc/pass\x00wd\n<img>.csv", by=None
    )
    assert opened.file_name == "passwd<img>.csv"
    assert record.stored_file(opened).parent == tmp_path / "files" / "imports"
    run_import(opened.pk)
    assert list((tmp_path / "files" / "imports").iterdir()) == []


def test_a_failed_import_says_why_and_can_go_on(write, monkeypatch):
    monkeypatch.setattr(record, "CHUNK_ROWS", 2)
    opened = open_import(write(TWO_DAYS), mapping=mapping(LOG), source_name="shop", file_name="x", by=None)
    whole, calls = record._record_chunk, []

    def fails_once(*args):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("disk full")
        whole(*args)

    monkeypatch.setattr(record, "_record_chunk", fails_once)
    with pytest.raises(RuntimeError):
        run_import(opened.pk)
    opened.refresh_from_db()
    assert (opened.state, opened.rows_read, opened.error) == ("failed", 2, "RuntimeError: disk full")
    done = run_import(opened.pk)
    assert (done.state, done.rows_read, done.rows_recorded, done.error) == ("done", 4, 4, "")


def test_queries_do_not_grow_with_the_rows_of_a_chunk(write):
    def queries(rows):
        text = "customer,date,amount\n" + "".join(f"c{n},2024-01-01,{n + 1}\n" for n in range(rows))
        opened = open_import(
            write(text, f"{rows}.csv"), mapping=mapping(LOG), source_name=f"s{rows}", file_name="x", by=None
        )
        with CaptureQueriesContext(connection) as seen:
            run_import(opened.pk)
        return len(seen)

    assert queries(10) == queries(1000)


def test_progress_is_told(write, monkeypatch):
    monkeypatch.setattr(record, "CHUNK_ROWS", 2)
    opened = open_import(write(TWO_DAYS), mapping=mapping(LOG), source_name="shop", file_name="x", by=None)
    told = []
    run_import(opened.pk, progress=told.append)
    assert [(progress.rows_read, progress.rows_total) for progress in told] == [(2, 4), (4, 4)]


def test_a_large_amount_for_next_to_nothing_is_refused_not_a_crash(write):
    text = "customer,date,amount,qty\na,2024-01-01,999999999999,0.0001\nb,2024-01-01,5,0\n"
    done = bring(write(text), mapping(LOG, {"quantity": "qty"}))
    assert refused() == [(2, "amount", "999999999999", "too_large")]
    assert done.rows_recorded == 1
    assert OrderLine.objects.get().amount == 5


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "3", ""]),
            st.sampled_from(["2024-01-01", "2024-01-02", "never"]),
            st.sampled_from(["a", "b", "", "ب\u200c", "a\u2028b", "=x"]),
            st.sampled_from(["x", "y", ""]),
            st.sampled_from(["1", "-2", "0", "x"]),
            st.sampled_from(["2.5", "0", "1e30", "-1"]),
        ),
        max_size=12,
    )
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_recorded_or_known_or_refused_and_a_second_time_nothing_is_new(write, rows):
    """Whatever the rows are; the second file differs by a blank line, so that it is not simply recognised."""
    OrderLine.objects.all().delete()
    Order.objects.all().delete()
    RefusedRow.objects.all().delete()
    Import.objects.filter(state="done").update(sha256="")
    text = "order,date,customer,product,quantity,price\n" + "".join(",".join(row) + "\n" for row in rows)
    read = mapping(LINES, dates="y-m-d", decimal=".")
    filled = sum(any(row) for row in rows)
    first, second = bring(write(text), read), bring(write(text + "\n"), read)
    for done in (first, second):
        assert done.rows_read == done.rows_recorded + done.rows_known + done.rows_refused == filled
    assert first.rows_recorded == OrderLine.objects.count()
    assert (second.rows_recorded, second.rows_known) == (0, first.rows_recorded)
