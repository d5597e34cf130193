"""Every kind of file, well made and hostile."""

import gzip
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from entente.ledger.models import Order, OrderLine, Party, RefusedRow
from entente.ledger.prepare import OpenQuestions, prepare, propose_mapping
from entente.ledger.readers.table import UnreadableFile
from entente.ledger.survey import Wishes
from tests.ledger.conftest import LINES, LOG, bring, ledger, mapping

pytestmark = pytest.mark.django_db(transaction=True)

GERMAN = "customer;date;amount;name\n1;03.05.2024;1.234,50;Müller & Söhne\n2;04.05.2024;12,00;Café René\n"
RUSSIAN = "customer;date;amount;name\n1;03.05.2024;1 234,50;Иван Петров\n2;04.05.2024;12,00;ООО Заря\n"
NAMED = {"customer_name": "name"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("name", ["orders.csv", "orders.csv.gz"])
def test_every_encoding_gives_the_same_facts(write, encoding, name):
    bring(write(GERMAN, name, encoding), mapping(LOG, NAMED))
    assert sorted(Party.objects.values_list("key", "name")) == [("1", "Müller & Söhne"), ("2", "Café René")]
    assert sorted(OrderLine.objects.values_list("amount", "ordered_on")) == [
        (Decimal(12), date(2024, 5, 4)), (Decimal("1234.5"), date(2024, 5, 3))]  # fmt: skip


def test_cyrillic_in_cp1251(write):
    bring(write(RUSSIAN, encoding="cp1251"), mapping(LOG, NAMED))
    assert sorted(Party.objects.values_list("name", flat=True)) == ["Иван Петров", "ООО Заря"]


def test_bytes_outside_the_named_encoding_are_refused_by_line(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes("customer;date;amount;name\n1;03.05.2024;1;Ж\n2;03.05.2024;1;Müller\n".encode("cp1252", "replace"))
    bring(path, mapping(LOG, NAMED, encoding="utf-8"))
    assert list(RefusedRow.objects.values_list("line", "column", "reason")) == [(3, "name", "not_in_encoding")]


def test_quoted_line_ends_do_not_shift_the_lines(write):
    text = 'customer,date,amount,name\r\na,2024-01-01,1,"two\r\nlines"\r\nb,2024-01-01,x,\r\nc,2024-01-01,1,""\r\n'
    bring(write(text), mapping(LOG, NAMED))
    assert RefusedRow.objects.get().line == 4
    assert Party.objects.get(key="a").name == "two lines"


def test_a_quote_that_never_ends_costs_its_rows_and_no_more(write):
    rows = "".join(f"c{n},2024-01-01,{n + 1}\n" for n in range(20_000))
    done = bring(write('customer,date,amount\na,2024-01-01,1\n"b,2024-01-01,1\n' + rows), mapping(LOG))
    assert list(RefusedRow.objects.values_list("line", "reason")) == [(3, "too_long")]
    assert done.rows_recorded > 10_000


def test_a_line_without_end_does_not_fill_the_memory(write):
    done = bring(write("customer,date,amount\na,2024-01-01,1\n" + "x" * 3_000_000 + "\nb,2024-01-01,1\n"), mapping(LOG))
    assert (done.rows_recorded, done.rows_refused) == (2, 1)
    assert OrderLine.objects.get(party__key="b").line == 4


def test_a_heading_alone_is_an_import_of_nothing(write):
    assert bring(write("customer,date,amount\n"), mapping(LOG, dates="y-m-d")).rows_read == 0


@pytest.mark.parametrize(
    "data", [b"", b"\xd0\xcf\x11\xe0old", b"%PDF-1.4", bytes(5000), b"PAR1 nonsense", b"PK\x03\x04 nonsense"]
)
def test_what_is_no_table_is_refused_with_a_word(tmp_path, data):
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile):
        prepare(path, mapping(LOG), today=date(2024, 6, 1))


def test_a_damaged_gzip_is_refused(tmp_path):
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(GERMAN.encode() * 1000)[:-400])
    with pytest.raises(UnreadableFile, match="damaged"):
        prepare(path, mapping(LOG), today=date(2024, 6, 1))


def test_a_gzip_bomb_is_refused(tmp_path):
    path = tmp_path / "x.csv.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(100):
            file.write(b"a,2024-01-01,1\n" * 70_000)
    with pytest.raises(UnreadableFile, match="grows"):
        prepare(path, mapping(LOG), today=date(2024, 6, 1))


def test_a_workbook_bomb_is_refused(tmp_path):
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", bytes(100_000_000))
    with pytest.raises(UnreadableFile, match="grows"):
        prepare(path, mapping(LOG), today=date(2024, 6, 1))


def test_columns_of_one_name_are_told_apart_by_position(write):
    path = write("customer,date,amount,amount\na,2024-01-01,1,2\n")
    with pytest.raises(Exception, match="several columns are called amount"):
        bring(path, mapping(LOG))
    done = bring(path, mapping(LOG, {"amount": 4}))
    assert OrderLine.objects.get().amount == 2
    assert {note["code"] for note in done.notes} == {"same_name_twice", "columns_left_out"}


