import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.lib.environment import (
    HANDED_ON,
    VARIABLES,
    ImpossibleSetting,
    MailServer,
    database_of,
    keep_secret,
    mail_server_of,
    read,
)
from entente.lib.errors import EntenteError

SECRET = "s" * 40


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"ENTENTE_HOME": str(tmp_path / "home"), **more}


def test_nothing_given_is_enough(tmp_path: Path):
    found = read(environ(tmp_path))
    assert found.home == (tmp_path / "home").resolve()
    assert found.database_url is None
    assert found.database() is None
    assert found.mail_server() is None
    assert not found.debug
    assert found.port == 8520
    assert found.base_url == "http://localhost:8520"
    assert found.hosts == ("localhost", "127.0.0.1", "[::1]")
    assert found.mail_from == "entente@localhost"
    assert found.log_level == "info"
    assert 1 <= found.workers <= 4


def test_everything_given(tmp_path: Path):
    found = read(
        environ(
            tmp_path,
            DATABASE_URL="postgresql://ann:p%40ss@db.example.com:5433/crm?sslmode=require",
            ENTENTE_DEBUG="Yes",
            ENTENTE_SECRET_KEY=SECRET,
            ENTENTE_HOSTS="crm.example.com, .example.org",
            ENTENTE_URL="https://crm.example.com/",
            ENTENTE_SMTP_URL="smtps://ann:s%3Acret@mail.example.com",
            ENTENTE_MAIL_FROM="crm@example.com",
            ENTENTE_LOG_LEVEL="WARNING",
            ENTENTE_PORT="80",
            ENTENTE_WORKERS="3",
        )
    )
    assert found.database() == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "crm",
        "USER": "ann",
        "PASSWORD": "p@ss",
        "HOST": "db.example.com",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }
    assert found.mail_server() == MailServer("mail.example.com", 465, "ann", "s:cret", ssl=True, starttls=False)
    assert found.hosts == ("crm.example.com", ".example.org", "localhost", "127.0.0.1", "[::1]")
    assert (found.debug, found.base_url, found.log_level) == (True, "https://crm.example.com", "warning")
    assert (found.port, found.workers, found.secret_key) == (80, 3, SECRET)
    for secret in (SECRET, "p%40ss", "s%3Acret"):
        assert secret not in repr(found)
    assert "s:cret" not in repr(found.mail_server())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://ann:hunter2@host/crm"),
        ("DATABASE_URL", "postgresql://ann:hunter2@host"),
        ("DATABASE_URL", "postgresql://ann:hunter2@host:many/crm"),
        ("DATABASE_URL", "postgresql://ann:hunter2@[::1/crm"),
        ("DATABASE_URL", "hunter2"),
        ("ENTENTE_DEBUG", "maybe"),
        ("ENTENTE_HOME", "relative/folder"),
        ("ENTENTE_HOME", "/dev/null/folder"),
        ("ENTENTE_HOSTS", "*"),
        ("ENTENTE_HOSTS", "https://crm.example.com"),
        ("ENTENTE_HOSTS", "crm.example.com:8520"),
        ("ENTENTE_LOG_LEVEL", "loud"),
        ("ENTENTE_MAIL_FROM", "nobody"),
        ("ENTENTE_MAIL_FROM", "a@example.com\r\nBcc: b@example.com"),
        ("ENTENTE_PORT", "0"),
        ("ENTENTE_PORT", "65536"),
        ("ENTENTE_PORT", "٨٥٢٠"),
        ("ENTENTE_PORT", "-1"),
        ("ENTENTE_SECRET_KEY", "hunter2"),
        ("ENTENTE_SMTP_URL", "http://ann:hunter2@host"),
        ("ENTENTE_SMTP_URL", "smtp://"),
        ("ENTENTE_URL", "crm.example.com"),
        ("ENTENTE_URL", "https://ann:hunter2@crm.example.com"),
        ("ENTENTE_URL", "https://crm.example.com/below"),
        ("ENTENTE_WORKERS", "0"),
        ("ENTENTE_WORKERS", "1e2"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_tells_no_secret(tmp_path: Path, name: str, value: str):
    with pytest.raises(ImpossibleSetting, match=name) as caught:
        read({**environ(tmp_path), name: value})
    assert "hunter2" not in str(caught.value)
    assert isinstance(caught.value, EntenteError)
    assert not (tmp_path / "home").exists() or name == "ENTENTE_SECRET_KEY", "a wrong setting leaves nothing behind"


def test_a_misspelt_name_is_not_passed_over(tmp_path: Path):
    with pytest.raises(ImpossibleSetting, match="ENTENTE_HOSTS"):
        read(environ(tmp_path, ENTENTE_HOST="crm.example.com"))


def test_an_empty_value_is_none_at_all(tmp_path: Path):
    assert read(environ(tmp_path, DATABASE_URL="", ENTENTE_PORT=" ")) == read(environ(tmp_path))


def test_the_secret_key_is_made_once_and_kept_to_ourselves(tmp_path: Path):
    first = read(environ(tmp_path)).secret_key
    assert len(first) >= 32
    assert read(environ(tmp_path)).secret_key == first
    file = tmp_path / "home" / "secret-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) in (0o700, 0o711)
    assert [path.name for path in file.parent.iterdir()] == ["secret-key"]


def test_a_damaged_secret_key_is_not_used(tmp_path: Path):
    read(environ(tmp_path))
    (tmp_path / "home" / "secret-key").write_text("")
    with pytest.raises(ImpossibleSetting, match="damaged"):
        read(environ(tmp_path))


def test_of_two_secrets_the_first_stays(tmp_path: Path):
    assert keep_secret(tmp_path / "secret", "first") == "first"
    assert keep_secret(tmp_path / "secret", "second") == "first"


def test_a_socket_folder_is_an_address_too():
    found = database_of("postgres://ann@/crm?host=/run/postgresql")
    assert (found["HOST"], found["PORT"], found["USER"], found["OPTIONS"]) == ("/run/postgresql", "", "ann", {})


@pytest.mark.parametrize(
    ("url", "port", "starttls"),
    [("smtp://mail", 25, False), ("smtp://ann:x@mail", 587, True), ("smtp://mail:2525", 2525, False)],
)
def test_mail_servers_have_the_usual_ports(url: str, port: int, starttls: bool):
    found = mail_server_of(url)
    assert (found.port, found.starttls, found.ssl) == (port, starttls, False)


@given(st.text(max_size=60))
def test_any_address_is_read_or_refused_by_name(url: str):
    for reads in (database_of, mail_server_of):
        try:
            reads(url)
        except ImpossibleSetting as refusal:
            assert "Write " in str(refusal)


def test_every_variable_is_explained():
    assert all(name.isupper() and meaning for name, meaning in VARIABLES.items())


def test_the_documents_show_every_variable_and_no_other():
    table = (Path(__file__).resolve().parents[2] / "docs" / "running.md").read_text(encoding="utf-8")
    rows = [
        line.split("|")[1].strip() for line in table.splitlines() if line.startswith(("| `ENTENTE_", "| `DATABASE_"))
    ]
    assert rows == [f"`{name}`" for name in VARIABLES]


def test_programs_read_no_variable_that_is_not_explained():
    """In sh and in Python alike."""
    checkout = Path(__file__).resolve().parents[2]
    files = [*(checkout / "bin").iterdir(), *(checkout / "entente").rglob("*.py"), checkout / "tests" / "early.py"]
    named = {name for file in files for name in re.findall(r"\bENTENTE_[A-Z_]+\b", file.read_text(encoding="utf-8"))}
    assert named <= VARIABLES.keys() | HANDED_ON
