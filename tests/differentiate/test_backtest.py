"""The backtest through the whole verb."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from entente.differentiate.backtest import ImpossibleSpan, backtest_value
from entente.identify.match import match_new
from tests.ledger_facts import Ledger, a_firm, a_trade, a_user, committed

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]
TODAY = date(2026, 7, 1)
ONLINE_RETAIL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "online_retail.parquet"


def test_it_keeps_what_it_found():
    a_firm()
    a_trade(Ledger(), buyers=80, until=date(2026, 6, 30))
    anna = a_user()
    found = backtest_value(date(2025, 12, 31), date(2026, 6, 30), today=TODAY, by=anna)
    assert {"customers", "mae", "rmse", "correlation", "bias", "calibration"} <= set(found.result)
    assert (found.count, found.by, found.result["customers"] > 40) == ("net", anna, True)
    assert sum(part["customers"] for part in found.result["calibration"]) == found.result["customers"]
    assert found.result["observed_total"] > 0


def test_net_and_gross_differ_by_what_came_back():
    a_firm()
    ledger = Ledger()
    people = a_trade(ledger, buyers=60, until=date(2026, 6, 30))
    paint = ledger.product("varnish")
    for party in people[:10]:
        ledger.buys(party, date(2026, 3, 3), 33, product=paint)
        ledger.buys(party, date(2026, 3, 9), -33, product=paint)
    net, gross = (
        backtest_value(date(2025, 12, 31), date(2026, 6, 30), today=TODAY, count=count) for count in ("net", "gross")
    )
    known = gross.result["customers"]
    assert net.result["customers"] == known
    assert 0 < gross.result["observed_total"] - net.result["observed_total"] <= 10


def test_spans_in_which_nothing_can_be_compared():
    with pytest.raises(ImpossibleSpan, match="Nobody had bought"):
        backtest_value(date(2026, 1, 1), date(2026, 6, 30), today=TODAY)
    ledger = Ledger()
    ledger.buys(ledger.party("ann"), date(2026, 1, 1), 10)
    match_new()
    for first, last in ((date(2026, 6, 30), date(2026, 6, 30)), (date(2026, 6, 30), date(2026, 1, 1))):
        with pytest.raises(ImpossibleSpan, match="after the first"):
            backtest_value(first, last, today=TODAY)
    with pytest.raises(ImpossibleSpan, match="Nobody had bought"):
        backtest_value(date(2026, 1, 1), date(2026, 6, 30), today=TODAY)


def test_what_lies_ahead_cannot_be_compared():
    ledger = Ledger()
    ledger.buys(ledger.party("ann"), date(2026, 1, 1), 10)
    match_new()
    with pytest.raises(ImpossibleSpan, match="2026-07-02 lies ahead"):
        backtest_value(date(2026, 3, 1), date(2026, 7, 2), today=TODAY)


@pytest.mark.slow
@pytest.mark.skipif(not ONLINE_RETAIL.exists(), reason="the public data is not here")
def test_online_retail_as_published():
    from entente.ledger.mapping import load
    from entente.ledger.record import open_import, run_import

    a_firm()
    imported = open_import(
        ONLINE_RETAIL, mapping=load("online-retail"), source_name="", file_name="online_retail.parquet", by=None
    )
    run_import(imported.pk)
    match_new()
    found = backtest_value(date(2011, 6, 8), date(2011, 12, 7), today=TODAY, count="gross").result
    assert found["customers"] == 2775
    assert found["mae"] <= 1.50 and found["rmse"] <= 2.50 and found["correlation"] >= 0.82
    assert abs(found["bias"]) < 0.25
