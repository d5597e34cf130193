"""Dated opinions of what each customer is worth, and the pyramid they make."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from entente.identify.models import Customer
from entente.ledger.models import Source


class Level(models.IntegerChoices):
    """Curry's pyramid, from the top down."""

    TOP = 1, _("Top")
    BIG = 2, _("Big")
    MEDIUM = 3, _("Medium")
    SMALL = 4, _("Small")
    INACTIVE = 5, _("Inactive")
    PROSPECT = 6, _("Prospects")
    SUSPECT = 7, _("Suspects")


class Stage(models.IntegerChoices):
    """Where the relationship stands (Stone & Woodcock's life cycle)."""

    SUSPECT = 1, _("Suspect")
    ENQUIRY = 2, _("Enquiry")
    WELCOME = 3, _("Welcome")
    GETTING_TO_KNOW = 4, _("Getting to know")
    DEVELOPMENT = 5, _("Development")
    PROBLEM = 6, _("Managing a problem")
    LEAVING = 7, _("Leaving")
    LOST = 8, _("Lost")
    WON_BACK = 9, _("Won back")


class Cycle(models.Model):
    """One run of the whole circle for a date. In force is the published one of the latest date that none has replaced."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    as_of = models.DateField(db_index=True, help_text=_("what was known at the end of this day"))
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    step = models.CharField(max_length=20, blank=True)
    steps_done = models.JSONField(default=dict, help_text=_("step: what it found, and the fingerprint it worked from"))
    fingerprint = models.CharField(
        max_length=64, blank=True, help_text=_("of the facts and settings the result is made of")
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True, help_text=_("by a later run for the same day"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    currency = models.CharField(max_length=3, default="EUR")
    laws = models.JSONField(
        default=dict, help_text=_("the laws used, their parameters, and those refused with the reason")
    )
    notes = models.JSONField(default=list, help_text=_("sentences a reader must know"))
    totals = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        get_latest_by = "as_of"
        indexes = [
            models.Index(
                fields=["-as_of"],
                name="cycle_in_force",
                condition=models.Q(published_at__isnull=False, replaced_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"circle of {self.as_of}"


class Valuation(models.Model):
    """What one customer is worth, in the opinion of one cycle. Partitioned by cycle: each is built whole, then attached."""

    pk = models.CompositePrimaryKey("cycle_id", "customer_id")
    cycle = models.ForeignKey(Cycle, models.DO_NOTHING, db_constraint=False, db_index=False)
    customer = models.ForeignKey(Customer, models.DO_NOTHING, db_constraint=False, db_index=False)
    level = models.SmallIntegerField(choices=Level)
    stage = models.SmallIntegerField(choices=Stage)
    country = models.CharField(max_length=2)
    purchases = models.IntegerField(help_text=_("customer-days with a purchase"))
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)
    revenue_year = models.FloatField(help_text=_("last 12 months, net of returns"))
    revenue_all = models.FloatField()
    margin_year = models.FloatField()
    margin_is_estimate = models.BooleanField()
    spend = models.FloatField(help_text=_("expected revenue of a purchase"))
    expected_year = models.FloatField(help_text=_("purchases expected in the next 12 months"))
    alive = models.FloatField(
        null=True, help_text=_("probability of still being active; null where the data cannot tell")
    )
    next_from_on = models.DateField(null=True)
    next_on = models.DateField(null=True)
    next_to_on = models.DateField(null=True)
    value = models.FloatField(help_text=_("lifetime value: expected margin, discounted"))
    value_low = models.FloatField(help_text=_("80 % interval"))
    value_high = models.FloatField()
    cost_year = models.FloatField(default=0.0, help_text=_("cost to serve in the last 12 months"))
    profit_year = models.FloatField(default=0.0, help_text=_("margin less cost to serve, last 12 months"))
    level_before = models.SmallIntegerField(
        choices=Level, null=True, help_text=_("a year earlier; null for whom nobody knew then")
    )
    revenue_before = models.FloatField(default=0.0, help_text=_("of the 12 months before the last 12"))
    profit_before = models.FloatField(default=0.0)
    potential = models.FloatField(
        null=True, help_text=_("what they may spend in a year on all that the firm sells, wherever they buy it")
    )
    share = models.FloatField(null=True, help_text=_("of wallet: how much of that they spend with the firm, 0 to 1"))
    share_is_stated = models.BooleanField(default=False, help_text=_("by the customer; else estimated from their like"))
    stimulate = models.SmallIntegerField(
        default=0,
        help_text=_("where stimulation pays: 1 low share, 2 plays suppliers off, 4 buys through others; added"),
    )
    growth = models.FloatField(default=0.0, help_text=_("margin of what they may spend beyond what they do, a year"))
    segment = models.SmallIntegerField(null=True, help_text=_("the need segment's number in this cycle"))
    segment_is_stated = models.BooleanField(default=False)
    stage_on = models.DateField(null=True, help_text=_("since when in this stage"))
    stage_reason = models.SmallIntegerField(default=0, help_text=_("which rule of the law of stages holds"))
    likeness = models.FloatField(
        null=True, help_text=_("how likely to become top or big, of whom never bought, 0 to 1")
    )

    class Meta:
        managed = False
        db_table = "differentiate_valuation"

    def __str__(self) -> str:
        return f"customer {self.customer_id} in cycle {self.cycle_id}"


class PyramidCell(models.Model):
    """One figure of the pyramid with its precision."""

    class Precision(models.TextChoices):
        EXACT = "exact", _("exact")
        ESTIMATE = "estimate", _("estimate")
        GUESS = "guess", _("guess")

    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="cells")
    level = models.SmallIntegerField(choices=Level)
    measure = models.CharField(max_length=20, help_text=_("customers, revenue, margin, value"))
    amount = models.FloatField()
    precision = models.CharField(max_length=10, choices=Precision)
    spread = models.FloatField(default=0.0, help_text=_("± share of the amount; 0 for an exact figure"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cycle", "level", "measure"], name="one_figure_a_cell")]

    def __str__(self) -> str:
        return f"{self.measure} of level {self.level}"

    @property
    def give(self) -> float:
        """How much it may be off, either way."""
        return abs(self.amount) * self.spread


class KnowingCell(models.Model):
    """How much was known of the customers of one level, in one respect. Levels add up to all customers."""

    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="knowing")
    level = models.SmallIntegerField(choices=Level)
    source = models.ForeignKey(
        Source,
        models.CASCADE,
        null=True,
        db_index=False,
        help_text=_("what this source says; null: what customers show"),
    )
    respect = models.CharField(
        max_length=20,
        help_text=_("a field, reach_ and a purpose, alone or in_doubt: as entente/differentiate/knowing.py"),
    )
    of = models.IntegerField(help_text=_("customers it is asked of; records where it is asked of records"))
    known = models.IntegerField(help_text=_("of how many the answer is yes"))
    fresh = models.FloatField(
        null=True, help_text=_("how many of these are expected to hold still; null: does not age")
    )
    asks = models.IntegerField(default=0, help_text=_("customers whom asking is worth it"))
    worth = models.FloatField(default=0.0, help_text=_("expected of asking them, less what it costs; a guess"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "level", "source", "respect"], name="one_cell_of_knowing", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.respect} of level {self.level}: {self.known} of {self.of}"


class NextQuestion(models.Model):
    """What is most worth asking a customer, in the opinion of one cycle. Only the best of all customers are kept."""

    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="questions", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    level = models.SmallIntegerField(choices=Level)
    field = models.CharField(max_length=20)
    way = models.CharField(max_length=10, help_text=_("how to ask: call, mail, letter, or with the next order"))
    gain = models.FloatField(help_text=_("expected of asking, less what it costs"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cycle", "customer"], name="one_question_a_customer")]
        indexes = [models.Index(fields=["cycle", "-gain", "-id"], name="question_dearest")]

    def __str__(self) -> str:
        return f"ask customer {self.customer_id} for {self.field}"


class Backtest(models.Model):
    """As if today were the first date: what was predicted until the second, and what happened."""

    from_on = models.DateField()
    to_on = models.DateField()
    count = models.CharField(max_length=5, choices=[("net", _("net")), ("gross", _("gross"))])
    law = models.CharField(max_length=60)
    result = models.JSONField(help_text=_("customers, mae, rmse, correlation, bias, calibration"))
    made_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["-made_at"], name="backtest_newest")]

    def __str__(self) -> str:
        return f"{self.from_on} to {self.to_on}, {self.count}"


from entente.differentiate.contract_models import ContractProduct  # noqa: E402, F401
from entente.differentiate.need_models import NeedFact, NeedSegment, PotentialCell  # noqa: E402, F401
from entente.differentiate.plan_models import (  # noqa: E402, F401
    Movement,
    MovementCell,
    MovementMember,
    OwnEstimate,
    Plan,
    PlanEvent,
    PlanMove,
    PlanProgress,
)
from entente.differentiate.stage_models import StageChange  # noqa: E402, F401
