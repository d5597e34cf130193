"""Putting records together: likeness, keys, weights, clusters; against truth that is known, and against what would undo it."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.identify.pure import kernels
from entente.identify.pure.blocking import MOST_TOGETHER, ORGANISATION_RULES, PERSON_RULES, Rule, keys, pairs
from entente.identify.pure.clusters import cluster
from entente.identify.pure.coded import MISSING, coded
from entente.identify.pure.comparisons import ORGANISATION, PERSON, TOLD_APART, Field, compare, with_addresses
from entente.identify.pure.evaluation import blocking_recall, evaluate
from entente.identify.pure.linkage import SURE, link
from entente.identify.pure.readings import read_organisations, read_people
from entente.identify.pure.weights import HOUSEHOLD, SAME, explain, judge, learn
from entente.lib.norm import norm
from entente.sample.pure.firm import SEED
from entente.sample.truth import made

FEBRL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "febrl_dataset3.csv.gz"
WORDS = st.text(alphabet="abcde fg", max_size=12)


def likeness(a: str, b: str) -> float:
    letters = np.frombuffer((a + b).encode("latin-1"), np.uint8)
    return kernels.jaro_winkler(letters, 0, len(a), len(a), len(a) + len(b))


def one_slip(a: str, b: str) -> bool:
    letters = np.frombuffer((a + b).encode("latin-1"), np.uint8)
    return kernels.one_slip_apart(letters, 0, len(a), len(a), len(a) + len(b))


# Winkler (1990), table 1, to its three printed digits.
@pytest.mark.parametrize(
    ("a", "b", "printed"),
    [
        ("martha", "marhta", 0.961), ("dwayne", "duane", 0.840), ("dixon", "dicksonx", 0.813),
        ("jones", "johnson", 0.832), ("massey", "massie", 0.933), ("abroms", "abrams", 0.922),
        ("shackleford", "shackelford", 0.982), ("nichleson", "nichulson", 0.956),
    ],
)  # fmt: skip
def test_published_likeness(a, b, printed):
    assert likeness(a, b) == pytest.approx(printed, abs=6e-4)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_likeness_is_a_share_and_goes_both_ways(a, b):
    assert 0.0 <= likeness(a, b) <= 1.0 + 1e-12
    assert likeness(a, b) == pytest.approx(likeness(b, a))
    assert likeness(a, a) == (pytest.approx(1.0) if a else 0.0)


@settings(deadline=None)
@given(st.text(alphabet="0123456789", min_size=1, max_size=9), st.data())
def test_one_slip_is_one_slip(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("0123456789"))
    assert one_slip(word, word)
    assert one_slip(word, word[:at] + word[at + 1 :]) and one_slip(word, word[:at] + letter + word[at:])
    assert one_slip(word, word[:at] + letter + word[at + 1 :])
    assert one_slip(word, word[:at] + word[at : at + 2][::-1] + word[at + 2 :])


@settings(deadline=None)
@given(WORDS, WORDS)
def test_more_than_one_slip_is_more(a, b):
    def reached(word: str) -> set[str]:
        found = {word}
        for at in range(len(word) + 1):
            found.add(word[:at] + word[at + 1 :])
            found.add(word[:at] + word[at : at + 2][::-1] + word[at + 2 :])
            for letter in "abcde fg":
                found |= {word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :]}
        return found

    assert one_slip(a, b) == (b in reached(a))


# Columns


@settings(deadline=None)
@given(st.lists(st.sampled_from(["", "a", "b", "ü", "дом"]), max_size=30))
def test_a_column_gives_back_what_it_was_made_of(texts):
    column = coded(texts)
    assert ["" if code == MISSING else column.values[code] for code in column.code] == texts
    assert column.counts.tolist() == [texts.count(value) for value in column.values]
    upper = column.mapped(lambda value: "" if value == "a" else value.upper())
    assert ["" if code == MISSING else upper.values[code] for code in upper.code] == [
        "" if text == "a" else text.upper() for text in texts
    ]


def test_a_hash_depends_on_the_text_alone():
    one, other = coded(["anna", "boris", ""]), coded(["x", "boris", "anna", "y"])
    assert one.hashes[0] == other.hashes[2] and one.hashes[1] == other.hashes[1]
    assert len({*one.hashes.tolist(), *other.hashes.tolist()}) == 4


# Likeness of records


def columns(**texts: list[str]):
    return with_addresses({name: coded(values) for name, values in texts.items()})


def level(field: str, how: str, a: dict[str, str], b: dict[str, str]) -> str | None:
    names = sorted({*a, *b})
    given = columns(**{name: [a.get(name, ""), b.get(name, "")] for name in names})
    found = compare([Field(field, how)], given, np.array([0], np.int32), np.array([1], np.int32))
    return None if found[0, 0] == MISSING else TOLD_APART[how][found[0, 0]]


@pytest.mark.parametrize(
    ("field", "how", "a", "b", "told"),
    [
        ("given_name", "name", "anna", "anna", "same"),
        ("given_name", "name", "katherine", "catherine", "close"),
        ("given_name", "name", "michael", "micheal", "close"),
        ("given_name", "name", "a", "anna", "alike"),
        ("given_name", "name", "anna maria", "anna", "alike"),
        ("given_name", "name", "boris", "anna", "different"),
        ("given_name", "name", "", "anna", None),
        ("born_on", "date", "19710624", "19710624", "same"),
        ("born_on", "date", "19710624", "19710524", "one slip"),
        ("born_on", "date", "19710605", "19710506", "one slip"),
        ("born_on", "date", "19710624", "19840624", "two parts of three"),
        ("born_on", "date", "19710624", "19880101", "different"),
        ("born_on", "date", "197106", "19880101", "different"),
        ("tax_id", "code", "DE123456789", "DE123456798", "one slip"),
        ("tax_id", "code", "DE123456789", "DE987654321", "different"),
        ("email", "mail", "anna.lee@x.example", "ana.lee@x.example", "one slip"),
        ("email", "mail", "anna7@x.example", "anna8@x.example", "different"),
        ("name", "words", "nord farben", "nord farben handel", "alike"),
        ("name", "words", "nord farben", "sued lacke", "different"),
        ("name", "words", "ridley joinery", "r joinery", "alike"),
        ("name", "words", "ridley joinery", "s joinery", "different"),
    ],
)
def test_levels(field, how, a, b, told):
    assert level(field, how, {field: a}, {field: b}) == told


HOME = {"street": "hill road", "house_number": "4", "postcode": "ab12cd", "city": "leeds"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "same address"),
        ({"postcode": "ab12ce"}, "same address"),
        ({"city": "leedes"}, "same address"),
        ({"house_number": "5"}, "same street"),
        ({"street": "mill lane", "house_number": "5"}, "same postcode"),
        ({"street": "mill lane", "postcode": "zz99zz"}, "same town"),
        ({"street": "", "postcode": "", "house_number": ""}, "same town"),
        ({"postcode": "zz99zz", "city": "bath"}, "different"),
        ({"street": "", "postcode": "", "city": ""}, None),
    ],
)
def test_places(change, told):
    assert level("place", "place", HOME, {**HOME, **change}) == told


def test_exchanged_names_are_close():
    given = columns(given_name=["lee", "chen"], family_name=["chen", "lee"])
    fields = [Field("given_name", "name"), Field("family_name", "name")]
    assert compare(fields, given, np.array([0], np.int32), np.array([1], np.int32)).tolist() == [[2, 2]]


# Keys and pairs


def test_a_key_needs_all_its_values():
    given = columns(family_name=["ash", "ash", ""], city=["leeds", "leeds", "leeds"])
    found = keys(Rule(("family_name", "city")), given)
    assert found[0] == found[1] != 0 and found[2] == 0
    assert keys(Rule((("family_name", 2),)), given)[0] == keys(Rule(("family_name",)), columns(family_name=["as"]))[0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["", "a", "b", "c", "d"]), min_size=2, max_size=30))
def test_all_pairs_of_a_key_and_no_others(values):
    found = pairs([Rule(("email",))], columns(email=values))
    expected = {
        (i, j) for i in range(len(values)) for j in range(i + 1, len(values)) if values[i] and values[i] == values[j]
    }
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == expected and not found.crowded


def test_a_hundred_thousand_with_one_value_are_no_ten_thousand_million_pairs():
    n = 100_000
    found = pairs(
        [Rule(("email",)), Rule(("phone",), is_rare=True)],
        columns(email=["info@firm.example"] * n, phone=["+49301234567"] * n),
    )
    assert n > MOST_TOGETHER and len(found.left) < 10 * n
    assert found.crowded == {"email": (1, n), "phone": (1, n)}


# Weights


def households(seed: int = 5, n: int = 4000):
    """Families of two to four at one address with one telephone; a third of the people are written down twice, with slips. Every
    tenth family has a son of his father's name, every tenth twins."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, str]] = []
    truth: list[int] = []
    families = [
        f"{a}{b}{c}"
        for a in ("ber", "kol", "mar", "sto", "win")
        for b in ("ing", "ter", "ov", "ham")
        for c in ("", "s", "er", "mann")
    ]
    names = [
        "anna",
        "boris",
        "clara",
        "david",
        "emma",
        "felix",
        "greta",
        "hugo",
        "ida",
        "jonas",
        "karin",
        "lars",
        "mona",
        "nils",
    ]
    person = 0
    while len(rows) < n:
        home = {
            "family_name": str(rng.choice(families)), "street": f"street {rng.integers(400)}", "house_number": str(rng.integers(1, 90)),
            "postcode": f"{rng.integers(10000, 10400)}", "phone": f"+4930{rng.integers(1000000, 9999999)}",
        }  # fmt: skip
        home["city"] = f"town {int(home['postcode']) % 37}"
        kind = rng.integers(10)
        given = list(rng.choice(names, rng.integers(2, 5), replace=False))
        born = [f"{rng.integers(1940, 2005)}{rng.integers(1, 13):02}{rng.integers(1, 29):02}" for _ in given]
        if kind == 0:
            given[1] = given[0]
        if kind == 1:
            born[1] = born[0]
        for name, day in zip(given, born, strict=True):
            one = {**home, "given_name": str(name), "born_on": day, "email": f"{name}{person}@mail.example"}
            rows.append(one)
            truth.append(person)
            if rng.random() < 0.33:
                other = dict(one)
                if rng.random() < 0.5:
                    other["email"] = ""
                if rng.random() < 0.3:
                    other["born_on"] = ""
                if rng.random() < 0.3:
                    other["phone"] = ""
                if rng.random() < 0.2:
                    other["given_name"] = other["given_name"][:2] + "x" + other["given_name"][2:]
                rows.append(other)
                truth.append(person)
            person += 1
    found = {name: coded([row[name] for row in rows]) for name in rows[0]}
    for name in ("given_name", "family_name"):
        found[name + ":sound"] = found[name].mapped(lambda value: value.replace("x", "")[:4])
    return with_addresses(found), np.array(truth)


