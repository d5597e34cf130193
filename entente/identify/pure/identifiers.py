"""Mail addresses, telephone numbers and the numbers of offices and banks: one spelling each, and nothing for what is none."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

from entente.identify.pure.names import JUNK
from entente.identify.pure.scripts import vocabulary

LONGEST_TEXT = 400
SHORTEST_PHONE = 8  # with its +
SHORTEST_NUMBER = 4
LONGEST_NUMBER = 40

_ADDRESS = re.compile(r"[^\s@<>\[\]()\",;:\\]+@[^\s@<>\[\]()\",;:\\]+")
_PLAIN_ADDRESS = re.compile(r"[a-z0-9][a-z0-9._+\-]{0,63}@(?:[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?\.)+[a-z]{2,24}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,24}|xn--[a-z0-9\-]{2,59})")
_LOCAL = re.compile(r"[^\s@.](?:[^\s@]{0,62}[^\s@.])?")

_SHARED = vocabulary("""
    info informacion information infos sales sale office kontakt contact contacts contactus hello hallo hi mail email post
    postmaster webmaster hostmaster admin administrator root abuse security noreply donotreply mailer support service
    services kundenservice kundendienst help helpdesk hilfe team staff enquiries enquiry inquiry inquiries reception
    orders order bestellung bestellungen einkauf purchasing purchase procurement vertrieb verkauf buchhaltung accounts
    account accounting accountspayable ap ar billing rechnung rechnungen invoice invoices finance finanzen payroll hr
    personal jobs job bewerbung careers career marketing press presse media news newsletter shop store web website
    buero secretariat sekretariat empfang zentrale verwaltung head headoffice general customerservice customercare customer
    customers feedback booking bookings reservations reservierung logistics logistik versand lager warehouse dispatch legal
    privacy datenschutz dpo commercial contabilidad ventas compras comercial administracion contacto contatto
    amministrazione vendite commerciale accueil secretariat comptabilite
    zakaz zakupki sklad buh buhgalteria prodaji otdel priemnaya sekretar opt kharid foroosh forush daftar mali
""")
_PLACEHOLDERS = vocabulary("""
    test tests testing tester test1 test123 testuser asdf asd qwerty abc abcd none null na nomail noemail nobody unknown
    unbekannt example sample dummy fake xxx xx yyy zzz aaa user username someone anyone you yourname name mustermann
    deleted invalid anonymous anonym
""")


def _domains(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOBODYS_DOMAINS = _domains("""
    example.com example.org example.net example.de test.com test.de test.ru test.net test.org domain.com email.com none.com
    noemail.com nomail.com no.com abc.com xxx.com asdf.com yourdomain.com company.com localhost.localdomain
""")
_PUBLIC = _domains("""
    gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.de yahoo.fr yahoo.it yahoo.es ymail.com rocketmail.com hotmail.com
    hotmail.co.uk hotmail.de hotmail.fr hotmail.it hotmail.es outlook.com outlook.de outlook.fr outlook.sa live.com live.de
    live.co.uk live.nl msn.com icloud.com me.com mac.com aol.com aol.de aim.com proton.me protonmail.com pm.me tutanota.com
    tuta.io gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.fr web.de t-online.de freenet.de arcor.de online.de posteo.de mailbox.org
    magenta.de 1und1.de kabelmail.de email.de bluewin.ch hispeed.ch sunrise.ch chello.at aon.at
    mail.ru bk.ru list.ru inbox.ru internet.ru yandex.ru yandex.com ya.ru rambler.ru lenta.ru ukr.net i.ua meta.ua tut.by abv.bg
    btinternet.com btopenworld.com sky.com virginmedia.com ntlworld.com talktalk.net blueyonder.co.uk tiscali.co.uk
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr libero.it virgilio.it tin.it alice.it tiscali.it
    telefonica.net terra.es ziggo.nl kpnmail.nl planet.nl xs4all.nl hetnet.nl telenet.be skynet.be wp.pl o2.pl onet.pl interia.pl
    op.pl seznam.cz centrum.cz qq.com 163.com 126.com sina.com naver.com daum.net hanmail.net rediffmail.com zoho.com mail.com
    fastmail.com hey.com comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net
    chmail.ir mailfa.com mihanmail.ir yahoo.com.br uol.com.br bol.com.br maktoob.com stc.net.sa
    """)


def email(text: str) -> str:
    """The first mail address in a text: lower case, without display name and mailto:, its domain as DNS writes it.

    '' where there is none, or none that mail could reach.
    """
    text = text[:LONGEST_TEXT].strip().lower()
    if _PLAIN_ADDRESS.fullmatch(text) and ".." not in text and "._" not in text and ".@" not in text:
        return text
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    text = text.replace("mailto:", " ").partition("?")[0]
    for found in _ADDRESS.finditer(text):
        local, _, domain = found[0].rpartition("@")
        local, domain = local.strip("'"), _ascii_domain(domain.strip(".'"))
        if _LOCAL.fullmatch(local) and ".." not in local and _DOMAIN.fullmatch(domain) and len(domain) < 254:
            return f"{local}@{domain}"
    return ""


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def mailbox_is_shared(email: str) -> bool:
    """Does this address say little about who wrote: a firm's common mailbox, a placeholder, or no address at all?"""
    local, at, domain = email.strip().lower().rpartition("@")
    if not at or not local or "." not in domain or domain in _NOBODYS_DOMAINS:
        return True
    stem = local.partition("+")[0]
    bare = "".join(character for character in stem if character.isalnum())
    named = bare.rstrip("0123456789")
    if not bare or len(domain) < 4 or named in _SHARED or named in _PLACEHOLDERS:
        return True
    # info-berlin@, sales.uk@, no-reply@: the first part says what it is.
    first = re.split(r"[._\-]", stem, maxsplit=1)[0]
    return first in _SHARED_FIRST or (len(bare) > 2 and len(set(bare)) == 1)


