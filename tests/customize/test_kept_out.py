"""Who is kept out after an erasure: whoever was erased, however they are spelled; and nobody who lives under their own number."""

from __future__ import annotations

from pathlib import Path

import pytest

from entente.customize.erase import erase, erase_again, plan_erasure
from entente.identify.match import match_new
from entente.identify.models import Membership
from entente.interact.person import NO_CONTACT
from entente.jobs import import_file
from entente.ledger.erasures import list_path, read_list
from entente.ledger.models import Import, Order, Party, Tombstone
from tests.erasure_facts import NOW, PARTIES, TODAY, bring
from tests.ledger_facts import a_firm

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_home")]
HEADING = PARTIES.split("\n")[0]
ANNA = "a,Anna Apfel,anna@x.example,030 901820,DE,,,,DE811907980,,"
BERT = "b,Bert Birne,bert@x.example,030 555555,DE,,,,,,"
LINES = "order,date,customer,product,quantity,price,email\n"


def people(folder: Path, *rows: str, source: str = "shop") -> Import:
    done = bring(folder, "parties", "\n".join([HEADING, *rows, ""]), source=source)
    match_new()
    return done


def record(key: str) -> Party:
    return Party.objects.get(key=key)


def whose(key: str) -> int:
    return Membership.objects.values_list("customer_id", flat=True).get(party__key=key, ended_at=None)


def gone(key: str) -> str:
    """Erase whoever stands under that number. Returns what they are called since."""
    customer = whose(key)
    erase(customer, because="They asked.", by=None, today=TODAY, at=NOW)
    return f"Erased customer {customer}"


def night() -> None:
    erase_again(today=TODAY, at=NOW)


def kinds() -> set[str]:
    return set(Tombstone.objects.values_list("kind", flat=True))


def test_a_present_for_somebody_erased_costs_nobody_their_record(tmp_path: Path):
    people(tmp_path, ANNA, BERT)
    nameless = gone("a")
    bring(
        tmp_path,
        "orders",
        f"{LINES}B-1,2026-04-01,b,paint,2,10,bert@x.example\nB-2,2026-04-02,b,paint,2,10,anna@x.example\n",
    )
    night()
    assert record("b").name == "Bert Birne" and Tombstone.objects.filter(kind="key").count() == 1
    assert set(Order.objects.values_list("number", "party__key")) == {("B-1", "b"), ("B-2", "b")}
    assert not Order.objects.filter(party__key=nameless).exists()


def test_of_the_one_it_speaks_of_such_an_order_says_nothing(tmp_path: Path):
    """Orders fill in what a record does not say yet; whoever is known by number only would else become the one who was erased."""
    people(tmp_path, ANNA)
    gone("a")
    bring(tmp_path, "log", "customer,date,amount\nz,2026-03-01,100\n")
    bring(tmp_path, "orders", f"{LINES}B-3,2026-04-02,z,paint,2,10,anna@x.example\n")
    night()
    assert (record("z").email, record("z").erased_at) == ("", None)
    assert Order.objects.filter(party=record("z")).count() == 2


def test_a_telephone_given_out_again_is_theirs_who_have_it_now(tmp_path: Path):
    people(tmp_path, ANNA, BERT)
    gone("a")
    run = people(tmp_path, "b,Bert Birne,bert@x.example,030 901820,DE,Neue Gasse 5,,,,,")
    night()
    assert not run.refused.exists()
    assert (record("b").phone, record("b").address, record("b").erased_at) == ("030 901820", "Neue Gasse 5", None)
    # A number that nobody lives under is another matter.
    assert people(tmp_path, "c,Carl,carl@x.example,030 901820,DE,,,,,,").refused.get().reason == "erased_person"


def test_two_rows_of_one_file_are_as_two_files(tmp_path: Path):
    people(tmp_path, ANNA)
    gone("a")
    met, own = "{key},{name},{key}@x.example,030 901820,DE,,,,,,", "{key},{name},{key}@x.example,,DE,,,,,,"
    rows = [own.format(key="c", name="Carl"), met.format(key="c", name="Carl"),
            met.format(key="d", name="Anna"), own.format(key="d", name="Anna")]  # fmt: skip
    run = people(tmp_path, *rows)
    night()
    assert run.refused.count() == 2 and record("c").phone == "030 901820"
    assert not Party.objects.filter(key="d").exists()


