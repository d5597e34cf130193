"""How customers relate: saying so, ending it, taking it back. What is said hangs on records; who takes part is read off their links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from entente.identify.find import parties_of
from entente.identify.models import Customer, Membership
from entente.identify.relations_models import MUTUAL, RANKED, Deal, DealPart, Relation, Statement
from entente.lib.errors import EntenteError
from entente.staff.models import User

MOST_PARTS = 50


class ImpossibleRelation(EntenteError):
    """Something said of customers that cannot be. `errors`: field, or "" for all of it -> what would do."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


class AlreadyRelated(EntenteError):
    """The same was said before, of a time that overlaps."""


class WouldCircle(EntenteError):
    """A customer would stand above itself."""


class RelationIsOver(EntenteError):
    """It was ended earlier, or taken back."""


@dataclass(frozen=True)
class Terms:
    """On what terms. As in `Statement`; nothing said is an empty text, or None."""

    amount: Decimal | None = None
    currency: str = ""
    share: Decimal | None = None
    share_of: str = ""
    due: str = ""
    decided_by: str = ""
    told: str = ""
    review_on: date | None = None
    contract: str = ""
    notice: str = ""
    notes: str = ""
    evidence: str = ""

    def errors(self) -> dict[str, str]:
        found = {}
        if self.amount is not None and self.share is not None:
            found["share"] = _("Give an amount or a share, not both.")
        if self.amount is not None and len(self.currency) != 3:
            found["currency"] = _("Give the currency of the amount, such as EUR.")
        if self.share is not None and not 0 <= self.share <= 1:
            found["share"] = _("Give a share from 0 to 1, such as 0.05 for five of a hundred.")
        return found

    def columns(self) -> dict[str, Any]:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return given | {"currency": self.currency if self.amount is not None else ""}


NO_TERMS = Terms()


def relate(
    first: Customer,
    kind: str,
    second: Customer,
    *,
    by: User | None,
    from_on: date | None = None,
    to_on: date | None = None,
    terms: Terms = NO_TERMS,
) -> Relation:
    """Say that the first customer `kind` the second, from a day to a day.

    It hangs on the surest record of each. Raises ImpossibleRelation, AlreadyRelated, WouldCircle.
    """
    errors = _day_errors(from_on, to_on) | terms.errors()
    if kind not in Relation.Kind.values:
        errors["kind"] = _("Choose how they relate.")
    if first.pk == second.pk:
        errors["other"] = _("Choose another customer: nobody relates to itself.")
    party, other = _record_of(first), _record_of(second)
    if party is None or other is None:
        errors["other"] = _("One of them has no record in any source that a relation could hang on.")
    if errors or party is None or other is None:
        raise ImpossibleRelation(errors)
    with transaction.atomic():
        one_at_a_time()
        said = _overlapping(first, kind, second, from_on, to_on).first()
        if said is not None:
            raise AlreadyRelated(_said_before(first, second, said))
        if kind in RANKED and _stands_above(first, second, from_on, to_on):
            raise WouldCircle(
                _("%(second)s stands below %(first)s already. End that relation first, or say it the other way round.")
                % {"first": first.name, "second": second.name}
            )
        return Relation.objects.create(
            party_id=party, other_id=other, kind=kind, from_on=from_on, to_on=to_on, by=by, **terms.columns()
        )


def strike_deal(
    name: str,
    parts: Sequence[tuple[Customer, str]],
    *,
    by: User | None,
    from_on: date | None = None,
    to_on: date | None = None,
    terms: Terms = NO_TERMS,
) -> Deal:
    """Write down a deal of two or more customers, each with a role. Raises ImpossibleRelation."""
    errors = _day_errors(from_on, to_on) | terms.errors()
    if not name.strip():
        errors["name"] = _("Give the deal a name.")
    if len({customer.pk for customer, _role in parts}) < 2:
        errors["other"] = _("A deal takes two customers or more.")
    if errors:
        raise ImpossibleRelation(errors)
    with transaction.atomic():
        deal = Deal.objects.create(name=name.strip(), from_on=from_on, to_on=to_on, by=by, **terms.columns())
        for customer, role in parts:
            join_deal(deal, customer, role, by=by)
    return deal


def join_deal(deal: Deal, customer: Customer, role: str, *, by: User | None) -> DealPart:
    """Let a customer take part in a deal. Raises ImpossibleRelation, AlreadyRelated."""
    party = _record_of(customer)
    if not role.strip() or party is None:
        field, word = ("role", _("Say in which role.")) if party else ("other", _("This customer has no record."))
        raise ImpossibleRelation({field: word})
    with transaction.atomic():
        deal = Deal.objects.select_for_update().get(pk=deal.pk)
        links = Membership.objects.filter(party__deal_parts__deal=deal, ended_at=None)
        taking_part = list(links.values_list("customer_id", flat=True))
        if customer.pk in taking_part:
            raise AlreadyRelated(_("%(name)s takes part in this deal already.") % {"name": customer.name})
        if len(taking_part) >= MOST_PARTS:
            raise ImpossibleRelation({"other": _("A deal takes at most %(most)s customers.") % {"most": MOST_PARTS}})
        return DealPart.objects.create(deal=deal, party_id=party, role=role.strip(), by=by)


