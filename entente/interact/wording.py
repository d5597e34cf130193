"""The reasons of the contact rules in the reader's language. The laws speak English templates; gettext knows them by their text."""

from __future__ import annotations

from django.utils.translation import gettext as _

from entente.interact.pure.reasons import TEMPLATES, Reason, words


def sentence(reason: Reason) -> str:
    """One sentence. Where there is no translation, the law's own English."""
    said = _(TEMPLATES[reason.code]) % words(reason)
    return said[:1].upper() + said[1:]
