"""Marks of who asked to be erased: found in every spelling, and by nothing else."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.ledger.pure.tombstones import (
    BUCKETS,
    KEY,
    digest,
    email_spelling,
    key_spelling,
    mark_of,
    permutation,
    residues,
    sieve,
    tail_of,
    tax_spelling,
)

SALT = b"a salt of its own"


def test_a_mark_is_hmac_as_the_standard_has_it():
    wanted = hmac.new(SALT, b"key\x1fshop\x1f4711", hashlib.sha256).hexdigest()
    assert digest(SALT, KEY, key_spelling("shop", "4711")) == wanted


def test_another_salt_another_kind_another_source_another_mark():
    marks = {
        digest(salt, kind, key_spelling(source, "4711"))
        for salt in (SALT, b"other") for kind in ("key", "email") for source in ("shop", "web")
    }  # fmt: skip
    assert len(marks) == 8 and mark_of(SALT) != mark_of(b"other") and len(mark_of(SALT)) == 16


@pytest.mark.parametrize(
    ("spelled", "one", "other"),
    [
        (email_spelling, " Ada@Example.com ", "ada@example.com"),
        (tax_spelling, "DE 811 907 980", "de811907980"),
        (tax_spelling, "811/907-980", "811907980"),
    ],
)  # fmt: skip
def test_every_spelling_is_one(spelled, one: str, other: str):
    assert spelled(one) == spelled(other) != ""


@pytest.mark.parametrize(
    ("spelled", "nothing"),
    [(email_spelling, "no mail"), (email_spelling, "@"), (tax_spelling, "n/a"), (tax_spelling, "none")],
)  # fmt: skip
def test_what_is_nobodys_makes_no_mark(spelled, nothing: str):
    assert spelled(nothing) == ""


@pytest.mark.parametrize("phone", ["+44 20 7946 0958", "(020) 7946-0958", "۰۲۰ ۷۹۴۶ ۰۹۵۸", "0044 2079460958"])
def test_the_tail_of_a_telephone_is_the_same_in_every_spelling(phone: str):
    assert tail_of(phone) == "9460958"


def test_the_permutation_holds_every_number_once():
    assert sorted(permutation(SALT).tolist()) == list(range(BUCKETS))
    assert not np.array_equal(permutation(SALT), permutation(b"other"))


@given(st.lists(st.text(max_size=12), min_size=1, max_size=20), st.lists(st.text(max_size=12), max_size=20))
def test_the_sieve_lets_everybody_through_whom_it_should(marked: list[str], others: list[str]):
    buckets = permutation(SALT)[residues(marked, len(marked))].tolist()
    through = sieve(SALT, buckets)[residues([*marked, *others], len(marked) + len(others))]
    assert through[: len(marked)].all()


def test_the_sieve_keeps_nearly_everybody_else_back():
    marked, others = [f"m{number}" for number in range(500)], [f"o{number}" for number in range(100_000)]
    through = sieve(SALT, permutation(SALT)[residues(marked, 500)].tolist())[residues(others, 100_000)]
    assert through.mean() < 0.012
