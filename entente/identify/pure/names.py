"""A person's name, taken apart: what is compared is neither title nor order nor script."""

from __future__ import annotations

import re
from typing import NamedTuple

from entente.identify.pure.scripts import latin, romanise, skeleton, vocabulary

LONGEST_NAME = 200  # longer texts are notes, not names


def _phrases(text: str) -> frozenset[str]:
    return frozenset(romanise(phrase) for phrase in text.split(","))


TITLES = vocabulary("""
    mr mrs ms miss mx dr prof professor sir dame lord lady rev revd reverend fr capt captain col colonel maj gen lt sgt hon
    madam messrs herr herrn frau frl fräulein hr dipl ing mag doktor doctor dkfm dres monsieur madame mademoiselle mme mlle
    sr sra srta señor señora señorita dott dottssa sig signor signora meneer mevrouw mevr dhr
    господин госпожа гражданин гражданка доктор профессор проф инж товарищ
    دکتر مهندس آقای آقا خانم جناب سرکار سید سیده حاج حاجی حاجیه استاد پروفسور مرحوم کربلایی
    السيد السيدة السادة الأستاذ الاستاذ أستاذ الأستاذة الدكتور الدكتورة دكتور دكتورة المهندس المهندسة مهندس الشيخ الحاج
    sayyid sayyed sayed seyed seyyed seyyid syed sayyida seyedeh hajji haji hajj hadji mohandes aghaye agha khanom janab
    sheikh shaikh ustad ostad
""")
_ALSO_FAMILIES = vocabulary("sayed sayyed syed haji agha sheikh shaikh lord herr ing maj سید سیده حاجی")
_AFTER_DOCTOR = vocabulary("med dent vet rer nat jur iur phil hc h c mult oec pol theol habil ing techn agr")
_SUFFIXES = vocabulary(
    "jr snr jnr junior senior ii iii iv phd md esq obe mbe cbe kc qc mba msc bsc ba ma llb llm mphil frcs dds"
)
# Left out as often as written: the sound of the name does without them.
_LOOSE = vocabulary("""
    von vom van der den ten ter zu zum zur de del della dello degli di da das dos do du des la le las los af av op het
    bin ibn ben bint binti binte بن ابن بنت
""")
_FIRM = vocabulary("al el ul abu umm abd abdul abdel abdal mc mac ال آل أبو ابو أبي أم عبد عبدال")
_OF_FATHER = vocabulary("bin ibn ben bint binti binte بن ابن بنت")
_ONLY_WITHIN = vocabulary("ben do das op las mac den ter أم")  # at the beginning given names, or mothers
_TAILS = vocabulary("zadeh zade zada زاده pur pour poor پور nejad nezhad نژاد nia نیا oglu oghlu оглы кызы")
_PATRONYMIC = re.compile(r"(?:[oe]vi(?:ch|tch)|[oe]vych|[oe]vna|y?ivna|ichna)$|^(?:il|kuzm|luk|fom|nikit|savv)y?ich$")
_PATRONYMIC_OF_WOMEN = re.compile(r"(?:[oe]vna|y?ivna|ichna)$")
_RUSSIAN_FAMILY = re.compile(r"(?:..[oe]va?|sk(?:ii|iy|yi|aya|y|i)|enko)$")
_NOT_FAMILY = vocabulary("yakov любовь")
_INITIAL = re.compile(r"\b(?:yu|ya|ye|zh|kh|ts|ch|shch|sh)\.")
_WORD = re.compile(r"[a-z0-9]+")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\"[^\"]*\"")
_DEGREES = re.compile(
    r"\b(?:d-r|g-n|g-zha|ph\.? ?d|m\.? ?sc|b\.? ?sc|m\.d|m\.a|b\.a|ll\.m|h\. ?c|k\.t\.n)\b\.?|\bn/a\b"
)
_ONE_LETTER_TITLE = re.compile(r"^\s*[دمأا]\s*[./]\s*")
_CYRILLIC = re.compile("[\u0400-\u04ff]")

JUNK = _phrases("""
    test, testing, tester, tests, test test, test user, user, user name, username, first name, last name, firstname,
    lastname, full name, name, surname, n a, n k, nil, none, null, nan, undefined, unknown, unknown unknown, not known,
    not given, not provided, not available, not applicable, no name, noname, no data, blank, empty, anonymous, anon, dummy,
    sample, example, deleted, delete, delete me, duplicate, do not use, tbd, tba, tbc, guest, customer, client, private,
    various, other, asdf, asdfg, asdfgh, asdfghjkl, asd, sdf, dfg, qwe, qwer, qwert, qwerty, qwertz, qwertyuiop, yxcv, zxc,
    zxcv, zxcvbn, foo bar, abc, abcd, lorem ipsum, john doe, jane doe, joe bloggs, false, true, xx,
    unbekannt, keine angabe, keine angaben, k a, kein name, ohne name, ohne, leer, anonym, muster, mustermann, musterfrau,
    max mustermann, erika mustermann, gast, kunde, vorname, nachname, vorname nachname, inconnu, sans nom, desconocido,
    sconosciuto, onbekend, nieznany, brak,
    нет, нет данных, не указано, не указан, не известно, неизвестно, неизвестный, без имени, тест, тест тест, тестовый,
    проба, отсутствует, имя, фамилия, аноним, гость, пусто, б н, йцукен, фыва, ыва, клиент, покупатель, физлицо,
    физическое лицо, частное лицо,
    تست, آزمایش, آزمایشی, نامشخص, ناشناس, ندارد, نامعلوم, بدون نام, بی نام, بی‌نام, خالی, مهمان, مشتری, هیچ, نام,
    نام خانوادگی, اختبار, تجربة, تجربه, لا يوجد, لايوجد, غير معروف, غير محدد, مجهول, بدون اسم, بدون, زائر, عميل, فارغ
""")
_NO_WORD = vocabulary("unknown unbekannt null none undefined noname nan test неизвестно نامشخص")


