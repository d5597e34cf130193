"""Known at the first word: any spelling finds the customer."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models.functions import Lower

from entente.identify.find import known_by_number, search, visible_customers
from entente.lib.keyset import after
from entente.lib.norm import grams, haystack, needles, norm
from entente.web.ranking import ranked
from tests import cast


@pytest.fixture
def company(db: None) -> cast.Company:
    return cast.company()


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("noor", "alnoor"), ("AL NOOR", "alnoor"), ("supply riyadh", "alnoor"), ("uild", "alnoor"), ("10442", "alnoor"),
        ("khalid@alnoor.example", "alnoor"), ("+966 11 234 5678", "alnoor"), ("00966112345678", "alnoor"), ("011 234 5678", "alnoor"),
        ("٠١١٢٣٤٥٦٧٨", "alnoor"), ("brankova", "brankova"), ("Bránková", "brankova"), ("u-88121", "brankova"), ("030/901820", "brankova"),
        ("علیرضا", "rahimi"), ("علي رضا", "rahimi"), ("رحيمي", "rahimi"), ("شیراز", "rahimi"), ("+98 (0)71 3222 1111", "rahimi"),
        ("okafor", "okafor"), ("+44 20 7946 0958", "okafor"), ("j okafor", "okafor"), ("0044 20 7946 0958", "okafor"),
    ],
)  # fmt: skip
def test_any_spelling_finds_them(company: cast.Company, text: str, who: str):
    assert [found.pk for found in search(text, user=company.staff.anna).customers] == [getattr(company, who).pk]


@pytest.mark.parametrize(
    "text", ["", "   ", "!!!", "noor berlin", "zzz", "%", "_", "\\", "' OR 1=1 --", "noor\u0000", "a" * 5000]
)
def test_what_fits_nobody_finds_nobody(company: cast.Company, text: str):
    found = search(text, user=company.staff.anna)
    if "noor\u0000" not in text:
        assert found.customers == []


def test_two_letters_begin_a_word_one_letter_begins_the_name(company: cast.Company):
    assert company.alnoor in search("ri", user=company.staff.anna).customers
    assert search("br", user=company.staff.anna).customers == [company.brankova]
    assert search("b", user=company.staff.anna).customers == [company.brankova]
    assert search("r", user=company.staff.anna).customers == []


@pytest.mark.parametrize("text", ["81-204", "81-2", "#81-204", "inv-5512", "INV-55"])
def test_the_beginning_of_an_order_number_finds_the_order_and_whose_it_is(company: cast.Company, text: str):
    found = search(text, user=company.staff.anna).orders
    assert len(found) == 1
    assert found[0].customer in (company.alnoor, company.brankova)


@pytest.mark.parametrize(
    ("text", "who"), [("split deliveries", "alnoor"), ("SITE", "alnoor"), ("primer grey", "brankova")]
)
def test_what_was_said_finds_who_said_it(company: cast.Company, text: str, who: str):
    assert [found.customer for found in search(text, user=company.staff.anna).interactions] == [getattr(company, who)]


@pytest.mark.parametrize("text", ["a'b:*c", "foo & | ! <-> bar", "((((", "split:*", "'''", "split \\ deliveries"])
def test_signs_of_the_query_language_mean_nothing(company: cast.Company, text: str):
    search(text, user=company.staff.anna)


def test_the_best_come_first_and_who_has_no_rank_is_found_as_well(company: cast.Company):
    new = cast.customer("Noor Newcomer", country="GB")
    low = cast.customer("Noor Low", country="GB")
    cast.valuation(low, company.cycle, 1.0)
    found = search("noor", user=company.staff.anna, ranked=ranked(company.cycle)).customers
    assert found == [company.alnoor, low, new]


def test_a_common_word_walks_down_from_the_best(company: cast.Company, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("entente.identify.find.MANY", 3)
    for number in range(8):
        cast.valuation(cast.customer(f"Common {number}", country="GB"), company.cycle, float(number))
    found = search("common", user=company.staff.anna, limit=2, ranked=ranked(company.cycle))
    assert [customer.name for customer in found.customers] == ["Common 7", "Common 6"]
    assert found.are_more


def test_who_may_not_sign_in_sees_nobody(company: cast.Company):
    assert not visible_customers(company.staff.charlie).exists()
    found = search("noor 81-204 split", user=company.staff.charlie)
    assert not (found.customers or found.orders or found.interactions)
    assert not search("81-204", user=company.staff.charlie).orders


def test_names_are_walked_by_their_index(company: cast.Company):
    """Whether a customer has a record is asked of each that is shown, not of all beforehand."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO identify_customer (kind, name, segment, email, phone, phone_e164, country, subdivision, postcode, city,
                language, zone, search, made_at)
            SELECT 'unknown', 'Many ' || n, '', '', '', '', '', '', '', '', '', '', '', now() FROM generate_series(1, 20000) n;
            INSERT INTO ledger_party (source_id, key, kind, name, segment, email, phone, phone_e164, country, subdivision, postcode,
                city, address, language, zone, attributes, recorded_at)
            SELECT (SELECT min(id) FROM ledger_source), 'many ' || c.id, 'unknown',
                c.name, '', '', '', '', '', '', '', '', '', '', '', '{}', now()
            FROM identify_customer c WHERE c.name LIKE 'Many %';
            INSERT INTO identify_membership (party_id, customer_id, weight, explanation, law, made_at)
            SELECT id, substr(key, 6)::bigint, 1, '{}', 'test', now() FROM ledger_party WHERE name LIKE 'Many %';
            ANALYZE identify_customer, identify_membership
            """
        )
    names = visible_customers(company.staff.anna).annotate(lower=Lower("name")).order_by("lower", "id")
    for page in (names[:51], names.filter(after(("lower", "id"), ("many 5", 0)))[:51]):
        plan = page.explain()
        assert "customer_by_name" in plan and "Sort" not in plan and "Hash" not in plan, plan


def test_norm_is_at_rest():
    for text in ("Ünïcode ŁÓDŹ", "علی‌رضا", "İstanbul", "ﬁne ½", "O’Neil & Söhne", "１２３"):
        assert norm(norm(text)) == norm(text)


def test_plain_letters_are_read_as_any_others():
    for first in map(chr, range(128)):
        text = f"A{first}b {first}{first} C{first}"
        assert norm(f"{text} é") == f"{norm(text)} e"


def test_a_few_are_known_by_their_numbers_as_otherwise(company: cast.Company):
    one, other = company.alnoor, company.rahimi
    found = known_by_number([one.pk, other.pk, 0], company.staff.anna)
    assert found == visible_customers(company.staff.anna).in_bulk([one.pk, other.pk])
    assert (found[one.pk].name, found[one.pk].get_deferred_fields()) == (one.name, {"search", "grams"})
    assert known_by_number([one.pk], AnonymousUser()) == known_by_number([], company.staff.anna) == {}


def test_the_haystack_is_cut_as_the_database_cuts_it(company: cast.Company):
    text = haystack(names=["Al Noor"], phones=["+966 11 234 5678"], keys=["u-88121"])
    assert text.startswith(" ") and text.endswith(" ")
    company.alnoor.refresh_from_db()
    assert sorted(set(company.alnoor.grams)) == grams(company.alnoor.search)
    assert all(needle in haystack(names=["Al Noor"]) for needle in needles("al noor"))
