"""What a person makes of a decision: does it, puts it off, or says why not."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from entente.customize.models import Answer, Decision
from entente.customize.standing import answerable
from entente.interact.models import Interaction
from entente.lib.errors import EntenteError
from entente.staff.models import User

# How long a play rests for this customer after each reason: what a "no" teaches. Starting guesses.
REST_DAYS = {
    Answer.WhyNot.ALREADY_DONE: 30,
    Answer.WhyNot.WRONG_TIME: 14,
    Answer.WhyNot.NOT_FOR_THEM: 365,
    Answer.WhyNot.KNOWN_REASON: 90,
    Answer.WhyNot.WRONG_FACTS: 30,
    Answer.WhyNot.CUSTOMER_SAID_NO: 365,
}


class AlreadyAnswered(EntenteError):
    """Somebody else, or the next cycle, was faster."""


def do(
    decision: Decision, *, by: User, at: datetime, interaction: Interaction | None = None, words: str = ""
) -> Answer:
    """It was done."""
    return _answer(decision, Decision.State.DONE, by=by, at=at, interaction=interaction, words=words)


def postpone(decision: Decision, *, until_on: date, by: User, at: datetime, words: str = "") -> Answer:
    """Not now: it comes back on a day."""
    return _answer(decision, Decision.State.POSTPONED, by=by, at=at, until_on=until_on, words=words)


def refuse(decision: Decision, *, why_not: str, words: str = "", by: User, at: datetime) -> Answer:
    """Not this, and why. The play rests for this customer, the longer the more the reason says about them."""
    until_on = at.date() + timedelta(days=REST_DAYS[Answer.WhyNot(why_not)])
    return _answer(decision, Decision.State.REFUSED, by=by, at=at, why_not=why_not, words=words, until_on=until_on)


@transaction.atomic
def _answer(
    decision: Decision,
    state: Decision.State,
    *,
    by: User,
    at: datetime,
    interaction: Interaction | None = None,
    words: str = "",
    until_on: date | None = None,
    why_not: str = "",
) -> Answer:
    claimed = Decision.objects.filter(answerable(), pk=decision.pk)
    if claimed.update(state=state, state_at=at, due_on=until_on) != 1:
        raise AlreadyAnswered(_("This step has been answered already. Open Today again to see what is left."))
    decision.state, decision.state_at, decision.due_on = state, at, until_on
    return Answer.objects.create(
        decision=decision, kind=state, why_not=why_not, words=words, until_on=until_on, interaction=interaction, by=by
    )
