"""Recording what was said between the firm and a customer."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from entente.identify.find import parties_of
from entente.identify.models import Customer
from entente.interact.models import Interaction
from entente.lib.errors import EntenteError
from entente.staff.models import User


class NobodyToRecordFor(EntenteError):
    """The customer has no record in any source, so that nothing can hang on it."""


def log_interaction(
    *,
    customer: Customer,
    kind: str,
    channel: str,
    purpose: str,
    is_outgoing: bool,
    is_two_way: bool,
    at: datetime,
    subject: str = "",
    body: str = "",
    minutes: int | None = None,
    outcome: str = "",
    by: User,
    decision_id: int | None = None,
) -> Interaction:
    """Write a contact down. It hangs on the surest of the customer's records."""
    parties = parties_of(customer)
    if not parties:
        raise NobodyToRecordFor(
            _("%(name)s has no record in any source. Import one, or link one to this customer, first.")
            % {"name": customer.name}
        )
    return Interaction.objects.create(
        party_id=parties[0],
        kind=kind,
        channel=channel,
        purpose=purpose,
        is_outgoing=is_outgoing,
        is_two_way=is_two_way,
        at=at,
        subject=subject,
        body=body,
        minutes=minutes,
        outcome=outcome,
        by=by,
        decision_id=decision_id,
    )
