"""The interface of a target: what the engine may ask of a running worker."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal, Protocol

from poc_cli.errors import TargetError
from poc_cli.residency import Change, Pin, Stay
from poc_cli.scenario.abilities import Ability
from poc_cli.targets.endpoint import Endpoint
from poc_cli.targets.worker_output import Output

Oracle = Literal["trace", "instance"]
"""How a sleep is detected: in the runtime's trace, or by the instance ids that objects report."""

Fault = Literal["server", "crash", "deploy", "deploy-deferred"]
"""A new process on the same disk after a stop, after a kill -9, or with a new version; or, on Cloudflare, a new version
that objects take over once they hibernate."""

EVICT_LINGERS_SECONDS = 31.0
"""An evict without an answer is not cancelled: it takes effect within the runtime's 30 s (measured), so every sleep of
that object within this time counts as forced."""


class TargetHung(TargetError):
    """The runtime no longer answers: an error of the current play, not a lost message."""


class TargetDied(TargetError):
    """The runtime's process has ended; `from_outside` if a signal such as SIGTERM or SIGKILL ended it."""

    from_outside: bool = False


class TargetDropped(TargetDied):
    """The runtime broke a connection; its process may or may not still run."""


@dataclass(frozen=True, slots=True)
class Eviction:
    """The outcome of an evict."""

    outcome: Literal["evicted", "not_running", "busy", "no_answer"]
    message: str


class Trace(Protocol):
    """The trace of a local runtime: observe the residency of objects, and evict them."""

    def watch(self, object_id: str, listener: Callable[[Change], None]) -> None:
        """Call `listener` with each residency change of the object from now on."""

    def unwatch(self, object_id: str) -> None:
        """Remove the object's listener."""

    def watch_others(self, listener: Callable[[Change], None] | None) -> None:
        """Call `listener` with the changes of all objects that nothing else watches; None ends it."""

    def listen(self, marks: Collection[str], listener: Callable[[Output], None]) -> None:
        """Call `listener` with what objects with these ids, and requests with these texts in their URLs, put out."""

    def unlisten(self, marks: Collection[str]) -> None:
        """Remove the listener of these marks."""

    def at_ns(self, unix_ms: int) -> int | None:
        """Return a time since 1970 on the trace's clock, None before the trace has begun."""

    def object_id(self, class_name: str, name: str) -> str:
        """Return the hex id of a named object without creating it. Raises TargetError for an unknown class."""

    def class_of(self, object_id: str) -> str | None:
        """Return the worker's class whose namespace an id belongs to, or None."""

    async def fence(self) -> int:
        """Return the trace's clock once everything that happened before the call has been read from the trace.

        Raises TargetHung if the runtime does not answer, TargetDied if it has ended.
        """

    async def pulse(self) -> int:
        """Return the result of the next periodic fence (four times a second); raises the same errors as `fence`."""

    def stay(self, object_id: str) -> Stay | None:
        """Return the object's current stay in memory, as of the last fence."""

    def pins(self, object_id: str, at_least_ns: int) -> tuple[Pin, ...]:
        """Return the object's pins of at least this age, as of the last fence."""

    def alarm_due_ns(self, object_id: str) -> int | None:
        """Return when the object's alarm is due on the trace's clock, or None, as of the last fence."""

    def connects_to_itself(self) -> bool | None:
        """Return whether the runtime has an open connection to its own address; None where nobody can tell."""

    def seen(self) -> tuple[str, ...]:
        """Return the ids of all objects that have been in memory."""

    def shared_with_others(self, own: Collection[str]) -> str | None:
        """Return an object that no play names and that these reached, as those of another play did; None without one.

        Reached is what they called, what called them, and what one request reached with them, also through other
        objects that no play names; as of the last fence.
        """

    async def evict(self, class_name: str, object_id: str, *, close: bool = False) -> Eviction:
        """Evict the object from memory; its sockets hibernate, or are closed if `close`.

        Waits up to 31 s for the runtime's answer.
        """

    async def wake_yardstick(self) -> float | None:
        """Return how many milliseconds an object of poc's own takes to wake from an evict, None if it did not."""


class Target(Protocol):
    """A running worker."""

    kind: str
    number: int | None
    url: str
    endpoint: Endpoint
    oracle: Oracle
    abilities: frozenset[Ability]
    headers: dict[str, str]
    versions: dict[str, str]
    compatibility_date: str | None

    @property
    def trace(self) -> Trace | None:
        """Return the trace, or None for a black box."""

    async def settled(self) -> None:
        """Return once the target has answered, which shows that a silence before the call was not its failure.

        With a trace, everything that happened before the call has then been read from it. Raises TargetHung if the
        target does not answer, TargetDied if it has ended.
        """

    async def restart(self, fault: Fault, max_delay: float | None = None, *, back: bool = False) -> None:
        """Replace the runtime's process, or the worker's version; `url` may change. Raises TargetError.

        `max_delay` is after how many seconds a deferred version is taken over by objects that stay active; with `back`
        the version before is deployed instead of a new one.
        """
