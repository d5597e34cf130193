"""A firm's contact policy, and its defaults: starting guesses, settings to be replaced by measurement.

The hours follow common practice (marketing calls on working days from nine to six; nothing that is owed is held back
in a mailbox) and are meant to be too quiet rather than too loud. The law of a country may ask for more; a firm writes
it here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from entente.interact.pure.caps import Cap, Exclusion, Gap, Rest
from entente.interact.pure.purposes import CHANNELS, PURPOSES, Channel, Purpose
from entente.interact.pure.windows import ALL_DAY, Window, window

Pair = tuple[Channel, Purpose]
Hours = Mapping[Pair, tuple[Window, ...]]

CHOSEN = frozenset({Purpose.RELATIONSHIP, Purpose.MARKETING, Purpose.SURVEY})
OWED = frozenset({Purpose.EMERGENCY, Purpose.LEGAL})
PROMOTING = frozenset({Purpose.MARKETING, Purpose.SURVEY})

# (channels, purposes, hours, also on days off). The first row that fits counts; what none fits is always welcome.
_HOURS: tuple[tuple[str, str, str, bool], ...] = (
    ("phone", "legal transactional service", "08:00-20:00", False),
    ("phone", "relationship marketing", "09:00-18:00", False),
    ("phone", "survey", "10:00-18:00", False),
    ("visit", "legal transactional service relationship", "08:00-18:00", False),
    ("visit", "marketing survey", "09:00-17:00", False),
    ("fax", "legal transactional service relationship marketing survey", "08:00-18:00", False),
    ("email", "relationship", "08:00-20:00", False),
    ("email", "marketing survey", "08:00-20:00", False),
    ("sms messenger", "legal transactional service", "08:00-21:00", True),
    ("sms messenger", "relationship", "09:00-20:00", False),
    ("sms messenger", "marketing survey", "09:00-18:00", False),
    ("chat", "relationship", "08:00-20:00", False),
    ("chat", "marketing survey", "09:00-18:00", False),
)


def default_hours() -> Hours:
    table: dict[Pair, tuple[Window, ...]] = {}
    for channels, purposes, hours, days_off in _HOURS:
        for channel in channels.split():
            for purpose in purposes.split():
                table[Channel(channel), Purpose(purpose)] = (window(hours, days_off=days_off),)
    for channel in CHANNELS:
        for each in PURPOSES:
            table.setdefault((channel, each), (ALL_DAY,))
    return MappingProxyType(table)


def default_consent() -> frozenset[Pair]:
    """Promotion in writing needs a yes first; a call or a letter needs only that nobody said no."""
    written = (Channel.EMAIL, Channel.SMS, Channel.MESSENGER, Channel.FAX)
    return frozenset((channel, purpose) for channel in written for purpose in PROMOTING)


DEFAULT_CAPS = (
    Cap("one a day", 1, CHOSEN, per="day"),
    Cap("two in a week", 2, CHOSEN, days=7),
    Cap("six in a month", 6, CHOSEN, days=30),
    Cap("calls in a fortnight", 1, PROMOTING, days=14, channels=frozenset({Channel.PHONE})),
    Cap("one survey a quarter", 1, frozenset({Purpose.SURVEY}), days=90),
    Cap("household in a week", 3, CHOSEN, days=7, circle="household"),
    Cap("firm in a week", 10, CHOSEN, days=7, circle="firm"),
    Cap("one topic a fortnight", 1, PROMOTING, days=14, same_topic=True),
)
DEFAULT_GAPS = (Gap("a night between", CHOSEN, hours=18), Gap("marketing", PROMOTING, days=2))
DEFAULT_RESTS = (
    Rest("no answer", "no_answer", CHOSEN, hours=4, same_channel=True),
    Rest("busy", "busy", CHOSEN, hours=1, same_channel=True),
    Rest("refused", "refused", PROMOTING, days=90),
    Rest("complained", "complained", PROMOTING, days=30),
    Rest("bought", "bought", PROMOTING, days=3),
    Rest("bounced", "bounced", CHOSEN, days=7, same_channel=True),
)
DEFAULT_EXCLUSIONS = (Exclusion("no offer beside a legal notice", PROMOTING, frozenset({Purpose.LEGAL}), days=7),)


CAREFUL = window("11:00-16:00")


@dataclass(frozen=True)
class ContactPolicy:
    """The firm's rules. Every default is a setting.

    hours: for each channel and purpose, the windows in the person's wall time; ALL_DAY is any time.
    consent: the pairs that need a grant before the first message. A withdrawal denies whether or not a pair is here.
    caps, gaps, rests, exclusions: see caps.py; each names the purposes it binds.
    silence: G, days of silence by level; escalate_at: times G when somebody senior is told.
    wishes_bind: purposes for which a person's channels, hours, frequency and pause are kept.
    block_spares: purposes that a block without a purpose does not stop: what must arrive.
    firm_zone, firm_country: where the firm is; used for a person of whom nothing is known.
    careful: the window, in the firm's zone, for a person whose zone is not known.
    horizon_days: how far ahead a time is looked for.
    half_day_until: minutes after midnight when a half holiday ends the day's windows.
    short_days: (country, weekday) -> minutes; a weekday that is half worked. Iran's Thursday, the Emirates' Friday.
    union_of_subdivisions: without a subdivision, a day off anywhere in the country is a day off.
    returned: outcomes of contacts that reached nobody and give their slot back.
    best_hours: hours of the day thought best for a call until answered calls say otherwise.
    """

    hours: Hours = field(default_factory=default_hours)
    consent: frozenset[Pair] = field(default_factory=default_consent)
    caps: tuple[Cap, ...] = DEFAULT_CAPS
    gaps: tuple[Gap, ...] = DEFAULT_GAPS
    rests: tuple[Rest, ...] = DEFAULT_RESTS
    exclusions: tuple[Exclusion, ...] = DEFAULT_EXCLUSIONS
    silence: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({"top": 30, "big": 60, "medium": 120, "small": 365})
    )
    escalate_at: float = 1.5
    wishes_bind: frozenset[Purpose] = frozenset({Purpose.SERVICE}) | CHOSEN
    block_spares: frozenset[Purpose] = OWED
    firm_zone: str = "UTC"
    firm_country: str | None = None
    careful: Window = CAREFUL
    horizon_days: int = 60
    half_day_until: int = 12 * 60
    short_days: Mapping[tuple[str, int], int] = field(
        default_factory=lambda: MappingProxyType({("IR", 3): 13 * 60, ("AE", 4): 12 * 60})
    )
    union_of_subdivisions: bool = True
    returned: frozenset[str] = frozenset({"failed", "returned", "cancelled"})
    best_hours: frozenset[int] = frozenset({10, 11, 14, 15})

    def needs_consent(self, channel: Channel, purpose: Purpose) -> bool:
        return (channel, purpose) in self.consent


DEFAULT_POLICY = ContactPolicy()
