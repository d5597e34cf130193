"""Who is counted as a customer: one mapping, on which nothing is lost and nothing doubled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entente.cycle import fingerprint_of, run_cycle
from entente.differentiate.compare_countings import compare_countings, compared
from entente.differentiate.current import pyramid_of
from entente.differentiate.facts import Facts
from entente.differentiate.models import Cycle
from entente.identify.counted import (
    Counting,
    UnknownCounting,
    counted_under,
    counting,
    make_members,
    mapping_mark,
    order_lines,
    set_counting,
)  # fmt: skip
from entente.identify.match import match_new
from entente.identify.models import Customer, Membership
from entente.identify.relations import end, relate
from entente.identify.relations_models import Relation
from entente.interact.allow import check_customer
from entente.interact.models import ConsentEvent
from entente.ledger.models import Delivery, Order, Party
from entente.staff.models import Setting
from entente.warehouse.extract import extract
from tests.ledger_facts import Ledger, a_firm, a_trade, a_user, committed, customer_of

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

AS_OF = date(2026, 6, 30)
NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)


@contextmanager
def facts(who: Counting, as_of: date = AS_OF) -> Iterator[Facts]:
    with extract() as columns:
        yield Facts(columns, as_of, currency="GBP", margin_rate=0.4, counting=who)


def revenue(who: Counting, as_of: date = AS_OF) -> dict[int, float]:
    """Counted customer: revenue of all time; None for nobody's."""
    with facts(who, as_of) as found:
        money = found.money()
        return dict(zip(money["customer_id"].tolist(), money["revenue_all"].tolist(), strict=True))


