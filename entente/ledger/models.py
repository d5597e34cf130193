"""Facts as their sources wrote them: parties, products, orders, contacts. Appended and reverted by import, never edited."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from entente.ledger.dealings import DealingVersion, Delivery, Invoice, Payment
from entente.ledger.erasure_models import Archive, Erasure, Tombstone

__all__ = [
    "Archive", "Channel", "DealingVersion", "Delivery", "Erasure", "ExchangeRate", "Import", "Interaction", "Invoice", "LineKind", "Order",
    "OrderLine", "Party", "PartyVersion", "Payment", "Product", "Purpose", "RefusedRow", "Source", "Tombstone",
]  # fmt: skip


class Source(models.Model):
    """A system that facts come from: the shop, the ERP, a call list."""

    name = models.CharField(max_length=80, unique=True)
    rank = models.SmallIntegerField(default=100, help_text=_("the lower, the more it is believed"))

    def __str__(self) -> str:
        return self.name


class Import(models.Model):
    """One file on its way into the ledger. Also the witness for every fact that came with it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("waiting for its columns")
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        REVERTED = "reverted", _("taken back")

    source = models.ForeignKey(Source, models.PROTECT)
    kind = models.CharField(max_length=20, default="orders")
    file_name = models.CharField(max_length=255, help_text=_("as its owner called it; hostile"))
    stored_as = models.CharField(max_length=255, blank=True, help_text=_("a random key below the files folder"))
    sha256 = models.CharField(max_length=64, blank=True)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    rows_total = models.BigIntegerField(null=True)
    rows_read = models.BigIntegerField(default=0)
    rows_recorded = models.BigIntegerField(default=0)
    rows_known = models.BigIntegerField(default=0, help_text=_("in the ledger before"))
    rows_refused = models.BigIntegerField(default=0)
    notes = models.JSONField(default=list)
    error = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    reverted_at = models.DateTimeField(null=True)
    reverted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["sha256"], name="import_sha256")]

    def __str__(self) -> str:
        return f"{self.kind} from {self.file_name}"


class RefusedRow(models.Model):
    """A row that did not become a fact, and why."""

    import_run = models.ForeignKey(Import, models.CASCADE, related_name="refused")
    line = models.BigIntegerField(help_text=_("in the file, the heading being line 1"))
    column = models.CharField(max_length=200)
    value = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=60, help_text=_("a code of entente/ledger/pure/reasons.py"))
    row = models.JSONField(default=list, help_text=_("the row as it was written"))

    class Meta:
        indexes = [models.Index(fields=["import_run", "line"], name="refused_by_line")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class Party(models.Model):
    """A person or an organisation as one source wrote it. Who it really is, is an opinion of the room above."""

    class Kind(models.TextChoices):
        UNKNOWN = "unknown", _("unknown")
        PERSON = "person", _("person")
        ORGANISATION = "organisation", _("organisation")

    # Not indexed by itself: `party_once_per_source` begins with it, and the planner would take the poorer of the two.
    source = models.ForeignKey(Source, models.PROTECT, db_index=False)
    key = models.CharField(max_length=120, help_text=_("how the source numbers it"))
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.UNKNOWN)
    name = models.CharField(max_length=250, blank=True)
    given_name = models.CharField(max_length=120, blank=True, default="", db_default="")
    family_name = models.CharField(max_length=120, blank=True, default="", db_default="")
    segment = models.CharField(max_length=60, blank=True, help_text=_("distributor, retailer, trade, consumer ..."))
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True, help_text=_("as written"))
    phone_e164 = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)
    subdivision = models.CharField(max_length=6, blank=True)
    postcode = models.CharField(max_length=16, blank=True)
    city = models.CharField(max_length=100, blank=True)
    address = models.CharField(max_length=250, blank=True)
    house_number = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text=_("where it stands apart from the street")
    )
    language = models.CharField(max_length=10, blank=True)
    zone = models.CharField(max_length=64, blank=True, help_text=_("declared, never inferred"))
    known_on = models.DateField(
        null=True, help_text=_("when the source says it became known; orders speak for themselves")
    )
    born_on = models.DateField(null=True)
    tax_id = models.CharField(max_length=40, blank=True, default="", db_default="")
    identifiers = models.JSONField(
        default=dict, db_default={}, help_text=_("further numbers it is known by: name -> value")
    )
    attributes = models.JSONField(default=dict)
    import_run = models.ForeignKey(Import, models.PROTECT, null=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True, help_text=_("the person asked for it; nothing here says who it was"))

    class Meta:
        verbose_name_plural = _("parties")
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="party_once_per_source")]

    def __str__(self) -> str:
        return self.name or self.key


