"""May anything ever be sent to these people, over a channel and for a purpose? What consent and wishes say, whatever the hour.

The same answers as `check_many` gives, but without looking for the hour: caps, gaps and pauses only say when.
"""

from dataclasses import dataclass

import numpy as np

from entente.interact.pure.columns import ConsentEvents, Flags
from entente.interact.pure.consent import NAMED_ONLY, Consent, standings
from entente.interact.pure.policy import ContactPolicy
from entente.interact.pure.purposes import CHANNEL_INDEX, STRENGTH, Channel, Purpose


@dataclass(frozen=True, eq=False)
class Reach:
    """(n,) each. open: a message may go. lacks_consent: it may not, only because nobody has asked them yet. asked: they said yes or no."""

    open: Flags
    lacks_consent: Flags
    asked: Flags


def may_reach(
    people: int, events: ConsentEvents, unwanted: Flags, channel: Channel, purpose: Purpose, policy: ContactPolicy
) -> Reach:
    """people: how many; events: what they said until the instant asked about. unwanted: (people,) whose wishes leave the channel out."""
    about = events.purpose == STRENGTH[purpose]
    if purpose not in NAMED_ONLY:
        about = about | (events.purpose == -1)
    kept = about & ((events.channel == -1) | (events.channel == CHANNEL_INDEX[channel]))
    given = standings(events.row[kept], events.at[kept], events.granted[kept], people)
    refused = given == Consent.WITHDRAWN
    if purpose in policy.wishes_bind:
        refused = refused | unwanted
    if not policy.hours[channel, purpose]:
        refused = np.ones(people, np.bool_)
    missing = (given == Consent.NONE) & policy.needs_consent(channel, purpose)
    return Reach(~refused & ~missing, missing & ~refused, given != Consent.NONE)
