"""May we contact this person now? If not, when does it open, and why, in words.

The same law as `batch.check_many`, for one person, with everything explained.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from entente.interact.pure import calendars
from entente.interact.pure.batch import NOT_SENT, VERDICTS, Answers, Working, decide
from entente.interact.pure.clocks import DAY, FAR
from entente.interact.pure.columns import people_of
from entente.interact.pure.open_times import EPOCH, clocks_of, day_off, why_closed
from entente.interact.pure.people import Person, Question, instant_of, seconds
from entente.interact.pure.policy import DEFAULT_POLICY, ContactPolicy
from entente.interact.pure.reasons import CODES, Reason, reason
from entente.interact.pure.silence import Silence
from entente.interact.pure.windows import OFF

MAX_TOLD = 5


@dataclass(frozen=True)
class Answer:
    """verdict: send at `opens_at`, drop it, or ask a person first.

    allowed_now: SEND_AT, and `opens_at` is the instant asked about.
    opens_at: the first permitted instant, in the person's zone (the first candidate where there are several); None if
    none.
    reasons: why not now, the first rule first; what else delays it follows. For a drop: why.
    notes: what was assumed for want of knowledge.
    zones: the candidates that were all asked.
    silence: how long it has been quiet, and whether that is too long. It permits nothing: blocks still win.
    """

    verdict: Literal["SEND_AT", "DROP", "ASK"]
    allowed_now: bool
    opens_at: datetime | None
    reasons: tuple[Reason, ...]
    notes: tuple[Reason, ...]
    zones: tuple[str, ...]
    silence: Silence
    silence_reason: Reason | None = None

    @property
    def opens(self) -> Reason | None:
        """When it opens, as a reason a face can translate; None when it is open now or never."""
        if self.opens_at is None or self.allowed_now:
            return None
        return told_time(self.opens_at)

    @property
    def sentence(self) -> str:
        """The whole answer in English."""
        if self.allowed_now:
            return "Yes, now."
        parts = ["Ask first." if self.verdict == "ASK" else "Not now." if self.opens_at else "No."]
        parts += [each.text for each in self.reasons]
        if self.opens is not None:
            parts.append(self.opens.text)
        return " ".join(parts)

    def opens_in(self, now: datetime) -> timedelta | None:
        """Elapsed time from `now` until it opens, at least 0; None if it never does."""
        return None if self.opens_at is None else max(timedelta(0), self.opens_at - now)


def check(person: Person, question: Question, policy: ContactPolicy = DEFAULT_POLICY) -> Answer:
    """May we contact this person? Raises UnusableInstant for an instant without a zone."""
    answers, working = decide(people_of([person]), question, policy)
    situation = working.situations[0]
    verdict = VERDICTS[int(answers.verdict[0])]
    send_at = int(answers.send_at[0])
    now = bool(answers.allowed_now[0])
    opens_at = None
    if send_at != NOT_SENT:
        exact = question.at if now else instant_of(send_at)
        opens_at = exact.astimezone(ZoneInfo(situation.zones[0]))
    days, limit = int(answers.silent_days[0]), policy.silence.get(person.level or "")
    silence = Silence(
        days=None if days < 0 else days,
        limit=limit,
        due=bool(answers.silence_due[0]),
        escalate=bool(answers.silence_escalate[0]),
        never=not any(each.two_way and each.circle == "person" and each.at <= question.at for each in person.history),
    )
    return Answer(
        verdict=verdict,
        allowed_now=now,
        opens_at=opens_at,
        reasons=tuple(_reasons(person, question, policy, answers, working)),
        notes=tuple(_notes(question, policy, working)),
        zones=working.places[0].zones,
        silence=silence,
        silence_reason=_silence_reason(silence),
    )


def told_time(opens_at: datetime) -> Reason:
    offset = opens_at.strftime("%z")
    return reason(
        "opens",
        weekday=opens_at.strftime("%A"),
        day=opens_at.date().isoformat(),
        wall=opens_at.strftime("%H:%M"),
        offset=f"{offset[:3]}:{offset[3:5]}",
        zone=str(opens_at.tzinfo),
    )


def _silence_reason(silence: Silence) -> Reason | None:
    if not silence.due or silence.days is None or silence.limit is None:
        return None
    code = "silence_never" if silence.never else "silence_escalate" if silence.escalate else "silence_due"
    return reason(code, days=silence.days, limit=silence.limit)


def _reasons(
    person: Person, question: Question, policy: ContactPolicy, answers: Answers, working: Working
) -> list[Reason]:
    if answers.allowed_now[0]:
        return []
    code = CODES[answers.code[0]]
    values: dict[str, str | int] = {"purpose": working.purpose.value, "channel": question.channel.value}
    if code in ("consent_withdrawn", "consent_missing", "channel_unwanted"):
        return [reason(code, **values)]
    if code == "duplicate":
        done = next(each for each in person.history if each.key == question.key and each.outcome not in policy.returned)
        return [reason(code, key=question.key or "", day=done.at.date().isoformat())]
    if code == "blocked":
        lasting = [each for each in person.blocks if each.until_at is None and each.channel in (None, question.channel)]
        since = [each.from_at for each in lasting if each.from_at is not None]
        return [reason(code, day=min(since).date().isoformat() if since else "the beginning")]
    if code == "zone_unclear":
        return [reason(code, **values, count=len(working.situations[0].zones))]
    if code == "no_open_hour":
        return [reason(code, **values, days=policy.horizon_days), *_delays(question, working, working.end)]
    if code == "expires_first":
        until = _spoken_instant(working.expires or 0, working)
        return [reason(code, until=until), *_delays(question, working, working.expires or working.end)]
    if code == "beyond_horizon":
        return [reason(code, days=policy.horizon_days), *_delays(question, working, working.end)]
    return _delays(question, working, int(answers.send_at[0]))


def _delays(question: Question, working: Working, until: int) -> list[Reason]:
    """Why not now, then what else lies between now and `until`: each kind once, at most MAX_TOLD."""
    situation, ahead, at = working.situations[0], working.obstacles, working.at
    found = why_closed(situation, question, working.purpose, at)
    order = np.lexsort((ahead.end, ahead.rule))
    now = (ahead.start <= at) & (at < ahead.end)
    soon = (ahead.start < until) & (ahead.end > at) & ~now
    for which in (now, soon):
        for place in order[which[order]].tolist():
            code, values = ahead.rules[int(ahead.rule[place])]
            found.append(reason(code, **values, until=_spoken_instant(int(ahead.end[place]), working)))
    if until < working.end:
        found += _days_between(working, until)
    told: dict[tuple[str, object], Reason] = {}
    for each in found:
        told.setdefault((each.code, each.params.get("rule") or each.params.get("name")), each)
    return list(told.values())[:MAX_TOLD]


def _days_between(working: Working, until: int) -> list[Reason]:
    situation = working.situations[0]
    if all(each.days_off for each in situation.windows):
        return []
    clock = clocks_of(situation, working.at)[0]
    first, last = clock.wall_of(working.at) // DAY, clock.wall_of(until) // DAY
    days = range(first, min(last, first + 14))
    found = [day_off(situation, EPOCH + timedelta(days=day)) for day in days]
    return [told for limit, told in found if told is not None and limit == OFF]


def _spoken_instant(instant: int, working: Working) -> str:
    if instant >= FAR:
        return "further notice"
    zone = ZoneInfo(working.situations[0].zones[0])
    return instant_of(instant).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _notes(question: Question, policy: ContactPolicy, working: Working) -> list[Reason]:
    place, situation = working.places[0], working.situations[0]
    notes = [reason(code) for code in place.notes]
    if working.purpose != question.purpose:
        notes.append(reason("purpose_raised"))
    if situation.any_time:
        return notes
    if not place.zones:
        notes.append(reason("zone_from_firm", zone=policy.firm_zone))
    elif len(clocks_of(situation, working.at)) > 1:
        notes.append(reason("zone_candidates", count=len(place.zones)))
    if all(each.days_off for each in situation.windows):
        return notes
    if situation.country is None:
        return [*notes, reason("country_unknown")]
    parts = calendars.subdivisions(situation.country)
    if parts and situation.subdivision not in parts and policy.union_of_subdivisions:
        notes.append(reason("subdivision_unknown", country=situation.country))
    year = (EPOCH + timedelta(days=seconds(question.at) // DAY)).year
    if not calendars.year_of(situation.country, situation.subdivision, year, situation.union).known:
        notes.append(reason("no_holiday_data", country=situation.country, year=year))
    return notes
