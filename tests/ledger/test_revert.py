"""Taking an import back."""

from datetime import UTC, datetime

import pytest

from entente.ledger.models import Import, Interaction, Order, OrderLine, Party, Product
from entente.ledger.record import ImportIsOver, run_import
from entente.ledger.refused import refused_rows_csv, safe_cell
from entente.ledger.revert import revert_import
from tests.ledger.conftest import LINES, LOG, bring, ledger, mapping

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2024, 6, 1, tzinfo=UTC)
HEADING = "order,date,customer,product,quantity,price\n"


def test_everything_of_it_is_gone_and_the_file_can_come_again(write):
    path = write(HEADING + "1,2024-01-01,a,x,1,2\n2,2024-01-01,b,y,1,2\n")
    first = bring(path, mapping(LINES))
    before = ledger()
    gone = revert_import(first.pk, by=None, at=NOW)
    assert (gone.state, gone.reverted_at) == ("reverted", NOW)
    assert not any(model.objects.exists() for model in (OrderLine, Order, Party, Product))
    again = bring(path, mapping(LINES))
    assert again.pk != first.pk
    assert ledger() == before


def test_what_another_import_needs_stays(write):
    first = bring(write(HEADING + "1,2024-01-01,a,x,1,2\n2,2024-01-01,b,y,1,2\n", "one.csv"), mapping(LINES))
    bring(write(HEADING + "1,2024-01-01,a,x,3,2\n", "two.csv"), mapping(LINES))
    revert_import(first.pk, by=None, at=NOW)
    assert list(OrderLine.objects.values_list("order__number", "party__key", "product__code", "quantity")) == [
        ("1", "a", "x", 3)
    ]
    assert [party.key for party in Party.objects.all()] == ["a"]
    assert [product.code for product in Product.objects.all()] == ["x"]


def test_a_customer_somebody_talked_with_stays(write):
    first = bring(write("customer,date,amount\na,2024-01-01,1\nb,2024-01-01,1\n"), mapping(LOG))
    party = Party.objects.get(key="a")
    Interaction.objects.create(party=party, **_needed(Interaction))
    revert_import(first.pk, by=None, at=NOW)
    assert [party.key for party in Party.objects.all()] == ["a"]


def _needed(model):
    """Something for each field that must not be empty."""
    made = {}
    for field in model._meta.concrete_fields:
        if (
            field.primary_key
            or field.null
            or field.has_default()
            or field.name == "party"
            or getattr(field, "auto_now_add", False)
        ):
            continue
        fitting = {"DateTimeField": NOW, "BooleanField": False}
        made[field.name] = fitting.get(field.get_internal_type(), field.choices[0][0] if field.choices else "")
    return made


def test_twice_is_refused(write):
    first = bring(write("customer,date,amount\na,2024-01-01,1\n"), mapping(LOG))
    revert_import(first.pk, by=None, at=NOW)
    with pytest.raises(ImportIsOver):
        revert_import(first.pk, by=None, at=NOW)
    with pytest.raises(ImportIsOver):
        run_import(first.pk)


def test_refused_rows_come_as_harmless_csv(write):
    text = 'customer,date,amount\n=HYPERLINK("http://evil"),2024-99-01,-5\n" @x",2024-01-01,+cmd|x\n'
    done = bring(write(text), mapping(LOG))
    lines = list(refused_rows_csv(done.pk))
    assert lines[0] == '"line","column","reason","customer","date","amount"\r\n'
    assert lines[1].endswith('"\'=HYPERLINK(""http://evil"")","2024-99-01","-5"\r\n')
    assert lines[2].endswith('"\' @x","2024-01-01","\'+cmd|x"\r\n')
    assert Import.objects.get().rows_refused == 2


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "  =1", "＝1", "%0A=1", "\u200b=1"]
)
def test_formulas_are_quoted(cell):
    assert safe_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-5", "+49 30 1234", "12.5", "Müller", "", "a=b"])
def test_other_cells_stay(cell):
    assert safe_cell(cell) == cell
