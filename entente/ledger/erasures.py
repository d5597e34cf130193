"""The list of erasures beside the database, and what is left to do once an erasure is in force: a restored database knows less than it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from entente.ledger.draft import discard
from entente.ledger.erasure_models import Erasure, Tombstone
from entente.ledger.models import Import
from entente.ledger.record import forget_file
from entente.ledger.tombstones import must_be_our_salt
from entente.lib.errors import EntenteError
from entente.staff.models import User

LIST = "erasures.jsonl"


class UnreadableList(EntenteError):
    """The list of erasures is damaged."""


def list_path() -> Path:
    return Path(settings.HOME) / LIST


def finish(erasure: Erasure) -> None:
    """What follows once an erasure is in force, and may be done again: the list is written and the files go."""
    write_list()
    for imported in Import.objects.filter(stored_as__in=erasure.files).exclude(stored_as=""):
        if imported.state == Import.State.DRAFT:
            discard(imported)
        forget_file(imported)
    Erasure.objects.filter(pk=erasure.pk, finished_at=None).update(finished_at=timezone.now())
    erasure.refresh_from_db()


def finish_all() -> int:
    """Finish the erasures that were stopped half-way. Returns how many."""
    found = list(Erasure.objects.filter(finished_at=None))
    for erasure in found:
        finish(erasure)
    return len(found)


def welcome_back(met: Sequence[tuple[str, str]], *, by: User, at: datetime) -> int:
    """Somebody erased came back of their own wish: nothing of that erasure keeps them out any more. met: kind and digest of what was
    met. Returns how many tombstones fell."""
    kinds, digests = {kind for kind, _digest in met}, {digest for _kind, digest in met}
    erasures = set(
        Tombstone.objects.filter(kind__in=kinds, digest__in=digests, returned_at=None).values_list("erasure_id", flat=True)
    )  # fmt: skip
    fell = Tombstone.objects.filter(erasure__in=erasures, returned_at=None).update(returned_at=at, returned_by=by)
    transaction.on_commit(write_list)
    return fell


def write_list() -> None:
    """Bring the list up to date with the database. It only grows."""
    known = read_list(list_path())
    lines: list[dict[str, Any]] = []
    for erasure in Erasure.objects.order_by("id").prefetch_related("tombstones"):
        token, stones = str(erasure.token), list(erasure.tombstones.all())
        listed = {tuple(mark) for mark in known.get(token, {}).get("tombstones", [])}
        marks = sorted({(one.kind, one.digest, one.bucket, one.stands_as) for one in stones} - listed)
        if token not in known:
            lines.append(
                {
                    "erasure": token, "customer": erasure.customer, "because": erasure.because, "at": erasure.at.isoformat(),
                    "salt": erasure.salt_mark, "tombstones": marks,
                }
            )  # fmt: skip
        elif marks:
            # Numbers by which an import has met them since.
            lines.append({"more": token, "tombstones": marks})
        has_returned = any(one.returned_at for one in stones)
        if has_returned and not known.get(token, {}).get("returned"):
            lines.append({"returned": token})
    if lines:
        _append(lines)


def _append(lines: Sequence[Mapping[str, Any]]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    with os.fdopen(os.open(list_path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_list(path: Path) -> dict[str, dict[str, Any]]:
    """token: what the list says of an erasure; `returned` where the person came back. A last line that was cut off is passed over.

    Raises UnreadableList.
    """
    found: dict[str, dict[str, Any]] = {}
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            said = json.loads(line)
            if token := said.get("returned"):
                found[token]["returned"] = True
            elif token := said.get("more"):
                found[token]["tombstones"] += said["tombstones"]
            else:
                found.setdefault(said["erasure"], said)
        except (ValueError, KeyError, AttributeError):
            raise UnreadableList(
                _("Line %(line)d of %(path)s cannot be read. Put the list back from a backup.")
                % {"line": number, "path": path}
            ) from None
    return found


def take_up_list(path: Path) -> list[Erasure]:
    """Erasures and tombstones of the list that the database does not know, as after a backup was restored. Returns the erasures.

    Raises UnreadableList; SaltIsLost where the list was made with another salt.
    """
    listed = read_list(path)
    erasures = {str(erasure.token): erasure for erasure in Erasure.objects.all()}
    known = set(Tombstone.objects.values_list("erasure__token", "kind", "digest"))
    made = []
    for token, said in listed.items():
        # Two who wrote at the same moment may both have written one.
        marks = {tuple(mark) for mark in said["tombstones"] if (UUID(token), mark[0], mark[1]) not in known}
        if token in erasures and not marks:
            continue
        must_be_our_salt(said["salt"])
        if token not in erasures:
            erasures[token] = Erasure.objects.create(
                token=token, customer=said["customer"], because=said["because"], at=datetime.fromisoformat(said["at"]),
                salt_mark=said["salt"],
            )  # fmt: skip
            made.append(erasures[token])
        Tombstone.objects.bulk_create(
            Tombstone(
                erasure=erasures[token], kind=kind, digest=digest, bucket=bucket, stands_as=stands_as,
                made_at=erasures[token].at,
            )
            for kind, digest, bucket, stands_as in marks
        )  # fmt: skip
    returned = [token for token, said in listed.items() if said.get("returned")]
    Tombstone.objects.filter(erasure__token__in=returned, returned_at=None).update(returned_at=timezone.now())
    return made
