"""How the sample's customers relate."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import numpy as np
import pytest

from entente.sample.pure.firm import SampleFirm, sample_firm

AS_OF = dt.date(2026, 11, 20)


@pytest.fixture(scope="module")
def firm() -> SampleFirm:
    return sample_firm(np.random.default_rng(7), as_of=AS_OF, customers=1000)


def test_there_is_some_of_everything(firm: SampleFirm):
    counts = Counter(each.kind for each in firm.related.relations)
    assert counts["distributes_to"] >= 10 and counts["household"] == 12 and counts["referred_by"] == 10
    assert counts["alliance"] == 1 and counts["employs"] == 5 and counts["group"] >= 35
    assert [len(deal.parts) for deal in firm.related.deals] == [3]


def test_a_branch_belongs_to_the_head_office_of_its_chain(firm: SampleFirm):
    branches = [each for each in firm.related.relations if each.kind == "group"]
    assert branches
    for each in branches:
        branch, head = firm.parties[each.party], firm.parties[each.other]
        assert branch.attributes["chain"] == head.key == head.attributes["chain"]


def test_nobody_relates_to_itself_twice_or_in_a_circle(firm: SampleFirm):
    said = [(each.party, each.kind, each.other) for each in firm.related.relations]
    assert len(set(said)) == len(said) and all(one != other for one, _kind, other in said)
    above = [(one, other) for one, kind, other in said if kind in ("group", "household")]
    assert not {one for one, _other in above} & {other for _one, other in above}
    assert all(0 <= each.day < firm.span.days for each in firm.related.relations)


def test_dealers_are_of_their_distributors_country_and_have_one(firm: SampleFirm):
    supplied = [each for each in firm.related.relations if each.kind == "distributes_to"]
    assert all(firm.parties[each.party].country == firm.parties[each.other].country for each in supplied)
    assert len({each.other for each in supplied}) == len(supplied)


@pytest.mark.parametrize("customers", [1, 5, 20])
def test_a_firm_too_small_for_them_has_fewer(customers: int):
    assert sample_firm(np.random.default_rng(1), as_of=AS_OF, customers=customers).related.relations is not None
