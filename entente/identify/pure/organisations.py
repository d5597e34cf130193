"""A firm's name without its legal form, its branch and its punctuation."""

from __future__ import annotations

import re
from typing import NamedTuple

from entente.identify.pure.names import is_junk
from entente.identify.pure.scripts import latin, romanise, skeleton, vocabulary

LONGEST_NAME = 300


def _forms(text: str) -> dict[str, str]:
    """One kind a line, `how it is kept: every spelling`, commas between; the spellings may be in any script."""
    table = {}
    for line in text.strip().splitlines():
        kept, _, spellings = line.partition(":")
        for spelling in spellings.split(","):
            table[romanise(spelling)] = kept.strip()
    return table


# Behind the name, and for some before it. The words of one spelling stand between single spaces.
LEGAL_FORMS = _forms("""
    ltd: ltd, limited, co ltd, company limited, pte ltd, pvt ltd, private limited, pty ltd, proprietary limited, ltd co, cyf
    plc: plc, public limited company, ccc
    llp: llp, limited liability partnership
    lp: lp, limited partnership
    llc: llc, l l c, limited liability company, wll, fz llc, fzllc, fze, fzco, fzc, dmcc, spc
    inc: inc, incorporated, corp, corporation, co inc, pbc, pc
    co: co, company, and co, and company, und co, et cie, cie, and cie, e c, y cia, cia
    cic: cic
    gmbh: gmbh, gesmbh, gesellschaft mbh, ges mbh, mbh, ggmbh, gesellschaft mit beschränkter haftung, gmbh i g
    gmbh co kg: gmbh and co kg, gmbh co kg, gmbh and cokg, gmbh and compagnie kg, ag and co kg, ug and co kg, mbh and co kg
    gmbh co ohg: gmbh and co ohg
    ug: ug, ug haftungsbeschränkt, haftungsbeschränkt, unternehmergesellschaft
    ag: ag, aktiengesellschaft, kgaa, ag and co kgaa, se and co kgaa
    kg: kg, kommanditgesellschaft, and co kg, co kg
    ohg: ohg, offene handelsgesellschaft, and co ohg
    gbr: gbr, gesellschaft bürgerlichen rechts
    ek: ek, e k, e kfm, e kfr, eingetragener kaufmann, eu, e u, inh
    ev: ev, e v, eingetragener verein
    eg: eg, e g, egen, genossenschaft
    se: se
    sa: sa, s a, société anonyme, sociedad anónima, sau, sa de cv, spolka akcyjna
    sarl: sarl, sàrl, s a r l, société à responsabilité limitée, eurl
    sas: sas, sasu, s a s
    snc: snc, sci, scop
    bv: bv, b v, besloten vennootschap, bvba, vof, cv
    nv: nv, n v, naamloze vennootschap
    spa: spa, s p a, società per azioni
    srl: srl, s r l, srls, società a responsabilità limitata
    sl: sl, s l, slu, sociedad limitada, sociedad de responsabilidad limitada
    lda: lda, ltda
    sp zoo: sp z o o, sp z oo, sp z oo sp k, sp zoo, spzoo, spółka z o o, spółka z ograniczoną odpowiedzialnością, sp k, sp j, sp z o o sp k
    ab: ab, aktiebolag
    as: as, a s, asa, aps, oy, oyj
    sro: sro, s r o, spol s r o, kft, doo, d o o, ood, eood, ad
    as: aş, anonim şirketi, ltd şti, limited şirketi
    ooo: ооо, общество с ограниченной ответственностью, тоо, тов, одо
    ao: ао, пао, оао, зао, нао, акционерное общество, публичное акционерное общество, закрытое акционерное общество
    ao: открытое акционерное общество
    ip: ип, индивидуальный предприниматель, чп, пбоюл, фоп
    gup: гуп, муп, фгуп, нко, ано
    sherkat: شرکت, شركت
    sahami khas: سهامی خاص, شرکت سهامی خاص, سهامی عام, سهامی, با مسئولیت محدود, با مسوولیت محدود, مسئولیت محدود, تضامنی, تعاونی
    sharika: شركة, ش م م, ذ م م, ذمم, شمم, المحدودة, محدودة, ذات مسؤولية محدودة, ذات المسؤولية المحدودة, مساهمة, شركة مساهمة
    sharika: مساهمة مقفلة, شركة مساهمة مقفلة, ش م ع, شركة الشخص الواحد, ش ش و
    muassasa: مؤسسة, موسسه, مؤسسه, est, establishment
    pjsc: pjsc, psc, qsc, ksc, kscc, saog, saoc, jsc, ojsc, cjsc
""")
_FRONT = frozenset(_forms("""
    x: ооо, общество с ограниченной ответственностью, тоо, тов, одо, ао, пао, оао, зао, нао, акционерное общество, ип, чп, фоп
    x: публичное акционерное общество, закрытое акционерное общество, открытое акционерное общество, гуп, муп, фгуп, нко, ано
    x: индивидуальный предприниматель, شرکت, شركت, شركة, شرکت سهامی خاص, شركة مساهمة, مؤسسة, موسسه, مؤسسه, pt, ooo, zao, pao, oao
"""))  # fmt: skip
_LONGEST_FORM = max(form.count(" ") for form in LEGAL_FORMS) + 1
_LAST_OF_FORM = frozenset(form.split()[-1] for form in LEGAL_FORMS)
_FIRST_OF_FORM = frozenset(form.split()[0] for form in _FRONT)
# Words, names or initials by themselves: alone they prove no firm.
_WEAK = vocabulary("sci sas est cia company tov too pc ccc inh spa asa fop co limited") | {
    form for form in LEGAL_FORMS if len(form) < 3
}
_PROOF = frozenset(form for form in LEGAL_FORMS if " " not in form) - _WEAK
_AND = vocabulary("and und et en ve va y e i v")
_BRANCH = vocabulary("""
    branch filiale zweigniederlassung niederlassung zweigstelle betriebsstätte agence succursale sucursal filial vestiging
    oddział филиал філія отделение подразделение شعبه فرع şubesi
""")
_TRADES = vocabulary("""
    group holding holdings trading trade trust bank stores store services solutions systems technologies industries
    partners associates consulting contractors distributors supplies supply logistics restaurant hotel pharmacy clinic
    school university college council ministry church foundation society association club brothers enterprises
    international coatings decorators joinery shopfitters builders plumbing
    handel großhandel baumarkt malerbetrieb malermeister tischlerei schreinerei metallbau hausverwaltung stadtwerke
    apotheke praxis kanzlei verein stiftung gemeinde söhne gruppe werke betrieb autohaus bäckerei
    магазин магазины торговый завод фабрика компания фирма группа мастерская строймаркет банк университет тд ук дом
    بازرگانی فروشگاه کارخانه صنایع گروه پخش پیمانکاری دکوراسیون بانک دانشگاه تولیدی هتل نقاشی آهنگری
    مصنع مجموعة مراكز أسواق ورشة منجرة بنك جامعة التجارية للتجارة للمقاولات وأولاده للدهانات
""")
_DOTTED = re.compile(r"\b(?:[a-z]{1,3}\.){2,}(?:[a-z]{1,3}\b)?")
_LETTER = re.compile(r"\b([a-z])[./] ?(?=[a-z]\b)")
_BRACKETS = re.compile(r"[\[(]([^()\[\]]*)[\])]?")
_WORD = re.compile(r"[a-z0-9]+|&|\+")
_NUMBER = re.compile(r"(?:\b(?:nr|no|num)\.? ?|# ?)(?=\d)")


