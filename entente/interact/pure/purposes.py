"""Why we speak, and over what. The purposes are ordered: a stronger one is bound by fewer rules."""

from enum import StrEnum


class Purpose(StrEnum):
    """Strongest first; the order of definition is the order of strength."""

    EMERGENCY = "emergency"
    LEGAL = "legal"
    TRANSACTIONAL = "transactional"
    SERVICE = "service"
    RELATIONSHIP = "relationship"
    MARKETING = "marketing"
    SURVEY = "survey"


class Channel(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    SMS = "sms"
    MESSENGER = "messenger"
    CHAT = "chat"
    LETTER = "letter"
    FAX = "fax"
    VISIT = "visit"
    PORTAL = "portal"


PURPOSES: tuple[Purpose, ...] = tuple(Purpose)
CHANNELS: tuple[Channel, ...] = tuple(Channel)
STRENGTH: dict[Purpose, int] = {purpose: place for place, purpose in enumerate(PURPOSES)}
CHANNEL_INDEX: dict[Channel, int] = {channel: place for place, channel in enumerate(CHANNELS)}


def effective_purpose(purpose: Purpose, promotional: bool) -> Purpose:
    """The purpose whose rules apply.

    Promotion inside a transactional, service or relationship message makes it marketing. A survey is weaker
    than marketing and stays one; an emergency or a legal notice stays what it is, for it must arrive.
    """
    if promotional and STRENGTH[Purpose.TRANSACTIONAL] <= STRENGTH[purpose] <= STRENGTH[Purpose.RELATIONSHIP]:
        return Purpose.MARKETING
    return purpose
