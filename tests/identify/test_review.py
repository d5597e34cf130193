"""Of two who answer a question at once, one wins and the other is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from entente.identify.models import Membership, PossibleMatch, Verdict
from entente.identify.review import own_last, question_before, questions, settle, waiting
from entente.identify.verdicts import AlreadyDecided, NothingToDecide
from entente.staff.models import User
from tests import cast
from tests.web.test_review import question

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company() -> cast.Company:
    return cast.company()


@pytest.mark.parametrize("round_", range(3))
def test_at_the_same_moment_one_wins_whoever_it_is(company: cast.Company, round_: int):
    asked = question(company.alnoor, company.brankova)
    start = Barrier(2)

    def answer(by: User, is_same: bool) -> str:
        try:
            start.wait(timeout=20)
            settle(asked.pk, is_same=is_same, by=by)
        except AlreadyDecided as error:
            return f"told of {error.verdict.by}"
        else:
            return "won"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        anna, maxim = both.map(answer, (company.staff.anna, company.staff.maxim), (True, False))
    verdict = Verdict.objects.get()
    assert (anna, maxim) == (("won", "told of Anna") if verdict.is_same else ("told of Maxim", "won"))
    are_one = Membership.objects.filter(ended_at=None).values("customer_id").distinct().count() == 4
    assert are_one == verdict.is_same


def test_the_queue_is_walked_from_the_dearest_and_back(company: cast.Company):
    # Two are worth the same: the later one first, and neither is lost.
    made = [
        question(company.alnoor, company.brankova, stake=5),
        question(company.okafor, company.mallory, stake=5),
        question(company.rahimi, company.mallory, stake=9),
    ]
    anna = company.staff.anna
    dear = [made[2], made[1], made[0]]
    assert list(waiting()) == dear
    assert [one.question for one in questions(anna, since=None, itself=False, most=9)] == dear
    assert [one.question for one in questions(anna, since=dear[0], itself=False, most=9)] == dear[1:]
    assert [one.question for one in questions(anna, since=dear[1], itself=True, most=1)] == dear[1:2]
    assert [question_before(one) for one in dear] == [None, dear[0].pk, dear[1].pk]


def test_a_question_is_answered_once_and_the_answer_is_ones_own_last(company: cast.Company):
    asked = question(company.alnoor, company.brankova)
    anna, at = company.staff.anna, company.cycle.published_at
    assert at is not None
    said = settle(asked.pk, is_same=False, by=anna)
    assert own_last(anna, since=at) == said.verdict
    assert own_last(company.staff.maxim, since=at) is None
    assert own_last(anna, since=said.verdict.made_at.replace(year=2999)) is None
    with pytest.raises(AlreadyDecided):
        settle(asked.pk, is_same=False, by=anna)
    PossibleMatch.objects.all().delete()
    with pytest.raises(NothingToDecide, match="linked anew"):
        settle(asked.pk, is_same=True, by=anna)
