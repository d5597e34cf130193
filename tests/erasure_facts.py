"""Khalida, of whom every table holds something, and Norbert, her neighbour, of whom nothing may change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

from entente.customize.models import Answer, Outcome
from entente.differentiate.models import Movement, MovementMember, NeedFact, NextQuestion, StageChange
from entente.identify.index import update_index
from entente.identify.match import match_new
from entente.identify.models import (
    Chosen,
    Customer,
    Linkage,
    Membership,
    PossibleMatch,
    Verdict,
    Verified,
)
from entente.identify.relations_models import Deal, DealPart, Relation
from entente.identify.shown import show
from entente.interact.models import ConsentEvent, Outgoing, Preference
from entente.ledger.mapping import Mapping, from_json, load
from entente.ledger.models import Import, Interaction, Party
from entente.ledger.record import open_import, run_import
from entente.staff.models import User
from tests import cast
from tests.ledger_facts import a_firm, customer_of

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
# Of each there is no second one in the world.
CANARIES = (
    "kd-4711", "web-0815x", "Khalida Dornröschen", "Dornröschen", "khalida@dornroeschen.example", "+4930901820", "030 901820",
    "Rosenheckenweg", "DE811907980", "k_rose_handle", "Ich habe hundert Jahre geschlafen", "spinning wheel", "told her in confidence",
    "prince@castle.example", "Schlafmützengasse", "thorns all around", "1958-03-27", "khalida.old@dornroeschen.example",
)  # fmt: skip
PARTIES = (
    "no,name,mail,phone,country,street,postcode,town,tax,born,handle\n"
    "kd-4711,Khalida Dornröschen,khalida@dornroeschen.example,030 901820,DE,Rosenheckenweg 1,10115,Berlin,DE811907980,1958-03-27,"
    "k_rose_handle\n"
    "nn-1,Norbert Nachbar,norbert@nachbar.example,030 901999,DE,Nachbarweg 2,10115,Berlin,DE999999999,1960-01-02,norbi\n"
)
EARLIER = PARTIES.replace("khalida@", "khalida.old@").replace("Rosenheckenweg 1", "Schlafmützengasse 7")
ORDERS = (
    "customer,date,amount\nkd-4711,2026-03-01,100\nnn-1,2026-03-01,50\nkd-4711,2012-03-01,70\nkd-4711,2026-03-02,many\n"
)
NUMBERED = (
    "order,date,customer,product,quantity,price,email\nA-1,2026-04-01,kd-4711,paint,2,10,khalida@dornroeschen.example\n"
    "A-2,2026-04-01,nn-1,paint,1,10,norbert@nachbar.example\n"
)
INVOICES = (
    "number,customer,order_number,kind,issued_on,due_on,amount,currency\nR1,kd-4711,A-1,invoice,2026-04-02,,20,EUR\n"
    "R2,nn-1,A-2,invoice,2026-04-02,,10,EUR\nR0,kd-4711,,invoice,2010-04-02,,7,EUR\n"
)
PAYMENTS = (
    "key,customer,invoice_number,paid_on,amount,currency,method\nP1,,R1,2026-04-20,20,EUR,account of Dornröschen\n"
    "P2,kd-4711,R0,2010-05-01,7,EUR,cash\nP3,nn-1,R2,2026-04-20,10,EUR,card\n"
)
DELIVERIES = (
    "number,customer,order_number,promised_on,shipped_on,delivered_on,quantity,carrier,state\n"
    "D1,kd-4711,A-1,2026-04-05,,,1,Post,\nD2,nn-1,A-2,2026-04-05,,,1,Post,\n"
)
CONTACTS = (
    "key,customer,at,kind,channel,purpose,direction,minutes,subject,body,outcome\n"
    "T1,kd-4711,2026-04-10 10:30,call,,,outgoing,7,spinning wheel,Ich habe hundert Jahre geschlafen.,question\n"
    "T2,nn-1,2026-04-10 10:30,call,,,outgoing,7,paint,He asked for paint.,question\n"
)
LOG = {"columns": {"customer": "customer", "ordered_at": "date", "amount": "amount"}, "read": {"currency": "EUR"}}
LINES = {
    "columns": {"order_number": "order", "ordered_at": "date", "customer": "customer", "product_code": "product",
                "quantity": "quantity", "unit_price": "price", "email": "email"},
    "read": {"currency": "EUR"},
}  # fmt: skip
PEOPLE = {
    "kind": "parties",
    "columns": {"key": "no", "name": "name", "email": "mail", "phone": "phone", "country": "country", "address": "street",
                "postcode": "postcode", "city": "town", "tax_id": "tax", "birth_date": "born"},
    "identifiers": {"handle": "handle"},
}  # fmt: skip


def reading(kind: str) -> Mapping:
    """How a file of that kind is read."""
    if kind in ("log", "orders"):
        return from_json(LOG if kind == "log" else LINES)
    if kind == "parties":
        return from_json(PEOPLE)
    base = load(kind).as_json()
    return from_json({**base, "read": {**base["read"], "currency": ""}})


def bring(folder: Path, kind: str, text: str, *, source: str = "shop", run: bool = True) -> Import:
    path = folder / f"{kind}.csv"
    path.write_text(text, encoding="utf-8")
    opened = open_import(path, mapping=reading(kind), source_name=source, file_name=path.name, by=None)
    return run_import(opened.pk) if run else opened


@dataclass
class Tale:
    khalida: Customer
    norbert: Customer
    anna: User
    parties: list[int]


def tell(folder: Path) -> Tale:
    """Everything that a firm can hold of one person, brought in as a firm brings it in."""
    a_firm(country="DE", currency="EUR")
    anna = User.objects.create(email="anna@example.com", name="Anna", role="admin")
    files = {"parties": EARLIER, "log": ORDERS, "orders": NUMBERED, "invoices": INVOICES, "payments": PAYMENTS,
             "deliveries": DELIVERIES, "interactions": CONTACTS}  # fmt: skip
    for kind, text in files.items():
        bring(folder, kind, text)
    bring(folder, "parties", PARTIES)
    bring(folder, "interactions", CONTACTS.replace("spinning wheel", "the spinning wheel again"))
    bring(folder, "deliveries", DELIVERIES.replace("2026-04-05,,,", "2026-04-05,2026-04-06,,"))
    web = "\nweb-0815x,Khalida Dornröschen,khalida@dornroeschen.example,,DE,,,,,,\n"
    bring(folder, "parties", PARTIES.split("\n")[0] + web, source="web")
    match_new()
    party, on_web, other = (Party.objects.get(key=key) for key in ("kd-4711", "web-0815x", "nn-1"))
    khalida, norbert = customer_of(party), customer_of(other)
    _same(on_web, khalida)
    update_index([party.pk, on_web.pk, other.pk])
    _opinions(party, other, khalida, anna)
    _words(party, other, anna)
    _circle(khalida, norbert, anna)
    for each in (khalida, norbert):
        each.refresh_from_db()
    return Tale(khalida, norbert, anna, [party.pk, on_web.pk])


def _same(web: Party, customer: Customer) -> None:
    was = customer_of(web)
    Membership.objects.filter(party=web).update(ended_at=NOW)
    Membership.objects.create(party=web, customer=customer, weight=0.97, law="test", explanation={"with": 1})
    show([customer.pk, was.pk])


def _opinions(party: Party, other: Party, customer: Customer, anna: User) -> None:
    run = Linkage.objects.create(
        law="test", sure=9, doubtful=1, started_at=NOW, ignored=[["person", "phone", "030901820", 3]]
    )
    left, right = sorted((party.pk, other.pk))
    Verdict.objects.create(left_id=left, right_id=right, is_same=False, by=anna)
    PossibleMatch.objects.create(left_id=left, right_id=right, probability=0.6, linkage=run)
    Verified.objects.create(party=party, field="email", value="khalida@dornroeschen.example", how="link", at=NOW)
    Chosen.objects.create(customer=customer, field="name", party=party, by=anna)
    Relation.objects.create(
        party=party,
        other=other,
        kind="partner",
        decided_by="Dornröschen herself",
        notes="thorns all around",
        from_on=TODAY,
    )
    deal = Deal.objects.create(name="Deal with Khalida Dornröschen", notes="for paint")
    DealPart.objects.create(deal=deal, party=party, role="prince@castle.example is her agent")
    DealPart.objects.create(deal=deal, party=other, role="neighbour")


def _words(party: Party, other: Party, anna: User) -> None:
    for each, words in ((party, "thorns all around"), (other, "I agree")):
        ConsentEvent.objects.create(
            party=each, channel="email", purpose="marketing", is_granted=True, at=NOW, wording=words
        )
        Preference.objects.create(party=each, wishes={"channels": ["phone"]}, by=anna)
        NeedFact.objects.create(
            party=each, predicate="need", value=f"no {words}", is_stated=True, said_on=TODAY, by=anna,
            interaction=Interaction.objects.filter(party=each).order_by("id").first(),
        )  # fmt: skip
        for state in ("queued", "sent", "failed"):
            mail = Interaction.objects.create(
                party=each,
                kind="mail",
                channel="email",
                is_outgoing=True,
                at=NOW,
                subject=words,
                body=f"Dear {each.name}",
            )
            Outgoing.objects.create(
                interaction=mail, key=f"{each.key[:2]}{each.pk}{state}", message_id=f"<{each.pk}{state}@firm.example>",
                recipient=each.email, state=state, error=f"no such mailbox: {each.email}" if state == "failed" else "",
            )  # fmt: skip


def _circle(khalida: Customer, norbert: Customer, anna: User) -> None:
    run = cast.cycle(date(2026, 11, 20))
    for customer, words in ((khalida, "told her in confidence"), (norbert, "fine")):
        cast.valuation(customer, run, 1000.0)
        NextQuestion.objects.create(cycle=run, customer=customer, level=3, field="email", way="call", gain=1.0)
        StageChange.objects.create(
            cycle=run, customer=customer, changed_on=run.as_of, from_stage=4, to_stage=5, reason=8, purchases=4
        )
        moved = Movement.objects.get_or_create(from_on=date(2025, 11, 20), to_on=run.as_of)[0]
        MovementMember.objects.create(
            movement=moved, customer=customer, from_level=4, to_level=3, value=1.0, revenue_before=1.0, revenue_after=2.0,
            profit_before=1.0, profit_after=2.0,
        )  # fmt: skip
        made = cast.decision(customer, run, 5.0)
        Answer.objects.create(decision=made, kind="refused", words=words, by=anna)
        Outcome.objects.create(decision=made, was_delivered=True, reward=1.0, measured_on=TODAY)


def found_in_database(words: tuple[str, ...]) -> dict[str, list[str]]:
    """word: tables of which a row holds it, in whatever column."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        tables = [name for (name,) in cursor.fetchall()]
        found: dict[str, list[str]] = {}
        for table in tables:
            for word in words:
                cursor.execute(
                    f"SELECT EXISTS (SELECT FROM {table} r WHERE strpos(lower(r::text), lower(%s)) > 0)", [word]
                )
                if cursor.fetchone()[0]:
                    found.setdefault(word, []).append(table)
    return found


def found_on_disk(words: tuple[str, ...]) -> list[str]:
    """Files below the home and the files folder that hold one of the words."""
    folders = {Path(settings.HOME), Path(settings.MEDIA_ROOT)}
    found = []
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and "postgres" not in str(path) and path.stat().st_size < 50_000_000:
                data = path.read_bytes()
                found += [f"{path.name}: {word}" for word in words if word.encode() in data]
    return found


def counts(*, of: Customer) -> dict[str, Any]:
    """Everything about somebody, as rows of every table that leads to them."""
    from entente.customize.erase import person_of
    from entente.customize.person import TABLES

    person = person_of(of.pk)
    return {
        held.model._meta.label: [
            {name: value for name, value in row.items() if name != "words"} for row in held.of(person).values()
        ]
        for held in TABLES
        if held.of is not None
    }


def everything() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models() if model._meta.managed}