def end(statement: Statement, *, last_on: date, by: User, at: datetime) -> None:
    """Give a relation or a deal its last day. Raises ImpossibleRelation, RelationIsOver."""
    if statement.from_on is not None and last_on < statement.from_on:
        raise ImpossibleRelation(
            {"last_on": _("It began on %(day)s. Give that day or a later one.") % {"day": _day(statement.from_on)}}
        )
    standing = _still(statement).filter(Q(to_on=None) | Q(to_on__gt=last_on))
    if not standing.update(to_on=last_on, ended_by=by, ended_at=at):
        raise RelationIsOver(_("It had ended by that day already, or was taken back. Look at it again."))


def withdraw(statement: Statement, *, by: User, at: datetime) -> None:
    """Take back what was said in error: it never held, and stays on record. Raises RelationIsOver."""
    if not _still(statement).update(withdrawn_by=by, withdrawn_at=at):
        raise RelationIsOver(_("It was taken back already."))


def _still(statement: Statement) -> QuerySet[Any]:
    return type(statement)._default_manager.filter(pk=statement.pk, withdrawn_at=None)


def _day_errors(from_on: date | None, to_on: date | None) -> dict[str, str]:
    if from_on is not None and to_on is not None and to_on < from_on:
        return {"to_on": _("It cannot end before it begins. Leave the day empty if it has no end.")}
    return {}


def _record_of(customer: Customer) -> int | None:
    return next(iter(parties_of(customer)), None)


def one_at_a_time() -> None:
    """Two who say at once what together cannot be: the second sees what the first has said."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('entente relations'))")


def _overlapping(
    first: Customer, kind: str, second: Customer, from_on: date | None, to_on: date | None
) -> QuerySet[Relation]:
    """The same said of the same customers, whichever of their records it hangs on, in days that overlap."""
    one, two = parties_of(first), parties_of(second)
    between = Q(party__in=one, other__in=two)
    if kind in MUTUAL:
        between |= Q(party__in=two, other__in=one)
    rows = Relation.objects.filter(between, kind=kind, withdrawn_at=None)
    if to_on is not None:
        rows = rows.filter(Q(from_on=None) | Q(from_on__lte=to_on))
    if from_on is not None:
        rows = rows.filter(Q(to_on=None) | Q(to_on__gte=from_on))
    return rows.order_by(F("from_on").desc(nulls_last=True), "-id")


def _said_before(first: Customer, second: Customer, said: Relation) -> str:
    words = {"first": first.name, "relates": said.get_kind_display(), "second": second.name}
    if said.from_on is None:
        return _("%(first)s %(relates)s %(second)s already, as was said before.") % words
    return _("%(first)s %(relates)s %(second)s already, since %(day)s.") % {**words, "day": _day(said.from_on)}


def _day(day: date) -> str:
    return date_format(day, "j F Y")


def _stands_above(first: Customer, second: Customer, from_on: date | None, to_on: date | None) -> bool:
    """Does the first stand above the second on any of these days, directly or over others?"""
    members = Membership._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE up (customer, from_on, to_on) AS (
                SELECT %(second)s::bigint, %(from)s::date, %(to)s::date
                UNION
                SELECT a.customer_id, greatest(up.from_on, coalesce(r.from_on, '-infinity')),
                       least(up.to_on, coalesce(r.to_on, 'infinity'))
                FROM up
                JOIN {members} b ON b.customer_id = up.customer AND b.ended_at IS NULL
                JOIN {Relation._meta.db_table} r ON r.party_id = b.party_id AND r.kind = ANY(%(kinds)s) AND r.withdrawn_at IS NULL
                 AND coalesce(r.from_on, '-infinity') <= up.to_on AND coalesce(r.to_on, 'infinity') >= up.from_on
                JOIN {members} a ON a.party_id = r.other_id AND a.ended_at IS NULL
                WHERE up.customer <> %(first)s
            )
            SELECT EXISTS (SELECT FROM up WHERE customer = %(first)s)
            """,
            {
                "first": first.pk, "second": second.pk, "kinds": sorted(RANKED),
                "from": from_on or "-infinity", "to": to_on or "infinity",
            },
        )  # fmt: skip
        return bool(cursor.fetchone()[0])
