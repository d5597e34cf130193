"""Files into the ledger: open, try out, run, resume. What has been recorded is taken back by `revert.py`."""

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from entente.ledger.ahead import ahead
from entente.ledger.held_out import without_words
from entente.ledger.kinds import Ready, Work, work_of
from entente.ledger.mapping import Mapping
from entente.ledger.models import Import, Source
from entente.ledger.prepare import OpenQuestions, Prepared, prepare, prepared_from_json
from entente.ledger.recording import record_refused
from entente.ledger.tombstones import hold_off_erasure, standing
from entente.lib.errors import EntenteError

CHUNK_ROWS = 50_000
FOLDER = "imports"
# The database takes a moment to see that a process was killed, and frees its lock only then.
PATIENCE_S = 5.0
_LOCK = 0x49_4D_50  # the first half of the advisory lock of a source


class SourceIsBusy(EntenteError):
    """Somebody else imports from this source, or takes an import back."""


class ImportIsOver(EntenteError):
    """The import cannot be run (again)."""


@dataclass(frozen=True)
class Progress:
    """How far an import is. rows_total is None where nobody can know it yet."""

    rows_read: int
    rows_total: int | None
    recorded: int
    known: int
    refused: int


def open_import(
    path: Path, *, mapping: Mapping, source_name: str, file_name: str, by: Any, rank: int | None = None
) -> Import:
    """Take a copy of the file and note how it is to be read. Nothing is recorded before `run_import`.

    rank: how much the source is believed, the lower the more; taken where the source is new.

    The same file, read the same way, from the same source: answers the import there was, done or to be resumed.
    Raises OpenQuestions where the file can be read in several ways.
    """
    prepared = prepare(path, mapping, today=timezone.now().date())
    if prepared.questions:
        raise OpenQuestions(prepared.questions)
    source, _ = Source.objects.get_or_create(
        name=(source_name or mapping.source or mapping.kind)[:80], defaults={} if rank is None else {"rank": rank}
    )
    sha256, stored_as = _keep(path)
    of_kind = Import.objects.filter(source=source, kind=mapping.kind).exclude(
        state__in=(Import.State.REVERTED, Import.State.DRAFT)
    )
    earlier = _same_import(of_kind, sha256, prepared)
    if earlier and (earlier.state == Import.State.DONE or stored_file(earlier).exists()):
        _forget(stored_as)
        return earlier
    notes = [*prepared.notes, *_layout_notes(of_kind.filter(state=Import.State.DONE).order_by("-id").first(), prepared)]
    return Import.objects.create(
        source=source, kind=mapping.kind, file_name=_harmless(file_name), stored_as=stored_as, sha256=sha256,
        mapping=prepared.as_json(), rows_total=prepared.rows_about, notes=notes, by=by,
    )  # fmt: skip


def _same_import(of_kind: QuerySet[Import], sha256: str, prepared: Prepared) -> Import | None:
    """The import of this very file, read in this very way.

    An order stays what it was. Others may have changed since and back again: there only the last import is the same.
    """
    wanted = _whatever_the_zone(prepared.as_json())
    newest = of_kind.order_by("-id")
    candidates = newest.filter(sha256=sha256) if prepared.mapping.kind == "orders" else newest[:1]
    return next((one for one in candidates if one.sha256 == sha256 and _whatever_the_zone(one.mapping) == wanted), None)


def _layout_notes(last: Import | None, prepared: Prepared) -> list[dict[str, Any]]:
    """Which columns are new or gone since the last file of this kind from this source."""
    assert prepared.layout is not None
    before = last.mapping.get("layout", {}).get("heading", []) if last else []
    heading = prepared.layout.heading
    new, gone = [name for name in heading if name not in before], [name for name in before if name not in heading]
    if not before or not (new or gone):
        return []
    return [{"code": "layout_changed", "new": ", ".join(new)[:300] or "–", "gone": ", ".join(gone)[:300] or "–"}]


def _whatever_the_zone(prepared: dict[str, Any]) -> dict[str, Any]:
    """The zone is the firm's where nobody named one, and may have been set since; it does not make another file."""
    mapping = prepared.get("mapping", {})
    read = {name: value for name, value in mapping.get("read", {}).items() if name != "zone"}
    return {**prepared, "mapping": {**mapping, "read": read}}


