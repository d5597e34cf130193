"""One person goes everywhere, nobody else is touched, and they stay out."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from entente.customize.archive import write_archive
from entente.customize.erase import NoCustomer, NoReason, erase, erase_again, person_of, plan_erasure
from entente.customize.models import Answer, Decision
from entente.customize.person import TABLES
from entente.cycle import run_cycle
from entente.identify.index import read_digests, write_index
from entente.identify.match import match_new
from entente.identify.models import Customer, Linkage, Membership
from entente.identify.person import forget_stale_readings
from entente.identify.records import read_records
from entente.identify.verdicts import say_same
from entente.interact.models import Outgoing
from entente.interact.person import NO_CONTACT
from entente.ledger.models import (
    Archive,
    DealingVersion,
    Erasure,
    Import,
    Interaction,
    Invoice,
    Order,
    OrderLine,
    Party,
    Payment,
    RefusedRow,
    Tombstone,
)
from entente.warehouse.extract import extract
from tests import erasure_facts as facts
from tests.erasure_facts import CANARIES, NOW, TODAY, Tale, bring, counts, found_in_database, found_on_disk, tell
from tests.ledger_facts import committed

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_home")]


@pytest.fixture
def tale(committed: None, tmp_path: Path) -> Tale:
    return tell(tmp_path)


def gone(tale: Tale, **more: Any) -> Erasure:
    return erase(tale.khalida.pk, because="She asked.", by=tale.anna, today=TODAY, at=NOW, **more)


def test_every_table_that_leads_to_a_person_says_what_becomes_of_it():
    """A table that is added later cannot be forgotten: name it in the `person.py` of its room."""
    named = {held.model for held in TABLES}
    leads = {model for model in apps.get_models() if _leads_to_a_person(model, set())}
    assert leads - named == set()
    # What leads there without a key that says so.
    assert {DealingVersion, RefusedRow, Import} <= named


def test_no_table_names_a_person_behind_the_back_of_the_keys():
    """A bare number or address leads to somebody as well; these two hold the number of a customer, and nobody's name."""
    bare = {
        model
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if not field.is_relation
        and field.name in ("customer", "customer_key", "party", "recipient", "dealing_id", "phone")
    }
    assert bare - {held.model for held in TABLES} == {Archive, Erasure}


def _leads_to_a_person(model: type[models.Model], seen: set[type[models.Model]]) -> bool:
    if model in (Party, Customer):
        return True
    seen.add(model)
    ways = [field.related_model for field in model._meta.concrete_fields if field.related_model is not None]
    return any(_leads_to_a_person(way, seen) for way in ways if way not in seen)


def test_the_tale_is_told_everywhere(tale: Tale):
    """What is looked for below is there before."""
    assert set(CANARIES) - set(found_in_database(CANARIES)) == set()
    person = person_of(tale.khalida.pk)
    assert [held.model.__name__ for held in TABLES if held.of is not None and not held.of(person).exists()] == []


def test_nothing_is_left_of_her_and_everything_of_him(tale: Tale):
    before = counts(of=tale.norbert)
    gone(tale)
    assert found_in_database(CANARIES) == {}
    assert found_on_disk(CANARIES) == []
    after = counts(of=tale.norbert)
    for table in ("identify.Relation", "identify.Deal", "identify.PossibleMatch"):
        before.pop(table), after.pop(table)  # hers as well
    assert after == before
    shown = Customer.objects.get(pk=tale.khalida.pk)
    assert shown.name == f"Erased customer {shown.pk}" and shown.phone == shown.email == shown.city == ""


def test_what_the_law_wants_stays_as_figures_without_her(tale: Tale):
    done = gone(tale)
    orders = Order.objects.filter(party__in=tale.parties)
    assert sorted(orders.values_list("number", flat=True)) == ["A-1", f"Erased customer {tale.khalida.pk}/2026-03-01"]
    assert sum(OrderLine.objects.filter(party__in=tale.parties).values_list("amount", flat=True)) == 120
    invoice = Invoice.objects.get(number="R1")
    assert (invoice.amount, invoice.order.number, invoice.party_id) == (20, "A-1", tale.parties[0])
    assert Payment.objects.get(key="P1").invoice == invoice
    # Past their time, they are gone whole.
    assert not Invoice.objects.filter(number="R0").exists() and not Payment.objects.filter(key="P2").exists()
    assert done.kept["invoices"] == [1, "2036-12-31"] and done.kept["orders"][0] == 2
    assert Interaction.objects.filter(party__in=tale.parties, channel="phone").count() == 1


def test_mail_that_has_not_gone_out_does_not(tale: Tale):
    gone(tale)
    mails = Outgoing.objects.filter(interaction__party__in=tale.parties)
    assert sorted(mails.values_list("state", "recipient", "error")) == [("failed", "", ""), ("sent", "", "")]


