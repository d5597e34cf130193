"""Saying how customers relate, ending it, taking it back; and what is seen around a customer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from entente.identify import relations_around
from entente.identify.models import Customer, Membership
from entente.identify.relations import (
    AlreadyRelated,
    ImpossibleRelation,
    RelationIsOver,
    Terms,
    WouldCircle,
    end,
    join_deal,
    relate,
    strike_deal,
    withdraw,
)
from entente.identify.relations_around import Node, around, deals_of, relations_of
from entente.identify.relations_models import BACKWARD, Relation
from entente.staff.models import User
from tests import cast

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def anna() -> User:
    return cast.staff().anna


def named(*names: str) -> list[Customer]:
    return [cast.customer(name) for name in names]


def names_around(customer: Customer, user: User, on: date = TODAY) -> dict[str, list[str]]:
    """name: how the one it hangs on relates to it."""
    found: dict[str, list[str]] = {}

    def walk(node: Node) -> None:
        for child in node.behind:
            found[child.customer.name] = child.words
            walk(child)

    walk(around(customer, on, user=user).middle)
    return found


def test_every_kind_has_a_name_from_either_side():
    assert set(BACKWARD) == set(Relation.Kind)
    forward = [str(kind.label) for kind in Relation.Kind]
    assert len(set(forward)) == len(forward) and all(str(words) for words in BACKWARD.values())


def test_what_is_said_is_seen_from_both_sides(anna: User):
    alnoor, shop = named("Al Noor", "Corner shop")
    terms = Terms(share=Decimal("0.05"), share_of="net revenue", decided_by="Head of sales", review_on=TODAY)
    said = relate(alnoor, "distributes_to", shop, by=anna, from_on=date(2024, 1, 1), terms=terms)
    said.refresh_from_db()
    assert (said.by, said.share, said.decided_by) == (anna, Decimal("0.050000"), "Head of sales")
    assert [(one.words, one.other) for one in relations_of(alnoor, anna)] == [("distributes to", shop)]
    assert [(one.words, one.other) for one in relations_of(shop, anna)] == [("is supplied by", alnoor)]


@pytest.mark.parametrize(
    ("kind", "days", "terms", "field"),
    [
        ("owns", {}, Terms(), "kind"),
        ("employs", {"from_on": TODAY, "to_on": date(2026, 1, 1)}, Terms(), "to_on"),
        ("employs", {}, Terms(amount=Decimal(5)), "currency"),
        ("employs", {}, Terms(amount=Decimal(5), currency="EUR", share=Decimal("0.1")), "share"),
        ("employs", {}, Terms(share=Decimal("1.5")), "share"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    anna: User, kind: str, days: dict[str, date], terms: Terms, field: str
):
    one, two = named("One", "Two")
    with pytest.raises(ImpossibleRelation) as refused:
        relate(one, kind, two, by=anna, terms=terms, **days)
    assert list(refused.value.errors) == [field] and not Relation.objects.exists()


def test_nobody_relates_to_itself_nor_does_who_has_no_record(anna: User):
    one, two = named("One", "Two")
    with pytest.raises(ImpossibleRelation, match="nobody relates to itself"):
        relate(one, "partner", one, by=anna)
    Membership.objects.filter(customer=two).update(ended_at=NOW)
    with pytest.raises(ImpossibleRelation, match="no record"):
        relate(one, "partner", two, by=anna)


def test_the_same_again_is_told_and_after_its_end_it_may_be_said_anew(anna: User):
    one, two = named("One", "Two")
    first = relate(one, "retails_for", two, by=anna, from_on=date(2020, 1, 1))
    with pytest.raises(AlreadyRelated, match="since 1 January 2020"):
        relate(one, "retails_for", two, by=anna, from_on=date(2026, 1, 1))
    end(first, last_on=date(2021, 12, 31), by=anna, at=NOW)
    relate(one, "retails_for", two, by=anna, from_on=date(2022, 1, 1))
    with pytest.raises(AlreadyRelated):
        relate(one, "retails_for", two, by=anna, from_on=date(2021, 12, 31), to_on=date(2021, 12, 31))


def test_partners_are_partners_whoever_says_it(anna: User):
    one, two = named("One", "Two")
    relate(one, "partner", two, by=anna)
    with pytest.raises(AlreadyRelated):
        relate(two, "partner", one, by=anna)
    # Two may employ each other's people, though.
    relate(one, "employs", two, by=anna)
    relate(two, "employs", one, by=anna)


def test_nobody_stands_above_itself(anna: User):
    branch, region, head = named("Branch", "Region", "Head")
    relate(branch, "group", region, by=anna, from_on=date(2020, 1, 1))
    upper = relate(region, "group", head, by=anna, from_on=date(2020, 1, 1), to_on=date(2022, 12, 31))
    with pytest.raises(WouldCircle, match="Branch stands below Head"):
        relate(head, "group", branch, by=anna)
    with pytest.raises(WouldCircle):
        relate(head, "household", branch, by=anna, to_on=date(2020, 1, 1))
    # On days on which the line above was no more, it is none.
    relate(head, "group", branch, by=anna, from_on=date(2023, 1, 1))
    assert upper.to_on == date(2022, 12, 31)


def test_a_circle_is_none_once_taken_back(anna: User):
    one, two = named("One", "Two")
    withdraw(relate(one, "group", two, by=anna), by=anna, at=NOW)
    relate(two, "group", one, by=anna)
    assert Relation.objects.count() == 2


def test_ended_once_and_not_before_it_began(anna: User):
    one, two = named("One", "Two")
    said = relate(one, "employs", two, by=anna, from_on=date(2024, 1, 1))
    with pytest.raises(ImpossibleRelation, match="began on 1 January 2024"):
        end(said, last_on=date(2023, 1, 1), by=anna, at=NOW)
    end(said, last_on=date(2025, 6, 30), by=anna, at=NOW)
    with pytest.raises(RelationIsOver):
        end(said, last_on=date(2025, 7, 1), by=anna, at=NOW)
    said.refresh_from_db()
    assert (said.to_on, said.ended_by, said.ended_at) == (date(2025, 6, 30), anna, NOW)
    withdraw(said, by=anna, at=NOW)
    with pytest.raises(RelationIsOver):
        withdraw(said, by=anna, at=NOW)
    assert relations_of(one, anna) == [] and Relation.objects.count() == 1


def test_the_picture_is_of_a_day(anna: User):
    one, two = named("One", "Two")
    relate(one, "employs", two, by=anna, from_on=date(2024, 1, 1), to_on=date(2024, 12, 31))
    days = (date(2023, 12, 31), date(2024, 1, 1), date(2024, 12, 31), date(2025, 1, 1))
    assert [bool(names_around(one, anna, day)) for day in days] == [False, True, True, False]


def test_a_relation_goes_with_its_record_and_comes_back_with_it(anna: User):
    mine, theirs, shop = named("Mine", "Theirs", "Shop")
    relate(mine, "distributes_to", shop, by=anna)
    record = mine.memberships.get()
    # The record turns out to be the other customer's: a link, and later the unlink.
    Membership.objects.filter(pk=record.pk).update(ended_at=NOW)
    link = Membership.objects.create(party=record.party, customer=theirs, law="by hand")
    assert not names_around(mine, anna)
    assert names_around(theirs, anna) == {"Shop": ["distributes to"]}
    Membership.objects.filter(pk=link.pk).update(ended_at=NOW)
    Membership.objects.create(party=record.party, customer=mine, law="by hand")
    assert names_around(mine, anna) == {"Shop": ["distributes to"]}
    assert Relation.objects.count() == 1


def test_two_records_that_became_one_customer_relate_to_nobody(anna: User):
    one, two = named("One", "Two")
    relate(one, "partner", two, by=anna)
    Membership.objects.filter(customer=two).update(customer=one, law="test")
    assert relations_of(one, anna) == [] and names_around(one, anna) == {}


def test_a_deal_of_several(anna: User):
    maker, carrier, bank = named("Maker", "Carrier", "Bank")
    deal = strike_deal("Bridge at Riga", [(maker, "supplier"), (carrier, "carrier")], by=anna)
    join_deal(deal, bank, "guarantor", by=anna)
    with pytest.raises(AlreadyRelated, match="Bank takes part"):
        join_deal(deal, bank, "lender", by=anna)
    (told,) = deals_of(bank, anna)
    assert [(part.role, who.name) for part, who in told.parts] == [
        ("supplier", "Maker"), ("carrier", "Carrier"), ("guarantor", "Bank"),
    ]  # fmt: skip
    assert names_around(bank, anna) == {"Maker": ["Bridge at Riga"], "Carrier": ["Bridge at Riga"]}
    for parts in ([(maker, "supplier")], [(maker, "supplier"), (maker, "carrier")]):
        with pytest.raises(ImpossibleRelation, match="two customers"):
            strike_deal("Another", parts, by=anna)
    end(deal, last_on=date(2026, 1, 1), by=anna, at=NOW)
    assert names_around(bank, anna) == {} and len(deals_of(bank, anna)) == 1


def test_two_steps_around_those_above_first(anna: User):
    supplier, head, one, shop, buyer, far = named("Supplier", "Head", "One", "Shop", "Buyer", "Far")
    relate(one, "distributes_to", shop, by=anna)
    relate(one, "group", head, by=anna)
    relate(supplier, "distributes_to", one, by=anna)
    relate(shop, "employs", buyer, by=anna)
    relate(buyer, "referred_by", far, by=anna)
    found = around(one, TODAY, user=anna)
    assert {node.customer.name: node.is_above for node in found.middle.behind} == {
        "Supplier": True, "Head": True, "Shop": False,
    }  # fmt: skip
    assert names_around(one, anna) == {
        "Supplier": ["is supplied by"], "Head": ["belongs to the group of"], "Shop": ["distributes to"], "Buyer": ["employs"],
    }  # fmt: skip


def test_at_most_twelve_and_how_many_are_left_out(anna: User):
    one, *shops = named("One", *(f"Shop {k}" for k in range(20)))
    for shop in shops:
        relate(one, "distributes_to", shop, by=anna)
    found = around(one, TODAY, user=anna)
    assert len(found.middle.behind) == 11 and found.more == 9 and not found.at_least


def test_only_who_may_be_seen_is_seen(anna: User, monkeypatch: pytest.MonkeyPatch):
    one, hidden, behind = named("One", "Hidden", "Behind")
    relate(one, "employs", hidden, by=anna)
    relate(hidden, "employs", behind, by=anna)
    real = relations_around.visible_customers
    monkeypatch.setattr(relations_around, "visible_customers", lambda user: real(user).exclude(pk=hidden.pk))
    monkeypatch.setattr("entente.identify.find.visible_customers", lambda user: real(user).exclude(pk=hidden.pk))
    assert relations_of(one, anna) == [] and names_around(one, anna) == {}
    assert around(one, TODAY, user=anna).more == 0
    charlie = User.objects.get(email="charlie@example.com")
    assert relations_of(one, charlie) == [] and names_around(one, charlie) == {}


def test_as_many_queries_for_a_hundred_as_for_one(anna: User):
    one, *others = named("One", *(f"Other {k}" for k in range(40)))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            relations_of(one, anna), deals_of(one, anna), around(one, TODAY, user=anna)
        return len(queries)

    relate(one, "employs", others[0], by=anna)
    strike_deal("First", [(one, "buyer"), (others[1], "seller")], by=anna)
    before = cost()
    for k, other in enumerate(others[2:]):
        relate(one, "distributes_to", other, by=anna)
        relate(other, "referred_by", others[k], by=anna)
    assert cost() == before <= 12


def test_the_database_keeps_the_same_from_being_said_twice(anna: User):
    one, two = named("One", "Two")
    said = relate(one, "group", two, by=anna)
    same = {"party": said.party, "other": said.other, "kind": said.kind}
    with pytest.raises(IntegrityError), transaction.atomic():
        Relation.objects.create(**same)
    with pytest.raises(IntegrityError), transaction.atomic():
        Relation.objects.create(party=said.party, other=said.party, kind="group")
    withdraw(said, by=anna, at=NOW)
    Relation.objects.create(**same)
