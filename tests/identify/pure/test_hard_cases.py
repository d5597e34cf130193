"""Who shares what with whom: the cases that make wrong links, each among a crowd the weights are learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from bench.made.people import people
from entente.identify.pure.blocking import ORGANISATION_RULES, PERSON_RULES
from entente.identify.pure.comparisons import ORGANISATION, PERSON
from entente.identify.pure.evaluation import evaluate
from entente.identify.pure.linkage import SURE, link
from entente.identify.pure.readings import read_organisations, read_people

CROWD = 1500
FIELDS = (
    "name",
    "given_name",
    "family_name",
    "email",
    "phone",
    "street",
    "house_number",
    "postcode",
    "city",
    "country",
    "born_on",
    "tax_id",
)
HOME = {"street": "Lindenweg", "house_number": "7", "postcode": "50674", "city": "Köln", "country": "DE"}
JUNK = ("test", "n/a", "000000", "-", "unknown", "xxx", "none", "k.A.", "0", "..", "test@test.com", "нет", "ندارد")


@pytest.fixture(scope="module")
def crowd() -> dict[str, list[str]]:
    made = people(CROWD, seed=11)
    found = {name: ["" if value is None else str(value) for value in column] for name, column in made.items()}
    found["born_on"] = found["birth_date"]
    return {name: found.get(name, [""] * CROWD) for name in FIELDS}


def groups_of(crowd: Mapping[str, Sequence[str]], cases: Sequence[Mapping[str, str]]) -> list[int]:
    """The cluster of each case, linked together with the crowd."""
    texts = {name: [*crowd[name], *(case.get(name, "") for case in cases)] for name in FIELDS}
    found = link(read_people(texts).columns, PERSON, PERSON_RULES, np.random.default_rng(1))
    together: list[int] = found.together(CROWD + len(cases))[CROWD:].tolist()
    return together


def person(given: str, family: str, **more: str) -> dict[str, str]:
    return {"given_name": given, "family_name": family, **HOME, **more}


def word(number: int, syllables: int) -> str:
    """No two numbers below 8,000 the same, and few alike."""
    sounds = (
        "ba",
        "ce",
        "di",
        "fo",
        "gu",
        "ha",
        "je",
        "ki",
        "lo",
        "mu",
        "na",
        "pe",
        "ri",
        "so",
        "tu",
        "va",
        "we",
        "xi",
        "yo",
        "zu",
    )
    return "".join(sounds[number // 20**place % 20] for place in range(syllables))


def test_namesakes_are_not_taken_for_customers_who_changed_everything_but_their_name():
    """In each of five countries few names are common, and few towns: no date of birth, but mailboxes and telephones that differ."""
    people, rng = 24_000, np.random.default_rng(5)
    country = rng.integers(0, 5, people)
    common, rarer = 1 / np.arange(1, 31), 1 / np.arange(1, 81) ** 0.7
    given = country * 30 + rng.choice(30, people, p=common / common.sum())
    family = country * 80 + rng.choice(80, people, p=rarer / rarer.sum())
    town = country * 4 + rng.integers(0, 4, people)
    street, number = rng.integers(0, 7_000, (2, people)), rng.integers(1, 90, people)
    who = np.append(np.arange(people), rng.choice(people, 700, replace=False))
    texts = {
        "given_name": [word(given[each] * 37, 3) for each in who],
        "family_name": [word(family[each] * 13, 3) for each in who],
        "email": [f"u{each}@web{each % 5}.example" if each % 10 else "" for each in who],
        "phone": [f"030 {1_000_000 + each * 13}" if each % 2 else "" for each in who],
        # Of those known twice, a third has moved.
        "street": [f"{word(street[int(row > people + 466)][each], 3)} street" for row, each in enumerate(who)],
        "house_number": [str(number[each]) for each in who],
        "city": [f"{word(town[each] * 211, 3)}ton" for each in who],
    }
    assert len(set(zip(texts["given_name"], texts["family_name"], strict=True))) < people / 3
    found = link(read_people(texts).columns, PERSON, PERSON_RULES, np.random.default_rng(0))
    score = evaluate(found.together(len(who)), who)
    assert score.true_pairs == 700 and score.precision > 0.98 and score.recall > 0.9


def test_twins_and_father_and_son_at_one_address_are_two_each(crowd: dict[str, list[str]]):
    home = {"phone": "0221 5550142"}
    father = person("Karl", "Overbeck", born_on="1951-02-03", email="karl@overbeck.example", **home)
    son = person("Karl", "Overbeck", born_on="1983-07-21", email="k.o.junior@web.example", **home)
    one, other = (person(name, "Overbeck", born_on="2001-05-05", **home) for name in ("Lea", "Mia"))
    found = groups_of(crowd, [father, son, one, other])
    assert len(set(found)) == 4


def test_swapped_name_parts_are_one(crowd: dict[str, list[str]]):
    right = person("Anneliese", "Wiegand", born_on="1972-11-30", email="a.wiegand@web.example")
    swapped = person("Wiegand", "Anneliese", born_on="1972-11-30", email="a.wiegand@web.example")
    one, other = groups_of(crowd, [right, swapped])
    assert one == other


def test_a_recycled_telephone_number_links_nobody(crowd: dict[str, list[str]]):
    before = person("Gerda", "Nimtz", phone="+49 171 5550199", born_on="1948-01-09")
    now = {"given_name": "Levin", "family_name": "Okafor", "phone": "+49 171 5550199", "street": "Am Hang", "house_number": "12",
           "postcode": "80331", "city": "München", "country": "DE", "born_on": "1999-12-01"}  # fmt: skip
    assert len(set(groups_of(crowd, [before, now]))) == 2


def test_junk_says_nothing(crowd: dict[str, list[str]]):
    filled = ("email", "phone", "tax_id", "street", "born_on")
    given = [
        "Ottilie",
        "Ruprecht",
        "Zdenka",
        "Ignatius",
        "Wilma",
        "Tjark",
        "Xaver",
        "Mildred",
        "Cosima",
        "Piotr",
        "Hedda",
        "Lazlo",
        "Gudrun",
    ]
    family = [
        "Brandvold",
        "Szymanski",
        "Havlicek",
        "Oyelaran",
        "Quast",
        "Feddersen",
        "Ulm",
        "Pereira",
        "Jablonski",
        "Thorne",
        "Wex",
        "Montag",
        "Kriz",
    ]
    cases = [
        {"given_name": given[k], "family_name": family[(k + shift) % 13], **dict.fromkeys(filled, junk)}
        for k, junk in enumerate(JUNK)
        for shift in (0, 5)
    ]
    assert len(set(groups_of(crowd, cases))) == len(cases)
    nothing_else = [dict.fromkeys(FIELDS, junk) for junk in JUNK for _ in range(4)]
    assert len(set(groups_of(crowd, nothing_else))) == len(nothing_else)


def test_a_shared_switchboard_and_mailbox_join_nobody(crowd: dict[str, list[str]]):
    staff = [
        {"given_name": crowd["given_name"][k], "family_name": crowd["family_name"][k + 1], "email": "info@werk.example",
         "phone": "0221 4400", **HOME}
        for k in range(0, 80, 2)
    ]  # fmt: skip
    names = {(each["given_name"].lower(), each["family_name"].lower()) for each in staff}
    assert len(set(groups_of(crowd, staff))) > 0.95 * len(names)


def test_a_chains_branches_with_one_tax_id_are_branches_and_one_firm_twice_is_one():
    rng = np.random.default_rng(4)
    towns = [
        f"{a}{b}"
        for a in ("Berg", "Neu", "Alt", "Ober", "Nieder", "Wald")
        for b in ("heim", "stadt", "dorf", "hausen", "bach", "furt")
    ]
    words = (
        "Adler",
        "Bruck",
        "Cordes",
        "Dorn",
        "Ebert",
        "Falk",
        "Gruber",
        "Holm",
        "Imhof",
        "Jung",
        "Kranz",
        "Lorenz",
        "Maurer",
        "Nagel",
    )
    trades = ("Farben", "Bau", "Holz", "Technik", "Maler", "Lacke", "Putz")
    rows: list[dict[str, str]] = []
    for a in words:
        for trade in trades:
            firm = {
                "name": f"{a} {trade} GmbH", "street": f"{rng.choice(towns)}er Straße {rng.integers(1, 90)}",
                "postcode": f"{rng.integers(10000, 99999)}", "city": str(rng.choice(towns)),
                "phone": f"0{rng.integers(200, 999)} {rng.integers(100000, 999999)}",
                "email": f"mail@{a.lower()}-{trade.lower()}.example", "tax_id": f"DE{rng.integers(100000000, 999999999)}",
            }  # fmt: skip
            rows.append(firm)
            if rng.random() < 0.4:
                rows.append(firm | {"name": f"{a.upper()} {trade}", "tax_id": ""})
    first = len(rows)
    rows += [
        {"name": f"Pinselwelt {town}", "street": f"Markt {k}", "postcode": f"{30000 + 37 * k}", "city": town,
         "phone": f"05{k:02} 77{k:03}1", "tax_id": "DE811111111"}
        for k, town in enumerate(towns)
    ]  # fmt: skip
    texts = {name: [row.get(name, "") for row in rows] for name in rows[-1] | {"email": ""}}
    read = read_organisations(texts)
    found = link(read.columns, ORGANISATION, ORGANISATION_RULES, np.random.default_rng(1))
    together = found.together(len(rows))
    assert len(set(together[first:].tolist())) == len(towns), (
        "branches are places of their own, one above them by a relation"
    )
    twice = [k for k in range(first) if rows[k]["tax_id"] == ""]
    assert np.mean([together[k] == together[k - 1] for k in twice]) > 0.9
    assert (found.judged.same >= SURE).any()


def test_many_with_one_value_make_no_giant(crowd: dict[str, list[str]]):
    many = [
        {
            "given_name": f"Person{k}",
            "family_name": f"Nr{k % 97}",
            "phone": "0711 4465500",
            "email": "kunde@shop.example",
            "city": "Bonn",
        }
        for k in range(1000)
    ]
    found = groups_of(crowd, many)
    assert np.bincount(np.unique(found, return_inverse=True)[1]).max() <= 3
