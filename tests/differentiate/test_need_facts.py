"""Facts of needs: which of them hold, which count, and what of them is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from entente.differentiate.models import NeedFact, Valuation
from entente.differentiate.need_card import evidence_of
from entente.differentiate.need_facts import (
    ImpossibleFact,
    Reading,
    facts_about,
    need_terms,
    needs_mark,
    own_words,
    say,
    set_figures,
    set_words,
    told,
    vocabulary,
    withdraw,
)
from entente.identify.match import match_new
from entente.identify.relations_models import Relation
from entente.identify.verdicts import say_same
from entente.ledger.models import ExchangeRate
from entente.staff.models import Setting
from tests.ledger_facts import a_user, committed, ledger
from tests.need_market import AS_OF, TODAY, rows, run

__all__ = ["committed", "ledger"]  # fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]


def test_what_is_said_of_the_wallet_counts_in_the_firms_money(ledger):
    ann, bob, cee = (ledger.party(key) for key in ("ann", "bob", "cee"))
    for party in (ann, bob):
        ledger.buys(party, AS_OF - timedelta(days=30), 100)
    ledger.speaks(cee, datetime(2026, 6, 1, tzinfo=UTC))
    ExchangeRate.objects.create(currency="EUR", from_on=date(2026, 1, 1), rate=Decimal("0.5"))
    say(ann.pk, "spend_elsewhere", "1800", currency="EUR", said_on=date(2026, 3, 1), today=TODAY)
    say(bob.pk, "spend_elsewhere", "10", currency="SEK", said_on=date(2026, 3, 1), today=TODAY)
    say(bob.pk, "share_of_wallet", "20 %", said_on=date(2026, 3, 1), today=TODAY, is_stated=False)
    say(cee.pk, "spend_elsewhere", "500", currency="GBP", said_on=date(2026, 3, 1), today=TODAY)
    cycle = run()
    found = rows(cycle)
    assert (found["ann"].potential, found["ann"].share, found["ann"].share_is_stated) == (1000, 0.1, True)
    assert (found["bob"].potential, found["bob"].share, found["bob"].share_is_stated) == (500, 0.2, False)
    assert (found["cee"].potential, found["cee"].share) == (500, 0)
    assert found["ann"].growth == pytest.approx(360)
    assert any("without an exchange rate" in note for note in cycle.notes)
    assert (cycle.totals["needs"]["potential"]["stated"], cycle.totals["needs"]["potential"]["believed"]) == (2, 1)


def test_a_later_word_supersedes_and_what_they_say_beats_what_we_think(ledger):
    ann = ledger.party("ann")
    ledger.buys(ann, AS_OF - timedelta(days=30), 100)
    match_new()
    say(ann.pk, "share_of_wallet", "0.5", said_on=date(2026, 1, 1), today=TODAY)
    say(ann.pk, "share_of_wallet", "0.25", said_on=date(2026, 2, 1), today=TODAY)
    say(ann.pk, "share_of_wallet", "0.75", said_on=date(2026, 5, 1), today=TODAY, is_stated=False)
    standing = told(list(facts_about([ann.pk])), AS_OF, Reading.in_force())
    assert [(str(one.fact.number), one.why) for one in standing] == [
        ("0.2500", ""), ("0.5000", "superseded"), ("0.7500", "superseded"),
    ]  # fmt: skip
    assert rows(run())["ann"].share == 0.25
    withdraw(standing[0].fact, by=a_user(), at=datetime(2026, 6, 30, tzinfo=UTC))
    assert rows(run())["ann"].share == 0.5


def test_what_is_past_its_day_unsure_or_still_to_come_does_not_count(ledger):
    ann = ledger.party("ann")
    ledger.buys(ann, AS_OF - timedelta(days=30), 100)
    past = say(
        ann.pk, "share_of_wallet", "0.1", said_on=date(2026, 1, 1), today=TODAY, expires_on=AS_OF - timedelta(days=1)
    )
    say(ann.pk, "share_of_wallet", "0.2", said_on=AS_OF + timedelta(days=5), today=AS_OF + timedelta(days=9))
    say(ann.pk, "share_of_wallet", "0.3", said_on=date(2026, 1, 1), today=TODAY, confidence=0.4)
    assert rows(run())["ann"].share is None
    NeedFact.objects.filter(pk=past.pk).update(expires_on=AS_OF)
    assert rows(run())["ann"].share == 0.1, "the last day still counts"
    assert {one.why for one in told(list(facts_about([ann.pk])), AS_OF + timedelta(days=1), Reading.in_force())} == {
        "expired",
        "to come",
        "",
    }


def test_a_rumour_takes_no_place_of_what_is_sure(ledger):
    ann = ledger.party("ann")
    ledger.buys(ann, AS_OF - timedelta(days=30), 100)
    match_new()
    say(ann.pk, "share_of_wallet", "0.5", said_on=date(2026, 1, 1), today=TODAY, is_stated=False)
    say(ann.pk, "share_of_wallet", "0.1", said_on=date(2026, 5, 1), today=TODAY, confidence=0.4)
    for name in ("Jotun", "Brillux"):
        say(ann.pk, "other_supplier", name, said_on=AS_OF, today=TODAY, confidence=0.4)
    cycle = run()
    row = rows(cycle)["ann"]
    assert (row.share, row.stimulate) == (0.5, 0)
    standing = told(list(facts_about([ann.pk])), AS_OF, Reading.in_force())
    assert [str(one.fact.number) for one in standing if one.holds and one.word.name == "share_of_wallet"] == ["0.5000"]
    assert evidence_of([row.customer_id], AS_OF)[row.customer_id].suppliers == []


def test_a_fact_goes_with_its_record_whoever_the_customer_is(ledger):
    ann, bob = ledger.party("ann"), ledger.party("bob")
    for party in (ann, bob):
        ledger.buys(party, AS_OF - timedelta(days=30), 100)
    match_new()
    say(bob.pk, "spend_elsewhere", "800", currency="GBP", said_on=AS_OF, today=TODAY)
    decided = say_same(ann.pk, bob.pk, by=a_user())
    row = Valuation.objects.get(cycle_id=run().pk, customer_id=decided.customer)
    assert (row.revenue_year, row.potential) == (200, 1000)


def test_an_impossible_fact_is_refused_with_all_that_is_wrong(ledger):
    ann = ledger.party("ann")
    with pytest.raises(ImpossibleFact) as refused:
        say(ann.pk, "spend_elsewhere", "much", said_on=TODAY + timedelta(days=1), today=TODAY, confidence=3)
    assert set(refused.value.errors) == {"value", "currency", "confidence", "said_on"}
    wrong = (
        ("share_of_wallet", "130 %"), ("share_of_wallet", "-1"), ("share_of_wallet", "nan"), ("spend_elsewhere", "1e99"),
        ("spend_elsewhere", "Infinity"), ("decides_on", "soon"), ("need", " "), ("need", "x" * 251), ("segment", "1"),
        ("segment", "99999999"), ("nonsense", "x"),
    )  # fmt: skip
    for predicate, value in wrong:
        with pytest.raises(ImpossibleFact):
            say(ann.pk, predicate, value, said_on=TODAY, today=TODAY, currency="GBP")
    assert not NeedFact.objects.exists()


@pytest.mark.parametrize("written", ["1,500", "12.500", "100 USD", "30 %", "1500-"])
def test_money_that_can_be_read_in_two_ways_is_asked_again(ledger, written):
    with pytest.raises(ImpossibleFact) as refused:
        say(ledger.party("ann").pk, "spend_elsewhere", written, said_on=TODAY, today=TODAY, currency="GBP")
    assert set(refused.value.errors) == {"value"} and not NeedFact.objects.exists()


@pytest.mark.parametrize(
    ("written", "meant"),
    [("12,500.50", "12500.5"), ("1 500", "1500"), ("۱٬۵۰۰٫۵", "1500.5"), ("1,5", "1.5"), ("0", "0")],
)
def test_money_is_read_as_people_write_it(ledger, written, meant):
    fact = say(ledger.party("ann").pk, "budget", written, said_on=TODAY, today=TODAY, currency="GBP")
    assert fact.number == Decimal(meant)


def test_a_share_is_read_in_the_digits_of_any_script(ledger):
    assert say(ledger.party("ann").pk, "share_of_wallet", "۳۰٪", said_on=TODAY, today=TODAY).number == Decimal("0.3")


def test_what_nobody_sees_is_not_kept(ledger):
    given = {"said_on": TODAY, "today": TODAY, "evidence": " \x1b]0;x\x07 on\u202ethe phone "}
    fact = say(ledger.party("ann").pk, "other_supplier", " Jo\x1b[2Jtun\u202e  &\0 Sons\n", **given)
    assert (fact.value, fact.evidence) == ("Jo[2Jtun & Sons", "]0;x onthe phone")


def test_a_thousand_days_are_not_one_day(ledger):
    with pytest.raises(ImpossibleFact) as refused:
        set_figures({"lasts": "1,000", "peers": "1.000", "quantile": "0,750"}, by=None)
    assert set(refused.value.errors) == {"lasts", "peers"}


def test_without_an_end_a_fact_holds_as_long_as_is_set(ledger):
    ann = ledger.party("ann")
    set_figures({"lasts": "10"}, by=None)
    assert say(ann.pk, "need", "speed", said_on=TODAY, today=TODAY).expires_on == TODAY + timedelta(days=10)
    assert say(ann.pk, "share_of_wallet", "٫5", said_on=TODAY, today=TODAY).number == Decimal("0.5")


def test_own_words_and_figures_are_kept_and_refused_with_where(ledger):
    set_words({"colour_system": "which colour system"}, by=None)
    assert vocabulary()["colour_system"].label == "which colour system"
    set_words({"colour_system": "which colour system"}, by=None)
    assert Setting.objects.count() == 1, "nothing changed, nothing kept"
    for wrong in ({"need": "ours"}, {"Colour": "x"}, {"x": "too short"}, {"colour": " "}, {"colour": "x" * 81}):
        with pytest.raises(ImpossibleFact):
            set_words(wrong, by=None)
    with pytest.raises(ImpossibleFact) as refused:
        set_figures({"quantile": "2", "peers": "few", "low_share": "0.25"}, by=None)
    assert set(refused.value.errors) == {"quantile", "peers"}
    set_figures({"low_share": "0,25", "quantile": "0.75"}, by=None)
    assert need_terms().low_share == 0.25
    assert Setting.objects.get(name="potential").value == {"low_share": 0.25}
    assert own_words() == {"colour_system": "which colour system"}


def test_whatever_needs_are_made_of_changes_the_mark(ledger):
    ann, bob = ledger.party("ann"), ledger.party("bob")
    marks = [needs_mark()]
    fact = say(ann.pk, "need", "speed", said_on=TODAY, today=TODAY)
    marks.append(needs_mark())
    withdraw(fact, by=None, at=datetime(2026, 6, 30, tzinfo=UTC))
    marks.append(needs_mark())
    set_figures({"low_share": "0.25"}, by=None)
    marks.append(needs_mark())
    relation = Relation.objects.create(party=ann, other=bob, kind="distributes_to")
    marks.append(needs_mark())
    Relation.objects.filter(pk=relation.pk).update(withdrawn_at=datetime(2026, 6, 30, tzinfo=UTC))
    marks.append(needs_mark())
    assert len({str(mark) for mark in marks}) == len(marks)
