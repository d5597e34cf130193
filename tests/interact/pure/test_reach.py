"""Whether anything may ever be sent: the same as the contact rules say where only the hour is left to find."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest

from entente.interact.pure.batch import check_many
from entente.interact.pure.columns import people_of
from entente.interact.pure.people import ConsentEvent, Person, Preferences, Question
from entente.interact.pure.policy import DEFAULT_POLICY
from entente.interact.pure.purposes import CHANNELS, PURPOSES, Channel, Purpose
from entente.interact.pure.reach import may_reach

AT = datetime(2026, 11, 18, 10, tzinfo=UTC)
REFUSED = {"channel_unwanted", "consent_withdrawn", "consent_missing", "no_open_hour"}


def anybody(random: Random) -> Person:
    events = [
        ConsentEvent(
            random.choice([None, Purpose.MARKETING, Purpose.RELATIONSHIP, Purpose.SERVICE]),
            random.choice([None, Channel.PHONE, Channel.EMAIL, Channel.LETTER]),
            random.random() < 0.6,
            AT - timedelta(days=random.randint(0, 30)),
        )
        for _ in range(random.randint(0, 4))
    ]
    wishes = random.choice([None, frozenset({Channel.PHONE}), frozenset({Channel.EMAIL, Channel.LETTER}), frozenset()])
    return Person(country="GB", preferences=Preferences(channels=wishes), consents=tuple(events))


@pytest.mark.parametrize("channel", [Channel.PHONE, Channel.EMAIL, Channel.LETTER])
@pytest.mark.parametrize("purpose", PURPOSES)
def test_agrees_with_the_contact_rules(channel: Channel, purpose: Purpose):
    people = people_of([anybody(Random(seed)) for seed in range(150)])
    never = replace(DEFAULT_POLICY, hours={**DEFAULT_POLICY.hours, (channel, purpose): ()})
    for policy in (DEFAULT_POLICY, replace(DEFAULT_POLICY, consent=frozenset({(channel, purpose)})), never):
        told = check_many(people, Question(channel, purpose, AT), policy).words()
        unwanted = np.array([wish.channels is not None and channel not in wish.channels for wish in people.preferences])
        found = may_reach(len(people), people.consents, unwanted[people.preference], channel, purpose, policy)
        assert found.open.tolist() == [word not in REFUSED for word in told]
        assert not (found.open & found.lacks_consent).any()
        if policy is not never:
            assert found.lacks_consent.tolist() == [word == "consent_missing" for word in told]


def test_nobody_is_no_trouble():
    people = people_of([])
    found = may_reach(0, people.consents, np.zeros(0, bool), CHANNELS[0], PURPOSES[0], DEFAULT_POLICY)
    assert len(found.open) == len(found.lacks_consent) == len(found.asked) == 0
