"""What is known of what customers need, have and spend: said by them or believed by us. Appended; what no longer holds stays to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from entente.differentiate.models import NeedFact, NeedSegment
from entente.differentiate.pure.need_terms import OWN_NAME, PREDICATES, ImpossibleNeedTerms, Kind, NeedTerms, Predicate
from entente.differentiate.written import InTwoWays, decimal
from entente.identify.relations_models import Relation
from entente.ledger.models import Interaction
from entente.ledger.pure.numbers import as_decimal, read_numbers
from entente.ledger.pure.reasons import NUMBER_OF
from entente.ledger.reading import clean
from entente.lib.errors import WrongFields
from entente.staff.models import Setting, User
from entente.staff.settings import Figure, put_setting, setting

# Own words of the firm: {"colour_system": "which colour system they work with"}; and what is assumed of potentials.
WORDS, TERMS = "needs", "potential"
LONGEST = 250
MOST_OWN = 30
LARGEST = 10**13

LABELS: Mapping[str, Any] = {
    "spend_elsewhere": gettext_lazy("spends with others, a year"),
    "share_of_wallet": gettext_lazy("share they buy from us"),
    "budget": gettext_lazy("budget for what we sell, a year"),
    "other_supplier": gettext_lazy("also buys from"),
    "buys_through": gettext_lazy("buys through"),
    "segment": gettext_lazy("need segment"),
    "need": gettext_lazy("needs or wishes"),
    "preferred": gettext_lazy("prefers"),
    "decides_on": gettext_lazy("decides on"),
}


class ImpossibleFact(WrongFields):
    """What was to be kept cannot be. `errors`: name of the field, or "" for all -> what would do."""


@dataclass(frozen=True)
class Word:
    """A predicate with what people call it."""

    predicate: Predicate
    label: str

    @property
    def name(self) -> str:
        return self.predicate.name


def vocabulary() -> dict[str, Word]:
    """All predicates: those the laws read, then the firm's own, which are text of which several may stand."""
    found = {name: Word(one, str(LABELS[name])) for name, one in PREDICATES.items()}
    for name, label in own_words().items():
        found[name] = Word(Predicate(name, Kind.TEXT, are_many=True), label)
    return found


def set_words(labels: Mapping[str, str], *, by: User | None) -> None:
    """Let the firm's own words be these: name -> label. Facts of a word that is gone stay. Raises ImpossibleFact."""
    errors = {}
    for name, label in labels.items():
        if not OWN_NAME.fullmatch(name) or name in PREDICATES:
            errors[name] = _("“%(name)s” cannot be a name: small letters, digits and _, beginning with a letter, and none of ours.") % {
                "name": name
            }  # fmt: skip
        elif not label.strip() or len(label) > 80:
            errors[name] = _("Say in at most 80 letters what it is about.")
    if len(labels) > MOST_OWN:
        errors[""] = _("At most %(most)d words of your own.") % {"most": MOST_OWN}
    if errors:
        raise ImpossibleFact(errors)
    wanted = {name: label.strip() for name, label in labels.items()}
    if wanted != own_words():
        put_setting(WORDS, wanted, by=by)


def own_words() -> dict[str, str]:
    """The firm's own kinds of facts: name -> what it is about."""
    return {str(name): str(label) for name, label in setting(WORDS).items()}


def figures() -> list[Figure]:
    plain = NeedTerms().as_dict()
    return [Figure(name, f"{value:.4g}", f"{plain[name]:.4g}") for name, value in need_terms().as_dict().items()]


def set_figures(values: Mapping[str, str], *, by: User | None) -> NeedTerms:
    """Assume otherwise from the next cycle on. A figure left out or as it was stays. Raises ImpossibleFact, with all that is wrong."""
    wanted, errors = dict(setting(TERMS)), {}
    for one in figures():
        text = values.get(one.name, "").strip()
        if not text or text == one.written:
            continue
        try:
            wanted[one.name] = NeedTerms.from_dict({one.name: float(decimal(text))}).as_dict()[one.name]
        except ImpossibleNeedTerms as error:
            errors[one.name] = _(error.what)
        except InTwoWays as error:
            errors[one.name] = str(error)
        except ValueError:
            errors[one.name] = _("Give a number, such as 0.75.")
    if errors:
        raise ImpossibleFact(errors)
    plain = NeedTerms().as_dict()
    wanted = {name: value for name, value in wanted.items() if value != plain[name]}
    if wanted != setting(TERMS):
        put_setting(TERMS, wanted, by=by)
    return NeedTerms.from_dict(wanted)


