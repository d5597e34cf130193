"""entente serve: the web app, a worker and the database, kept running until told to stop."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from entente.lib.errors import EntenteError

SWEEP_S = 15


def register(commands: Any) -> None:
    command = commands.add_parser("serve", help="run the web app and a worker")
    command.add_argument("--port", type=int, metavar="N", help="instead of ENTENTE_PORT")
    command.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1: this machine only)")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from entente.lib.start import collect_files

    collect_files()
    return serve(host=args.host, port=args.port)


def serve(*, host: str, port: int | None, when_ready: Callable[[], None] | None = None) -> int:
    """Run everything; returns when told to stop."""
    import threading

    from django.conf import settings
    from django.db import connections

    from entente.jobs import sweep
    from entente.lib.postgres import EmbeddedPostgres
    from entente.lib.supervisor import Periodic, Program, Supervisor

    port = port or settings.ENVIRONMENT.port
    refuse_busy_port(host, port)
    connections.close_all()
    embedded = EmbeddedPostgres(settings.HOME) if settings.IS_EMBEDDED else None
    if when_ready is not None:
        threading.Thread(target=_when_it_answers, args=(host, port, when_ready), daemon=True).start()
    return Supervisor(
        [Program("web", web_command(host, port, settings.ENVIRONMENT.workers)), Program("worker", worker_command())],
        [Periodic("sweep", SWEEP_S, sweep)],
        postgres=embedded,
    ).run()


class PortIsTaken(EntenteError):
    """Somebody else listens there already."""


def refuse_busy_port(host: str, port: int) -> None:
    """granian shares a port with whoever has it, and half of the requests would go to a stranger."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortIsTaken(f"Port {port} cannot be used ({error.strerror}). Give another with --port.") from None


def web_command(host: str, port: int, workers: int) -> Sequence[str]:
    """granian on WSGI: pages are plain and short. A worker that hangs is killed rather than waited for."""
    return (
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", str(workers),
        "--blocking-threads", "4", "--workers-kill-timeout", "5", "--respawn-failed-workers", "--no-ws",
        "--log-level", "warning", "entente.wsgi:application",
    )  # fmt: skip


def worker_command() -> Sequence[str]:
    return (sys.executable, "-m", "entente", "worker")


def _when_it_answers(host: str, port: int, when_ready: Callable[[], None]) -> None:
    import time
    import urllib.error
    import urllib.request

    address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}/healthz"  # noqa: S104
    for _attempt in range(600):
        try:
            with urllib.request.urlopen(address, timeout=2):
                when_ready()
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
