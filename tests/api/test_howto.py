"""The lines of docs/howto/api.md do what the page says."""

from __future__ import annotations

import re
import shlex
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from entente.api.permissions import MOST_A_MINUTE
from entente.identify.bring_in import bring_in
from entente.identify.match import match_new
from entente.identify.models import Verified
from entente.identify.resolve import NUMBERS, SAYS
from entente.ledger.models import Import, Party, Source
from tests import cast
from tests.api.conftest import CSV, NDJSON, key_of
from tests.docs.pages import CHECKOUT, blocks, text_of

PAGE = CHECKOUT / "docs" / "howto" / "api.md"
LINES = [
    block.text.replace("\\\n", " ").strip()
    for block in blocks(PAGE)
    if block.language == "sh" and block.text.startswith("curl")
]
BODIES = {"@orders.csv": CSV, "@orders.ndjson": NDJSON}


def give(line: str, key: str) -> tuple[int, dict[str, object]]:
    """What the server answers to a line of curl."""
    words = shlex.split(line.replace("$KEY", key).replace("$ENTENTE", settings.BASE_URL))[1:]
    headers, body, url, method = {}, None, "", "GET"
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-X":
            method = words.pop(0)
        elif word == "--data-binary":
            said = words.pop(0)
            body = BODIES.get(said) or said.encode()
        else:
            parts = urlsplit(word)
            url = f"{parts.path}?{parts.query}"
    client = Client()
    if body is None:
        answer = client.generic(method, url, headers=headers)
    else:
        answer = client.post(url, body, content_type=headers.pop("Content-Type"), headers=headers)
    return answer.status_code, answer.json()


@pytest.mark.django_db
def test_the_lines_of_the_page_do_what_it_says(staff: cast.Staff):
    key = key_of(staff.maxim, "import", "resolve")
    hand_over, dry_run, look, back, who, prove, disprove = LINES
    status, said = give(hand_over, key)
    assert status == 202
    assert set(said) == {"id", "href"}
    assert give(hand_over, key) == (202, said)
    status, tried = give(dry_run, key)
    assert (status, tried["counts"]["rows"]) == (200, 3)  # type: ignore[index]
    status, state = give(look.replace("/7", f"/{said['id']}"), key)
    assert (status, state["state"], state["next"]) == (200, "waiting", None)
    assert Import.objects.count() == 1
    assert give(back.replace("/7/", f"/{said['id']}/"), key)[0] == 409
    bring_in(int(str(said["id"])))
    status, state = give(back.replace("/7/", f"/{said['id']}/"), key)
    assert (status, state["state"]) == (200, "reverted")
    cast.customer("J. Okafor", phone="020 7946 0958", country="GB")
    status, found = give(who, key)
    assert (status, set(found)) == (200, {"candidates"})
    source = Source.objects.get_or_create(name="our shop")[0]
    shopper = Party.objects.create(source=source, key="10442", name="J. Okafor", email="j.okafor@shop.example")
    match_new()
    status, proved = give(prove, key)
    assert (status, set(proved), proved["how"]) == (200, {"field", "value", "how", "at"}, "code")
    assert Verified.objects.get().party == shopper
    assert give(disprove, key) == (200, {"was_proved": True})


def test_the_page_names_every_way_to_prove():
    text = text_of(PAGE)
    assert [how for how in Verified.How.values if f"`{how}`" not in text] == []


def test_the_page_names_everything_somebody_is_known_by():
    text = text_of(PAGE)
    assert [name for name in (*SAYS, *NUMBERS) if f"`{name}`" not in text] == []


def test_the_page_says_how_often_a_key_may_ask():
    assert re.search(rf"more than {MOST_A_MINUTE} requests a minute", text_of(PAGE))


def test_the_page_names_every_state():
    text = text_of(PAGE)
    assert [state for state in Import.State.values if state != "draft" and f"`{state}`" not in text] == []
