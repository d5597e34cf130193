"""What a customer allows and wishes, and what is on its way out. What was said is a fact: `Interaction` in the ledger."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from entente.ledger.models import Channel, Interaction, Party, Purpose

__all__ = ["Channel", "ConsentEvent", "Interaction", "Outgoing", "Preference", "Purpose"]


class ConsentEvent(models.Model):
    """Somebody allowed or withdrew something. Rows are only added; the latest wins, a tie denies."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="consents")
    channel = models.CharField(max_length=10, choices=Channel)
    purpose = models.CharField(max_length=15, choices=Purpose)
    is_granted = models.BooleanField()
    at = models.DateTimeField(help_text=_("when the customer said so"))
    wording = models.TextField(blank=True)
    evidence = models.CharField(max_length=250, blank=True, help_text=_("where it can be looked up"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.channel} {self.purpose}: {'granted' if self.is_granted else 'withdrawn'}"


class Preference(models.Model):
    """How a customer wishes to be contacted: channels, hours, frequency, pause. Rows are only added; the latest is in force."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="preferences")
    wishes = models.JSONField(help_text=_("as entente/interact/pure/policy.py reads it"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"wishes of party {self.party_id}"


class Outgoing(models.Model):
    """A message on its way out. Made in the transaction of whoever decided it; delivered afterwards by a worker."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting to go out")
        SENDING = "sending", _("going out")
        SENT = "sent", _("sent")
        UNCERTAIN = "uncertain", _("perhaps sent")
        FAILED = "failed", _("not sent")

    interaction = models.OneToOneField(Interaction, models.PROTECT, related_name="outgoing")
    key = models.CharField(max_length=80, unique=True, help_text=_("the same wish twice is one message"))
    message_id = models.CharField(max_length=120, unique=True)
    recipient = models.CharField(max_length=254)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "queued_at"], name="outgoing_waiting")]

    def __str__(self) -> str:
        return f"{self.message_id} {self.state}"
