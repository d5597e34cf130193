"""The whole circle for a day: recognise, value, know, decide, publish.

One cycle at a time, for the whole firm. Each step is written down when it is done, so that a run killed half-way goes on where it
stopped; until the last step is done, the previous result is served. Run again for the same day with the same facts, nothing changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from entente.customize.decide import LAW as DECIDE_LAW
from entente.customize.decide import decide, decision_instant
from entente.differentiate.current import in_force
from entente.differentiate.facts import Facts
from entente.differentiate.follow import begin_again, follow_plans
from entente.differentiate.knowing import know
from entente.differentiate.models import Cycle
from entente.differentiate.need_facts import needs_mark
from entente.differentiate.partitions import (
    attach_partition,
    drop_partition,
    has_partition,
    indexing,
    retire_partitions,
)
from entente.differentiate.settings import basis, cut_offs
from entente.differentiate.stakes import write_stakes
from entente.differentiate.value import value_customers
from entente.identify.counted import counting, mapping_mark
from entente.identify.models import Membership
from entente.identify.recognise import recognise
from entente.interact.models import ConsentEvent, Preference
from entente.interact.reachable import rules_of
from entente.learn.assign import hold_out, own_terms
from entente.ledger.models import ExchangeRate, Import, Interaction, OrderLine, Product
from entente.ledger.our_firm import make_firm_of_orders
from entente.lib.alone import alone
from entente.lib.errors import EntenteError
from entente.staff.models import Firm, Setting, User
from entente.warehouse.extract import extract

LOCK = 7_203_002
STEPS = ("recognise", "value", "know", "decide", "publish")
LAWS_VERSION = f"value 3, know 1, decide {DECIDE_LAW}"

Progress = Callable[[str, float, float | None], None]


class AlreadyRunning(EntenteError):
    """Somebody else's cycle has not finished."""


class NothingToWorkOn(EntenteError):
    """There is no order until the day asked for."""


class ImpossibleDay(EntenteError):
    """A day that has not ended cannot be judged at its end."""


def run_cycle(as_of: date, *, today: date, by: User | None = None, progress: Progress = lambda *_: None) -> Cycle:
    """Run the circle as of the end of a day and publish it. Returns the cycle, published.

    Raises AlreadyRunning, NothingToWorkOn, ImpossibleDay; whatever else goes wrong stands in the cycle's `error` as well.
    """
    if as_of > today:
        raise ImpossibleDay(
            _("%(day)s lies ahead. Give a day up to today, %(today)s.") % {"day": as_of, "today": today}
        )
    with alone(LOCK) as is_ours:
        if not is_ours:
            raise AlreadyRunning(
                _("A cycle is running already. Wait for it to finish; its progress is on the pyramid page.")
            )
        recognise(learn=True, progress=progress)
        firm = the_firm()
        own_terms()
        fingerprint = fingerprint_of(as_of, firm)
        cycle = _begin(as_of, fingerprint, firm, by)
        _clear_away(cycle)
        if cycle.published_at is not None:
            write_stakes(in_force())  # recognising may have brought new questions all the same
            return cycle
        try:
            _work(cycle, firm, progress)
        except Exception as error:
            # Never over a broken transaction: each step is in one of its own, and this one begins afresh.
            with suppress(InterfaceError, OperationalError):
                Cycle.objects.filter(pk=cycle.pk).update(state=Cycle.State.FAILED, error=str(error)[:2000])
            raise
        retire_partitions(but=cycle)
        write_stakes(in_force())
        return cycle


def the_firm() -> Firm:
    firm = make_firm_of_orders()
    if firm is None:
        raise NothingToWorkOn(_("There is no firm yet. Import orders or make the sample firm: entente demo."))
    return firm


def fingerprint_of(as_of: date, firm: Firm) -> str:
    """What the result is made of, in one word: the same word, the same result."""
    after = as_of + timedelta(days=1)
    interactions = Interaction.objects.filter(at__date__lt=after)
    watermark = {
        "lines": OrderLine.objects.aggregate(Max("id"))["id__max"],
        "imports": list(
            Import.objects.exclude(state="draft").order_by("id").values_list("id", "state", "rows_recorded")
        ),
        "interactions": list(interactions.aggregate(Max("id"), Count("id"), Count("settled_at")).values()),
        "memberships": list(Membership.objects.aggregate(Max("id"), Count("ended_at")).values()),
        "rates": ExchangeRate.objects.aggregate(Max("id"))["id__max"],
        "consents": ConsentEvent.objects.aggregate(Max("id"))["id__max"],
        "wishes": Preference.objects.aggregate(Max("id"))["id__max"],
        "needs": needs_mark(),
        "products": Product.objects.count(),
        "counting": mapping_mark(counting()),
        "settings": list(
            Setting.objects.filter(
                name__in=(
                    "pyramid",
                    "activity_rates",
                    "plays",
                    "contact_policy",
                    "hold_out",
                    "knowing",
                    "profile",
                    "contracts",
                )
            ).values_list("id", flat=True)
        ),
        "firm": [firm.currency, str(firm.margin_rate), firm.country, firm.zone],
        "laws": LAWS_VERSION,
        "as_of": as_of.isoformat(),
    }
    return hashlib.sha256(json.dumps(watermark, sort_keys=True, default=str).encode()).hexdigest()


