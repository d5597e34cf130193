"""What the how-to for notebooks shows runs as it stands, on orders that were made up, in a Python that knows no Django settings."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.docs.pages import CHECKOUT, blocks

NOTEBOOK = CHECKOUT / "docs" / "howto" / "notebook.md"


def write_orders(path: Path) -> None:
    rng = np.random.default_rng(1)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["customer", "day", "amount"])
        for number in range(500):
            first = rng.integers(0, 400)
            days = first + np.cumsum(np.r_[0.0, rng.gamma(2.0, 25.0, 30)])
            for day in days[: rng.geometric(0.15)]:
                if day < 730:
                    on = np.datetime64("2024-01-01") + int(day)
                    out.writerow([f"C{number:03}", on, f"{rng.lognormal(3.0, 0.4):.2f}"])


def test_every_block_runs_in_a_fresh_python(tmp_path: Path):
    code = [block.text for block in blocks(NOTEBOOK) if block.language == "python"]
    assert len(code) == 4
    assert len([line for line in code[0].splitlines() if line]) <= 12
    write_orders(tmp_path / "orders.csv")
    ambient = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "ENTENTE"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join([*code, "import sys", "assert 'django' not in sys.modules"])],
        cwd=tmp_path, env={**ambient, "PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reason, score, rates = done.stdout.splitlines()[:3]
    assert "nearer than their past rate" in reason
    assert 0.0 < float(score.split()[0]) < 1.0
    assert rates.startswith(("1 {", "2 {", "3 {", "4 {"))
    assert "0.63" in done.stdout
    with (tmp_path / "values.csv").open(encoding="utf-8") as file:
        values = list(csv.DictReader(file))
    assert len(values) > 400
    assert all(float(one["low"]) <= float(one["value"]) <= float(one["high"]) for one in values)
