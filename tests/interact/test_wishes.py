"""What a customer wishes, from a row to the rules."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from entente.interact.pure.people import Preferences
from entente.interact.pure.purposes import Channel
from entente.interact.wishes import UnreadableWishes, preferences_of

WHOLE = {
    "channels": ["phone", "letter"], "weekdays": [0, 4], "hours": {"from": "10:00", "until": "16:30"},
    "frequency": {"limit": 1, "days": 30}, "paused_until": "2026-12-31", "weekend": [4, 5], "religious_days": ["2027-03-20"],
}  # fmt: skip


def test_nothing_said_is_nothing_wished():
    assert preferences_of({}) == Preferences()


def test_all_of_it_through_json():
    wish = preferences_of(json.loads(json.dumps(WHOLE)))
    assert wish == preferences_of(WHOLE)
    assert wish.channels == {Channel.PHONE, Channel.LETTER}
    assert wish.frequency.limit == 1 and wish.frequency.days == 30
    assert wish.paused_until == datetime(2026, 12, 31, tzinfo=UTC) and wish.paused_from < datetime(
        2000, 1, 1, tzinfo=UTC
    )
    assert wish.weekend == {4, 5} and wish.religious_days == {date(2027, 3, 20)}
    assert len(wish.hours) == 1
    assert preferences_of({**WHOLE, "hours": {"from": "10:00", "until": "00:00"}}).hours != wish.hours


@pytest.mark.parametrize(
    "wishes",
    [
        {"channels": ["pigeon"]},
        {"channels": 5},
        {"weekdays": [7]},
        {"weekdays": [-1]},
        {"weekdays": ["mon"]},
        {"hours": {"from": "10:00"}},
        {"hours": {"from": "ten", "until": "noon"}},
        {"hours": "always"},
        {"frequency": {"limit": "often", "days": 7}},
        {"frequency": [1, 7]},
        {"paused_until": "soon"},
        {"paused_until": 20261231},
        {"weekend": 6},
        {"weekend": "sat sun"},
        {"weekend": [9]},
        {"religious_days": ["tomorrow"]},
    ],
)
def test_what_this_program_never_wrote_is_refused(wishes):
    with pytest.raises(UnreadableWishes, match="Enter them anew"):
        preferences_of(wishes)
