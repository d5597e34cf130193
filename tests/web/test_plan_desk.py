"""The desk on which plans are drawn up, as a browser without script uses it: nothing typed is lost, nothing old is kept."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from entente.differentiate.models import PlanMove
from tests import cast
from tests.web.test_plans import NEW, UP, a_plan, full, maxim, written

__all__ = ["full", "maxim"]  # fixtures


def form_of(page: str, form: str) -> dict[str, str]:
    """What a browser without script would send of a form, as it stands."""
    reader = _Fields(form)
    reader.feed(page)
    return reader.found


def test_without_script_what_is_kept_is_what_stands_in_the_fields(full: cast.Company, maxim: Client):
    """Nobody pressed "Work it out" after the last figure: it is kept all the same."""
    given = {**form_of(maxim.get(NEW, UP).content.decode(), "desk"), "moves.0.customers": "6", "name": "Six"}
    assert maxim.post(NEW, given).status_code == 302
    assert PlanMove.objects.get().customers == 6


@pytest.mark.parametrize("button", ["work", "add"])
def test_working_it_out_or_another_line_keeps_nothing_and_loses_nothing(full: cast.Company, maxim: Client, button: str):
    plan = a_plan(full, "Up", note="Why we want it.")
    for url, typed in ((NEW, {"name": "Mine", "note": "Because."}), (f"/pyramid/plans/{plan.pk}/edit", {})):
        opened = form_of(maxim.get(url, {} if "edit" in url else UP).content.decode(), "desk")
        with CaptureQueriesContext(connection) as queries:
            answer = maxim.post(url, {**opened, **typed, button: "1"})
        assert answer.status_code == 200 and not written(queries)
        again = form_of(answer.content.decode(), "desk")
        expected = typed or {"name": "Up", "note": "Why we want it."}
        assert {name: again.get(name) for name in expected} == expected, url


def test_a_desk_that_was_sent_back_does_not_write_over_what_another_kept_meanwhile(full: cast.Company, maxim: Client):
    plan = a_plan(full)
    edit = f"/pyramid/plans/{plan.pk}/edit"
    opened = form_of(maxim.get(edit).content.decode(), "desk")
    assert maxim.post(edit, {**UP, "name": "Theirs", "version": "1"}).status_code == 302
    back = maxim.post(edit, {**opened, "moves.0.customers": "99999"})
    assert back.status_code == 422
    again = {**form_of(back.content.decode(), "desk"), "moves.0.customers": "5"}
    assert maxim.post(edit, again).status_code == 409
    plan.refresh_from_db()
    assert plan.name == "Theirs"


def test_a_new_one_from_this_takes_its_note_along_however_long(full: cast.Company, maxim: Client):
    plan = a_plan(full, "Up", note="ü" * 5000)
    page = maxim.get(f"/pyramid/plans/{plan.pk}/").content.decode()
    (link,) = [part.split('"')[0] for part in page.split('href="') if part.startswith(f"{NEW}?")]
    assert len(link) < 2000, "servers and proxies take no longer address"
    given = form_of(maxim.get(link).content.decode(), "desk")
    assert (given["name"], given["note"], given["moves.1.customers"]) == ("Up", plan.note, "9")
    assert maxim.get(f"{NEW}?like=999999").status_code == 404


class _Fields(HTMLParser):
    """The fields of one form: those inside it, and those that name it."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form, self.inside = form, ""
        self.found: dict[str, str] = {}
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = of.get("id", "other")
        name = of.get("name", "") if of.get("form", self.inside) == self.form else ""
        if tag == "input" and name:
            self.found[name] = of.get("value", "")
        elif tag == "select":
            self.select = name
        elif tag == "textarea" and name:
            self.area, self.found[name] = name, ""
        elif tag == "option" and self.select and (self.select not in self.found or "selected" in of):
            self.found[self.select] = of.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.area:
            self.found[self.area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = ""
        elif tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""


def test_nobody_is_kept_who_would_have_stayed_anyway(full: cast.Company, maxim: Client):
    keep = {"moves.0.kind": "keep", "moves.0.from": "4", "cost": "0", "cost_precision": "exact", "figures": "computed"}
    many = maxim.get(NEW, {**keep, "moves.0.customers": "100"}).content.decode()
    few = maxim.get(NEW, {**keep, "moves.0.customers": "1"}).content.decode()
    assert "nobody is kept who would have stayed anyway" in many
    assert "nobody is kept who would have stayed anyway" not in few
