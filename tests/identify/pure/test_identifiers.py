"""Mail addresses, telephone numbers, office numbers as sources write them."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.identify.pure import identifiers
from entente.identify.pure.identifiers import email, is_public_domain, mailbox_is_shared, number, phone


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ann.Lee@Example.COM", "ann.lee@example.com"), ("Ann Lee <Ann@B.de>", "ann@b.de"),
        ('"Lee, Ann" <ann@b.de>', "ann@b.de"), ("mailto:a@b.de?subject=x", "a@b.de"),
        ("  JOHN@MAIL.RU ", "john@mail.ru"), ("'x@y.de'", "x@y.de"), ("a@b.de; c@d.de", "a@b.de"), ("a@b.de.", "a@b.de"),
        ("john@müller.de", "john@xn--mller-kva.de"),
        ("иван@почта.рф", "иван@xn--80a1acny.xn--p1ai"), ("\u200ea@b.de", "a@b.de"), ("ａ＠ｂ.de", "a@b.de"),
        ("a+b@c.de", "a+b@c.de"), ("o'rourke@x.ie", "o'rourke@x.ie"),
        ("test", ""), ("n/a", ""), ("", ""), ("a@a.a", ""), ("a..b@c.de", ""), (".a@c.de", ""), ("x@y", ""), ("@b.de", ""),
        ("a@", ""), ("a@-b.de", ""), ("a@b..de", ""), ("-", ""),
    ],
)  # fmt: skip
def test_mail_addresses(written, kept):
    assert email(written) == kept


@pytest.mark.parametrize(
    "address",
    [
        "info@x.de", "Sales@x.com", "office@x.com", "kontakt@x.de", "noreply@x.com", "no-reply@x.com", "donotreply@x.com", "sales2@x.com",
        "info-berlin@x.de", "orders.uk@x.com", "zakaz@x.ru", "kharid@x.ir", "info+x@x.de", "test@test.com", "test1@gmail.com",
        "a@a.a", "john@example.com", "xxx@x.de",
        "aaaa@x.de", "000@x.de", "", "junk", "@x.de", "a@",
    ],
)  # fmt: skip
def test_mailboxes_that_say_little(address):
    assert mailbox_is_shared(address)


@pytest.mark.parametrize(
    "address",
    ["ann.lee@x.de", "a@gmail.com", "ada@mail.example.com", "ingo@x.de", "salem@x.sa", "infante@x.es", "personal.trainer@x.de",
     "adminov@mail.ru", "89161234567@mail.ru", "anna@elbtal.example"],
)  # fmt: skip
def test_mailboxes_of_somebody(address):
    assert not mailbox_is_shared(address)


@pytest.mark.parametrize(
    ("domain", "public"),
    [("gmail.com", True), ("MAIL.RU", True), ("web.de", True), ("yahoo.co.uk", True), ("chmail.ir", True),
        ("a@gmx.de", True), ("elbtal.de", False), ("", False), ("com", False)],
)  # fmt: skip
def test_public_domains(domain, public):
    assert is_public_domain(domain) is public


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("+442079460123", "", "+442079460123"), ("020 7946 0123", "GB", "+442079460123"), ("+44 (0)20 7946 0123", "", "+442079460123"),
        ("0044 20 7946 0123", "DE", "+442079460123"), ("030 23125 123", "DE", "+493023125123"), ("030/23125-123", "de", "+493023125123"),
        ("0171 39200 12", "DE", "+491713920012"), ("8 (495) 000-12-34", "RU", "+74950001234"), ("+7 900 000-12-34", "RU", "+79000001234"),
        ("۰۹۱۲ ۰۰۰ ۱۲۳۴", "IR", "+989120001234"), ("021 2000 1234", "IR", "+982120001234"), ("050 000 1234", "SA", "+966500001234"),
        ("٠٥٠٠٠٠١٢٣٤", "SA", "+966500001234"), ("0161 496 0123 ext. 5", "GB", "+441614960123"),
        ("020 7946 0123; 020 7946 0124", "GB", "+442079460123"),
        ("+390612345670", "", "+390612345670"), ("06 1234 5679", "IT", "+390612345679"),
        ("(212) 555-0123", "US", "+12125550123"), ("tel:+442079460123", "", "+442079460123"),
        ("\u202a+442079460123\u202c", "", "+442079460123"), ("＋４４２０７９４６０１２３", "", "+442079460123"), ("+490302312512",
    "", "+49302312512"),
        ("123456789", "GB", ""), ("00000000", "DE", ""), ("11111111111", "GB", ""), ("+49 1234567", "", ""), ("n/a", "DE", ""),
        ("12", "DE", ""), ("", "DE", ""),
        ("+4930", "", ""), ("5551234", "", ""), ("+999123456789", "", ""), ("020 7946 0123", "", ""),
        ("020 7946 0123", "nowhere", ""), ("+7 000 000-00-00", "", ""),
    ],
)  # fmt: skip
def test_phones(written, country, kept):
    assert phone(written, country) == kept


@given(st.sampled_from(sorted(identifiers._PLANS)), st.text("0123456789", min_size=6, max_size=13), st.booleans())
def test_the_fast_way_says_what_the_library_says(country, digits, international):
    code, prefix, _ = identifiers._PLANS[country]
    written = f"+{code}{digits}" if international else prefix + digits
    try:
        parsed = phonenumbers.parse(written, country)
        possible = phonenumbers.is_possible_number(parsed)
    except phonenumbers.NumberParseException:
        possible = False
    expected = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if possible else ""
    assert phone(written, country) in (
        {expected} if possible and not identifiers._repeats_or_counts(expected[-7:]) else {""}
    ) | {""}
    if identifiers._CLEAN.fullmatch(written) and not identifiers._repeats_or_counts(written[-7:]):
        assert phone(written, country) == expected == written


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("de 136 695 976", "DE136695976"), ("GB 980 7806 84", "GB980780684"), ("7707083893", "7707083893"),
        ("ИНН 7707083893", "ИНН7707083893"), ("۱۴۰۰۳۷۸۵۲۱", "1400378521"),
        ("٣٠٠٠٥٥١٨٤٤", "3000551844"), ("6089216", "6089216"), ("GB29 NWBK 6016 1331 9268 19", "GB29NWBK60161331926819"),
        ("078-05-1120", "078051120"),
        ("000-00-0000", ""), ("DE000000000", ""), ("DE 123 456 789", ""), ("1234567", ""), ("987654321", ""), ("999999999", ""),
        ("n/a", ""), ("none", ""), ("ab", ""), ("12", ""),
        ("", ""), ("-", ""), ("test123", ""), ("9" * 50, ""),
    ],
)  # fmt: skip
def test_numbers(written, kept):
    assert number(written) == kept


ANYTHING = st.one_of(st.text(max_size=60), st.text("ab@.<>+;()0123456789٠۱- ", max_size=40))


@given(ANYTHING, st.one_of(st.sampled_from(["GB", "DE", "", "IR", "XX"]), st.text(max_size=3)))
def test_identifiers_are_total_and_settled(text, country):
    address, telephone, kept = email(text), phone(text, country), number(text)
    assert email(address) == address
    assert telephone == "" or (telephone[0] == "+" and telephone[1:].isdecimal() and telephone.isascii())
    assert phone(telephone, "") == telephone
    assert number(kept) == kept and kept == kept.upper()
    assert isinstance(mailbox_is_shared(text), bool) and isinstance(is_public_domain(text), bool)


@pytest.mark.parametrize(
    "text",
    [
        "@" * 9000,
        "a@" * 9000,
        "a." * 9000 + "@b.de",
        "+" * 9000,
        "(0)" * 9000,
        "1-" * 9000,
        "<" * 9000,
        "\ud800@x.de",
        "ü" * 300 + "@" + "ü" * 70 + ".de",
    ],
)
def test_hostile_text_is_nothing_or_short(text):
    assert len(email(text)) < 330 and len(phone(text, "DE")) < 17 and len(number(text)) <= 40
    assert isinstance(mailbox_is_shared(text), bool)
