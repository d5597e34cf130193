"""What the firm assumes when it values a question, as a form shows it, and setting it. Only what differs from the defaults is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from entente.differentiate.pure.asking_terms import AGEING, MOVING, WAYS, ImpossibleTerms, Terms
from entente.lib.errors import WrongFields
from entente.staff.models import User
from entente.staff.settings import put_setting, setting

NAME = "knowing"


class ImpossibleAssumptions(WrongFields):
    """Figures that cannot be meant. `errors`: name of the field -> what would do."""


@dataclass(frozen=True)
class Assumption:
    """One figure: its name, what it is about, what is in force and what it is by default, as a form holds them."""

    name: str
    about: str
    written: str
    default: str

    @property
    def is_own(self) -> bool:
        return self.written != self.default


def terms() -> Terms:
    """What is assumed: what the firm set, else the defaults."""
    return Terms.from_dict(setting(NAME))


def assumptions() -> dict[str, list[Assumption]]:
    """Every figure in force, by what it is about: "" for those of all questions, half_life, moves, and each way of asking."""
    now, plain = terms().as_dict(), Terms().as_dict()
    groups = {
        "": ("speaking", "off"),
        "half_life": tuple(f"half_life.{name}" for name in AGEING),
        "moves": tuple(f"moves.{name}" for name in MOVING),
        **{way: (f"{way}.cost", f"{way}.answer") for way in WAYS},
    }
    return {
        group: [
            Assumption(name, name.rpartition(".")[2], f"{now[name]:.12g}", f"{plain[name]:.12g}") for name in names
        ]
        for group, names in groups.items()
    }  # fmt: skip


def set_terms(values: Mapping[str, str], *, by: User | None) -> Terms:
    """Assume otherwise from the next cycle on. A figure left out or empty stays. Raises ImpossibleAssumptions, with all that is wrong."""
    plain = Terms().as_dict()
    wanted, errors = dict(setting(NAME)), {}
    for name in plain:
        text = values.get(name, "").strip().replace(",", ".").replace("٫", ".")
        if not text:
            continue
        try:
            wanted[name] = Terms.from_dict({name: float(text)}).as_dict()[name]
        except ImpossibleTerms as error:
            errors[name] = _(error.what)
        except ValueError:
            errors[name] = _("Give a number, such as 0.05.")
    if errors:
        raise ImpossibleAssumptions(errors)
    wanted = {name: value for name, value in wanted.items() if value != plain.get(name)}
    checked = Terms.from_dict(wanted)
    put_setting(NAME, wanted, by=by)
    return checked
