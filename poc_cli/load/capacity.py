"""Check that a load fits into the limits of this machine: file descriptors and ports."""

import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from poc_cli.descriptors import DESCRIPTORS_AT_REST, DESCRIPTORS_PER_SOCKET
from poc_cli.errors import UsageError
from poc_cli.load.plan import Plan
from poc_cli.load.sharding import PORTS_AN_ADDRESS

DESCRIPTORS_PER_ROOM: Final = 3
"""Descriptors of workerd for the SQLite files of an object in memory (measured: 50 rooms, +147)."""

OWN_DESCRIPTORS: Final = 64
"""Descriptors of poc besides those of sockets: pipes, the history, connections to the side-car (measured: 19)."""

SPARE: Final = 128
"""Descriptors of workerd that are kept free: no more sockets are opened once only these are left."""

_LINUX_PORTS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")

_RAISE: Final = "raise the hard limit of open files (ulimit -Hn, LimitNOFILE= of systemd, /etc/security/limits.conf)"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of this process and of the runtime that it starts: open files, and ports of one source address."""

    files: int
    ports: int = PORTS_AN_ADDRESS


def limits() -> Limits:
    """Return the current limits of this process."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = soft if soft != resource.RLIM_INFINITY else 1 << 30
    try:
        first, last = map(int, _LINUX_PORTS.read_text(encoding="ascii").split())
    except (OSError, ValueError):  # not Linux
        return Limits(files)
    # Ports in use by others or in TIME_WAIT are not available.
    return Limits(files, max(1, int(0.9 * (last - first + 1))))


def needed_by_runtime(sockets: int, rooms: int) -> int:
    """Return how many descriptors workerd needs for a number of sockets and rooms."""
    return DESCRIPTORS_PER_SOCKET * sockets + DESCRIPTORS_PER_ROOM * rooms + DESCRIPTORS_AT_REST


def possible(rooms: int, has: Limits, *, local: bool) -> int:
    """Return how many sockets the limits allow; `local` if the runtime is on this machine too."""
    own = has.files - OWN_DESCRIPTORS
    if not local:
        return max(0, min(own, has.ports))
    runtime = (has.files - DESCRIPTORS_AT_REST - DESCRIPTORS_PER_ROOM * rooms) // DESCRIPTORS_PER_SOCKET
    return max(0, min(own, runtime))


def raise_if_too_many(plan: Plan, has: Limits, *, local: bool) -> None:
    """Raise UsageError if a load does not fit, with the limit to raise and what is possible now."""
    most = possible(plan.rooms, has, local=local)
    if plan.sockets <= most:
        return
    if not local and plan.sockets > has.ports:
        raise UsageError(
            f"{plan.sockets:,} sockets do not fit: one address has about {has.ports:,} ports for one target",
            f"widen net.ipv4.ip_local_port_range, use several machines, or use --sockets {most}",
        )
    needs = f"workerd needs {DESCRIPTORS_PER_SOCKET} file descriptors per socket and {DESCRIPTORS_PER_ROOM} per room"
    wanted = needed_by_runtime(plan.sockets, plan.rooms) if local else plan.sockets + OWN_DESCRIPTORS
    message = f"{needs}, {wanted:,} in total with those at rest" if local else f"they need {wanted:,} file descriptors"
    raise UsageError(
        f"{plan.sockets:,} sockets in {plan.rooms:,} room{'s' * (plan.rooms > 1)} do not fit: {message}, "
        f"and the limit is {has.files:,}",
        f"{_RAISE}; possible now: --sockets {most}" if most else f"{_RAISE}; not even one socket is possible now",
    )


def wants_many_addresses(plan: Plan, has: Limits) -> bool:
    """Return whether one source address has too few ports for a load on loopback."""
    return plan.sockets > min(has.ports, PORTS_AN_ADDRESS)