def random_pairs(given, n: int, seed: int = 1):
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(0, n, 50_000).astype(np.int32) for _ in range(2))
    return compare(PERSON, given, a[a != b], b[a != b])


def judged(given, truth):
    n = len(truth)
    blocked = pairs(PERSON_RULES, given)
    levels = compare(PERSON, given, blocked.left, blocked.right)
    weights = learn(PERSON, given, levels, random_pairs(given, n), records=n)
    return blocked, levels, weights, judge(weights, given, levels, blocked.left, blocked.right)


def test_families_are_not_one_customer():
    given, truth = households()
    blocked, _, weights, found = judged(given, truth)
    assert weights.settled
    is_true = truth[blocked.left] == truth[blocked.right]
    pairs_of_all = len(truth) * (len(truth) - 1) / 2
    assert weights.shares[SAME] * pairs_of_all == pytest.approx(is_true.sum(), rel=0.15), "as many as there are"
    assert weights.shares[HOUSEHOLD] * pairs_of_all > 1000, "families were found without being told of"
    sure = found.same >= 0.95
    score = evaluate(cluster(len(truth), blocked.left[sure], blocked.right[sure], found.weight[sure]), truth)
    assert score.precision > 0.999 and score.recall > 0.8
    doubtful = (found.same >= 0.5) & ~sure
    assert (is_true & (sure | doubtful)).sum() > 0.99 * is_true.sum(), "what is missing waits for a person"
    # Of a chance said to be p, no fewer than p come true.
    for low, high in ((0.5, 0.9), (0.9, 0.99), (0.99, 1.1)):
        some = (found.same >= low) & (found.same < high)
        if some.sum() >= 40:
            assert is_true[some].mean() > found.same[some].mean() - 0.05


