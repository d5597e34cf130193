"""Records put together: how well and how fast, beside Splink with its tutorials' settings on the same data in the same run.

    bin/bench identify                        # FEBRL 3, fake_1000, 100,000 and a million made-up people
    bin/bench identify --records 100000       # the smaller ones only
    bin/bench identify --alone                # without Splink, which has to be installed for it

Each in a process of its own. Seconds are those of the whole way from texts as their sources wrote them to customers: reading, keys,
comparing, learning, clustering; Splink gets the same texts. Losses of blocking count in every F1, blocking recall stands beside it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.made import peers, public
from bench.made.people import people, to_parquet
from entente.identify.pure.coded import MISSING, Coded

NAMES = {
    "given_name": "given_name", "family_name": "family_name", "birth_date": "born_on", "street": "street", "house_number": "house_number",
    "postcode": "postcode", "city": "city", "country": "country", "email": "email", "phone": "phone",
    "national_id": "tax_id", "tax_id": "tax_id",
}  # fmt: skip
SETTINGS = {"febrl3": "febrl3", "fake_1000": "quick_start"}
THRESHOLDS = (0.5, 0.9, 0.95, 0.99)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--records", type=int, nargs="*", default=[100_000, 1_000_000])
    options.add_argument("--alone", action="store_true", help="without Splink")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--measure", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.measure:
        sys.stdout.write(json.dumps(measure(Path(given.measure))) + "\n")
        return 0
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="entente-bench-") as folder:
        for name, columns in _sets(given):
            path = Path(folder) / f"{name}.parquet"
            to_parquet(columns, path)
            results[name] = {"ours": _in_a_process(path)}
            if not given.alone:
                try:
                    peer = results[name]["splink"] = peers.splink(path, SETTINGS.get(name, "people"))
                    results[name]["times_as_fast"] = round(peer["total_s"] / results[name]["ours"]["seconds"], 1)
                except peers.PeerUnavailable as error:
                    sys.stderr.write(f"Splink: {error}\n")
            _tell(name, results[name])
            path.unlink()
    sys.stdout.write(json.dumps(results, indent=2) + "\n")
    return 0


def _sets(given: argparse.Namespace) -> Any:
    for name, load in (("febrl3", public.febrl), ("fake_1000", public.fake_1000)):
        try:
            yield name, load()
        except public.Absent as error:
            sys.stderr.write(f"{name}: {error}\n")
    for count in given.records:
        yield f"{count} people", people(count, seed=given.seed)


def _in_a_process(path: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, "--measure", str(path)], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _numbered(column: Any) -> Any:
    """Arrow's dictionary is a column of numbers already; its values may come in pieces, and hold an empty text."""
    whole = column.unify_dictionaries().combine_chunks()
    values = whole.dictionary.to_pylist()
    code = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    if "" in values:
        code = np.where(code == values.index(""), MISSING, code).astype(np.int32)
    return Coded(code, tuple(values))


def measure(path: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    from entente.identify.pure.blocking import PERSON_RULES
    from entente.identify.pure.comparisons import PERSON
    from entente.identify.pure.evaluation import blocking_recall, evaluate
    from entente.identify.pure.linkage import link
    from entente.identify.pure.readings import read_people

    names = [name for name in pq.read_schema(path).names if name in NAMES]
    table = pq.read_table(path, read_dictionary=names)
    truth = table["group"].to_numpy().astype(np.int64)
    texts = {NAMES[name]: _numbered(table[name]) for name in names}
    # What has to be compiled is compiled once on a machine, not once a run.
    some = read_people({name: Coded(column.code[:200], column.values) for name, column in texts.items()})
    link(some.columns, PERSON, PERSON_RULES, np.random.default_rng(0)).together(200)
    seconds: dict[str, float] = {}
    began = last = time.perf_counter()

    def told(step: str) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[step] = round(now - last, 2)
        last = now

    read = read_people(texts)
    told("reading")
    steps: list[str] = []

    def progress(step: str) -> None:
        if steps:
            told(steps[-1])
        steps.append(step)

    found = link(read.columns, PERSON, PERSON_RULES, np.random.default_rng(0), progress=progress)
    told(steps[-1])
    clusters = found.together(len(truth))
    told("Clustering")
    whole = time.perf_counter() - began
    scores = {str(at): evaluate(found.together(len(truth), sure=at), truth).as_dict() for at in THRESHOLDS}
    is_true = truth[found.blocked.left] == truth[found.blocked.right]
    return {
        "records": len(truth), "seconds": round(whole, 2), "steps": seconds,
        "peak_mb": _peak_mb(),
        "pairs": len(found.blocked.left), "blocking_recall": blocking_recall(found.blocked.left, found.blocked.right, truth),
        "settled": found.weights.settled, "f1": evaluate(clusters, truth).f1, "clustered_at": scores,
        "wrong_at": {str(at): int((~is_true & (found.judged.same >= at)).sum()) for at in THRESHOLDS},
        "ignored": len(read.ignored),
    }  # fmt: skip


def _peak_mb() -> int:
    """A child's ru_maxrss begins at its parent's; the kernel's own high-water mark begins at nothing."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _tell(name: str, both: dict[str, Any]) -> None:
    ours, peer = both["ours"], both.get("splink")
    sys.stderr.write(
        f"{name:18} ours    F1 {ours['f1']:.4f} after clustering, {ours['seconds']:8.1f} s, {ours['peak_mb']:>6,} MB, "
        f"blocking recall {ours['blocking_recall']:.4f}, {ours['wrong_at']['0.99']} wrong pairs at .99\n"
    )
    if peer:
        sys.stderr.write(
            f"{'':18} splink  F1 {peer['clusters']['f1']:.4f} after clustering, {peer['total_s']:8.1f} s, {peer['peak_mib']:>6,} MB, "
            f"blocking recall {peer['blocking_recall']:.4f}: {both['times_as_fast']} x as fast as it\n"
        )


if __name__ == "__main__":
    sys.exit(main())
