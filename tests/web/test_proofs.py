"""What is proved to be theirs, kept and taken back on the card: by whom it may be, of what the record says."""

from __future__ import annotations

from django.test import Client
from django.utils import timezone

from entente.identify.models import Verified
from entente.ledger.models import Party
from tests import cast
from tests.web.test_review import records


def test_a_mailbox_is_proved_on_the_card_and_taken_back(anna: Client, company: cast.Company):
    party = company.okafor.memberships.get().party
    Party.objects.filter(pk=party.pk).update(email="j.okafor@web.example")
    proofs = f"/customers/{company.okafor.pk}/records/{party.pk}/proofs"
    said = {"field": "email", "how": "code", "value": "j.okafor@web.example"}
    text = records(anna, company.okafor)
    assert "only claimed" in text and proofs in text and "proved to be theirs</span>" not in text
    # Not from another card; not what the record does not say; not in another way.
    assert anna.post(f"/customers/{company.alnoor.pk}/records/{party.pk}/proofs", said).status_code == 404
    for wrong in ({"value": "new@web.example"}, {"value": "\0"}, {"how": "magic"}, {"field": "name"}):
        assert 'class="note' in anna.post(proofs, said | wrong, follow=True).content.decode()
    assert not Verified.objects.exists()
    assert anna.post(proofs, said).status_code == 302
    kept = Verified.objects.get()
    assert (kept.party, kept.value, kept.how, kept.by) == (party, said["value"], "code", company.staff.anna)
    text = records(anna, company.okafor)
    assert "proved to be theirs</span>" in text and "a code that was sent to it" in text and "Anna" in text
    away = {"field": "email", "value": said["value"]}
    assert anna.post(f"{proofs}/withdrawal", away | {"value": "\0"}).status_code == 302 and Verified.objects.exists()
    assert anna.post(f"{proofs}/withdrawal", away).status_code == 302
    assert not Verified.objects.exists()


def test_each_of_several_records_says_what_is_proved_of_it(anna: Client, company: cast.Company):
    party = company.brankova.memberships.order_by("party_id")[1].party
    Party.objects.filter(pk=party.pk).update(email=f"<b>{cast.HOSTILE}</b>@x")
    Verified.objects.create(party=party, field="email", value="old@web.example", how="by hand", at=timezone.now())
    text = records(anna, company.brankova)
    assert "old@web.example" in text and "The record says something else now." in text and "<script>" not in text


def test_a_viewer_proves_nothing_and_takes_nothing_back(company: cast.Company, signed_in):
    victor = signed_in(company.staff.victor)
    party = company.okafor.memberships.get().party
    Party.objects.filter(pk=party.pk).update(email="j.okafor@web.example")
    proofs = f"/customers/{company.okafor.pk}/records/{party.pk}/proofs"
    said = {"field": "email", "how": "code", "value": "j.okafor@web.example"}
    assert proofs not in records(victor, company.okafor) and "only claimed" in records(victor, company.okafor)
    assert victor.post(proofs, said).status_code == 403 and not Verified.objects.exists()
    Verified.objects.create(party=party, field="email", value=said["value"], how="code", at=timezone.now())
    assert victor.post(f"{proofs}/withdrawal", said).status_code == 403 and Verified.objects.exists()
    assert victor.get(proofs).status_code == 405
