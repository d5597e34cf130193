"""The peer's pins, its environment, and what is said where it cannot be had; the public sets in our columns."""

from __future__ import annotations

import gzip
import os
import re
import stat
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.made import peers, public
from bench.made.people import FIELDS


@pytest.fixture
def fake_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python that makes environments of nothing: it writes down what it was called with."""
    program = tmp_path / "python"
    program.write_text(
        f"""#!/bin/sh
        echo "$@" >> {tmp_path}/calls
        if [ "$2" = venv ]; then mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; fi
        case "$*" in *"-r "*broken.txt*) echo "no such package" >&2; exit 1;; esac
        case "$*" in *splink_peer.py*) echo "chatter"; echo '{{"peer": "splink"}}';; esac
        """
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(program))
    return tmp_path / "calls"


@pytest.mark.parametrize(
    ("peer", "named"),
    [(peers.SPLINK, {"splink", "duckdb"}), (peers.BTYD, {"lifetimes", "pymc-marketing", "numpy"})],
    ids=["splink", "btyd"],
)
def test_pins_are_hashed_and_name_no_address(peer: peers.Peer, named: set[str]):
    text = peer.pins.read_text(encoding="utf-8")
    pins = re.findall(r"^([\w-]+)==[\w.]+", text, re.MULTILINE)
    assert named <= set(pins)
    assert "://" not in text and "--index" not in text
    for block in re.split(r"^(?=[\w-]+==)", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block


def test_peers_are_none_of_our_own_requirements():
    checkout = Path(peers.__file__).resolve().parents[2]
    for name in ("requirements.in", "requirements-dev.in"):
        lines = (checkout / name).read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.startswith(("splink", "lifetimes", "pymc"))]


def test_the_environment_is_made_once_and_again_when_pins_change(fake_python: Path, tmp_path: Path):
    pins = tmp_path / "pins.txt"
    pins.write_text("splink==5.0.0")
    first = peers.environment(replace(peers.SPLINK, pins=pins), tmp_path / "home")
    assert Path(first).is_file() and fake_python.read_text().count("venv") == 1
    assert peers.environment(replace(peers.SPLINK, pins=pins), tmp_path / "home") == first
    assert fake_python.read_text().count("venv") == 1 and "--require-hashes" in fake_python.read_text()
    pins.write_text("splink==5.0.1")
    peers.environment(replace(peers.SPLINK, pins=pins), tmp_path / "home")
    assert fake_python.read_text().count("venv") == 2


def test_what_cannot_be_installed_is_said_and_tried_again(fake_python: Path, tmp_path: Path):
    pins = tmp_path / "broken.txt"
    pins.write_text("nothing==0")
    for _ in range(2):
        with pytest.raises(peers.PeerUnavailable, match=r"left out[\s\S]*no such package"):
            peers.environment(replace(peers.SPLINK, pins=pins), tmp_path / "home")


def test_the_peer_answers_with_its_last_line(fake_python: Path, tmp_path: Path):
    assert peers.splink(tmp_path / "x.parquet", "people", threads=2, home=tmp_path / "home") == {"peer": "splink"}
    assert "splink_peer.py " + str(tmp_path / "x.parquet") + " people --threads 2" in fake_python.read_text()


def test_febrl_in_our_columns(tmp_path: Path):
    with gzip.open(tmp_path / "febrl_dataset1.csv.gz", "wt") as file:
        file.write("rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, ")
        file.write(
            "date_of_birth, soc_sec_id\nrec-22-org, , waller, 6, tullaroop street, willaroo, st james, 4011, wa, "
        )
        file.write("19081309, 6988048\nrec-22-dup-0, jo, waller, 6, , , , , , 1908, \n")
    found = public.febrl(1, data=tmp_path)
    assert set(FIELDS) | {"national_id", "address_2", "region", "group"} == set(found)
    assert found["group"].tolist() == [22, 22]
    assert found["birth_date"].tolist() == ["1908-13-09", "1908"]
    assert found["given_name"].tolist() == ["", "jo"] and found["city"].tolist() == ["st james", ""]


def test_an_absent_set_is_named(tmp_path: Path):
    for load, name in (
        (public.febrl, "febrl_dataset3"),
        (public.fake_1000, "fake_1000"),
        (public.fake_1000_labels, "labels"),
    ):
        with pytest.raises(public.Absent, match=name):
            load(data=tmp_path)


def test_the_published_sets_are_as_large_as_published():
    try:
        sizes = [
            (len(c["group"]), len(np.unique(c["group"])))
            for c in (public.febrl(1), public.febrl(3), public.fake_1000())
        ]
        pairs, sure = public.fake_1000_labels()
    except public.Absent as absent:
        pytest.skip(str(absent))
    assert sizes[0] == (1000, 500) and sizes[1] == (5000, 2000) and sizes[2][0] == 1000
    assert pairs.shape == (3176, 2) and sure.min() >= 0 and sure.max() == 1


def test_splink_itself_where_it_was_installed(tmp_path: Path):
    """bin/bench identify installs it; tests do not."""
    if not (peers.HOME / "splink" / "installed").exists() or os.environ.get("CI"):
        pytest.skip("Splink's environment was not made here: bin/bench identify makes it.")
    from bench.made.people import people, to_parquet

    to_parquet(people(2000, seed=1), tmp_path / "people.parquet")
    found = peers.splink(tmp_path / "people.parquet", "people")
    assert found["records"] == 2000 and found["true_pairs"] > 500
    assert found["pairs"]["recall"] <= found["blocking_recall"] <= 1
    assert found["clusters"]["f1"] > 0.5
