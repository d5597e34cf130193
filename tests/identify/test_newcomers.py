"""Who came since the last run is linked as the run over all would, and nobody is taken apart."""

from __future__ import annotations

import numpy as np
import pytest
from django.utils import timezone

from entente.identify import newcomers
from entente.identify.add import add_customer
from entente.identify.index import update_index, write_index
from entente.identify.index_models import HeldByMany, Reading
from entente.identify.match import match_new
from entente.identify.models import Customer, Linkage, Membership, PossibleMatch, SourceTrust, Verdict
from entente.identify.newcomers import OnlyAllCanTell, link_new
from entente.identify.pure.linkage import DOUBTFUL, SURE, link
from entente.identify.pure.weights import as_data
from entente.identify.resolve import resolve
from entente.ledger.models import Party
from tests.identify.test_index import made
from tests.ledger_facts import Ledger, a_user, customer_of

pytestmark = pytest.mark.django_db
ANNA = {
    "kind": "person", "name": "Anna Schröder", "email": "anna.schroeder@web.example", "phone": "0221 5550142", "born_on": "1984-03-02",
    "address": "Lindenweg 7", "postcode": "50674", "city": "Köln", "country": "DE",
}  # fmt: skip


def a_run(parties: list[Party]) -> dict[int, int]:
    """What a run over all of these leaves behind. Returns party: customer."""
    match_new()
    records = update_index([party.pk for party in parties])["person"]
    Reading.objects.all().delete()
    found = link(records.readings.columns, records.fields, records.rules, np.random.default_rng(0))
    Linkage.objects.create(
        law="test", sure=SURE, doubtful=DOUBTFUL, state="done", weights={"person": as_data(found.weights)}, started_at=timezone.now(),
        finished_at=timezone.now(),
    )  # fmt: skip
    write_index({"person": records})
    number = records.parties.tolist()
    own = dict(Membership.objects.filter(ended_at=None).values_list("party_id", "customer_id"))
    for row, root in enumerate(found.together(len(records)).tolist()):
        if row != root:
            Membership.objects.filter(party=number[row]).update(customer=own[number[root]], law="test")
    return dict(Membership.objects.filter(ended_at=None).values_list("party_id", "customer_id"))


@pytest.fixture
def crowd() -> list[Party]:
    parties = made(300)
    a_run(parties)
    return parties


def groups() -> set[frozenset[int]]:
    found: dict[int, set[int]] = {}
    for party, customer in Membership.objects.filter(ended_at=None).values_list("party_id", "customer_id"):
        found.setdefault(customer, set()).add(party)
    return {frozenset(own) for own in found.values()}


def test_without_a_run_over_all_there_is_nothing_to_judge_by():
    Ledger().party("1")
    with pytest.raises(OnlyAllCanTell):
        link_new()


def test_new_records_come_together_as_a_run_over_all_says():
    parties = made(1200)
    late = {party.pk for party in parties[1100:]}
    to_come = list(Party.objects.filter(pk__in=late).values())
    Party.objects.filter(pk__in=late).delete()
    a_run([party for party in parties if party.pk not in late])
    Party.objects.bulk_create(Party(**row) for row in to_come)
    run = link_new()
    assert run is not None and run.state == "done" and run.scope == "new" and run.counts["records"] == 100
    assert run.counts["moved"] > 10
    live = groups()
    records = update_index([party.pk for party in parties])["person"]
    found = link(records.readings.columns, records.fields, records.rules, np.random.default_rng(0))
    whole: dict[int, set[int]] = {}
    for row, root in enumerate(found.together(len(records)).tolist()):
        whole.setdefault(root, set()).add(int(records.parties[row]))
    same = {frozenset(own) for own in whole.values()}
    touched = [own for own in same if own & late]
    assert len([own for own in touched if own in live]) >= 0.97 * len(touched)


def test_a_second_time_there_is_nothing_to_do(crowd: list[Party]):
    again = Party.objects.filter(pk=crowd[0].pk).values().get() | {"id": None, "key": "again"}
    Party.objects.create(**again)
    assert link_new() is not None
    before = groups()
    assert link_new() is None
    assert groups() == before


