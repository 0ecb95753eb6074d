"""The processes of a cluster: their versions, limits and clocks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from poc_cli.errors import TargetError, UsageError
from poc_cli.load.capacity import Limits, possible
from poc_cli.load.process_usage import Usage
from poc_cli.load.sharding import Shard

SCHEMES: Final = ("tcp", "tls")

_EXAMPLE: Final = "write it as tcp://127.0.0.1:8786"


class Clock(NamedTuple):
    """How far another clock is ahead, and the largest error of that, in seconds."""

    ahead: float
    error: float


@dataclass(frozen=True, slots=True)
class Member:
    """One process of a cluster as it described itself; `process` is a unique id."""

    address: str
    process: str
    host: str
    versions: Mapping[str, str]
    limits: Limits
    use: Usage

    @property
    def source(self) -> str:
        """Return the host of its address; processes on the same host share its ports."""
        return urlsplit(self.address).hostname or self.address


def member(address: str, about: Mapping[str, Any]) -> Member:
    """Return the member from its description. Raises KeyError or TypeError if that is invalid."""
    return Member(
        address,
        str(about["process"]),
        str(about["host"]),
        dict(about["versions"]),
        Limits(about["files"], about["ports"]),
        Usage(**about["use"]),
    )


def scheduler_address(text: str) -> str:
    """Return the address of a scheduler. Raises UsageError if it is invalid."""
    try:
        parts = urlsplit(text)
        complete = parts.hostname and parts.port
    except ValueError as error:
        raise UsageError(f'the scheduler address "{text}" is invalid: {error}', _EXAMPLE) from error
    if parts.scheme not in SCHEMES or not complete or parts.path or parts.query or parts.username:
        raise UsageError(f'the scheduler address "{text}" is invalid', _EXAMPLE)
    return text


def is_loopback(address: str) -> bool:
    """Return whether an address is on loopback."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def one_each(members: Iterable[Member]) -> list[Member]:
    """Return one member per process, ordered by address; a process may have several workers."""
    found: dict[str, Member] = {}
    for each in sorted(members, key=lambda each: each.address):
        found.setdefault(each.process, each)
    return list(found.values())


def raise_if_different(members: Iterable[Member], here: Mapping[str, str]) -> None:
    """Raise TargetError if a member has another version of a package than this process."""
    for each in members:
        for name, own in here.items():
            other = each.versions.get(name, "none")
            if other != own:
                message = f"the worker {each.address} has {name} {other}, but this machine has {own}"
                raise TargetError(message, "install the same versions everywhere, then start the worker again")


def raise_if_elsewhere(members: Iterable[Member]) -> None:
    """Raise TargetError if a member is on another machine, where it cannot reach a runtime on loopback."""
    for each in members:
        if not is_loopback(each.address):
            message = (
                f"the worker {each.address} is not on loopback, but the runtime that poc starts listens only there"
            )
            raise TargetError(message, "start all workers with --host 127.0.0.1, or use --target URL")


def raise_if_too_many(parts: Sequence[tuple[Shard, Member]]) -> None:
    """Raise UsageError if a part does not fit into its process, or the parts of a host into its ports."""
    for shard, each in parts:
        files, ports = each.limits.files, each.limits.ports
        if shard.count > possible(shard.plan.rooms, Limits(files, shard.count), local=False):
            message = f"{shard.count:,} sockets do not fit into the worker {each.address}: it may open {files:,} files"
            raise UsageError(message, "raise that limit, or start more workers")
        on_host = sum(other.count for other, at in parts if at.source == each.source)
        if on_host > ports and not shard.many_addresses:
            message = f"{on_host:,} sockets do not fit on {each.source}: it has about {ports:,} ports for one target"
            raise UsageError(message, "widen net.ipv4.ip_local_port_range there, or start workers on more machines")


def clock_from(samples: Iterable[tuple[float, float, float]]) -> Clock:
    """Return the offset of a clock from samples of request time, clock value and response time.

    The clock was read in between, so the fastest sample is the best; its error is at most half its duration.
    """
    asked, value, answered = min(samples, key=lambda each: each[2] - each[0])
    return Clock(value - (asked + answered) / 2, (answered - asked) / 2)
