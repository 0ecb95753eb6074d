"""What the engine may ask of the place where a worker runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args

from poc_cli.errors import TargetError
from poc_cli.residency import Change, Pin, Stay
from poc_cli.targets.endpoint import Door

Ability = Literal[
    "idle", "evict", "trace", "crash", "restart", "deploy", "api", "environment", "itself", "origin", "worker"
]
"""What a place offers. `api`: a worker there can call servers of poc's on loopback; `environment`: its variables are
poc's; `itself`: a worker there can call its own address; `origin`: an app is deployed for it too; `worker`: the
worker that the scenarios bring is the one that runs there."""

EVERY_ABILITY: Final[frozenset[Ability]] = frozenset(get_args(Ability))

Oracle = Literal["trace", "instance"]
"""How a sleep is known: by the runtime's own trace, or by what the objects say of themselves."""

Fault = Literal["server", "crash", "deploy"]
"""What can befall a runtime: a new process on the same disk after a stop, after a kill -9, or with a new version."""

EVICT_LINGERS_SECONDS = 31.0
"""An evict that was not answered is not cancelled: it strikes within the runtime's 30 s (measured), so every sleep
of that object within this time counts as forced."""


class TargetHung(TargetError):
    """The runtime does not answer any more: an error of the play that is going on, never a lost message."""


class TargetDied(TargetError):
    """The runtime's process has ended; `from_outside` where a signal that anybody may send ended it."""

    from_outside: bool = False


class TargetDropped(TargetDied):
    """The runtime broke off a connection of ours; whether its process still lives is not known from that."""


@dataclass(frozen=True, slots=True)
class Eviction:
    """How an evict came out."""

    outcome: Literal["evicted", "not_running", "busy", "no_answer"]
    said: str


class Trace(Protocol):
    """The runtime's own word on its objects, and a hand on them."""

    def watch(self, object_id: str, listener: Callable[[Change], None]) -> None:
        """Call `listener` with each change of that object's residency from now on."""

    def unwatch(self, object_id: str) -> None:
        """Stop calling."""

    def object_id(self, class_name: str, name: str) -> str:
        """Return the hex id of a named object without touching it. Raises TargetError for an unknown class."""

    def class_of(self, object_id: str) -> str | None:
        """Return the class that an id proves itself to be of, None for one of no class that the worker declares."""

    async def fence(self) -> int:
        """Return the trace's clock once everything that happened before the call has been read from the trace.

        Raises TargetHung where the runtime does not answer, TargetDied where it is gone.
        """

    async def pulse(self) -> int:
        """Return what the next of the fences gives that are sent four times a second anyway; raises what it raises."""

    def stay(self, object_id: str) -> Stay | None:
        """Return the object's present stay in memory, as of the last fence."""

    def pins(self, object_id: str, at_least_ns: int) -> tuple[Pin, ...]:
        """Return what has been pending in the object for so long, as of the last fence."""

    def alarm_due_ns(self, object_id: str) -> int | None:
        """Return when the object's alarm is due, in the trace's clock; None without one, as of the last fence."""

    def seen(self) -> tuple[str, ...]:
        """Return the ids of all objects that were in memory at some time."""

    async def evict(self, class_name: str, object_id: str, *, close: bool = False) -> Eviction:
        """Have the object leave memory, its sockets staying open or closed with it.

        Waits for the runtime's answer up to 31 s.
        """


class Target(Protocol):
    """A running worker."""

    kind: str
    number: int | None
    url: str
    door: Door
    oracle: Oracle
    abilities: frozenset[Ability]
    headers: dict[str, str]
    versions: dict[str, str]
    compatibility_date: str | None

    @property
    def trace(self) -> Trace | None:
        """Return the trace; None where the worker runs in a black box."""

    async def settled(self) -> None:
        """Return once the place has shown that it lives, so that a silence before the call is no sign of its end.

        Where there is a trace, everything that happened before has been read from it then. Raises TargetHung where the
        place does not answer, TargetDied where it is gone.
        """

    async def restart(self, fault: Fault) -> None:
        """Replace the runtime's process, or the worker's version; `url` may change. Raises TargetError."""
