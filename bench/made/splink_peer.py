"""Splink on one file of records, with the settings of its own tutorials. Runs in an environment of its own.

    python splink_peer.py RECORDS.parquet SETTINGS [--threads 2] [--memory 12GB] [--new NEW.parquet]

SETTINGS: `febrl3` (Splink's example of that name), `quick_start` (the page that greets a newcomer) and `tutorial`
(chapter 4), both of them for fake_1000, or `people` for the columns of bench/made/people.py: five blocking rules, term
frequencies on the names, EM on two rules, as in its example of 50,000 historical persons. Values are cleaned as its
first chapter asks: lower case, no accents, telephone numbers to their last nine digits. With NEW nothing is linked:
each record of that file is asked about by itself once the weights are learned, and the seconds of each are printed.

Prints JSON. precision, recall and F1 are of pairs, of all that are true, found by blocking or not. `group` is not shown
to Splink.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import ColumnExpression, DuckDBAPI, Linker, SettingsCreator, block_on

PAIRS_AT, CLUSTERS_AT = 0.5, 0.95
AS_IT_IS = "given_name, family_name, birth_date, street, house_number, postcode, city, country, email, phone"
CLEANED = """
    lower(strip_accents(trim(given_name))) AS given_name, lower(strip_accents(trim(family_name))) AS family_name,
    birth_date, lower(strip_accents(street)) AS street, lower(house_number) AS house_number,
    lower(replace(postcode, ' ', '')) AS postcode, lower(strip_accents(trim(city))) AS city, country,
    lower(trim(email)) AS email, nullif(right(regexp_replace(phone, '[^0-9]', '', 'g'), 9), '') AS phone
