"""From facts to what is known of them, on a real database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from entente.cycle import run_cycle
from entente.differentiate.current import in_force
from entente.differentiate.facts import Facts
from entente.differentiate.knowing import know
from entente.differentiate.knowing_terms import ImpossibleAssumptions, assumptions, set_terms, terms
from entente.differentiate.known import knowledge_of, questions, questions_of, sources_of
from entente.differentiate.models import Cycle, KnowingCell, NextQuestion, PyramidCell
from entente.differentiate.partitions import attach_partition
from entente.differentiate.value import value_customers
from entente.identify.match import match_new
from entente.identify.models import Linkage, Membership, PossibleMatch
from entente.interact.allow import check_customers
from entente.interact.models import ConsentEvent, Preference
from entente.interact.reachable import rules_of
from entente.ledger.models import Party, PartyVersion
from entente.staff.models import Setting
from entente.warehouse.extract import extract
from tests.ledger_facts import Ledger, a_trade, committed, customer_of, ledger

__all__ = ["committed", "ledger"]  # fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

AS_OF = date(2026, 6, 30)
AT = datetime(2026, 7, 1, 8, tzinfo=UTC)
LAST = AS_OF - timedelta(days=10)


def said_on(party: Party, day: date) -> None:
    Party.objects.filter(pk=party.pk).update(recorded_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def nobody(customers: Any) -> Any:
    return np.zeros(len(customers), bool)


def known(cycle: Cycle | None = None) -> tuple[Cycle, dict[str, Any]]:
    """Recognise, value, count. Returns the cycle and what the verb found."""
    match_new()
    cycle = cycle or Cycle.objects.create(as_of=AS_OF, currency="GBP")
    with extract() as columns:
        facts = Facts(columns, AS_OF, currency="GBP", margin_rate=0.4)
        value_customers(cycle, facts, progress=lambda *_: None)
        found = know(cycle, facts, lambda customers, engine: rules_of(customers, engine, at=AT), nobody)
    attach_partition(cycle)
    return cycle, found


def totals(cycle: Cycle, source: int | None = None) -> dict[str, tuple[int, int]]:
    """respect: (known, of) over all levels."""
    rows = [one for _, some in knowledge_of(cycle, source) for one in some]
    return {one.respect: (one.total.known, one.total.of) for one in rows}


def fresh(cycle: Cycle, respect: str, source: int | None = None) -> float:
    return sum(cell.fresh or 0.0 for cell in KnowingCell.objects.filter(cycle=cycle, respect=respect, source=source))


def test_what_customers_show_is_counted(ledger):
    ann = ledger.party("ann", kind="person", email="ann@example.com", city="Ely", born_on=date(1980, 1, 1))
    bob = ledger.party("bob", kind="person", phone="+44 20 7946 0001")
    cee = ledger.party("cee", kind="organisation", tax_id="GB1", language="en", segment="trade", name="")
    for party in (ann, bob, cee):
        ledger.buys(party, LAST, 100)
    cycle, found = known()
    assert found["customers"] == 3
    assert totals(cycle) == {
        "name": (2, 3), "kind": (3, 3), "segment": (1, 3), "language": (1, 3), "born_on": (1, 2), "tax_id": (1, 1), "phone": (1, 3),
        "email": (1, 3), "address": (1, 3), "consent_phone": (0, 3), "consent_email": (0, 3), "consent_letter": (0, 3), "wishes": (0, 3),
        "reach_service": (2, 3), "reach_relationship": (2, 3), "reach_marketing": (2, 3), "in_doubt": (0, 3),
    }  # fmt: skip
    assert sources_of(cycle) == []


def test_each_level_and_all_levels_count_the_customers_of_the_pyramid(ledger):
    a_trade(ledger, buyers=60, until=AS_OF, email="buyer@example.com")
    cycle, _ = known()
    of = dict(KnowingCell.objects.filter(cycle=cycle, respect="name").values_list("level", "of"))
    counted = PyramidCell.objects.filter(cycle=cycle, measure="customers", amount__gt=0)
    assert of == {level: int(amount) for level, amount in counted.values_list("level", "amount")}
    worth = sum(KnowingCell.objects.filter(cycle=cycle).values_list("worth", flat=True))
    assert worth > 0


def test_the_age_counts_from_the_last_word_in_writing_or_over_it(ledger):
    written = ledger.party("written", phone="1", email="a@example.com")
    again = ledger.party("again", phone="2")
    spoken = ledger.party("spoken", phone="3", email="b@example.com")
    for party in (written, again, spoken):
        ledger.buys(party, LAST, 100)
        said_on(party, AS_OF - timedelta(days=1460))
    version = PartyVersion.objects.create(party=again, fields={"phone": "2"}, digest="0" * 32)
    PartyVersion.objects.filter(pk=version.pk).update(recorded_at=datetime(2024, 6, 30, 12, tzinfo=UTC))
    ledger.speaks(spoken, datetime(2026, 6, 30, 9, tzinfo=UTC))
    ledger.speaks(written, datetime(2026, 6, 30, 9, tzinfo=UTC), is_two_way=False)
    cycle, _ = known()
    assert fresh(cycle, "phone") == pytest.approx(0.25 + 0.5 + 1.0)
    assert fresh(cycle, "email") == pytest.approx(0.25 + 0.25), "a call does not confirm a mail address"
    assert not KnowingCell.objects.filter(cycle=cycle, respect="wishes", fresh__isnull=False).exists()


def test_reach_follows_consents_and_wishes_of_all_records(ledger):
    people = {
        key: ledger.party(key, email=f"{key}@example.com") for key in ("asked", "refused", "unasked", "phone_only")
    }
    for party in people.values():
        ledger.buys(party, LAST, 100)

    def says(key: str, granted: bool, day: int) -> None:
        at = AT - timedelta(days=day)
        ConsentEvent.objects.create(party=people[key], channel="email", purpose="marketing", is_granted=granted, at=at)

    says("asked", False, 9)
    says("asked", True, 8)
    says("refused", True, 9)
    says("refused", False, 8)
    says("unasked", True, -1)  # later than the day counted
    Preference.objects.create(party=people["phone_only"], wishes={"channels": ["email"]})
    Preference.objects.create(party=people["phone_only"], wishes={"channels": ["phone"]})
    cycle, _ = known()
    found = totals(cycle)
    assert found["consent_email"] == (2, 4)
    assert found["wishes"] == (1, 4)
    # Offers by mail need a yes; whose wishes leave mail out is reached for nothing we choose.
    assert found["reach_marketing"] == (1, 4)
    assert found["reach_relationship"] == (3, 4)


def test_wishes_nobody_can_read_leave_in_peace(ledger):
    party = ledger.party("ann", email="ann@example.com")
    ledger.buys(party, LAST, 100)
    Preference.objects.create(party=party, wishes={"channels": ["carrier pigeon"]})
    cycle, _ = known()
    assert totals(cycle)["reach_relationship"] == (0, 1)


def test_with_several_sources_each_is_counted_and_who_stands_alone(ledger):
    shop = Ledger("web shop")
    ann, bob = ledger.party("ann", email="ann@example.com"), ledger.party("bob")
    twin, cee = shop.party("u-1", phone="1"), shop.party("u-2", phone="2")
    for party in (ann, bob, cee):
        ledger.buys(party, LAST, 100)
    match_new()
    Membership.objects.filter(party=twin).update(customer=customer_of(ann), law="same key")
    run = Linkage.objects.create(law="x", sure=0.99, doubtful=0.5, started_at=timezone.now())
    PossibleMatch.objects.create(left=bob, right=cee, probability=0.7, linkage=run)
    cycle, found = known()
    assert found["customers"] == 3
    assert [source.name for source in sources_of(cycle)] == ["shop", "web shop"]
    all_of_them = totals(cycle)
    assert all_of_them["phone"] == (2, 3) and all_of_them["email"] == (1, 3)
    assert all_of_them["alone"] == (2, 4) and all_of_them["in_doubt"] == (2, 4)
    at_home, abroad = totals(cycle, ledger.source.pk), totals(cycle, shop.source.pk)
    assert at_home["email"] == (1, 2) and at_home["phone"] == (0, 2)
    assert abroad["phone"] == (2, 2) and abroad["email"] == (0, 2)
    assert at_home["alone"] == (1, 2) and abroad["alone"] == (1, 2)
    assert at_home["in_doubt"] == (1, 2) and abroad["in_doubt"] == (1, 2)
    assert not any(name.startswith("reach_") for name in at_home)


def test_whose_records_are_all_erased_is_nobody_to_ask(ledger):
    gone, here = ledger.party("gone"), ledger.party("here")
    for party in (gone, here):
        ledger.buys(party, LAST, 5_000)
    Party.objects.filter(pk=gone.pk).update(erased_at=timezone.now())
    cycle, found = known()
    assert found["customers"] == 1
    assert list(questions(cycle).values_list("customer_id", flat=True)) == [customer_of(here).pk]


def test_the_dearest_is_asked_first_and_in_words(ledger):
    a_trade(ledger, buyers=80, until=AS_OF)
    cycle, found = known()
    rows = list(questions(cycle))
    assert found["questions"] == len(rows) > 10
    gains = [row.gain for row in rows]
    assert gains == sorted(gains, reverse=True) and gains[-1] > 0
    assert found["worth"] == pytest.approx(sum(gains))
    assert found["spread"] == pytest.approx(0.5)
    # Nobody can be called or written to: everybody is asked with the next order.
    assert {(row.field, row.way) for row in rows} == {("phone", "order")}
    Cycle.objects.filter(pk=cycle.pk).update(published_at=timezone.now())
    asked = [rows[0].customer_id, rows[1].customer_id, 999_999]
    assert {number: str(words) for number, words in questions_of(asked).items()} == dict.fromkeys(
        asked[:2], "phone number"
    )


def test_again_for_the_same_cycle_changes_nothing(ledger):
    a_trade(ledger, buyers=30, until=AS_OF)
    match_new()
    cycle = Cycle.objects.create(as_of=AS_OF, currency="GBP")
    told = []
    with extract() as columns:
        facts = Facts(columns, AS_OF, currency="GBP", margin_rate=0.4)
        value_customers(cycle, facts, progress=lambda *_: None)
        for _ in range(2):
            know(cycle, facts, lambda customers, engine: rules_of(customers, engine, at=AT), nobody)
            cells = KnowingCell.objects.order_by("respect", "level").values_list(
                "respect", "level", "of", "known", "fresh", "worth"
            )
            told.append(
                (
                    list(cells),
                    list(NextQuestion.objects.order_by("customer_id").values_list("customer_id", "field", "gain")),
                )
            )
    assert told[0] == told[1] and all(told[0])


def test_nobody_at_all_is_counted_without_trouble(ledger):
    cycle, found = known()
    assert found["customers"] == found["questions"] == 0
    assert knowledge_of(cycle, None) == []


def test_it_is_a_step_of_the_circle_and_old_questions_go(ledger):
    a_trade(ledger, buyers=40, until=AS_OF)
    first = run_cycle(AS_OF - timedelta(days=1), today=AS_OF + timedelta(days=1))
    assert first.steps_done["know"]["questions"] == questions(first).count() > 0
    assert first.steps_done["know"]["assumed"] == terms().as_dict()
    second = run_cycle(AS_OF, today=AS_OF + timedelta(days=1))
    assert in_force() == second
    run_cycle(AS_OF + timedelta(days=1), today=AS_OF + timedelta(days=1))
    assert set(NextQuestion.objects.values_list("cycle_id", flat=True)) <= {second.pk, in_force().pk}
    assert KnowingCell.objects.filter(cycle=first).exists(), "what was known on a day stays on record"


def test_other_assumptions_are_worked_in(ledger):
    a_trade(ledger, buyers=20, until=AS_OF)
    first = run_cycle(AS_OF, today=AS_OF + timedelta(days=1))
    set_terms({"order.answer": "0,9", "speaking": ""}, by=None)
    assert Setting.objects.get(name="knowing").value == {"order.answer": 0.9}
    second = run_cycle(AS_OF, today=AS_OF + timedelta(days=1))
    assert second != first
    assert second.steps_done["know"]["worth"] > first.steps_done["know"]["worth"]


def test_impossible_assumptions_are_told_beside_their_field(ledger):
    with pytest.raises(ImpossibleAssumptions) as wrong:
        set_terms({"call.cost": "-1", "mail.answer": "often", "speaking": "0.1"}, by=None)
    assert set(wrong.value.errors) == {"call.cost", "mail.answer"}
    assert not Setting.objects.exists()
    set_terms({"speaking": "0.1"}, by=None)
    shown = {one.name: one for one in assumptions()[""]}
    assert (shown["speaking"].written, shown["speaking"].default, shown["speaking"].is_own) == ("0.1", "0.05", True)
    set_terms({"speaking": "0.05"}, by=None)
    assert Setting.objects.order_by("-id")[0].value == {}


def test_the_rules_of_a_batch_are_those_of_a_question(ledger):
    """What stands for a customer in the columns is what the contact rules answer when asked for that customer alone."""
    rng = np.random.default_rng(5)
    parties = ledger.parties(60)
    match_new()
    for party in parties:
        for _ in range(int(rng.integers(0, 3))):
            ConsentEvent.objects.create(
                party=party, channel=str(rng.choice(["phone", "email", "letter"])), is_granted=bool(rng.random() < 0.5),
                purpose=str(rng.choice(["service", "relationship", "marketing"])), at=AT - timedelta(days=int(rng.integers(1, 9))),
            )  # fmt: skip
        if rng.random() < 0.4:
            wanted = ["phone"] if rng.random() < 0.5 else ["email", "letter"]
            Preference.objects.create(party=party, wishes={"channels": wanted})
    numbers = np.sort(np.array([customer_of(party).pk for party in parties]))
    with extract() as columns:
        rules = rules_of(numbers, columns, at=AT)
    for place, channel in enumerate(("phone", "email", "letter")):
        for number, purpose in enumerate(("service", "relationship", "marketing")):
            answers = check_customers([(int(one), channel, purpose) for one in numbers], at=AT)
            assert rules.open[place, number].tolist() == [answer.verdict == "SEND_AT" for answer in answers]
