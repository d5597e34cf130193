"""What the circle computed of one customer's worth. As `entente/ledger/person.py`."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from entente.differentiate.models import MovementMember, NeedFact, NextQuestion, StageChange, Valuation
from entente.ledger.person import DELETED, KEPT, Held, of_customer, of_party

HELD: Sequence[Held] = (
    Held(
        Valuation, _("What they are worth"), of_customer(Valuation), KEPT,
        _("Figures made of the amounts that are kept, of a customer without a name."),
    ),
    Held(NeedFact, _("What they need and have elsewhere"), of_party(NeedFact), DELETED, ""),
    Held(NextQuestion, _("What is worth asking next"), of_customer(NextQuestion), DELETED, ""),
    Held(StageChange, _("How the relationship went"), of_customer(StageChange), DELETED, ""),
    Held(MovementMember, _("How they moved in the pyramid"), of_customer(MovementMember), DELETED, ""),
)  # fmt: skip
