"""Customers above parties: who we believe is who, by which evidence, and how to find them again."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from entente.identify import index_models as index_models
from entente.identify import relations_models as relations_models
from entente.ledger.models import Party, Source

ONE_RECORD = "one record, one customer 1"  # the law of a record that stands for itself
BY_HAND = "by hand"


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
    shown_of = models.BigIntegerField(
        null=True, help_text=_("of what it was made, where it has several records: another number, and it is made anew")
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


class Linkage(models.Model):
    """One run of the law of identity over the records: what it learned, what it ignored, what it changed."""

    class Scope(models.TextChoices):
        ALL = "all", _("all records")
        NEW = "new", _("records that came since")

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    scope = models.CharField(max_length=5, choices=Scope, default=Scope.ALL)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    law = models.CharField(max_length=40)
    sure = models.FloatField(help_text=_("from here on records are put together without asking"))
    doubtful = models.FloatField(help_text=_("from here on somebody is asked"))
    weights = models.JSONField(default=dict, help_text=_("kind of record -> what was learned"))
    ignored = models.JSONField(default=list, help_text=_("[kind, field, value, records] of what too many records hold"))
    crowded = models.JSONField(default=list, help_text=_("[kind, rule, keys, records] of keys too many records share"))
    counts = models.JSONField(default=dict, help_text=_("records, customers, joined, parted, asked"))
    error = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, help_text=_("when its result came into force"))

    def __str__(self) -> str:
        return f"linkage {self.pk} of {self.scope} records"


class Verdicts(models.QuerySet["Verdict"]):
    def delete(self) -> tuple[int, dict[str, int]]:
        """Where the first verdict of one breath goes, the next one stands for it: the rest is still said, and can be taken back."""
        gone = list(self.values_list("pk", flat=True))
        for first in Verdict.objects.filter(pk__in=gone, more__isnull=False).distinct():
            left = list(first.more.exclude(pk__in=gone).order_by("pk").values_list("pk", flat=True))
            if left:
                Verdict.objects.filter(pk__in=left).update(together_with=left[0])
                Verdict.objects.filter(pk=left[0]).update(together_with=None)
                first.memberships.update(verdict=left[0])
                first.settled.update(settled_by=left[0])
        return super().delete()


class Verdict(models.Model):
    """Somebody said of two records that they are the same customer, or that they are not. Stands against every later run until it is
    taken back."""

    left = models.ForeignKey(Party, models.CASCADE, related_name="+", db_index=False)
    right = models.ForeignKey(Party, models.CASCADE, related_name="+")
    is_same = models.BooleanField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    together_with = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        related_name="more",
        help_text=_("the verdict it was given in one breath with"),
    )

    objects = Verdicts.as_manager()

    class Meta:
        constraints = [
            # Of two who decide at once, one is told that the other was first.
            models.UniqueConstraint(
                fields=["left", "right"], condition=models.Q(withdrawn_at=None), name="one_verdict_on_a_pair"
            ),
            models.CheckConstraint(condition=models.Q(left__lt=models.F("right")), name="verdict_left_is_lower"),
        ]

    def __str__(self) -> str:
        return f"parties {self.left_id} and {self.right_id} are {'the same' if self.is_same else 'not the same'}"


class PossibleMatch(models.Model):
    """Two records of which the law does not know whether they are one customer: somebody is asked."""

    left = models.ForeignKey(Party, models.CASCADE, related_name="+", db_index=False)
    right = models.ForeignKey(Party, models.CASCADE, related_name="+")
    probability = models.FloatField()
    explanation = models.JSONField(default=dict, help_text=_("as in a membership"))
    stake = models.FloatField(default=0.0, help_text=_("what both are worth together; written by the room above"))
    linkage = models.ForeignKey(Linkage, models.CASCADE, related_name="possible")
    settled_by = models.ForeignKey(Verdict, models.SET_NULL, null=True, related_name="settled")

    class Meta:
        verbose_name_plural = _("possible matches")
        constraints = [models.UniqueConstraint(fields=["left", "right"], name="asked_once_of_a_pair")]
        indexes = [
            models.Index(fields=["-stake", "-id"], name="match_to_settle", condition=models.Q(settled_by=None)),
        ]

    def __str__(self) -> str:
        return f"parties {self.left_id} and {self.right_id}, {self.probability:.2f}"


class Membership(models.Model):
    """A party is believed to be this customer, by whom and why. Ended rather than deleted."""

    party = models.ForeignKey(Party, models.CASCADE, related_name="memberships")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="memberships")
    weight = models.FloatField(default=1.0, help_text=_("probability that the link is right"))
    explanation = models.JSONField(
        default=dict, help_text=_("with: the record it is most like; likeness: field -> [how alike, bits]")
    )
    law = models.CharField(max_length=40, help_text=_("the law and its version, or 'by hand'"))
    linkage = models.ForeignKey(Linkage, models.PROTECT, null=True, related_name="+", db_index=False)
    verdict = models.ForeignKey(Verdict, models.SET_NULL, null=True, related_name="memberships")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party"], condition=models.Q(ended_at=None), name="party_is_one_customer"),
            # A customer begins with one record.
            models.UniqueConstraint(
                fields=["customer"], condition=models.Q(ended_at=None, law=ONE_RECORD), name="customer_begins_once"
            ),
        ]
        indexes = [
            # Customers of more than one record are few, and found without going through all.
            models.Index(
                fields=["customer"],
                name="customer_of_several",
                condition=models.Q(ended_at=None) & ~models.Q(law=ONE_RECORD),
            )
        ]

    def __str__(self) -> str:
        return f"party {self.party_id} is customer {self.customer_id}"


class SourceTrust(models.Model):
    """How far a source is believed, beyond its rank: on single fields, and whether what it says of identity is only claimed."""

    source = models.OneToOneField(Source, models.CASCADE, related_name="trust")
    is_claimed = models.BooleanField(
        default=False, help_text=_("anybody may write here who they are, as in a form: never linked without asking")
    )
    ranks = models.JSONField(
        default=dict, help_text=_("field as in identify/shown.py -> rank, the lower the more believed")
    )

    def __str__(self) -> str:
        return f"trust in source {self.source_id}"


class Verified(models.Model):
    """The holder of this record has proved that a mailbox or a telephone is theirs."""

    class How(models.TextChoices):
        COUNTER = "counter", _("in person, at the counter")
        REPLY = "reply", _("they answered from it, or when called back")
        LINK = "link", _("a link in a mail")
        CODE = "code", _("a code that was sent to it")
        DOCUMENT = "document", _("a document that was shown")

    party = models.ForeignKey(Party, models.CASCADE, related_name="verified")
    field = models.CharField(max_length=10, choices={"email": _("e-mail"), "phone": _("phone")})
    value = models.CharField(max_length=254, help_text=_("as read: small letters, or the number with its country"))
    how = models.CharField(max_length=60, choices=How)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "field", "value"], name="verified_once")]

    def __str__(self) -> str:
        return f"{self.field} of party {self.party_id}"


class Chosen(models.Model):
    """Somebody chose from which of its records a customer shows a field."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="chosen")
    field = models.CharField(max_length=20, help_text=_("as in identify/shown.py"))
    party = models.ForeignKey(Party, models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "field"], name="chosen_once_a_field")]

    def __str__(self) -> str:
        return f"{self.field} of customer {self.customer_id} from party {self.party_id}"
