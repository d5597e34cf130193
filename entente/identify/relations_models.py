"""How customers relate, as somebody or some source said it: on the records it was said of, so that no link or unlink ever loses it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from entente.ledger.models import Import, Party, Source


class Statement(models.Model):
    """What is said of two or more records: from when to when, on what terms, by whom. Ended or taken back, never deleted.

    Both days belong to the span; without one it has no beginning or no end that is known.
    """

    from_on = models.DateField(null=True)
    to_on = models.DateField(null=True)
    # Compensation: an amount of money or a share, never both.
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    share = models.DecimalField(max_digits=7, decimal_places=6, null=True, help_text=_("0.05 for five of a hundred"))
    share_of = models.CharField(max_length=120, blank=True, help_text=_("what is paid for, or what the share is of"))
    due = models.CharField(max_length=120, blank=True, help_text=_("when it is due"))
    # Governance.
    decided_by = models.CharField(max_length=250, blank=True, help_text=_("who decides"))
    told = models.CharField(max_length=250, blank=True, help_text=_("who is told"))
    review_on = models.DateField(null=True)
    contract = models.CharField(max_length=80, blank=True, help_text=_("number of the contract"))
    notice = models.CharField(max_length=120, blank=True, help_text=_("how it can be given notice of"))
    notes = models.TextField(blank=True)
    evidence = models.CharField(max_length=250, blank=True, help_text=_("where it can be looked up"))
    source = models.ForeignKey(Source, models.PROTECT, null=True, related_name="+", db_index=False)
    import_run = models.ForeignKey(Import, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    stated_at = models.DateTimeField(auto_now_add=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True, help_text=_("when its last day was said"))
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    withdrawn_at = models.DateTimeField(null=True, help_text=_("it was said in error and never held"))

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(from_on=None) | Q(to_on=None) | Q(to_on__gte=F("from_on")), name="%(class)s_ends_after_it_began"
            ),
            models.CheckConstraint(condition=Q(amount=None) | Q(share=None), name="%(class)s_pays_in_one_way"),
            models.CheckConstraint(condition=Q(amount=None) | ~Q(currency=""), name="%(class)s_amount_has_currency"),
        ]  # fmt: skip


class Relation(Statement):
    """One record and another, of which the first `kind` the second: the distributor distributes to the dealer."""

    class Kind(models.TextChoices):
        DISTRIBUTES_TO = "distributes_to", _("distributes to")
        RETAILS_FOR = "retails_for", _("retails for")
        EMPLOYS = "employs", _("employs")
        DECIDES_FOR = "decides_for", _("decides for")
        HOUSEHOLD = "household", _("lives in the household of")
        GROUP = "group", _("belongs to the group of")
        REFERRED_BY = "referred_by", _("was referred by")
        PARTNER = "partner", _("is a partner of")
        ALLIANCE = "alliance", _("is allied with")

    party = models.ForeignKey(Party, models.PROTECT, related_name="relations")
    other = models.ForeignKey(Party, models.PROTECT, related_name="relations_from")
    kind = models.CharField(max_length=20, choices=Kind)

    class Meta(Statement.Meta):
        abstract = False
        constraints = [
            *Statement.Meta.constraints,
            models.CheckConstraint(condition=~Q(party=F("other")), name="relation_is_between_two"),
            models.UniqueConstraint(
                fields=["party", "other", "kind", "from_on"], condition=Q(withdrawn_at=None), nulls_distinct=False,
                name="relation_said_once",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"party {self.party_id} {self.get_kind_display()} party {self.other_id}"


class Deal(Statement):
    """Something several take part in, each in a role of their own."""

    name = models.CharField(max_length=200)

    class Meta(Statement.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.name


class DealPart(models.Model):
    """One record's part in a deal."""

    deal = models.ForeignKey(Deal, models.PROTECT, related_name="parts", db_index=False)
    party = models.ForeignKey(Party, models.PROTECT, related_name="deal_parts")
    role = models.CharField(max_length=120, help_text=_("supplier, carrier, guarantor ..."))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deal", "party"], name="takes_part_once")]

    def __str__(self) -> str:
        return f"party {self.party_id} in deal {self.deal_id}"


# What each kind is called from the other side.
BACKWARD = {
    Relation.Kind.DISTRIBUTES_TO: _("is supplied by"),
    Relation.Kind.RETAILS_FOR: _("sells through"),
    Relation.Kind.EMPLOYS: _("works for"),
    Relation.Kind.DECIDES_FOR: _("leaves decisions to"),
    Relation.Kind.HOUSEHOLD: _("is head of the household of"),
    Relation.Kind.GROUP: _("is head of the group of"),
    Relation.Kind.REFERRED_BY: _("referred"),
    Relation.Kind.PARTNER: Relation.Kind.PARTNER.label,
    Relation.Kind.ALLIANCE: Relation.Kind.ALLIANCE.label,
}
# Said of one, it is said of the other.
MUTUAL = frozenset({Relation.Kind.PARTNER, Relation.Kind.ALLIANCE})
# Somebody stands above: going up must come to an end.
RANKED = frozenset({Relation.Kind.GROUP, Relation.Kind.HOUSEHOLD})
