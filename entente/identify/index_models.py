"""Records as the law of identity reads them, kept ready for the next question: who is this?"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from entente.ledger.models import Party


class Reading(models.Model):
    """One record, read: what is compared, and the keys it is found by. Made anew by every run over all records; goes with its party."""

    party = models.OneToOneField(Party, models.CASCADE, primary_key=True, related_name="reading")
    kind = models.CharField(
        max_length=12, choices=Party.Kind, help_text=_("as it was read: a person or an organisation")
    )
    given_name = models.TextField()
    given_sound = models.TextField()
    family_name = models.TextField()
    family_sound = models.TextField()
    name = models.TextField(help_text=_("of an organisation, without its legal form"))
    name_sound = models.TextField()
    born_on = models.TextField(help_text=_("YYYYMMDD"))
    email = models.TextField()
    phone = models.TextField(help_text=_("the last nine digits"))
    street = models.TextField()
    house_number = models.TextField()
    postcode = models.TextField()
    city = models.TextField()
    tax_id = models.TextField()
    keys = ArrayField(
        models.BigIntegerField(), help_text=_("as in identify/pure/live.py; without those too many share")
    )
    digest = models.BigIntegerField(help_text=_("of what was read: another one, and it has changed since"))

    class Meta:
        indexes = [GinIndex(fields=["keys"], name="reading_keys", fastupdate=False)]

    def __str__(self) -> str:
        return f"reading of party {self.party_id}"


class HeldByMany(models.Model):
    """How many records hold a value, where it is three or more; and which keys so many share that nothing is found by them."""

    key = models.BigIntegerField(primary_key=True, help_text=_("of a value or of a rule, as in identify/pure/live.py"))
    records = models.IntegerField()

    class Meta:
        verbose_name_plural = _("held by many")

    def __str__(self) -> str:
        return f"{self.records} records"