def test_twice_is_once(tale: Tale):
    first = gone(tale)
    before = facts.everything()
    assert gone(tale).pk == first.pk
    assert facts.everything() == before and found_in_database(CANARIES) == {}


def test_a_dry_run_says_it_all_and_changes_nothing(tale: Tale):
    before = facts.everything()
    plan = plan_erasure(tale.khalida.pk, today=TODAY, at=NOW)
    assert facts.everything() == before and not plan.is_erased
    rows = {held.model.__name__: count for held, count in plan.rows}
    assert (rows["Party"], rows["Order"], rows["ConsentEvent"]) == (2, 3, 1)
    assert plan.kept["orders"][0] == 2
    assert set(found_in_database(CANARIES)) == set(CANARIES)


def test_why_has_to_be_said_and_of_whom(tale: Tale):
    with pytest.raises(NoReason):
        erase(tale.khalida.pk, because=" ", by=None, today=TODAY, at=NOW)
    with pytest.raises(NoReason, match="names the person"):
        erase(tale.khalida.pk, because="khalida dornröschen asked", by=None, today=TODAY, at=NOW)
    with pytest.raises(NoCustomer):
        erase(10**9, because="She asked.", by=None, today=TODAY, at=NOW)
    former = Customer.objects.get(memberships__party=tale.parties[1], memberships__ended_at__isnull=False)
    with pytest.raises(NoCustomer, match=f"belong to: {tale.khalida.pk}"):
        erase(former.pk, because="She asked.", by=None, today=TODAY, at=NOW)
    assert not Erasure.objects.exists() and not Tombstone.objects.exists()


def test_files_that_wait_and_hold_her_go(tale: Tale, tmp_path: Path):
    hers = bring(tmp_path, "parties", facts.PARTIES.replace("Berlin", "Bonn"), run=False)
    his = bring(
        tmp_path,
        "parties",
        "no,name,mail,phone,country,street,postcode,town,tax,born,handle\nzz-9,Zoe,,,,,,,,,\n",
        run=False,
    )
    assert plan_erasure(tale.khalida.pk, today=TODAY, at=NOW).files == [hers.stored_as]
    gone(tale)
    assert found_on_disk(CANARIES) == []
    from entente.ledger.record import stored_file

    assert stored_file(his).exists() and not stored_file(hers).exists()


def test_the_same_files_again_do_not_bring_her_back(tale: Tale, tmp_path: Path):
    gone(tale)
    Import.objects.all().update(sha256="")
    before = {
        "parties": Party.objects.count(),
        "lines": OrderLine.objects.count(),
        "contacts": Interaction.objects.count(),
    }
    files = {"parties": facts.PARTIES, "log": facts.ORDERS, "orders": facts.NUMBERED, "invoices": facts.INVOICES,
             "payments": facts.PAYMENTS, "deliveries": facts.DELIVERIES, "interactions": facts.CONTACTS}  # fmt: skip
    runs = {kind: bring(tmp_path, kind, text) for kind, text in files.items()}
    match_new()
    assert found_in_database(CANARIES) == {}
    # What was past its time came in again, for nobody keeps a hash of what is gone; the night takes it.
    assert Party.objects.count() == before["parties"] and Interaction.objects.count() == before["contacts"]
    assert OrderLine.objects.count() == before["lines"] + 1
    assert runs["parties"].refused.get().reason == "erased_person" and runs["interactions"].refused.get().row == []
    assert Order.objects.filter(number="A-1").get().party_id == tale.parties[0]
    assert erase_again(today=TODAY, at=NOW)["past"] == 3 and OrderLine.objects.count() == before["lines"]


@pytest.mark.parametrize(
    "row",
    [
        "x1,K. D.,khalida@dornroeschen.example,,DE,,,,,,",
        "x2,K. D.,,+49 30 901820,DE,,,,,,",
        "x3,K. D.,,,DE,,,,DE 811 907 980,,",
        "x4,KHALIDA DORNROSCHEN,,,DE,,10115,,,1958-03-27,",
        "x5,K. D.,khalida.old@dornroeschen.example,,DE,,,,,,",
        "x6,K. D.,,,DE,,,,,,@K_Rose_Handle",
    ],
    ids=["mail", "phone", "tax number", "name, birthday and postcode", "mail of earlier", "handle"],
)
def test_under_another_number_she_is_known_all_the_same(tale: Tale, tmp_path: Path, row: str):
    gone(tale)
    heading = facts.PARTIES.split("\n")[0]
    run = bring(tmp_path, "parties", f"{heading}\n{row}\ny1,Yusuf,,,DE,,,,,,\n", source="fair")
    assert [one.reason for one in run.refused.all()] == ["erased_person"] and run.rows_recorded == 1
    # And from then on by that number, where an order says nothing else.
    bring(tmp_path, "log", f"customer,date,amount\n{row.split(',')[0]},2026-05-01,9\n", source="fair")
    assert list(Party.objects.filter(source__name="fair").values_list("key", flat=True)) == [
        "y1",
        f"Erased customer {tale.khalida.pk}",
    ]
    erase_again(today=TODAY, at=NOW)
    nameless = Party.objects.get(source__name="fair", key__startswith="Erased")
    assert nameless.erased_at == NOW and nameless.preferences.get().wishes == NO_CONTACT


