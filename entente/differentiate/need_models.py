"""What customers need and have elsewhere: facts with where they come from, and what a cycle made of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from entente.ledger.models import Import, Interaction, Party, Source


class NeedFact(models.Model):
    """One thing known of what a customer needs, has or spends. Said of a record, so that no link or unlink ever loses it.

    Appended, never edited: a later one of the same predicate takes its place, and what was said in error is taken back.
    """

    party = models.ForeignKey(Party, models.PROTECT, related_name="needs", db_index=False)
    predicate = models.CharField(max_length=40, help_text=_("a word of the vocabulary: entente/differentiate/needs.py"))
    value = models.CharField(max_length=250, blank=True, help_text=_("in words; a day as 2026-12-31"))
    number = models.DecimalField(
        max_digits=18, decimal_places=4, null=True, help_text=_("an amount a year, a share from 0 to 1, a segment’s number")
    )  # fmt: skip
    currency = models.CharField(max_length=3, blank=True)
    is_stated = models.BooleanField(help_text=_("the customer said so; else somebody of ours believes it"))
    said_on = models.DateField()
    confidence = models.FloatField(default=1.0, help_text=_("from 0 to 1"))
    expires_on = models.DateField(null=True, help_text=_("the last day it counts"))
    interaction = models.ForeignKey(
        Interaction, models.PROTECT, null=True, related_name="+", help_text=_("the contact in which it was said")
    )
    source = models.ForeignKey(Source, models.PROTECT, null=True, related_name="+", db_index=False)
    import_run = models.ForeignKey(Import, models.PROTECT, null=True, related_name="+", db_index=False)
    evidence = models.CharField(max_length=250, blank=True, help_text=_("where it can be looked up"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    made_at = models.DateTimeField(auto_now_add=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    withdrawn_at = models.DateTimeField(null=True, help_text=_("it was said in error"))

    class Meta:
        indexes = [models.Index(fields=["party", "predicate", "-said_on"], name="need_of_party")]
        constraints = [
            models.CheckConstraint(condition=Q(confidence__gte=0, confidence__lte=1), name="need_confidence_is_a_share"),
            models.CheckConstraint(condition=~Q(value="") | Q(number__isnull=False), name="need_says_something"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.predicate} of party {self.party_id}: {self.value or self.number}"


class NeedSegment(models.Model):
    """Customers who buy the same things together, as one cycle found them. The number is kept from cycle to cycle."""

    cycle = models.ForeignKey("differentiate.Cycle", models.CASCADE, related_name="need_segments", db_index=False)
    number = models.SmallIntegerField()
    name = models.CharField(max_length=120)
    words = models.JSONField(
        default=dict,
        help_text=_("categories, each with loading, lift and share; of all of them lift and share together"),
    )
    customers = models.IntegerField()
    stated = models.IntegerField(default=0, help_text=_("of these, how many said so themselves"))
    revenue = models.FloatField(help_text=_("of the last 12 months"))
    levels = models.JSONField(default=dict, help_text=_("level: customers"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cycle", "number"], name="one_segment_a_number")]

    def __str__(self) -> str:
        return self.name

    @property
    def times_as_much(self) -> float | None:
        """How many times as much of what it is told by its customers buy, as a reader has it; None where nobody else buys it."""
        lift = self.words.get("lift")
        return lift and (round(lift) if lift >= 10 else round(lift, 1))


class PotentialCell(models.Model):
    """What the customers of one level may spend, as one cycle judged it; of those not judged only their number."""

    cycle = models.ForeignKey("differentiate.Cycle", models.CASCADE, related_name="potentials", db_index=False)
    level = models.SmallIntegerField()
    customers = models.IntegerField(help_text=_("of the level"))
    judged = models.IntegerField(help_text=_("of how many the potential is known or estimated"))
    stated = models.IntegerField(help_text=_("of how many the customer said it"))
    revenue = models.FloatField(help_text=_("last 12 months, of those judged"))
    potential = models.FloatField()
    potential_low = models.FloatField(help_text=_("80 % interval"))
    potential_high = models.FloatField()
    growth = models.FloatField(help_text=_("margin of what they may spend beyond what they do"))
    low_share = models.IntegerField()
    plays_off = models.IntegerField()
    buys_through = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cycle", "level"], name="one_potential_a_level")]

    def __str__(self) -> str:
        return f"potential of level {self.level}"
