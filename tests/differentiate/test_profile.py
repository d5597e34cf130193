"""From what sources say of customers to who of those that never bought is like the best, on a real database."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection

from entente.differentiate.attributes import read_attributes
from entente.differentiate.facts import Facts
from entente.differentiate.models import Cycle, Level, Valuation
from entente.differentiate.partitions import partition_of
from entente.differentiate.profile_shown import likeness_story
from entente.differentiate.profile_terms import ProfileTerms, set_profile_terms
from entente.identify.match import match_new
from entente.ledger.models import Party
from entente.warehouse.extract import extract
from tests.ledger_facts import Ledger, committed, customer_of, ledger
from tests.need_market import AS_OF, rows, run

__all__ = ["committed", "ledger"]  # fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

HOSTILE = "=1+1\"';--</script>~/$.*"
SECTORS = ("hotel", "school", "office", "yard")
BUYERS, PROSPECTS = 900, 200


def said_of(rng: np.random.Generator, place: int, *, bought: bool) -> dict[str, Any]:
    """Attributes of one record: the sector tells, the rest does not or must not be used."""
    said: dict[str, Any] = {
        "sector": SECTORS[int(rng.integers(4))], "employees": str(int(rng.integers(1, 300))), HOSTILE: "yes" if place % 2 else "no",
        "Date_of_Birth": f"19{place % 100:02}-01-01", "account_manager": f"m{place % 3}", "contact": f"Person {place}",
        "floor": {"area": 5},
    }  # fmt: skip
    if bought:
        said["loyal"] = "gold" if place % 3 else "silver"
        said["portal"] = "yes" if place % 3 else "no"
    if place % 7 == 0:
        del said["sector"]
    return said


def a_market(ledger: Ledger, *, tells: float = 12.0, seed: int = 5) -> list[Party]:
    """Buyers of whom hotels spend more, and prospects who have not bought. Returns the prospects."""
    rng = np.random.default_rng(seed)
    people = [
        Party(
            source=ledger.source, key=f"{'B' if bought else 'P'}{place:05}", name=f"Name {place}", country="GB", known_on=date(2023, 1, 1),
            attributes=said_of(rng, place, bought=bought),
        )
        for bought, many in ((True, BUYERS), (False, PROSPECTS))
        for place in range(many)
    ]  # fmt: skip
    Party.objects.bulk_create(people, batch_size=2000)
    wanted: list[tuple[Party | None, date, float | str, dict[str, Any]]] = []
    for party in people[:BUYERS]:
        factor = tells if party.attributes.get("sector") == "hotel" else 1.0
        first = int(rng.integers(1, 700))
        amount = round(float(rng.lognormal(4, 0.8)) * factor, 2)
        wanted += [(party, AS_OF - timedelta(days=ago), amount, {}) for ago in {first, first // 3}]
    ledger.all_buy(wanted)
    return people[BUYERS:]


def told(cycle: Cycle) -> dict[str, Any]:
    return dict(cycle.totals["profile"])


def why(cycle: Cycle) -> dict[str, str]:
    return {one["name"]: one["why"] for one in told(cycle)["left_out"]}


def test_prospects_like_the_best_come_first_and_buyers_have_no_likeness(ledger):
    prospects = a_market(ledger)
    cycle = run()
    profile, found = told(cycle), rows(cycle)
    assert profile["reason"] is None and profile["scored"] == PROSPECTS
    assert [one["name"] for one in profile["attributes"]] == ["sector"]
    hotel = profile["attributes"][0]["values"][0]
    assert hotel["value"] == "hotel" and hotel["odds"] > 3 and hotel["low"] > 1
    assert {HOSTILE, "employees"} <= {one["name"] for one in profile["quiet"]}
    of = {party.key: party.attributes.get("sector") for party in prospects}
    likeness = {sector: [found[key].likeness or 0.0 for key in of if of[key] == sector] for sector in (*SECTORS, None)}
    assert all(0 < one < 1 for some in likeness.values() for one in some)
    mean = {sector: sum(some) / len(some) for sector, some in likeness.items()}
    # Of whom the sector is not known, nothing is said by it.
    assert mean["hotel"] > 2 * mean[None] > 2 * mean["school"]
    assert all(row.likeness is None for row in found.values() if row.level <= Level.INACTIVE)
    assert profile["mean"] == pytest.approx(
        sum(row.likeness for row in found.values() if row.likeness is not None) / PROSPECTS
    )
    judged = profile["judged"]
    assert judged["lift"] > judged["lift_low"] > 1 and judged["area"] > 0.7 and judged["loss"] < judged["base_loss"]
    assert sum(part["customers"] for part in judged["parts"]) == judged["customers"]
    assert judged["curve"][0] == [0.0, 0.0] and judged["curve"][-1] == [1.0, 1.0]


def test_what_must_not_be_used_is_left_out_with_its_reason(ledger):
    a_market(ledger)
    Party.objects.filter(key="B00001").update(born_on=date(1970, 1, 1))
    cycle = run()
    assert why(cycle) | {"language": ""} == {
        "Date_of_Birth": "protected", "account_manager": "dealing", "contact": "differs", "loyal": "given away", "portal": "given away",
        "born_on": "protected", "language": "", "floor": "nested",
    }  # fmt: skip
    given = next(one for one in told(cycle)["left_out"] if one["name"] == "portal")
    assert given["buyers"] == 1.0 and given["others"] == 0.0


def test_a_protected_attribute_is_used_only_when_switched_on_by_its_name(ledger):
    a_market(ledger)
    Party.objects.update(born_on=date(1970, 1, 1))
    set_profile_terms(["date of birth"], ["sector"], by=None)
    cycle = run()
    assert "Date_of_Birth" not in why(cycle) or why(cycle)["Date_of_Birth"] == "differs"
    assert why(cycle)["sector"] == "dealing" and why(cycle)["born_on"] == "protected"
    assert told(cycle)["reason"] is not None
    assert all(row.likeness is None for row in rows(cycle).values())


def test_where_nothing_tells_nobody_is_scored(ledger):
    a_market(ledger, tells=1.0)
    cycle = run()
    assert told(cycle)["reason"][0] in ("nothing tells", "no lift") and told(cycle)["scored"] == 0
    assert not Valuation.objects.filter(cycle_id=cycle.pk, likeness__isnull=False).exists()


def test_a_handful_of_customers_is_said_to_be_too_few(ledger):
    ledger.buys(ledger.party("ann", attributes={"sector": "hotel"}), AS_OF, 100)
    cycle = run()
    assert told(cycle)["reason"] == ["no attribute", 0, 1]
    assert set(why(cycle)) == {"sector", "country"}


def test_of_several_records_the_oldest_that_says_anything_counts(ledger):
    for place in range(30):
        ledger.party(f"a{place}", name=f"N{place}", attributes={"sector": "Hotel" if place % 2 else "HOTEL"})
    other = ledger.party("x", name="Zed", attributes={"sector": "school"})
    match_new()
    one = customer_of(Party.objects.get(key="a0"))
    other.memberships.update(customer=one, law="by hand")
    with extract() as columns:
        facts = Facts(columns, AS_OF, currency="GBP", margin_rate=0.4)
        customers = columns.columns("SELECT DISTINCT customer_id FROM pg.identify_membership ORDER BY 1")["customer_id"]
        found, _left = read_attributes(facts, customers, np.ones(len(customers), bool), ProfileTerms())
    sector = next(read for read in found if read.name == "sector")
    at = int(np.searchsorted(customers, one.pk))
    assert sector.labels[sector.codes[at]].lower() == "hotel"
    assert len(set(sector.codes.tolist())) == 1


def read(ledger: Ledger, attributes: list[dict[str, Any]]) -> tuple[set[str], dict[str, str]]:
    """Names of what is used, and what is left out with why, where all of them bought."""
    for place, said in enumerate(attributes):
        ledger.party(f"a{place}", attributes=said)
    match_new()
    with extract() as columns:
        facts = Facts(columns, AS_OF, currency="GBP", margin_rate=0.4)
        customers = columns.columns("SELECT DISTINCT customer_id FROM pg.identify_membership ORDER BY 1")["customer_id"]
        found, left = read_attributes(facts, customers, np.ones(len(customers), bool), ProfileTerms())
    return {one.name for one in found if not one.is_field}, {one.name: one.why for one in left if not one.is_field}


def test_more_attributes_than_are_looked_at_are_not_said_to_be_rare(ledger):
    used, left = read(ledger, [{f"a{key:02}": f"v{place % 2}" for key in range(33)} for place in range(40)])
    assert used == {f"a{key:02}" for key in range(30)}
    assert left == dict.fromkeys(("a30", "a31", "a32"), "many")


def test_what_is_protected_is_not_smuggled_in_within_something_else(ledger):
    said = [
        {"person": {"sex": "fm"[place % 2]}, "tags": ["old", "young"][place % 2 :], "size": "m"} for place in range(40)
    ]
    assert read(ledger, said) == ({"size"}, {"person": "nested", "tags": "nested"})


def test_the_list_by_likeness_has_its_indexes(ledger):
    ledger.buys(ledger.party("ann"), AS_OF, 100)
    name = partition_of(run())
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = %s", [name])
        found = {index.removeprefix(f"{name}_") for (index,) in cursor.fetchall()}
    assert {"likeness", "level_likeness"} <= found


def test_a_card_tells_how_many_times_as_likely_and_why(ledger):
    prospects = a_market(ledger)
    cycle = run()
    hotel = next(party for party in prospects if party.attributes.get("sector") == "hotel")
    school = next(party for party in prospects if party.attributes.get("sector") == "school")
    for party, is_more in ((hotel, True), (school, False)):
        who = customer_of(party)
        worth = Valuation.objects.get(cycle_id=cycle.pk, customer_id=who.pk)
        story = likeness_story(who, [party.pk], cycle, worth)
        assert story is not None and (story.times > 1.5) is is_more
        assert [reason.attribute["name"] for reason in story.more] == (["sector"] if is_more else [])
    buyer = customer_of(Party.objects.get(key="B00001"))
    assert likeness_story(buyer, [], cycle, Valuation.objects.get(cycle_id=cycle.pk, customer_id=buyer.pk)) is None
