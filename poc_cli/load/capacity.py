"""What a load needs of this machine before it begins: file descriptors of the runtime and of the client, and ports."""

import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from poc_cli.descriptors import DESCRIPTORS_AT_REST, DESCRIPTORS_PER_SOCKET
from poc_cli.errors import UsageError
from poc_cli.load.plan import Plan
from poc_cli.load.sharding import PORTS_AN_ADDRESS

DESCRIPTORS_PER_ROOM: Final = 3
"""Of workerd's, for the SQLite files of an object in memory (measured: 50 rooms, +147)."""

DESCRIPTORS_OF_OURS: Final = 64
"""Beside those of sockets: pipes, the history, the side-car's connections (measured: 19)."""

SPARE: Final = 128
"""Descriptors of workerd's that are never used: no further socket is opened once only these are left."""

_LINUX_PORTS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")

_RAISE: Final = "raise the hard limit of open files (ulimit -Hn, LimitNOFILE= of systemd, /etc/security/limits.conf)"


@dataclass(frozen=True, slots=True)
class Limits:
    """What this process, and the runtime that it starts, may have: open files, and ports of one source address."""

    files: int
    ports: int = PORTS_AN_ADDRESS


def limits() -> Limits:
    """Return the limits of this process as they are now."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = soft if soft != resource.RLIM_INFINITY else 1 << 30
    try:
        first, last = map(int, _LINUX_PORTS.read_text(encoding="ascii").split())
    except (OSError, ValueError):  # no Linux
        return Limits(files)
    # Ports of connections that others have, or that were just closed, are not free.
    return Limits(files, max(1, int(0.9 * (last - first + 1))))


def needed_by_runtime(sockets: int, rooms: int) -> int:
    """Return how many descriptors workerd takes for so many sockets in so many rooms."""
    return DESCRIPTORS_PER_SOCKET * sockets + DESCRIPTORS_PER_ROOM * rooms + DESCRIPTORS_AT_REST


def possible(rooms: int, has: Limits, *, local: bool) -> int:
    """Return how many sockets in so many rooms are possible under the limits, with the runtime here or elsewhere."""
    ours = has.files - DESCRIPTORS_OF_OURS
    if not local:
        return max(0, min(ours, has.ports))
    runtime = (has.files - DESCRIPTORS_AT_REST - DESCRIPTORS_PER_ROOM * rooms) // DESCRIPTORS_PER_SOCKET
    return max(0, min(ours, runtime))


def raise_if_too_many(plan: Plan, has: Limits, *, local: bool) -> None:
    """Raise UsageError where a load does not fit, with what to raise and what is possible now."""
    most = possible(plan.rooms, has, local=local)
    if plan.sockets <= most:
        return
    if not local and plan.sockets > has.ports:
        raise UsageError(
            f"{plan.sockets:,} sockets do not fit: from one address there are about {has.ports:,} ports to one target",
            f"widen net.ipv4.ip_local_port_range, share the load among machines, or use --sockets {most}",
        )
    whose = f"workerd takes {DESCRIPTORS_PER_SOCKET} file descriptors a socket and {DESCRIPTORS_PER_ROOM} a room"
    wanted = needed_by_runtime(plan.sockets, plan.rooms) if local else plan.sockets + DESCRIPTORS_OF_OURS
    message = (
        f"{whose}, {wanted:,} in all with what it has at rest" if local else f"they take {wanted:,} file descriptors"
    )
    raise UsageError(
        f"{plan.sockets:,} sockets in {plan.rooms:,} room{'s' * (plan.rooms > 1)} do not fit: {message}, "
        f"and the limit here is {has.files:,}",
        f"{_RAISE}; possible now: --sockets {most}" if most else f"{_RAISE}; now not one socket is possible",
    )


def wants_many_addresses(plan: Plan, has: Limits) -> bool:
    """Return whether one source address has too few ports for a load on loopback."""
    return plan.sockets > min(has.ports, PORTS_AN_ADDRESS)
