"""Which products are contracts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from entente.ledger.models import Product

LONGEST_MONTHS = 60


class ContractProduct(models.Model):
    """A product that is a contract: each payment for it pays one period. What the firm said and took back stands in its settings."""

    product = models.OneToOneField(Product, models.CASCADE, related_name="contract")
    months = models.PositiveSmallIntegerField(help_text=_("how long one paid period is"))
    made_at = models.DateTimeField(auto_now=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(months__gte=1, months__lte=LONGEST_MONTHS), name="contract_months_1_to_60"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.months} months"