class OrganisationName(NamedTuple):
    """core: the words that name it, romanised. legal_form: as in LEGAL_FORMS, '' without one. branch: which of several.

    sounds: the keys of the core's words, sorted; neither 'and' nor single letters.
    """

    core: str
    legal_form: str
    branch: str
    sounds: tuple[str, ...]


NO_FIRM = OrganisationName("", "", "", ())


def organisation(text: str) -> OrganisationName:
    """A firm's name as written, in any script; legal forms are found behind it, before it and in brackets.

    Kept apart as the branch: a town or number in brackets, what follows 'Filiale' or its like, a number at the end, and
    the last of two parts between which a comma stands, unless that is a list of names. Nothing for what says nothing.
    """
    written = latin(text[:LONGEST_NAME])
    if is_junk(written):
        return NO_FIRM
    branch: list[str] = []
    if "(" in written or "[" in written:
        written = _BRACKETS.sub(lambda found: _aside(found, branch), written)
    words = _words(written)
    words, form = _without_form(words[1:] if words[1:] and words[0] in _BRANCH else words)
    if "," in written:
        head, _, tail = written.rpartition(",")
        place = _words(tail)
        before, before_form = _without_form(_words(head))
        known = before_form or len(before) > 1 or not _BRANCH.isdisjoint(place)
        if before and known and 0 < len(place) < 4 and "and" not in place and " ".join(place) not in LEGAL_FORMS:
            words, form = before, before_form or form
            branch = [word for word in place if word not in _BRANCH] + branch
    words, within = _without_form(_without_branch(words, branch))
    return OrganisationName(" ".join(words), form or within, " ".join(branch), _sounds(words))


