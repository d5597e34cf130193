"""What is proved links and opens; what is only claimed does not. Said once, taken back whole."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connections, transaction
from django.utils import timezone

from entente.identify.index_models import Reading
from entente.identify.link import link_all
from entente.identify.match import match_new
from entente.identify.models import PossibleMatch, SourceTrust, Verified
from entente.identify.moves import one_at_a_time
from entente.identify.newcomers import link_new
from entente.identify.proofs import (
    ErasedRecord,
    ImpossibleProof,
    NoSuchRecord,
    NothingToProve,
    SaysOtherwise,
    provable,
    unverify,
    verify,
)
from entente.identify.resolve import resolve
from entente.ledger.models import Party
from entente.staff.models import User
from tests.identify.test_add import somebody_waits
from tests.identify.test_index import made
from tests.identify.test_link import ANNA, party, whose

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def maxim(django_user_model: type[User]) -> User:
    return django_user_model.objects.create_user(email="maxim@example.org", name="Maxim", role="manager")


@pytest.fixture
def claimed(maxim: User) -> Party:
    """Of a form where anybody may write who they are."""
    found = party("form-1", source="Web form", email="Anna.Schroeder@Web.example", country="DE")
    SourceTrust.objects.create(source=found.source, is_claimed=True)
    match_new()
    return found


@pytest.mark.parametrize(("field", "value"), [("email", "anna.schroeder@web.example"), ("phone", ANNA["phone_e164"])])
def test_what_is_proved_links_with_the_next_run_over_what_is_new(maxim: User, claimed: Party, field: str, value: str):
    made(150)
    real = party("1")
    link_all()
    assert whose()[real.pk] != whose()[claimed.pk]
    assert link_new() is None
    proof = verify(claimed.pk, field, how="code", by=maxim)
    assert (proof.value, proof.how, proof.by) == (value, "code", maxim)
    assert whose()[real.pk] != whose()[claimed.pk], "nothing moves before records are compared"
    run = link_new()
    assert run is not None and run.counts["records"] == 1
    assert whose()[real.pk] == whose()[claimed.pk]
    assert not PossibleMatch.objects.filter(left=real, right=claimed, settled_by=None).exists()
    # Taken back, a run over all parts them again.
    assert unverify(claimed.pk, field, by=maxim)
    link_all()
    assert whose()[real.pk] != whose()[claimed.pk]


def test_of_two_who_only_claim_both_have_to_prove_it(maxim: User, claimed: Party):
    made(150)
    other = party("form-2", source="Web form")
    link_all()
    verify(claimed.pk, "email", how="link", by=maxim)
    link_new()
    assert whose()[other.pk] != whose()[claimed.pk]
    verify(other.pk, "email", how="link", by=maxim)
    link_new()
    assert whose()[other.pk] == whose()[claimed.pk]


def test_a_caller_is_verified_by_what_was_proved_and_after_linking_still(maxim: User, claimed: Party):
    made(150)
    link_all()
    by_mail = {"email": ANNA["email"]}
    assert not resolve(by_mail, user=maxim)[0].is_verified
    verify(claimed.pk, "email", how="reply", by=maxim)
    assert resolve(by_mail, user=maxim)[0].is_verified
    assert not resolve({"phone": ANNA["phone_e164"]}, user=maxim)[0].is_verified
    # Of two records of one customer that say the same, it is the other one whose holder proved it.
    real = party("1")
    match_new()
    link_new()
    assert whose()[real.pk] == whose()[claimed.pk]
    assert unverify(claimed.pk, "email", by=maxim)
    assert not any(each.is_verified for each in resolve(by_mail, user=maxim))
    verify(real.pk, "email", how="reply", by=maxim)
    found = resolve(by_mail, user=maxim)[0]
    assert found.is_verified and found.party_id == claimed.pk


def test_said_twice_it_is_kept_once_and_taken_back_once(maxim: User, claimed: Party):
    first = verify(claimed.pk, "email", how="reply", by=maxim)
    assert verify(claimed.pk, "email", how="code", by=maxim, value=" ANNA.schroeder@web.example") == first
    kept = Verified.objects.get()
    assert (kept.how, kept.at) == ("reply", first.at)
    assert unverify(claimed.pk, "email", by=maxim) and not unverify(claimed.pk, "email", by=maxim)
    assert not Verified.objects.exists()


def test_what_cannot_be_proved_is_told_and_nothing_kept(maxim: User, claimed: Party):
    bare = party("2", email="", phone="0221 5550142", phone_e164="", country="")
    gone = User.objects.create(email="gone@example.com", name="Gone", role="agent", is_active=False)
    match_new()
    for error, word, number, field, how, by, value in (
        (NothingToProve, "mail", bare.pk, "email", "code", maxim, None),
        (NothingToProve, "country", bare.pk, "phone", "code", maxim, None),
        (NoSuchRecord, "no such record", 10**9, "email", "code", maxim, None),
        (NoSuchRecord, "no such record", claimed.pk, "email", "code", gone, None),
        (SaysOtherwise, "not what the record says", claimed.pk, "email", "code", maxim, "other@web.example"),
        (SaysOtherwise, "not what the record says", claimed.pk, "phone", "code", maxim, "+44 221 5550142"),
        (ImpossibleProof, "email, phone", claimed.pk, "name", "code", maxim, None),
        (ImpossibleProof, "counter", claimed.pk, "email", "by magic", maxim, None),
    ):
        with pytest.raises(error, match=word):
            verify(number, field, how=how, by=by, value=value)
    for number, field, by in ((claimed.pk, "name", maxim), (claimed.pk, "email", gone)):
        with pytest.raises(ImpossibleProof):
            unverify(number, field, by=by)
    assert not Verified.objects.exists()


def test_of_somebody_erased_nothing_is_proved_and_nothing_stays_proved(maxim: User, claimed: Party):
    verify(claimed.pk, "email", how="code", by=maxim)
    Party.objects.filter(pk=claimed.pk).update(erased_at=timezone.now())
    with pytest.raises(ErasedRecord, match="erased"):
        verify(claimed.pk, "phone", how="code", by=maxim)
    assert Verified.objects.count() == 1


def test_what_was_proved_of_what_the_record_no_longer_says_is_shown_as_such(maxim: User, claimed: Party):
    proof = verify(claimed.pk, "email", how="code", by=maxim)
    Party.objects.filter(pk=claimed.pk).update(email="new@web.example")
    claimed.refresh_from_db()
    told = [(each.field, each.value, each.proof, each.is_said) for each in provable([claimed])[claimed.pk]]
    assert told == [
        ("email", "new@web.example", None, True),
        ("email", ANNA["email"], proof, False),
        ("phone", ANNA["phone_e164"], None, True),
    ]
    assert not unverify(claimed.pk, "email", by=maxim, value="new@web.example")
    assert unverify(claimed.pk, "email", by=maxim, value=ANNA["email"])


def test_while_a_run_comes_into_force_a_proof_waits_and_is_not_forgotten(maxim: User, claimed: Party):
    def proved() -> None:
        try:
            verify(claimed.pk, "email", how="code", by=maxim)
        finally:
            connections.close_all()

    made(30)
    link_all()
    other = threading.Thread(target=proved)
    with transaction.atomic():
        one_at_a_time()
        other.start()
        until = time.monotonic() + 60
        while not somebody_waits():
            assert other.is_alive() and time.monotonic() < until
            time.sleep(0.02)
        assert not Verified.objects.exists()
    other.join()
    assert Verified.objects.count() == 1 and Reading.objects.get(party=claimed).digest == 0
