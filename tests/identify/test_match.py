"""Every record stands for one customer."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import Count

from entente.identify import match
from entente.identify.find import search
from entente.identify.match import match_new
from entente.identify.models import Customer, Membership
from entente.ledger.models import Party
from tests.ledger_facts import Ledger, a_user, customer_of

pytestmark = pytest.mark.django_db


def test_every_party_is_exactly_one_customer():
    people = Ledger().parties(57)
    assert match_new() == 57
    assert Customer.objects.count() == Membership.objects.count() == 57
    assert not Party.objects.annotate(n=Count("memberships")).exclude(n=1).exists()
    assert {customer_of(party).name for party in people} == {party.name for party in people}


def test_a_second_time_changes_nothing():
    Ledger().parties(5)
    match_new()
    before = list(Customer.objects.order_by("id").values())
    assert match_new() == 0
    assert list(Customer.objects.order_by("id").values()) == before
    assert Membership.objects.count() == 5


def test_a_party_without_a_name_is_shown_by_its_number():
    party = Ledger().party("12346.0", name="")
    match_new()
    assert customer_of(party).name == "12346.0"


def test_hostile_names_are_names():
    name = "Ta\tb\nNew\\N \\. '; -- علی"
    party = Ledger().party("x", name=name, city="\\N")
    match_new()
    assert customer_of(party).name == name and customer_of(party).city == "\\N"
    assert match_new() == 0


def test_what_a_party_learns_its_customer_shows_and_is_found_by():
    party = Ledger().party("k7")
    match_new()
    anna = a_user()
    number = customer_of(party).pk
    assert not search("Rostov", user=anna).customers
    Party.objects.filter(pk=party.pk).update(
        name="Müller & Söhne",
        country="RU",
        city="Rostov",
        phone="8 (863) 555-01-02",
        phone_e164="+78635550102",
        email="m@example.com",
    )
    assert match_new() == 0
    shown = Customer.objects.get(pk=number)
    assert (shown.name, shown.country, shown.city, shown.phone_e164) == (
        "Müller & Söhne",
        "RU",
        "Rostov",
        "+78635550102",
    )
    for word in ("Rostov", "muller", "8635550102", "m@example.com", "k7"):
        assert [found.pk for found in search(word, user=anna).customers] == [number], word


def test_killed_between_batches_it_goes_on(monkeypatch):
    monkeypatch.setattr(match, "BATCH", 10)
    Ledger().parties(35)

    class Killed(BaseException):
        pass

    def die(_step: str, done: float, _total: float | None) -> None:
        if done >= 20:
            raise Killed

    with pytest.raises(Killed):
        match_new(progress=die)
    assert Customer.objects.count() == Membership.objects.count() == 20
    assert match_new() == 15
    assert Customer.objects.count() == Membership.objects.count() == 35


def test_an_ended_membership_makes_way_for_another():
    from django.utils import timezone

    party = Ledger().party("a")
    match_new()
    Membership.objects.update(ended_at=timezone.now())
    assert match_new() == 1
    assert Membership.objects.filter(party=party, ended_at=None).count() == 1


@pytest.mark.slow
def test_fifty_thousand():
    first = Ledger().party("K0", phone="020 7946 0000", email="someone@example.com")
    columns = ", ".join(field.column for field in Party._meta.fields if field.column not in ("id", "key"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Party._meta.db_table} (key, {columns}) "
            f"SELECT 'K' || k, {columns} FROM {Party._meta.db_table}, generate_series(1, 49999) AS k WHERE id = %s",
            [first.pk],
        )
    assert match_new() == 50_000
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions, gin_clean_pending_list(oid) FROM pg_class WHERE relname = 'customer_grams'")
        assert cursor.fetchone() == (["fastupdate=off"], 0)  # nothing is left to be entered by whoever searches next
    assert Customer.objects.filter(grams__contains=["k49", "499", "999", "998"]).count() == 1
    Party.objects.filter(pk__lte=Party.objects.order_by("id")[999].pk).update(city="Leeds")
    assert match.refresh() == 1_000
    assert Customer.objects.filter(city="Leeds").count() == 1_000