class PersonName(NamedTuple):
    """given, family: romanised; empty where the name does not say. others: second names, patronymics, further initials.

    tokens: all words, sorted, so that swapped parts compare equal. sounds: the keys of the words in them, sorted,
    without initials and patronymics, which half of all sources leave out.
    """

    given: str
    family: str
    others: tuple[str, ...]
    tokens: tuple[str, ...]
    sounds: tuple[str, ...]


NOBODY = PersonName("", "", (), (), ())


def is_junk(text: str) -> bool:
    """Does this say nothing about anybody? Placeholders, keyboards played on, one sign over and over, no letter at all."""
    plain = romanise(text[:LONGEST_NAME])
    return _is_junk(plain) or (plain == "na" and text.strip() == "NA")


def _is_junk(plain: str) -> bool:
    bare = plain.replace(" ", "").rstrip("0123456789")
    # A text shifted against its double is found again after its period.
    return not bare or plain in JUNK or bare in JUNK or len(bare) // (bare + bare).find(bare, 1) >= 3


def person(text: str) -> PersonName:
    """One name as written, in any order and script. Nobody for what says nothing.

    'Family, Given' is understood; otherwise the last word is the family's, unless patronymic, initials or a Russian ending
    say that it stands first. A single word is taken for the family's. A mail address is read up to its @.
    """
    text = text[:LONGEST_NAME].partition("@")[0]
    cyrillic = False
    if not text.isascii():
        cyrillic = _CYRILLIC.search(text) is not None
        if title := _ONE_LETTER_TITLE.match(text):
            text = text[title.end() :]
    written = latin(text)
    if _is_junk(romanise(written)) or text.strip() == "NA":
        return NOBODY
    if "(" in written or "[" in written or '"' in written:
        without = _ASIDE.sub(" ", written)
        written = without if _WORD.search(without) else written
    if "." in written or "-" in written or "/" in written or "ph" in written:
        written = _DEGREES.sub(" ", written)
        if "." in written:
            written = _INITIAL.sub(lambda found: found[0][0] + " ", written)
    front, comma, back = written.partition(",")
    family, given = _tokens(front), _tokens(back) if comma else []
    if family and given:
        while len(given) > 1 and given[-1] in _LOOSE:  # Humboldt, Alexander von
            family.insert(0, given.pop())
        family, given = _joined(family), _joined(given)
        return _named(given[0], family, given[1:])
    return _in_order(_joined(family or given), cyrillic)


def _tokens(written: str) -> list[str]:
    """The words, without titles and degrees."""
    words: list[str] = _WORD.findall(written)
    kept: list[str] = []
    doctor = False
    for place, word in enumerate(words):
        if word in TITLES and not (word in _ALSO_FAMILIES and len(kept) == 1 and place + 1 == len(words)):
            doctor = doctor or word in ("dr", "dres", "prof")
        elif not ((doctor and word in _AFTER_DOCTOR) or word in _NO_WORD):
            kept.append(word)
            doctor = False
    while kept and kept[-1] in _SUFFIXES:
        kept.pop()
    return kept


def _joined(words: list[str]) -> list[str]:
    """Particles before, and endings that are written apart behind, become one with the word they belong to.

    A ' stands behind a particle that the sound of the name does without.
    """
    if len(words) < 2:
        return words
    joined: list[str] = []
    held = ""
    for place, word in enumerate(words):
        more = place + 1 < len(words) and len(words[place + 1]) > 1
        if more and (word in _LOOSE or word in _FIRM) and (held or place or word not in _ONLY_WITHIN):
            held += word + "'" * (word in _LOOSE)
        elif joined and not held and word in _TAILS:
            joined[-1] += word
        else:
            joined.append(held + word)
            held = ""
    return joined


def _in_order(words: list[str], cyrillic: bool) -> PersonName:
    if len(words) < 2:
        return _named("", words, []) if words else NOBODY
    first, last = words[0], words[-1]
    if len(last) == 1 and len(first) > 1:  # Pushkin A. S.
        initials = [word for word in words if len(word) == 1]
        return _named(initials[0], [word for word in words if len(word) > 1], initials[1:])
    russian = cyrillic or _PATRONYMIC_OF_WOMEN.search(last) or _RUSSIAN_FAMILY.search(first)
    if russian and _PATRONYMIC.search(last):
        if len(words) == 2:
            return _named(first, [], [last])
        if not _PATRONYMIC.search(words[-2]):
            return _named(words[1], [first], words[2:])
    if cyrillic and first not in _NOT_FAMILY and _RUSSIAN_FAMILY.search(first) and not _RUSSIAN_FAMILY.search(last):
        return _named(words[1], [first], words[2:])
    return _named(first, [last], words[1:-1])


def _named(given: str, family: list[str], others: list[str]) -> PersonName:
    words = [word for word in (given, *family, *others) if word]
    sounds = {
        skeleton(word.rpartition("'")[2])
        for place, word in enumerate(words)
        if len(word) > 1 and not (place >= len(words) - len(others) and _of_father(word))
    }
    if "'" in "".join(words):
        given, family = given.replace("'", ""), [word.replace("'", "") for word in family]
        others, words = [word.replace("'", "") for word in others], [word.replace("'", "") for word in words]
    return PersonName(given, " ".join(family), tuple(others), tuple(sorted(words)), tuple(sorted(sounds)))


def _of_father(word: str) -> bool:
    return _PATRONYMIC.search(word) is not None or word.partition("'")[0] in _OF_FATHER
