"""Files on their way into the ledger: the list, handing one over, watching it, what was refused, taking it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from entente.customize.forget import take_back
from entente.ledger import draft
from entente.ledger.mapping import KINDS
from entente.ledger.models import Import, RefusedRow
from entente.ledger.record import stored_file
from entente.ledger.refused import refused_rows_csv
from entente.ledger.words import note, refusal
from entente.lib.errors import EntenteError
from entente.lib.keyset import after, before, place, read_place
from entente.web.asked import strictly, text
from entente.web.deferred import import_later, waiting
from entente.web.permissions import allowed
from entente.web.person import person

PAGE = 50
PAGE_REFUSED = 50
# An import that has not written for so long has lost its worker.
SILENT = timedelta(seconds=60)
KIND_WORDS = {
    "orders": gettext_lazy("Orders: each line a line of an order, or a whole order"),
    "parties": gettext_lazy("People and organisations: each line one of them"),
    "invoices": gettext_lazy("Invoices and credit notes: each line one of them"),
    "payments": gettext_lazy("Payments: each line one of them"),
    "deliveries": gettext_lazy("Deliveries: each line one of them"),
    "interactions": gettext_lazy("Calls, mails, visits, complaints: each line one of them"),
    "relations": gettext_lazy("How customers relate: each line two of them"),
}
UNDER_WAY = (Import.State.WAITING, Import.State.RUNNING)


@require_safe
@strictly
def imports(request: HttpRequest) -> HttpResponse:
    """Every import, the newest first; drafts of others are not anybody's business."""
    rows = _shown(request).select_related("source", "by").defer("mapping", "notes")
    if asked := text(request, "before", longest=2001):
        rows = rows.filter(before(("id",), read_place(asked, int)))
    found = list(rows.order_by("-id")[: PAGE + 1])
    more = place(found[PAGE - 1].pk) if len(found) > PAGE else None
    return render(
        request,
        "imports/list.html",
        {"imports": found[:PAGE], "more": more, "may_import": allowed("import_new", "POST", person(request).role)},
    )


