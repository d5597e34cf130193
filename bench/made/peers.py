"""The peers of the benchmarks, each in an environment of its own: made once, used again.

They stay out of Entente's own requirements. An environment lies in bench/out under the peer's name; ENTENTE_BENCH_HOME names
another folder than bench/out.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("ENTENTE_BENCH_HOME") or HERE.parent / "out")
PATIENCE_S = 3600


@dataclass(frozen=True)
class Peer:
    """pins: what its environment holds, by hash. script: what runs there, and prints JSON as its last line. one_thread: whether its
    arithmetic keeps to one thread."""

    name: str
    folder: str
    pins: Path
    script: Path
    one_thread: bool = False


SPLINK = Peer("Splink", "splink", HERE / "splink.txt", HERE / "splink_peer.py")
BTYD = Peer("lifetimes and pymc-marketing", "btyd", HERE / "btyd.txt", HERE / "value_peer.py", one_thread=True)


class PeerUnavailable(Exception):
    """The peer cannot be installed, or does not run here."""


def splink(
    records: Path, settings: str, *, threads: int | None = None, new: Path | None = None, home: Path = HOME
) -> dict[str, Any]:
    """Let Splink link a file that people.to_parquet wrote, and measure it; or ask it about each record of a second one.

    settings: febrl3, quick_start, tutorial or people; see splink_peer.py, which also says what is answered.
    Raises PeerUnavailable.
    """
    asked = [
        str(records),
        settings,
        *(["--threads", str(threads)] if threads else []),
        *(["--new", str(new)] if new else []),
    ]
    return ask(SPLINK, *asked, home=home)


def ask(peer: Peer, *words: str, home: Path = HOME) -> dict[str, Any]:
    """Run the peer's script in its environment. Returns what it says in the end. Raises PeerUnavailable."""
    # Without PYTHONPATH: the peer must not see our packages.
    apart = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    if peer.one_thread:
        apart |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [environment(peer, home), str(peer.script), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=apart, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise PeerUnavailable(f"{peer.name}: not done with {words[0]} after {PATIENCE_S} seconds.") from error
    if done.returncode:
        raise PeerUnavailable(f"{peer.name}: stopped with {done.returncode} on {words[0]}:\n{_end_of(done.stderr)}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def environment(peer: Peer, home: Path = HOME) -> str:
    """The Python that has the peer; installs what its pins list, by hash, unless that was done before.

    Raises PeerUnavailable where it cannot be installed.
    """
    folder = home / peer.folder
    python, stamp = folder / "bin" / "python", folder / "installed"
    mark = hashlib.sha256(peer.pins.read_bytes() + sys.version.encode()).hexdigest()
    home.mkdir(parents=True, exist_ok=True)
    with (home / f"{peer.folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (python.exists() and stamp.exists() and stamp.read_text() == mark):
            print(f"Making an environment for {peer.name} (once) ...", file=sys.stderr)
            stamp.unlink(missing_ok=True)
            _quietly(peer, [sys.executable, "-m", "venv", "--clear", str(folder)])
            pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
            _quietly(peer, [*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(peer.pins)])
            stamp.write_text(mark)
    return str(python)


def _quietly(peer: Peer, command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerUnavailable(f"{peer.name} cannot be installed: {error}") from error
    if done.returncode:
        raise PeerUnavailable(
            f"{peer.name} cannot be installed: the comparison is left out. Is a package index within reach?\n"
            + _end_of(done.stderr)
        )


def _end_of(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-8:])
