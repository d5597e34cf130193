"""A lock that the database holds for a connection, so that it ends with whoever holds it, however that ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import InterfaceError, OperationalError, connection


@contextmanager
def alone(*name: int) -> Iterator[bool]:
    """Whether the lock is ours. name: one number of 64 bits, or two of 32. Nobody is waited for."""
    places = ", ".join(["%s"] * len(name))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({places})", name)
        (is_ours,) = cursor.fetchone()
    try:
        yield bool(is_ours)
    finally:
        # Without a connection it is free already, and what broke the connection is what there is to tell.
        with suppress(InterfaceError, OperationalError), connection.cursor() as cursor:
            if is_ours:
                cursor.execute(f"SELECT pg_advisory_unlock({places})", name)
