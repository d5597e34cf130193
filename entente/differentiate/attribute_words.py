"""What an attribute is by its name: about something the law protects, a name, or something that comes of dealing with the firm.

Names are compared word by word after `norm`, in English, German, Russian and Persian. A word that ends in * begins one of the words of the
name, one between two * stands anywhere in it, and several words stand beside each other.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from entente.lib.norm import norm

NAME: Final = "name"
DEALING: Final = "dealing"

PROTECTED: Final = {
    "age": "age|aged|agegroup|ageband|agerange|born|*birth*|dob|d o b|yob|"
    "*geburt*|geb|gebdat*|alter|alters*|jahrgang|возраст*|*рожд*|سن|*تولد*",
    "sex": "sex|gender*|male|female|*geschlecht*|mannlich|weiblich|мужской|женский|salutation|anrede|пол|гендер*|обращение|*جنسیت*",
    "nationality": "nation|national|nationalit*|citizen*|staatsangehorig*|staatsburger*|passport*|гражданств*|национальност*|ملیت|تابعیت",
    "origin": "origin*|ethni*|immigra*|migrationshintergrund|mother tongue|native language|muttersprache|родной язык|زبان مادری|"
    "race|racial|skin*|herkunft*|hautfarbe|abstammung|происхожд*|этнич*|раса|قومیت|نژاد",
    "religion": "religi*|faith|church*|denomination|konfession*|kirche*|glaube*|религи*|вероисповед*|конфесси*|مذهب|دین",
    "health": "health*|medical*|hiv|blood group|blood type|blutgruppe|"
    "illness*|disease*|pregnan*|gesundheit*|krankheit*|schwanger*|здоров*|болезн*|диагноз*|سلامت*|بیماری*",
    "disability": "disab*|handicap*|*behinder*|инвалид*|معلولیت|ناتوانی",
    "marital status": "marital*|civil status|relationship status|family status|zivilstand|personenstand|divorced|widow*|married|"
    "spouse*|familienstand|verheiratet|ehestand|семейн*|брак|женат|замужем|تاهل|متاهل",
    "politics": "politic*|*partei*|party membership|voter*|партийн*|политич*|سیاسی|حزب",
    "union": "union|unionised|unionized|gewerkschaft*|профсоюз*|اتحادیه*|سندیکا",
    "sexual orientation": "sexual*|orientation|sexuell*|сексуальн*|ориентац*|گرایش جنسی|جنسی",
}
"""What each is about -> its words. Never used unless the firm switches an attribute on by its name."""

NAMES: Final = "name|names|firstname|forename|given|surname|lastname|fullname|vorname|nachname|familienname|имя|фамилия|отчество|фио|نام"
"""Of people and firms: they say where somebody comes from, and a name is no reason. Never used."""

DEALINGS: Final = (
    "account manager|account owner|sales rep|sales representative|salesperson|looked after*|betreuer*|aussendienst*|ansprechpartner intern|"
    "payment*|zahlung*|credit*|kredit*|debtor*|debitor*|customer number|customer no|customer id|client id|account number|kundennummer|"
    "kunden nr|kundennr|customer since|kunde seit|discount*|rabatt*|skonto|order*|bestell*|auftrag*|invoice*|rechnung*|delivery*|liefer*|"
    "price list|price group|preisliste|preisgruppe|contract*|vertrag*|loyalty*|bonus*|balance|saldo|dunning*|mahn*|last contact|complaint*|"
    "reklamation*|returns|retouren|менеджер*|ответственн*|оплат*|кредит*|скидк*|заказ*|счет*|договор*|номер клиента|клиент с|доставк*|"
    "жалоб*|долг*|مدیر حساب|پرداخت*|اعتبار*|تخفیف*|سفارش*|فاکتور*|قرارداد*|شماره مشتری|تحویل*|شکایت*|بدهی*"
)
"""What somebody has only for having dealt with the firm: it tells who is a customer, not who becomes a good one."""


def kind_of(name: str, *, more_dealings: Iterable[str] = ()) -> str:
    """What an attribute is about: one of PROTECTED, NAME, DEALING, or "" where it may be used. more_dealings: the firm's own words."""
    words = plain(name).split()
    for kind, said in PROTECTED.items():
        if _says(words, _patterns(said)):
            return kind
    if _says(words, _patterns(NAMES)):
        return NAME
    own = [found for one in more_dealings for found in _patterns(one)]
    return DEALING if _says(words, [*_patterns(DEALINGS), *own]) else ""


def plain(name: str) -> str:
    """A name by which attributes are compared: dateOfBirth, Date_of_birth and DATE-OF-BIRTH are one."""
    return norm(re.sub(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])", " ", name.replace("ß", "ss")))


@cache
def _patterns(said: str) -> tuple[tuple[str, bool, bool], ...]:
    """Of each word: what is compared, and whether it may stand after other letters and before others."""
    parts = [one.strip() for one in said.split("|")]
    return tuple((norm(one.replace("ß", "ss")), one.startswith("*"), one.endswith("*")) for one in parts if norm(one))


def _says(words: Sequence[str], patterns: Iterable[tuple[str, bool, bool]]) -> bool:
    joined = f" {' '.join(words)} "
    return any(("" if after else " ") + word + ("" if before else " ") in joined for word, after, before in patterns)
