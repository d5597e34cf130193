"""The peers of the linkage benchmark, each in an environment of its own: made once, used again.

Splink stays out of Entente's own requirements. Its environment lies in bench/out/splink; ENTENTE_BENCH_HOME names another
folder than bench/out.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("ENTENTE_BENCH_HOME") or HERE.parent / "out")
PINS = HERE / "splink.txt"
PATIENCE_S = 3600


class PeerUnavailable(Exception):
    """The peer cannot be installed, or does not run here."""


def splink(
    records: Path, settings: str, *, threads: int | None = None, new: Path | None = None, home: Path = HOME
) -> dict[str, Any]:
    """Let Splink link a file that people.to_parquet wrote, and measure it; or ask it about each record of a second one.

    settings: febrl3, quick_start, tutorial or people; see splink_peer.py, which also says what is answered.
    Raises PeerUnavailable.
    """
    command = [environment(home), str(HERE / "splink_peer.py"), str(records), settings]
    command += ["--threads", str(threads)] if threads else []
    command += ["--new", str(new)] if new else []
    # Without PYTHONPATH: the peer must not see our packages.
    apart = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=apart, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise PeerUnavailable(f"Splink was not done with {records.name} after {PATIENCE_S} seconds.") from error
    if done.returncode:
        raise PeerUnavailable(f"Splink stopped with {done.returncode} on {records.name}:\n{_end_of(done.stderr)}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def environment(home: Path = HOME, *, pins: Path = PINS) -> str:
    """The Python that has Splink; installs what `pins` lists, by hash, unless that was done before.

    Raises PeerUnavailable where it cannot be installed.
    """
    folder = home / "splink"
    python, stamp = folder / "bin" / "python", folder / "installed"
    mark = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    home.mkdir(parents=True, exist_ok=True)
    with (home / "splink.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (python.exists() and stamp.exists() and stamp.read_text() == mark):
            print("Making an environment for Splink (once) ...", file=sys.stderr)
            stamp.unlink(missing_ok=True)
            _quietly([sys.executable, "-m", "venv", "--clear", str(folder)])
            pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
            _quietly([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(pins)])
            stamp.write_text(mark)
    return str(python)


def _quietly(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerUnavailable(f"Splink cannot be installed: {error}") from error
    if done.returncode:
        raise PeerUnavailable(
            "Splink cannot be installed: the comparison is left out. Is a package index within reach?\n"
            + _end_of(done.stderr)
        )


def _end_of(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-8:])
