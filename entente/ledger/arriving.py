"""What is on its way to becoming an import: a place for its file, which goes again whatever happens."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from entente.ledger.draft import TooLarge, map_of
from entente.ledger.mapping import Mapping as ColumnMapping
from entente.ledger.ndjson import write_ndjson
from entente.ledger.prepare import OpenQuestions, propose_mapping
from entente.ledger.readers.table import UnreadableFile
from entente.ledger.record import FOLDER
from entente.ledger.survey import Wishes

PREFIX = "arriving-"
# Nothing takes so long to arrive: what is older was left by a process that was killed.
LEFT_S = 24 * 3600


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder of one's own below the files folder, where there is room for a file; removed at the end."""
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _clear_away(folder)
    place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def receive(pieces: Iterable[bytes], path: Path, *, most: int) -> str:
    """Write the pieces down as they come, and answer their SHA-256. Raises TooLarge after `most` bytes."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for piece in pieces:
            size += len(piece)
            if size > most:
                raise TooLarge(
                    f"The body has more than {most // 1024**2} MB. Send it in parts, each with a key of its own."
                )
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _clear_away(folder: Path) -> None:
    for left in folder.glob(f"{PREFIX}*"):
        try:
            is_old = time.time() - left.stat().st_mtime > LEFT_S
        except FileNotFoundError:
            continue
        if is_old:
            shutil.rmtree(left, ignore_errors=True)


def table_of(body: Path, form: str, folder: Path) -> Path:
    """The file to import: the body itself, or what lines of JSON make. form: csv, ndjson or parquet.

    Raises UnreadableFile where the body is something else than it was called.
    """
    with body.open("rb") as file:
        head = file.read(4)
    is_parquet, is_workbook = head == b"PAR1", head == b"PK\x03\x04"
    if form == "parquet":
        if not is_parquet:
            raise UnreadableFile("The body is no Parquet file.")
        return body
    if is_parquet or is_workbook:
        raise UnreadableFile("The body is no text. Name what it is in the header Content-Type.")
    if form == "csv":
        return body
    target = folder / "rows.parquet"
    write_ndjson(body, target)
    return target


def mapping_for(path: Path, *, kind: str, name: str, read: Mapping[str, str]) -> ColumnMapping:
    """The mapping of that name (a ready one, or the number of an earlier import), or what the names of the columns say.

    read: what is said about how the file is written. Raises OpenQuestions, WrongMapping, UnreadableFile.
    """
    if name:
        return map_of(name, kind).with_read(**read)
    proposal = propose_mapping(path, Wishes(read.get("encoding", ""), read.get("separator", "")), kind)
    if proposal.questions:
        raise OpenQuestions(proposal.questions)
    return proposal.as_mapping(**read)
