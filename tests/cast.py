"""The people in the tests, and their stories.

At the firm: Alice (administrator), Maxim (manager), Anna (agent), Victor (viewer), and Charlie, who has left and has no access.
Customers: Al Noor, a distributor in Riyadh, worth most, silent for too long; Brankova Interiors in Berlin, with two records; Rahimi,
a tradesman in Shiraz whose name is Persian; Okafor, who ordered once; and Mallory, whose name is an attack.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection

from entente.customize.models import Decision
from entente.differentiate.models import Cycle, PyramidCell, Valuation
from entente.identify.models import ONE_RECORD, Customer, Membership
from entente.interact.models import Interaction
from entente.ledger.models import Import, Order, OrderLine, Party, Source
from entente.lib.norm import haystack
from entente.staff.models import Firm, User
from entente.staff.people import make_user

PASSWORD = "many small green horses"
AS_OF = date(2026, 11, 20)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@dataclass
class Staff:
    alice: User
    maxim: User
    anna: User
    victor: User
    charlie: User

    @property
    def by_role(self) -> dict[str, User]:
        return {user.role: user for user in (self.alice, self.maxim, self.anna, self.victor)}


@lru_cache(maxsize=1)
def _hashed() -> str:
    """Hashing is slow on purpose: once is enough for all the tests."""
    return make_password(PASSWORD)


def staff() -> Staff:
    """The firm and who works there."""
    Firm.objects.update_or_create(
        pk=1, defaults={"name": "Northwind Coatings", "currency": "EUR", "country": "GB", "zone": "Europe/London"}
    )
    people = {
        name: make_user(f"{name}@example.com", name.title(), role, zone="Europe/London")
        for name, role in {
            "alice": "admin",
            "maxim": "manager",
            "anna": "agent",
            "victor": "viewer",
            "charlie": "admin",
        }.items()
    }
    User.objects.update(password=_hashed())
    people["charlie"].is_active = False
    people["charlie"].save(update_fields=["is_active"])
    for user in people.values():
        user.refresh_from_db()
    return Staff(**people)


def source(name: str = "ERP") -> Source:
    return Source.objects.get_or_create(name=name)[0]


def witness() -> Import:
    found = Import.objects.first()
    return found or Import.objects.create(source=source(), file_name="orders.csv", state=Import.State.DONE)


def customer(name: str, *, keys: tuple[str, ...] = (), phone: str = "", **fields: Any) -> Customer:
    """A customer with one record for each key; the first is the surest."""
    keys = keys or (uuid.uuid4().hex[:8],)
    made = Customer.objects.create(
        name=name,
        phone=phone,
        phone_e164="+" + "".join(c for c in phone if c.isdigit()) if phone.startswith("+") else "",
        search=haystack(
            names=[name], emails=[fields.get("email", "")], phones=[phone], cities=[fields.get("city", "")], keys=keys
        ),
        **fields,
    )
    for place, key in enumerate(keys):
        of_party = {field: value for field, value in fields.items() if field != "looked_after_by"}
        party = Party.objects.create(
            source=source("ERP" if place == 0 else "Web shop"),
            key=key,
            name=name,
            phone=phone,
            phone_e164=made.phone_e164,
            **of_party if place == 0 else {},
        )
        law = ONE_RECORD if place == 0 else "same key"
        Membership.objects.create(party=party, customer=made, weight=1 - place * 0.08, law=law)
    made.refresh_from_db(fields=["grams"])
    return made


def order(buyer: Customer, number: str, on: date, amount: float, *, is_return: bool = False) -> Order:
    party = buyer.memberships.order_by("-weight", "party_id")[0].party
    at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    made = Order.objects.create(
        source=party.source,
        number=number,
        party=party,
        ordered_at=at,
        ordered_on=on,
        is_return=is_return,
        import_run=witness(),
    )
    OrderLine.objects.create(
        order=made, party=party, ordered_on=on, quantity=1, unit_price=amount, amount=amount, currency="EUR",
        import_run=witness(), line=1, fact_key=uuid.uuid4(),
    )  # fmt: skip
    return made


def contact(buyer: Customer, at: datetime, **fields: Any) -> Interaction:
    party = fields.pop("party", None) or buyer.memberships.order_by("-weight", "party_id")[0].party
    given = {
        "kind": "call",
        "channel": "phone",
        "purpose": "service",
        "is_outgoing": True,
        "is_two_way": True,
        **fields,
    }
    return Interaction.objects.create(party=party, at=at, **given)


def cycle(as_of: date = AS_OF) -> Cycle:
    """A published cycle, and the table its valuations go into."""
    made = Cycle.objects.create(as_of=as_of, state="done", published_at=datetime.now(UTC), currency="EUR")
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE differentiate_valuation_{made.pk} PARTITION OF differentiate_valuation FOR VALUES IN ({made.pk})"
        )
    return made


def valuation(of: Customer, run: Cycle, value: float, **fields: Any) -> Valuation:
    given = {
        "level": 3, "stage": 5, "country": of.country, "purchases": 4, "first_on": date(2024, 1, 5), "last_on": date(2026, 10, 1),
        "revenue_year": 2400.0, "revenue_all": 7000.0, "margin_year": 840.0, "margin_is_estimate": True, "spend": 600.0,
        "expected_year": 4.0, "alive": 0.9, "next_from_on": date(2026, 11, 25), "next_on": date(2026, 12, 1),
        "next_to_on": date(2026, 12, 12), "value": value, "value_low": value * 0.8, "value_high": value * 1.2, **fields,
    }  # fmt: skip
    return Valuation.objects.create(cycle=run, customer=of, **given)


def decision(of: Customer, run: Cycle, score: float, **fields: Any) -> Decision:
    given = {
        "score": score, "play": "silence", "channel": "phone", "purpose": "relationship", "propensity": 0.5, "is_hold_out": False,
        "plays": ["nothing", "silence"], "scores": [0.0, score], "win_shares": [0.2, 0.8], "propensities": [0.2, 0.8],
        "reason": "silence.never", "facts": {"silent": 60}, "features_hash": "0", "seed": 1, "state": "open", "level": 3, **fields,
    }  # fmt: skip
    return Decision.objects.create(cycle=run, customer=of, as_of=run.as_of, **given)


@dataclass
class Company:
    staff: Staff
    cycle: Cycle
    alnoor: Customer
    brankova: Customer
    rahimi: Customer
    okafor: Customer
    mallory: Customer
    decisions: dict[str, Decision] = field(default_factory=dict)


def company() -> Company:
    """Everybody, with their stories."""
    people = staff()
    run = cycle()
    alnoor = customer(
        "Al Noor Building Supply", keys=("10442",), phone="+966 11 234 5678", email="khalid@alnoor.example", city="Riyadh",
        country="SA", looked_after_by=people.anna,
    )  # fmt: skip
    brankova = customer(
        "Brankova Interiors",
        keys=("20077", "u-88121"),
        phone="+49 30 901820",
        city="Berlin",
        country="DE",
        looked_after_by=people.maxim,
    )
    rahimi = customer("علی‌رضا رحیمی", keys=("30001",), phone="+98 71 3222 1111", city="شیراز", country="IR")
    okafor = customer("J. Okafor", keys=("40123",), phone="020 7946 0958", city="London", country="GB")
    mallory = customer(
        HOSTILE, keys=(HOSTILE[:100],), phone="+44 20 7946 0000", city=HOSTILE[:90], country="GB", email=HOSTILE
    )
    for rank, who in enumerate((alnoor, brankova, rahimi, okafor, mallory)):
        valuation(who, run, 200_000 / 10**rank, level=min(7, rank + 1), alive=None if who is rahimi else 0.9)
    for level in range(1, 8):
        PyramidCell.objects.create(cycle=run, level=level, measure="customers", amount=level, precision="exact")
    order(alnoor, "81-204", date(2026, 10, 1), 12_204)
    order(brankova, "INV-5512", date(2026, 9, 3), 850.5)
    order(mallory, HOSTILE[:60], date(2026, 9, 3), 1)
    start = datetime(2026, 10, 2, 8, tzinfo=UTC)
    contact(
        alnoor, start, body="Asked whether site deliveries can be split.", by=people.anna, minutes=6, outcome="reached"
    )
    contact(
        brankova, start + timedelta(days=3), kind="mail", channel="email", subject="Primer in grey", is_two_way=False
    )
    contact(mallory, start, kind="complaint", subject=HOSTILE, body=HOSTILE)
    made = Company(people, run, alnoor, brankova, rahimi, okafor, mallory)
    made.decisions = {
        "alnoor": decision(alnoor, run, 18_400),
        "brankova": decision(brankova, run, 2_150, channel="email", purpose="marketing"),
        "mallory": decision(mallory, run, 190),
    }
    return made