def need_terms() -> NeedTerms:
    """What is assumed where a potential is estimated: what the firm set, else the defaults."""
    return NeedTerms.from_dict(setting(TERMS))


def say(
    party: int,
    predicate: str,
    value: str = "",
    *,
    said_on: date,
    today: date,
    is_stated: bool = True,
    currency: str = "",
    confidence: float = 1.0,
    expires_on: date | None = None,
    evidence: str = "",
    interaction: Interaction | None = None,
    source_id: int | None = None,
    import_run_id: int | None = None,
    by: User | None = None,
) -> NeedFact:
    """Write down one fact of a record. value: as somebody writes it; money and shares as numbers, a day as 2026-12-31.

    Without an end it holds as long as the setting says. Raises ImpossibleFact, with all that is wrong.
    """
    word = vocabulary().get(predicate)
    if word is None:
        raise ImpossibleFact({"predicate": _("There is no such kind of fact.")})
    errors: dict[str, str] = {}
    text, number = _read(word.predicate.kind, value, errors)
    if word.predicate.kind == Kind.SEGMENT and number is not None:
        text = _segment_name(number, errors)
    if word.predicate.kind == Kind.MONEY and not currency:
        errors["currency"] = _("Say in which currency.")
    if not 0 <= confidence <= 1:
        errors["confidence"] = _("Give a share from 0 to 1, such as 0.8.")
    if said_on > today:
        errors["said_on"] = _("This is still to come. Write when it was said.")
    end = expires_on or said_on + timedelta(days=need_terms().lasts)
    if end < said_on:
        errors["expires_on"] = _("It cannot have ended before it was said.")
    if errors:
        raise ImpossibleFact(errors)
    return NeedFact.objects.create(
        party_id=party, predicate=predicate, value=text, number=number, is_stated=is_stated, said_on=said_on,
        currency=currency if word.predicate.kind == Kind.MONEY else "", confidence=confidence, expires_on=end,
        evidence=_plain(evidence)[:LONGEST], interaction=interaction, source_id=source_id, import_run_id=import_run_id, by=by,
    )  # fmt: skip


def _read(kind: Kind, value: str, errors: dict[str, str]) -> tuple[str, Decimal | None]:
    text = _plain(value)
    if not text:
        errors["value"] = _("Say what.")
        return "", None
    if kind == Kind.TEXT:
        if len(text) > LONGEST:
            errors["value"] = _("Say it in at most %(most)d letters.") % {"most": LONGEST}
        return text, None
    if kind == Kind.DAY:
        try:
            return date.fromisoformat(text).isoformat(), None
        except ValueError:
            errors["value"] = _("Give a day such as 2026-12-31.")
            return "", None
    number = _amount(text, errors) if kind == Kind.MONEY else _share(text, errors)
    if kind == Kind.SHARE and number is not None and number > 1:
        errors["value"] = _("Give a share from 0 to 1, or of a hundred with %, such as 30 %.")
    return "", number


def _plain(text: str) -> str:
    """Without letters that nobody sees but a terminal or the direction of a line obeys."""
    return clean(text.replace("\0", ""))


def _amount(text: str, errors: dict[str, str]) -> Decimal | None:
    """Money: 1,500 is a thousand and more to one and one and a half to another, so that nobody guesses."""
    read, wrong, currencies = read_numbers([text], "", largest=LARGEST)
    if wrong[0] == NUMBER_OF["too_large"] or read[0] < 0:
        errors["value"] = _("Give an amount, at least 0 and not beyond all measure.")
    elif wrong[0] or currencies[0]:
        errors["value"] = _("Give a number without separators of thousands, such as 12500.")
    return None if "value" in errors else as_decimal(read[0])


