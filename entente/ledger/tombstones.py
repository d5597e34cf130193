"""Is this somebody who asked to be erased? Asked of every row that comes in; costs one query a chunk where nobody did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from entente.ledger.erasure_models import Erasure, Tombstone
from entente.ledger.pure import tombstones as law
from entente.lib.environment import keep_secret, new_secret
from entente.lib.errors import EntenteError
from entente.lib.norm import national_digits, norm

SALT = "erasure-salt"
_LOCK = "SELECT pg_advisory_xact_lock{}(hashtext('entente erasure'))"


class SaltIsLost(EntenteError):
    """There are tombstones, and not the salt they were made with: nobody could be kept out."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            _(
                "%(path)s is missing or not the one that earlier erasures were made with, so that nobody who asked to be erased could be "
                "kept out. Put it back from a backup."
            )
            % {"path": path}
        )


class AskedToBeErased(EntenteError):
    """Somebody is about to be written down who asked to be erased."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This is somebody who asked to be erased. Write them down only if they came back of their own wish; that is put on record."
            )
        )


def hold_off_erasure() -> None:
    """Whoever writes facts about people holds this until the end of their transaction: an erasure comes before it or after it."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format("_shared"))


def erase_alone() -> None:
    """Nobody writes facts about people until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(""))


def salt() -> bytes:
    """The salt of this installation, drawn when it is first asked for. It lies beside the database, so that a copy of the database
    alone says nothing of those who were erased."""
    path = Path(settings.HOME) / SALT
    earlier = Erasure.objects.order_by("-id").values_list("salt_mark", flat=True).first()
    if earlier is not None:
        must_be_our_salt(earlier)
    return (path.read_text(encoding="ascii").strip() if path.exists() else keep_secret(path, new_secret())).encode()


def must_be_our_salt(mark: str) -> None:
    """Raises SaltIsLost where this mark was made with another salt than the one that lies here, or none does."""
    path = Path(settings.HOME) / SALT
    if not path.exists() or law.mark_of(path.read_text(encoding="ascii").strip().encode()) != mark:
        raise SaltIsLost(path)


@dataclass(frozen=True)
class Met:
    """Whose tombstone was met: the erasure, and under which number the erased record stands by which its orders still find it."""

    erasure: int
    stands_as: str


@dataclass(frozen=True)
class Tombstones:
    """All that stand. digests: kind -> digest -> whose it is. Empty: nobody asked."""

    salt: bytes = b""
    digests: Mapping[str, Mapping[str, Met]] = field(default_factory=dict)
    buckets: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.digests)

    @cached_property
    def _sieves(self) -> dict[str, NDArray[np.bool_]]:
        return {kind: law.sieve(self.salt, buckets) for kind, buckets in self.buckets.items()}

    def among(self, kind: str, sieved: Sequence[str]) -> list[int]:
        """Places of those that may be met; most of the others are not. sieved: what of the spelling the bucket is made of."""
        if kind not in self.digests:
            return []
        found: list[int] = np.flatnonzero(self._sieves[kind][law.residues(sieved, len(sieved))]).tolist()
        return found

    def meets(self, kind: str, spelling: str) -> Met | None:
        """Who is spelled so, of those who were erased."""
        if not spelling:
            return None
        return self.digests.get(kind, {}).get(law.digest(self.salt, kind, spelling))

    def digest(self, kind: str, spelling: str) -> str:
        return law.digest(self.salt, kind, spelling)


def standing() -> Tombstones:
    """All tombstones that stand now. Raises SaltIsLost."""
    rows = Tombstone.objects.filter(returned_at=None).values_list(
        "kind", "digest", "bucket", "erasure_id", "stands_as", "erasure__customer"
    )
    digests: dict[str, dict[str, Met]] = {}
    buckets: dict[str, list[int]] = {}
    for kind, digest, bucket, erasure, stands_as, customer in rows:
        digests.setdefault(kind, {})[digest] = Met(erasure, stands_as or erased_name(customer))
        buckets.setdefault(kind, []).append(bucket)
    return Tombstones(salt(), digests, buckets) if digests else Tombstones()


def erased_name(customer: int) -> str:
    """What an erased customer is called, and the number of its records. A word of the data, not of the pages."""
    return f"Erased customer {customer}"


@dataclass(frozen=True)
class Spelled:
    """Something by which somebody is known. sieved: what of the spelling the bucket is made of. stands_as: of a number."""

    kind: str
    spelling: str
    sieved: str
    stands_as: str = ""


def raise_tombstones(erasure: int, spelled: Iterable[Spelled], *, at: datetime) -> int:
    """Keep these out from now on. Returns how many."""
    own = salt()
    places = law.permutation(own)
    made = [
        Tombstone(
            erasure_id=erasure, kind=each.kind, digest=law.digest(own, each.kind, each.spelling), made_at=at,
            bucket=int(places[law.residues([each.sieved], 1)[0]]), stands_as=each.stands_as,
        )
        for each in dict.fromkeys(spelled)
    ]  # fmt: skip
    Tombstone.objects.bulk_create(made, ignore_conflicts=True, batch_size=1_000)
    return len(made)


def number_of(source: str, key: str, stands_as: str) -> Spelled:
    return Spelled(law.KEY, law.key_spelling(source, key), key, stands_as)


def digits_spelling(phone: str) -> str:
    """The digits that stay the same in every spelling of a telephone number; '' where they are too few to be one person's."""
    digits = national_digits(phone)
    return digits if len(digits) >= law.SHORTEST_PHONE else ""


