"""entente differentiate --explain: what is a customer worth, and why?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from entente.cli import terminal
from entente.lib.errors import EntenteError

if TYPE_CHECKING:
    from entente.differentiate.explained_worth import ExplainedWorth


def register(commands: Any) -> None:
    command = commands.add_parser("differentiate", help="what each customer is worth and needs, and why")
    command.add_argument(
        "--explain",
        type=int,
        required=True,
        metavar="CUSTOMER",
        help="every figure of this customer, and what it was made of",
    )
    terminal.wants_json(command)
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from entente.differentiate.explained_worth import as_data, explain_worth
    from entente.identify.models import Customer

    customer = Customer.objects.filter(pk=args.explain).first()
    if customer is None:
        raise EntenteError(f"There is no customer number {args.explain}.")
    found = explain_worth(customer)
    terminal.say(as_data(found), as_json=args.json, words=lambda: _words(found))
    return 0


def _words(found: ExplainedWorth) -> str:
    if found.cycle is None:
        return f"{found.customer.name}: no cycle has been published yet. Run: entente cycle --as-of DAY"
    if not found.steps:
        said = f"the cycle of {found.cycle.as_of} says nothing of them; they came later or are counted under another"
        return f"{found.customer.name}: {said}."
    rows = [[one.said, _shown(one.value), one.because] for one in found.steps]
    heading = f"{found.customer.name}, as of {found.cycle.as_of}, in {found.cycle.currency}"
    return "\n".join([heading, "", terminal.table(["", "", "because"], rows, right=(1,))])


def _shown(value: Any) -> str:
    if value is None:
        return "not known"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
