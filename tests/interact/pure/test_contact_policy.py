"""Settings in, settings out, and mistakes named where they are."""

import json

import pytest

from entente.interact.pure.policy import DEFAULT_POLICY
from entente.interact.pure.policy_json import UnusablePolicy, policy_from_dict, policy_to_dict
from entente.interact.pure.purposes import Channel, Purpose
from entente.interact.pure.windows import window


def test_a_policy_survives_json():
    data = json.loads(json.dumps(policy_to_dict(DEFAULT_POLICY)))
    again = policy_from_dict(data)
    assert again == DEFAULT_POLICY
    assert policy_to_dict(again) == data


def test_what_is_left_out_keeps_its_default():
    policy = policy_from_dict({"hours": {"phone": {"marketing": [{"hours": "10:00-12:00", "weekdays": "mon"}]}}})
    assert policy.hours[Channel.PHONE, Purpose.MARKETING] == (window("10:00-12:00", "mon"),)
    assert policy.hours[Channel.PHONE, Purpose.SURVEY] == DEFAULT_POLICY.hours[Channel.PHONE, Purpose.SURVEY]
    assert policy_from_dict({}) == DEFAULT_POLICY


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"ours": {}}, "ours"),
        ({"hours": {"telephone": {}}}, "hours.telephone"),
        ({"hours": {"phone": {"marketing": [{"hours": "9-18"}]}}}, "hours.phone.marketing[0].hours"),
        ({"hours": {"phone": {"marketing": [{}]}}}, "hours.phone.marketing[0].hours"),
        (
            {"hours": {"phone": {"marketing": [{"hours": "09:00-18:00", "weekdays": "lundi"}]}}},
            "hours.phone.marketing[0].hours",
        ),
        ({"caps": [{"name": "x", "purposes": ["marketing"], "limit": 0, "days": 7}]}, "caps[0].limit"),
        ({"caps": [{"name": "x", "purposes": ["marketing"], "limit": 1}]}, "caps[0]"),
        ({"caps": [{"name": "x", "purposes": ["marketing"], "limit": 1, "days": 7, "per": "day"}]}, "caps[0]"),
        ({"caps": [{"name": "x", "purposes": ["spam"], "limit": 1, "days": 7}]}, "caps[0].purposes[0]"),
        ({"caps": [{"name": "x", "purposes": ["marketing"], "limit": True, "days": 7}]}, "caps[0].limit"),
        ({"caps": "none"}, "caps"),
        ({"gaps": [{"name": "x", "purposes": ["marketing"]}]}, "gaps[0]"),
        ({"rests": [{"name": "x", "purposes": ["marketing"], "days": 1}]}, "rests[0].outcome"),
        (
            {"exclusions": [{"name": "x", "purposes": ["marketing"], "others": ["legal"], "days": 0}]},
            "exclusions[0].days",
        ),
        ({"consent": ["email"]}, "consent[0]"),
        ({"firm_zone": "Berlin"}, "firm_zone"),
        ({"firm_zone": ["Europe/Berlin"]}, "firm_zone"),
        ({"firm_country": "Germany"}, "firm_country"),
        ({"silence": {"top": -1}}, "silence.top"),
        ({"horizon_days": 1e9}, "horizon_days"),
        ({"short_days": {"IR": "13:00"}}, "short_days.IR"),
        ({"half_day_until": "noon"}, "half_day_until"),
        ({"best_hours": [24]}, "best_hours[0]"),
        ({"escalate_at": 0.5}, "escalate_at"),
        ([], "policy"),
    ],
)
def test_a_mistake_is_named_with_its_place(data, where):
    with pytest.raises(UnusablePolicy) as refused:
        policy_from_dict(data)
    assert refused.value.where == where
    assert str(refused.value).startswith(f"{where}: ") and refused.value.what