class PartyVersion(models.Model):
    """What one import said of a party. The party shows the newest word on each field; every earlier one stays here.

    Without an import: what orders, or nobody any more knows who, had said before the first import of parties did.
    """

    # Not checked again by the database, as with the lines of orders.
    party = models.ForeignKey(Party, models.PROTECT, related_name="versions", db_index=False, db_constraint=False)
    import_run = models.ForeignKey(Import, models.PROTECT, null=True, db_index=False, db_constraint=False)
    line = models.BigIntegerField(null=True, help_text=_("in the file"))
    fields = models.JSONField(default=dict, help_text=_("field -> value as read; null where the cell was empty"))
    written = models.JSONField(default=dict, help_text=_("field -> as written, where reading changed it"))
    digest = models.UUIDField(help_text=_("of fields and written: the same again is no new version"))
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["party", "-id"], name="version_of_party"),
            BrinIndex(fields=["import_run"], name="version_of_import", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"version {self.pk} of party {self.party_id}"


class Product(models.Model):
    """Something the firm sells, as one source numbers it; charges (postage, fees) are marked, not sold."""

    source = models.ForeignKey(Source, models.PROTECT, db_index=False)
    code = models.CharField(max_length=80)
    name = models.CharField(max_length=250, blank=True)
    category = models.CharField(max_length=100, blank=True)
    is_charge = models.BooleanField(default=False)
    unit_cost = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "code"], name="product_once_per_source")]

    def __str__(self) -> str:
        return self.name or self.code


class Order(models.Model):
    """An order or invoice; its lines carry the money. Without a number of its own: one a customer and day."""

    source = models.ForeignKey(Source, models.PROTECT, db_index=False)
    number = models.CharField(max_length=120)
    party = models.ForeignKey(Party, models.PROTECT, null=True, help_text=_("null: an anonymous sale"))
    ordered_at = models.DateTimeField()
    ordered_on = models.DateField(help_text=_("the day at the firm"))
    is_return = models.BooleanField(default=False)
    import_run = models.ForeignKey(Import, models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="order_once_per_source")]
        indexes = [
            models.Index(fields=["party", "-ordered_at"], name="order_of_party"),
            models.Index(fields=["-ordered_at", "-id"], name="order_newest"),
            # Found by the beginning of its number.
            models.Index(fields=["number"], name="order_number", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.number


class LineKind(models.IntegerChoices):
    SALE = 1, _("sale")
    RETURN = 2, _("return")
    CHARGE = 3, _("charge")


class OrderLine(models.Model):
    """One line of an order: the fact that everything about value is computed from."""

    # The database does not check these again: `ledger/record.py` takes the numbers out of the same transaction. Checked
    # line by line they make an import three times as long, and taking a party back would read all lines for each.
    order = models.ForeignKey(Order, models.PROTECT, related_name="lines", db_constraint=False)
    party = models.ForeignKey(Party, models.PROTECT, null=True, db_index=False, db_constraint=False)
    product = models.ForeignKey(Product, models.PROTECT, null=True, db_index=False, db_constraint=False)
    kind = models.SmallIntegerField(choices=LineKind, default=LineKind.SALE)
    ordered_on = models.DateField()
    quantity = models.DecimalField(max_digits=18, decimal_places=4)
    unit_price = models.DecimalField(max_digits=18, decimal_places=4)
    amount = models.DecimalField(max_digits=18, decimal_places=4, help_text=_("negative for a return"))
    cost = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3)
    import_run = models.ForeignKey(Import, models.PROTECT, db_index=False, db_constraint=False)
    line = models.BigIntegerField()
    fact_key = models.UUIDField(unique=True, help_text=_("what the line says, hashed, and which of its twins it is"))

    class Meta:
        indexes = [BrinIndex(fields=["import_run"], name="line_of_import", pages_per_range=32)]

    def __str__(self) -> str:
        return f"line {self.line} of import {self.import_run_id}"


class ExchangeRate(models.Model):
    """What one unit of a currency was worth in the firm's own currency, from a day on."""

    currency = models.CharField(max_length=3)
    from_on = models.DateField()
    rate = models.DecimalField(max_digits=24, decimal_places=12)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["currency", "from_on"], name="one_rate_a_day")]

    def __str__(self) -> str:
        return f"{self.currency} from {self.from_on}"


