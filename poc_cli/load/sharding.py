"""A load in parts, one for each process that carries it out, and which address each socket comes from."""

from dataclasses import dataclass
from typing import Final

from poc_cli.errors import UsageError
from poc_cli.load.plan import Plan

PORTS_AN_ADDRESS: Final = 20_000
"""Sockets of one source address to one target: Linux hands out 28,232 ports for each pair, some of them in use."""

_ADDRESSES: Final = 250
"""Source addresses 127.0.0.1 to 127.0.0.250."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a load: its sockets are those from `first` on, so many as `count` says.

    `play` names the rooms of this play, `seed` decides what is left to chance. With `lockstep` each stage begins when
    the plan says, not when the one before is over, so that shards keep together without talking to each other.
    `from_many` has the sockets come from several addresses of loopback.
    """

    plan: Plan
    number: int
    of: int
    first: int
    count: int
    play: str
    seed: int
    lockstep: bool = False
    from_many: bool = False

    @property
    def indexes(self) -> range:
        """Return its sockets."""
        return range(self.first, self.first + self.count)

    @property
    def rooms(self) -> range:
        """Return the rooms that its sockets are in."""
        if not self.count:
            return range(0)
        return range(self.plan.room_of(self.first), self.plan.room_of(self.first + self.count - 1) + 1)


def shards(plan: Plan, of: int, *, play: str, seed: int = 1, lockstep: bool = False) -> tuple[Shard, ...]:
    """Return the parts of a load. A room lies whole in one of them, unless there are fewer rooms than parts.

    Raises UsageError if there are more parts than sockets.
    """
    if of > plan.sockets:
        raise UsageError(f"{plan.sockets} sockets cannot be shared among {of}", "use fewer shards")
    if plan.rooms >= of:
        ends = [_first_of(plan, number * plan.rooms // of) for number in range(of + 1)]
    else:
        ends = [number * plan.sockets // of for number in range(of + 1)]
    return tuple(
        Shard(plan, number, of, ends[number], ends[number + 1] - ends[number], play, seed, lockstep)
        for number in range(of)
    )


def _first_of(plan: Plan, room: int) -> int:
    """Return the first socket of a room: the smallest index that `room_of` puts there, rounded up."""
    return -(-room * plan.sockets // plan.rooms)


def source_address(index: int, ports: int = PORTS_AN_ADDRESS) -> str:
    """Return the loopback address that a socket comes from. Raises UsageError past the last one."""
    number = index // ports
    if number >= _ADDRESSES:
        raise UsageError(f"socket {index} has no address to come from", f"use at most {_ADDRESSES * ports} sockets")
    return f"127.0.0.{number + 1}"
