"""Which attributes the profile of the best may use: what is protected stays out until the firm switches it on by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from entente.differentiate.attribute_words import NAME, PROTECTED, kind_of, plain
from entente.lib.errors import WrongFields
from entente.staff.models import User
from entente.staff.settings import put_setting, setting

SETTING = "profile"
MOST_WORDS = 50
LONGEST_WORD = 100


class ImpossibleProfile(WrongFields):
    """`errors`: "switched_on" or "dealings" -> what would do."""


@dataclass(frozen=True)
class ProfileTerms:
    """switched_on: names of protected attributes the firm has answered for. dealings: its own words for what comes of dealing with it."""

    switched_on: Sequence[str] = field(default_factory=tuple)
    dealings: Sequence[str] = field(default_factory=tuple)

    def why_not(self, name: str) -> str:
        """What keeps an attribute out: one of PROTECTED, NAME, DEALING; "" where it may be used."""
        kind = kind_of(name, more_dealings=self.dealings)
        return "" if kind in PROTECTED and plain(name) in map(plain, self.switched_on) else kind


def profile_terms() -> ProfileTerms:
    kept = setting(SETTING)
    return ProfileTerms(*(tuple(map(str, kept.get(name, ()))) for name in ("switched_on", "dealings")))


def set_profile_terms(switched_on: Sequence[str], dealings: Sequence[str], *, by: User | None) -> ProfileTerms:
    """Put both into force from the next cycle on. Raises ImpossibleProfile, with all that is wrong."""
    errors: dict[str, str] = {}
    read = {
        name: list(dict.fromkeys(one.strip() for one in words if one.strip()))
        for name, words in (("switched_on", switched_on), ("dealings", dealings))
    }
    for name, words in read.items():
        if len(words) > MOST_WORDS or any(len(one) > LONGEST_WORD or not plain(one) for one in words):
            errors[name] = _("Give at most %(most)d lines of letters, none longer than %(longest)d.") % {
                "most": MOST_WORDS, "longest": LONGEST_WORD,
            }  # fmt: skip
    for one in read["switched_on"]:
        kind = kind_of(one)
        if kind == NAME:
            errors["switched_on"] = _("“%(name)s” is a name. Names are never used; take it out.") % {"name": one}
        elif kind not in PROTECTED:
            errors.setdefault(
                "switched_on",
                _("“%(name)s” is not protected, so it needs no switching on; take it out.") % {"name": one},
            )
    if errors:
        raise ImpossibleProfile(errors)
    put_setting(SETTING, read, by=by)
    return profile_terms()
