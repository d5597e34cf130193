"""The settings, read from the environment and refused with a clear word when they are wrong.

`VARIABLES` is the whole list: the table in docs/running.md shows the same names, and a test compares the two.
"""

import contextlib
import difflib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from entente.lib.errors import EntenteError

CHECKOUT = Path(__file__).resolve().parents[2]
LOG_LEVELS = ("debug", "info", "warning", "error")
YES = ("1", "yes", "true", "on")
NO = ("0", "no", "false", "off")
SHORTEST_SECRET = 32

VARIABLES: Mapping[str, str] = {
    "DATABASE_URL": "a PostgreSQL of your own, 15 or newer; without it Entente runs one itself",
    "ENTENTE_DEBUG": "yes shows errors in the browser; never where others can reach it",
    "ENTENTE_HOME": "the folder of the embedded database, the secret key and uploaded files",
    "ENTENTE_HOSTS": "names the web app answers to, separated by commas",
    "ENTENTE_LOG_LEVEL": "debug, info, warning or error",
    "ENTENTE_MAIL_FROM": "the address mails are sent from",
    "ENTENTE_PG_BIN": "the folder of another PostgreSQL's programs for the embedded database",
    "ENTENTE_PORT": "the port the web app listens on",
    "ENTENTE_PROXIES": "how many proxies of your own stand before the web app",
    "ENTENTE_PYTHON": "the Python that bin/setup makes the environment with",
    "ENTENTE_SECRET_KEY": "signs sessions and links; without it one is made once and kept in ENTENTE_HOME",
    "ENTENTE_SMTP_URL": "the server that sends mail; without it nothing leaves the machine",
    "ENTENTE_TEST_DATABASE_URL": "a server for the tests instead of one of their own",
    "ENTENTE_URL": "the address people use, for links in mails",
    "ENTENTE_VENV": "the folder of the Python environment",
    "ENTENTE_WORKERS": "web processes",
}

# Handed from a process of Entente to those it starts; nobody sets them by hand.
HANDED_ON = frozenset({"ENTENTE_EMBEDDED"})


class ImpossibleSetting(EntenteError):
    """An environment variable holds something that cannot be meant."""

    def __init__(self, name: str, value: str, instead: str) -> None:
        self.name = name
        super().__init__(f"{name} is {value}. {instead}")


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over. Without `user` nobody signs in; `ssl` is from the first byte, `starttls` after it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    ssl: bool
    starttls: bool


@dataclass(frozen=True)
class Environment:
    """Every setting, checked. Secrets do not show in its repr."""

    home: Path
    database_url: str | None = field(repr=False)
    debug: bool
    secret_key: str = field(repr=False)
    hosts: tuple[str, ...]
    base_url: str
    email_url: str | None = field(repr=False)
    mail_from: str
    log_level: str
    port: int
    proxies: int
    workers: int

    def database(self) -> dict[str, Any] | None:
        """The DATABASES entry for Django of DATABASE_URL; None where the embedded database is to be used."""
        return None if self.database_url is None else database_of(self.database_url)

    def mail_server(self) -> MailServer | None:
        return None if self.email_url is None else mail_server_of(self.email_url)


