"""The data folder of the embedded PostgreSQL: made once, and whole or not at all."""

import shutil
import subprocess
from pathlib import Path

from entente.lib.environment import keep_secret
from entente.lib.errors import EntenteError
from entente.lib.postgres_places import Places

USER = "entente"


class DatabaseDown(EntenteError):
    """The embedded PostgreSQL does not come up."""


def is_made(places: Places) -> bool:
    # The data folder gets its name when it is whole; an initdb that was killed leaves a draft.
    return (places.data / "PG_VERSION").exists()


def make_data(places: Places, programs: Path, secret: str, *, durable: bool, pass_fds: tuple[int, ...] = ()) -> None:
    """Run initdb into a draft and rename it when whole. Does nothing where the data are there.

    `pass_fds` go to initdb: it holds the starter's lock, so that should the starter be killed the next one waits.
    """
    if is_made(places):
        return
    if places.data.exists() and any(places.data.iterdir()):
        raise DatabaseDown(
            f"{places.data} is no whole database. If it holds nothing of worth, remove it and start again; "
            "otherwise restore it from a backup."
        )
    draft, password = places.folder / "data.draft", places.folder / "password.draft"
    shutil.rmtree(draft, ignore_errors=True)
    password.unlink(missing_ok=True)
    try:
        # The account that runs initdb cannot read our own password file, and must not.
        keep_secret(password, secret)
        places.own(password)
        _initdb(places, programs, draft, password, durable=durable, pass_fds=pass_fds)
    finally:
        password.unlink(missing_ok=True)
    if places.data.exists():
        places.data.rmdir()
    draft.rename(places.data)


def _initdb(
    places: Places, programs: Path, draft: Path, password: Path, *, durable: bool, pass_fds: tuple[int, ...]
) -> None:
    command = [str(programs / "initdb"), "-D", str(draft), "-U", USER, "--pwfile", str(password)]
    # The built-in provider sorts alike on every machine; the library's order changes with the system's versions.
    command += ["-A", "scram-sha-256", "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--locale=C", *([] if durable else ["--no-sync"])]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd="/", check=False, pass_fds=pass_fds,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"},
        **({} if places.account is None else places.account.popen()),
    )  # fmt: skip
    if done.returncode != 0:
        raise DatabaseDown(f"The embedded database cannot be made: {done.stderr.strip()[-2000:]}")