def test_orders_that_tell_her_mail_come_in_without_her(tale: Tale, tmp_path: Path):
    gone(tale)
    text = "order,date,customer,product,quantity,price,email\nB-1,2026-06-01,new-7,paint,1,11,khalida@dornroeschen.example\n"
    run = bring(
        tmp_path, "orders", text + "B-2,2026-06-01,new-8,paint,one,11,khalida@dornroeschen.example\n", source="fair"
    )
    assert (run.rows_recorded, run.rows_refused) == (1, 1)
    party = Order.objects.get(number="B-1").party
    assert (party.key, party.email) == (f"Erased customer {tale.khalida.pk}", "")
    assert found_in_database((*CANARIES, "new-7", "new-8")) == {}


def test_colleagues_are_not_kept_out(tale: Tale, tmp_path: Path):
    """A common mailbox and a switchboard make no tombstone."""
    heading = facts.PARTIES.split("\n")[0]
    shared = "info@dornroeschen.example,030 555555,DE"
    bring(
        tmp_path,
        "parties",
        f"{heading}\nc1,Carla,{shared},,,,,,\nc2,Cem,cem@dornroeschen.example,030 555555,DE,,,,,,\n",
    )
    match_new()
    erase(_customer("c1"), because="She asked.", by=None, today=TODAY, at=NOW)
    run = bring(tmp_path, "parties", f"{heading}\nc3,Cleo,{shared},,,,,,\n")
    assert run.rows_recorded == 1 and Party.objects.get(key="c3").name == "Cleo"


def test_a_handle_of_two_keeps_nobody_out(tale: Tale, tmp_path: Path):
    heading = facts.PARTIES.split("\n")[0]
    bring(tmp_path, "parties", f"{heading}\nh1,Hanna,,,DE,,,,,,choir91\nh2,Hugo,,,DE,,,,,,choir91\n")
    match_new()
    erase(_customer("h1"), because="She asked.", by=None, today=TODAY, at=NOW)
    run = bring(tmp_path, "parties", f"{heading}\nh3,Hilde,,,DE,,,,,,choir91\n")
    assert run.rows_recorded == 1 and Party.objects.get(key="h3").name == "Hilde"


def test_what_hung_on_who_they_were_goes_as_well(tale: Tale, tmp_path: Path):
    """Her customer was counted as another's since; what was said of it then is hers all the same."""
    heading = facts.PARTIES.split("\n")[0]
    bring(tmp_path, "parties", f"{heading}\nkh-2,Kh. Dorn,kd@x.example,,DE,,,,,,\n")
    match_new()
    Customer.objects.filter(pk=_customer("kh-2")).update(looked_after_by=tale.anna)
    now = say_same(tale.parties[0], Party.objects.get(key="kh-2").pk, by=tale.anna).customer
    assert now != tale.khalida.pk and tale.khalida.pk in person_of(now).former
    file = io.BytesIO()
    write_archive(now, file, by=tale.anna, at=NOW, today=TODAY)
    assert b"told her in confidence" in zipfile.ZipFile(file).read("data.json")
    erase(now, because="She asked.", by=tale.anna, today=TODAY, at=NOW)
    assert found_in_database((*CANARIES, "Kh. Dorn", "kd@x.example")) == {}
    of_old = Decision.objects.get(customer=tale.khalida)
    assert of_old.state == Decision.State.PASSED and of_old.answers.get().words == ""
    assert Customer.objects.get(pk=tale.khalida.pk).shown_of is None


def test_a_customer_who_once_held_somebody_elses_record_is_left_and_told(tale: Tale):
    mixed = Membership.objects.create(
        party_id=tale.parties[0], customer=tale.norbert, law="test", ended_at=NOW
    ).customer_id
    assert plan_erasure(tale.khalida.pk, today=TODAY, at=NOW).mixed == (mixed,)
    before = counts(of=tale.norbert)["customize.Answer"]
    gone(tale)
    assert counts(of=tale.norbert)["customize.Answer"] == before
    assert Answer.objects.get(decision__customer=tale.norbert).words == "fine"


