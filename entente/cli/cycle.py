"""entente cycle --as-of DATE: the whole circle for a day, printed as pyramid and best next steps."""

from __future__ import annotations

import argparse
from typing import Any

from entente.cli import terminal

MEASURES = {
    "revenue": "Revenue", "margin": "Margin", "cost": "Cost to serve", "profit": "Profit", "value": "Lifetime value",
}  # fmt: skip


def register(commands: Any) -> None:
    command = commands.add_parser("cycle", help="run the whole circle for a day: who, worth, level, what to do next")
    command.add_argument(
        "--as-of", type=terminal.day, metavar="DAY", help="what was known at the end of this day (today)"
    )
    command.add_argument("--steps", type=int, default=10, metavar="N", help="how many best next steps to print (10)")
    terminal.wants_json(command)
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from entente.cycle import run_cycle
    from entente.staff.firm import firm_today

    today = firm_today()
    progress = terminal.Progress()
    try:
        cycle = run_cycle(args.as_of or today, today=today, progress=progress)
    except KeyboardInterrupt:
        raise terminal.Interrupted(
            "Interrupted. The last whole result stays in force; the same command goes on."
        ) from None
    finally:
        progress.close()
    result = report(cycle, steps=args.steps)
    terminal.say(result, as_json=args.json, words=lambda: words(result))
    return 0


def report(cycle: Any, *, steps: int) -> dict[str, Any]:
    """What a cycle found, as plain data."""
    from entente.customize.today import best_steps
    from entente.differentiate.current import pyramid_of

    pyramid = []
    for row in pyramid_of(cycle):
        cells = {
            name: {"amount": cell.amount, "precision": cell.precision, "spread": cell.spread}
            for name, cell in row.cells.items()
        }
        pyramid.append({"level": row.level.name.lower(), "label": str(row.level.label), **cells})
    return {
        "as_of": cycle.as_of,
        "currency": cycle.currency,
        "laws": cycle.laws,
        "notes": cycle.notes,
        "totals": cycle.totals,
        "decided": cycle.steps_done.get("decide", {}),
        "pyramid": pyramid,
        "next_steps": best_steps(cycle, limit=steps),
    }


def words(result: dict[str, Any]) -> str:
    currency = result["currency"]
    rows = [
        [
            level["label"],
            f"{level['customers']['amount']:,.0f}",
            *(figure(level[name]) if name in level else "" for name in MEASURES),
        ]
        for level in result["pyramid"]
    ]
    head = ["Level", "Customers", *(f"{heading} {currency}" for heading in MEASURES.values())]
    parts = [
        f"Customer pyramid at the end of {result['as_of']}",
        "",
        terminal.table(head, rows, right=tuple(range(1, len(head)))),
        "",
    ]
    buying = result["laws"].get("buying")
    if buying:
        parts.append(f"Law of buying: {buying['title']}, fitted to {buying['customers']:,} customers.")
    parts += [f"Not used: {refused['law']}. {refused['reason']}" for refused in result["laws"].get("refused", [])]
    parts += [str(note) for note in result["notes"]]
    if result["totals"].get("anonymous_revenue"):
        parts.append(
            f"Sales without a customer in the last 12 months: {result['totals']['anonymous_revenue']:,.0f} {currency}."
        )
    below_zero = result["totals"].get("below_zero")
    if below_zero and below_zero["customers"]:
        parts.append(
            f"{below_zero['customers']:,} customers cost more to serve than their margin was: {below_zero['loss']:,.0f} {currency} "
            "lost in 12 months."
        )
    decided = result["decided"]
    if decided:
        parts.append(
            f"{decided['customers']:,} customers looked at, {decided['steps']:,} next steps chosen, "
            f"{decided['held_out']:,} customers held out to prove what the steps are worth."
        )
    parts += ["", "Best next steps", ""]
    for number, step in enumerate(result["next_steps"], start=1):
        parts.append(
            f"{number:>3}. {step['play_name']}: {step['customer']} ({step['level']}), {step['score']:,.2f} {currency} expected"
        )
        parts.append(f"     {step['why']}")
        parts.append(f"     {step['when']}")
    if not result["next_steps"]:
        parts.append("None: nobody is better off with a contact today.")
    return "\n".join(parts)


def figure(cell: dict[str, Any]) -> str:
    """A figure and, where it is not exact, how far it may be off."""
    amount = round(cell["amount"]) or 0
    return f"{amount:,}" + (f" ±{100 * cell['spread']:.0f}%" if amount and cell["precision"] != "exact" else "")
