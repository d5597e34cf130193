"""What the contact rules need to know: of one person, of one question."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from entente.interact.pure.clocks import FIRST_YEAR, LAST_YEAR
from entente.interact.pure.purposes import Channel, Purpose
from entente.interact.pure.windows import Window
from entente.lib.errors import EntenteError

PERSON, HOUSEHOLD, FIRM = "person", "household", "firm"
CIRCLES = (PERSON, HOUSEHOLD, FIRM)


class UnusableInstant(EntenteError):
    """An instant without a zone, or outside the years that clocks are known for."""


def seconds(instant: datetime) -> int:
    """Whole seconds since 1970-01-01 UTC. Raises UnusableInstant without a zone or after 9990."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise UnusableInstant(f"{instant.isoformat()} has no time zone. Give the instant with one, for example +00:00.")
    if instant.year > LAST_YEAR:
        raise UnusableInstant(f"{instant.isoformat()} is later than {LAST_YEAR}. Give an earlier instant.")
    return int(instant.timestamp() // 1)


def instant_of(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@dataclass(frozen=True)
class Frequency:
    """What a person asked for: at most `limit` contacts in any `days` days, over all channels."""

    limit: int
    days: int


@dataclass(frozen=True)
class Preferences:
    """What a person told us of how they wish to be spoken to. None means: not said.

    channels: the only channels welcome.
    hours: the only hours welcome, in the person's wall time, as windows with weekdays.
    frequency: at most so often.
    paused_from, paused_until: no contact in between; an open end lasts.
    weekend: the weekdays this person rests on, Monday is 0; it replaces the country's weekend.
    religious_days: dates this person declared; never concluded from a country or a name.
    religious_yearly: (month, day) pairs that return every year.
    religious_weekdays: weekdays kept free for religion, such as Saturday.
    """

    channels: frozenset[Channel] | None = None
    hours: tuple[Window, ...] | None = None
    frequency: Frequency | None = None
    paused_from: datetime | None = None
    paused_until: datetime | None = None
    weekend: frozenset[int] | None = None
    religious_days: frozenset[date] = frozenset()
    religious_yearly: frozenset[tuple[int, int]] = frozenset()
    religious_weekdays: frozenset[int] = frozenset()


@dataclass(frozen=True)
class ConsentEvent:
    """Granted or withdrawn, never edited. None for purpose or channel speaks of all of them."""

    purpose: Purpose | None
    channel: Channel | None
    granted: bool
    at: datetime


@dataclass(frozen=True)
class Block:
    """Do not contact. None for channel or purpose means all; without `until` it stands until somebody lifts it."""

    channel: Channel | None = None
    purpose: Purpose | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None


@dataclass(frozen=True)
class Contact:
    """One contact that happened, or whose slot is reserved.

    inbound: they came to us; such contacts count for silence, never for caps.
    two_way: both sides spoke.
    outcome: the trade's word, such as no_answer; one that never reached anybody (policy.returned) gives its slot back.
    circle: whose contact it was: person, household (another of the household) or firm (another of the firm).
    key: the idempotency key it was made under.
    """

    at: datetime
    channel: Channel
    purpose: Purpose
    inbound: bool = False
    two_way: bool = False
    outcome: str | None = None
    topic: str | None = None
    circle: str = PERSON
    key: str | None = None


@dataclass(frozen=True)
class Person:
    """Everything about one person that a rule may look at.

    since_at: when this customer became known; the silence of somebody never spoken to is counted from it.
    level: top, big, medium, small, or another that has no longest silence.
    """

    key: object = None
    country: str | None = None
    subdivision: str | None = None
    phone: str | None = None
    postcode: str | None = None
    zone: str | None = None
    preferences: Preferences = field(default_factory=Preferences)
    consents: tuple[ConsentEvent, ...] = ()
    blocks: tuple[Block, ...] = ()
    history: tuple[Contact, ...] = ()
    level: str | None = None
    since_at: datetime | None = None


@dataclass(frozen=True)
class Question:
    """May we, at `at`, for `purpose`, over `channel`? Only what was known at `at` is looked at.

    expires_at: the message is worthless from then on.
    promotional: it carries promotion, so the rules of marketing apply.
    key: idempotency; a person whose history has the key already got it.
    """

    channel: Channel
    purpose: Purpose
    at: datetime
    expires_at: datetime | None = None
    topic: str | None = None
    promotional: bool = False
    key: str | None = None

    @property
    def second(self) -> int:
        """`at` in whole seconds. Raises UnusableInstant for one that no rule can be asked about."""
        if self.at.year < FIRST_YEAR:
            raise UnusableInstant(f"{self.at.isoformat()} is before {FIRST_YEAR}. Ask about a later instant.")
        return seconds(self.at)
