"""Customers whose import was taken back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from entente.customize.answer import do
from entente.customize.forget import forget_reverted
from entente.customize.models import Decision, Outcome
from entente.identify.find import search, visible_customers
from entente.identify.forget import forget_empty
from entente.identify.models import Customer, Membership
from entente.ledger.models import Party
from tests import cast


@pytest.fixture
def company(db: None) -> cast.Company:
    return cast.company()


@pytest.fixture
def left(company: cast.Company) -> dict[str, Customer]:
    """Three of whom no record is left; for two of them something was decided, and once it was done."""
    run = company.cycle
    left = {name: cast.customer(f"Leftover {name}", country="GB") for name in ("plain", "decided", "answered")}
    Party.objects.filter(memberships__customer__in=left.values()).delete()
    idle = cast.decision(left["decided"], run, 10)
    Outcome.objects.create(decision=idle, was_delivered=False, reward=0, measured_on=date(2026, 11, 21))
    do(cast.decision(left["answered"], run, 10), by=company.staff.anna, at=datetime(2026, 11, 21, tzinfo=UTC))
    return left


def test_they_go_with_what_was_decided_but_never_what_was_answered(company: cast.Company, left: dict[str, Customer]):
    everybody, decided = Customer.objects.count(), Decision.objects.count()
    assert forget_reverted() == 2
    assert list(Customer.objects.filter(name__startswith="Leftover")) == [left["answered"]]
    assert (Customer.objects.count(), Decision.objects.count()) == (everybody - 2, decided - 1)
    assert Decision.objects.get(customer=left["answered"]).answers.exists()
    assert forget_reverted() == 0


def test_rows_of_rooms_above_hold_a_customer(left: dict[str, Customer]):
    assert forget_empty() == 1
    assert not Customer.objects.filter(pk=left["plain"].pk).exists()


def test_a_link_ended_by_hand_is_a_record_still(company: cast.Company):
    Membership.objects.filter(customer=company.okafor).update(ended_at=datetime(2026, 11, 21, tzinfo=UTC))
    assert forget_reverted() == 0
    assert Customer.objects.filter(pk=company.okafor.pk).exists()


def test_who_stays_for_an_answer_is_shown_nowhere(company: cast.Company, left: dict[str, Customer]):
    anna = company.staff.anna
    assert left["answered"] not in visible_customers(anna)
    for text in ("leftover answered", "l"):
        assert search(text, user=anna).customers == []
    assert company.alnoor in search("noor", user=anna).customers
