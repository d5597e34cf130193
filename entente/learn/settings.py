"""How many customers are held out, as the firm has set it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from entente.learn.assign import own_terms
from entente.learn.pure.holdout import DEFAULT_SHARE
from entente.lib.errors import EntenteError
from entente.staff.models import User
from entente.staff.settings import put_setting, setting

# Beyond, the firm gives up more than it can learn.
MOST = 0.3


class ImpossibleHoldOut(EntenteError):
    """A share of customers that cannot be held out."""


def hold_out_share() -> float:
    """The share in force. Draws no salt: looking changes nothing."""
    return float(setting("hold_out").get("share", DEFAULT_SHARE))


def set_hold_out_share(share: str | float, *, by: User | None) -> float:
    """Hold out another share from the next cycle on. The salt stays, so that who was held out under the smaller share still is
    under the larger. Raises ImpossibleHoldOut."""
    try:
        wanted = float(str(share).replace(",", ".").replace("٫", "."))
    except ValueError:
        wanted = -1.0
    if not 0.0 <= wanted <= MOST:
        raise ImpossibleHoldOut(
            _("Give a share from 0 to %(most)s, such as 0.05 for one customer in twenty.") % {"most": MOST}
        )
    put_setting("hold_out", {**own_terms(), "share": wanted}, by=by)
    return wanted