def birth_spelling(name: str, born_on: str, postcode: str) -> str:
    """Name, date of birth (YYYY-MM-DD) and postcode together; '' where one of them is missing."""
    parts = norm(name), born_on, norm(postcode).replace(" ", "")
    return law.APART.join(parts) if all(parts) else ""


def handle_spellings(identifiers: Mapping[str, Any] | None) -> list[str]:
    """Of the further numbers and names of a party, those that are long enough to be one person's."""
    said = (law.handle_spelling(name, str(value or "")) for name, value in (identifiers or {}).items())
    return [spelling for spelling in said if spelling]


def spellings_of(fields: Mapping[str, Any]) -> list[Spelled]:
    """All by which these fields of a party say who it is; but for its number."""
    phone, born_on = str(fields.get("phone_e164") or ""), str(fields.get("born_on") or "")
    email, tax_id = law.email_spelling(fields.get("email") or ""), law.tax_spelling(fields.get("tax_id") or "")
    written = str(fields.get("phone") or phone)
    digits, tail = digits_spelling(written), law.tail_of(written)
    birth = birth_spelling(fields.get("name") or "", born_on, fields.get("postcode") or "")
    found = (
        Spelled(law.EMAIL, email, email), Spelled(law.PHONE, phone, phone), Spelled(law.DIGITS, digits, tail),
        Spelled(law.TAX_ID, tax_id, tax_id), Spelled(law.BIRTH, birth, born_on),
    )  # fmt: skip
    bare = () if phone else (Spelled(law.BARE, digits, tail),)
    handles = (Spelled(law.HANDLE, each, each) for each in handle_spellings(fields.get("identifiers")))
    return [each for each in (*found, *bare, *handles) if each.spelling]


def met_by(fields: Mapping[str, Any], stones: Tombstones) -> list[tuple[str, str]]:
    """kind and digest of the tombstones that these fields of a party meet."""
    return [
        (kind, stones.digest(kind, spelling)) for kind, spelling in asked_of(fields) if stones.meets(kind, spelling)
    ]


def asked_of(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """kind and spelling of the tombstones that these fields of a party would meet."""
    asked = [(each.kind, each.spelling) for each in spellings_of(fields) if each.kind not in (law.DIGITS, law.BARE)]
    kind, digits = phone_asked(fields.get("phone") or fields.get("phone_e164") or "", fields.get("phone_e164") or "")
    return [*asked, (kind, digits)] if digits else asked


def phone_asked(written: str, known: str) -> tuple[str, str]:
    """Kind and spelling under which the digits of a phone are asked for. known: its number in E.164, or ''.

    With its country it may be somebody's whose country nobody knew; without it, anybody's with these digits.
    """
    return law.BARE if known else law.DIGITS, digits_spelling(written)