def _begin(as_of: date, fingerprint: str, firm: Firm, by: User | None) -> Cycle:
    """The cycle to work at: one that stands already, one that was interrupted, or a new one."""
    standing = Cycle.objects.filter(as_of=as_of, published_at__isnull=False, replaced_at=None).first()
    if standing is not None and standing.fingerprint == fingerprint:
        return standing
    interrupted = Cycle.objects.filter(as_of=as_of, published_at=None).order_by("id").last()
    if interrupted is not None:
        if interrupted.fingerprint != fingerprint:
            interrupted.steps_done = {}
        interrupted.fingerprint, interrupted.state, interrupted.error = fingerprint, Cycle.State.RUNNING, ""
        interrupted.currency, interrupted.by, interrupted.started_at = firm.currency, by, timezone.now()
        interrupted.save()
        return interrupted
    return Cycle.objects.create(
        as_of=as_of, fingerprint=fingerprint, currency=firm.currency, by=by, started_at=timezone.now()
    )


def _clear_away(cycle: Cycle) -> None:
    """What other runs had written when they were stopped is of no use to anybody."""
    for other in (
        Cycle.objects.filter(published_at=None).exclude(pk=cycle.pk).exclude(steps_done={}, state=Cycle.State.FAILED)
    ):
        with transaction.atomic():
            drop_partition(other)
            Cycle.objects.filter(pk=other.pk).update(
                steps_done={}, state=Cycle.State.FAILED, error=other.error or _("Interrupted.")
            )


def _work(cycle: Cycle, firm: Firm, progress: Progress) -> None:
    if not OrderLine.objects.filter(ordered_on__lte=cycle.as_of).exists():
        raise NothingToWorkOn(
            _("There is no order until %(day)s. Import orders, or give a later day.") % {"day": cycle.as_of}
        )
    with extract() as columns:
        facts = Facts(
            columns, cycle.as_of, currency=firm.currency, margin_rate=float(firm.margin_rate), counting=counting()
        )
        if "value" not in cycle.steps_done or not has_partition(cycle.pk):
            _step(cycle, "value", lambda: _value(cycle, facts, progress))
        if "know" not in cycle.steps_done:
            _step(cycle, "know", lambda: _know(cycle, facts, firm, progress))
        Cycle.objects.filter(pk=cycle.pk).update(step="decide")
        # A customer has one decision a day: the new ones take the place of the old in the instant they are published.
        with indexing(cycle) as indexed, transaction.atomic():
            _step(cycle, "decide", lambda: decide(cycle, facts, firm, progress=progress))
            progress("Publishing", 0, None)
            indexed()
            publish(cycle)


def _step(cycle: Cycle, name: str, work: Callable[[], dict[str, Any]]) -> None:
    Cycle.objects.filter(pk=cycle.pk).update(step=name)
    cycle.step = name
    found = work()
    cycle.steps_done = {**cycle.steps_done, name: found}
    cycle.save(update_fields=["steps_done", "laws", "notes", "totals"])


def _value(cycle: Cycle, facts: Facts, progress: Progress) -> dict[str, Any]:
    found = value_customers(cycle, facts, cut_offs=cut_offs(), basis=basis(), progress=progress)
    cycle.laws, cycle.notes = found.pop("laws"), found.pop("notes")
    cycle.totals = {**found, "counting": facts.counting.value}
    return {"customers": found["customers"]}


def _know(cycle: Cycle, facts: Facts, firm: Firm, progress: Progress) -> dict[str, Any]:
    at = decision_instant(cycle.as_of, firm)
    return know(
        cycle,
        facts,
        lambda customers, columns: rules_of(customers, columns, at=at),
        lambda customers: hold_out(customers, year=cycle.as_of.year),
        progress=progress,
    )


def publish(cycle: Cycle) -> None:
    """Let everybody see the result, in one instant; what it replaces for the same day is taken away."""
    now = timezone.now()
    with transaction.atomic():
        attach_partition(cycle)
        follow_plans(cycle)
        for old in Cycle.objects.filter(as_of=cycle.as_of, published_at__isnull=False, replaced_at=None).exclude(
            pk=cycle.pk
        ):
            Cycle.objects.filter(pk=old.pk).update(replaced_at=now)
            begin_again(old, cycle)
            drop_partition(old)
        cycle.step, cycle.state, cycle.published_at, cycle.finished_at = "", Cycle.State.DONE, now, now
        cycle.save(update_fields=["step", "state", "published_at", "finished_at"])
