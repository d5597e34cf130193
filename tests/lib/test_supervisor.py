import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from entente.lib.supervisor import Periodic, Program, ProgramUnknown, Supervisor
from tests.databases import empty_home, home, made_home, python, wait_until

__all__ = ["empty_home", "home", "made_home"]  # fixtures

NOTE_AND_WAIT = """
import os, sys, time
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(600)
"""
STUBBORN = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, file=open(sys.argv[1], "a"), flush=True)
child.wait()
"""
SUPERVISE = """
import sys
from pathlib import Path
from entente.lib.postgres import EmbeddedPostgres
from entente.lib.supervisor import Program, Supervisor
note, home = sys.argv[1:3]
postgres = EmbeddedPostgres(Path(home), durable=False) if home else None
waiting = Program("waiting", [sys.executable, "-c", sys.argv[3], note])
sys.exit(Supervisor([waiting], postgres=postgres).run())
"""


def program(note: Path, code: str = NOTE_AND_WAIT, **options: object) -> Program:
    return Program("noted", [sys.executable, "-c", code, str(note)], **options)


def pids(note: Path) -> list[int]:
    return [int(line) for line in note.read_text().split()] if note.exists() else []


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


class Meanwhile(threading.Thread):
    """Does something while the supervisor runs in the main thread, then stops it."""

    def __init__(self, supervisor: Supervisor, action) -> None:
        super().__init__()
        self.supervisor, self.action, self.error = supervisor, action, None

    def run(self) -> None:
        try:
            self.action()
        except BaseException as error:
            self.error = error
        finally:
            self.supervisor.stop()


def supervise(supervisor: Supervisor, action) -> None:
    meanwhile = Meanwhile(supervisor, action)
    meanwhile.start()
    assert supervisor.run() == 0
    meanwhile.join()
    if meanwhile.error is not None:
        raise meanwhile.error


def test_a_program_that_dies_is_started_again_and_ended_at_the_end(tmp_path: Path):
    note, words = tmp_path / "note", []

    def kill_twice() -> None:
        for times in (1, 2):
            assert wait_until(lambda: len(pids(note)) == times)  # noqa: B023
            os.kill(pids(note)[-1], signal.SIGKILL)
        assert wait_until(lambda: len(pids(note)) == 3)

    supervise(Supervisor([program(note)], report=words.append, first_pause=0.1), kill_twice)
    assert all(is_gone(pid) for pid in pids(note))
    assert words == [
        "noted ended (signal 9); starting it again in 0.1 s.",
        "noted ended (signal 9); starting it again in 0.2 s.",
    ]


def test_who_does_not_listen_is_killed_with_all_it_started(tmp_path: Path):
    note = tmp_path / "note"
    stubborn = program(note, STUBBORN, patience=0.2)
    supervise(Supervisor([stubborn]), lambda: wait_until(lambda: pids(note)))
    assert len(pids(note)) == 1
    assert wait_until(lambda: is_gone(pids(note)[0]))


def test_what_a_dead_program_left_behind_is_ended_before_it_starts_again(tmp_path: Path):
    """A web server killed alone would leave its workers on the port."""
    note = tmp_path / "note"

    def kill_parent() -> None:
        assert wait_until(lambda: pids(note))
        psutil.Process(pids(note)[0]).parent().kill()
        assert wait_until(lambda: len(pids(note)) == 2)
        assert is_gone(pids(note)[0])

    supervise(Supervisor([program(note, STUBBORN, patience=0.2)], first_pause=0.1), kill_parent)


def test_a_periodic_action_goes_on_after_an_error_and_says_it_once():
    times, words = [], []

    def sweep() -> None:
        times.append(time.monotonic())
        if len(times) < 4:
            raise ValueError("no luck")

    supervise(
        Supervisor([], [Periodic("sweep", 0.01, sweep)], report=words.append),
        lambda: wait_until(lambda: len(times) > 5),
    )
    assert len(times) > 5
    assert words == ["sweep: ValueError: no luck"]


def test_an_environment_of_its_own(tmp_path: Path):
    note = tmp_path / "note"
    code = "import os, sys, time; open(sys.argv[1], 'w').write(os.environ['NUMBER']); time.sleep(600)"
    supervise(Supervisor([program(note, code, environ={"NUMBER": "7"})]), lambda: wait_until(lambda: pids(note)))
    assert pids(note) == [7]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_signal_ends_everything(tmp_path: Path, number: int):
    note = tmp_path / "note"
    supervisor = python(SUPERVISE, note, "", NOTE_AND_WAIT)
    try:
        assert wait_until(lambda: pids(note))
        supervisor.send_signal(number)
        assert supervisor.wait(30) == 0
        assert is_gone(pids(note)[0])
    finally:
        supervisor.kill()
        supervisor.communicate()


@pytest.mark.faults
def test_a_killed_supervisor_leaves_neither_program_nor_database(tmp_path: Path, home: Path):
    note = tmp_path / "note"
    supervisor = python(SUPERVISE, note, home, NOTE_AND_WAIT)
    try:
        assert wait_until(lambda: pids(note))
        server_pid = int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(server_pid, signal.SIGKILL)

        def restarted() -> bool:
            file = home / "postgres" / "data" / "postmaster.pid"
            return file.exists() and file.read_text().split()[0:1] not in ([], [str(server_pid)])

        assert wait_until(restarted), "a killed database comes back"
        server_pid = int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
        supervisor.kill()
        supervisor.wait()
        assert wait_until(lambda: is_gone(pids(note)[0]))
        assert wait_until(lambda: is_gone(server_pid))
    finally:
        supervisor.kill()
        supervisor.communicate()


def test_a_program_that_is_not_there_ends_soon_and_is_reported():
    words: list[str] = []
    nowhere = Program("nowhere", ["/no/such/program"])
    supervise(Supervisor([nowhere], report=words.append, first_pause=0.05), lambda: wait_until(lambda: len(words) > 1))
    assert words[0].startswith("nowhere ended (code 1)")


def test_no_python_no_program(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(ProgramUnknown, match="cannot be run"):
        Supervisor([Program("any", ["any"])]).run()


def test_tethered_refuses_when_its_parent_is_gone_already():
    from entente.lib import tethered

    tried = subprocess.run(
        [sys.executable, "-P", tethered.__file__, "1", "true"], capture_output=True, text=True, check=False
    )
    assert (tried.returncode != 0) == (sys.platform == "linux" and os.getpid() != 1)
