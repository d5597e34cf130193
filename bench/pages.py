"""Pages with 100,000 customers, 300,000 contacts and 300,000 orders: milliseconds, queries, growth, requests a second.

    python bench/pages.py [--small 10000] [--large 100000] [--json]

Each size gets a database of its own, made here and dropped afterwards. One client, in this
process, warm, median of 15; then 8 clients against the web app itself. Figures of the peers are those of measured.md: same size, other
machine, so compare the order of magnitude, and the growth.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entente.settings")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.made.databases import a_database

ROUNDS = 15
CLIENTS, SECONDS = 8, 6
PASSWORD = "many small green horses"
PEERS = {
    "list, first page": "Creme 357, BottleCRM 1,399, django-crm-admin 840",
    "list, page 500": "Creme 444, BottleCRM 1,807, django-crm-admin 766",
    "search: a part of a name": "Creme 317, BottleCRM 402, django-crm-admin 1,990",
    "search: everywhere, a rare word": "Creme 1,589, BottleCRM 177 (no phones, no contacts)",
    "card, 50 events": "Creme 384, BottleCRM 411, django-crm-admin 182 (4 mails only)",
}
TARGETS = {"list": 60, "search": 80, "card": 80}


def pages() -> dict[str, str]:
    from entente.differentiate.models import Valuation
    from entente.lib.keyset import place

    row = Valuation.objects.order_by("-value", "-customer_id")[499 * 50 - 1 :][:1]
    deep = place(row[0].value, row[0].customer_id) if row else place(1.0, 1)
    return {
        "list, first page": "/customers/",
        "list, page 500": f"/customers/?later={deep}",
        "list, one level": "/customers/?level=3",
        "list, three filters": "/customers/?level=4&stage=5&country=SA",
        "list, one user's": "/customers/?who=7",
        "list, by name": "/customers/?order=name",
        "search: a part of a name": "/search?q=schmi",
        "search: two words": "/search?q=anna+coatings",
        "search: a very common word": "/search?q=ltd",
        "search: a word all contacts hold": "/search?q=customer",
        "search: everywhere, a rare word": "/search?q=r411x",
        "search: a phone number": "/search?q=" + urllib.parse.quote("(020) 0325 4709"),
        "search: an order number": "/search?q=B-00014",
        "search: nothing": "/search?q=xqqyz",
        "card": "/customers/411/",
        "card, 50 events": "/customers/1/",
        "card's hours": "/customers/411/week",
        "older events": "/customers/1/timeline",
        "call form": "/customers/411/calls/new",
        "today": "/",
        "wishes": "/customers/411/preferences",
    }


def fill(size: int) -> None:
    from django.core.management import call_command
    from django.db import connection

    from entente.staff.people import make_user

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    for number in range(20):
        make_user(
            f"u{number}@example.com",
            f"User {number}",
            "admin" if number == 0 else "agent",
            password=PASSWORD if number == 0 else None,
        )
    script = (Path(__file__).parent / "made" / "pages_data.sql").read_text(encoding="utf-8")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('bench.customers', %s, false)", [str(size)])
        cursor.connection.cursor().execute(script)
        cursor.execute("VACUUM ANALYZE")


def _timing(spent: list[float]) -> Any:
    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent.append(time.perf_counter() - start)

    return wrapper


def one_client() -> dict[str, dict[str, float]]:
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from entente.staff.models import User

    settings.ALLOWED_HOSTS.append("testserver")
    client = Client()
    client.force_login(User.objects.get(email="u0@example.com"))
    found = {}
    for name, url in pages().items():
        times, cpu, asked, answer = [], [], [], None
        for _ in range(ROUNDS):
            start, used = time.perf_counter(), time.process_time()
            answer = client.get(url)
            times.append((time.perf_counter() - start) * 1000)
            cpu.append((time.process_time() - used) * 1000)
        for _ in range(ROUNDS):
            spent: list[float] = []
            with connection.execute_wrapper(_timing(spent)):
                client.get(url)
            asked.append(sum(spent) * 1000)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        assert answer is not None and answer.status_code == 200, url
        found[name] = {
            "ms": round(statistics.median(times), 1),
            "cpu_ms": round(statistics.median(cpu), 1),
            "db_ms": round(statistics.median(asked), 1),
            "queries": len(queries),
            "bytes": len(answer.content),
        }
    return found


def many_clients(port: int = 8619) -> dict[str, float]:
    """CLIENTS of one user ask for lists as fast as they are answered."""
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "2", "--blocking-threads", "4",
        "--workers-kill-timeout", "5", "--no-ws", "--log-level", "error", "entente.wsgi:application",
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=Path(__file__).resolve().parents[1])
    try:
        base = f"http://localhost:{port}"
        for _ in range(100):
            try:
                urllib.request.urlopen(base + "/healthz", timeout=2).read()
                break
            except OSError:
                time.sleep(0.2)
        cookies = _cookies(base)
        urls = [url for name, url in pages().items() if name in ("list, first page", "list, page 500")]
        counts, errors = [0] * CLIENTS, [0] * CLIENTS
        until = time.monotonic() + SECONDS

        def ask(who: int) -> None:
            while time.monotonic() < until:
                request = urllib.request.Request(base + urls[counts[who] % 2], headers={"Cookie": cookies})
                try:
                    with urllib.request.urlopen(request, timeout=30) as answer:
                        errors[who] += answer.status != 200 or b"<table" not in answer.read()
                except OSError:
                    errors[who] += 1
                counts[who] += 1

        clients = [threading.Thread(target=ask, args=(who,)) for who in range(CLIENTS)]
        start = time.monotonic()
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        return {"requests_s": round(sum(counts) / (time.monotonic() - start), 1), "errors": sum(errors)}
    finally:
        server.terminate()
        server.wait(15)


def _cookies(base: str) -> str:
    """Made here rather than by the form: what is measured is the list."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from entente.staff.models import User

    user = User.objects.get(email="u0@example.com")
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def measure(size: int) -> dict[str, Any]:
    """In a process of its own: a database has one name for the life of a process."""
    import django

    django.setup()
    fill(size)
    return {"size": size, "pages": one_client(), "clients": many_clients()}


