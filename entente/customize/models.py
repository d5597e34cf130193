"""Decisions: what to do next for whom, why, and what came of it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from entente.differentiate.models import Cycle, Level
from entente.identify.models import Customer
from entente.interact.models import Channel, Interaction, Purpose


class Decision(models.Model):
    """One choice for one customer on one day, with everything needed to judge it later. Doing nothing is a choice, too."""

    class State(models.TextChoices):
        OPEN = "open", _("to do")
        DONE = "done", _("done")
        POSTPONED = "postponed", _("later")
        REFUSED = "refused", _("not this")
        NOTHING = "nothing", _("nothing to do")
        HELD_OUT = "held_out", _("held out")
        PASSED = "passed", _("passed over")

    # Written by the hundred thousand, from numbers the database itself has just given: no constraint looks each one up again.
    cycle = models.ForeignKey(Cycle, models.PROTECT, db_index=False, db_constraint=False)
    customer = models.ForeignKey(Customer, models.PROTECT, db_index=False, db_constraint=False)
    as_of = models.DateField()
    level = models.SmallIntegerField(choices=Level, help_text=_("of the customer when it was decided"))
    play = models.CharField(max_length=20, help_text=_("'nothing' where nothing was chosen"))
    channel = models.CharField(max_length=10, choices=Channel, blank=True)
    purpose = models.CharField(max_length=15, choices=Purpose, blank=True)
    score = models.FloatField(help_text=_("expected money of the chosen play against doing nothing"))
    propensity = models.FloatField(help_text=_("probability with which it was drawn"))
    is_hold_out = models.BooleanField()
    plays = ArrayField(models.CharField(max_length=20), help_text=_("all candidates that were left, 'nothing' first"))
    scores = ArrayField(models.FloatField())
    win_shares = ArrayField(models.FloatField())
    propensities = ArrayField(models.FloatField())
    drops = models.JSONField(default=dict, help_text=_("play: the rule that dropped it"))
    reason = models.CharField(max_length=30)
    facts = models.JSONField(default=dict, help_text=_("what the reason's sentence is made of"))
    features_hash = models.CharField(max_length=16)
    seed = models.BigIntegerField()
    opens_at = models.DateTimeField(null=True, help_text=_("when the channel opened, as seen when it was decided"))
    decided_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State)
    state_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True, help_text=_("of a postponed one"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "as_of"], name="one_decision_a_day")]
        indexes = [
            models.Index(fields=["cycle", "-score", "-id"], name="decision_to_do", condition=models.Q(state="open")),
            models.Index(fields=["due_on"], name="decision_postponed", condition=models.Q(state="postponed")),
            models.Index(fields=["cycle", "id"], name="decision_of_cycle"),
        ]

    def __str__(self) -> str:
        return f"{self.play} for customer {self.customer_id} on {self.as_of}"


class Answer(models.Model):
    """What a person made of a decision: did it, put it off, or said why not."""

    class Kind(models.TextChoices):
        DONE = "done", _("done")
        POSTPONED = "postponed", _("later")
        REFUSED = "refused", _("not this")

    class WhyNot(models.TextChoices):
        ALREADY_DONE = "already_done", _("already done")
        WRONG_TIME = "wrong_time", _("not now")
        NOT_FOR_THEM = "not_for_them", _("does not fit this customer")
        KNOWN_REASON = "known_reason", _("there is a reason we know of")
        WRONG_FACTS = "wrong_facts", _("the facts are wrong")
        CUSTOMER_SAID_NO = "customer_said_no", _("the customer said no")

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="answers")
    kind = models.CharField(max_length=10, choices=Kind)
    why_not = models.CharField(max_length=20, choices=WhyNot, blank=True)
    words = models.TextField(blank=True)
    until_on = models.DateField(null=True)
    interaction = models.ForeignKey(Interaction, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="answer_newest")]

    def __str__(self) -> str:
        return f"{self.kind} for decision {self.decision_id}"


class Outcome(models.Model):
    """What came of a decision: exposure, and reward net of returns."""

    decision = models.OneToOneField(Decision, models.CASCADE, related_name="outcome")
    was_delivered = models.BooleanField()
    bought_within_days = models.PositiveSmallIntegerField(null=True)
    reward = models.FloatField(help_text=_("margin in the window after it, net of returns"))
    measured_on = models.DateField()
    stayed = models.BooleanField(null=True, help_text=_("bought again within half a year; null until that has passed"))

    def __str__(self) -> str:
        return f"outcome of decision {self.decision_id}"
