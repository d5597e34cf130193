"""Erase one person everywhere, in one transaction: what law obliges the firm to keep stays without the person, and they stay out.

A killed erasure has either not happened, or is in force and lacks only what lies outside the database: that is listed in its own row,
and whoever comes next finishes it. Whoever imports or links at the same moment comes before it or after it; after it they meet the
tombstones.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Value
from django.utils.translation import gettext as _

from entente.customize.person import TABLES, erase_decisions
from entente.identify.known_by import Alike, tombstones_of, who_may_be_the_same
from entente.identify.match import match_some
from entente.identify.models import Customer, Membership
from entente.identify.moves import one_at_a_time
from entente.identify.person import erase_identity, forget_stale_readings
from entente.identify.shown import show
from entente.interact.person import contact_no_more, erase_dialogue
from entente.ledger.erase import erase_ledger, files_with, forget_past_retention, kept_by_law, numbers_of
from entente.ledger.erasures import finish, finish_all, list_path, take_up_list, write_list
from entente.ledger.models import Erasure, Party, Tombstone
from entente.ledger.person import DELETED, Held, Person, words_of
from entente.ledger.pure import tombstones as law
from entente.ledger.retention import retention
from entente.ledger.tombstones import Met, erase_alone, raise_tombstones, salt, standing
from entente.lib.errors import EntenteError
from entente.staff.models import User

BATCH = 50_000


class NoReason(EntenteError):
    """An erasure has to say why."""


class NoCustomer(EntenteError):
    """There is nobody of that number."""


@dataclass(frozen=True)
class Plan:
    """What erasing would do. rows: table and how many of its rows are theirs. kept: kind -> rows, and the last day they are kept.

    files: copies of files in which they stand. alike: who may be the same person, and stays; what both share keeps nobody out.
    mixed: customers that had records of theirs and of others, too; what was decided for those stays, but for words that name them.
    is_erased: nothing is left to do.
    """

    rows: list[tuple[Held, int]]
    kept: dict[str, tuple[int, date]]
    files: list[str]
    alike: list[Alike]
    mixed: tuple[int, ...]
    is_erased: bool


def person_of(customer: int) -> Person:
    """A customer with the records believed to be them. Raises NoCustomer."""
    if not Customer.objects.filter(pk=customer).exists():
        raise NoCustomer(_("There is no customer number %(number)d.") % {"number": customer})
    own = Membership.objects.filter(customer=customer, ended_at=None).order_by("party_id")
    parties = tuple(own.values_list("party_id", flat=True))
    return Person(customer, parties, *_earlier(customer, parties))


def _earlier(customer: int, parties: Collection[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Other customers whom these records once were, rising: those that never had another record, and those that did."""
    was = Membership.objects.filter(party__in=parties).exclude(customer=customer).values("customer")
    held: dict[int, set[int]] = {}
    rows = Membership.objects.filter(customer__in=was).order_by("customer_id").values_list("customer_id", "party_id")
    for earlier, party in rows:
        held.setdefault(earlier, set()).add(party)
    mixed = {earlier for earlier, own in held.items() if not own <= set(parties)}
    return tuple(number for number in held if number not in mixed), tuple(sorted(mixed))


def plan_erasure(customer: int, *, today: date, at: datetime, with_files: bool = True) -> Plan:
    """What erasing a customer would do. Changes nothing. Raises NoCustomer.

    with_files: read the copies of files that wait, which takes as long as they are large.
    """
    person = person_of(customer)
    counts = counts_of(person)
    return Plan(
        [(held, count) for held in TABLES if (count := counts.get(held.model._meta.db_table))],
        kept_by_law(person, years=retention(), today=today),
        files_with(person, at=at) if with_files else [],
        who_may_be_the_same(person),
        person.mixed,
        _is_erased(person),
    )


def counts_of(person: Person) -> dict[str, int]:
    """Table -> how many of its rows are a person's, asked in one go."""
    asked: list[str] = []
    values: list[Any] = []
    for held in TABLES:
        if held.of is not None:
            try:
                sql, given = held.of(person).order_by().annotate(one=Value(1)).values("one").query.sql_with_params()
            except EmptyResultSet:
                continue
            asked.append(f"SELECT '{held.model._meta.db_table}', count(*) FROM ({sql}) AS theirs")
            values += given
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked), values)
        return dict(cursor.fetchall())


def erase(customer: int, *, because: str, by: User | None, today: date, at: datetime) -> Erasure:
    """Erase a customer with all their records. Once more for the same one changes nothing, and finishes what was stopped half-way.

    Raises NoCustomer (also of a number all of whose records are another customer's by now), NoReason (also of one that names the person),
    SaltIsLost.
    """
    if not because.strip():
        raise NoReason(_("Say why: the person asked, a court ruled, the purpose has passed. Do not name the person."))
    _must_have_records(customer)
    files = files_with(person_of(customer), at=at)
    with transaction.atomic():
        _alone()
        _must_have_records(customer)
        person = person_of(customer)
        erasure = Erasure.objects.filter(customer=customer).order_by("-id").first() if _is_erased(person) else None
        if erasure is None:
            _must_not_name(because, person)
            erasure = Erasure.objects.create(
                customer=customer, because=because.strip(), by=by, at=at, files=files, salt_mark=law.mark_of(salt())
            )
            numbers = numbers_of(person)
            raise_tombstones(erasure.pk, tombstones_of(person, numbers), at=at)
            _erase(person, numbers, erasure, today=today, at=at)
    finish(erasure)
    return erasure


