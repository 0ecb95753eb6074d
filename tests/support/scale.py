"""How many machines, objects and dollars a number of sockets takes: the arithmetic of docs/scale.md."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from poc_cli.cost.bill import bill
from poc_cli.cost.expected import usage_of
from poc_cli.cost.prices import Prices
from poc_cli.cost.profile import Profile
from poc_cli.descriptors import DESCRIPTORS_AT_REST, DESCRIPTORS_PER_SOCKET

KIB_PER_GIB: Final = 1 << 20
SECONDS_OF_A_MINUTE: Final = 60

SOCKETS_OF_AN_OBJECT: Final = 32_768
"""Documented, and shown by the scenario full-house."""

PORTS_OF_AN_ADDRESS: Final = 60_999 - 32_768 + 1
"""The ports that Linux gives out by itself (net.ipv4.ip_local_port_range), for each source address and destination."""

CLIENT_KIB: Final = 11
"""Of the client's memory a socket: websockets on uvloop, no compression. Measured: 10.9 at 3,000 sockets."""

CLIENT_TLS_KIB: Final = 57
"""The same with TLS, as Cloudflare wants it. Measured: 56.5 to 56.7 at 3,000 sockets."""

KERNEL_KIB: Final = 5
"""Of the kernel's memory for one end of an idle connection. Measured: 7 to 10 for both ends, from its slabs."""

WORKERD_KIB: Final = 79
"""Of workerd's memory a socket, asleep or awake; only where it runs on the same machine. Measured: 65 to 79."""

OPENING_MS: Final = 0.18
"""Of a core to open a socket. Measured: 0.17 to 0.18."""

OPENING_TLS_MS: Final = 0.62
"""The same with TLS, both ends' certificates being small ones. Measured: 0.60 to 0.64."""

EXCHANGES_OF_A_CORE: Final = 38_700
"""Messages that a client's core can send and get answered a second. Measured: 26,300 at 68 % of a core; no TLS."""

DELIVERIES_OF_A_CORE: Final = 48_400
"""Messages that a client's core can read a second. Measured: 31,000 at 64 % of a core; no TLS."""

DELIVERIES_OF_AN_OBJECT: Final = (25_000, 45_000)
"""Messages that an object can send to its sockets a second, on a slow core and a quick one, alone in its workerd.
Measured locally; on Cloudflare it may be otherwise."""

