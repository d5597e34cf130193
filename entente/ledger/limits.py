"""How large a file and what is in it may be. Each may be set in Django's settings under the same name."""

from django.conf import settings

DEFAULTS = {
    # A gzip or a workbook that is small on disk and endless when opened.
    "IMPORT_MOST_BYTES": 64 * 1024**3,
    "IMPORT_MOST_EXPANSION": 250,
    "IMPORT_MOST_WORKBOOK_BYTES": 1024**3,
}
# A ratio says nothing of small files.
EXPANSION_COUNTS_FROM = 64 * 1024**2


def limit(name: str) -> int:
    return int(getattr(settings, name, DEFAULTS[name]))