def erase_again(*, today: date, at: datetime, path: Path | None = None) -> dict[str, int]:
    """Replay every erasure over the database, as after a backup was restored; let go what the law no longer wants kept.

    path: a list of erasures that was kept elsewhere. Returns counts: erasures taken up from the list, finished, records erased again,
    facts past their time.
    """
    write_list()
    taken_up = take_up_list(path or list_path())
    done = {"taken_up": len(taken_up), "finished": finish_all(), "erased": _erase_who_is_back(today, at), "past": 0}
    with transaction.atomic():
        _alone()
        _take_in(_who_came_nameless(), at)
        forget_stale_readings()
        numbers = Party.objects.exclude(erased_at=None).order_by("pk").values_list("pk", flat=True)
        nobody = Person(0, tuple(numbers))
        done["past"] = sum(forget_past_retention(nobody, years=retention(), today=today).values())
    write_list()
    return done


def after_import(*, at: datetime) -> None:
    """Whoever an import met and had no record of is erased with it; and the list knows the numbers by which they were met."""
    if _who_came_nameless():
        with transaction.atomic():
            _alone()
            _take_in(_who_came_nameless(), at)
            forget_stale_readings()
    if Tombstone.objects.exists():
        write_list()


def _must_have_records(customer: int) -> None:
    if not person_of(customer).parties:
        now = Membership.objects.filter(party__memberships__customer=customer, ended_at=None).order_by("customer_id")
        whose = ", ".join(str(number) for number in now.values_list("customer_id", flat=True).distinct())
        raise NoCustomer(
            _("Customer number %(number)d has no records. Those it had belong to: %(whose)s.")
            % {"number": customer, "whose": whose or "–"}
        )


def _must_not_name(because: str, person: Person) -> None:
    if any(word in because.lower() for word in words_of(person)):
        raise NoReason(
            _("The reason is kept for good and names the person. Say it without a name, an address or a number.")
        )


def _alone() -> None:
    """Nobody imports, links or erases meanwhile."""
    erase_alone()
    one_at_a_time()


def _is_erased(person: Person) -> bool:
    left = Party.objects.filter(pk__in=person.parties, erased_at=None)
    return bool(person.parties) and not left.exists()


def _erase(person: Person, numbers: Mapping[int, str], erasure: Erasure, *, today: date, at: datetime) -> None:
    words = words_of(person)
    gone = {
        held.model._meta.db_table: held.of(person).order_by().delete()[0]
        for held in TABLES
        if held.fate == DELETED and held.of is not None
    }
    gone |= erase_decisions(person, words) | erase_dialogue(person)
    gone |= erase_ledger(person, numbers, words, years=retention(), today=today, at=at)
    gone |= erase_identity(person, words)
    for table, count in gone.items():
        erasure.erased[table] = erasure.erased.get(table, 0) + count
    for kind, (count, until) in kept_by_law(person, years=retention(), today=today).items():
        erasure.kept[kind] = [count, until.isoformat()]
    erasure.save(update_fields=["erased", "kept"])


def _erase_who_is_back(today: date, at: datetime) -> int:
    """Records whose number has a tombstone and that say who they are all the same. Returns how many."""
    count = after = 0
    while True:
        with transaction.atomic():
            _alone()
            stones = standing()
            rows = list(
                Party.objects.filter(pk__gt=after, erased_at=None).order_by("pk").values_list("pk", "source__name", "key")[:BATCH]
            ) if stones else []  # fmt: skip
            if not rows:
                return count
            after = rows[-1][0]
            met = {
                rows[place][0]: whose
                for place in stones.among(law.KEY, [key for _party, _source, key in rows])
                if (whose := stones.meets(law.KEY, law.key_spelling(rows[place][1], rows[place][2])))
            }
            _erase_records(met, today, at)
            count += len(met)


def _who_came_nameless() -> list[int]:
    """Records that an import made for the orders of an erased person, known by a mailbox under a number that was new."""
    numbers = Tombstone.objects.filter(kind=law.KEY).values("stands_as")
    return list(Party.objects.filter(key__in=numbers, name="", email="", erased_at=None).values_list("pk", flat=True))


def _take_in(parties: Sequence[int], at: datetime) -> None:
    contact_no_more(parties)
    Party.objects.filter(pk__in=parties).update(erased_at=at)


def _erase_records(met: Mapping[int, Met], today: date, at: datetime) -> None:
    """Erase these records, each with its customer where nobody else's record is that customer, too."""
    match_some(sorted(met))
    for customer, own in _by_customer(met).items():
        every = person_of(customer).parties
        if Party.objects.filter(pk__in=every, erased_at=None).exclude(pk__in=own).exists():
            Membership.objects.filter(party__in=own, ended_at=None).update(ended_at=at)
            match_some(own)
            show([customer])
    for customer, own in _by_customer(met).items():
        person = person_of(customer)
        numbers = numbers_of(person) | _earlier_numbers({party: met[party] for party in own})
        _erase(person, numbers, Erasure.objects.get(pk=met[own[0]].erasure), today=today, at=at)


def _by_customer(parties: Collection[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    links = Membership.objects.filter(party__in=parties, ended_at=None).order_by("party_id")
    for party, customer in links.values_list("party_id", "customer_id"):
        found.setdefault(customer, []).append(party)
    return found


def _earlier_numbers(met: Mapping[int, Met]) -> dict[int, str]:
    """Under which number a record stood when it was erased, where nobody stands there now."""
    found = {}
    for party, source in Party.objects.filter(pk__in=met).values_list("pk", "source_id"):
        if not Party.objects.filter(source=source, key=met[party].stands_as).exists():
            found[party] = met[party].stands_as
    return found