def looks_like_organisation(text: str) -> bool:
    """A firm rather than a person? Says so only with a reason: a legal form, or a word no person is called by.

    Forms of two letters are initials, too: they count in capitals without dots, among words that are not all in capitals.
    """
    text = text[:LONGEST_NAME]
    words = _words(latin(text))
    if not _TRADES.isdisjoint(words) or not _PROOF.isdisjoint(words[1:]) or not _BRANCH.isdisjoint(words[1:]):
        return True
    for start, end in _form_places(words) if len(words) > 1 else ():
        spelling = words[start:end]
        if len(spelling) > 1 or spelling[0] not in _WEAK:
            return True
        if any(_written_as_form(word, spelling[0], text.upper() == text) for word in text.split()):
            return True
    return False


def _written_as_form(word: str, form: str, shouted: bool) -> bool:
    if "." in word[:-1]:
        return word.lower() in ("s.p.a.", "e.k.", "e.v.") and word.replace(".", "").lower() == form
    return word.isupper() and not shouted and romanise(word) == form


def _words(written: str) -> list[str]:
    """Words with 'and' in one spelling, letters between dots as one word."""
    if "." in written or "/" in written:
        written = _DOTTED.sub(lambda found: found[0].replace(".", "") + " ", written)
        written = _LETTER.sub(r"\1 ", written)
    if "#" in written or "n" in written:
        written = _NUMBER.sub(" ", written)
    words: list[str] = _WORD.findall(written)
    last = len(words) - 1
    for place, word in enumerate(words):
        if word in ("&", "+") or (
            word in _AND and 0 < place < last and (len(word) > 1 or len(words[place - 1]) > 1 < len(words[place + 1]))
        ):
            words[place] = "and"
    return words


def _form_places(words: list[str]) -> list[tuple[int, int]]:
    """Where the longest legal form stands at the end, and at the beginning: from, up to."""
    found = []
    if words and words[-1] in _LAST_OF_FORM:
        for length in range(min(_LONGEST_FORM, len(words)), 0, -1):
            if " ".join(words[-length:]) in LEGAL_FORMS:
                found.append((len(words) - length, len(words)))
                break
    if words and words[0] in _FIRST_OF_FORM:
        for length in range(min(4, len(words)), 0, -1):
            if " ".join(words[:length]) in _FRONT:
                found.append((0, length))
                break
    return found


def _without_form(words: list[str]) -> tuple[list[str], str]:
    form = ""
    while places := _form_places(words):
        start, end = places[0]
        rest = words[:start] + words[end:]
        if not any(word != "and" for word in rest):
            break
        form = form or LEGAL_FORMS.get(" ".join(words[start:end]), "")
        words = rest
    while len(words) > 1 and words[-1] == "and":
        words = words[:-1]
    return words, form


def _aside(found: re.Match[str], branch: list[str]) -> str:
    inside = _words(found[1])
    if not inside or " ".join(inside) in LEGAL_FORMS:
        return f" {found[1]} "
    # What stands at the very beginning is a part of the name.
    if not _WORD.search(found.string[: found.start()]):
        return f" {found[1]} "
    branch.extend(word for word in inside if word not in _BRANCH)
    return " "


def _without_branch(words: list[str], branch: list[str]) -> list[str]:
    for place, word in enumerate(words[1:], 1):
        if word in _BRANCH:
            behind = words[place + 1 :]
            if not behind and place > 1:  # Lidl Leeds branch
                branch.insert(0, words[place - 1])
                return words[: place - 1]
            branch[:0] = behind
            return words[:place]
    if len(words) > 1 and words[-1].isdigit() and len(words[-1]) < 5:
        branch.append(words[-1])
        return words[:-1]
    return words


def _sounds(words: list[str]) -> tuple[str, ...]:
    return tuple(sorted({skeleton(word) for word in words if len(word) > 1 and word != "and"}))