_SHARED_FIRST = _SHARED - vocabulary("personal general hi ap ar mali opt head legal web post")


def is_public_domain(domain: str) -> bool:
    """Where anybody can have a mailbox, so that one domain does not make one firm."""
    return domain.strip().lower().rpartition("@")[2].rstrip(".") in _PUBLIC


_INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u00ad")
)

# Country: its calling code, the prefix dialled within it, and how many digits follow. Only what phonenumbers says, too.
_PLANS = {
    "GB": ("44", "0", (10,)),
    "DE": ("49", "0", (7, 8, 9, 10, 11)),
    "IR": ("98", "0", (10,)),
    "RU": ("7", "8", (10,)),
    "SA": ("966", "0", (9,)),
    "FR": ("33", "0", (9,)),
}
_CLEAN = re.compile(
    r"\+(?:44(?=[1-9])\d{10}|49(?=[1-9])\d{7,11}|98(?=[1-9])\d{10}|7(?=[3-79])\d{10}|966(?=[1-9])\d{9}|33(?=[1-9])\d{9}|1(?=[2-9])\d{10})",
    re.ASCII,
)
_PUNCTUATION = re.compile(r"[\s().\-/\u2010-\u2015\u2212]+")
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")


def phone(text: str, country: str) -> str:
    """A telephone number in E.164, or ''.

    country: ISO 3166-1 alpha-2, where a number without + is dialled from. Possible by its length is enough: numbers are
    given out faster than lists of them. One digit over and over, 12345678 and the like are nobody's.
    """
    text = text[:LONGEST_TEXT].strip()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
        text = "".join(str(unicodedata.decimal(character, character)) for character in text)
    if not _CLEAN.fullmatch(text):
        text = _international(text, country.strip().upper())
    return "" if len(text) < SHORTEST_PHONE or _repeats_or_counts(text[-7:]) else text


def _international(text: str, country: str) -> str:
    text = _TRUNK_ZERO.sub("", re.split(r"[;,|\n]", text, maxsplit=1)[0])
    digits = _PUNCTUATION.sub("", text)
    if digits.startswith("00"):
        text = digits = "+" + digits[2:]
    if _CLEAN.fullmatch(digits):
        return digits
    if digits.isdecimal():
        if len(set(digits)) == 1 or len(digits) < 6:
            return ""
        if country in _PLANS:
            code, prefix, lengths = _PLANS[country]
            rest = digits[len(prefix) :]
            if digits.startswith(prefix) and len(rest) in lengths and _CLEAN.fullmatch(f"+{code}{rest}"):
                return f"+{code}{rest}"
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _repeats_or_counts(digits: str) -> bool:
    return len(set(digits)) == 1 or digits in "01234567890123456789" or digits in "98765432109876543210"


def number(text: str) -> str:
    """A tax, insurance or account number: its letters and digits, capital, in ASCII where the script has such digits. Or ''.

    Nothing: fewer than four signs, no digit at all, one sign over and over, and counting up or down.
    """
    text = unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).upper()
    signs = [str(unicodedata.decimal(character, character)) for character in text if character.isalnum()]
    found = "".join(signs)
    if not SHORTEST_NUMBER <= len(found) <= LONGEST_NUMBER or not any(sign.isdecimal() for sign in signs):
        return ""
    digits = "".join(sign for sign in signs if sign.isdecimal())
    if len(digits) > 2 and _repeats_or_counts(digits):
        return ""
    return "" if found.lower().rstrip("0123456789") in JUNK else found
