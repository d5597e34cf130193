"""entente user: who may sign in, and a link that lets somebody in once."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from django.utils import timezone

from entente.cli import terminal


def register(commands: Any) -> None:
    command = commands.add_parser("user", help="add a user, list them, make a one-time sign-in link")
    what = command.add_subparsers(dest="what", required=True, metavar="WHAT")
    add = what.add_parser("add", help="add somebody; prints a link that signs in once")
    add.add_argument("email")
    add.add_argument("--name", default="")
    add.add_argument("--role", choices=("admin", "manager", "agent", "viewer"), default="viewer")
    terminal.wants_json(add)
    add.set_defaults(run=run_add)
    link = what.add_parser("link", help="a link that signs an existing user in once, within a day")
    link.add_argument("email")
    terminal.wants_json(link)
    link.set_defaults(run=run_link)
    everyone = what.add_parser("list", help="who may sign in")
    terminal.wants_json(everyone)
    everyone.set_defaults(run=run_list)


def run_add(args: argparse.Namespace) -> int:
    from entente.lib.errors import EntenteError
    from entente.staff.models import User
    from entente.staff.people import make_user

    if User.objects.filter(email=args.email.lower()).exists():
        raise EntenteError(f"{args.email} is a user already. Make a link: entente user link {args.email}")
    user = make_user(email=args.email, name=args.name or args.email.partition("@")[0], role=args.role)
    return _say_link(user, args)


def run_link(args: argparse.Namespace) -> int:
    from entente.lib.errors import EntenteError
    from entente.staff.models import User

    user = User.objects.filter(email=args.email.lower(), is_active=True).first()
    if user is None:
        raise EntenteError(f"Nobody with the address {args.email} may sign in. Add them: entente user add {args.email}")
    return _say_link(user, args)


def _say_link(user: Any, args: argparse.Namespace) -> int:
    link = one_time_link(user)
    result = {"email": user.email, "role": user.role, "link": link}
    terminal.say(
        result, as_json=args.json, words=lambda: f"{user.email} ({user.role}) signs in once, within a day, with\n{link}"
    )
    return 0


def one_time_link(user: Any, *, base_url: str | None = None) -> str:
    from django.conf import settings
    from django.urls import reverse

    from entente.staff.people import make_sign_in_link

    token = make_sign_in_link(user, at=timezone.now(), lasts=timedelta(days=1))
    return (base_url or settings.BASE_URL) + reverse("enter", args=[token])


def run_list(args: argparse.Namespace) -> int:
    from entente.staff.models import User

    rows = [
        {"email": u.email, "name": u.name, "role": u.role, "may_sign_in": u.is_active, "last_login": u.last_login}
        for u in User.objects.order_by("email")
    ]
    head = ["E-mail", "Name", "Role", "May sign in"]
    shown = [[str(r["email"]), str(r["name"]), str(r["role"]), "yes" if r["may_sign_in"] else "no"] for r in rows]
    terminal.say({"users": rows}, as_json=args.json, words=lambda: terminal.table(head, shown))
    return 0