class Channel(models.TextChoices):
    PHONE = "phone", _("phone")
    EMAIL = "email", _("e-mail")
    SMS = "sms", _("text message")
    MESSENGER = "messenger", _("messenger")
    CHAT = "chat", _("chat")
    LETTER = "letter", _("letter")
    FAX = "fax", _("fax")
    VISIT = "visit", _("visit")
    PORTAL = "portal", _("portal")


class Purpose(models.TextChoices):
    """Strongest first. A transactional message that carries promotion is marketing."""

    EMERGENCY = "emergency", _("emergency")
    LEGAL = "legal", _("legal")
    TRANSACTIONAL = "transactional", _("about an order")
    SERVICE = "service", _("service")
    RELATIONSHIP = "relationship", _("relationship")
    MARKETING = "marketing", _("marketing")
    SURVEY = "survey", _("survey")


class Interaction(models.Model):
    """One contact: a call, a mail, a visit, a complaint. It hangs on the party, so that no link or unlink ever loses it."""

    class Kind(models.TextChoices):
        CALL = "call", _("call")
        MAIL = "mail", _("mail")
        VISIT = "visit", _("visit")
        COMPLAINT = "complaint", _("complaint")
        NOTE = "note", _("note")
        MESSAGE = "message", _("message")

    party = models.ForeignKey(Party, models.PROTECT, related_name="interactions", db_index=False)
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, db_index=False, db_constraint=False, help_text=_("of one from a file")
    )
    key = models.CharField(
        max_length=120, blank=True, default="", db_default="", help_text=_("how the source numbers it")
    )
    kind = models.CharField(max_length=10, choices=Kind)
    channel = models.CharField(max_length=10, choices=Channel)
    purpose = models.CharField(max_length=15, choices=Purpose, default=Purpose.SERVICE)
    is_outgoing = models.BooleanField(help_text=_("from the firm to the customer"))
    is_two_way = models.BooleanField(default=False, help_text=_("both spoke"))
    at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(null=True)
    subject = models.CharField(max_length=250, blank=True)
    body = models.TextField(blank=True)
    outcome = models.CharField(max_length=30, blank=True)
    settled_at = models.DateTimeField(null=True, help_text=_("of a complaint"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decision_id = models.BigIntegerField(
        null=True, help_text=_("the decision that led to it; written by the room above")
    )
    import_run = models.ForeignKey(Import, models.PROTECT, null=True, db_index=False)
    recorded_at = models.DateTimeField(auto_now_add=True)
    words = models.GeneratedField(
        expression=SearchVector("subject", "body", config="simple"), output_field=SearchVectorField(), db_persist=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key"], name="interaction_once_per_source", condition=~models.Q(key="")
            )
        ]
        indexes = [
            models.Index(fields=["party", "-at", "-id"], name="interaction_of_party"),
            models.Index(fields=["at"], name="interaction_at"),
            BrinIndex(fields=["import_run"], name="interaction_of_import", pages_per_range=32),
            GinIndex(fields=["words"], name="interaction_words"),
            models.Index(
                fields=["party"], name="complaint_open", condition=models.Q(kind="complaint", settled_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.subject or f"{self.kind} {self.pk}"
