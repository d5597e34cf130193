"""Today: what is to do, and what comes back."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from entente.customize.models import Decision
from tests import cast


def test_what_was_put_off_comes_back_on_its_day_among_the_others(anna: Client, company: cast.Company):
    step = company.decisions["brankova"]
    today = timezone.localdate()
    anna.post(f"/decisions/{step.pk}/answers", {"kind": "postponed", "days": "7"})
    assert "Brankova Interiors" not in anna.get("/").content.decode()
    Decision.objects.filter(pk=step.pk).update(due_on=today + timedelta(days=1))
    assert "Brankova Interiors" not in anna.get("/").content.decode()
    for due_on in (today, today - timedelta(days=30)):
        Decision.objects.filter(pk=step.pk).update(due_on=due_on)
        page = anna.get("/").context
        assert page["rail"][0]["places"][0]["count"] == 3
        listed = [one.decision.customer_id for one in page["steps"]]
        assert listed == [company.alnoor.pk, company.brankova.pk, company.mallory.pk]
    anna.post(f"/decisions/{step.pk}/answers", {"kind": "done"})
    assert "Brankova Interiors" not in anna.get("/").content.decode()


def test_today_is_walked_through_both_kinds_without_losing_any(anna: Client, company: cast.Company):
    company.cycle.decision_set.update(state="done")
    for number in range(50):
        buyer = cast.customer(f"Equal {number}", country="GB")
        put_off = {"state": "postponed", "due_on": timezone.localdate()} if number % 3 else {}
        cast.decision(buyer, company.cycle, float(number // 10), **put_off)
    seen, url = [], "/"
    while url:
        page = anna.get(url).context
        seen += [(one.decision.score, one.decision.pk) for one in page["steps"]]
        url = f"/?before={page['more']}" if page["more"] else ""
    assert len(seen) == 50
    assert seen == sorted(set(seen), reverse=True)
