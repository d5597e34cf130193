"""What passes between the firm and a customer around the orders: invoices, payments, deliveries; and every word said of them."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _


class Dealing(models.Model):
    """What all of them have. What a row refers to stays as written; the links follow from it, whichever comes first."""

    # The database does not check the links again, as with the lines of orders.
    source = models.ForeignKey("ledger.Source", models.PROTECT, db_index=False, db_constraint=False)
    customer_key = models.CharField(max_length=120, blank=True, help_text=_("how the source numbers the customer"))
    party = models.ForeignKey(
        "ledger.Party", models.PROTECT, null=True, db_index=False, db_constraint=False,
        help_text=_("the customer named, else that of what it refers to"),
    )  # fmt: skip
    import_run = models.ForeignKey("ledger.Import", models.PROTECT, db_index=False, db_constraint=False)
    line = models.BigIntegerField(help_text=_("in the file"))
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Invoice(Dealing):
    """What a customer owes by a day; a credit note is owed to the customer, and negative."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("invoice")
        CREDIT_NOTE = "credit_note", _("credit note")

    number = models.CharField(max_length=120)
    order_number = models.CharField(max_length=120, blank=True)
    order = models.ForeignKey("ledger.Order", models.SET_NULL, null=True, db_index=False, db_constraint=False)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.INVOICE)
    issued_on = models.DateField()
    due_on = models.DateField(null=True)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="invoice_once_per_source")]
        indexes = [
            models.Index(fields=["party", "-issued_on", "-id"], name="invoice_of_party"),
            models.Index(fields=["number"], name="invoice_number", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["order"], name="invoice_of_order", condition=Q(order__isnull=False)),
            models.Index(
                fields=["source", "order_number"], name="invoice_waits", condition=Q(order=None) & ~Q(order_number="")
            ),
            BrinIndex(fields=["import_run"], name="invoice_of_import", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return self.number


class Payment(Dealing):
    """Money that came in; money paid back is negative."""

    key = models.CharField(max_length=120, help_text=_("how the source numbers it, or made of what it says"))
    invoice_number = models.CharField(max_length=120, blank=True)
    invoice = models.ForeignKey(
        Invoice, models.SET_NULL, null=True, related_name="payments", db_index=False, db_constraint=False
    )
    paid_on = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=60, blank=True, help_text=_("as written"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="payment_once_per_source")]
        indexes = [
            models.Index(fields=["party", "-paid_on", "-id"], name="payment_of_party"),
            models.Index(fields=["invoice"], name="payment_of_invoice", condition=Q(invoice__isnull=False)),
            models.Index(
                fields=["source", "invoice_number"],
                name="payment_waits",
                condition=Q(invoice=None) & ~Q(invoice_number=""),
            ),
            BrinIndex(fields=["import_run"], name="payment_of_import", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return self.key


class Delivery(Dealing):
    """Goods on their way to a customer: promised, shipped, delivered."""

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        SHIPPED = "shipped", _("shipped")
        DELIVERED = "delivered", _("delivered")
        RETURNED = "returned", _("came back")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(max_length=120)
    order_number = models.CharField(max_length=120, blank=True)
    order = models.ForeignKey(
        "ledger.Order", models.SET_NULL, null=True, related_name="deliveries", db_index=False, db_constraint=False
    )
    promised_on = models.DateField(null=True)
    shipped_on = models.DateField(null=True)
    delivered_on = models.DateField(null=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=4, null=True, help_text=_("parcels or pieces"))
    carrier = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, choices=State, blank=True, help_text=_("as the source says; see `stands`"))
    newest_on = models.GeneratedField(
        expression=Coalesce("delivered_on", "shipped_on", "promised_on"), output_field=models.DateField(), db_persist=True
    )  # fmt: skip

    class Meta:
        verbose_name_plural = _("deliveries")
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="delivery_once_per_source")]
        indexes = [
            models.Index(fields=["party", "-newest_on", "-id"], name="delivery_of_party"),
            models.Index(fields=["order"], name="delivery_of_order", condition=Q(order__isnull=False)),
            models.Index(
                fields=["source", "order_number"], name="delivery_waits", condition=Q(order=None) & ~Q(order_number="")
            ),
            BrinIndex(fields=["import_run"], name="delivery_of_import", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def stands(self) -> str:
        """Its state: the source's word, else what its days say."""
        if self.state:
            return self.state
        if self.delivered_on:
            return self.State.DELIVERED
        return self.State.SHIPPED if self.shipped_on else self.State.PLANNED

    def is_late(self, as_of: date) -> bool:
        """Not there on the day that was promised, or only after it."""
        if self.promised_on is None or self.stands in (self.State.RETURNED, self.State.CANCELLED):
            return False
        if self.delivered_on is None:
            return self.stands != self.State.DELIVERED and as_of > self.promised_on
        return self.delivered_on > self.promised_on


class DealingVersion(models.Model):
    """What one import said of an invoice, a payment, a delivery or an interaction of which several words were said.

    The row shows the newest word on each field; all words stay here. Of which only one word was said: the row is it.
    """

    kind = models.CharField(max_length=12, help_text=_("of files: invoices, payments, deliveries, interactions"))
    dealing_id = models.BigIntegerField(help_text=_("the number of its row"))
    import_run = models.ForeignKey(
        "ledger.Import", models.PROTECT, null=True, db_index=False, db_constraint=False, related_name="+"
    )
    line = models.BigIntegerField(null=True, help_text=_("in the file"))
    fields = models.JSONField(default=dict, help_text=_("field -> value as read; null where the cell was empty"))
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "dealing_id", "-id"], name="version_of_dealing"),
            BrinIndex(fields=["import_run"], name="dealing_version_of_import", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"version {self.pk} of {self.kind} {self.dealing_id}"
