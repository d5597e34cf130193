"""Who is who, brought up to date: every record has a customer, and those that came since are linked, whichever way is the shorter."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from entente.identify.link import AlreadyLinking, Progress, link_all
from entente.identify.match import match_new
from entente.identify.newcomers import OnlyAllCanTell, last_of_all, link_new

log = logging.getLogger(__name__)
LEARNED_FOR = timedelta(days=7)  # then weights are learned anew, from all records


def recognise(*, learn: bool = False, progress: Progress = lambda *_: None) -> int:
    """Returns how many customers are new. Where records are being linked already, that run is left to do it.

    learn: compare all records anew also where the last time is only a while ago, not only where too many came since.
    """
    made = match_new(progress=progress)
    try:
        _link(learn, progress)
    except AlreadyLinking:
        pass
    except Exception:
        # What was linked before stays in force; whoever works on with it need not be stopped.
        log.exception("Records could not be linked")
    return made


def _link(learn: bool, progress: Progress) -> None:
    last = last_of_all()
    if learn and last is not None and last.started_at < timezone.now() - LEARNED_FOR:
        link_all(progress=progress)
        return
    try:
        link_new(progress=progress)
    except OnlyAllCanTell:
        link_all(progress=progress)