class World:
    """A maker's customers: a distributor, a chain with a branch and a franchised shop, a household."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.names = ("distributor", "chain", "branch", "shop", "mother", "son")
        self.parties = [self.ledger.party(name) for name in self.names]
        for amount, party in enumerate(self.parties, 1):
            self.ledger.buys(party, date(2026, 5, amount), 10**amount)
        match_new()
        self.anna = a_user()

    def __getitem__(self, name: str) -> Customer:
        return customer_of(self.parties[self.names.index(name)])

    def order_of(self, name: str) -> Order:
        return Order.objects.get(party=self.parties[self.names.index(name)])

    def says(self, first: str, kind: str, second: str, **days: date) -> Relation:
        return relate(self[first], kind, self[second], by=self.anna, **days)

    def delivers(self, order: Order, to: Party | None, state: str = "") -> None:
        Delivery.objects.create(
            source=self.ledger.source, number=f"D{Delivery.objects.count()}", order=order, party=to, state=state,
            import_run=self.ledger.run, line=1,
        )  # fmt: skip

    def counted(self, who: Counting, as_of: date = AS_OF) -> dict[str, float]:
        names = {self[name].pk: name for name in self.names}
        return {names[number]: amount for number, amount in revenue(who, as_of).items()}


@pytest.fixture
def world(committed: None) -> World:
    a_firm()
    made = World()
    made.says("branch", "group", "chain")
    made.says("shop", "retails_for", "chain")
    made.says("son", "household", "mother")
    made.says("distributor", "distributes_to", "chain")
    made.says("distributor", "employs", "mother")
    return made


def test_each_choice_counts_for_its_own(world: World):
    assert world.counted(Counting.BUYER) == {
        "distributor": 10, "chain": 100, "branch": 1000, "shop": 10_000, "mother": 100_000, "son": 1_000_000,
    }  # fmt: skip
    assert world.counted(Counting.GROUP) == {"distributor": 10, "chain": 1100, "shop": 10_000, "mother": 1_100_000}
    assert world.counted(Counting.CHAIN) == {"distributor": 10, "chain": 11_100, "mother": 1_100_000}
    assert world.counted(Counting.CONSUMER) == {
        "distributor": 10, "chain": 100, "branch": 1000, "shop": 10_000, "mother": 1_100_000,
    }  # fmt: skip


def test_an_order_counts_for_the_one_to_whom_it_was_delivered(world: World):
    parties = dict(zip(world.names, world.parties, strict=True))
    order = world.order_of("distributor")
    world.delivers(order, parties["shop"])
    assert world.counted(Counting.BUYER)["distributor"] == world.counted(Counting.GROUP)["distributor"] == 10
    assert world.counted(Counting.CONSUMER)["shop"] == 10_010
    assert world.counted(Counting.CHAIN) == {"chain": 11_110, "mother": 1_100_000}
    world.delivers(order, parties["branch"])
    assert world.counted(Counting.CONSUMER)["distributor"] == 10, "two were named: nobody knows which"
    assert world.counted(Counting.CHAIN)["distributor"] == 10
    Delivery.objects.filter(party=parties["branch"]).update(state="cancelled")
    assert world.counted(Counting.CONSUMER)["shop"] == 10_010


def test_a_delivery_can_name_who_bought_without_a_name(world: World):
    world.ledger.buys(None, date(2026, 5, 9), 7)
    world.delivers(Order.objects.get(party=None), world.parties[0])
    with facts(Counting.BUYER) as before:
        assert before.anonymous_revenue() == 7
    with facts(Counting.CONSUMER) as after:
        assert after.anonymous_revenue() == 0 and 17 in after.money()["revenue_all"].tolist()


def test_the_day_of_the_pyramid_decides_for_the_whole_history(world: World):
    said = Relation.objects.get(kind="group")
    end(said, last_on=date(2026, 6, 29), by=world.anna, at=NOW)
    assert world.counted(Counting.GROUP, date(2026, 6, 29))["chain"] == 1100
    assert world.counted(Counting.GROUP, date(2026, 6, 30))["chain"] == 100


def test_of_several_heads_the_one_joined_last_and_the_group_before_the_chain(world: World):
    world.says("branch", "group", "mother", from_on=date(2025, 1, 1))
    world.says("branch", "group", "distributor", from_on=date(2026, 1, 1))
    world.says("branch", "retails_for", "chain", from_on=date(2026, 6, 1))
    for who in (Counting.GROUP, Counting.CHAIN):
        assert world.counted(who)["distributor"] == 1010
        assert counted_under(world["branch"], AS_OF, who=who) == world["distributor"].pk


def test_a_circle_that_a_link_closes_is_counted_for_itself_and_told(world: World):
    world.says("mother", "group", "branch")
    # The records of chain and son turn out to be one customer's.
    Membership.objects.filter(customer=world["chain"]).update(customer=world["son"], law="test")
    with facts(Counting.GROUP) as found:
        # son/chain lives with mother, who belongs to the branch, which belongs to the chain.
        assert len(found.money()["customer_id"]) == 5
        assert found.notes == [
            "3 customers stand above each other in a circle of relations. Each of them is counted for itself."
        ]
    assert counted_under(world["mother"], AS_OF, who=Counting.GROUP) is None


def test_dialogue_and_being_known_go_with_the_count(world: World):
    world.ledger.speaks(world.parties[2], datetime(2026, 6, 1, tzinfo=UTC))
    Party.objects.update(known_on=date(2026, 1, 1))
    with facts(Counting.GROUP) as found:
        assert found.contacts["customer_id"].tolist() == [world["chain"].pk]
        assert world["branch"].pk not in found.known().tolist() and len(found.known()) == 4


def test_unknown_choices_are_refused_and_the_known_kept_with_who(world: World):
    assert counting() == Counting.BUYER
    with pytest.raises(UnknownCounting, match="buyer, group, chain, consumer"):
        set_counting("shelf", by=world.anna)
    assert set_counting("chain", by=world.anna) == counting() == Counting.CHAIN
    assert Setting.objects.get(name="counting").set_by == world.anna


def test_who_counts_under_another_keeps_its_own_word(world: World):
    branch, chain = world["branch"], world["chain"]
    ConsentEvent.objects.create(
        party=world.parties[2],
        channel="phone",
        purpose="relationship",
        is_granted=False,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert counted_under(branch, AS_OF, who=Counting.GROUP) == chain.pk
    noon = datetime(2026, 7, 1, 11, tzinfo=UTC)
    answers = [check_customer(who, channel="phone", purpose="relationship", at=noon) for who in (branch, chain)]
    assert [answer.verdict for answer in answers] == ["DROP", "SEND_AT"]


PAIRS = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from(["group", "household", "retails_for", "employs"]), st.integers(0, 5),
        st.sampled_from([None, date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]),
    ),
    max_size=12, unique_by=lambda said: said,
)  # fmt: skip
GOODS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6)


@given(pairs=PAIRS, goods=GOODS)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_however_counted_nothing_is_lost_nothing_doubled_and_the_card_agrees(world: World, pairs, goods):
    Relation.objects.all().delete()
    Delivery.objects.all().delete()
    for first, kind, second, day in pairs:
        if first != second:
            party, other = world.parties[first], world.parties[second]
            Relation.objects.create(party=party, other=other, kind=kind, from_on=day)
    for order, to in goods:
        world.delivers(world.order_of(world.names[order]), world.parties[to])
    own = dict(Membership.objects.values_list("party_id", "customer_id"))
    with extract() as columns:
        for who in Counting:
            make_members(columns, who, AS_OF)
            members = columns.columns("SELECT party_id, customer_id FROM members")
            counted = dict(zip(members["party_id"].tolist(), members["customer_id"].tolist(), strict=True))
            assert counted == {
                party: counted_under(Customer(pk=number), AS_OF, who=who) or number for party, number in own.items()
            }
            lines = f"{order_lines(who)} l JOIN members USING (party_id)"
            assert columns.value(f"SELECT sum(amount) FROM {lines}") == 1_111_110
            columns.run("DROP TABLE members; DROP TABLE IF EXISTS own_members; DROP TABLE IF EXISTS recipients")


def test_a_changed_choice_makes_a_new_result_and_both_can_be_compared(committed: None):
    firm = a_firm()
    ledger = Ledger()
    people = a_trade(ledger, buyers=40, until=AS_OF)
    anna = a_user()
    head = customer_of(people[0])
    for branch in people[1:6]:
        relate(customer_of(branch), "group", head, by=anna)
    first = run_cycle(AS_OF, today=AS_OF)
    assert first.totals["counting"] == "buyer" and first.totals["customers"] == 40
    set_counting("group", by=anna)
    assert fingerprint_of(AS_OF, firm) != first.fingerprint
    second = run_cycle(AS_OF, today=AS_OF)
    assert second != first and second.totals["counting"] == "group" and second.totals["customers"] == 35
    assert second.totals["revenue"] == pytest.approx(first.totals["revenue"], abs=0.01)
    assert run_cycle(AS_OF, today=AS_OF) == second

    assert compared(second, Counting.BUYER, Counting.GROUP) is None
    compare_countings(second.pk, Counting.BUYER, Counting.GROUP, at=NOW)
    second = Cycle.objects.get(pk=second.pk)
    both = compared(second, Counting.GROUP, Counting.BUYER)
    assert both is not None and (both[0].customers, both[1].customers) == (35, 40) and both[2] == NOW
    assert both[0].revenue == pytest.approx(both[1].revenue, abs=0.01)
    for row in pyramid_of(second):
        customers, brought = both[0].levels[row.level]
        assert (customers, brought) == (row.customers, pytest.approx(row.cells["revenue"].amount, abs=0.01))


def test_relations_make_a_new_result_only_where_they_are_followed(world: World):
    buyer, group = mapping_mark(Counting.BUYER), mapping_mark(Counting.GROUP)
    end(Relation.objects.get(kind="group"), last_on=AS_OF, by=world.anna, at=NOW)
    assert mapping_mark(Counting.BUYER) == buyer and mapping_mark(Counting.GROUP) != group
    chain = mapping_mark(Counting.CHAIN)
    world.delivers(world.order_of("shop"), world.parties[0])
    assert mapping_mark(Counting.CHAIN) != chain
