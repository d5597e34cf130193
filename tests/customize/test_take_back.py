"""An import taken back after people have spoken of its records, or while records are linked."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from entente.customize.forget import take_back
from entente.customize.models import Answer
from entente.differentiate.models import NextQuestion
from entente.identify.match import match_new
from entente.identify.models import BY_HAND, Chosen, Customer, Linkage, Membership, PossibleMatch, Verdict
from entente.identify.shown import choose
from entente.identify.verdicts import say_not_same, say_same, take_out
from entente.identify.verdicts import take_back as unsay
from entente.ledger.models import Import, Interaction, Party
from entente.staff.models import User
from tests import cast
from tests.erasure_facts import CONTACTS, NOW, PARTIES, bring, tell

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_home")]
HEADING = PARTIES.split("\n")[0]


@pytest.fixture
def maxim() -> User:
    return User.objects.create(email="maxim@example.org", name="Maxim", role="manager")


def record(folder: Path, number: int) -> tuple[Import, Party]:
    """A record, and the import it came with."""
    row = f"k{number},Anna Schmidt,anna{number}@x.example,,DE,,,,,,"
    brought = bring(folder, "parties", f"{HEADING}\n{row}\n", source=f"source {number}")
    match_new()
    return brought, Party.objects.get(key=f"k{number}")


def gone(party: Party) -> bool:
    return not Party.objects.filter(pk=party.pk).exists()


def whose(party: Party) -> int:
    return Membership.objects.values_list("customer_id", flat=True).get(party=party, ended_at=None)


def test_what_was_said_of_its_records_goes_along(tmp_path: Path, maxim: User):
    _, a = record(tmp_path, 1)
    brought, b = record(tmp_path, 2)
    say_not_same(a.pk, b.pk, by=maxim)
    take_back(brought.pk, by=maxim, at=NOW)
    assert gone(b) and not gone(a) and not Verdict.objects.exists()


def test_who_was_held_together_by_one_of_its_records_alone_parts(tmp_path: Path, maxim: User):
    brought, a = record(tmp_path, 1)
    (_, b), (_, c), (_, d) = (record(tmp_path, number) for number in (2, 3, 4))
    was = {each.pk: whose(each) for each in (b, c, d)}
    for one, other in ((a, b), (a, c), (c, d)):
        say_same(one.pk, other.pk, by=maxim)
    take_back(brought.pk, by=maxim, at=NOW)
    assert gone(a) and whose(c) == whose(d) != whose(b)
    assert {whose(b), whose(c)} <= set(was.values())
    assert Verdict.objects.filter(withdrawn_at=None).count() == 1


def test_what_is_asked_about_its_records_goes_along(tmp_path: Path, maxim: User):
    _, a = record(tmp_path, 1)
    brought, b = record(tmp_path, 2)
    run = Linkage.objects.create(law="any", sure=0.9, doubtful=0.5, started_at=NOW)
    PossibleMatch.objects.create(left=a, right=b, probability=0.6, linkage=run)
    take_back(brought.pk, by=maxim, at=NOW)
    assert gone(b) and not PossibleMatch.objects.exists()


def test_what_was_chosen_from_its_records_goes_along(tmp_path: Path, maxim: User):
    _, a = record(tmp_path, 1)
    brought, b = record(tmp_path, 2)
    say_same(a.pk, b.pk, by=maxim)
    choose(Customer.objects.get(pk=whose(a)), "email", b.pk, by=maxim)
    take_back(brought.pk, by=maxim, at=NOW)
    assert gone(b) and not Chosen.objects.exists()
    assert Customer.objects.get(pk=whose(a)).email == "anna1@x.example"


def test_what_is_most_worth_asking_of_its_customers_goes_along(tmp_path: Path, maxim: User):
    brought, a = record(tmp_path, 1)
    cycle = cast.cycle(date(2026, 11, 20))
    NextQuestion.objects.create(cycle=cycle, customer_id=whose(a), level=3, field="email", way="call", gain=1.0)
    take_back(brought.pk, by=maxim, at=NOW)
    assert gone(a) and not Customer.objects.exists() and not NextQuestion.objects.exists()


def test_a_contact_that_answered_a_decision_stays(tmp_path: Path):
    tale = tell(tmp_path)
    brought = bring(tmp_path, "interactions", CONTACTS.replace("T1", "T8").replace("T2", "T9"))
    Answer.objects.update(interaction=Interaction.objects.get(key="T8"))
    take_back(brought.pk, by=tale.anna, at=NOW)
    assert list(Interaction.objects.filter(key__in=("T8", "T9")).values_list("key", flat=True)) == ["T8"]


@pytest.mark.parametrize("first", [True, False])
def test_of_one_breath_the_rest_is_still_said(first: bool, tmp_path: Path, maxim: User):
    records = [record(tmp_path, number) for number in (1, 2, 3, 4)]
    (_, a), (_, b), (_, c), (_, out) = records
    for other in (b, c, out):
        say_same(a.pk, other.pk, by=maxim)
    together = whose(a)
    # As the law has it, so that nothing stands against taking one out.
    by_law = {"verdict": None, "by": None, "law": "any", "explanation": {"with": a.pk}}
    Membership.objects.filter(law=BY_HAND).update(**by_law)
    Verdict.objects.all().delete()
    said = take_out(out.pk, by=maxim).verdict
    brought, goes = next(
        each for each in records if (each[1].pk in (said.left_id, said.right_id)) is first and each[1] != out
    )
    take_back(brought.pk, by=maxim, at=NOW)
    stays = {a.pk, b.pk, c.pk} - {goes.pk}
    heir, child = Verdict.objects.filter(is_same=False, withdrawn_at=None).order_by("pk")
    assert {heir.left_id, child.left_id} == stays and heir.right_id == child.right_id == out.pk
    assert heir.together_with is None and child.together_with == heir
    assert unsay(heir, by=maxim) == 1
    assert whose(out) == together
