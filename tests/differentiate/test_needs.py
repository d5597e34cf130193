"""From facts to need segments, potentials and the cases in which stimulation pays, on a real database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection

from entente.differentiate.facts import Facts
from entente.differentiate.models import Cycle, NeedFact, NeedSegment, PotentialCell, PyramidCell
from entente.differentiate.need_card import evidence_of, need_story
from entente.differentiate.need_facts import say, withdraw
from entente.differentiate.partitions import partition_of
from entente.differentiate.potential_shown import first_of_case, potential_of, segments_of, without_segment
from entente.differentiate.value import value_customers
from entente.identify.match import match_new
from entente.identify.relations_models import Relation
from entente.ledger.models import Party
from entente.warehouse.extract import extract
from tests.ledger_facts import committed, customer_of, ledger
from tests.need_market import AS_OF, NEEDS, TODAY, a_market, rows, run

__all__ = ["committed", "ledger"]  # fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]


def test_segments_are_found_named_and_counted_and_keep_their_numbers(ledger):
    needing = a_market(ledger)
    cycle = run()
    segments = {one.number: one for one in NeedSegment.objects.filter(cycle=cycle)}
    assert sorted(segments) == [1, 2, 3]
    found = rows(cycle)
    of_need = {need: {found[party.key].segment for party in parties} for need, parties in needing.items()}
    most = {
        need: max(numbers, key=[found[party.key].segment for party in needing[need]].count)
        for need, numbers in of_need.items()
    }
    assert len(set(most.values())) == 3
    for need, number in most.items():
        assert set(segments[number].words["named"]) <= {*NEEDS[need]}
        assert segments[number].words["lift"] > 2 and segments[number].words["share"] > 0.7
    assert sum(one.customers for one in segments.values()) == 120
    assert sum(one.revenue for one in segments.values()) == pytest.approx(
        sum(row.revenue_year for row in found.values())
    )
    assert cycle.totals["needs"]["segments"]["by"] == "category"
    shown = segments_of(cycle)
    assert [one.segment.customers for one in shown] == sorted(
        (one.customers for one in segments.values()), reverse=True
    )
    assert sum(many for one in shown for _level, _share, many in one.shares) == 120
    assert without_segment(cycle, shown) == 0
    later = run(AS_OF + timedelta(days=1))
    again = rows(later)
    assert {key: row.segment for key, row in again.items()} == {key: row.segment for key, row in found.items()}
    assert [(one.number, one.name) for one in NeedSegment.objects.filter(cycle=later).order_by("number")] == [
        (number, segments[number].name) for number in sorted(segments)
    ]


def test_a_day_worked_out_afterwards_has_the_numbers_of_the_days_after_it(ledger):
    a_market(ledger)
    numbers = {key: row.segment for key, row in rows(run()).items()}
    assert {key: row.segment for key, row in rows(run(AS_OF - timedelta(days=3))).items()} == numbers


def test_too_few_customers_have_no_segments_and_it_is_said(ledger):
    ann = ledger.party("ann")
    ledger.buys(ann, AS_OF, 100, product=ledger.product("stain", category="Wood"))
    ledger.buys(ann, AS_OF, 100, product=ledger.product("rust", category="Metal"))
    cycle = run()
    assert rows(cycle)["ann"].segment is None
    assert "it takes 60" in cycle.totals["needs"]["segments"]["why"]
    assert not NeedSegment.objects.exists()


def test_what_they_say_they_need_beats_what_they_bought(ledger):
    needing = a_market(ledger)
    first = run()
    (one, believed, gone) = needing["wood"][:3]
    own = rows(first)[one.key].segment
    other = next(n for n in (1, 2, 3) if n != own)
    say(one.pk, "segment", str(other), said_on=AS_OF, today=TODAY)
    say(believed.pk, "segment", str(other), said_on=AS_OF, today=TODAY, is_stated=False)
    NeedFact.objects.create(
        party=gone, predicate="segment", value="long gone", number=99, is_stated=True, said_on=AS_OF
    )
    found = rows(run(AS_OF + timedelta(days=1)))
    assert (found[one.key].segment, found[one.key].segment_is_stated) == (other, True)
    assert (found[believed.key].segment, found[believed.key].segment_is_stated) == (other, False)
    assert (found[gone.key].segment, found[gone.key].segment_is_stated) == (rows(first)[gone.key].segment, False)
    segment = NeedSegment.objects.order_by("-cycle_id").filter(number=other).first()
    assert segment is not None and segment.stated == 1


def test_potentials_by_level_add_up_to_the_customers(ledger):
    a_market(ledger)
    cycle = run()
    found = rows(cycle)
    levels, total = potential_of(cycle)
    assert total is not None
    counted = dict(PyramidCell.objects.filter(cycle=cycle, measure="customers").values_list("level", "amount"))
    assert {one.level: one.cell.customers for one in levels} == {level: int(many) for level, many in counted.items()}
    judged = [row for row in found.values() if row.potential is not None]
    assert total.cell.judged == len(judged) > 50
    assert total.cell.potential == pytest.approx(sum(row.potential or 0 for row in judged))
    assert total.cell.growth == pytest.approx(sum(row.growth for row in found.values()))
    assert total.share_low is not None and total.share is not None and total.share_high is not None
    assert 0 < total.share_low <= total.share <= total.share_high <= 1
    for row in judged:
        assert row.potential is not None and row.share is not None
        assert row.potential >= row.revenue_year - 1e-6
        assert row.share == pytest.approx(max(row.revenue_year, 0) / row.potential)
        assert row.growth == pytest.approx(0.4 * (row.potential - max(row.revenue_year, 0)))
        assert bool(row.stimulate & 1) == (row.share < 1 / 3)
    assert total.cell.low_share == sum(bool(row.stimulate & 1) for row in found.values())


def test_newcomers_and_who_bought_nothing_lately_are_not_judged(ledger):
    a_market(ledger)
    new, old = ledger.party("new"), ledger.party("old")
    ledger.buys(new, AS_OF - timedelta(days=30), 100)
    ledger.buys(old, AS_OF - timedelta(days=500), 100)
    found = rows(run())
    for key in ("new", "old"):
        assert (found[key].potential, found[key].share, found[key].stimulate) == (None, None, 0)


def test_without_products_there_are_no_segments_and_all_else_is_there(ledger):
    ann = ledger.party("ann")
    ledger.buys(ann, AS_OF - timedelta(days=30), 100)
    ledger.product("post", is_charge=True, category="Charges")
    cycle = run()
    assert "no product has a category" in cycle.totals["needs"]["segments"]["why"]
    assert potential_of(cycle)[1] is not None


def test_what_lists_are_ordered_and_filtered_by_has_indexes(ledger):
    ledger.buys(ledger.party("ann"), AS_OF, 100)
    name = partition_of(run())
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = %s", [name])
        found = {index.removeprefix(f"{name}_") for (index,) in cursor.fetchall()}
    assert {"growth", "level_growth", "segment", "case_1", "case_2", "case_4"} <= found


def test_two_suppliers_or_somebody_between_are_cases_with_their_evidence(ledger):
    ann, bob, cee, hub = (ledger.party(key) for key in ("ann", "bob", "cee", "hub"))
    for party in (ann, bob, cee, hub):
        ledger.buys(party, AS_OF - timedelta(days=30), 100)
    for name in ("Jotun", "jotun", "Brillux"):
        say(ann.pk, "other_supplier", name, said_on=AS_OF, today=TODAY)
    say(bob.pk, "other_supplier", "Jotun", said_on=AS_OF, today=TODAY)
    say(bob.pk, "buys_through", "a cousin", said_on=AS_OF, today=TODAY)
    Relation.objects.create(party=hub, other=cee, kind="distributes_to", to_on=AS_OF)
    Relation.objects.create(party=hub, other=ann, kind="distributes_to", to_on=AS_OF - timedelta(days=1))
    Relation.objects.create(party=hub, other=bob, kind="partner")
    cycle = run()
    found = rows(cycle)
    assert {key: row.stimulate for key, row in found.items()} == {"ann": 2, "bob": 4, "cee": 4, "hub": 0}
    assert [row.customer_id for row in first_of_case(cycle, 2)] == [customer_of(ann).pk]
    assert {row.customer_id for row in first_of_case(cycle, 4)} == {customer_of(bob).pk, customer_of(cee).pk}
    evidence = evidence_of([customer_of(party).pk for party in (ann, bob, cee)], AS_OF)
    assert sorted(evidence[customer_of(ann).pk].suppliers) == ["Brillux", "jotun"]
    assert evidence[customer_of(bob).pk].through == ["a cousin"]
    assert evidence[customer_of(cee).pk].through == ["Hub"]


def test_the_card_tells_everything_with_its_reason(ledger):
    needing = a_market(ledger)
    party = needing["wood"][0]
    match_new()
    say(party.pk, "other_supplier", "Jotun", said_on=AS_OF, today=TODAY)
    say(party.pk, "other_supplier", "Brillux", said_on=AS_OF, today=TODAY)
    cycle = run()
    who = customer_of(party)
    story = need_story(who.pk, [party.pk], cycle, rows(cycle)[party.key], AS_OF)
    assert story.segment is not None and set(story.segment.categories) <= set(NEEDS["wood"])
    assert story.segment.own is not None and story.segment.own > 0.6
    assert not story.segment.is_stated
    assert 2 in story.cases and sorted(story.evidence.suppliers) == ["Brillux", "Jotun"]
    wallet = story.wallet
    assert wallet is not None and wallet.low is not None and wallet.high is not None and wallet.potential is not None
    assert wallet.low <= wallet.potential <= wallet.high
    assert not wallet.is_told
    say(party.pk, "spend_elsewhere", "10", currency="GBP", said_on=AS_OF, today=TODAY, is_stated=False)
    story = need_story(who.pk, [party.pk], cycle, rows(cycle)[party.key], AS_OF)
    assert story.wallet == wallet, "what is written down now counts from the next cycle on"
    Cycle.objects.filter(pk=cycle.pk).update(started_at=datetime(2999, 1, 1, tzinfo=UTC))
    cycle.refresh_from_db()
    story = need_story(who.pk, [party.pk], cycle, rows(cycle)[party.key], AS_OF)
    assert story.wallet is not None and story.wallet.is_told and not story.wallet.is_stated
    nothing = need_story(who.pk, [party.pk], None, None, AS_OF)
    assert (nothing.segment, nothing.wallet, nothing.cases) == (None, None, [])
    assert len(nothing.facts) == 3


def test_the_card_goes_by_what_the_cycle_knew_on_its_day(ledger):
    needing = a_market(ledger)
    early, late, gone = needing["wood"][:3]
    given = {"currency": "GBP", "today": TODAY + timedelta(days=1), "is_stated": False}
    say(early.pk, "spend_elsewhere", "10", said_on=AS_OF - timedelta(days=9), expires_on=AS_OF, **given)
    say(late.pk, "spend_elsewhere", "10", said_on=AS_OF + timedelta(days=1), **given)
    back = say(gone.pk, "spend_elsewhere", "10", said_on=AS_OF, **given)
    cycle = run()
    Cycle.objects.filter(pk=cycle.pk).update(started_at=datetime(2998, 1, 1, tzinfo=UTC))
    cycle.refresh_from_db()
    withdraw(back, by=None, at=datetime(2999, 1, 1, tzinfo=UTC))
    found, today = rows(cycle), AS_OF + timedelta(days=2)
    for party, was_told in ((early, True), (late, False), (gone, True)):
        row = found[party.key]
        assert (row.potential == pytest.approx(row.revenue_year + 10)) == was_told
        wallet = need_story(customer_of(party).pk, [party.pk], cycle, row, today).wallet
        assert wallet is not None and wallet.is_told == was_told, party.key


def test_products_without_categories_are_grouped_by_their_names(ledger):
    rng = np.random.default_rng(1)
    kinds = {0: ("bag", "mug"), 1: ("candle", "holder")}
    products = {
        word: [ledger.product(f"{word}{k}", name=f"{colour} {word}") for k, colour in enumerate(("oak", "fir", "ash", "elm", "yew"))]
        for words in kinds.values() for word in words
    }  # fmt: skip
    wanted: list[tuple[Party | None, date, float | str, dict[str, Any]]] = []
    people = ledger.parties(100)
    for place, party in enumerate(people):
        for _ in range(6):
            word = kinds[place % 2][int(rng.integers(2))]
            wanted.append(
                (
                    party,
                    AS_OF - timedelta(days=int(rng.integers(300))),
                    20,
                    {"product": products[word][int(rng.integers(5))]},
                )
            )
    ledger.all_buy(wanted)
    cycle = run()
    found = rows(cycle)
    assert cycle.totals["needs"]["segments"]["by"] == "name"
    assert {found[party.key].segment for party in people[::2]}.isdisjoint(
        found[party.key].segment for party in people[1::2]
    )
    party = people[0]
    story = need_story(customer_of(party).pk, [party.pk], cycle, found[party.key], AS_OF)
    assert story.segment is not None and story.segment.own == 1.0


def test_a_run_again_replaces_what_it_found(ledger):
    a_market(ledger)
    match_new()
    cycle = Cycle.objects.create(as_of=AS_OF, currency="GBP")
    for _ in range(2):
        with extract() as columns:
            value_customers(cycle, Facts(columns, AS_OF, currency="GBP", margin_rate=0.4), progress=lambda *_: None)
    assert NeedSegment.objects.count() == 3
    assert PotentialCell.objects.count() == 7