def _shown(request: HttpRequest) -> QuerySet[Import]:
    rows = Import.objects.all()
    return rows.exclude(pk__in=rows.filter(state=Import.State.DRAFT).exclude(by=person(request)).values("pk"))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: HttpRequest) -> HttpResponse:
    """Hand a file over. One that is too large is refused before it is read; only then the token is looked for in it."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    # Room for the other fields and what stands between them.
    if not announced.isdecimal() or int(announced) > draft.most_bytes() + 64 * 1024:
        return _refused_upload(
            request,
            _("The file has more than %(most)d MB. Import it on the command line: bin/entente import orders FILE.")
            % {"most": draft.most_bytes() // 1024**2},
            413,
        )
    return _import_new(request)


@csrf_protect
def _import_new(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "imports/new.html", _upload_page(request.GET.get("kind", "")))
    kind = request.POST.get("kind", "orders")
    if kind not in KINDS:
        return _refused_upload(request, _("Say what is in the file."))
    file = request.FILES.get("file")
    if file is None or not file.size:
        return _refused_upload(request, _("Choose a file that is not empty."))
    try:
        kept = draft.keep_draft(
            file.chunks(), file_name=file.name or "", source_name=request.POST.get("source", ""), by=person(request),
            kind=kind,
        )  # fmt: skip
    except draft.TooLarge as error:
        return _refused_upload(request, str(error), 413)
    except EntenteError as error:
        return _refused_upload(request, str(error))
    return redirect("import_map", import_id=kept.pk)


def _upload_page(kind: str = "") -> dict[str, object]:
    return {"most_mb": draft.most_bytes() // 1024**2, "kinds": [(one, KIND_WORDS[one]) for one in KINDS], "kind": kind}


def _refused_upload(request: HttpRequest, why: str, status: int = 422) -> HttpResponse:
    return render(request, "imports/new.html", {**_upload_page(), "why": why}, status=status)


@require_safe
@strictly
def import_one(request: HttpRequest, import_id: int) -> HttpResponse:
    """One import: how far it is, what it says of itself, what was refused. A fragment for who watches it."""
    run = get_object_or_404(_shown(request).select_related("source", "by", "reverted_by"), pk=import_id)
    if run.state == Import.State.DRAFT:
        return redirect("import_map", import_id=run.pk)
    watched = _watched(run)
    if request.headers.get("HX-Request"):
        if run.state not in UNDER_WAY or watched["is_stuck"]:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "imports/_progress.html", {"run": run, **watched})
    role = person(request).role
    asked = text(request, "later", longest=2001)
    # What was refused shows rows of the file as they were written.
    refused, later = _refused(run, asked) if allowed("import_refused", "GET", role) else ([], None)
    file_is_gone = bool(watched["is_stuck"]) and not stored_file(run).is_file()
    return render(
        request,
        "imports/import.html",
        {
            "run": run,
            **watched,
            "notes": [note(one) for one in run.notes],
            "refused": refused,
            "later": later,
            "may_revert": _revertible(run, bool(watched["is_stuck"])) and allowed("import_reversal", "POST", role),
            "may_resume": watched["is_stuck"] and not file_is_gone and allowed("import_runs", "POST", role),
            "file_is_gone": file_is_gone,
        },
    )


def _watched(run: Import) -> dict[str, object]:
    """Is it waiting for a worker, under way, or left lying by one that died?"""
    queued = waiting("import_file", import_id=run.pk) if run.state in UNDER_WAY else []
    silent = run.heartbeat_at is None or timezone.now() - run.heartbeat_at > SILENT
    is_stuck = run.state == Import.State.FAILED or (run.state in UNDER_WAY and not queued and silent)
    return {"is_stuck": is_stuck, "is_queued": any(job.status == "todo" for job in queued)}


def _revertible(run: Import, is_stuck: bool) -> bool:
    """Done, or left lying with what it has recorded; not while somebody works at it."""
    return run.kind in KINDS and (run.state == Import.State.DONE or is_stuck)


def _refused(run: Import, asked: str) -> tuple[list[tuple[RefusedRow, str]], str | None]:
    """A page of refused rows in the order of the file, each with its reason in words."""
    rows = RefusedRow.objects.filter(import_run=run)
    if asked:
        rows = rows.filter(after(("line", "id"), read_place(asked, int, int)))
    found = list(rows.order_by("line", "id")[: PAGE_REFUSED + 1])
    later = place(found[PAGE_REFUSED - 1].line, found[PAGE_REFUSED - 1].pk) if len(found) > PAGE_REFUSED else None
    return [(row, _reason(row)) for row in found[:PAGE_REFUSED]], later


def _reason(row: RefusedRow) -> str:
    try:
        return refusal(row.reason, line=row.line, column=row.column, value=row.value)
    except KeyError:
        return row.reason


@require_safe
def import_refused(request: HttpRequest, import_id: int) -> StreamingHttpResponse:
    """The refused rows as a file, streamed: to be put right and imported again."""
    run = get_object_or_404(_shown(request).exclude(state=Import.State.DRAFT), pk=import_id)

    def lines() -> Iterator[str]:
        # Spreadsheets know by this mark that the file is UTF-8.
        yield "\ufeff"
        yield from refused_rows_csv(run.pk)

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="refused-{run.pk}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def import_runs(request: HttpRequest, import_id: int) -> HttpResponse:
    """Go on with an import that was left lying. Nothing is recorded twice."""
    run = get_object_or_404(_shown(request), pk=import_id)
    if _watched(run)["is_stuck"]:
        import_later(run.pk)
        Import.objects.filter(pk=run.pk, state=Import.State.FAILED).update(state=Import.State.WAITING, error="")
        messages.success(request, _("It goes on where it stopped."))
    return redirect("import", import_id=run.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def import_reversal(request: HttpRequest, import_id: int) -> HttpResponse:
    """Take an import back, after asking once more."""
    run = get_object_or_404(_shown(request).select_related("source"), pk=import_id)
    if not _revertible(run, bool(_watched(run)["is_stuck"])):
        raise Http404
    if request.method != "POST":
        return render(request, "imports/reversal.html", {"run": run})
    try:
        take_back(run.pk, by=person(request), at=timezone.now())
    except EntenteError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Taken back. The pyramid counts without it from the next cycle on."))
    return redirect("import", import_id=run.pk)


@require_POST
def import_discard(request: HttpRequest, import_id: int) -> HttpResponse:
    """Forget a draft."""
    draft.discard(get_object_or_404(Import, pk=import_id, state=Import.State.DRAFT, by=person(request)))
    messages.success(request, _("The file was thrown away."))
    return redirect("imports")
