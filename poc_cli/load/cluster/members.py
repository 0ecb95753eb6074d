"""The processes that are to share a load: whether they can, how their clocks stand, and who gets which part."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from poc_cli.errors import TargetError, UsageError
from poc_cli.load.capacity import Limits, possible
from poc_cli.load.process_usage import Use
from poc_cli.load.sharding import Shard

SCHEMES: Final = ("tcp", "tls")

_EXAMPLE: Final = "write it as tcp://127.0.0.1:8786"


class Clock(NamedTuple):
    """How far another clock is ahead of ours, and by how much that may be wrong at most, in seconds."""

    ahead: float
    error: float


@dataclass(frozen=True, slots=True)
class Member:
    """One process of a cluster as it told about itself; `process` is a name that no other ever has."""

    address: str
    process: str
    host: str
    versions: Mapping[str, str]
    limits: Limits
    use: Use

    @property
    def source(self) -> str:
        """Return the host of its address: processes with the same one share its ports."""
        return urlsplit(self.address).hostname or self.address


def member(address: str, told: Mapping[str, Any]) -> Member:
    """Return the member that plain values tell. Raises KeyError or TypeError where they are none."""
    return Member(
        address,
        str(told["process"]),
        str(told["host"]),
        dict(told["versions"]),
        Limits(told["files"], told["ports"]),
        Use(**told["use"]),
    )


def scheduler_address(text: str) -> str:
    """Return the address of a scheduler. Raises UsageError if it is none."""
    try:
        parts = urlsplit(text)
        whole = parts.hostname and parts.port
    except ValueError as error:
        raise UsageError(f'the scheduler "{text}" is no address: {error}', _EXAMPLE) from error
    if parts.scheme not in SCHEMES or not whole or parts.path or parts.query or parts.username:
        raise UsageError(f'the scheduler "{text}" is no address of one', _EXAMPLE)
    return text


def is_loopback(address: str) -> bool:
    """Return whether an address is of this machine alone."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def one_each(members: Iterable[Member]) -> list[Member]:
    """Return one member for each process, in the order of their addresses: a process may have several workers."""
    found: dict[str, Member] = {}
    for each in sorted(members, key=lambda each: each.address):
        found.setdefault(each.process, each)
    return list(found.values())


def raise_if_different(members: Iterable[Member], here: Mapping[str, str]) -> None:
    """Raise TargetError where a member has another version of something than we do."""
    for each in members:
        for name, ours in here.items():
            theirs = each.versions.get(name, "none")
            if theirs != ours:
                message = f"the worker {each.address} has {name} {theirs}, and here it is {ours}"
                raise TargetError(message, "install the same versions everywhere, then start the worker again")


def raise_if_elsewhere(members: Iterable[Member]) -> None:
    """Raise TargetError where a member is on another machine, and could not reach a runtime on loopback."""
    for each in members:
        if not is_loopback(each.address):
            message = (
                f"the worker {each.address} is not on loopback, and the runtime that poc starts listens only there"
            )
            raise TargetError(message, "start all workers with --host 127.0.0.1, or name a target: --target URL")


def raise_if_too_many(parts: Sequence[tuple[Shard, Member]]) -> None:
    """Raise UsageError where a part does not fit its process, or those of one machine have too few ports together."""
    for shard, each in parts:
        files, ports = each.limits.files, each.limits.ports
        if shard.count > possible(shard.plan.rooms, Limits(files, shard.count), local=False):
            message = f"{shard.count:,} sockets do not fit into the worker {each.address}: it may open {files:,} files"
            raise UsageError(message, "raise that limit, or start more workers")
        mine = sum(other.count for other, at in parts if at.source == each.source)
        if mine > ports and not shard.from_many:
            message = f"{mine:,} sockets do not fit on {each.source}: it has about {ports:,} ports to one target"
            raise UsageError(message, "widen net.ipv4.ip_local_port_range there, or start workers on more machines")


def clock_from(samples: Iterable[tuple[float, float, float]]) -> Clock:
    """Return how a clock stands from questions asked at one time of ours and answered at another, with what it told.

    It was read at some moment in between, so the quickest answer tells most, and is wrong by half its time at most.
    """
    asked, told, answered = min(samples, key=lambda each: each[2] - each[0])
    return Clock(told - (asked + answered) / 2, (answered - asked) / 2)
