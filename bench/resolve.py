"""Known at the first word: one record against a million, and a thousand new ones, beside what a run over all records says.

    bin/bench resolve                       # 1,000,000 made-up people, a database of its own
    bin/bench resolve --records 100000
    bin/bench resolve --alone               # without Splink

A run over all but the last 1,000 records learns the weights and fills the index. Then each of the last 1,000 is asked about (as a
contact that comes in), and all of them are linked as records that came since. The truth for both is a run over all records together:
who it finds most like each of them, and with whom it brings each together. Splink, with the weights it learned on the same records, is
asked about the first few of them with its own call for it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entente.settings")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.made import peers
from bench.made.databases import a_database
from bench.made.people import people, to_parquet

NEW = 1_000
WARM = 30
ASKED_OF_SPLINK = 5
# Column of the made-up people: as it stands in a party, and what it is called in a question.
COLUMNS = {
    "given_name": ("given_name", "given_name"), "family_name": ("family_name", "family_name"), "birth_date": ("born_on", "born_on"),
    "street": ("address", "street"), "house_number": ("house_number", "house_number"), "postcode": ("postcode", "postcode"),
    "city": ("city", "city"), "country": ("country", "country"), "email": ("email", "email"), "phone": ("phone", "phone"),
}  # fmt: skip
Array = np.ndarray[Any, Any]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--records", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--alone", action="store_true", help="without Splink")
    given = options.parse_args()
    with a_database("entente_bench_resolve") as url:
        os.environ["DATABASE_URL"] = url
        import django

        django.setup()
        from django.db import connection

        try:
            result = measure(given.records, given.seed)
        finally:
            connection.close()
    if not given.alone:
        _told("Asking Splink")
        result |= _splink(given.records, given.seed, result["p50_ms"])
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return 0


def measure(n: int, seed: int) -> dict[str, Any]:
    from django.core.management import call_command

    from entente.identify.newcomers import link_new
    from entente.staff.models import User

    call_command("migrate", verbosity=0)
    rows = people(n + NEW, seed=seed)
    user = User.objects.create(email="bench@example.com", name="Bench", role="agent")
    _told("Filling the database")
    _parties(rows, 0, n)
    result: dict[str, Any] = {"records": n}
    _told("A run over all but the last")
    result["index_seconds"] = _a_run(_columns(rows, n))
    _told("Asking")
    milliseconds, tops = _ask(rows, n, user)
    for at in (50, 90, 99):
        result[f"p{at}_ms"] = round(float(np.percentile(milliseconds, at)), 2)
    _parties(rows, n, n + NEW)
    began = time.perf_counter()
    made = link_new()
    result["new_seconds"] = round(time.perf_counter() - began, 2)
    result["new_counts"] = made.counts if made else None
    _told("A run over all")
    return result | _agreement(rows, n, tops)


def _parties(rows: dict[str, Array], first: int, last: int) -> None:
    """Party numbers are those of the rows, beginning at 1; each is a customer of its own with the same number."""
    from django.db import connection, transaction

    from entente.identify.models import ONE_RECORD, Customer, Membership
    from entente.ledger.models import Party, Source
    from entente.warehouse.copy_in import copy_field, copy_text

    source, _ = Source.objects.get_or_create(name="made up")

    def lines() -> Iterator[str]:
        for k, row in enumerate(zip(*(rows[name][first:last].tolist() for name in COLUMNS), strict=True), first + 1):
            fields = [copy_field(value) for value in row]
            fields[2] = fields[2] or "\\N"
            yield (
                f"{k}\t{source.pk}\tR{k}\tperson\t{copy_field(f'{row[0]} {row[1]}'.strip())}\t"
                + "\t".join(fields)
                + blank
            )

    blank = "\t" * 6 + "{}\tnow\n"
    to = [name for name, _ in COLUMNS.values()]
    with transaction.atomic(), connection.cursor() as cursor:
        copy_text(
            Party._meta.db_table,
            ["id", "source_id", "key", "kind", "name", *to, "segment", "phone_e164", "subdivision", "language", "zone", "attributes",
             "recorded_at"],
            lines(),
        )  # fmt: skip
        cursor.execute(
            f"INSERT INTO {Customer._meta.db_table} (id, kind, name, segment, email, phone, phone_e164, country, subdivision, postcode, "
            "city, language, zone, search, made_at) SELECT id, kind, name, '', email, phone, '', country, '', postcode, city, '', '', '', "
            f"now() FROM {Party._meta.db_table} WHERE id > %s",
            [first],
        )
        cursor.execute(
            f"INSERT INTO {Membership._meta.db_table} (party_id, customer_id, weight, explanation, law, made_at) "
            f"SELECT id, id, 1, '{{}}', %s, now() FROM {Party._meta.db_table} WHERE id > %s",
            [ONE_RECORD, first],
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _columns(rows: dict[str, Array], last: int) -> Any:
    from entente.identify.pure.readings import read_people

    return read_people({field: rows[name][:last].tolist() for name, (_, field) in COLUMNS.items()})


def _linked(readings: Any) -> Any:
    from entente.identify.pure.blocking import PERSON_RULES
    from entente.identify.pure.comparisons import PERSON
    from entente.identify.pure.linkage import link

    return link(readings.columns, PERSON, PERSON_RULES, np.random.default_rng(0))


def _a_run(readings: Any) -> float:
    """What a run over all records leaves behind: weights, memberships, the index. Returns the seconds the index took."""
    from django.db import connection
    from django.utils import timezone

    from entente.identify.index import read_digests, write_index
    from entente.identify.models import Linkage, Membership
    from entente.identify.pure.linkage import DOUBTFUL, SURE
    from entente.identify.pure.weights import as_data
    from entente.identify.records import Records

    found = _linked(readings)
    n = len(next(iter(readings.columns.values())))
    now = timezone.now()
    Linkage.objects.create(
        state="done", law="made up", sure=SURE, doubtful=DOUBTFUL, weights={"person": as_data(found.weights)}, started_at=now,
        finished_at=now,
    )  # fmt: skip
    group = found.together(n)
    moved = np.flatnonzero(group != np.arange(n))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Membership._meta.db_table} m SET customer_id = t.customer, law = 'made up' "
            "FROM unnest(%s::bigint[], %s::bigint[]) t (party, customer) WHERE m.party_id = t.party",
            [(moved + 1).tolist(), (group[moved] + 1).tolist()],
        )
    parties = np.arange(1, n + 1, dtype=np.int64)
    digests = read_digests()
    began = time.perf_counter()
    write_index({"person": Records("person", parties, np.zeros(n, np.bool_), readings)}, digests)
    return round(time.perf_counter() - began, 2)


def _ask(rows: dict[str, Array], n: int, user: Any) -> tuple[list[float], list[tuple[int, float]]]:
    """Milliseconds each, and the record that is most like each with its weight."""
    from entente.identify.resolve import resolve

    asked = [{field: rows[name][k] for name, (_, field) in COLUMNS.items()} for k in range(n, n + NEW)]
    for one in asked[:WARM]:
        resolve(one, user=user)
    spent, tops = [], []
    for one in asked:
        began = time.perf_counter()
        found = resolve(one, user=user)
        spent.append((time.perf_counter() - began) * 1000)
        tops.append((found[0].party_id, found[0].weight) if found else (0, -np.inf))
    return spent, tops


def _agreement(rows: dict[str, Array], n: int, tops: list[tuple[int, float]]) -> dict[str, Any]:
    from entente.identify.models import Membership

    found = _linked(_columns(rows, n + NEW))
    left, right, weight = found.blocked.left, found.blocked.right, found.judged.weight
    # The new one stands last: it is the right one of the pair, and the left one was there before.
    mine = np.flatnonzero((right >= n) & (left < n))
    best = np.full(NEW, -np.inf)
    np.maximum.at(best, right[mine] - n, weight[mine])
    top = {(int(left[at]), int(right[at]) - n) for at in mine[weight[mine] >= best[right[mine] - n] - 1e-9].tolist()}
    same = [
        (tops[k][0] - 1, k) in top if best[k] > 0 or tops[k][1] > 0 else True  # neither of them finds anybody probable
        for k in range(NEW)
    ]
    group = found.together(n + NEW)
    whole: dict[int, set[int]] = {}
    for record, root in enumerate(group.tolist()):
        whole.setdefault(root, set()).add(record + 1)
    customer = dict(Membership.objects.filter(ended_at=None).values_list("party_id", "customer_id"))
    live: dict[int, set[int]] = {}
    for party, number in customer.items():
        live.setdefault(number, set()).add(party)
    as_whole = [live[customer[k + 1]] == whole[int(group[k])] for k in range(n, n + NEW)]
    is_known = np.isin(rows["group"][n:], rows["group"][:n])
    right_top = [
        tops[k][0] > 0 and rows["group"][tops[k][0] - 1] == rows["group"][n + k]
        for k in np.flatnonzero(is_known).tolist()
    ]
    return {
        "same_top_as_a_run_over_all": float(np.mean(same)),
        "new_together_as_in_a_run_over_all": float(np.mean(as_whole)),
        "known_people": int(is_known.sum()), "known_people_found_first": float(np.mean(right_top)),
    }  # fmt: skip


def _splink(n: int, seed: int, ours_ms: float) -> dict[str, Any]:
    rows = people(n + NEW, seed=seed)
    with tempfile.TemporaryDirectory(prefix="entente-bench-") as folder:
        known, new = Path(folder) / "known.parquet", Path(folder) / "new.parquet"
        to_parquet({name: column[:n] for name, column in rows.items()}, known)
        to_parquet({name: column[n : n + ASKED_OF_SPLINK] for name, column in rows.items()}, new)
        del rows
        try:
            seconds = peers.splink(known, "people", new=new)["asked_s"]
        except peers.PeerUnavailable as error:
            sys.stderr.write(f"Splink: {error}\n")
            return {}
    median_ms = 1000 * float(np.median(seconds))
    return {"splink_ms": round(median_ms), "times_as_fast_as_splink": round(median_ms / ours_ms)}


def _told(step: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {step}\n")


if __name__ == "__main__":
    sys.exit(main())
