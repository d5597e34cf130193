"""Whoever meets a tombstone is known in any spelling; without the salt nobody is let in; who came back is let in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from entente.ledger.by_hand import record_party
from entente.ledger.erasures import (
    UnreadableList,
    finish_all,
    list_path,
    read_list,
    take_up_list,
    write_list,
)
from entente.ledger.models import Erasure, Party, Tombstone
from entente.ledger.pure import tombstones as law
from entente.ledger.tombstones import (
    SALT,
    AskedToBeErased,
    SaltIsLost,
    birth_spelling,
    digits_spelling,
    met_by,
    number_of,
    raise_tombstones,
    salt,
    spellings_of,
    standing,
)
from entente.staff.models import User

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ADA = {
    "name": "Ada Lovelace", "email": "ada@lovelace.example", "phone": "020 7946 0958", "phone_e164": "+442079460958",
    "tax_id": "GB 980 7806 84", "born_on": "1815-12-10", "postcode": "SW1Y 4JU",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _home_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def erased(db: None) -> Erasure:
    made = Erasure.objects.create(customer=7, because="She asked.", at=NOW, salt_mark=law.mark_of(salt()))
    raise_tombstones(made.pk, [number_of("shop", "4711", "Erased customer 7"), *spellings_of(ADA)], at=NOW)
    return made


@pytest.mark.parametrize(
    ("one", "other"),
    [("+49 30 901820", "030/901820"), ("020 7946 0958", "+44 (0)20 7946-0958"), ("۰۲۰ ۷۹۴۶ ۰۹۵۸", "02079460958")],
)
def test_a_telephone_is_one_in_every_spelling(one: str, other: str):
    assert digits_spelling(one) == digits_spelling(other) != ""
    assert digits_spelling("12345") == ""


def test_a_birthday_counts_with_name_and_postcode_only():
    whole = birth_spelling("Zoë Müller", "1970-01-02", "10 115")
    assert whole == birth_spelling("ZOE MULLER", "1970-01-02", "10115") != ""
    for name, born_on, postcode in (("", "1970-01-02", "10115"), ("Zoë", "", "10115"), ("Zoë", "1970-01-02", "")):
        assert birth_spelling(name, born_on, postcode) == ""


def test_nothing_that_is_kept_says_who_it_was(erased: Erasure):
    for row in (*Erasure.objects.values(), *Tombstone.objects.values()):
        # In 64 hexadecimal digits any short word may stand by chance.
        told = {name: value for name, value in row.items() if name not in ("digest", "bucket")}
        assert not any(word.lower() in str(told).lower() for word in ("ada", "lovelace", "7946", "9807806", "1815"))
        assert re.fullmatch("[0-9a-f]{64}", row.get("digest", "0" * 64))
    assert Tombstone.objects.count() == 6
    assert (Path(list_path()).parent / SALT).stat().st_mode & 0o77 == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"email": " ADA@lovelace.example"},
        {"phone": "+44 20 7946 0958", "phone_e164": "+442079460958"},
        {"phone": "(020) 7946-0958"},
        {"tax_id": "gb980780684"},
        {"name": "ada lovelace", "born_on": "1815-12-10", "postcode": "sw1y4ju"},
    ],
)
def test_she_is_met_in_any_spelling(erased: Erasure, fields: dict[str, str]):
    assert met_by(fields, standing())


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": "Ada Lovelace"},
        {"name": "Ada Lovelace", "born_on": "1815-12-10"},
        {"email": "byron@lovelace.example"},
        # The same digits in another country are somebody else's.
        {"phone": "+49 20 7946 0958", "phone_e164": "+492079460958"},
    ],
)
def test_others_are_not(erased: Erasure, fields: dict[str, str]):
    assert not met_by(fields, standing())


def test_a_phone_of_which_no_country_was_known_is_met_with_any(db: None):
    made = Erasure.objects.create(customer=8, because="He asked.", at=NOW, salt_mark=law.mark_of(salt()))
    raise_tombstones(made.pk, spellings_of({"phone": "020 7946 0111"}), at=NOW)
    for fields in ({"phone": "(020) 79460111"}, {"phone": "+44 20 7946 0111", "phone_e164": "+442079460111"}):
        assert met_by(fields, standing())
    assert not met_by({"phone": "020 7946 0112"}, standing())


def test_without_the_salt_nobody_is_let_in_unseen(erased: Erasure, tmp_path: Path):
    kept = (tmp_path / SALT).read_text()
    (tmp_path / SALT).unlink()
    with pytest.raises(SaltIsLost):
        standing()
    assert not (tmp_path / SALT).exists()
    (tmp_path / SALT).write_text("another")
    with pytest.raises(SaltIsLost):
        standing()
    (tmp_path / SALT).write_text(kept)
    assert standing()


def test_where_nobody_was_erased_no_salt_is_drawn(db: None, tmp_path: Path):
    assert not standing() and not (tmp_path / SALT).exists()
    record_party({"name": "Ada"})
    assert not (tmp_path / SALT).exists()


def test_by_hand_somebody_has_to_say_that_she_came_back(erased: Erasure):
    anna = User.objects.create(email="anna@example.com", name="Anna", role="agent")
    form = {"name": "Ada", "email": "ada@lovelace.example"}
    with pytest.raises(AskedToBeErased):
        record_party(form)
    assert not Party.objects.exists()
    record_party(form, returned_by=anna)
    assert not standing() and read_list(list_path())[str(erased.token)]["returned"]
    # From then on without a word.
    record_party(form)


def test_the_list_only_grows_and_says_it_once(erased: Erasure):
    write_list()
    write_list()
    assert finish_all() == 1 and finish_all() == 0
    said = read_list(list_path())
    assert list(said) == [str(erased.token)] and len(said[str(erased.token)]["tombstones"]) == 6
    assert len(list_path().read_text().splitlines()) == 1
    Erasure.objects.all().delete()
    taken = take_up_list(list_path())
    assert [str(one.token) for one in taken] == [str(erased.token)] and Tombstone.objects.count() == 6
    assert take_up_list(list_path()) == []


def test_numbers_met_later_are_on_the_list_as_well(erased: Erasure):
    write_list()
    old = list(Tombstone.objects.values_list("kind", "digest"))
    raise_tombstones(erased.pk, [number_of("fair", "x-9", "Erased customer 7")], at=NOW)
    write_list()
    write_list()
    assert len(list_path().read_text().splitlines()) == 2
    for lost in (Tombstone.objects.exclude(digest__in=[digest for _kind, digest in old]), Erasure.objects.all()):
        lost.delete()
        taken = take_up_list(list_path())
        assert Tombstone.objects.count() == 7
        met = standing().meets(law.KEY, law.key_spelling("fair", "x-9"))
        assert met is not None and met.stands_as == "Erased customer 7"
    assert [str(one.token) for one in taken] == [str(erased.token)] and take_up_list(list_path()) == []


def test_a_line_cut_off_is_passed_over_and_a_damaged_list_is_told(erased: Erasure):
    write_list()
    with list_path().open("a") as file:
        file.write('{"erasure": "half')
    assert len(read_list(list_path())) == 1
    with list_path().open("a") as file:
        file.write("\n")
    with pytest.raises(UnreadableList, match="Line 2"):
        read_list(list_path())