def in_a_database_of_its_own(size: int) -> dict[str, Any]:
    with a_database(f"entente_bench_pages_{size}") as url:
        child = subprocess.run(
            [sys.executable, __file__, "--measure", str(size)],
            env={**os.environ, "DATABASE_URL": url},
            stdout=subprocess.PIPE,
            check=True,
        )
        return json.loads(child.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(args.measure)))
        return
    small, large = in_a_database_of_its_own(args.small), in_a_database_of_its_own(args.large)
    span = math.log(args.large / args.small)
    for name, page in large["pages"].items():
        # A tenth of a millisecond is below what the clock of a query can tell.
        page["growth"] = round(math.log(max(page["db_ms"], 0.1) / max(small["pages"][name]["db_ms"], 0.1)) / span, 2)
    if args.json:
        print(json.dumps({"small": small, "large": large, "peers": PEERS}))
        return
    print(
        f"{'':36}{'ms':>8}{'CPU ms':>8}{'DB ms':>8}{'queries':>9}{'growth':>8}{'KB':>6}  target, peers at the same size"
    )
    for name, page in large["pages"].items():
        target = f"<= {TARGETS.get(re.split('[,: ]', name)[0], 150)}"
        print(
            f"{name:36}{page['ms']:>8}{page['cpu_ms']:>8}{page['db_ms']:>8}{page['queries']:>9}{page['growth']:>8}"
            f"{page['bytes'] // 1024:>6}"
            f"  {target}; {PEERS.get(name, '')}"
        )
    clients = large["clients"]
    print(
        f"{CLIENTS} clients of one user, lists: {clients['requests_s']} a second, {clients['errors']} errors (>= 40; Creme 3.6)"
    )


if __name__ == "__main__":
    main()
