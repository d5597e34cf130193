"""Asking for an import once, however often the request comes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from django.db import transaction

from entente.api.models import ImportRequest
from entente.jobs import defer_import
from entente.ledger.models import Import
from entente.lib.errors import EntenteError
from entente.staff.models import User


class KeyIsTaken(EntenteError):
    """The key stands for another request."""


def digest_of(body_sha256: str, said: Sequence[str]) -> str:
    """What makes two requests the same: the body, and everything said of it."""
    return hashlib.sha256("\0".join((body_sha256, *said)).encode("utf-8", "surrogatepass")).hexdigest()


def asked_before(user: User, key: str, digest: str) -> Import | None:
    """The import this request led to when it came first. Raises KeyIsTaken."""
    request = ImportRequest.objects.filter(user=user, key=key).select_related("import_run").first()
    return None if request is None else _same(request, digest)


def ask_once(user: User, key: str, digest: str, open_it: Callable[[], Import]) -> Import:
    """Open the import and put it into the queue, in one transaction with the key. Of two equal requests at once the second waits
    for the first, and answers with its import. Raises KeyIsTaken, and what `open_it` raises; then the key stays free.
    """
    with transaction.atomic():
        request, is_first = ImportRequest.objects.get_or_create(user=user, key=key, defaults={"digest": digest})
        if not is_first:
            return _same(request, digest)
        request.import_run = open_it()
        request.save(update_fields=["import_run"])
        if request.import_run.state != Import.State.DONE:
            defer_import(request.import_run.pk)
        return request.import_run


def _same(request: ImportRequest, digest: str) -> Import:
    if request.digest != digest or request.import_run is None:
        raise KeyIsTaken(
            "This Idempotency-Key came before with another body or other parameters. Give every request a key of its own, "
            "and send the same one only with the same request."
        )
    return request.import_run
