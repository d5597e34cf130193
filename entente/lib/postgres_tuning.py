"""The settings of the embedded PostgreSQL, for one machine that also runs the web app and the nightly cycle."""

import os
from pathlib import Path

MEBIBYTE = 1024 * 1024


def configuration(sockets: Path, cluster: str, *, durable: bool) -> str:
    """What is written beside postgresql.conf and included by it, at every start."""
    values: dict[str, str | int | float] = {
        # A private socket is the only door.
        "listen_addresses": "''",
        "unix_socket_directories": f"'{sockets}'",
        "unix_socket_permissions": "0700",
        "cluster_name": f"'{cluster}'",
        "max_connections": 100,
        "shared_buffers": f"{shared_buffers(machine_memory())}MB",
        "work_mem": "'32MB'",
        "maintenance_work_mem": "'256MB'",
        "max_wal_size": "'4GB'",
        "checkpoint_timeout": "'15min'",
        "random_page_cost": 1.1,
        "jit": "off",
        # No replication: a table filled in the transaction that made it is not written twice.
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "max_logical_replication_workers": 0,
        "idle_in_transaction_session_timeout": "'10min'",
        # The query of a client that was killed ends instead of keeping its locks.
        "client_connection_check_interval": "'2s'",
        "log_min_duration_statement": 2000,
        "log_parameter_max_length": 0,
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
    }
    if _is_small_shared_memory():
        # Containers give /dev/shm 64 MB, and parallel queries fail in it.
        values["dynamic_shared_memory_type"] = "sysv"
    durability = ("fsync", "synchronous_commit", "full_page_writes")
    values.update(dict.fromkeys(durability, "on" if durable else "off"))
    lines = [f"{name} = {value}" for name, value in values.items()]
    return "\n".join(["# Written anew at every start. Change a setting with ALTER SYSTEM.", *lines, ""])


def shared_buffers(memory: int) -> int:
    """MB of buffers for a machine of `memory` bytes: a sixteenth, from 64 to 512, 256 at 4 GiB."""
    return max(64, min(512, memory // MEBIBYTE // 16))


def machine_memory() -> int:
    """Bytes of memory, or of the share this container may use."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        try:
            memory = min(memory, int(limit.read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return memory


def _is_small_shared_memory() -> bool:
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108
    except OSError:
        return False
    return found.f_frsize * found.f_blocks < 256 * MEBIBYTE
