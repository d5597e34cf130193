"""Facts over the network: handing rows over, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Header, Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from entente.api.asking import ask_once, asked_before, digest_of
from entente.api.models import ImportRequest
from entente.api.problems import REFUSALS, Problem, Refused
from entente.customize.forget import take_back
from entente.identify.bring_in import dry_run
from entente.ledger.arriving import mapping_for, receive, table_of, workplace
from entente.ledger.draft import most_bytes
from entente.ledger.mapping import KINDS
from entente.ledger.models import Import, RefusedRow
from entente.ledger.prepare import OpenQuestions
from entente.ledger.record import open_import
from entente.ledger.words import note, refusal
from entente.lib.keyset import after, place, read_place
from entente.staff.models import User

PIECE = 1024 * 1024
PAGE = 100
# As on the page: what the rest holds, the import says.
ROWS_TRIED = 50_000
FORMS = {
    "text/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/vnd.apache.parquet": "parquet",
}
AS_THEY_ARE = (
    "kind", "state", "rows_total", "rows_read", "rows_recorded", "rows_known", "rows_refused", "error", "made_at", "finished_at",
)  # fmt: skip
PLAIN_TEXT = r"^[^\x00-\x1f\x7f]*$"
BODY = {
    "required": True,
    "content": {form: {"schema": {"type": "string", "format": "binary"}} for form in FORMS},
}

router = Router(tags=["imports"])


class Asked(Schema):
    """What is said of the rows. How they are written is found out where nothing is said, and asked where it cannot be."""

    source: str = Field(min_length=1, max_length=80, pattern=PLAIN_TEXT, description="the system the rows come from")
    mapping: str = Field(
        "", max_length=60, pattern=PLAIN_TEXT, description="a ready mapping, or the number of an earlier import"
    )
    dry_run: bool = Field(False, description="say what would happen, and change nothing")
    encoding: str = Field("", max_length=20, pattern=PLAIN_TEXT)
    separator: str = Field("", pattern=r'^([^\x00-\x1f\x7f"]|\t|tab)?$', description="one character, or tab")
    decimal: str = Field("", max_length=1, pattern=PLAIN_TEXT)
    dates: str = Field("", max_length=20, pattern=PLAIN_TEXT)
    currency: str = Field("", max_length=3, pattern=PLAIN_TEXT)
    zone: str = Field("", max_length=64, pattern=PLAIN_TEXT)

    def read(self) -> dict[str, str]:
        said = {name: getattr(self, name) for name in ("encoding", "decimal", "dates", "currency", "zone")}
        return {**said, "separator": "\t" if self.separator == "tab" else self.separator}


class Accepted(Schema):
    """The rows are kept, and a worker takes them. `href` tells how far it is."""

    id: int
    href: str


class Tried(Schema):
    """What an import of the first rows would bring."""

    counts: dict[str, int]
    notes: list[str]
    reasons: dict[str, int]
    refused: list[RefusedLine]
    is_part: bool


class RefusedLine(Schema):
    line: int
    column: str
    value: str
    reason: str
    text: str


class ImportState(Schema):
    """How an import stands. `next`: the address of more refused rows."""

    id: int
    kind: str
    source: str
    state: str
    rows_total: int | None
    rows_read: int
    rows_recorded: int
    rows_known: int
    rows_refused: int
    notes: list[str]
    error: str
    made_at: datetime
    finished_at: datetime | None
    refused: list[RefusedLine]
    next: str | None


# Before the route of kinds: a number would be taken for one.
@router.get(
    "/imports/{int:import_id}",
    url_name="import",
    response={200: ImportState, REFUSALS: Problem},
    summary="How an import stands, and what was refused",
)
def import_one(
    request: HttpRequest,
    import_id: int,
    later: str = Query("", max_length=2000),
) -> dict[str, Any]:
    """Refused rows come in the order of the file, a hundred at a time; `next` is the address of the following ones."""
    return _state(import_id, later)


def _state(import_id: int, later: str) -> dict[str, Any]:
    run = Import.objects.exclude(state=Import.State.DRAFT).select_related("source").filter(pk=import_id).first()
    if run is None:
        raise Http404
    rows = RefusedRow.objects.filter(import_run=run).order_by("line", "id")
    if later:
        rows = rows.filter(after(("line", "id"), read_place(later, int, int)))
    found = list(rows[: PAGE + 1])
    more = place(found[PAGE - 1].line, found[PAGE - 1].pk) if len(found) > PAGE else None
    return {
        **{name: getattr(run, name) for name in AS_THEY_ARE},
        "id": run.pk,
        "source": run.source.name,
        "notes": [note(one) for one in run.notes],
        "refused": [_refused(row.line, row.column, row.value, row.reason) for row in found[:PAGE]],
        "next": more and f"{reverse('api:import', args=[run.pk])}?later={more}",
    }


@router.post(
    "/imports/{int:import_id}/reversal",
    url_name="import-reversal",
    response={200: ImportState, REFUSALS: Problem},
    summary="Take an import back",
)
def import_reversal(request: HttpRequest, import_id: int) -> dict[str, Any]:
    """What it brought goes, and what had been said before holds again. Only an import that was asked for with a key of the same user, and
    that no worker has in hand. Taken back once it stays so; the same again answers the same.
    """
    assert isinstance(request.user, User)
    run = Import.objects.filter(pk=import_id).first()
    if run is None or run.state == Import.State.DRAFT:
        raise Http404
    if not ImportRequest.objects.filter(user=request.user, import_run=run).exists():
        raise Refused(
            403, "This import is not yours to take back", "It was not asked for with a key of this user. Take it back on its page.",
            "path.import_id",
        )  # fmt: skip
    if run.state in (Import.State.WAITING, Import.State.RUNNING):
        raise Refused(
            409, "The import is under way", "Ask for it until its state is done or failed, then take it back.", "path.import_id"
        )  # fmt: skip
    if run.state != Import.State.REVERTED:
        take_back(run.pk, by=request.user, at=timezone.now())
    return _state(run.pk, "")


@router.post(
    "/imports/{kind}",
    url_name="imports",
    response={202: Accepted, 200: Tried, REFUSALS: Problem},
    openapi_extra={"requestBody": BODY},
    summary="Hand rows over: orders, parties and the other kinds of facts",
)
def imports(
    request: HttpRequest,
    response: HttpResponse,
    kind: str,
    asked: Query[Asked],
    idempotency_key: str = Header("", alias="Idempotency-Key", max_length=200, pattern=r"^[\x21-\x7e]*$"),
) -> Status[Any]:
    """The rows are read by a worker; each becomes a fact or a refused row. The same request with the same key answers the same."""
    form = _form(request, kind)
    if not (idempotency_key or asked.dry_run):
        raise Refused(
            422, "A key for the request is needed",
            "Send the header Idempotency-Key with a text that is new for every request, and the same where you send one again.",
            "header.Idempotency-Key",
        )  # fmt: skip
    assert isinstance(request.user, User)
    with workplace() as folder:
        body_sha256 = receive(_pieces(request), folder / "body", most=most_bytes())
        if asked.dry_run:
            return Status(200, _tried(table_of(folder / "body", form, folder), kind, asked))
        wanted = (request.user, idempotency_key, digest_of(body_sha256, (kind, form, *map(str, asked.dict().values()))))
        found = asked_before(*wanted) or _ask(*wanted, table_of(folder / "body", form, folder), kind, asked)
    response["Location"] = href = reverse("api:import", args=[found.pk])
    return Status(202, {"id": found.pk, "href": href})


def _form(request: HttpRequest, kind: str) -> str:
    """How the body is written. Whatever can be refused before the body is read, is."""
    if kind not in KINDS:
        raise Refused(404, "There is no such kind of facts", f"There are: {', '.join(KINDS)}.", "path.kind")
    form = FORMS.get(str(request.content_type).lower())
    if form is None:
        raise Refused(415, "This content is not read here", f"Send one of: {', '.join(FORMS)}.", "header.Content-Type")
    announced = request.META.get("CONTENT_LENGTH") or ""
    if not (announced.isascii() and announced.isdecimal()):
        raise Refused(
            411, "The size of the body is not said", "Send the header Content-Length.", "header.Content-Length"
        )
    if int(announced) > most_bytes():
        raise Refused(
            413, "The body is too large",
            f"Send at most {most_bytes() // 1024**2} MB at a time, each part with a key of its own.", "body",
        )  # fmt: skip
    return form


def _pieces(request: HttpRequest) -> Iterator[bytes]:
    while piece := request.read(PIECE):
        yield piece


def _ask(user: User, key: str, digest: str, path: Path, kind: str, asked: Asked) -> Import:
    mapping = mapping_for(path, kind=kind, name=asked.mapping, read=asked.read())
    return ask_once(
        user, key, digest,
        lambda: open_import(path, mapping=mapping, source_name=asked.source, file_name=f"{kind} {key}", by=user),
    )  # fmt: skip


def _tried(path: Path, kind: str, asked: Asked) -> dict[str, Any]:
    mapping = mapping_for(path, kind=kind, name=asked.mapping, read=asked.read())
    found = dry_run(path, mapping, source_name=asked.source, rows=ROWS_TRIED)
    if found.questions:
        raise OpenQuestions(found.questions)
    return {
        "counts": found.counts,
        "notes": [note(one) for one in found.notes],
        "reasons": found.reasons,
        "refused": [_refused(row["line"], row["column"], row["value"], row["reason"]) for row in found.refused],
        "is_part": found.counts["rows"] >= ROWS_TRIED,
    }


def _refused(line: int, column: str, value: str, reason: str) -> dict[str, Any]:
    text = refusal(reason, line=line, column=column, value=value)
    return {"line": line, "column": column, "value": value, "reason": reason, "text": text}


Tried.model_rebuild()