def read(environ: Mapping[str, str]) -> Environment:
    """Read and check the settings. Makes `home`, and in it the secret key where none is given.

    Raises ImpossibleSetting with the name of the first wrong one.
    """
    _refuse_near_misses(environ)
    values = {name: value.strip() for name, value in environ.items() if name in VARIABLES and value.strip()}
    port = _whole(values, "ENTENTE_PORT", 8520, 1, 65535)
    base_url = _base_url(values.get("ENTENTE_URL", f"http://localhost:{port}"))
    hosts = _hosts(values.get("ENTENTE_HOSTS"), base_url)
    if (url := values.get("DATABASE_URL")) is not None:
        database_of(url)
    if (mail := values.get("ENTENTE_SMTP_URL")) is not None:
        mail_server_of(mail)
    # The home folder comes last: a wrong setting leaves nothing behind.
    return Environment(
        database_url=url,
        debug=_yes_or_no(values, "ENTENTE_DEBUG"),
        hosts=hosts,
        base_url=base_url,
        email_url=mail,
        mail_from=_address(values.get("ENTENTE_MAIL_FROM", f"entente@{urlsplit(base_url).hostname}")),
        log_level=_log_level(values.get("ENTENTE_LOG_LEVEL", "info")),
        port=port,
        proxies=_whole(values, "ENTENTE_PROXIES", 0, 0, 9),
        workers=_whole(values, "ENTENTE_WORKERS", min(4, os.cpu_count() or 1), 1, 64),
        home=(home := _home(values.get("ENTENTE_HOME"))),
        secret_key=_secret_key(values.get("ENTENTE_SECRET_KEY"), home),
    )


def database_of(url: str, name: str = "DATABASE_URL") -> dict[str, Any]:
    """A Django DATABASES entry from postgresql://user:password@host:port/database?sslmode=require.

    A socket folder goes into the query: postgresql://user:password@/database?host=/run/postgresql.
    Other parameters of the query are handed to libpq as they are.
    """
    instead = "Write postgresql://user:password@host:5432/database, special characters percent-encoded."
    parts, port = _split(name, url, instead)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImpossibleSetting(name, "not the address of a PostgreSQL database", instead)
    database = unquote(parts.path.removeprefix("/"))
    if not database or "/" in database:
        raise ImpossibleSetting(name, "without the name of a database", instead)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    query_port = options.pop("port", "")
    if query_port and not query_port.isdecimal():
        raise ImpossibleSetting(name, "written with a port that is no number", instead)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database,
        "USER": unquote(parts.username or options.pop("user", "")),
        "PASSWORD": unquote(parts.password or options.pop("password", "")),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(port or query_port),
        "OPTIONS": options,
    }


def mail_server_of(url: str) -> MailServer:
    """smtp://user:password@host:587 (STARTTLS when a user is given), smtps://user:password@host:465 (TLS at once)."""
    name = "ENTENTE_SMTP_URL"
    instead = "Write smtp://user:password@host:587 or smtps://user:password@host:465, odd characters percent-encoded."
    parts, port = _split(name, url, instead)
    if parts.scheme not in ("smtp", "smtps"):
        raise ImpossibleSetting(name, "not the address of a mail server", instead)
    if not parts.hostname or parts.path.strip("/"):
        raise ImpossibleSetting(name, "without a host, or with something after it", instead)
    user = unquote(parts.username or "")
    return MailServer(
        host=parts.hostname,
        port=port or {"smtp": 587 if user else 25, "smtps": 465}[parts.scheme],
        user=user,
        password=unquote(parts.password or ""),
        ssl=parts.scheme == "smtps",
        starttls=parts.scheme == "smtp" and bool(user),
    )


def make_home(home: Path) -> Path:
    """Make the home folder, closed to others. As root they may pass through, for the database's own user must."""
    if not home.is_dir():
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return home


def new_secret() -> str:
    return secrets.token_urlsafe(48)


