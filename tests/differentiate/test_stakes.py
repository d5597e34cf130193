"""What is at stake in the open questions: both customers together, by the cycle in force."""

from __future__ import annotations

import pytest
from django.utils import timezone

from entente.differentiate.stakes import write_stakes
from entente.identify.models import Linkage, Membership, PossibleMatch
from entente.identify.verdicts import say_not_same
from tests import cast
from tests.web.test_review import question

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> cast.Company:
    return cast.company()


def stake(of: PossibleMatch) -> float:
    of.refresh_from_db()
    return of.stake


def test_both_customers_together_whoever_has_no_worth_adds_nothing(company: cast.Company):
    both, one = question(company.alnoor, company.brankova), question(company.okafor, cast.customer("New"))
    assert write_stakes(company.cycle) == 2
    assert (stake(both), stake(one)) == (220_000, 200)
    assert write_stakes(company.cycle) == 0


def test_a_record_counts_for_the_customer_it_is_now(company: cast.Company):
    asked = question(company.okafor, company.mallory)
    party = company.mallory.memberships.get()
    Membership.objects.filter(pk=party.pk).update(ended_at=timezone.now())
    Membership.objects.create(party=party.party, customer=company.alnoor, law="by hand")
    write_stakes(company.cycle)
    assert stake(asked) == 200_200


def test_what_is_settled_and_what_no_cycle_judges_stays_as_it_was(company: cast.Company):
    settled = question(company.alnoor, company.brankova, stake=7)
    say_not_same(settled.left_id, settled.right_id, by=company.staff.anna)
    asked = question(company.okafor, company.mallory, stake=5)
    assert write_stakes(None) == 0
    assert write_stakes(company.cycle) == 1
    assert (stake(settled), stake(asked)) == (7, 220)


def test_another_cycle_says_otherwise(company: cast.Company):
    asked = question(company.alnoor, company.brankova)
    write_stakes(company.cycle)
    later = cast.cycle(company.cycle.as_of.replace(day=21))
    cast.valuation(company.alnoor, later, 3.5)
    write_stakes(later)
    assert stake(asked) == 3.5
    assert Linkage.objects.count() == 1
