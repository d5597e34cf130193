"""Every word the contact rules say: a code, its parameters, and one English template each.

A face translates by the code: the templates use named %-placeholders, so gettext can wrap them, and `words` gives the
parameters in English. Parameters that are names of things (channel, purpose, weekday, outcome) are codes a face can
translate first.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from entente.interact.pure.calendars import country_name

TEMPLATES: Mapping[str, str] = {
    "allowed": "Allowed now.",
    # Never, or not until a person acts.
    "duplicate": "This person already has it: %(key)s was done on %(day)s.",
    "blocked": "This person must not be contacted: a block stands since %(day)s.",
    "channel_unwanted": "This person does not wish to be contacted by %(channel)s.",
    "consent_withdrawn": "Consent to %(purpose)s by %(channel)s is withdrawn.",
    "consent_missing": "%(purpose)s by %(channel)s needs consent, and none is recorded.",
    "no_open_hour": "In the next %(days)s days no hour is open for %(purpose)s by %(channel)s.",
    "beyond_horizon": "No time is free within %(days)s days.",
    "expires_first": "It expires on %(until)s, before it may be sent.",
    "zone_unclear": (
        "This person may be in any of %(count)s time zones, and in no hour is %(purpose)s by %(channel)s welcome "
        "in all of them. Ask where the person is."
    ),
    # Not now: the hour.
    "outside_hours": "It is %(wall)s on %(weekday)s in %(zone)s; %(purpose)s by %(channel)s is welcome %(hours)s.",
    "outside_wishes": "It is %(wall)s on %(weekday)s in %(zone)s; the person wishes to be contacted only %(hours)s.",
    "outside_careful": "The time zone of this person is not known, so only %(hours)s in %(zone)s is safe.",
    # Not now: the day.
    "weekend": "%(weekday)s is weekend in %(country)s.",
    "personal_weekend": "%(weekday)s is a day of rest for this person.",
    "holiday": "%(day)s is a holiday in %(country)s: %(name)s.",
    "holiday_near": "%(day)s may be a holiday in %(country)s: %(name)s depends on the moon.",
    "half_day": "%(day)s is a half day in %(country)s (%(name)s), until %(until)s.",
    "short_day": "%(weekday)s is a short day in %(country)s, until %(until)s.",
    "religious_day": "%(day)s is a religious day for this person.",
    # Not now: how often.
    "blocked_until": "A block stands until %(until)s.",
    "paused": "This person asked for a pause until %(until)s.",
    "frequency": "This person asked for at most %(limit)s in %(days)s days.",
    "rest": "After %(outcome)s we leave this person alone until %(until)s (%(rule)s).",
    "exclusion": "Too near another contact (%(rule)s), until %(until)s.",
    "gap": "Too soon after another contact (%(rule)s), until %(until)s.",
    "cap": "At most %(limit)s per %(circle)s (%(rule)s); free again from %(until)s.",
    # What was assumed.
    "zone_candidates": "The person may be in any of %(count)s time zones; only hours open in all of them count.",
    "zone_from_firm": "The time zone is not known; the firm's own (%(zone)s) is used.",
    "zone_unreadable": "The declared time zone is not one; it was not used.",
    "country_unreadable": "The country is not an ISO code; it was not used.",
    "country_unknown": "The country is not known; Saturday and Sunday count as the weekend, and no holidays are known.",
    "subdivision_unknown": "The part of %(country)s is not known; a holiday in any part counts.",
    "no_holiday_data": "No holidays are known for %(country)s in %(year)s; only its weekend counts.",
    "purpose_raised": "It carries promotion, so the rules of marketing apply.",
    # Silence.
    "silence_due": "Last spoke %(days)s days ago; %(limit)s is the limit at this level.",
    "silence_escalate": "Last spoke %(days)s days ago, far beyond the limit of %(limit)s at this level.",
    "silence_never": "Known for %(days)s days and never spoken to; %(limit)s is the limit at this level.",
    # When.
    "opens": "Opens %(weekday)s %(day)s %(wall)s %(offset)s (%(zone)s).",
}

# The place of a code in this list is the number that batches carry.
CODES: tuple[str, ...] = tuple(TEMPLATES)
NUMBER: Mapping[str, int] = {code: place for place, code in enumerate(CODES)}

CHANNEL_WORDS = {"email": "e-mail", "sms": "SMS", "phone": "phone", "messenger": "messenger", "chat": "chat"}
PURPOSE_WORDS = {
    "emergency": "an emergency notice",
    "legal": "a legal notice",
    "transactional": "a transactional message",
    "service": "service",
    "relationship": "a relationship contact",
    "marketing": "marketing",
    "survey": "a survey",
}


@dataclass(frozen=True)
class Reason:
    """One reason or note: a code of TEMPLATES, and its parameters as (name, value) pairs of plain values."""

    code: str
    values: tuple[tuple[str, str | int], ...] = ()

    @property
    def params(self) -> dict[str, str | int]:
        return dict(self.values)

    @property
    def text(self) -> str:
        """The sentence in English."""
        sentence = TEMPLATES[self.code] % words(self)
        return sentence[:1].upper() + sentence[1:]

    def as_dict(self) -> dict[str, object]:
        return {"code": self.code, "params": self.params, "text": self.text}


def reason(code: str, **values: str | int) -> Reason:
    return Reason(
        code, tuple((name, str(value) if isinstance(value, str) else value) for name, value in values.items())
    )


def words(told: Reason) -> dict[str, str | int]:
    """The parameters as English words, for the template."""
    spoken = told.params
    if "country" in spoken:
        spoken["country"] = country_name(str(spoken["country"]) or None)
    if "channel" in spoken:
        spoken["channel"] = CHANNEL_WORDS.get(str(spoken["channel"]), str(spoken["channel"]))
    if "purpose" in spoken:
        spoken["purpose"] = PURPOSE_WORDS.get(str(spoken["purpose"]), str(spoken["purpose"]))
    if "outcome" in spoken:
        spoken["outcome"] = f"“{str(spoken['outcome']).replace('_', ' ')}”"
    return spoken
