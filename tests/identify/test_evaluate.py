"""The links in force against a file that says who is who, and every way the file can be wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from entente.__main__ import main
from entente.identify.evaluate import NotATruth, evaluate_links
from entente.identify.link import link_all
from entente.identify.match import match_new
from entente.identify.models import Customer, Linkage, Membership
from entente.identify.verdicts import take_out
from entente.ledger.models import Party, Source
from entente.staff.models import User
from tests.identify.test_index import made
from tests.identify.test_link import ANNA, party
from tests.ledger.test_killed import address

pytestmark = pytest.mark.django_db(transaction=True)


def file_of(folder: Path, text: str) -> Path:
    path = folder / "truth.csv"
    path.write_text(text, "utf-8")
    return path


def test_pairs_are_counted_and_what_blocking_lost_is_said(tmp_path: Path):
    for key in ("1", "2"):
        party(key)
    other = {
        "name": "Zeno Quist",
        "email": "zeno@quist.example",
        "phone": "",
        "phone_e164": "",
        "born_on": None,
        "address": "",
        "postcode": "",
    }
    party("3", **other, city="Kiel")
    party("4", **{**other, "name": "Abel Fink", "email": "af@fink.example"}, city="Bonn")
    made(100)
    link_all()
    found = evaluate_links(file_of(tmp_path, "record;who\n1;anna\n2;anna\n3;zeno\n4;zeno\n99;nobody\n"))
    assert (found.records, found.unknown, found.score.true_pairs, found.score.found_pairs) == (4, 1, 2, 1)
    assert (found.score.precision, found.score.recall) == (1.0, 0.5)
    assert (found.blocking_lost, found.blocking_recall) == (1, 0.5)
    assert {"precision", "recall", "f1", "b_cubed_precision", "b_cubed_recall", "b_cubed_f1", "blocking_recall"} <= set(
        found.as_dict()
    )


def test_a_number_that_stands_in_several_sources_has_to_be_told_apart(tmp_path: Path):
    party("1"), party("1", "Web shop")
    match_new()
    with pytest.raises(NotATruth, match="Several sources have a record 1"):
        evaluate_links(file_of(tmp_path, "id,group\n1,a\n"))
    found = evaluate_links(file_of(tmp_path, "source,id,group\nCRM,1,a\nWeb shop,1,a\n"))
    assert (found.records, found.score.recall) == (2, 0.0)
    assert evaluate_links(file_of(tmp_path, "id,group\n1,a\n"), source="CRM").records == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "two columns"),
        ("id\n1\n", "two columns"),
        ("id,group\n", "names no record"),
        ("id,group\n1\n", "Line 2 .* 1 columns"),
        ("id,group\n1,\n", "Line 2 .* no group"),
        ("id,group\n77,a\n78,a\n", "None of the records .* is in the ledger"),
    ],
)
def test_a_wrong_file_is_refused_with_a_word(tmp_path: Path, text: str, said: str):
    with pytest.raises(NotATruth, match=said):
        evaluate_links(file_of(tmp_path, text))


def test_no_file_and_no_text_are_said(tmp_path: Path):
    with pytest.raises(NotATruth, match="cannot be read"):
        evaluate_links(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"id,group\n\xff\xfe,1\n")
    with pytest.raises(NotATruth, match="UTF-8"):
        evaluate_links(tmp_path / "bytes.csv")


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    party("1"), party("2"), made(60)
    assert main(["identify", "run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["moved"] >= 1
    assert main(["identify", "run", "--new"]) == 0
    assert "No record came" in capsys.readouterr().out
    truth = file_of(tmp_path, "id,group\n1,a\n2,a\n")
    assert main(["identify", "evaluate", "--truth", str(truth), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["f1"] == 1.0
    assert main(["identify", "evaluate", "--truth", str(truth)]) == 0
    assert "B-cubed" in capsys.readouterr().out
    several = Customer.objects.get(
        memberships__party__key="2", memberships__party__name=ANNA["name"], memberships__ended_at=None
    )
    assert main(["identify", "--explain", str(several.pk)]) == 0
    told = capsys.readouterr().out
    assert "2 records" in told and "most like CRM 1" in told and "email" in told
    by = User.objects.create(email="maxim@example.org", name="Maxim")
    alone = take_out(Party.objects.get(key="2", name=ANNA["name"]).pk, by=by).customer
    assert main(["identify", "--explain", str(alone)]) == 0
    told = capsys.readouterr().out
    assert "taken out of another customer by Maxim" in told and "said to be the same" not in told
    assert main(["identify", "--explain", "999999"]) == 1
    assert "no customer number 999999" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["identify"])


CHILD = """
import os, signal, sys
import django
django.setup()
from entente.identify import apply, link
room, place = {"apply": apply, "link": link}[sys.argv[1]], sys.argv[2]
whole = getattr(room, place)
def dying(*args, **more):
    whole(*args, **more)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(room, place, dying)
link.link_all()
"""


@pytest.mark.faults
@pytest.mark.parametrize("point", ["link find_pairs", "apply _move", "link write_index"])
def test_killed_at_any_point_the_last_whole_result_stays_in_force(point: str):
    party("1"), made(60)
    link_all()
    party("2")
    match_new()
    before = list(Membership.objects.order_by("id").values())
    environment = {**os.environ, "DATABASE_URL": address(), "DJANGO_SETTINGS_MODULE": "entente.settings"}
    root = Path(__file__).resolve().parents[2]
    died = subprocess.run(
        [sys.executable, "-c", CHILD, *point.split()],
        cwd=root,
        env=environment,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert list(Membership.objects.order_by("id").values()) == before
    assert link_all().counts["moved"] == 1
    assert list(Linkage.objects.order_by("id").values_list("state", flat=True)) == ["done", "failed", "done"]


def test_the_truth_may_hold_records_of_every_kind(tmp_path: Path):
    source = Source.objects.create(name="ERP")
    firms = [
        Party.objects.create(
            source=source, key=f"F{k}", kind="organisation", name=name, email="info@nordfarben.example", tax_id="DE123456788", city="Kiel",
        )
        for k, name in enumerate(("Nord Farben GmbH", "NORD-FARBEN"))
    ]  # fmt: skip
    made(60)
    link_all()
    found = evaluate_links(file_of(tmp_path, "id,group\n" + "".join(f"{firm.key},n\n" for firm in firms)))
    assert found.records == 2 and found.blocking_recall == 1.0
