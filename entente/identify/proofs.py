"""What the holder of a record has proved to be theirs: a mailbox or a telephone. Everything else that a record says is only claimed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from entente.identify.find import visible_customers
from entente.identify.index import compare_again
from entente.identify.models import Verified
from entente.identify.moves import one_at_a_time
from entente.identify.pure import identifiers as read
from entente.ledger.models import Party
from entente.ledger.phones import e164
from entente.ledger.tombstones import hold_off_erasure
from entente.lib.errors import EntenteError
from entente.staff.models import User

FIELDS = ("email", "phone")


class ImpossibleProof(EntenteError):
    """It cannot be kept that this is proved."""


class NoSuchRecord(ImpossibleProof):
    """There is none, or whoever asks may not see it."""

    def __init__(self) -> None:
        super().__init__(_("There is no such record, or you may not see it. Look at its number again."))


class ErasedRecord(ImpossibleProof):
    """Whose it was is not known any more."""

    def __init__(self) -> None:
        super().__init__(_("This record was erased: nothing of its holder is kept."))


class NothingToProve(ImpossibleProof):
    """The record has no such value, or none that could be compared."""

    def __init__(self, field: str) -> None:
        super().__init__(
            _("This record gives no mail address that mail could reach. Complete it first.")
            if field == "email"
            else _("This record gives no phone number that can be read with its country. Complete it first.")
        )


class SaysOtherwise(ImpossibleProof):
    """Something else was proved than what the record says."""

    def __init__(self) -> None:
        super().__init__(_("This is not what the record says now. Look at it again: only what it says can be proved."))


@dataclass(frozen=True)
class Provable:
    """A mailbox or a telephone of a record, as it is compared. proof: None where it is only claimed. is_said: the record says so now."""

    field: str
    value: str
    proof: Verified | None
    is_said: bool


def verify(party: int, field: str, *, how: str, by: User, value: str | None = None) -> Verified:
    """Keep that the holder of this record has proved the mailbox or the telephone it gives to be theirs. Said again, the first word stays.

    field: one of FIELDS; how: one of Verified.How; value: what was proved, in any spelling, lest the record says another by now.
    The next run over what is new compares the record again. Raises ImpossibleProof, and then nothing is kept.
    """
    _check(field, FIELDS, _("Say what was proved: %(choices)s."))
    _check(how, Verified.How.values, _("Say how it was proved: %(choices)s."))
    with transaction.atomic():
        # In this order, as where a customer is written down. A run that has begun comes into force before this, or knows of it.
        hold_off_erasure()
        one_at_a_time()
        record = _record(party, by)
        said = _said(record, field)
        if not said:
            raise NothingToProve(field)
        if value is not None and said not in _spellings(field, value, record):
            raise SaysOtherwise
        proof, is_new = Verified.objects.get_or_create(
            party=record, field=field, value=said, defaults={"how": how, "by": by, "at": timezone.now()}
        )
        if is_new:
            compare_again([record.pk])
        return proof


def unverify(party: int, field: str, *, by: User, value: str | None = None) -> bool:
    """Take it back: nothing of this field is proved any more, or not this value of it. Returns whether anything was.

    What it brought together parts in the next run over all records. Raises ImpossibleProof.
    """
    _check(field, FIELDS, _("Say what is not proved: %(choices)s."))
    record = _record(party, by)
    proofs = Verified.objects.filter(party=record, field=field)
    if value is not None:
        proofs = proofs.filter(value__in=_spellings(field, value, record))
    return bool(proofs.delete()[0])


def provable(parties: Sequence[Party]) -> dict[int, list[Provable]]:
    """party: what of it can be proved, and what is; also what was proved of a record that says something else now. One question."""
    proofs: dict[tuple[int, str], dict[str, Verified]] = {}
    for proof in Verified.objects.filter(party__in=parties).select_related("by").order_by("id"):
        proofs.setdefault((proof.party_id, proof.field), {})[proof.value] = proof
    found: dict[int, list[Provable]] = {party.pk: [] for party in parties}
    for party in parties:
        for field in FIELDS:
            proved = proofs.get((party.pk, field), {})
            said = _said(party, field)
            if said:
                found[party.pk].append(Provable(field, said, proved.pop(said, None), is_said=True))
            found[party.pk] += [Provable(field, value, proof, is_said=False) for value, proof in proved.items()]
    return found


def _check(word: str, choices: Sequence[str], otherwise: str) -> None:
    if word not in choices:
        raise ImpossibleProof(otherwise % {"choices": ", ".join(choices)})


def _record(party: int, by: User) -> Party:
    seen = visible_customers(by).filter(memberships__party=party, memberships__ended_at=None)
    record = Party.objects.filter(pk=party).first() if seen.exists() else None
    if record is None:
        raise NoSuchRecord
    if record.erased_at is not None:
        raise ErasedRecord
    return record


def _said(record: Party, field: str) -> str:
    """What the record says, as `resolve` and a run over records compare it."""
    if field == "phone" and record.phone_e164:
        return record.phone_e164
    return _as_compared(field, getattr(record, field), record.country)


def _spellings(field: str, value: str, record: Party) -> set[str]:
    """What somebody typed, and how it is compared."""
    return {value, _as_compared(field, value, record.country)} - {""}


def _as_compared(field: str, value: str, country: str) -> str:
    return read.email(value) if field == "email" else e164(value, country)