def test_a_pair_is_explained_field_by_field():
    given, truth = households(n=800)
    blocked, levels, weights, found = judged(given, truth)
    best, worst = int(np.argmax(found.weight)), int(np.argmin(found.weight))
    rows = np.array([best, worst])
    told, untold = explain(weights, given, levels[rows], blocked.left[rows])
    assert set(told) <= {field.name for field in PERSON} and len(told) >= 5
    assert told["place"][0] == "same address" and told["given_name"][1] > 0
    assert sum(bits for _, bits in told.values()) > 20 > 0 > sum(bits for _, bits in untold.values())


def test_who_is_nobody_teaches_nothing():
    given = columns(given_name=["", ""], family_name=["", ""])
    none = np.zeros(0, np.int32)
    weights = learn(PERSON, given, compare(PERSON, given, none, none), compare(PERSON, given, none, none), records=2)
    assert all(np.isfinite(chance).all() and chance.sum(axis=1) == pytest.approx(1.0) for chance in weights.chances)
    assert len(judge(weights, given, compare(PERSON, given, none, none), none, none).same) == 0


# Clusters

RECORDS = 12
LINKS = st.lists(st.tuples(st.integers(0, RECORDS - 1), st.integers(0, RECORDS - 1), st.floats(0, 20)), max_size=40)
SAID = st.lists(
    st.tuples(st.integers(0, RECORDS - 1), st.integers(0, RECORDS - 1)).filter(lambda pair: pair[0] != pair[1]),
    max_size=6,
)


