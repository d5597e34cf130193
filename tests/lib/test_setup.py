"""The programs in bin/ that need no network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAMS = sorted(file.name for file in (CHECKOUT / "bin").iterdir())


def run(program: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(CHECKOUT / program), *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_is_plain_sh_that_can_be_run(name: str):
    file = CHECKOUT / "bin" / name
    assert file.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    assert os.access(file, os.X_OK)
    assert subprocess.run(["sh", "-n", str(file)], check=False).returncode == 0


def test_continuous_integration_is_one_bash_script():
    assert subprocess.run(["bash", "-n", str(CHECKOUT / ".ci" / "run")], check=False).returncode == 0
    assert os.access(CHECKOUT / ".ci" / "run", os.X_OK)


def test_setup_says_nothing_when_nothing_changed():
    if not Path(sys.prefix, "entente.requirements-dev.stamp").exists():
        pytest.skip("This environment was not made by bin/setup --dev.")
    for arguments in ((), ("--dev",)):
        done = run("bin/setup", *arguments, ENTENTE_VENV=sys.prefix)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_setup_asks_for_a_python_that_is_there(tmp_path: Path):
    done = run("bin/setup", ENTENTE_VENV=str(tmp_path / "venv"), ENTENTE_PYTHON="/no/such/python")
    assert done.returncode == 1
    assert "ENTENTE_PYTHON" in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize(("version", "says"), [("3.9", "is 3.9"), ("3.15", "is 3.15")])
def test_setup_refuses_a_python_too_old_or_too_new(tmp_path: Path, version: str, says: str):
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\necho {version}\n")
    fake.chmod(0o755)
    done = run("bin/setup", ENTENTE_VENV=str(tmp_path / "venv"), ENTENTE_PYTHON=str(fake))
    assert done.returncode == 1
    assert says in done.stderr
    assert "3.11 to 3.14" in done.stderr


def test_setup_names_the_package_that_makes_environments(tmp_path: Path):
    """Debian's python3 comes without ensurepip."""
    fake = tmp_path / "python"
    fake.write_text(
        '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\n' + f'exec "{sys.executable}" "$@"\n', encoding="utf-8"
    )
    fake.chmod(0o755)
    done = run("bin/setup", ENTENTE_VENV=str(tmp_path / "venv"), ENTENTE_PYTHON=str(fake))
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr


def test_bench_lists_what_there_is():
    done = run("bin/bench", "--list")
    assert done.stdout.split() == sorted(file.stem for file in (CHECKOUT / "bench").glob("[a-z]*.py"))
