"""entente user: who may sign in, a link that lets somebody in once, a key for a program."""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from entente.cli import terminal


def register(commands: Any) -> None:
    command = commands.add_parser("user", help="add a user, list them, make a one-time sign-in link or a key")
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
    token = what.add_parser("token", help="make a key with which a program uses the API for a user; prints it once")
    token.add_argument("email")
    token.add_argument("--name", required=True, help="what the key is for, such as the name of the program")
    token.add_argument("--opens", required=True, nargs="+", choices=("import", "resolve"), help="what the key opens")
    token.add_argument(
        "--until", type=date.fromisoformat, metavar="DAY", help="its last day; a year from now without it"
    )
    terminal.wants_json(token)
    token.set_defaults(run=run_token)
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


def run_token(args: argparse.Namespace) -> int:
    from entente.lib.errors import EntenteError
    from entente.staff.models import User
    from entente.staff.tokens import make_token

    user = User.objects.filter(email=args.email.lower(), is_active=True).first()
    if user is None:
        raise EntenteError(f"Nobody with the address {args.email} may sign in. Add them: entente user add {args.email}")
    made = make_token(user, name=args.name, scopes=args.opens, expires_on=args.until, by=None, at=timezone.now())
    token = made.token
    result = {
        "email": user.email,
        "name": token.name,
        "opens": token.scopes,
        "until": token.expires_on,
        "key": made.secret,
    }
    words = f"{token.name} may act for {user.email} until {token.expires_on} with this key, which is not shown again:\n"
    terminal.say(result, as_json=args.json, words=lambda: words + made.secret)
    return 0


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
