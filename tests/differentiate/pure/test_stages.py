"""The life cycle as a law: one customer for each rule, and the order of the rules."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.differentiate.pure.stages import STAGE_OF, Reason, Stage, StageRules, stages

# A customer of three years who buys every month and bought last week.
STEADY = {
    "purchases": 36, "first_days_ago": 1080, "last_days_ago": 7, "gap_before_last_days": 30, "alive": 0.95, "alive_is_known": True,
    "complaint_open": False, "in_dialogue": True,
}  # fmt: skip
NEVER = {"purchases": 0, "first_days_ago": 0, "last_days_ago": 0, "gap_before_last_days": 0, "alive_is_known": False}
CAST = {
    Reason.BUYS_ON: {},
    Reason.COMPLAINT_OPEN: {"complaint_open": True},
    Reason.CAME_BACK: {"gap_before_last_days": 400},
    Reason.SILENT_TOO_LONG: {"last_days_ago": 366},
    Reason.FIRST_ORDER: {"purchases": 1, "first_days_ago": 20, "last_days_ago": 20, "gap_before_last_days": 0},
    Reason.PROBABLY_GONE: {"alive": 0.3, "last_days_ago": 120},
    Reason.OVERDUE: {"alive_is_known": False, "last_days_ago": 120},
    Reason.FEW_ORDERS: {"purchases": 2, "first_days_ago": 100, "last_days_ago": 40, "gap_before_last_days": 60},
    Reason.TALKS_WITH_US: NEVER,
    Reason.NO_DIALOGUE: {**NEVER, "in_dialogue": False},
}


def found(*people, rules=None):
    columns = {name: np.array([{**STEADY, **person}[name] for person in people]) for name in STEADY}
    return stages(**columns, rules=rules)


@pytest.mark.parametrize("reason", Reason)
def test_every_rule_has_its_customer(reason):
    stage, why = found(CAST[reason])
    assert why.tolist() == [reason]
    assert stage.tolist() == [STAGE_OF[reason]]


def test_every_stage_can_be_reached():
    assert set(STAGE_OF.values()) == set(Stage)


def test_the_first_rule_that_holds_counts():
    everything = {"complaint_open": True, "gap_before_last_days": 400, "alive": 0.1}
    assert found(everything)[0] == Stage.PROBLEM
    assert found(everything | {"complaint_open": False})[0] == Stage.WON_BACK
    assert found({"last_days_ago": 400, "alive": 0.01})[0] == Stage.LOST


def test_a_complaint_of_who_never_bought_is_an_enquiry():
    assert found({**NEVER, "complaint_open": True})[0] == Stage.ENQUIRY


@pytest.mark.parametrize(("silent", "stage"), [(365, Stage.LEAVING), (366, Stage.LOST)])
def test_lost_begins_the_day_after_the_span(silent, stage):
    assert found({"last_days_ago": silent, "alive": 0.1})[0] == stage


def test_the_firm_may_set_other_spans():
    assert found({"last_days_ago": 100, "alive": 0.9}, rules=StageRules(lost_days=90))[0] == Stage.LOST


@given(
    st.integers(0, 50), st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 3000), st.floats(0, 1), st.booleans(), st.booleans(),
    st.booleans(),
)  # fmt: skip
def test_everybody_has_one_stage_and_a_reason_that_is_its(purchases, first, last, gap, alive, known, complains, talks):
    stage, why = found(
        {
            "purchases": purchases, "first_days_ago": max(first, last), "last_days_ago": last, "gap_before_last_days": gap,
            "alive": alive, "alive_is_known": known, "complaint_open": complains, "in_dialogue": talks,
        }
    )  # fmt: skip
    assert STAGE_OF[Reason(int(why[0]))] == stage[0]
    assert (stage[0] in (Stage.SUSPECT, Stage.ENQUIRY)) == (purchases == 0)