def run_import(
    import_id: int,
    *,
    progress: Callable[[Progress], None] | None = None,
    work_of: Callable[[Import, Prepared], Work] = work_of,
) -> Import:
    """Record the file, or the rest of it after an interruption. One that is done stays as it is.

    work_of: who reads and records its rows, for kinds that a room above keeps.

    Each chunk is one transaction with the count of rows read, so killing it at any point loses nothing and doubles nothing.
    Raises SourceIsBusy, ImportIsOver, UnreadableFile.
    """
    imported = Import.objects.select_related("source").get(id=import_id)
    with sole(imported.source):
        imported.refresh_from_db()
        if imported.state == Import.State.DONE:
            return imported
        if imported.state in (Import.State.REVERTED, Import.State.DRAFT):
            raise ImportIsOver(f"Import {import_id} is {imported.get_state_display()}. Import the file again.")
        if not stored_file(imported).exists():
            raise ImportIsOver(
                f"The file of import {import_id} is no longer kept. Import it again: nothing is doubled."
            )
        now = timezone.now()
        _note(imported, state=Import.State.RUNNING, started_at=imported.started_at or now, heartbeat_at=now, error="")
        try:
            _run(imported, work_of(imported, prepared_from_json(imported.mapping)), progress or (lambda _: None))
        except EntenteError as error:
            _note(imported, state=Import.State.FAILED, error=str(error))
            raise
        except KeyboardInterrupt:
            _note(imported, state=Import.State.WAITING)
            raise
        except Exception as error:
            # Without a database this is not written either; the import stays `running` and can be resumed all the same.
            with suppress(Exception):
                _note(imported, state=Import.State.FAILED, error=f"{type(error).__name__}: {error}"[:2000])
            raise
    _forget(imported.stored_as)
    return imported


def stored_file(imported: Import) -> Path:
    return Path(settings.MEDIA_ROOT) / imported.stored_as


@contextmanager
def sole(source: Source) -> Iterator[None]:
    """Nobody else writes facts of this source meanwhile. The database frees it when the process dies."""
    half = source.pk % 2**31
    deadline = time.monotonic() + PATIENCE_S
    while not _locked(half):
        if time.monotonic() > deadline:
            raise SourceIsBusy(f"Another import from {source.name} is running. Wait until it has ended.")
        time.sleep(0.2)
    try:
        yield
    finally:
        with suppress(Exception), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, half])


def _locked(half: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, half])
        return bool(cursor.fetchone()[0])


def _run(imported: Import, work: Work, progress: Callable[[Progress], None]) -> None:
    done, read = imported.rows_read, 0
    for ready in ahead(work.ready(stored_file(imported), CHUNK_ROWS, done)):
        read += ready.chunk.read
        # What a killed import had recorded is read again for the sake of what is said of the whole file only.
        if read > done:
            with transaction.atomic():
                _record_chunk(imported, work, ready)
        progress(
            Progress(read, imported.rows_total, imported.rows_recorded, imported.rows_known, imported.rows_refused)
        )
    _finish(imported, work)


def _record_chunk(imported: Import, work: Work, ready: Ready) -> None:
    hold_off_erasure()
    stones = standing()
    held = work.hold_out(ready, stones) if stones else []
    result = work.record(ready)
    bad, values = ready.bad + result.bad, ready.values + result.values
    bad, values = without_words(bad, values, imported.source.name, stones)
    bad, values = bad + held, values + [""] * len(held)
    record_refused(imported.pk, bad, values)
    _note(
        imported,
        rows_read=imported.rows_read + ready.chunk.read,
        rows_recorded=imported.rows_recorded + result.recorded,
        rows_known=imported.rows_known + result.known,
        rows_refused=imported.rows_refused + len(bad),
        heartbeat_at=timezone.now(),
    )


def _finish(imported: Import, work: Work) -> None:
    notes = [*imported.notes, *work.notes()]
    with connection.cursor() as cursor:
        # The planner would take the tables for as small as they were before.
        for model in work.tables:
            cursor.execute(f"ANALYZE {model._meta.db_table}")
    _note(imported, state=Import.State.DONE, finished_at=timezone.now(), rows_total=imported.rows_read, notes=notes)


def _note(imported: Import, **changes: Any) -> None:
    Import.objects.filter(pk=imported.pk).update(**changes)
    for name, value in changes.items():
        setattr(imported, name, value)


def _keep(path: Path) -> tuple[str, str]:
    """A copy under a name that nobody can guess, whatever the file was called; with its SHA-256."""
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{FOLDER}/{secrets.token_hex(16)}"
    digest = hashlib.sha256()
    target = Path(settings.MEDIA_ROOT) / name
    try:
        with (
            path.open("rb") as source,
            os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy,
        ):
            while block := source.read(1 << 20):
                digest.update(block)
                copy.write(block)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return digest.hexdigest(), name


def forget_file(imported: Import) -> None:
    """Remove the copy: it is needed only until the import is done."""
    _forget(imported.stored_as)


def _forget(stored_as: str) -> None:
    if stored_as.startswith(f"{FOLDER}/"):
        (Path(settings.MEDIA_ROOT) / stored_as).unlink(missing_ok=True)


def _harmless(name: str) -> str:
    """A file's name for showing: its last part, without control characters. It never becomes a path."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:255] or "file"