def test_a_twin_record_joins_and_the_reason_is_kept(crowd: list[Party]):
    first = Ledger("shop").party("1", **ANNA)
    link_new()
    second = Ledger("calls").party("2", **ANNA | {"name": "Anna Schroeder", "email": ""})
    run = link_new()
    assert run is not None and (run.counts["records"], run.counts["moved"], run.counts["asked"]) == (1, 1, 0)
    link_ = Membership.objects.get(party=second, ended_at=None)
    assert link_.customer == customer_of(first) and link_.linkage == run and link_.weight > SURE
    assert link_.explanation["with"] == first.pk and link_.explanation["likeness"]["phone"][0] == "same"
    assert Membership.objects.filter(party=second).count() == 2  # the link that ended is kept
    assert Customer.objects.count() > len(groups())


def test_who_was_said_not_to_be_the_same_stays_apart(crowd: list[Party]):
    first, second = (Ledger(name).party("1", **ANNA) for name in ("shop", "calls"))
    Verdict.objects.create(left=first, right=second, is_same=False)
    link_new()
    assert not {frozenset({first.pk, second.pk})} & groups()
    assert not PossibleMatch.objects.filter(left=first, right=second).exists()


def test_what_anybody_may_claim_is_asked_about_and_never_linked(crowd: list[Party]):
    first = Ledger("shop").party("1", **ANNA)
    form = Ledger("web form")
    SourceTrust.objects.create(source=form.source, is_claimed=True)
    claimed = form.party("x", **ANNA)
    link_new()
    assert frozenset({first.pk}) in groups() and frozenset({claimed.pk}) in groups()
    asked = PossibleMatch.objects.get(left=first, right=claimed)
    assert asked.probability > SURE and asked.explanation["likeness"]


def test_who_changed_is_compared_again(crowd: list[Party]):
    first = Ledger("shop").party("1", **ANNA)
    vague = Ledger("calls").party("2", kind="person", name="A.")
    link_new()
    assert frozenset({vague.pk}) in groups()
    Party.objects.filter(pk=vague.pk).update(**ANNA)
    link_new()
    assert frozenset({first.pk, vague.pk}) in groups()


def test_who_is_written_down_by_hand_is_found_at_once_and_compared_by_the_next_run(crowd: list[Party]):
    known = Ledger("shop").party("1", **ANNA)
    link_new()
    number = add_customer({name: value for name, value in ANNA.items() if name != "born_on"})
    by_hand = Party.objects.get(source__name="by hand")
    found = resolve({"email": ANNA["email"]}, user=a_user())
    assert {each.customer.pk for each in found} == {customer_of(known).pk, number}
    run = link_new()
    assert run is not None and (run.counts["records"], run.counts["moved"]) == (1, 1)
    assert frozenset({known.pk, by_hand.pk}) in groups()
    assert link_new() is None


def test_what_is_written_by_hand_is_asked_about_where_that_source_is_only_claimed(crowd: list[Party]):
    known = Ledger("shop").party("1", **ANNA)
    link_new()
    add_customer({name: value for name, value in ANNA.items() if name != "born_on"})
    by_hand = Party.objects.get(source__name="by hand")
    SourceTrust.objects.create(source=by_hand.source, is_claimed=True)
    link_new()
    assert frozenset({known.pk}) in groups() and frozenset({by_hand.pk}) in groups()
    assert PossibleMatch.objects.filter(left=known, right=by_hand, settled_by=None).exists()


def test_very_many_with_one_value_make_no_customer_of_many(crowd: list[Party], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(newcomers, "A_FEW", 5_000)
    source = Ledger("list").source
    Party.objects.bulk_create(
        Party(source=source, key=str(k), kind="person", name=f"Person Nr{k}", phone="0711 4465500", city="Bonn")
        for k in range(1500)
    )
    run = link_new()
    assert run is not None and run.counts["records"] == 1500
    assert max(map(len, groups())) < 10
    assert HeldByMany.objects.exists()


def test_of_too_many_only_a_run_over_all_can_tell(crowd: list[Party], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(newcomers, "MOST_NEW", 2)
    Ledger("list").parties(3)
    with pytest.raises(OnlyAllCanTell):
        link_new()


def test_failing_on_the_way_it_leaves_nothing(crowd: list[Party], monkeypatch: pytest.MonkeyPatch):
    Ledger("shop").party("1", **ANNA)
    before = groups(), Reading.objects.count()

    def fail(*_: object) -> None:
        raise RuntimeError("pulled the plug")

    monkeypatch.setattr(newcomers, "apply_links", fail)
    with pytest.raises(RuntimeError):
        link_new()
    assert (groups(), Reading.objects.count()) == before
    assert not Linkage.objects.filter(scope="new").exists()
