"""What programs have asked for, so that asking again does nothing again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from entente.ledger.models import Import


class ImportRequest(models.Model):
    """An import that a program asked for under a key of its own. The same key is the same request."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text=_("of the body and of all that was said of it"))
    import_run = models.ForeignKey(Import, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="import_asked_once")]

    def __str__(self) -> str:
        return f"{self.key} of user {self.user_id}"