def test_of_such_a_customer_words_that_name_her_go_and_the_archive_says_whose_they_are(tale: Tale):
    Membership.objects.create(party_id=tale.parties[0], customer=tale.norbert, law="test", ended_at=NOW)
    Answer.objects.filter(decision__customer=tale.norbert).update(words="Khalida Dornröschen is not to be woken")
    file = io.BytesIO()
    write_archive(tale.khalida.pk, file, by=tale.anna, at=NOW, today=TODAY)
    assert f"customer number {tale.norbert.pk}" in zipfile.ZipFile(file).read("index.html").decode()
    gone(tale)
    assert found_in_database(CANARIES) == {}
    assert Answer.objects.get(decision__customer=tale.norbert).words == ""


def test_who_may_be_the_same_is_told_before(tale: Tale, tmp_path: Path):
    heading = facts.PARTIES.split("\n")[0]
    bring(tmp_path, "parties", f"{heading}\nkh-3,K. Dorn,KHALIDA@dornroeschen.example,,DE,,,,,,\n")
    match_new()
    alike = {each.customer: each for each in plan_erasure(tale.khalida.pk, today=TODAY, at=NOW).alike}
    assert alike.keys() == {tale.norbert.pk, _customer("kh-3")}
    assert alike[tale.norbert.pk].probability == 0.6 and alike[tale.norbert.pk].shares == []
    assert (alike[_customer("kh-3")].probability, alike[_customer("kh-3")].shares) == (None, ["e-mail"])


def test_what_a_failed_run_quoted_goes(tale: Tale):
    failed = Linkage.objects.create(law="test", sure=0.9, doubtful=0.5, started_at=NOW, state="failed",
                                    error="invalid value: khalida@dornroeschen.example")  # fmt: skip
    other = Linkage.objects.create(
        law="test", sure=0.9, doubtful=0.5, started_at=NOW, state="failed", error="disk full"
    )
    gone(tale)
    failed.refresh_from_db(), other.refresh_from_db()
    assert (failed.error, other.error) == ("", "disk full")


def _customer(key: str) -> int:
    return Customer.objects.get(memberships__party__key=key, memberships__ended_at=None).pk


def test_an_old_database_is_brought_up_to_date_from_the_list(tale: Tale):
    """A backup knows of no erasure: neither of its row nor of its tombstones."""
    first = gone(tale)
    done = erase_again(today=TODAY, at=NOW)
    assert done == {"taken_up": 0, "finished": 0, "erased": 0, "past": 0}
    _restore(tale)
    done = erase_again(today=TODAY, at=NOW)
    assert (done["taken_up"], done["erased"]) == (1, 1)
    assert Erasure.objects.get().token == first.token
    party = Party.objects.get(pk=tale.parties[0])
    assert party.name == "" and party.key == f"Erased customer {tale.khalida.pk}"
    assert found_in_database(("Khalida", "kd-4711")) == {}


def _restore(tale: Tale) -> None:
    Erasure.objects.all().delete()
    Party.objects.filter(pk=tale.parties[0]).update(key="kd-4711", name="Khalida Dornröschen", erased_at=None)
    Customer.objects.filter(pk=tale.khalida.pk).update(name="Khalida Dornröschen")


def test_who_came_to_share_her_customer_meanwhile_stays(tale: Tale):
    gone(tale)
    _restore(tale)
    other = Party.objects.create(source=Party.objects.get(pk=tale.parties[0]).source, key="o1", name="Olga")
    Membership.objects.create(party=other, customer=tale.khalida, law="test")
    erase_again(today=TODAY, at=NOW)
    shown = Customer.objects.get(pk=tale.khalida.pk)
    assert shown.name == "Olga" and Party.objects.get(pk=other.pk).name == "Olga"
    assert Party.objects.get(pk=tale.parties[0]).name == ""
    assert found_in_database(("Khalida",)) == {}


def test_the_next_run_leaves_the_erased_as_they_are(tale: Tale):
    gone(tale)
    match_new()
    assert Customer.objects.get(pk=tale.khalida.pk).name == f"Erased customer {tale.khalida.pk}"
    assert list(person_of(tale.khalida.pk).parties) == tale.parties


def test_what_a_run_had_read_before_goes_again(tale: Tale):
    with extract() as columns:
        digests, records = read_digests(), read_records(columns)
    gone(tale)
    write_index(records, digests)
    assert "khalida@dornroeschen.example" in found_in_database(CANARIES)
    forget_stale_readings()
    assert found_in_database(CANARIES) == {}


def test_the_circle_goes_on_and_asks_nobody_to_contact_her(tale: Tale):
    gone(tale)
    day = date(2026, 11, 21)
    run_cycle(day, today=TODAY)
    made = Decision.objects.filter(customer=tale.khalida.pk, as_of=day)
    assert set(made.values_list("state", flat=True)) <= {"nothing", "held_out"}
    assert Customer.objects.get(pk=tale.khalida.pk).name == f"Erased customer {tale.khalida.pk}"
    assert found_in_database(CANARIES) == {}
