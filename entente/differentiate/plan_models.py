"""What the firm itself thinks of its pyramid, how customers moved in it, and what is planned."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from entente.identify.models import Customer

NOT_THERE = 0  # beside the codes of the levels: nobody knew them, or they are no customer of their own any more


class Precision(models.TextChoices):
    EXACT = "exact", _("exact")
    ESTIMATE = "estimate", _("estimate")
    GUESS = "guess", _("guess")


class Measure(models.TextChoices):
    CUSTOMERS = "customers", _("customers")
    REVENUE = "revenue", _("revenue")
    MARGIN = "margin", _("margin")
    COST = "cost", _("cost to serve")
    PROFIT = "profit", _("profit")
    VALUE = "value", _("lifetime value")


class OwnEstimate(models.Model):
    """What somebody at the firm takes a figure of the pyramid to be, beside the computed one and never over it.

    Rows are only added; the latest of a cell that is not withdrawn is in force.
    """

    level = models.SmallIntegerField()
    measure = models.CharField(max_length=20, choices=Measure)
    amount = models.FloatField()
    precision = models.CharField(max_length=10, choices=Precision)
    spread = models.FloatField(default=0.0, help_text=_("± share of the amount; 0 for an exact figure"))
    note = models.CharField(max_length=500, blank=True, help_text=_("what it rests on"))
    made_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(
                fields=["level", "measure", "-id"], name="own_estimate_in_force", condition=models.Q(withdrawn_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} of level {self.level}: {self.amount}"


class Movement(models.Model):
    """Who stood where on one day and where on another. That of a cycle goes back a year; others were asked for."""

    cycle = models.OneToOneField(
        "differentiate.Cycle", models.CASCADE, null=True, related_name="movement", help_text=_("null: asked for")
    )
    from_on = models.DateField()
    to_on = models.DateField()
    currency = models.CharField(max_length=3, default="EUR")
    basis = models.CharField(max_length=10, default="revenue", help_text=_("by what the active were ranked"))
    notes = models.JSONField(default=list, help_text=_("sentences a reader must know"))
    made_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["-id"], name="movement_asked_for", condition=models.Q(cycle=None))]

    def __str__(self) -> str:
        return f"{self.from_on} to {self.to_on}"


class MovementCell(models.Model):
    """Those who went from one level to another, together. Rows and columns add up to the pyramids of both days."""

    movement = models.ForeignKey(Movement, models.CASCADE, related_name="cells", db_index=False)
    from_level = models.SmallIntegerField(help_text=_("0: not there"))
    to_level = models.SmallIntegerField(help_text=_("0: not there"))
    customers = models.IntegerField()
    revenue_before = models.FloatField()
    revenue_after = models.FloatField()
    profit_before = models.FloatField()
    profit_after = models.FloatField()
    value_after = models.FloatField(help_text=_("lifetime value; where no cycle stood on the day, that in force"))
    change_sd = models.FloatField(help_text=_("standard deviation of a customer's change of profit"))
    changes = models.JSONField(default=list, help_text=_("quantiles of the customers' changes of profit, rising"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["movement", "from_level", "to_level"], name="one_cell_of_movement")
        ]

    def __str__(self) -> str:
        return f"{self.customers} from level {self.from_level} to {self.to_level}"


class MovementMember(models.Model):
    """Who is in a cell of a movement that was asked for. Those of a cycle's movement are in its valuations."""

    movement = models.ForeignKey(Movement, models.CASCADE, related_name="members", db_index=False)
    customer = models.ForeignKey(Customer, models.DO_NOTHING, db_constraint=False, related_name="+")
    from_level = models.SmallIntegerField()
    to_level = models.SmallIntegerField()
    value = models.FloatField(help_text=_("lifetime value in force when it was made"))
    revenue_before = models.FloatField()
    revenue_after = models.FloatField()
    profit_before = models.FloatField()
    profit_after = models.FloatField()

    class Meta:
        indexes = [
            models.Index(
                fields=["movement", "from_level", "to_level", "-value", "-customer"], name="movement_member_best"
            )
        ]

    def __str__(self) -> str:
        return f"customer {self.customer_id} in movement {self.movement_id}"


class Plan(models.Model):
    """What the firm wants to change in its pyramid: moves, what they cost, who answers for them, until when."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        TARGET = "target", _("target")
        CLOSED = "closed", _("closed")

    name = models.CharField(max_length=120)
    note = models.TextField(blank=True)
    cost = models.FloatField(default=0.0)
    cost_precision = models.CharField(max_length=10, choices=Precision, default=Precision.GUESS)
    cost_spread = models.FloatField(default=0.0, help_text=_("± share of the cost"))
    figures = models.CharField(
        max_length=10, default="own", help_text=_("own: the firm's estimates where there are any")
    )
    baseline = models.ForeignKey(
        "differentiate.Cycle", models.PROTECT, related_name="plans", help_text=_("from whose day on it is followed")
    )
    ends_on = models.DateField(null=True)
    responsible = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="plans")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, help_text=_("why: its events"))
    version = models.IntegerField(
        default=1, help_text=_("counts the changes; whoever changes it names the one they saw")
    )
    expected = models.JSONField(default=dict, help_text=_("its effect as worked out when it became a target"))
    made_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["-id"], name="plan_followed", condition=models.Q(state="target"))]

    def __str__(self) -> str:
        return self.name


class PlanMove(models.Model):
    """One line of a plan."""

    class Kind(models.TextChoices):
        MOVE = "move", _("move")
        KEEP = "keep", _("keep")
        WIN = "win", _("win")
        LOSE = "lose", _("lose")

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="moves")
    place = models.SmallIntegerField()
    kind = models.CharField(max_length=5, choices=Kind)
    customers = models.IntegerField()
    from_level = models.SmallIntegerField()
    to_level = models.SmallIntegerField(help_text=_("where they go; of those kept, where they would have gone"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "place"], name="one_move_a_place")]

    def __str__(self) -> str:
        return f"{self.kind} {self.customers} from {self.from_level} to {self.to_level}"


class PlanEvent(models.Model):
    """What was done with a plan, by whom and why."""

    class Kind(models.TextChoices):
        MADE = "made", _("made")
        CHANGED = "changed", _("changed")
        TARGET = "target", _("made a target")
        CLOSED = "closed", _("closed")

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    words = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"plan {self.plan_id} {self.kind}"


class PlanProgress(models.Model):
    """How many really went from one level to another since a plan's baseline, and how their profit changed. Of each month the last day is
    kept."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="progress", db_index=False)
    as_of = models.DateField()
    from_level = models.SmallIntegerField(help_text=_("0: not there"))
    to_level = models.SmallIntegerField(help_text=_("0: not there"))
    customers = models.IntegerField()
    profit_change = models.FloatField(help_text=_("of twelve months, of all of them together"))

    class Meta:
        verbose_name_plural = _("plan progress")
        constraints = [
            models.UniqueConstraint(fields=["plan", "as_of", "from_level", "to_level"], name="one_cell_of_progress")
        ]

    def __str__(self) -> str:
        return f"plan {self.plan_id}, {self.as_of}: {self.customers} from {self.from_level} to {self.to_level}"