def clustered(links, *, same=(), apart=(), most=200):
    left, right, weight = (np.array([link[k] for link in links]) for k in range(3)) if links else (np.zeros(0),) * 3
    return cluster(
        RECORDS, left.astype(np.int64), right.astype(np.int64), weight.astype(float), most=most,
        same=np.array(same, np.int64).reshape(-1, 2), apart=np.array(apart, np.int64).reshape(-1, 2),
    )  # fmt: skip


@settings(deadline=None)
@given(LINKS)
def test_what_is_linked_is_together_and_nothing_else(links):
    found = clustered(links)
    reach = {record: {record} for record in range(RECORDS)}
    for a, b, _ in links:
        whole = reach[a] | reach[b]
        for record in whole:
            reach[record] = whole
    assert found.tolist() == [min(reach[record]) for record in range(RECORDS)]


@settings(deadline=None)
@given(LINKS, SAID, SAID)
def test_what_people_said_stands(links, same, apart):
    forbidden = {frozenset(pair) for pair in apart}
    found = clustered(links, same=same, apart=apart)
    assert all(found[a] != found[b] for a, b in apart)
    if not apart:
        assert all(found[a] == found[b] for a, b in same)
    assert all(found[a] == found[b] for a, b in same[:1] if frozenset((a, b)) not in forbidden)
    assert found.tolist() == clustered(links[::-1], same=same, apart=apart).tolist() or len(
        {w for *_, w in links}
    ) < len(links)


def test_the_surest_pair_wins_over_what_is_apart_by_hand():
    assert clustered([(0, 1, 9.0), (1, 2, 5.0)], apart=[(0, 2)])[:3].tolist() == [0, 0, 2]
    assert clustered([(0, 1, 5.0), (1, 2, 9.0)], apart=[(0, 2)])[:3].tolist() == [0, 1, 1]


def test_no_giant_grows_by_weights_alone():
    chain = [(k, k + 1, 5.0) for k in range(RECORDS - 1)]
    assert np.bincount(clustered(chain, most=4)).max() <= 4
    assert np.bincount(clustered(chain, same=[(k, k + 1) for k in range(RECORDS - 1)], most=4)).max() == RECORDS


# Evaluation


def test_published_b_cubed():
    """Bagga & Baldwin (1998), the example of section 4: 5, 2 and 5 mentions; the second and third put together."""
    truth = np.repeat([1, 2, 3], [5, 2, 5])
    one = evaluate(np.repeat([1, 2, 2], [5, 2, 5]), truth)
    assert (one.b_cubed_precision, one.b_cubed_recall) == (pytest.approx(16 / 21), 1.0)
    other = evaluate(np.repeat([1, 2, 1], [5, 2, 5]), truth)
    assert (other.b_cubed_precision, other.b_cubed_recall) == (pytest.approx(7 / 12), 1.0)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=25))
def test_pairs_counted_one_by_one(records):
    found, truth = (np.array([record[k] for record in records], np.int64) for k in range(2))
    said = {(i, j) for i in range(len(records)) for j in range(i) if found[i] == found[j]}
    true = {(i, j) for i in range(len(records)) for j in range(i) if truth[i] == truth[j]}
    score = evaluate(found, truth)
    assert score.precision == pytest.approx(len(said & true) / len(said) if said else 1.0)
    assert score.recall == pytest.approx(len(said & true) / len(true) if true else 1.0)
    assert (score.found_pairs, score.true_pairs) == (len(said), len(true))


def test_what_blocking_loses_is_counted():
    truth = np.array([1, 1, 1, 2])
    assert blocking_recall(np.array([0]), np.array([1]), truth) == pytest.approx(1 / 3)


# Public data


