"""entente backtest value: how well would we have predicted?"""

from __future__ import annotations

import argparse
from typing import Any

from entente.cli import terminal


def register(commands: Any) -> None:
    command = commands.add_parser("backtest", help="predict a span that has passed, and compare with what happened")
    what = command.add_subparsers(dest="what", required=True, metavar="WHAT")
    value = what.add_parser("value", help="purchases per customer")
    value.add_argument(
        "--from", dest="from_on", type=terminal.day, required=True, metavar="DAY", help="as if this were today"
    )
    value.add_argument(
        "--to", dest="to_on", type=terminal.day, required=True, metavar="DAY", help="predict until this day"
    )
    value.add_argument(
        "--count", choices=("net", "gross"), default="net",
        help="net: returns taken off their purchase; gross: any customer-day with a positive line",
    )  # fmt: skip
    terminal.wants_json(value)
    value.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from entente.differentiate.backtest import backtest_value
    from entente.staff.firm import firm_today

    progress = terminal.Progress()
    try:
        found = backtest_value(args.from_on, args.to_on, today=firm_today(), count=args.count, progress=progress)
    finally:
        progress.close()
    result = {"from": found.from_on, "to": found.to_on, "count": found.count, **found.result}
    terminal.say(result, as_json=args.json, words=lambda: words(result))
    return 0


def words(result: dict[str, Any]) -> str:
    law, plain, silent = result["law"]["title"], result["past_rate"], result["hiatus"]
    rows = [
        [name, f"{it['mae']:.4f}", f"{it['rmse']:.4f}", f"{it['correlation']:.4f}", f"{it['bias']:+.1%}"]
        for name, it in ((law, result), ("Past rate", plain), ("Past rate, unless silent", silent))
    ]
    deciles = [
        [str(part["decile"]), f"{part['customers']:,}", f"{part['predicted_mean']:.2f}", f"{part['observed_mean']:.2f}"]
        for part in result["calibration"]
    ]
    return "\n".join(
        [
            f"Purchases of {result['customers']:,} customers from {result['from']} to {result['to']}, counted {result['count']}",
            f"predicted {result['predicted_total']:,.0f}, happened {result['observed_total']:,.0f}",
            "",
            terminal.table(["", "MAE", "RMSE", "correlation", "bias"], rows, right=(1, 2, 3, 4)),
            "",
            "Calibration by tenths of customers, the least expected first",
            terminal.table(["tenth", "customers", "predicted", "happened"], deciles, right=(0, 1, 2, 3)),
            "",
            result["reason"],
            *(f"Not used: {refused['law']}. {refused['reason']}" for refused in result["refused"]),
            *result["notes"],
        ]
    )
