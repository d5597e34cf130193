"""Keeps a set of programs running beside the embedded database, until told to stop.

A program that ends is started again, later and later while it keeps ending at once. What must go on when the job queue
stalls (the sweep for killed workers) runs here, in threads of the supervisor.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from entente.lib import tethered
from entente.lib.errors import EntenteError
from entente.lib.postgres import EmbeddedPostgres, Report, report_on_stderr

TICK = 0.2
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# A program that ran this long was well: when it ends its next start is at once again.
WELL_AFTER = 30.0
LOOK_AT_DATABASE_EVERY = 1.0


@dataclass(frozen=True)
class Program:
    """A command to keep running. `patience`: seconds from the polite signal to the hard one."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    patience: float = 10.0


@dataclass(frozen=True)
class Periodic:
    """An action every so many seconds, in a thread of its own; its errors are reported and it goes on."""

    name: str
    seconds: float
    action: Callable[[], object]


class Supervisor:
    """Runs until SIGTERM, SIGINT or `stop`; a second signal ends everything at once. For the main thread."""

    def __init__(
        self,
        programs: Sequence[Program],
        periodics: Sequence[Periodic] = (),
        *,
        postgres: EmbeddedPostgres | None = None,
        report: Report = report_on_stderr,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self.postgres = postgres
        self.report = report
        self._kept = [_Kept(program, report, first_pause) for program in programs]
        self._periodics = list(periodics)
        if postgres is not None:
            self._periodics.append(Periodic("database", LOOK_AT_DATABASE_EVERY, self._keep_database))
        self._stopping = threading.Event()
        self._in_haste = False

    def run(self) -> int:
        """Start everything, keep it running, end it. Answers 0, the code for a process's exit."""
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            if self.postgres is not None:
                self.postgres.ensure()
            for periodic in self._periodics:
                threading.Thread(target=self._repeat, args=(periodic,), name=periodic.name, daemon=True).start()
            while not self._stopping.is_set():
                for kept in self._kept:
                    kept.look()
                self._stopping.wait(TICK)
        finally:
            self._stopping.set()
            self._end_programs()
            if self.postgres is not None:
                self.postgres.stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        return 0

    def stop(self) -> None:
        self._stopping.set()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._in_haste = self._stopping.is_set()
        self._stopping.set()

    def _end_programs(self) -> None:
        for kept in self._kept:
            kept.ask_to_end()
        began = time.monotonic()
        while running := [kept for kept in self._kept if kept.is_running()]:
            for kept in running:
                if self._in_haste or time.monotonic() - began > kept.program.patience:
                    kept.kill()
            time.sleep(0.05)
        for kept in self._kept:
            kept.kill()

    def _repeat(self, periodic: Periodic) -> None:
        last = None
        while not self._stopping.wait(periodic.seconds):
            try:
                periodic.action()
            except Exception as error:  # the next round may do better, and there is nobody above us to catch it
                text = f"{periodic.name}: {type(error).__name__}: {error}"
                if text != last:
                    self.report(text)
                last = text
            else:
                last = None

    def _keep_database(self) -> None:
        """The keeper restarts a killed server; this is for a killed keeper."""
        if self.postgres is not None and not self.postgres.is_running() and not self._stopping.is_set():
            self.report("The database has stopped; starting it again.")
            self.postgres.ensure()


class _Kept:
    """One program, its process, and when to start it again."""

    def __init__(self, program: Program, report: Report, first_pause: float) -> None:
        self.program = program
        self.report = report
        self.first_pause = first_pause
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.pause = first_pause
        self.start_at = 0.0

    def look(self) -> None:
        """Start the program if it does not run and its pause is over."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self._on_end(now, self.process.returncode)
        if self.process is None and now >= self.start_at:
            self._start(now)

    def _start(self, now: float) -> None:
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", tethered.__file__, str(os.getpid()), *self.program.command],
                env={**os.environ, **self.program.environ},
                stdin=subprocess.DEVNULL,
                # A group of its own: Ctrl-C reaches only us, and what the program leaves behind can be ended.
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramUnknown(f"{self.program.command[0]} cannot be run: {error.strerror}.") from error
        self.started = now

    def _on_end(self, now: float, code: int) -> None:
        self.kill()
        self.process = None
        if now - self.started > WELL_AFTER:
            self.pause = self.first_pause
        self.start_at = now + self.pause
        how = f"signal {-code}" if code < 0 else f"code {code}"
        self.report(f"{self.program.name} ended ({how}); starting it again in {self.pause:g} s.")
        self.pause = min(LONGEST_PAUSE, self.pause * 2)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_end(self) -> None:
        if self.process is not None and self.is_running():
            self.process.terminate()

    def kill(self) -> None:
        """End the program and whatever of its group is left."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class ProgramUnknown(EntenteError):
    """A program cannot be started at all."""
