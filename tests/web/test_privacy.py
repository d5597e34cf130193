"""Handing everything over, and erasing, from the card."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from entente.identify.models import Customer
from entente.ledger.models import Archive, Erasure, Party, Tombstone
from entente.ledger.tombstones import SALT
from entente.staff.models import User
from tests import cast


@pytest.fixture(autouse=True)
def _home_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path / "home"
    settings.HOME.mkdir()


@pytest.fixture
def alice(company: cast.Company, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(company.staff.alice)


def test_the_page_says_what_is_held_and_what_would_stay(
    alice: Client, company: cast.Company, django_assert_max_num_queries: Any
):
    with django_assert_max_num_queries(25):
        page = alice.get(f"/customers/{company.alnoor.pk}/privacy").content.decode()
    assert "Records by source" in page and "What the law obliges the firm to keep" in page and "Erase for good" in page
    assert f"/customers/{company.alnoor.pk}/privacy" in alice.get(f"/customers/{company.alnoor.pk}/").content.decode()


def test_the_archive_can_be_read_and_is_put_on_record(alice: Client, company: cast.Company):
    answer = alice.post(f"/customers/{company.alnoor.pk}/privacy/archive")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    page, data = archive.read("index.html").decode(), json.loads(archive.read("data.json"))
    assert company.alnoor.name in page and data["ledger_party"][0]["key"] == "10442"
    taken = Archive.objects.get()
    assert (taken.customer, taken.by) == (company.alnoor.pk, company.staff.alice) and taken.rows["ledger_party"] == 1
    assert "Handed over" in alice.get(f"/customers/{company.alnoor.pk}/privacy").content.decode()


def test_a_hostile_name_is_a_name_in_the_archive(alice: Client, company: cast.Company):
    answer = alice.post(f"/customers/{company.mallory.pk}/privacy/archive")
    page = zipfile.ZipFile(io.BytesIO(answer.content)).read("index.html").decode()
    assert cast.HOSTILE not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize("number", ["", "1", "abc"])
def test_without_the_number_typed_nothing_happens(alice: Client, company: cast.Company, number: str):
    wrong = number if number != str(company.alnoor.pk) else "0"
    answer = alice.post(f"/customers/{company.alnoor.pk}/privacy/erasure", {"because": "They asked.", "number": wrong})
    assert answer.status_code == 422 and not Erasure.objects.exists() and not Tombstone.objects.exists()
    assert Customer.objects.get(pk=company.alnoor.pk).name == company.alnoor.name


def test_with_it_they_are_erased_and_the_page_says_so(alice: Client, company: cast.Company):
    number = company.alnoor.pk
    answer = alice.post(
        f"/customers/{number}/privacy/erasure", {"because": "They asked.", "number": str(number)}, follow=True
    )
    page = answer.content.decode()
    assert "This customer is erased" in page and "They asked." in page and "Erase for good" not in page
    assert f"Erased customer {number}" in page and "Al Noor" not in page
    assert Erasure.objects.get().by == company.staff.alice
    assert alice.get(f"/customers/{number}/").status_code == 200
    assert f"/customers/{number}/" not in alice.get("/search?q=Al Noor").content.decode()


def test_a_reason_that_names_them_is_sent_back(alice: Client, company: cast.Company):
    number = company.alnoor.pk
    form = {"because": "Al Noor Building Supply asked.", "number": str(number)}
    answer = alice.post(f"/customers/{number}/privacy/erasure", form)
    assert answer.status_code == 422 and "names the person" in answer.content.decode() and not Erasure.objects.exists()


def test_a_manager_hands_over_and_does_not_erase(company: cast.Company, signed_in: Callable[[User], Client]):
    maxim, number = signed_in(company.staff.maxim), company.alnoor.pk
    assert "Erase for good" not in maxim.get(f"/customers/{number}/privacy").content.decode()
    answer = maxim.post(f"/customers/{number}/privacy/erasure", {"because": "They asked.", "number": str(number)})
    assert answer.status_code == 403 and not Erasure.objects.exists()


def test_an_agent_takes_nothing_out(anna: Client, company: cast.Company):
    number = company.alnoor.pk
    assert anna.post(f"/customers/{number}/privacy/archive").status_code == 403
    assert anna.get(f"/customers/{number}/privacy").status_code == 403
    assert not Archive.objects.exists() and "/privacy" not in anna.get(f"/customers/{number}/").content.decode()


def test_who_writes_an_erased_one_down_is_told_and_may_go_on(alice: Client, company: cast.Company, settings: Any):
    number = company.alnoor.pk
    alice.post(f"/customers/{number}/privacy/erasure", {"because": "They asked.", "number": str(number)})
    form = {
        "kind": "organisation",
        "name": "Al Noor again",
        "email": "khalid@alnoor.example",
        "phone": "",
        "country": "sa",
    }
    before = Party.objects.count()
    told = alice.post("/customers/new", form)
    assert (
        told.status_code == 422
        and "asked to be erased" in told.content.decode()
        and "came_back" in told.content.decode()
    )
    assert Party.objects.count() == before and Tombstone.objects.filter(returned_at=None).exists()
    salt = settings.HOME / SALT
    kept = salt.read_text()
    salt.unlink()
    lost = alice.post("/customers/new", form)
    assert lost.status_code == 422 and "from a backup" in lost.content.decode()
    salt.write_text(kept)
    assert alice.post("/customers/new", form | {"came_back": "on"}).status_code == 302
    assert Party.objects.get(name="Al Noor again").email == "khalid@alnoor.example"
    fell = Tombstone.objects.exclude(returned_at=None)
    assert fell.count() == Tombstone.objects.count() and {one.returned_by for one in fell} == {company.staff.alice}
