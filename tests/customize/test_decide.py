"""Decisions on a real database: what was weighed, what was left out and why, and what people made of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from entente.customize import answer
from entente.customize.answer import REST_DAYS, AlreadyAnswered
from entente.customize.explain import drops, play_name, sentence
from entente.customize.models import Answer, Decision, Outcome
from entente.customize.outcomes import STAY_DAYS, seen_outcomes
from entente.customize.pure.plays import PLAYS
from entente.customize.pure.reasons import SENTENCES
from entente.customize.today import best_steps
from entente.cycle import run_cycle
from entente.interact.models import ConsentEvent, Preference
from entente.learn.assign import hold_out, own_terms
from entente.ledger.models import Party
from entente.staff.settings import put_setting
from tests.ledger_facts import Ledger, a_firm, a_trade, a_user, committed, customer_of

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

AS_OF = date(2026, 6, 30)
TODAY = date(2026, 8, 30)
MORNING = datetime(2026, 7, 1, 9, tzinfo=UTC)
PURPOSE = {play.key: play.purpose for play in PLAYS}


@pytest.fixture
def trade(committed: None) -> Ledger:
    a_firm()
    ledger = Ledger()
    ledger.people = a_trade(ledger, buyers=150, until=AS_OF)  # type: ignore[attr-defined]
    return ledger


def granted(*parties: Party) -> None:
    ConsentEvent.objects.bulk_create(
        ConsentEvent(
            party=party, channel=channel, purpose=purpose, is_granted=True, at=datetime(2026, 1, 1, tzinfo=UTC)
        )
        for party in parties
        for channel in ("phone", "email", "letter")
        for purpose in ("marketing", "relationship")
    )


def test_a_decision_says_all_that_was_weighed(trade):
    granted(*trade.people)
    put_setting("hold_out", {**own_terms(), "share": 0.3}, by=None)
    cycle = run_cycle(AS_OF, today=TODAY)
    rows = list(Decision.objects.filter(cycle=cycle).select_related("customer", "cycle"))
    assert {row.state for row in rows} >= {"open", "held_out"}
    for row in rows:
        assert sum(row.propensities) == pytest.approx(1, abs=1e-9)
        assert sum(row.win_shares) == pytest.approx(1, abs=1e-4)
        assert row.plays[0] == "nothing" and row.scores[0] == 0
        assert len(row.plays) == len(row.scores) == len(row.win_shares) == len(row.propensities)
        assert row.propensities[row.plays.index(row.play)] == row.propensity > 0
        assert row.scores[row.plays.index(row.play)] == row.score
        assert not set(row.plays) & set(row.drops)
        said = sentence(row)
        assert said and "{" not in said and "–" not in said and "?" not in said, (row.reason, said)
        assert all(play_name(play) and why for play, why in drops(row))
        if row.play != "nothing":
            assert row.state == "open" and row.reason in SENTENCES
            assert (row.purpose, bool(row.channel), bool(row.opens_at)) == (PURPOSE[row.play], True, True)
            assert row.opens_at >= datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert {row.reason for row in rows} >= {"nothing"} and len({row.reason for row in rows}) > 2
    steps = best_steps(cycle, limit=5)
    assert [step["score"] for step in steps] == sorted((step["score"] for step in steps), reverse=True)
    assert all(step["level"] and step["when"] for step in steps)


def test_the_hold_out_gets_nothing_that_persuades_and_is_marked(trade):
    import numpy as np

    granted(*trade.people)
    put_setting("hold_out", {**own_terms(), "share": 0.3}, by=None)
    cycle = run_cycle(AS_OF, today=TODAY)
    rows = list(Decision.objects.filter(cycle=cycle))
    numbers = np.array([row.customer_id for row in rows])
    held = dict(zip(numbers.tolist(), hold_out(numbers, year=2026).tolist(), strict=True))
    assert sum(held.values()) > 10
    for row in rows:
        assert row.is_hold_out == held[row.customer_id]
        if row.is_hold_out:
            assert row.play == "nothing" and row.plays == ["nothing"]
        else:
            assert "held_out" not in row.drops.values()


def test_where_nobody_is_left_to_choose_for_it_is_written_why(trade):
    put_setting("hold_out", {**own_terms(), "share": 1.0}, by=None)
    cycle = run_cycle(AS_OF, today=TODAY)
    rows = Decision.objects.filter(cycle=cycle)
    assert rows and {row.play for row in rows} == {"nothing"} and all(row.plays == ["nothing"] for row in rows)
    assert {row.state for row in rows} == {"held_out"} and all("held_out" in row.drops.values() for row in rows)
    assert all((row.score, row.propensities) == (0.0, [1.0]) for row in rows)


def test_product_names_stand_in_sentences(trade):
    granted(*trade.people)
    put_setting("plays", {play.key: {"on": False} for play in PLAYS if play.key != "cross_sell"}, by=None)
    cycle = run_cycle(AS_OF, today=TODAY)
    rows = Decision.objects.filter(cycle=cycle, play="cross_sell").select_related("cycle")
    assert rows and all("Paint " in sentence(row) for row in rows)


def test_what_people_answered_rests(trade):
    granted(*trade.people)
    anna = a_user()
    first = run_cycle(AS_OF, today=TODAY)
    done, refused, postponed, *_ = (
        Decision.objects.filter(cycle=first, state="open").exclude(play="cross_sell").order_by("-score")
    )
    answer.do(done, by=anna, at=MORNING)
    answer.refuse(refused, why_not="known_reason", by=anna, at=MORNING)
    answer.postpone(postponed, until_on=date(2026, 7, 20), by=anna, at=MORNING)
    Answer.objects.update(at=MORNING)
    with pytest.raises(AlreadyAnswered, match="Open Today again"):
        answer.do(done, by=anna, at=MORNING)
    second = run_cycle(AS_OF + timedelta(days=3), today=TODAY)
    for earlier, why in ((done, "done_recently"), (refused, "put_off"), (postponed, "put_off")):
        later = Decision.objects.filter(cycle=second, customer=earlier.customer_id).first()
        if later is not None and earlier.play not in later.drops:
            assert earlier.play not in later.plays
        else:
            assert later is not None and later.drops[earlier.play] == why
    assert REST_DAYS["known_reason"] == 90
    assert Answer.objects.get(decision=refused).until_on == date(2026, 9, 29)


def test_the_contact_rules_are_kept(trade):
    """Consent withdrawn for the phone, a pause, and a wish for letters."""
    granted(*trade.people)
    withdrawn, paused, letters = trade.people[:50], trade.people[50:100], trade.people[100:]
    for party in withdrawn:
        for purpose in ("marketing", "relationship"):
            ConsentEvent.objects.create(
                party=party, channel="phone", purpose=purpose, is_granted=False, at=datetime(2026, 6, 1, tzinfo=UTC)
            )
    Preference.objects.bulk_create(Preference(party=party, wishes={"paused_until": "2026-12-01"}) for party in paused)
    Preference.objects.bulk_create(Preference(party=party, wishes={"channels": ["letter"]}) for party in letters)
    put_setting("hold_out", {**own_terms(), "share": 0.0}, by=None)
    cycle = run_cycle(AS_OF, today=TODAY)
    rows = {row.customer_id: row for row in Decision.objects.filter(cycle=cycle)}
    used = {
        name: [rows[customer_of(party).pk] for party in people if customer_of(party).pk in rows]
        for name, people in (("withdrawn", withdrawn), ("paused", paused), ("letters", letters))
    }
    assert {row.channel for row in used["withdrawn"]} >= {"email"} and "phone" not in {
        row.channel for row in used["withdrawn"]
    }
    assert {row.play for row in used["paused"]} == {"nothing"}
    assert "contact_rules" in {why for row in used["paused"] for why in row.drops.values()}
    assert {row.channel for row in used["letters"]} <= {"", "letter"}


def test_who_has_but_one_address_is_reached_there_and_who_has_none_anywhere(trade):
    granted(*trade.people)
    Party.objects.filter(pk__in=[party.pk for party in trade.people[:75]]).update(email="a@example.com")
    put_setting("hold_out", {**own_terms(), "share": 0.0}, by=None)
    cycle = run_cycle(AS_OF, today=TODAY)
    by_mail = set(
        Decision.objects.filter(cycle=cycle, customer__email="a@example.com").values_list("channel", flat=True)
    )
    anywhere = set(Decision.objects.filter(cycle=cycle, customer__email="").values_list("channel", flat=True))
    assert by_mail == {"", "email"}
    assert anywhere >= {"phone", "email"}


def test_what_comes_of_a_step_counts_once_it_is_known_whole(trade):
    granted(*trade.people)
    run_cycle(AS_OF, today=TODAY)
    row = Decision.objects.filter(state="open").first()
    Outcome.objects.create(
        decision=row, was_delivered=True, reward=9.0, bought_within_days=5, stayed=True, measured_on=AS_OF
    )
    place = [play.key for play in PLAYS].index(row.play)
    assert seen_outcomes(AS_OF + timedelta(days=STAY_DAYS - 1)).contacted.sum() == 0
    tally = seen_outcomes(AS_OF + timedelta(days=STAY_DAYS))
    assert tally.contacted.sum() == tally.contacted[place, row.level - 1] == 1
