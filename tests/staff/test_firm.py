"""The firm's own clock."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from entente.staff.firm import firm_today
from entente.staff.models import Firm

AT = datetime(2026, 6, 30, 21, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Asia/Tehran", date(2026, 7, 1)),
        ("Europe/London", date(2026, 6, 30)),
        ("America/Los_Angeles", date(2026, 6, 30)),
    ],
)
def test_the_day_is_the_firms_whoever_asks(db: None, zone: str, day: date):
    Firm.objects.create(id=1, name="Northwind", zone=zone)
    with timezone.override("Pacific/Auckland"):
        assert firm_today(AT) == day


def test_without_a_firm_it_is_utc(db: None):
    with timezone.override("Pacific/Auckland"):
        assert firm_today(AT) == date(2026, 6, 30)
