"""Firms' names as sources write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.identify.pure.organisations import NO_FIRM, looks_like_organisation, organisation
from entente.sample.pure import britain, germany, iran, russia, saudi_arabia

COUNTRIES = [britain.BRITAIN, germany.GERMANY, iran.IRAN, russia.RUSSIA, saudi_arabia.SAUDI_ARABIA]
PIECES = [
    "GmbH",
    "& Co.",
    "KG",
    "(Berlin",
    ")",
    "ООО",
    "«",
    "شرکت",
    "Filiale",
    ",",
    "und",
    "S.",
    "A.",
    "12",
    "Müller",
    "#",
    "و",
    "Ltd",
    "-",
]
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join))


@pytest.mark.parametrize(
    ("written", "core", "form"),
    [
        ("Beacon Coatings Supply Ltd", "beacon coatings supply", "ltd"),
        ("Beacon Coatings Supply Limited.", "beacon coatings supply", "ltd"),
        ("Foo Co., Ltd.", "foo", "ltd"), ("Foo Pte. Ltd.", "foo", "ltd"), ("Trade Paints p.l.c.", "trade paints", "plc"),
        ("Meyer und Söhne G.m.b.H. & Co. KG", "meyer and sohne", "gmbh co kg"),
        ("Meyer & Söhne GmbH & Co KG", "meyer and sohne", "gmbh co kg"),
        ("Müller AG", "muller", "ag"), ("Müller & Co. KG", "muller", "kg"), ("Bäckerei Müller e.K.", "backerei muller", "ek"),
        ("Huber Ges.m.b.H.", "huber", "gmbh"), ("Uhren Sàrl", "uhren", "sarl"), ("Société Générale S.A.R.L.", "societe generale", "sarl"),
        ("Acme S.A.", "acme", "sa"), ("Acme S. A.", "acme", "sa"), ("Dupont SAS", "dupont", "sas"),
        ("Jansen B.V.", "jansen", "bv"), ("Philips N.V.", "philips", "nv"),
        ("Rossi S.p.A.", "rossi", "spa"), ("Bianchi s.r.l.", "bianchi", "srl"), ("García S.L.", "garcia", "sl"),
        ("Kowalski Sp. z o.o.", "kowalski", "sp zoo"),
        ("Norsk Hydro A/S", "norsk hydro", "as"), ("Acme, Inc.", "acme", "inc"), ("Acme L.L.C.", "acme", "llc"),
        ("Acme Corporation", "acme", "inc"),
        ("ООО «ТД Радуга»", "td raduga", "ooo"), ("Радуга, ООО", "raduga", "ooo"),
        ("Общество с ограниченной ответственностью «Волга»", "volga", "ooo"),
        ("АО «Кедр-Краски»", "kedr kraski", "ao"), ("ПАО Сбербанк", "sberbank", "ao"), ("ЗАО Кедр", "kedr", "ao"),
        ("ИП Орлов И.", "orlov i", "ip"),
        ("شرکت پخش رنگ البرز (سهامی خاص)", "pkhsh rng albrz", "sahami khas"),
        ("البرز با مسئولیت محدود", "albrz", "sahami khas"), ("شركت البرز", "albrz", "sherkat"),
        ("شركة النور المحدودة", "alnur", "sharika"), ("النور ذ.م.م", "alnur", "sharika"), ("مؤسسة الحارثي", "alharsi", "muassasa"),
        ("Al Noor Trading Est.", "al noor trading", "muassasa"), ("Gulf Trading W.L.L.", "gulf trading", "llc"),
        ("Gulf FZE", "gulf", "llc"),
        ("H & M", "h and m", ""), ("H&M", "h and m", ""), ("J. R. Smith Ltd", "j r smith", "ltd"), ("3M", "3m", ""), ("GmbH", "gmbh", ""),
    ],
)  # fmt: skip
def test_legal_forms_fall_away(written, core, form):
    name = organisation(written)
    assert (name.core, name.legal_form, name.branch) == (core, form, "")


@pytest.mark.parametrize(
    ("written", "core", "branch"),
    [
        ("Nordlicht Baumarkt, Filiale Köln", "nordlicht baumarkt", "koln"), ("Beacon DIY Stores, Leeds", "beacon diy stores", "leeds"),
        ("REWE Filiale 12", "rewe", "12"), ("Lidl Leeds branch", "lidl", "leeds"),
        ("Elbtal Lacke GmbH (Berlin)", "elbtal lacke", "berlin"),
        ("Elbtal Lacke GmbH (Berlin 2)", "elbtal lacke", "berlin 2"), ("X (UK) Ltd", "x", "uk"),
        ("Müller GmbH, Zweigniederlassung Wien", "muller", "wien"),
        ("Tesco Stores #45", "tesco stores", "45"), ("Магазин № 5", "magazin", "5"),
        ("Магазины «Радуга», Казань", "magaziny raduga", "kazan"),
        ("ООО Радуга филиал Самара", "raduga", "samara"), ("البرز، شعبه تهران", "albrz", "tehran"),
        ("بيت النور، فرع جدة", "bit alnur", "jdeh"),
        ("Smith, Jones & Partners LLP", "smith jones and partners", ""), ("Meyer, Schulz", "meyer schulz", ""),
    ],
)  # fmt: skip
def test_branches_are_kept_apart(written, core, branch):
    name = organisation(written)
    assert (name.core, name.branch) == (core, branch)


@pytest.mark.parametrize(
    "same",
    [
        ["Meyer & Söhne GmbH", "Meyer und Soehne", "MEYER + SÖHNE G.m.b.H."],
        ["ООО «Радуга Опт»", "Raduga Opt OOO", "Радуга-Опт"],
        ["رضایی و شرکا", "رضايي & شركا"],
    ],
)
def test_one_firm_in_many_spellings_has_the_same_sounds(same):
    assert len({organisation(name).sounds for name in same}) == 1


def test_and_is_one_in_every_language():
    cores = {
        organisation(name).core
        for name in (
            "Orlov & Petrov",
            "Orlov und Petrov",
            "Orlov and Petrov",
            "Орлов и Петров",
            "Orlov et Petrov",
            "Orlov + Petrov",
        )
    }
    assert cores == {"orlov and petrov"}


@pytest.mark.parametrize("text", ["", "-", "n/a", "test", "000000", "нет", "تست", "unknown", "?"])
def test_junk_is_no_firm(text):
    assert organisation(text) == NO_FIRM
    assert not looks_like_organisation(text)


@pytest.mark.parametrize(
    "text",
    [
        "Beacon Ltd", "Müller AG", "Elbtal GmbH (Berlin)", "ООО Радуга", "ИП Орлов И.", "شرکت البرز", "شركة النور",
        "Rossi S.p.A.", "Malerbetrieb Jäger",
        "Nordlicht Baumarkt, Köln", "Магазины «Радуга»", "مؤسسة الحارثي للمقاولات", "بازرگانی رضایی و شرکا",
        "Kowalski Sp. z o.o.", "Hans Müller e.K.",
    ],
)  # fmt: skip
def test_firms_look_like_firms(text):
    assert looks_like_organisation(text)


@pytest.mark.parametrize(
    "text",
    [
        "Maria Sá", "MARIA SA", "Hans Müller", "Müller, Hans", "Иван Петров", "Орлов Б.В.", "Орлов А.О.", "Orlov S.A.",
        "علی رضایی", "محمد بن عبدالله",
        "Ali As", "Kim Se", "Ab Smith", "J. Co", "", "Ltd",
    ],
)  # fmt: skip
def test_persons_do_not(text):
    assert not looks_like_organisation(text)


def test_nobody_of_the_sample_is_taken_for_a_firm():
    taken = [
        f"{given_name.native} {family.native}"
        for country in COUNTRIES
        for given_name in country.men + country.women
        for family in country.families
        if looks_like_organisation(f"{given_name.native} {family.native}")
    ]
    assert taken == []


def test_a_firm_of_the_sample_is_the_same_without_its_form():
    for country in COUNTRIES:
        for word in country.firm_words:
            for form in ("{} Ltd", "{} GmbH", "ООО «{}»", "شركة {}", "شرکت {}", "{} GmbH & Co. KG"):
                assert organisation(form.format(word.native)).core == organisation(word.native).core


@given(TEXTS)
def test_is_total_and_of_plain_letters(text):
    name = organisation(text)
    for part in (name.core, name.legal_form, name.branch, *name.sounds):
        assert part.isascii() and part == " ".join(part.split())
    assert isinstance(looks_like_organisation(text), bool)
    assert organisation(text) == name


@pytest.mark.parametrize(
    "text",
    ["GmbH " * 5000, "(" * 9000, "(a" * 5000, "a." * 9000, ", " * 9000, "& " * 9000, "Filiale " * 5000, "\ud800"],
)
def test_hostile_names_end(text):
    assert len(organisation(text).core) <= 900
