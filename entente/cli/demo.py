"""entente demo: a firm, the circle, the web app and a link that lets you in."""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from entente.cli import terminal
from entente.cli.import_facts import ask, import_file, reading_options


def register(commands: Any) -> None:
    command = commands.add_parser("demo", help="show it at work: a sample firm, or your own orders, in the browser")
    command.add_argument("--orders", type=Path, metavar="FILE", help="your own orders instead of the sample firm")
    command.add_argument("--source", default="", metavar="NAME", help="the system the file comes from")
    reading_options(command)
    command.add_argument("--port", type=int, metavar="N", help="instead of 8520")
    command.add_argument("--prepare-only", action="store_true", help="make everything, print the link, and end")
    command.set_defaults(run=run, json=False)


def run(args: argparse.Namespace) -> int:
    from django.conf import settings

    from entente.cli.serve import refuse_busy_port, serve
    from entente.ledger.prepare import OpenQuestions
    from entente.lib.start import collect_files

    if not args.prepare_only:
        # Before the work, not after it.
        refuse_busy_port("127.0.0.1", args.port or settings.ENVIRONMENT.port)

    progress = terminal.Progress()
    try:
        as_of = _what_stands(progress) if args.orders is None else _own_orders(args, progress)
        _circle(as_of, progress)
        progress("Collecting files", 0, None)
        collect_files()
    except OpenQuestions as error:
        return ask([question.as_json() for question in error.questions], args)
    except KeyboardInterrupt:
        raise terminal.Interrupted("Interrupted. bin/demo goes on where it stopped.") from None
    finally:
        progress.close()
    if args.prepare_only:
        _say_where(args.port)
        return 0
    return serve(host="127.0.0.1", port=args.port, when_ready=lambda: _say_where(args.port))


def _what_stands(progress: terminal.Progress) -> date:
    """The sample firm, or the user's own orders where they were brought in before. Returns the last day they tell of."""
    from entente.ledger.models import OrderLine
    from entente.sample.plant import plant, planted
    from entente.sample.settle import settle
    from entente.staff.firm import firm_today

    standing = planted()
    if standing is None and OrderLine.objects.exists():
        return _newest_day()
    as_of = standing.as_of if standing else firm_today() - timedelta(days=1)
    if standing is None:
        plant(as_of=as_of, progress=progress)
    settle(progress=progress)
    return as_of


def _own_orders(args: argparse.Namespace, progress: terminal.Progress) -> date:
    args.file = args.orders
    import_file(args, progress=progress)
    return _newest_day()


def _newest_day() -> date:
    from entente.ledger.models import OrderLine
    from entente.staff.firm import firm_today

    newest = OrderLine.objects.order_by("-ordered_on").values_list("ordered_on", flat=True).first()
    return min(newest or firm_today(), firm_today())


def _circle(as_of: date, progress: terminal.Progress) -> None:
    from entente.cycle import run_cycle
    from entente.differentiate.compare_countings import compared
    from entente.identify.counted import Counting, relates
    from entente.jobs import defer_comparison
    from entente.sample.steer import steer
    from entente.staff.firm import firm_today

    cycle = run_cycle(as_of, today=firm_today(), progress=progress)
    steer(cycle)
    # Where customers relate, the page that compares ways to count them soon has something to show.
    if relates() and compared(cycle, Counting.BUYER, Counting.GROUP) is None:
        defer_comparison(cycle.pk, Counting.BUYER.value, Counting.GROUP.value)


def _say_where(port: int | None) -> None:
    from django.conf import settings
    from django.db import connection

    from entente.cli.user import one_time_link
    from entente.staff.models import Role, User
    from entente.staff.people import make_user

    user = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("id").first()
    if user is None:
        user = make_user(email="admin@example.com", name="Administrator", role=Role.ADMIN)
    address = settings.BASE_URL if port is None else f"http://localhost:{port}"
    sys.stdout.write(
        f"\nEntente is running at {address}\n\nSign in once, as {user.name}, with\n{one_time_link(user, base_url=address)}\n\n"
        "Ctrl-C ends it; bin/demo again goes on with the same data.\n"
    )
    sys.stdout.flush()
    connection.close()
