"""The five countries the sample firm sells to."""

from __future__ import annotations

from entente.sample.pure.britain import BRITAIN
from entente.sample.pure.germany import GERMANY
from entente.sample.pure.iran import IRAN
from entente.sample.pure.russia import RUSSIA
from entente.sample.pure.saudi_arabia import SAUDI_ARABIA

COUNTRIES = (BRITAIN, GERMANY, SAUDI_ARABIA, IRAN, RUSSIA)
