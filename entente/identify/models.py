"""Customers above parties: who we believe is who, by which evidence, and how to find them again."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from entente.ledger.models import Party


class Grams(models.Func):
    """The three-letter pieces of a text, as an array: what substring search is indexed by."""

    function = "entente_grams"
    output_field = ArrayField(models.TextField())


class Customer(models.Model):
    """A customer of the firm, once. The number never changes and is never used again.

    What stands here is the best reading of its parties (an opinion, made anew by `identify/match.py`); the parties keep what was written.
    """

    kind = models.CharField(max_length=12, choices=Party.Kind, default=Party.Kind.UNKNOWN)
    name = models.CharField(max_length=250)
    segment = models.CharField(max_length=60, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    phone_e164 = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)
    subdivision = models.CharField(max_length=6, blank=True)
    postcode = models.CharField(max_length=16, blank=True)
    city = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=10, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    looked_after_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="customers")
    search = models.TextField(blank=True, help_text=_("everything it may be found by, normalised"))
    grams = models.GeneratedField(
        expression=Grams("search"), output_field=ArrayField(models.TextField()), db_persist=True
    )
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            GinIndex(fields=["grams"], name="customer_grams", fastupdate=False),
            models.Index(Lower("name"), "id", name="customer_by_name"),
            models.Index(fields=["phone_e164"], name="customer_phone", condition=~models.Q(phone_e164="")),
            models.Index(fields=["looked_after_by", "id"], name="customer_of_user"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A party is believed to be this customer, by whom and why. Ended rather than deleted."""

    party = models.ForeignKey(Party, models.CASCADE, related_name="memberships")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="memberships")
    weight = models.FloatField(default=1.0, help_text=_("probability that the link is right"))
    explanation = models.JSONField(default=dict)
    law = models.CharField(max_length=40, help_text=_("the law and its version, or 'by hand'"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party"], condition=models.Q(ended_at=None), name="party_is_one_customer")
        ]

    def __str__(self) -> str:
        return f"party {self.party_id} is customer {self.customer_id}"
