"""entente contact check: may we, and if not, when and why not?"""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from django.utils import timezone

from entente.cli import terminal

CHANNELS = ("phone", "email", "sms", "messenger", "chat", "letter", "fax", "visit", "portal")
PURPOSES = ("emergency", "legal", "transactional", "service", "relationship", "marketing", "survey")
NOT_ALLOWED = 3


def register(commands: Any) -> None:
    command = commands.add_parser("contact", help="what the contact rules say")
    what = command.add_subparsers(dest="what", required=True, metavar="WHAT")
    check = what.add_parser(
        "check", help="may we contact this customer, or anybody there, now?",
        description="Exits 0 when it is allowed now and 3 when it is not.",
    )  # fmt: skip
    whom = check.add_mutually_exclusive_group(required=True)
    whom.add_argument("--customer", type=int, metavar="NUMBER", help="a customer of the firm")
    whom.add_argument("--country", metavar="CC", help="anybody in a country, such as SA")
    check.add_argument("--subdivision", default="", help="of the country, such as SCT or BY")
    check.add_argument("--phone", default="", help="its prefix may tell the time zone")
    check.add_argument("--postcode", default="")
    check.add_argument("--zone", default="", help="a declared time zone, such as Asia/Riyadh")
    check.add_argument("--channel", choices=CHANNELS, required=True)
    check.add_argument("--purpose", choices=PURPOSES, required=True)
    check.add_argument("--at", type=instant, metavar="INSTANT", help="with its offset: 2026-11-20T10:00+03:00 (now)")
    terminal.wants_json(check)
    check.set_defaults(run=run)


def instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an instant; write it as 2026-11-20T10:00+03:00") from None
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset; write it as 2026-11-20T10:00+03:00")
    return at


def run(args: argparse.Namespace) -> int:
    from django.http import Http404
    from django.shortcuts import get_object_or_404

    from entente.identify.models import Customer
    from entente.interact.allow import check_customer, check_place
    from entente.interact.wording import sentence
    from entente.lib.errors import EntenteError

    at = args.at or timezone.now()
    if args.customer is not None:
        try:
            customer = get_object_or_404(Customer, pk=args.customer)
        except Http404:
            raise EntenteError(f"There is no customer number {args.customer}.") from None
        answer = check_customer(customer, channel=args.channel, purpose=args.purpose, at=at)
    else:
        answer = check_place(
            country=args.country.upper(), subdivision=args.subdivision, phone=args.phone, postcode=args.postcode, zone=args.zone,
            channel=args.channel, purpose=args.purpose, at=at,
        )  # fmt: skip
    result = {
        "at": at,
        "channel": args.channel,
        "purpose": args.purpose,
        "allowed": answer.allowed_now,
        "verdict": answer.verdict,
        "opens_at": answer.opens_at,
        "reasons": [each.as_dict() for each in answer.reasons],
        "notes": [each.as_dict() for each in answer.notes],
        "zones": list(answer.zones),
    }

    def words() -> str:
        return "\n".join([answer.sentence, *(sentence(note) for note in answer.notes)])

    terminal.say(result, as_json=args.json, words=words)
    return 0 if answer.allowed_now else NOT_ALLOWED