def test_whoever_is_known_by_number_only_does_not_become_the_one_who_was_erased(tmp_path: Path):
    """Their orders may have come before them: then nothing says that it is somebody else."""
    people(tmp_path, ANNA)
    gone("a")
    bring(tmp_path, "log", "customer,date,amount\nz,2026-03-01,100\n", source="fair")
    for _ in range(2):
        assert people(tmp_path, ANNA.replace("a,", "z,", 1), source="fair").refused.get().reason == "erased_person"
        Import.objects.all().update(sha256="")
    night()
    # Nothing is lost, whoever it is.
    assert (record("z").name, record("z").erased_at) == ("", None)
    assert Order.objects.get(party=record("z")).number == "z/2026-03-01"


@pytest.mark.parametrize(
    ("hers", "his", "kind"),
    [
        (",,DE,,,,DE811907980,,", ",,DE,,,,DE 811 907 980,,", "tax_id"),
        (",,,,,,,,rose_handle", ",,,,,,,,@Rose_Handle", "handle"),
        (",,,,,,,,stra\u00dfe_7", ",,,,,,,,STRASSE_7", "handle"),
        (",0221 777 888 9,,,,,,,", ",0221/7778889,,,,,,,", "phone"),
        (",0221 7778889,DE,,,,,,", ",0221/777-8889,,,,,,,", "phone"),
        (",0221/777-8889,,,,,,,", ",0221 7778889,DE,,,,,,", "phone"),
        (",\u06f0\u06f2\u06f2\u06f1 \u06f7\u06f7\u06f7\u06f8\u06f8\u06f8\u06f9,,,,,,,", ",0221/7778889,,,,,,,", "phone"),
        (",0221/7778889,,,,,,,", ",\u06f0\u06f2\u06f2\u06f1 \u06f7\u06f7\u06f7\u06f8\u06f8\u06f8\u06f9,,,,,,,", "phone"),
    ],
)  # fmt: skip
def test_what_somebody_else_spells_differently_keeps_neither_out(tmp_path: Path, hers: str, his: str, kind: str):
    people(tmp_path, f"h1,Hanna Hell,{hers}", f"h2,Hugo Hut,{his}")
    labels = dict(Tombstone.Kind.choices)
    (alike,) = plan_erasure(whose("h1"), today=TODAY, at=NOW).alike
    assert (alike.customer, alike.shares) == (whose("h2"), [str(labels[kind])])
    gone("h1")
    assert kinds() == {"key"}


def test_the_same_digits_in_another_country_are_somebody_elses(tmp_path: Path):
    people(tmp_path, "h1,Hanna Hell,,030 901820,DE,,,,,,", "h2,Hugo Hut,,+43 30 901820,,,,,,,")
    Party.objects.filter(key="h2").update(phone_e164="+4330901820")
    assert plan_erasure(whose("h1"), today=TODAY, at=NOW).alike == []
    gone("h1")
    assert kinds() == {"key", "phone", "digits"}


def test_the_switchboard_of_a_firm_keeps_no_colleague_out(tmp_path: Path):
    people(tmp_path, ANNA + "apfel_gmbh")
    Party.objects.filter(key="a").update(kind=Party.Kind.ORGANISATION)
    gone("a")
    assert kinds() == {"key", "email", "handle"}
    run = people(tmp_path, "c,Carl,carl@x.example,030 901820,DE,,,,,,", "d,Dora,dora@x.example,,DE,,,,DE811907980,,")
    assert not run.refused.exists() and record("c").name == "Carl" and record("d").name == "Dora"


def test_a_firm_is_known_by_its_name_where_nobody_said_what_it_is(tmp_path: Path):
    people(tmp_path, "f,Apfel & Söhne GmbH,gruss@apfel.example,030 901820,DE,,,,DE811907980,,")
    Party.objects.filter(key="f").update(kind=Party.Kind.UNKNOWN)
    gone("f")
    assert kinds() == {"key", "email"}


def test_whom_an_import_met_without_a_record_is_nobody_as_soon_as_it_is_done(tmp_path: Path):
    a_firm(country="DE", currency="EUR")
    people(tmp_path, ANNA)
    nameless = gone("a")
    waits = bring(
        tmp_path, "orders", f"{LINES}F-1,2026-06-01,n-7,paint,1,11,anna@x.example\n", source="fair", run=False
    )
    import_file(waits.pk)
    made = Party.objects.get(source__name="fair", key=nameless)
    assert made.erased_at is not None and made.preferences.get().wishes == NO_CONTACT
    # The number that she was met by is on the list already, which outlives a backup.
    (listed,) = read_list(list_path()).values()
    assert {kind for kind, *_rest in listed["tombstones"]} == {*kinds()} and len(
        listed["tombstones"]
    ) == Tombstone.objects.count()
    night()
    assert made.preferences.count() == 1
