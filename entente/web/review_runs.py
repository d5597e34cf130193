"""What each run over the records did, what it asked, and what it ignored, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy
from django.views.decorators.http import require_safe

from entente.identify.models import Linkage
from entente.identify.review import runs
from entente.lib.keyset import before, place, read_place
from entente.web.asked import strictly, text
from entente.web.likeness import field_name
from entente.web.templatetags.words import number, percent

PAGE = 20
COUNTS = {
    "moved": ngettext_lazy("%(n)s record came to another customer.", "%(n)s records came to other customers.", "count"),
    "parted": ngettext_lazy(
        "%(n)s group was parted from its customer.", "%(n)s groups were parted from their customers.", "count"
    ),
    "asked": ngettext_lazy(
        "Of %(n)s pair somebody had to be asked.", "Of %(n)s pairs somebody had to be asked.", "count"
    ),
}
# Fields that keys are made of and nothing else speaks of.
OF_KEYS = {
    "street": gettext_lazy("Street"), "house_number": gettext_lazy("House number"),
    "postcode": gettext_lazy("Postcode"), "city": gettext_lazy("Town"),
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A run as the pages tell of it. ignored: (field, value, what became of it)."""

    run: Linkage
    counts: list[str]
    thresholds: str
    ignored: list[tuple[str, str, str]]
    crowded: list[str]


@require_safe
@strictly
def review_runs(request: HttpRequest) -> HttpResponse:
    """The runs, the newest first."""
    rows = runs()
    if later := text(request, "later", longest=2001):
        rows = rows.filter(before(("id",), read_place(later, int)))
    found = list(rows[: PAGE + 1])
    more = place(found[PAGE - 1].pk) if len(found) > PAGE else None
    return render(request, "review/runs.html", {"rows": [told_of(run) for run in found[:PAGE]], "later": more})


def told_of(run: Linkage) -> Told:
    return Told(run, _counts(run), _thresholds(run), _ignored(run), _crowded(run))


def _counts(run: Linkage) -> list[str]:
    counts = run.counts
    if not counts:
        return []
    told = []
    if run.scope == Linkage.Scope.NEW:
        compared = ngettext(
            "%(n)s record was compared with all.", "%(n)s records were compared with all.", counts["records"]
        )
        told.append(compared % {"n": number(counts["records"])})
    else:
        told.append(
            _("%(records)s records are %(customers)s customers.")
            % {"records": number(counts["records"]), "customers": number(counts["customers"])}
        )
    for name, words in COUNTS.items():
        if count := int(counts.get(name, 0)):
            told.append(str(words % {"count": count, "n": number(count)}))
    return told


def _thresholds(run: Linkage) -> str:
    return _(
        "From %(sure)s on, two records are put together without asking. From %(doubtful)s on, somebody is asked. Below that they stay two."
    ) % {"sure": percent(run.sure), "doubtful": percent(run.doubtful)}


def _ignored(run: Linkage) -> list[tuple[str, str, str]]:
    return [
        (
            field_name(field),
            str(value),
            ngettext("is held by %(n)s record and was not used.", "is held by %(n)s records and was not used.", held)
            % {"n": number(held)},
        )
        for _kind, field, value, held in run.ignored
    ]


def _crowded(run: Linkage) -> list[str]:
    """Of keys too many records share, each record was compared with its nearest neighbours only."""
    return [
        ngettext(
            "%(rule)s: %(keys)s value, shared by %(held)s records.",
            "%(rule)s: %(keys)s values, shared by %(held)s records.",
            keys,
        )
        % {"rule": _rule(rule), "keys": number(keys), "held": number(held)}
        for _kind, rule, keys, held in run.crowded
    ]


def _rule(name: str) -> str:
    """`family_name:sound + born_on[6]` as people say it."""
    parts = []
    for part in name.split(" + "):
        field, _letters, _end = part.partition("[")
        column, _colon, sound = field.partition(":")
        words = str(OF_KEYS.get(column) or field_name(column))
        parts.append(_("sound of the %(field)s") % {"field": words} if sound else words)
    return " + ".join(parts)