SHARE: Final = 0.5
"""Of a load machine's memory and cores, what a load may take: a client that is busier measures itself."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine that makes load has; `addresses` are source addresses, `descriptors` the limit of one process."""

    cores: int
    memory_gib: int
    descriptors: int
    addresses: int = 1


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many sockets fit, and which of the limits that is."""

    sockets: int
    bound: str


def capacity(machine: Machine, *, tls: bool) -> Capacity:
    """Return the sockets that one machine can hold to a runtime elsewhere, by one process, to one address of it."""
    each = (CLIENT_TLS_KIB if tls else CLIENT_KIB) + KERNEL_KIB
    return _tightest(
        {
            "ports": machine.addresses * PORTS_OF_AN_ADDRESS,
            "descriptors": machine.descriptors - DESCRIPTORS_AT_REST,
            "memory": _memory(machine, each),
        }
    )


def beside_workerd(machine: Machine) -> Capacity:
    """Return the sockets that fit where workerd runs on the same machine; loopback has addresses enough."""
    return _tightest(
        {
            "workerd's descriptors": (machine.descriptors - DESCRIPTORS_AT_REST) // DESCRIPTORS_PER_SOCKET,
            "memory": _memory(machine, CLIENT_KIB + WORKERD_KIB + 2 * KERNEL_KIB),
        }
    )


def _memory(machine: Machine, kib: int) -> int:
    return int(machine.memory_gib * KIB_PER_GIB * SHARE / kib)


def _tightest(limits: Mapping[str, int]) -> Capacity:
    bound = min(limits, key=lambda name: limits[name])
    return Capacity(limits[bound], bound)


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many sockets in rooms of the same size, all open all the time; each message goes to everyone in its room."""

    sockets: int
    per_room: int
    messages_per_minute: Decimal
    """Of each socket."""

    @property
    def rooms(self) -> int:
        """Return how many objects it takes. Raises ValueError where a room has more sockets than an object may have."""
        if self.per_room > SOCKETS_OF_AN_OBJECT:
            raise ValueError(f"{self.per_room} sockets in a room, and an object has {SOCKETS_OF_AN_OBJECT} at most")
        return math.ceil(self.sockets / self.per_room)

    @property
    def sent(self) -> float:
        """Return the messages that all send a second."""
        return self.sockets * float(self.messages_per_minute) / SECONDS_OF_A_MINUTE

    @property
    def delivered(self) -> float:
        """Return the messages that all get a second."""
        return self.sent * self.per_room

    @property
    def of_a_room(self) -> float:
        """Return the messages that one object has to send a second."""
        return self.delivered / self.rooms

    @property
    def busy(self) -> float:
        """Return the part of its time for which an object on a slow core is sending; 1 is all of it."""
        return self.of_a_room / DELIVERIES_OF_AN_OBJECT[0]

    @property
    def handler_ms(self) -> float:
        """Return how long an object takes for one message, on a slow core."""
        return 1_000 * self.per_room / DELIVERIES_OF_AN_OBJECT[0]

    @property
    def cores(self) -> float:
        """Return how many cores are busy with sending and reading all that, on the side of the load."""
        return self.sent / EXCHANGES_OF_A_CORE + self.delivered / DELIVERIES_OF_A_CORE


def largest_room(messages_per_minute: Decimal, deliveries: int) -> int:
    """Return how many sockets a room may have where each message goes to all, so that one object keeps up."""
    everyone = deliveries * SECONDS_OF_A_MINUTE / float(messages_per_minute)
    return min(SOCKETS_OF_AN_OBJECT, math.isqrt(int(everyone)))


@dataclass(frozen=True, slots=True)
class Need:
    """How many machines make the load, which of their limits says so, and in how many seconds they open it."""

    machines: int
    bound: str
    opening_seconds: float


def need(crowd: Crowd, machine: Machine) -> Need:
    """Return the machines that make the load with TLS: for its sockets, or for its messages where those need more."""
    each = capacity(machine, tls=True)
    for_sockets = math.ceil(crowd.sockets / each.sockets)
    for_messages = math.ceil(crowd.cores / (machine.cores * SHARE))
    machines = max(for_sockets, for_messages)
    a_second = machines * machine.cores * SHARE * 1_000 / OPENING_TLS_MS
    bound = each.bound if for_sockets >= for_messages else "cores"
    return Need(machines, bound, crowd.sockets / a_second)


def profile(crowd: Crowd) -> Profile:
    """Return the crowd as what `poc cost` reads: everyone online round the clock, reconnecting once a day."""
    return Profile(
        title=f"{crowd.sockets:,} sockets in rooms of {crowd.per_room:,}",
        users=crowd.sockets,
        rooms=crowd.rooms,
        hours_online=24,
        connects_per_day=1,
        messages_per_minute=float(crowd.messages_per_minute),
        handler_ms=crowd.handler_ms,
        connect_ms=1,  # no broadcast: a boot and an accept, about a millisecond here
    )


@dataclass(frozen=True, slots=True)
class Bills:
    """A month in dollars, with hibernation and without."""

    hibernating: Decimal
    awake: Decimal


def bills(crowd: Crowd, prices: Prices) -> Bills:
    """Return the two bills of a crowd."""
    described = profile(crowd)
    with_sleep, without = (bill(usage_of(described, hibernating=each), prices).total for each in (True, False))
    return Bills(with_sleep, without)
