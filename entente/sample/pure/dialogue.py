"""What was said: complaints, calls, mails, visits; what was allowed; how some wish to be contacted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from entente.sample.pure.calendar import Span, days_off
from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.parties import CALL_LIST, SHOP, SampleParty
from entente.sample.pure.population import GROUPS, Population

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Wishes = dict[str, object]

# By group: outgoing calls, mails in both directions, visits, all a month while the relationship lives; and
# questions by order.
CALLS = (0.9, 0.45, 0.11, 0.0, 0.12, 0.0)
MAILS = (0.45, 0.25, 0.06, 0.02, 0.06, 0.0)
VISITS = (0.22, 0.10, 0.004, 0.0, 0.02, 0.0)
OUTCOMES, OUTCOME_ODDS = ("reached", "no_answer", "voicemail", "wrong_number"), (0.64, 0.23, 0.11, 0.02)
COMPLAINTS, COMPLAINT_ODDS = ("late", "colour", "short"), (0.5, 0.2, 0.3)
NEVER_SETTLED = 0.02
CALL_NOTES = (
    ("Stock check for the coming month", "Went through what runs out next. Will send the list by Thursday."),
    ("New product shown", "Explained the low-odour range. Asked for a sample tin."),
    ("Delivery dates", "Wants the pallet before eight in the morning, forklift on site."),
    ("Prices for next quarter", "Compared with their other supplier. Decision at the end of the month."),
    ("Follow-up of the last delivery", "All arrived. Content with the packing."),
    ("Site visit arranged", "Meets us at the site to look at the substrate first."),
    ("Payment terms", "Asked for thirty days. To be confirmed by accounts."),
)
VISIT_NOTES = (
    ("Visit on site", "Looked at two facades. The old coating chalks: deep primer first."),
    ("Shelf check", "Outdoor wood is half empty. Agreed on a refill and a display."),
    ("Yearly talk", "Volume, prices and what to do better: deliveries on the agreed day."),
)
# Of those who are never content.
HARD_NOTES = (
    ("Shade disputed on site", "Compared tins for an hour. The shade is right; two tins come back all the same."),
    ("Quantities worked out again", "Wants the order in three deliveries, each on a day of its own."),
    ("Talk about open invoices", "Will pay by the end of the month, as promised last time."),
    ("Asked to come and look", "Nothing wrong with the coating: it was painted over a damp wall."),
)
VISIT_EVERY, CALL_EVERY = 18, 12
CONSENT_SHARE = (0.35, 0.35, 0.4, 0.5, 0.15, 0.0)
WITHDRAWN = 0.13
WITH_WISHES = 0.06


@dataclass(frozen=True)
class SampleInteraction:
    """party: row of the parties. at: minutes on the party's own clock since the sample's first midnight; settled alike.
    by: number of the user who spoke for the firm, None for what only came in. order: the order it is about, by
    number."""

    party: int
    kind: str
    channel: str
    purpose: str
    is_outgoing: bool
    is_two_way: bool
    at: int
    minutes: int | None
    subject: str
    body: str
    outcome: str = ""
    settled: int | None = None
    by: int | None = None


@dataclass(frozen=True)
class SampleConsent:
    party: int
    channel: str
    purpose: str
    is_granted: bool
    at: int
    wording: str
    evidence: str


class Dialogue:
    """Writes what was said to the parties of a population, day by day of its span; keeps nothing after `as_of`."""

    def __init__(self, people: Population, records: list[SampleParty], span: Span, rng: np.random.Generator) -> None:
        self._people, self._records, self._span, self._rng = people, records, span, rng
        self._groups = people.group[[record.person for record in records]]
        self._countries = people.country[[record.person for record in records]]
        self._working = [np.flatnonzero(~days_off(country, span)[: span.days]) for country in COUNTRIES]
        self.interactions: list[SampleInteraction] = []
        self.consents: list[SampleConsent] = []

    def _when(self, party: int, day: int) -> int:
        """A minute in office hours of the last working day there until `day`."""
        working = self._working[self._countries[party]]
        place = max(0, int(np.searchsorted(working, day, side="right")) - 1)
        return int(working[place]) * 1440 + min(1010, max(541, int(self._rng.normal(750, 110))))

    def _one_of(self, odds: tuple[float, ...]) -> int:
        """A place drawn with these odds, which add up to one."""
        left = self._rng.random()
        for place, share in enumerate(odds):
            left -= share
            if left < 0:
                return place
        return len(odds) - 1

    def complaints(self, parties: Ints, days: Ints, numbers: list[str]) -> list[str]:
        """One complaint for each order complained of: some days after it, most of them settled within three weeks.

        Returns what is wrong with each of these orders, whether or not they have said so by `as_of`.
        """
        last = self._span.days - 1
        causes = []
        for party, day, number in zip(parties.tolist(), days.tolist(), numbers, strict=True):
            rng = self._rng
            raised = day + int(rng.integers(2, 12))
            cause = COMPLAINTS[self._one_of(COMPLAINT_ODDS)]
            causes.append(cause)
            settled_on = raised + 1 + int(rng.gamma(1.3, 4.0))
            never = rng.random() < NEVER_SETTLED
            channel = ("phone", "email", "portal")[int(rng.integers(3))]
            if raised > last:
                continue
            at = self._when(party, raised)
            settled = None if never or settled_on > last else max(at + 45, self._when(party, settled_on))
            subject, body = COUNTRIES[self._countries[party]].phrases[cause]
            self.interactions.append(
                SampleInteraction(
                    party,
                    "complaint",
                    channel,
                    "service",
                    False,
                    channel == "phone",
                    at,
                    9 if channel == "phone" else None,
                    subject.format(o=number),
                    body.format(o=number),
                    cause,
                    settled,
                    self._user(party) if channel == "phone" else None,
                )
            )
        return causes

    def contacts(self, first: Ints, last: Ints) -> None:
        """Calls, mails and visits of every party between its first day and its last (party rows; last < first:
        none)."""
        months = np.maximum(0, last - first + 1) / 30.4
        makers: tuple[tuple[tuple[float, ...], Callable[[int, int], None]], ...] = (
            (CALLS, self._call),
            (MAILS, self._mail),
            (VISITS, self._visit),
        )
        for rates, make in makers:
            many = self._rng.poisson(np.array(rates)[self._groups] * months)
            # Whoever is called a prospect has been spoken to at least once.
            if rates is CALLS:
                many = np.where(self._groups == GROUPS.index("prospect"), np.maximum(many, 1), many)
            party = np.repeat(np.arange(many.size), many)
            day = first[party] + np.floor(self._rng.random(party.size) * (last - first + 1)[party]).astype(np.int64)
            for who, when in zip(party.tolist(), day.tolist(), strict=True):
                make(who, when)

    def hard_work(self, parties: Ints, first: Ints) -> None:
        """Visits every other week or so and calls in between, over the last two years, to who is never content.

        first: as for `contacts`.
        """
        for party in parties.tolist():
            for every, make in ((VISIT_EVERY, self._hard_visit), (CALL_EVERY, self._call)):
                day = self._span.days - 1 - int(self._rng.integers(every))
                while day >= max(first[party], self._span.days - 730):
                    make(party, day)
                    day -= int(self._rng.integers(every - 4, every + 5))

    def _user(self, party: int) -> int:
        """The account manager where there is one (2 and 3 of the firm's users are its agents, 1 its manager)."""
        if self._groups[party] == 0:
            return 1
        return 2 if COUNTRIES[self._countries[party]].code in ("SA", "IR") else 3

    def _call(self, party: int, day: int) -> None:
        rng = self._rng
        incoming = rng.random() < 0.28
        outcome = "reached" if incoming else OUTCOMES[self._one_of(OUTCOME_ODDS)]
        reached = outcome == "reached"
        subject, body = CALL_NOTES[int(rng.integers(len(CALL_NOTES)))]
        purpose = "service" if incoming else "marketing" if self._groups[party] >= 4 else "relationship"
        self.interactions.append(
            SampleInteraction(
                party,
                "call",
                "phone",
                purpose,
                not incoming,
                reached,
                self._when(party, day),
                1 + int(rng.gamma(2.0, 3.0)) if reached else None,
                subject,
                body if reached else "",
                outcome,
                None,
                self._user(party),
            )
        )

    def _mail(self, party: int, day: int) -> None:
        if not self._records[party].email:
            return
        rng = self._rng
        phrases = COUNTRIES[self._countries[party]].phrases
        subject, body = phrases[("question", "quote", "thanks")[int(rng.integers(3))]]
        at = self._when(party, day)
        self.interactions.append(
            SampleInteraction(party, "mail", "email", "service", False, False, at, None, subject, body, "")
        )
        if rng.random() < 0.8:
            answered = at + 20 + int(rng.gamma(1.5, 60.0))
            if answered < self._span.days * 1440:
                self.interactions.append(
                    SampleInteraction(
                        party,
                        "mail",
                        "email",
                        "service",
                        True,
                        True,
                        answered,
                        None,
                        f"Re: {subject}",
                        "Thank you for writing. The answer is attached; call us if anything stays open.",
                        "",
                        None,
                        self._user(party),
                    )
                )

    def _hard_visit(self, party: int, day: int) -> None:
        self._visit(party, day, HARD_NOTES)

    def _visit(self, party: int, day: int, notes: tuple[tuple[str, str], ...] = VISIT_NOTES) -> None:
        subject, body = notes[int(self._rng.integers(len(notes)))]
        minutes = 30 + int(self._rng.gamma(3.0, 12.0))
        self.interactions.append(
            SampleInteraction(
                party,
                "visit",
                "visit",
                "relationship",
                True,
                True,
                self._when(party, day),
                minutes,
                subject,
                body,
                "reached",
                None,
                self._user(party),
            )
        )

    def consent(self, first: Ints) -> None:
        """Many allow offers by e-mail when they become known; some take it back; a few forbid calls. first:
        (parties,) day."""
        granting = self._rng.random(first.size) < np.array(CONSENT_SHARE)[self._groups]
        for party in np.flatnonzero(granting & (first < self._span.days)):
            record = self._records[party]
            yes, no = COUNTRIES[self._countries[party]].phrases["consent"]
            at = self._when(int(party), int(first[party]))
            evidence = {SHOP: "registration form of the shop", CALL_LIST: "note of the call"}.get(
                record.source, "order form"
            )
            channel = "email" if record.email else "sms"
            self.consents.append(SampleConsent(int(party), channel, "marketing", True, at, yes, evidence))
            days_left = self._span.days - 1 - at // 1440
            if self._rng.random() < WITHDRAWN and days_left > 2:
                later = self._when(int(party), at // 1440 + 1 + int(self._rng.integers(1, days_left)))
                if later > at:
                    self.consents.append(
                        SampleConsent(int(party), channel, "marketing", False, later, no, "mail of the customer")
                    )
        for party in np.flatnonzero(self._rng.random(first.size) < 0.02):
            if first[party] < self._span.days:
                at = self._when(int(party), min(self._span.days - 1, int(first[party]) + 30))
                self.consents.append(SampleConsent(int(party), "phone", "marketing", False, at, "", "note of the call"))

    def wishes(self) -> list[tuple[int, Wishes]]:
        """How some parties wish to be contacted: (party, wishes)."""
        chosen = np.flatnonzero(self._rng.random(self._groups.size) < WITH_WISHES)
        return [(int(party), self._wish(int(party))) for party in chosen]

    def _wish(self, party: int) -> Wishes:
        friday_rests = COUNTRIES[self._countries[party]].code in ("SA", "IR")
        choices: tuple[Wishes, ...] = (
            {"channels": ["email"]},
            {"channels": ["phone", "email"], "frequency": {"limit": 1, "days": 30}},
            {"hours": [{"hours": "14:00-17:00", "weekdays": "sun mon tue wed" if friday_rests else "mon tue wed thu"}]},
            {"hours": [{"hours": "09:00-12:00", "weekdays": ""}], "channels": ["phone"]},
            {"frequency": {"limit": 2, "days": 90}},
            {"paused_until": self._span.date(self._span.days + 20).isoformat() + "T00:00:00+00:00"},
        )
        return choices[int(self._rng.integers(len(choices)))]