def test_without_heading_columns_are_numbered(write):
    path = write("a,2024-01-01,1\nb,2024-01-02,2\n")
    assert propose_mapping(path).questions[0].option == "--no-header"
    bring(path, mapping(LOG, {"customer": 1, "ordered_at": 2, "amount": 3}, header=False))
    assert sorted(OrderLine.objects.values_list("line", "amount")) == [(1, 1), (2, 2)]


def test_parquet_and_csv_say_the_same(write, tmp_path):
    text = "order,date,customer,product,quantity,price\n7,2024-01-01 10:30:00,12,x,3,2.55\n8,2024-01-02 11:00:00,,y,1,0.3\n"
    bring(write(text), mapping(LINES))
    before = ledger()
    table = pa.table({
        "order": pa.array([7, 8]), "date": pa.array([datetime(2024, 1, 1, 10, 30), datetime(2024, 1, 2, 11)], pa.timestamp("ns")),
        "customer": pa.array([12.0, None]), "product": pa.array(["x", "y"]).dictionary_encode(),
        "quantity": pa.array([3, 1], pa.int32()), "price": pa.array([2.5500000000000003, 0.1 + 0.2]),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "orders.parquet")
    done = bring(tmp_path / "orders.parquet", mapping(LINES))
    assert (done.rows_recorded, done.rows_known) == (0, 2)
    assert ledger() == before


def test_parquet_with_impossible_values(tmp_path):
    table = pa.table(
        {
            "customer": ["a"] * 5,
            "date": [date(2024, 1, 1)] * 5,
            "amount": [float("nan"), float("inf"), 1e30, 1.23456, 2.5],
        }
    )
    pq.write_table(table, tmp_path / "orders.parquet")
    bring(tmp_path / "orders.parquet", mapping(LOG))
    assert list(RefusedRow.objects.order_by("line").values_list("line", "reason")) == [
        (2, "not_a_number"), (3, "too_large"), (4, "too_large"), (5, "too_many_decimals")]  # fmt: skip


def test_an_instant_with_an_offset_keeps_it(tmp_path):
    moment = datetime(2024, 7, 1, 23, 30, tzinfo=UTC)
    pq.write_table(pa.table({"customer": ["a"], "date": [moment], "amount": [1]}), tmp_path / "orders.parquet")
    bring(tmp_path / "orders.parquet", mapping(LOG, zone="Europe/Berlin"))
    order = Order.objects.get()
    assert (order.ordered_at, order.ordered_on) == (moment, date(2024, 7, 2))


def test_a_workbook_with_typed_cells(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["customer", "date", "amount"], [17850, datetime(2010, 12, 1, 8, 26), 2.55], ["b", 40513.5, "3,25"],
                [None, None, None], ["c", "02.12.2010", 1], ["d", "?", 1]):  # fmt: skip
        sheet.append(row)
    book.create_sheet("other").append(["nothing"])
    book.save(tmp_path / "orders.xlsx")
    done = bring(tmp_path / "orders.xlsx", mapping(LOG))
    assert sorted(OrderLine.objects.values_list("party__key", "amount", "ordered_on", "line")) == [
        ("17850", Decimal("2.55"), date(2010, 12, 1), 2), ("b", Decimal("3.25"), date(2010, 12, 1), 3),
        ("c", Decimal(1), date(2010, 12, 2), 5)]  # fmt: skip
    assert list(RefusedRow.objects.values_list("line", "reason")) == [(6, "not_a_date")]
    assert done.rows_read == 4
    with pytest.raises(UnreadableFile, match="no sheet wages"):
        prepare(tmp_path / "orders.xlsx", mapping(LOG, sheet="wages"), today=date(2024, 1, 1))


def test_evidence_far_down_a_file_counts(write):
    early = "".join(f"c{n},01/{1 + n % 12:02}/2024,{n + 1},{'x' * 60}\n" for n in range(40_000))
    path = write("customer,date,amount,note\n" + early + "z,31/12/2023,1,x\n" * 20_000)
    assert prepare(path, mapping(LOG), today=date(2026, 1, 1)).mapping.read.orders == {"ordered_at": "d/m/y"}


def test_a_mapping_is_proposed_from_the_heading(write):
    proposal = propose_mapping(write("Kundennummer;Bestelldatum;Betrag;Notiz\n1;03.05.2024;1,5;x\n"))
    assert proposal.columns == {"customer": "Kundennummer", "ordered_at": "Bestelldatum", "amount": "Betrag"}
    assert proposal.missing == []
    assert proposal.rows == [["1", "03.05.2024", "1,5", "x"]]
    assert proposal.as_mapping(currency="EUR").read.currency == "EUR"


def test_a_ready_mapping_is_recognised(write):
    proposal = propose_mapping(
        write("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n")
    )
    assert proposal.ready == "online-retail"
    assert proposal.as_mapping().return_prefix == "C"


def test_what_is_missing_is_named(write):
    proposal = propose_mapping(write("foo,bar\nx,y\n"), Wishes())
    assert set(proposal.missing) == {"ordered_at", "customer", "amount"}


def test_an_encoding_in_doubt_is_asked_before_anything_else(write):
    path = write("customer,date,amount\na,2024-01-01,£5\n", encoding="cp1252")
    assert propose_mapping(path).questions[0].asks == "encoding"
    with pytest.raises(OpenQuestions):
        bring(path, mapping(LOG))
    bring(path, mapping(LOG, encoding="cp1252"))
    assert OrderLine.objects.get().currency == "GBP"
