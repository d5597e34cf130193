"""Contact rules: microseconds per person for a batch of 100,000, beside a plain loop over the same rules, in one run.

    python bench/contact_rules.py [--people 100000] [--reference 200] [--json]

The people: seven countries, phone numbers, some postcodes, four ways of wishing, one to six contacts each, consent,
blocks. The plain loop asks the same questions of one person at a time with `zoneinfo` and `holidays` directly,
stepping by quarters of an hour; it answers a sample, and its answers must be those of the batch.
"""

import argparse
import json
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "interact" / "pure")]

from entente.interact.pure.batch import check_many  # noqa: E402
from entente.interact.pure.columns import Blocks, ConsentEvents, Contacts, People  # noqa: E402
from entente.interact.pure.contact_rules import check  # noqa: E402
from entente.interact.pure.people import Frequency, Preferences, Question  # noqa: E402
from entente.interact.pure.policy import DEFAULT_POLICY  # noqa: E402
from entente.interact.pure.purposes import Channel, Purpose  # noqa: E402
from entente.interact.pure.windows import window  # noqa: E402
from tests.interact.pure.contact_reference import plain_answer  # noqa: E402

AT = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
# Country, how a number of it begins, digits that follow, postcodes.
PLACES = (
    ("GB", "+447911", 6, None),
    ("DE", "+4915112", 6, None),
    ("SA", "+96650", 7, None),
    ("IR", "+98912", 7, None),
    ("RU", "+7916", 7, "101000"),
    ("US", "+1212", 7, None),
    ("AU", "+614", 8, "2000"),
)
WISHES = (
    Preferences(),
    Preferences(hours=(window("10:00-16:00", "mon tue wed thu fri"),)),
    Preferences(frequency=Frequency(1, 30)),
    Preferences(weekend=frozenset({4, 5}), religious_days=frozenset({date(2026, 11, 24)})),
)


def crowd(n: int, rng: np.random.Generator) -> People:
    """n people with their contacts, events and blocks, as columns."""
    now = int(AT.timestamp())
    home = rng.integers(0, len(PLACES), n)
    tails = rng.integers(0, 10**8, n)
    contacts, events, blocks = n * 3, n // 2, n // 50
    return People(
        keys=range(n),
        country=[PLACES[each][0] for each in home],
        subdivision=["ENG" if each == 0 else "BY" if each == 1 else None for each in home],
        phone=[PLACES[each][1] + f"{tail:08d}"[-PLACES[each][2] :] for each, tail in zip(home, tails, strict=True)],
        postcode=[PLACES[each][3] if tail % 2 else None for each, tail in zip(home, tails, strict=True)],
        zone=[None] * n,
        level=rng.choice(["top", "big", "medium", "small"], n, p=[0.01, 0.04, 0.15, 0.8]).tolist(),
        since=now - rng.integers(0, 3 * 365 * 86_400, n),
        preference=rng.choice(len(WISHES), n, p=[0.7, 0.1, 0.1, 0.1]),
        preferences=WISHES,
        contacts=Contacts(
            row=np.sort(rng.integers(0, n, contacts)),
            at=now - rng.integers(0, 200 * 86_400, contacts),
            channel=rng.integers(0, 4, contacts).astype(np.int8),
            purpose=rng.integers(2, 7, contacts).astype(np.int8),
            circle=rng.choice(3, contacts, p=[0.9, 0.05, 0.05]).astype(np.int8),
            inbound=rng.random(contacts) < 0.2,
            two_way=rng.random(contacts) < 0.3,
            outcome=rng.choice([-1, 0, 1, 2], contacts),
            topic=rng.choice([-1, 0, 1], contacts),
            key=np.full(contacts, -1),
            outcomes=("no_answer", "refused", "failed"),
            topics=("paint", "primer"),
        ),
        consents=ConsentEvents(
            row=rng.integers(0, n, events),
            at=(now - rng.integers(0, 10**7, events)) * 1_000_000,
            purpose=rng.choice([-1, 5, 6], events).astype(np.int8),
            channel=rng.choice([-1, 0, 1], events).astype(np.int8),
            granted=rng.random(events) < 0.7,
        ),
        blocks=Blocks(
            row=rng.integers(0, n, blocks),
            purpose=np.full(blocks, -1, np.int8),
            channel=rng.choice([-1, 0], blocks).astype(np.int8),
            from_at=np.full(blocks, now - 86_400),
            until_at=np.where(rng.random(blocks) < 0.5, now + 5 * 86_400, 1 << 39),
        ),
    )


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--people", type=int, default=100_000)
    arguments.add_argument("--reference", type=int, default=25)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    people = crowd(given.people, np.random.default_rng(7))
    question = Question(Channel.PHONE, Purpose.MARKETING, AT, topic="paint")

    begin, begin_cpu = time.perf_counter(), time.process_time()
    answers = check_many(people, question)
    cold, cold_cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    begin = time.perf_counter()
    check_many(people, question)
    warm = time.perf_counter() - begin

    sample = np.linspace(0, given.people - 1, given.reference).astype(int).tolist()
    persons = [people.person(row) for row in sample]
    begin = time.perf_counter()
    single = [check(each, question) for each in persons]
    one = time.perf_counter() - begin
    begin = time.perf_counter()
    plain = [plain_answer(each, question, DEFAULT_POLICY) for each in persons]
    loop = time.perf_counter() - begin
    differ = sum(
        expected != (("SEND_AT", "DROP", "ASK")[answers.verdict[row]], int(answers.send_at[row]))
        for row, expected in zip(sample, plain, strict=True)
    ) + sum(
        (None if each.opens_at is None else int(each.opens_at.timestamp()))
        != (int(answers.send_at[row]) if answers.send_at[row] >= 0 else None)
        for row, each in zip(sample, single, strict=True)
    )
    result = {
        "people": given.people,
        "batch_first_us": round(cold / given.people * 1e6, 2),
        "batch_first_cpu_us": round(cold_cpu / given.people * 1e6, 2),
        "batch_again_us": round(warm / given.people * 1e6, 2),
        "one_by_one_us": round(one / len(sample) * 1e6, 1),
        "plain_loop_us": round(loop / len(sample) * 1e6, 1),
        "differences": differ,
        "allowed_now": int(answers.allowed_now.sum()),
        "verdicts": np.bincount(answers.verdict, minlength=3).tolist(),
        "target_us": 50,
    }
    if given.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:18} {value}")
    return 1 if differ else 0


if __name__ == "__main__":
    raise SystemExit(main())
