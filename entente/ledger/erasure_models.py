"""Who asked to be erased, what became of it, and the marks by which they are kept out. Nothing here says who they were."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Erasure(models.Model):
    """One person erased: who did it and why, what went, what law obliges the firm to keep and until when."""

    token = models.UUIDField(unique=True, default=uuid.uuid4, help_text=_("as in the list kept outside the database"))
    customer = models.BigIntegerField(db_index=True, help_text=_("the number of the customer, which stays"))
    because = models.TextField(help_text=_("why; not who"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    erased = models.JSONField(default=dict, help_text=_("table -> rows"))
    kept = models.JSONField(default=dict, help_text=_("table -> [rows, the last day they are kept]"))
    files = models.JSONField(default=list, help_text=_("stored files that held them, below the files folder"))
    salt_mark = models.CharField(max_length=16, help_text=_("which salt its tombstones were made with"))
    finished_at = models.DateTimeField(null=True, help_text=_("when the files were gone and the list was written"))

    def __str__(self) -> str:
        return f"erasure of customer {self.customer}"


class Tombstone(models.Model):
    """A salted hash of something by which an erased person would be known. Stands until they come back of their own wish."""

    class Kind(models.TextChoices):
        KEY = "key", _("number in a source")
        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("phone")
        DIGITS = "digits", _("phone, for whoever gives it without its country")
        BARE = "bare", _("phone of which no country was known")
        TAX_ID = "tax_id", _("tax number")
        BIRTH = "birth", _("name, date of birth and postcode")
        HANDLE = "handle", _("a further number or name")

    erasure = models.ForeignKey(Erasure, models.CASCADE, related_name="tombstones")
    kind = models.CharField(max_length=6, choices=Kind)
    digest = models.CharField(max_length=64)
    bucket = models.IntegerField(help_text=_("as in ledger/pure/tombstones.py"))
    stands_as = models.CharField(
        max_length=120, blank=True, help_text=_("of a number: the one that the erased record has instead")
    )
    made_at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True, help_text=_("they came back of their own wish"))
    returned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["erasure", "kind", "digest"], name="tombstone_once")]
        indexes = [
            models.Index(fields=["kind"], name="tombstone_standing", condition=models.Q(returned_at=None)),
        ]

    def __str__(self) -> str:
        return f"tombstone {self.pk} of erasure {self.erasure_id}"


class Archive(models.Model):
    """Somebody took out everything about one customer."""

    customer = models.BigIntegerField(db_index=True, help_text=_("the number of the customer"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    rows = models.JSONField(default=dict, help_text=_("table -> rows handed over"))

    def __str__(self) -> str:
        return f"archive of customer {self.customer}"
