"""The story of a customer, newest first, whoever tells it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from entente.identify.find import parties_of
from entente.interact import timeline
from entente.interact.models import ConsentEvent, Preference
from entente.interact.timeline import Event, Teller, last_spoke_at, older_than, page, wishes_of
from entente.lib.keyset import ImpossiblePlace, place
from tests import cast

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def company(db: None) -> cast.Company:
    return cast.company()


def test_contacts_and_orders_stand_in_one_order(company: cast.Company):
    told = page(parties_of(company.alnoor))
    assert [event.kind for event in told.events] == ["call", "order"]
    assert told.older is None
    assert told.events[1].more["sums"][0]["amount"] == 12_204


def test_paging_meets_every_event_once_even_at_one_instant(company: cast.Company):
    for number in range(7):
        cast.contact(company.alnoor, START, body=str(number))
        cast.order(company.alnoor, f"same-{number}", START.date(), 10)
    parties = parties_of(company.alnoor)
    whole = [(event.rank, event.id) for event in page(parties).events]
    walked, before = [], None
    while True:
        told = page(parties, before=before, limit=3)
        walked += [(event.rank, event.id) for event in told.events]
        if (before := told.older) is None:
            break
    assert walked == whole
    assert len(whole) == 16


def test_all_records_of_a_customer_tell(company: cast.Company):
    parties = parties_of(company.brankova)
    assert len(parties) == 2
    second = company.brankova.memberships.order_by("weight")[0].party
    cast.contact(company.brankova, START, party=second, body="In the shop")
    assert "In the shop" in [event.thing.body for event in page(parties).events if event.rank == 20]


def test_an_ended_membership_tells_no_more(company: cast.Company):
    company.alnoor.memberships.update(ended_at=START)
    assert page(parties_of(company.alnoor)).events == []


def test_a_teller_from_above_is_heard_in_its_place(company: cast.Company):
    moment = datetime(2026, 10, 1, 20, tzinfo=UTC)
    asked = []

    def tell(key: object, limit: int) -> list[Event]:
        asked.append((key, limit))
        return [Event(moment, 10, 1, "answer", None, {})]

    told = page(parties_of(company.alnoor), also=[Teller(10, tell)])
    assert [event.kind for event in told.events] == ["call", "answer", "order"]
    assert asked == [(None, timeline.PAGE + 1)]


@pytest.mark.parametrize(
    "before", ["x", place(1, 2, 3), place("2026-01-01", 1, 2), place(START, 1), "A" * 5000, "\ud800"]
)
def test_a_place_no_page_ended_at(company: cast.Company, before: str):
    with pytest.raises(ImpossiblePlace):
        page(parties_of(company.alnoor), before=before)


def test_at_one_instant_the_lower_rank_tells_first(company: cast.Company):
    from entente.interact.models import Interaction

    rows = Interaction.objects.all()
    key = (START, -20, 5)
    assert '"at" <= ' in str(older_than(rows, "at", 30, key).query)
    assert '"at" < ' in str(older_than(rows, "at", 10, key).query)


def test_of_wishes_the_latest_counts_and_a_tie_denies(company: cast.Company):
    parties = parties_of(company.alnoor)
    Preference.objects.create(party_id=parties[0], wishes={"channels": ["email"]})
    Preference.objects.create(party_id=parties[0], wishes={"channels": ["phone"]})
    for granted, at in ((True, START), (False, START), (True, START - timedelta(days=1))):
        ConsentEvent.objects.create(
            party_id=parties[0], channel="email", purpose="marketing", is_granted=granted, at=at
        )
    ConsentEvent.objects.create(party_id=parties[0], channel="phone", purpose="marketing", is_granted=True, at=START)
    found = wishes_of(parties)
    assert found.preference.wishes == {"channels": ["phone"]}
    assert {(event.channel, event.is_granted) for event in found.consents} == {("email", False), ("phone", True)}


def test_only_what_both_said_is_speaking(company: cast.Company):
    parties = parties_of(company.alnoor)
    cast.contact(company.alnoor, datetime(2026, 11, 1, tzinfo=UTC), is_two_way=False)
    assert last_spoke_at(parties) == datetime(2026, 10, 2, 8, tzinfo=UTC)
    assert last_spoke_at(parties_of(company.okafor)) is None


def test_an_order_without_lines_is_told_all_the_same(company: cast.Company):
    order = cast.order(company.okafor, "empty", date(2026, 1, 1), 5)
    order.lines.all().delete()
    assert "sums" not in page(parties_of(company.okafor)).events[0].more
