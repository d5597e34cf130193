"""Streets, house numbers and postcodes as sources write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.identify.pure.addresses import NOWHERE, postcode, street
from entente.sample.pure import britain, germany, iran, russia, saudi_arabia

COUNTRIES = [britain.BRITAIN, germany.GERMANY, iran.IRAN, russia.RUSSIA, saudi_arabia.SAUDI_ARABIA]
PIECES = [
    "12",
    "12a",
    "3-5",
    "2/4",
    "ул.",
    "д.",
    "кв.",
    "Str.",
    "St",
    "Rd",
    "Flat",
    "خیابان",
    "پلاک",
    "۱۲",
    ",",
    "No.",
    "#",
    "Mill",
    "Садовая",
    "стр. 2",
]
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join))


@pytest.mark.parametrize(
    ("written", "words", "number", "unit"),
    [
        ("12 Mill Lane", "mill lane", "12", ""), ("Flat 3, 12 Mill Ln.", "mill lane", "12", "3"),
        ("Unit 4B, 12 Mill Ln", "mill lane", "12", "4b"),
        ("12 St Mary's Rd", "saint marys road", "12", ""), ("Church St 4", "church street", "4", ""),
        ("St. James Street 5", "saint james street", "5", ""),
        ("Elizabeth Dr 7", "elizabeth drive", "7", ""), ("5th Avenue 12", "5th avenue", "12", ""),
        ("No. 12 Park Ave", "park avenue", "12", ""),
        ("2/15 Wallaby Place", "wallaby square", "2/15", ""), ("Queensway", "queensway", "", ""),
        ("Linden-Straße 12 a", "linden street", "12a", ""), ("Königsallee 1", "konigsallee", "1", ""),
        ("Hauptstrasse 5/2", "haupt street", "5/2", ""),
        ("Am Güterbahnhof 3 - 5", "am guterbahnhof", "3-5", ""), ("Straße des 17. Juni 135", "des 17 juni street", "135", ""),
        ("12 rue de la Paix", "de la paix street", "12", ""), ("Keizersgracht 123", "keizersgracht", "123", ""),
        ("ул. Садовая, д. 12", "sadovaya street", "12", ""), ("улица Садовая, дом 12, корп. 3, кв. 45", "sadovaya street", "12", "3 45"),
        ("пр-т Мира, д. 8", "mira avenue", "8", ""), ("ул. 8 Марта, д. 15", "8 marta street", "15", ""),
        ("ул. 8 Марта 15", "8 marta street", "15", ""),
        ("ул. Ленина, 5, стр. 2", "lenina street", "5", "2"), ("наб. Речная, д. 3", "rechnaya embankment", "3", ""),
        ("пер. Тихий, 7", "tikhiy lane", "7", ""), ("Складской проезд, д. 7", "skladskoy passage", "7", ""),
        ("бул. Мира 1", "mira boulevard", "1", ""),
        ("خیابان ولیعصر، پلاک ۱۲", "vliasr street", "12", ""), ("خیابان شهید بهشتی، پلاک ۱۲، واحد ۳", "behshti street", "12", "3"),
        ("شارع العليا، مبنى ٤٤", "alalya street", "44", ""), ("طريق الملك فهد، مبنى 44", "almlk fehd road", "44", ""),
        ("123", "", "123", ""),
    ],
)  # fmt: skip
def test_taken_apart(written, words, number, unit):
    assert tuple(street(written)) == (words, number, unit)


@pytest.mark.parametrize(
    "same",
    [
        ["Lindenstraße 12", "Lindenstr. 12", "Linden Str. 12", "LINDENSTRASSE 12", "Linden-Straße 12", "Lindenstr 012"],
        [
            "ул. Садовая, д. 12",
            "Садовая улица 12",
            "Садовая ул., 12",
            "улица Садовая, дом 12",
            "Sadovaya street 12",
            "ul. Sadovaya, 12",
        ],
        ["проспект Мира 8", "пр-т Мира, 8", "пр. Мира, д.8", "пр-кт Мира, дом № 8"],
        ["12 Mill Lane", "Mill Ln 12", "12, Mill Lane", "No 12 Mill Ln."],
        ["خیابان ولیعصر، پلاک ۱۲", "خيابان وليعصر پلاك 12"],
    ],
)
def test_one_house_in_many_spellings(same):
    assert len({street(address) for address in same}) == 1, [street(address) for address in same]


@pytest.mark.parametrize("text", ["", "-", "n/a", "unknown", "0", "00000", "нет", "تست", "..."])
def test_junk_is_nowhere(text):
    assert street(text) == NOWHERE


def test_the_sample_keeps_street_and_number_apart():
    for country in COUNTRIES:
        for name in country.streets:
            written = country.address.format(t=name, n="".join(country.digits[digit] for digit in (1, 2)))
            assert street(written).number == "12"
            assert street(written).words == street(name).words


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("se1 7th", "GB", "SE1 7TH"), ("SE17TH", "gb", "SE1 7TH"), ("M1 1AA", "GB", "M1 1AA"), ("EC1A 1BB", "GB", "EC1A 1BB"),
        ("D-10115", "DE", "10115"),
        ("10115", "DE", "10115"), ("4109", "DE", "04109"), ("۱۱۲۳۴۵۶۷۸۹", "IR", "1123456789"),
        ("11234-56789", "IR", "1123456789"), ("190 000", "RU", "190000"),
        ("١١٥٦٤", "SA", "11564"), ("11564-1234", "SA", "11564"), ("1012 ab", "NL", "1012 AB"), ("90210-1234", "US", "90210"),
        ("A-1010", "AT", "1010"),
        ("k1a 0b1", "CA", "K1A 0B1"), ("00-950", "PL", "00950"), ("2119", "", "2119"), ("n/a", "", ""), ("00000", "DE", ""),
        ("99999", "DE", ""),
        ("12345", "DE", ""), ("", "GB", ""), ("-", "RU", ""), ("Berlin", "DE", ""), ("Berlin", "", ""), ("1111", "CH", "1111"),
        ("xx", "", ""),
    ],
)  # fmt: skip
def test_postcodes(written, country, kept):
    assert postcode(written, country) == kept


@given(TEXTS)
def test_a_street_is_total_and_of_plain_letters(text):
    found = street(text)
    for part in found:
        assert part.isascii() and part == " ".join(part.split())
    assert street(text) == found


@given(
    st.one_of(st.text(max_size=12), st.text("0123456789ABab -۱", max_size=10)),
    st.sampled_from(["GB", "DE", "IR", "US", "", "XX", "de", "\ud800"]),
)
def test_a_postcode_is_total_and_settled(text, country):
    code = postcode(text, country)
    assert code.isascii() and code == code.upper()
    assert postcode(code, country) == code


@pytest.mark.parametrize(
    "text", ["1 " * 9000, "ул. " * 9000, "flat " * 9000, "1/" * 9000, "стр. 1" * 5000, "9" * 9000, "\ud800 12"]
)
def test_hostile_addresses_end(text):
    assert len(street(text).words) <= 1200
