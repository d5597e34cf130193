"""How relationships went from one stage of the life cycle to the next."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from entente.identify.models import Customer


class StageChange(models.Model):
    """A customer went from one stage to another, in the opinion of one cycle; what it went by then stands beside it."""

    cycle = models.ForeignKey("differentiate.Cycle", models.CASCADE, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    changed_on = models.DateField(help_text=_("seen at the end of this day"))
    from_stage = models.SmallIntegerField(null=True, help_text=_("null: nobody knew them before"))
    to_stage = models.SmallIntegerField()
    reason = models.SmallIntegerField(help_text=_("which rule of the law of stages holds"))
    purchases = models.IntegerField()
    last_on = models.DateField(null=True, help_text=_("of the last purchase"))
    alive = models.FloatField(null=True, help_text=_("probability of still being active, where it is known"))

    class Meta:
        indexes = [models.Index(fields=["customer", "-changed_on", "-id"], name="stage_changes_of_customer")]

    def __str__(self) -> str:
        return f"customer {self.customer_id} to stage {self.to_stage}"