def _share(text: str, errors: dict[str, str]) -> Decimal | None:
    """A share, or the number of a segment."""
    plain = text.replace("٪", "%").replace(",", ".").replace("٫", ".")
    try:
        number = Decimal(plain.removesuffix("%").strip())
        number = (number / 100 if plain.endswith("%") else number).quantize(Decimal("0.0001"))
        is_possible = 0 <= number < LARGEST
    except InvalidOperation:
        errors["value"] = _("Give a number.")
        return None
    if not is_possible:
        errors["value"] = _("Give an amount, at least 0 and not beyond all measure.")
    return number


def _segment_name(number: Decimal, errors: dict[str, str]) -> str:
    newest = NeedSegment.objects.filter(number=int(number), cycle__published_at__isnull=False).order_by("-cycle_id")
    name = newest.values_list("name", flat=True).first() if number < 32_000 else None
    if name is None:
        errors["value"] = _("There is no such segment.")
    return name or ""


def withdraw(fact: NeedFact, *, by: User | None, at: datetime) -> bool:
    """It was said in error. False where somebody took it back before."""
    return bool(NeedFact.objects.filter(pk=fact.pk, withdrawn_at=None).update(withdrawn_by=by, withdrawn_at=at))


@dataclass(frozen=True)
class Told:
    """One fact as a page shows it. holds: it is what counts now; else `why` says why not: withdrawn, expired, to come, or superseded."""

    fact: NeedFact
    word: Word
    why: str

    @property
    def holds(self) -> bool:
        return not self.why

    @property
    def day(self) -> date | None:
        """The value of a fact that is a day."""
        return date.fromisoformat(self.fact.value) if self.word.predicate.kind == Kind.DAY else None


def facts_about(parties: Iterable[int]) -> QuerySet[NeedFact]:
    """All that was ever said of these records."""
    return NeedFact.objects.filter(party__in=list(parties))


@dataclass(frozen=True)
class Reading:
    """How facts are read: the words there are, and how sure one must be to count for figures."""

    words: Mapping[str, Word]
    least: float

    @classmethod
    def in_force(cls) -> Reading:
        return cls(vocabulary(), need_terms().confidence)

    def is_sure(self, fact: NeedFact) -> bool:
        return fact.confidence >= self.least

    def word_of(self, predicate: str) -> Word:
        """A word the firm has taken out again is called by its name."""
        return self.words.get(predicate) or Word(Predicate(predicate, Kind.TEXT, are_many=True), predicate)


def told(facts: Sequence[NeedFact], on: date, reading: Reading) -> list[Told]:
    """What holds on a day and what does not, of the facts of one customer: what holds first, in the order of the words.

    What is sure enough for figures takes the place of what is not; then what was stated, then what was said last.
    """
    taken: set[tuple[str, str]] = set()
    found = []
    for fact in sorted(facts, key=lambda one: (reading.is_sure(one), one.is_stated, one.said_on, one.pk), reverse=True):
        word = reading.word_of(fact.predicate)
        key = (fact.predicate, fact.value.casefold() if word.predicate.are_many else "")
        why = _gone(fact, on) or ("superseded" if key in taken else "")
        if not why:
            taken.add(key)
        found.append(Told(fact, word, why))
    order = [*reading.words]
    return sorted(
        found, key=lambda one: (not one.holds, order.index(one.word.name) if one.word.name in order else len(order))
    )  # fmt: skip


def _gone(fact: NeedFact, on: date) -> str:
    if fact.withdrawn_at is not None:
        return "withdrawn"
    if fact.said_on > on:
        return "to come"
    return "expired" if fact.expires_on is not None and fact.expires_on < on else ""


def needs_mark() -> list[Any]:
    """What needs and potentials are made of beside the ledger, in short: the same, the same result."""
    said = NeedFact.objects.aggregate(Max("id"), Count("id"), Count("withdrawn_at"))
    related = Relation.objects.aggregate(Max("id"), Count("withdrawn_at"), Count("ended_at"), Max("ended_at"))
    own = Setting.objects.filter(Q(name=WORDS) | Q(name=TERMS)).order_by("id").values_list("id", flat=True)
    return [*said.values(), *related.values(), *own]
