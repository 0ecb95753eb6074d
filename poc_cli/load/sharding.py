"""Divide a load into shards, one per process, and choose the source address of each socket."""

from dataclasses import dataclass
from typing import Final

from poc_cli.errors import UsageError
from poc_cli.load.plan import Plan

PORTS_AN_ADDRESS: Final = 20_000
"""Sockets of one source address to one target: Linux has 28,232 ports per pair, some of them in use."""

_ADDRESSES: Final = 250
"""Source addresses 127.0.0.1 to 127.0.0.250."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a load: `count` sockets from index `first` on.

    `play` names the rooms of this play, `seed` is for random choices. With `lockstep` each stage starts at its planned
    time, not when the previous one is over, so that shards stay together without communicating.
    With `many_addresses` the sockets use several source addresses of loopback.
    """

    plan: Plan
    number: int
    of: int
    first: int
    count: int
    play: str
    seed: int
    lockstep: bool = False
    many_addresses: bool = False

    @property
    def indexes(self) -> range:
        """Return the indexes of its sockets."""
        return range(self.first, self.first + self.count)

    @property
    def rooms(self) -> range:
        """Return the rooms of its sockets."""
        if not self.count:
            return range(0)
        return range(self.plan.room_of(self.first), self.plan.room_of(self.first + self.count - 1) + 1)


def shards(plan: Plan, of: int, *, play: str, seed: int = 1, lockstep: bool = False) -> tuple[Shard, ...]:
    """Divide a load into shards. Each room is in one shard, unless there are fewer rooms than shards.

    Raises UsageError if there are more shards than sockets.
    """
    if of > plan.sockets:
        raise UsageError(f"{plan.sockets} sockets cannot be divided into {of} shards", "use fewer shards")
    if plan.rooms >= of:
        ends = [_first_of(plan, number * plan.rooms // of) for number in range(of + 1)]
    else:
        ends = [number * plan.sockets // of for number in range(of + 1)]
    return tuple(
        Shard(plan, number, of, ends[number], ends[number + 1] - ends[number], play, seed, lockstep)
        for number in range(of)
    )


def _first_of(plan: Plan, room: int) -> int:
    """Return the first socket of a room: the smallest index that `room_of` maps to it."""
    return -(-room * plan.sockets // plan.rooms)


def source_address(index: int, ports: int = PORTS_AN_ADDRESS) -> str:
    """Return the source address of a socket. Raises UsageError if there are not enough addresses."""
    number = index // ports
    if number >= _ADDRESSES:
        raise UsageError(f"there is no source address for socket {index}", f"use at most {_ADDRESSES * ports} sockets")
    return f"127.0.0.{number + 1}"