def test_febrl_3():
    if not FEBRL.exists():
        pytest.skip("The public data set febrl_dataset3 is not here.")
    with gzip.open(FEBRL, "rt", encoding="utf-8") as file:
        rows = [{name.strip(): (value or "").strip() for name, value in row.items()} for row in csv.DictReader(file)]
    truth = np.array([int(row["rec_id"].split("-")[1]) for row in rows])
    names = {
        "given_name": "given_name", "family_name": "surname", "born_on": "date_of_birth", "street": "address_1",
        "house_number": "street_number", "postcode": "postcode", "city": "suburb", "tax_id": "soc_sec_id",
    }  # fmt: skip
    given = {field: coded([norm(row[name]) for row in rows]) for field, name in names.items()}
    for name in ("given_name", "family_name"):
        given[name + ":sound"] = given[name].mapped(
            lambda value: value[:1] + "".join(letter for letter in value[1:] if letter not in "aeiouy")
        )
    given = with_addresses(given)
    blocked, _, weights, found = judged(given, truth)
    assert weights.settled and blocking_recall(blocked.left, blocked.right, truth) > 0.99
    sure = found.same >= 0.9
    score = evaluate(cluster(len(rows), blocked.left[sure], blocked.right[sure], found.weight[sure]), truth)
    assert score.f1 >= 0.995 and score.precision > 0.9995


def test_the_sample_firm_over_all_scripts():
    """Firms and people in Latin, Cyrillic, Persian and Arabic letters, some of whom a second source wrote otherwise."""
    made_up = made(SEED, date(2026, 11, 20), 5000)
    whose = np.asarray(made_up.truth.record_person)
    found = np.arange(len(whose))
    for kind, read, fields, rules in (
        ("person", read_people, PERSON, PERSON_RULES),
        ("organisation", read_organisations, ORGANISATION, ORGANISATION_RULES),
    ):
        rows = np.array([row for row, party in enumerate(made_up.parties) if party.kind == kind])
        some = [made_up.parties[row] for row in rows]
        texts = {
            name: [getattr(party, name) for party in some]
            for name in ("name", "email", "phone", "postcode", "city", "country")
        }
        texts["street"] = [party.address for party in some]
        linked = link(read(texts).columns, fields, rules, np.random.default_rng(0))
        assert linked.weights.settled
        wrong = whose[rows[linked.blocked.left]] != whose[rows[linked.blocked.right]]
        assert not (wrong & (linked.judged.same >= SURE)).any()
        found[rows] = rows[linked.together(len(rows))]
    score = evaluate(found, whose)
    assert score.true_pairs > 100 and score.f1 >= 0.97 and score.precision == 1.0


def test_weights_learned_once_judge_the_same_again():
    given, _ = households(n=800)
    first = link(given, PERSON, PERSON_RULES, np.random.default_rng(3))
    again = link(given, PERSON, PERSON_RULES, np.random.default_rng(4), weights=first.weights)
    assert np.array_equal(first.judged.same, again.judged.same)


def test_what_too_many_hold_tells_nobody_apart_and_is_told_of():
    n = 60
    texts = {
        "name": [f"Person{k} Family{k % 7}" for k in range(n)],
        "email": ["family@mail.example"] * n,
        "phone": ["030 1234999"] * 30 + [f"030 99{k:05}" for k in range(30)],
        "tax_id": ["test", "n/a", "000000"] * 20,
    }
    read = read_people(texts)
    assert {(field, held) for field, _, held in read.ignored} == {("email", n), ("phone", 30)}
    assert (read.columns["email"].code == MISSING).all() and (read.columns["tax_id"].code == MISSING).all()
    assert (read.columns["phone"].code[30:] != MISSING).all()


@pytest.mark.parametrize(
    ("written", "same"),
    [("0044 776 175 0821", "+447761750821"), ("(0776) 175-0821", "+44 776 1750821"), ("۰۷۷۶۱۷۵۰۸۲۱", "07761750821")],
)
def test_a_telephone_number_is_one_in_every_spelling(written, same):
    column = read_people({"phone": [written, same]}).columns["phone"]
    assert column.code.tolist() == [0, 0] and len(column.values[0]) == 9


def test_a_mailbox_for_all_is_a_firms_but_nobodys():
    texts = {
        "name": ["Nord Farben GmbH", "Nord-Farben"],
        "email": ["info@nordfarben.example", "INFO@nordfarben.example"],
    }
    assert read_people(texts).columns["email"].code.tolist() == [MISSING, MISSING]
    assert read_organisations(texts).columns["email"].code.tolist() == [0, 0]
    assert read_organisations({**texts, "email": ["info@gmail.com"] * 2}).columns["email"].code.tolist() == [
        MISSING,
        MISSING,
    ]
