"""The process that owns one embedded PostgreSQL: it starts, restarts and ends it.

It starts the server when asked for, again when it dies, and stops it when its last user has gone.
Run as a script by `entente.lib.postgres`, apart from the rest of Entente, so that it costs a few megabytes.
Who uses the server holds a shared lock on users.lock. The kernel frees it when a process ends, however it ends, so
nobody has to count processes or to trust process numbers, which are re-used. The server inherits server.lock: while
one of its processes lives the lock is held, and a zombie holds nothing.
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

PR_SET_PDEATHSIG = 1
TICK = 0.2
# A server that ends this soon, and was not killed, did not come up; after so many in a row we give up and leave the
# reason in the log.
SHORT_LIFE = 5.0
MOST_SHORT_LIVES = 3
PATIENCE_WITH_LEFTOVERS = 3.0
ROTATE_AT = 16 * 1024 * 1024
CLIENTS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


class Keeper:
    def __init__(self, order: dict[str, Any]) -> None:
        self.folder = Path(order["folder"])
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.sockets = Path(order["sockets"])
        self.programs = Path(order["programs"])
        self.password = str(order["password"])
        self.database_user = str(order["database_user"])
        self.write_settings(str(order["settings"]))
        self.users = os.open(self.folder / "users.lock", os.O_RDWR)
        self.told_to_stop = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def write_settings(self, settings: str) -> None:
        (self.data / "entente.conf").write_text(settings, encoding="utf-8")
        main = self.data / "postgresql.conf"
        line = "include 'entente.conf'"
        if line not in main.read_text(encoding="utf-8").splitlines():
            with main.open("a", encoding="utf-8") as file:
                file.write(f"\n{line}\n")

    def run(self) -> int:
        short_lives = 0
        while short_lives < MOST_SHORT_LIVES:
            lock = self._lock_server()
            if not self._clear_stale():
                _note("another server, not started by Entente, is running on this data folder")
                return 1
            started = time.monotonic()
            server = self._start(lock)
            if self._watch(server):
                return 0
            failed = server.returncode != -signal.SIGKILL and time.monotonic() - started < SHORT_LIFE
            short_lives = short_lives + 1 if failed else 0
            _note(f"the server ended by itself (code {server.returncode}); starting it again")
        _note("the server does not stay up; giving up")
        return 1

    def _watch(self, server: subprocess.Popen[bytes]) -> bool:
        """True once the server is stopped because nobody needs it, False when it died."""
        while server.poll() is None:
            unused = self.told_to_stop or self._is_unused()
            if unused and server.poll() is None:
                server.send_signal(signal.SIGINT)  # fast: open transactions are rolled back, the rest is written
                server.wait()
                return True
            time.sleep(TICK)
        return False

    def _is_unused(self) -> bool:
        """Nobody holds a lease or is connected. The lease is ours then until we end: who comes now waits."""
        try:
            fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        if self._clients() == 0:
            return True
        fcntl.flock(self.users, fcntl.LOCK_UN)
        time.sleep(1)
        return False

    def _clients(self) -> int:
        """Connections of programs that hold no lease, such as a backup."""
        command = [str(self.programs / "psql"), "-XAtw", "-h", str(self.sockets), "-U", self.database_user]
        environ = {"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "3"}
        try:
            found = subprocess.run(
                [*command, "-d", "postgres", "-c", CLIENTS],
                env=environ, cwd="/", timeout=10, check=True, capture_output=True,
            )  # fmt: skip
            return int(found.stdout)
        except (OSError, ValueError, subprocess.SubprocessError):
            return 0

    def _start(self, lock: int) -> subprocess.Popen[bytes]:
        mine = os.getpid()

        def die_with_keeper() -> None:
            # The signal comes when the thread that started the server ends; this process has one only.
            if sys.platform == "linux":
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
                if os.getppid() != mine:
                    os._exit(1)

        server = subprocess.Popen(
            [str(self.programs / "postgres"), "-D", str(self.data)],
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, cwd="/", pass_fds=(lock,),
            preexec_fn=die_with_keeper,  # noqa: PLW1509 - one thread
        )  # fmt: skip
        os.close(lock)
        return server

    def _lock_server(self) -> int:
        """Wait until no process of an earlier server lives; backends that outlive a killed server are ended."""
        lock = os.open(self.folder / "server.lock", os.O_RDWR)
        deadline = time.monotonic() + PATIENCE_WITH_LEFTOVERS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > deadline:
                    self._end_leftovers()
                time.sleep(0.05)
            else:
                return lock

    def _end_leftovers(self) -> None:
        """Kill backends whose server is dead: busy ones did not see its end, and they block the next server."""
        ours = [process for process in psutil.process_iter() if self._is_ours(process)]
        if not any(_is_server(process) for process in ours):
            for process in ours:
                _kill(process)

    def _clear_stale(self) -> bool:
        """Remove the pid file of a server that is no more. Its number may be a zombie's, or another program's by now.

        We hold server.lock, so no server of ours lives; False if one started by other means does.
        """
        file = self.data / "postmaster.pid"
        if not file.exists():
            return True
        number = file.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
        for process in psutil.process_iter():
            if str(process.pid) == number.lstrip("-") and self._is_ours(process):
                return False
        for stale in (file, self.sockets / ".s.PGSQL.5432", self.sockets / ".s.PGSQL.5432.lock"):
            stale.unlink(missing_ok=True)
        return True

    def _is_ours(self, process: psutil.Process) -> bool:
        """Every process of PostgreSQL works in its data folder. Those of other users cannot be on ours."""
        try:
            return process.name() == "postgres" and Path(process.cwd()) == self.data.resolve()
        except psutil.Error:
            return False

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.told_to_stop = True


def _note(text: str) -> None:
    sys.stderr.write(f"keeper: {text}\n")
    sys.stderr.flush()


def _is_server(process: psutil.Process) -> bool:
    """The first process shows its command, the others a title such as `postgres: checkpointer`."""
    try:
        return not process.cmdline()[0].startswith("postgres: ")
    except (psutil.Error, IndexError):
        return False


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
        process.wait(1)
    except psutil.Error:
        pass


def become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def detach(log: Path) -> None:
    """Leave whoever started us: they need not wait for us, nor outlive us. From here on our words go to the log."""
    if log.exists() and log.stat().st_size > ROTATE_AT:
        log.replace(log.with_suffix(".log.1"))
    words = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    if os.fork():
        os._exit(0)
    os.setsid()
    for standard, target in ((0, os.open(os.devnull, os.O_RDONLY)), (1, words), (2, words)):
        os.dup2(target, standard)


def main() -> int:
    order = json.load(sys.stdin)
    os.chdir("/")
    os.umask(0o077)
    if order["account"] is not None:
        # Before touching anything in a folder that is the account's: links it may hold must not lead root astray.
        become(*order["account"])
    keeper = Keeper(order)
    detach(keeper.log)
    return keeper.run()


if __name__ == "__main__":
    sys.exit(main())
