"""Records are linked, never merged: put into force in one instant, taken back exactly, and what people said stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from entente.identify import link as link_module
from entente.identify.find import visible_customers
from entente.identify.link import AlreadyLinking, link_all, linking
from entente.identify.match import match_new, refresh
from entente.identify.models import (
    ONE_RECORD,
    Chosen,
    Customer,
    Linkage,
    Membership,
    PossibleMatch,
    SourceTrust,
    Verdict,
    Verified,
)
from entente.identify.shown import COLUMNS, choose, said_of
from entente.identify.verdicts import AlreadyDecided, NothingToDecide, say_not_same, say_same, take_back, take_out
from entente.ledger.models import Party, Source
from entente.staff.models import User
from tests.identify.test_index import made

# The law reads through a connection of its own, which sees only what was committed.
pytestmark = pytest.mark.django_db(transaction=True)
ANNA = {
    "kind": "person", "name": "Anna Schröder", "email": "anna.schroeder@web.example", "phone": "0221 5550142",
    "phone_e164": "+492215550142", "born_on": "1984-03-02", "address": "Lindenweg 7", "postcode": "50674", "city": "Köln", "country": "DE",
}  # fmt: skip


@pytest.fixture
def maxim(django_user_model: type[User]) -> User:
    return django_user_model.objects.create_user(email="maxim@example.org", name="Maxim", role="manager")


@pytest.fixture
def crowd() -> list[Party]:
    """People to learn weights from."""
    return made(150)


def party(key: str, source: str = "CRM", **fields: object) -> Party:
    of, _ = Source.objects.get_or_create(name=source, defaults={"rank": {"ERP": 10, "CRM": 50}.get(source, 100)})
    return Party.objects.create(source=of, key=key, **{**ANNA, **fields})


def whose() -> dict[int, int]:
    return dict(Membership.objects.filter(ended_at=None).values_list("party_id", "customer_id"))


def test_two_records_of_one_person_become_one_customer_and_two_people_do_not(crowd: list[Party]):
    a, b = party("1"), party("2", name="Schroeder, Anna", email="ANNA.Schroeder@web.example", phone="+49 221 5550142")
    son = party("3", name="Paul Schröder", email="paul@web.example", born_on="2010-05-05")
    run = link_all()
    own = whose()
    assert own[a.pk] == own[b.pk] != own[son.pk]
    assert run.state == Linkage.State.DONE and run.counts["customers"] < run.counts["records"]
    joined = Membership.objects.get(party=b, ended_at=None)
    assert joined.explanation["with"] == a.pk and joined.explanation["likeness"]["email"][1] > 0
    assert Membership.objects.filter(party=b, ended_at__isnull=False).count() == 1
    # Nobody is two, nobody is lost, and whoever stands empty is shown to nobody.
    assert set(own) == set(Party.objects.values_list("id", flat=True))
    firsts = Membership.objects.filter(ended_at=None, law=ONE_RECORD).values_list("customer_id", flat=True)
    assert len(firsts) == len(set(firsts))


def test_a_second_run_changes_nothing(crowd: list[Party]):
    party("1")
    party("2")
    link_all()
    before = list(Membership.objects.order_by("id").values())
    again = link_all()
    assert list(Membership.objects.order_by("id").values()) == before
    assert again.counts["moved"] == again.counts["parted"] == 0


def test_what_people_said_stands_against_every_later_run(crowd: list[Party], maxim: User):
    a, b = party("1"), party("2")
    c = party(
        "3",
        name="Zeno Quist",
        email="z@q.example",
        phone="",
        phone_e164="",
        born_on=None,
        address="",
        postcode="",
        city="",
    )
    link_all()
    taken = take_out(b.pk, by=maxim)
    assert whose()[b.pk] == taken.customer != whose()[a.pk]
    say_same(a.pk, c.pk, by=maxim)
    link_all()
    assert whose()[a.pk] == whose()[c.pk] != whose()[b.pk]
    assert not PossibleMatch.objects.filter(left=a, right=b, settled_by=None).exists()


def test_taken_back_everything_returns_also_after_new_activity(crowd: list[Party], maxim: User):
    a, b = (
        party("1"),
        party("2", name="Olaf Meier", email="o@m.example", phone="", phone_e164="", born_on=None, address="x 1"),
    )
    match_new()
    before, shown = whose(), Customer.objects.defer("shown_of").in_bulk()
    said = say_same(a.pk, b.pk, by=maxim)
    assert said.moved == 1 and whose()[a.pk] == whose()[b.pk] == before[a.pk]
    late = party("9", name="Olaf M.", email="olaf@m.example")
    match_new()
    say_same(late.pk, a.pk, by=maxim)
    assert take_back(said.verdict, by=maxim) == 1
    now = whose()
    assert {number: now[number] for number in before} == before and now[late.pk] == before[a.pk]
    same = Customer.objects.get(pk=before[b.pk])
    assert all(getattr(same, name) == getattr(shown[same.pk], name) for name in (*COLUMNS, "search"))
    link_all()
    assert {number: whose()[number] for number in (a.pk, b.pk)} == {number: before[number] for number in (a.pk, b.pk)}
    assert take_back(said.verdict, by=maxim) == 0


def test_a_record_taken_out_comes_back_when_that_is_taken_back(crowd: list[Party], maxim: User):
    parties = [party(str(number)) for number in range(3)]
    link_all()
    before = whose()
    taken = take_out(parties[1].pk, by=maxim)
    assert Verdict.objects.filter(withdrawn_at=None).count() == 2
    assert take_back(taken.verdict, by=maxim) == 1
    assert whose() == before and not Verdict.objects.filter(withdrawn_at=None).exists()


def test_of_two_who_decide_opposite_things_one_wins_and_the_other_is_told(crowd: list[Party], maxim: User):
    a, b = party("1"), party("2", name="Anna Schroder-Klein", email="", phone="", phone_e164="", born_on=None)
    match_new()
    say_not_same(a.pk, b.pk, by=maxim)
    with pytest.raises(AlreadyDecided, match=r"Maxim decided on .* that these are not the same"):
        say_same(a.pk, b.pk, by=maxim)
    assert whose()[a.pk] != whose()[b.pk] and Verdict.objects.count() == 1
    # Said twice it is said once.
    say_not_same(a.pk, b.pk, by=maxim)
    assert Verdict.objects.count() == 1


def test_what_was_said_of_others_of_the_two_is_told_as_well(crowd: list[Party], maxim: User):
    a, b, c = (
        party(str(number), name=name, email="", phone="", phone_e164="")
        for number, name in enumerate(("Ada B", "Cy D", "Eve F"))
    )
    match_new()
    say_same(a.pk, b.pk, by=maxim)
    say_not_same(b.pk, c.pk, by=maxim)
    with pytest.raises(AlreadyDecided):
        say_same(a.pk, c.pk, by=maxim)
    with pytest.raises(AlreadyDecided):
        take_out(a.pk, by=maxim)
    with pytest.raises(NothingToDecide):
        say_same(a.pk, a.pk, by=maxim)


def test_who_only_claims_a_mailbox_is_linked_when_it_is_proved_not_before(crowd: list[Party]):
    real, claimed = party("1"), party("form-1", source="Web form")
    SourceTrust.objects.create(source=claimed.source, is_claimed=True)
    link_all()
    assert whose()[real.pk] != whose()[claimed.pk]
    (asked,) = PossibleMatch.objects.filter(left=real, right=claimed)
    assert asked.probability > 0.95 and asked.explanation["likeness"]["email"]
    # Another mailbox than the one both have proves nothing.
    proof = Verified.objects.create(
        party=claimed, field="email", value="other@web.example", how="a link in a mail", at=timezone.now()
    )
    link_all()
    assert whose()[real.pk] != whose()[claimed.pk]
    Verified.objects.filter(pk=proof.pk).update(value=ANNA["email"])
    link_all()
    assert whose()[real.pk] == whose()[claimed.pk]
    assert not PossibleMatch.objects.filter(left=real, right=claimed, settled_by=None).exists()


def test_what_was_proved_counts_as_long_as_the_record_says_so(crowd: list[Party]):
    real, claimed = party("1"), party("form-1", source="Web form", email="another@web.example")
    SourceTrust.objects.create(source=claimed.source, is_claimed=True)
    Verified.objects.create(party=claimed, field="email", value=real.email, how="link", at=timezone.now())
    link_all()
    assert whose()[real.pk] != whose()[claimed.pk]
    Party.objects.filter(pk=claimed.pk).update(email=real.email)
    link_all()
    assert whose()[real.pk] == whose()[claimed.pk]


def test_a_run_that_fails_changes_nothing_and_says_so(crowd: list[Party], monkeypatch: pytest.MonkeyPatch):
    party("1")
    party("2")
    match_new()
    before = whose()

    def broken(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(link_module, "write_index", broken)
    with pytest.raises(RuntimeError, match="disk"):
        link_all()
    assert whose() == before and Linkage.objects.get().error == "the disk is full"


def test_what_was_interrupted_is_said_to_be(crowd: list[Party]):
    Linkage.objects.create(law="x", sure=0.9, doubtful=0.5, started_at=timezone.now() - timedelta(hours=1))
    link_all()
    assert list(Linkage.objects.order_by("id").values_list("state", flat=True)) == ["failed", "done"]


def test_two_runs_at_once_are_one(monkeypatch: pytest.MonkeyPatch):
    import threading

    from django.db import connection

    told: list[str] = []

    def other() -> None:
        try:
            link_all()
        except AlreadyLinking as error:
            told.append(str(error))
        finally:
            connection.close()

    with linking():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(told) == 1


def test_a_field_is_shown_from_the_source_that_is_believed_then_the_newest_then_the_fullest(
    crowd: list[Party], maxim: User
):
    shop = party("1", "Web shop", city="Koeln", phone="0221 1", phone_e164="")
    erp = party("2", "ERP", phone="", phone_e164="", city="Köln", language="")
    crm = party("3", "CRM", language="de", city="", postcode="")
    link_all()
    customer = visible_customers(maxim).get(pk=whose()[erp.pk])
    assert whose()[shop.pk] == whose()[crm.pk] == customer.pk
    assert (customer.city, customer.phone, customer.language) == ("Köln", crm.phone, "de")
    SourceTrust.objects.create(source=shop.source, ranks={"address": 1})
    assert refresh() == 0 and refresh(everybody=True) == 1
    customer.refresh_from_db()
    assert (customer.city, customer.phone) == ("Koeln", crm.phone)
    choose(customer, "phone", shop.pk, by=maxim)
    customer.refresh_from_db()
    assert (customer.phone, customer.phone_e164) == ("0221 1", "")
    said = said_of(customer)
    assert [(each.value, each.is_shown, each.is_chosen) for each in said["phone"]] == [
        ("0221 1", True, True),
        (crm.phone, False, False),
    ]
    assert said["address"][0].value.startswith("Koeln")
    choose(customer, "phone", None, by=maxim)
    customer.refresh_from_db()
    assert customer.phone == crm.phone and not Chosen.objects.exists()
    # Found by whatever any of its records says.
    assert all(
        word in Customer.objects.filter(pk=customer.pk).values_list("search", flat=True)[0]
        for word in ("koeln", "koln", "02211")
    )


def test_a_record_completed_later_completes_its_customer(crowd: list[Party]):
    a, b = party("1", language=""), party("2", language="")
    link_all()
    Party.objects.filter(pk=b.pk).update(language="fr")
    match_new()
    assert Customer.objects.get(pk=whose()[a.pk]).language == "fr"


def test_a_customer_whose_records_part_restores_the_one_that_stood_empty(crowd: list[Party]):
    a, b = party("1"), party("2")
    match_new()
    before = whose()
    link_all()
    assert whose()[b.pk] == before[a.pk]
    other = {"name": "Jörg Immel", "email": "ji@immel.example", "phone": "", "phone_e164": "", "born_on": "1950-01-01"}
    Party.objects.filter(pk=b.pk).update(**other, address="Am Hang 3", postcode="80331", city="München")
    link_all()
    assert whose()[b.pk] == before[b.pk] and whose()[a.pk] == before[a.pk]
    assert Membership.objects.get(party=b, ended_at=None).law == ONE_RECORD


# Undo, in chains


@pytest.fixture
def strangers() -> list[int]:
    """Records of whom the law knows nothing in common."""
    names = ("Ada Quist", "Berta Xu", "Cy Thorn", "Dora Wex", "Egon Zahl")
    bare = {"email": "", "phone": "", "phone_e164": "", "born_on": None, "address": "", "postcode": "", "city": ""}
    found = [party(str(number), **bare, name=name).pk for number, name in enumerate(names)]
    match_new()
    return found


def law_links(record: int, other: int) -> None:
    """As a run over all leaves it behind."""
    own = whose()
    Membership.objects.filter(party=record, ended_at=None).update(ended_at=timezone.now())
    Membership.objects.create(
        party_id=record, customer_id=own[other], law="the law", explanation={"with": other, "likeness": {}}
    )


def begins_once() -> bool:
    firsts = list(Membership.objects.filter(ended_at=None, law=ONE_RECORD).values_list("customer_id", flat=True))
    return len(firsts) == len(set(firsts))


def test_of_two_taken_back_one_after_the_other_nobody_stays_behind(strangers: list[int], maxim: User):
    a, b, c, *_ = strangers
    before = whose()
    one, two = say_same(a, b, by=maxim), say_same(a, c, by=maxim)
    assert len({whose()[each] for each in (a, b, c)}) == 1
    assert take_back(one.verdict, by=maxim) == 1 and whose()[b] == before[b] and whose()[a] == whose()[c]
    assert take_back(two.verdict, by=maxim) == 1 and whose() == before and begins_once()


def test_what_the_law_moved_on_since_is_taken_back_all_the_same(strangers: list[int], maxim: User):
    a, z, dear, *_ = strangers
    before = whose()
    said = say_same(a, z, by=maxim)
    law_links(a, dear)
    Membership.objects.filter(party=z, ended_at=None).update(ended_at=timezone.now())
    Membership.objects.create(party_id=z, customer_id=before[dear], law="the law")
    assert take_back(said.verdict, by=maxim) == 1
    assert whose() == before | {a: before[dear]} and begins_once()


def test_who_was_taken_out_comes_back_with_who_was_said_to_be_the_same_since(strangers: list[int], maxim: User):
    a, b, c, d, _ = strangers
    law_links(b, a), law_links(c, a)
    out = take_out(c, by=maxim)
    say_same(c, d, by=maxim)
    assert take_back(out.verdict, by=maxim) == 2
    assert len({whose()[each] for each in (a, b, c, d)}) == 1 and begins_once()


def test_nobody_returns_to_where_they_were_said_not_to_belong(strangers: list[int], maxim: User):
    a, b, c, *_ = strangers
    law_links(c, b)
    said = say_same(a, b, by=maxim)
    take_out(c, by=maxim)
    assert take_back(said.verdict, by=maxim) == 1
    own = whose()
    assert len({own[a], own[b], own[c]}) == 3 and begins_once()
    assert refresh() == 0


def test_what_was_said_while_a_run_worked_ends_after_it_began(
    crowd: list[Party], maxim: User, monkeypatch: pytest.MonkeyPatch
):
    a, b = party("1"), party("2")
    c = party("3", name="Olaf Meier", email="o@m.example", phone="", phone_e164="", born_on=None, address="x 1")
    match_new()
    whole = link_module.find_pairs

    def meanwhile(*given: object, **more: object) -> object:
        found = whole(*given, **more)
        say_same(b.pk, c.pk, by=maxim)
        return found

    monkeypatch.setattr(link_module, "find_pairs", meanwhile)
    link_all()
    assert len({whose()[each.pk] for each in (a, b, c)}) == 1
    assert not Membership.objects.filter(ended_at__lt=F("made_at")).exists()


def test_who_is_erased_while_a_run_works_is_linked_to_nobody(crowd: list[Party], monkeypatch: pytest.MonkeyPatch):
    a, b = party("1"), party("2")
    whole = link_module.find_pairs

    def meanwhile(*given: object, **more: object) -> object:
        found = whole(*given, **more)
        Party.objects.filter(pk=b.pk).update(erased_at=timezone.now(), name="")
        return found

    monkeypatch.setattr(link_module, "find_pairs", meanwhile)
    link_all()
    assert whose()[a.pk] != whose()[b.pk]
    assert not PossibleMatch.objects.filter(right=b).exists()