"""


@dataclass(frozen=True)
class Settings:
    comparisons: Callable[[], list[Any]]
    blocking: list[Any]
    deterministic: list[Any]
    recall: float
    max_pairs: float
    em: list[Any]
    threshold: dict[str, float] = field(default_factory=dict)
    columns: str = AS_IT_IS
    em_options: dict[str, bool] = field(default_factory=dict)


def exact(column: str) -> Any:
    return cl.ExactMatch(column).configure(term_frequency_adjustments=True)


SETTINGS = {
    "febrl3": Settings(
        comparisons=lambda: [
            cl.NameComparison("given_name"),
            cl.NameComparison("family_name"),
            cl.DateOfBirthComparison("birth_date", input_is_string=True),
            cl.DamerauLevenshteinAtThresholds("national_id", [2]),
            exact("house_number"),
            exact("postcode"),
        ],
        blocking=[block_on(name) for name in ("national_id", "given_name", "family_name", "birth_date", "postcode")],
        deterministic=[
            block_on("national_id"),
            block_on("given_name", "family_name", "birth_date"),
            "l.given_name = r.family_name and l.family_name = r.given_name and l.birth_date = r.birth_date",
        ],
        recall=0.9,
        max_pairs=1e6,
        em=[block_on("birth_date"), block_on("postcode")],
        threshold={"threshold_match_probability": 0.2},
        columns=AS_IT_IS + ", national_id",
    ),
    "quick_start": Settings(
        comparisons=lambda: [
            cl.NameComparison("given_name"),
            cl.JaroAtThresholds("family_name"),
            cl.DateOfBirthComparison("birth_date", input_is_string=True),
            exact("city"),
            cl.EmailComparison("email"),
        ],
        blocking=[block_on("given_name", "birth_date"), block_on("family_name")],
        deterministic=[block_on("given_name", "family_name")],
        recall=0.7,
        max_pairs=1e6,
        em=[block_on("given_name", "family_name"), block_on("email")],
        threshold={"threshold_match_weight": -5},
    ),
    "tutorial": Settings(
        comparisons=lambda: [
            cl.NameComparison("given_name"),
            cl.NameComparison("family_name"),
            cl.LevenshteinAtThresholds(ColumnExpression("birth_date").cast_to_string(), 1),
            exact("city"),
            cl.EmailComparison("email"),
        ],
        blocking=[block_on("given_name", "city"), block_on("family_name")],
        deterministic=[
            block_on("given_name", "birth_date"),
            "l.given_name = r.given_name and levenshtein(r.family_name, l.family_name) <= 2",
            block_on("email"),
        ],
        recall=0.7,
        max_pairs=2e6,
        em=[block_on("given_name", "family_name"), block_on("birth_date")],
        threshold={"threshold_match_probability": 0.1},
    ),
    "people": Settings(
        comparisons=lambda: [
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("family_name").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("birth_date", input_is_string=True),
            cl.LevenshteinAtThresholds("postcode", 1).configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
            exact("phone"),
        ],
        blocking=[
            block_on("given_name", "family_name"),
            block_on("family_name", "birth_date"),
            block_on("given_name", "postcode"),
            block_on("email"),
            block_on("phone"),
        ],
        deterministic=[
            block_on("given_name", "family_name", "birth_date"),
            block_on("email", "birth_date"),
            block_on("family_name", "phone", "birth_date"),
        ],
        recall=0.7,
        max_pairs=1e7,
        em=[block_on("given_name", "family_name"), block_on("birth_date")],
        columns=CLEANED,
        em_options={"estimate_without_term_frequencies": True},
    ),
}


def run(records: Path, name: str, threads: int | None, memory: str, spill: str, new: Path | None) -> dict[str, Any]:
    chosen = SETTINGS[name]
    connection = duckdb.connect(config={"memory_limit": memory, "temp_directory": spill})
    if threads:
        connection.execute(f"SET threads = {threads}")
    clock = Clock()
    rows = connection.from_parquet(str(records))
    rows.project(f"record AS unique_id, {chosen.columns}").create("cleaned")
    rows.project('record, "group"').create("truth")
    clock.lap("cleaning")

    database = DuckDBAPI(connection=connection)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=chosen.comparisons(),
        blocking_rules_to_generate_predictions=chosen.blocking,
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )
    cleaned = database.register("cleaned")
    linker = Linker(cleaned, settings)
    training = linker.training
    training.estimate_probability_two_random_records_match(chosen.deterministic, recall=chosen.recall)
    training.estimate_u_using_random_sampling(max_pairs=chosen.max_pairs, seed=1)
    for rule in chosen.em:
        training.estimate_parameters_using_expectation_maximisation(rule, **chosen.em_options)
    clock.lap("training")
    if new:
        connection.from_parquet(str(new)).project(f"record AS unique_id, {chosen.columns}").create("new")
        asked = ask(linker, database, connection, cleaned)
        return {"peer": "splink", "version": version("splink"), "settings": name, "asked_s": asked}

    blocked = linker.inference.compute_blocked_pairs_for_predict()
    predicted = linker.inference.predict(**chosen.threshold)
    clock.lap("predicting")
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
        predicted, threshold_match_probability=CLUSTERS_AT
    )
    clock.lap("clustering")
    peak = peak_mib()

    count = Counting(connection)
    pairs, scored = blocked.physical_name, predicted.physical_name
    left, right = count.ends_of(pairs)
    found = count.pairs(pairs, left, right)
    return {
        "peer": "splink",
        "version": version("splink"),
        "duckdb": version("duckdb"),
        "settings": name,
        "records": count.number("SELECT count(*) FROM truth"),
        "seconds": clock.seconds,
        "cpu_seconds": clock.cpu_seconds,
        "total_s": round(sum(clock.seconds.values()), 2),
        "peak_mib": peak,
        "true_pairs": count.true,
        "candidate_pairs": found[0],
        "blocking_recall": round(found[1] / count.true, 4),
        "pairs": count.accuracy(
            *count.pairs(scored, "unique_id_l", "unique_id_r", f"WHERE match_probability >= {PAIRS_AT}")
        ),
        "clusters": count.accuracy(*count.clustered(clusters.physical_name)),
    }


def ask(linker: Linker, database: DuckDBAPI, connection: duckdb.DuckDBPyConnection, cleaned: Any) -> list[float]:
    """Seconds for each record of the table `new` against all that are `cleaned`, once how often values occur is counted."""
    for column in ("given_name", "family_name", "postcode", "phone"):
        linker.table_management.compute_tf_table(column)
    rows = connection.execute("SELECT unique_id FROM new ORDER BY 1").fetchall()
    seconds = []
    for (row,) in rows:
        began = time.perf_counter()
        connection.execute(f"CREATE TABLE new_{row} AS FROM new WHERE unique_id = {row}")
        linker.inference.predict_between(cleaned, database.register(f"new_{row}")).as_record_list()
        seconds.append(round(time.perf_counter() - began, 3))
    return seconds


class Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu_seconds: dict[str, float] = {}
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def lap(self, name: str) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        self.seconds[name], self.cpu_seconds[name] = round(wall - self.wall, 3), round(cpu - self.cpu, 3)
        self.wall, self.cpu = wall, cpu


class Counting:
    """True, found and rightly found pairs, by SQL beside Splink's tables."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.true = self.number('SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM truth GROUP BY "group")')

    def number(self, query: str) -> int:
        (value,) = self.connection.execute(query).fetchone() or (0,)
        return int(value or 0)

    def ends_of(self, table: str) -> tuple[str, str]:
        """What the table of blocked pairs calls its two ends."""
        names = [row[0] for row in self.connection.execute(f"DESCRIBE {table}").fetchall()]
        return next(n for n in names if n.endswith("_l")), next(n for n in names if n.endswith("_r"))

    def pairs(self, table: str, left: str, right: str, where: str = "") -> tuple[int, int]:
        query = f"""
            SELECT count(*), count(*) FILTER (WHERE a."group" = b."group")
            FROM (SELECT {left} AS l, {right} AS r FROM {table} {where}) p
            JOIN truth a ON a.record = p.l JOIN truth b ON b.record = p.r
        """
        found, right_ones = self.connection.execute(query).fetchone() or (0, 0)
        return int(found), int(right_ones)

    def clustered(self, table: str) -> tuple[int, int]:
        within = "SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM {0} JOIN truth ON record = unique_id GROUP BY {1})"
        return (
            self.number(within.format(table, "cluster_id")),
            self.number(within.format(table, 'cluster_id, "group"')),
        )

    def accuracy(self, found: int, right_ones: int) -> dict[str, float]:
        precision, recall = right_ones / max(found, 1), right_ones / max(self.true, 1)
        return {
            "found": found,
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1": round(2 * precision * recall / max(precision + recall, 1e-12), 4),
        }


def peak_mib() -> int:
    """A child's ru_maxrss begins at its parent's; the kernel's own high-water mark begins at nothing."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("records", type=Path)
    options.add_argument("settings", choices=sorted(SETTINGS))
    options.add_argument("--threads", type=int)
    options.add_argument("--memory", default="12GB", help="what DuckDB may take; beyond it, it writes to disk")
    options.add_argument("--new", type=Path, help="records to be asked about one by one")
    asked = options.parse_args()
    warnings.simplefilter("ignore")
    logging.getLogger("splink").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="entente-bench-") as spill:
        print(json.dumps(run(asked.records, asked.settings, asked.threads, asked.memory, spill, asked.new)))


if __name__ == "__main__":
    main()