def keep_secret(path: Path, secret: str) -> str:
    """Write a secret once, for the owner's eyes only; answers with what the file holds, whoever came first."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    try:
        draft.touch(0o600, exist_ok=False)
        with draft.open("w", encoding="ascii") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, refuses to replace: of two who start at once both read the same secret.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    return path.read_text(encoding="ascii").strip()


def _refuse_near_misses(environ: Mapping[str, str]) -> None:
    """A misspelt name would be passed over in silence, and the default would rule."""
    for name in environ:
        if name.startswith("ENTENTE_") and name not in VARIABLES and name not in HANDED_ON:
            near = difflib.get_close_matches(name, VARIABLES, n=1, cutoff=0.85)
            if near:
                raise ImpossibleSetting(name, "not a setting of Entente", f"Did you mean {near[0]}?")


def _split(name: str, url: str, instead: str) -> tuple[SplitResult, int | None]:
    """Never repeats the address: it holds a password."""
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        raise ImpossibleSetting(name, "not an address that can be read", instead) from None


def _home(value: str | None) -> Path:
    home = Path(value).expanduser() if value else CHECKOUT / ".entente"
    if not home.is_absolute():
        raise ImpossibleSetting("ENTENTE_HOME", repr(value), "Write the whole path of the folder, from / on.")
    try:
        make_home(home)
    except OSError as error:
        raise ImpossibleSetting(
            "ENTENTE_HOME", repr(str(home)), f"It cannot be made ({error.strerror}): name a folder you may write to."
        ) from None
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise ImpossibleSetting(
            "ENTENTE_HOME", repr(str(home)), "You may not write there: name another folder, or become its owner."
        )
    return home.resolve()


def _secret_key(value: str | None, home: Path) -> str:
    if value is not None:
        if len(value) < SHORTEST_SECRET:
            raise ImpossibleSetting(
                "ENTENTE_SECRET_KEY", "too short", f"Write at least {SHORTEST_SECRET} characters drawn by chance."
            )
        return value
    path = home / "secret-key"
    kept = path.read_text(encoding="ascii").strip() if path.exists() else keep_secret(path, new_secret())
    if len(kept) < SHORTEST_SECRET:
        raise ImpossibleSetting(
            "ENTENTE_SECRET_KEY", "not given", f"{path} is damaged: remove it; a new one will sign everybody out."
        )
    return kept


def _yes_or_no(values: Mapping[str, str], name: str) -> bool:
    value = values.get(name, "no")
    if value.lower() not in YES + NO:
        raise ImpossibleSetting(name, repr(value), "Write yes or no.")
    return value.lower() in YES


def _whole(values: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = values.get(name, str(default))
    if not (value.isascii() and value.isdecimal() and len(value) < 10 and least <= int(value) <= most):
        raise ImpossibleSetting(name, repr(value), f"Write a whole number from {least} to {most}.")
    return int(value)


def _base_url(value: str) -> str:
    instead = "Write the address people use, such as https://crm.example.com, with nothing after the host."
    parts, _ = _split("ENTENTE_URL", value, instead)
    more = parts.username or parts.query or parts.fragment or parts.path.strip("/")
    if parts.scheme not in ("http", "https") or not parts.hostname or more:
        shown = "not a plain http or https address" if "@" in value else repr(value)
        raise ImpossibleSetting("ENTENTE_URL", shown, instead)
    return value.rstrip("/")


def _hosts(value: str | None, base_url: str) -> tuple[str, ...]:
    """The host of the address people use, and this machine, always."""
    own = (urlsplit(base_url).hostname or "localhost", "localhost", "127.0.0.1", "[::1]")
    named = [host.strip() for host in (value or "").split(",") if host.strip()]
    for host in named:
        if host == "*" or "/" in host or " " in host or (":" in host and not host.startswith("[")):
            instead = "Write names only, such as crm.example.com,.example.org: no scheme, no port, no *."
            raise ImpossibleSetting("ENTENTE_HOSTS", repr(host), instead)
    return tuple(dict.fromkeys([*named, *own]))


def _address(value: str) -> str:
    local, at, host = value.rpartition("@")
    if not (local and at and host) or any(character in value for character in "\r\n"):
        raise ImpossibleSetting("ENTENTE_MAIL_FROM", repr(value), "Write an address such as hello@example.com.")
    return value


def _log_level(value: str) -> str:
    if value.lower() not in LOG_LEVELS:
        raise ImpossibleSetting("ENTENTE_LOG_LEVEL", repr(value), f"Write one of {', '.join(LOG_LEVELS)}.")
    return value.lower()
