"""A file somebody handed over in the browser, before it is known how it is to be read."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from entente.ledger.mapping import Mapping, WrongMapping, from_json, load, ready_names
from entente.ledger.models import Import, Source
from entente.ledger.ndjson import is_ndjson, write_ndjson
from entente.ledger.record import FOLDER, forget_file, open_import, stored_file
from entente.lib.errors import EntenteError
from entente.staff.models import User

MOST_BYTES = 2 * 1024**3
# So many of the latest imports offer the way they were read.
MOST_EARLIER = 8


class TooLarge(EntenteError):
    """The file is larger than may be handed over in a browser."""


class GoneDraft(EntenteError):
    """The file of a draft is no longer there."""


@dataclass(frozen=True)
class SavedMap:
    """A way of reading files that there is: a ready one, or that of an earlier import. `about` is the owner's word; hostile."""

    key: str
    about: str


def most_bytes() -> int:
    """The largest file a browser may hand over; the command line takes larger ones."""
    return int(getattr(settings, "IMPORT_MOST_UPLOAD_BYTES", MOST_BYTES))


def keep_draft(pieces: Iterable[bytes], *, file_name: str, source_name: str, by: User, kind: str = "orders") -> Import:
    """Keep the file below the files folder under a name nobody can guess. Lines of JSON become a table.

    Raises TooLarge, UnreadableFile, and keeps nothing then.
    """
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stored_as = f"{FOLDER}/{secrets.token_hex(16)}"
    target = Path(settings.MEDIA_ROOT) / stored_as
    digest, size, most = hashlib.sha256(), 0, most_bytes()
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
            for piece in pieces:
                size += len(piece)
                if size > most:
                    raise TooLarge(
                        _(
                            "The file has more than %(most)d MB. Import it on the command line: bin/entente import %(kind)s FILE."
                        )
                        % {"most": most // 1024**2, "kind": kind}
                    )
                digest.update(piece)
                copy.write(piece)
        if is_ndjson(target):
            table = target.with_suffix(".table")
            try:
                write_ndjson(target, table)
                table.replace(target)
            finally:
                table.unlink(missing_ok=True)
        with transaction.atomic():
            source, _made = Source.objects.get_or_create(name=(_harmless(source_name, 80) or kind))
            return Import.objects.create(
                source=source, kind=kind, file_name=_harmless(file_name.replace("\\", "/").rsplit("/", 1)[-1], 255) or "file",
                stored_as=stored_as, sha256=digest.hexdigest(), state=Import.State.DRAFT, by=by,
            )  # fmt: skip
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def file_of(draft: Import) -> Path:
    """Where the draft's file lies. Raises GoneDraft."""
    path = stored_file(draft)
    if draft.state != Import.State.DRAFT or not path.is_file():
        raise GoneDraft(_("The file is no longer kept. Hand it over again."))
    return path


def start(draft: Import, mapping: Mapping, *, by: User) -> Import:
    """Make a draft an import, ready to run; the draft is used up. The same file read the same way answers the import there was.

    Raises GoneDraft, OpenQuestions, WrongMapping, UnreadableFile.
    """
    opened = open_import(
        file_of(draft), mapping=mapping, source_name=draft.source.name, file_name=draft.file_name, by=by
    )
    discard(draft)
    return opened


def discard(draft: Import) -> None:
    """Forget a draft and its file. Anything but a draft stays."""
    claimed, _rows = Import.objects.filter(pk=draft.pk, state=Import.State.DRAFT).delete()
    if claimed:
        stored_file(draft).unlink(missing_ok=True)


def sweep_files(*, before: datetime) -> int:
    """Throw away what nobody came back to: drafts of before that instant, and the copies of imports that failed before it.

    A failed import stays, to be read or taken back; its file can be handed over again. Returns how many files went.
    """
    old = Import.objects.filter(made_at__lt=before)
    drafts = list(old.filter(state=Import.State.DRAFT))
    for draft in drafts:
        discard(draft)
    quiet = Q(heartbeat_at=None) | Q(heartbeat_at__lt=before)
    failed = [one for one in old.filter(quiet, state=Import.State.FAILED) if stored_file(one).is_file()]
    for one in failed:
        forget_file(one)
    return len(drafts) + len(failed)


def saved_maps(kind: str = "orders") -> list[SavedMap]:
    """The ready maps of a kind, and those of its latest imports."""
    maps = [SavedMap(name, load(name).about) for name in ready_names(kind)]
    done = (
        Import.objects.filter(kind=kind, state=Import.State.DONE)
        .order_by("-id")
        .values_list("id", "file_name", "mapping")
    )
    return maps + [SavedMap(str(number), name) for number, name, mapping in done[:MOST_EARLIER] if "mapping" in mapping]


def map_of(key: str, kind: str = "orders") -> Mapping:
    """A saved map by its key. Raises WrongMapping."""
    if key in ready_names(kind):
        return load(key)
    if key.isascii() and key.isdecimal() and len(key) < 18:
        earlier = Import.objects.filter(pk=int(key), kind=kind, state=Import.State.DONE).first()
        if earlier is not None and "mapping" in earlier.mapping:
            return _without_findings(earlier.mapping["mapping"])
    raise WrongMapping(
        _(
            "There is no such map. Ready ones for %(kind)s: %(ready)s; or give the number of an import of %(kind)s that is done."
        )
        % {"kind": kind, "ready": ", ".join(ready_names(kind))}
    )


def _without_findings(data: dict[str, Any]) -> Mapping:
    """What was found out in one file is found out anew in the next; what somebody answered stays."""
    return from_json(
        {**data, "read": {**data["read"], "decimals": {}, "orders": {}, "encoding": "", "separator": "", "sheet": ""}}
    )


def _harmless(text: str, longest: int) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()[:longest]
