"""Who called each object: whoever did may hold a client's socket and pass its frames on."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from poc_cli.residency.pins import Ledger, Pin
from poc_cli.residency.trace import Began, ContextBegan, Finished

_DIALS: Final = frozenset({"connect", "fetch", "socket_connect", "websocket_open"})
"""Operations that open a connection, which may lead back to the runtime's own address."""

_BESIDE: Final = 3
"""Objects that were called beside another are listed up to this number: one is enough to tell that there are some."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called an object: another object, or a Worker (no `object_id`). `is_open` means its context is still open.

    `pins` are its unfinished work, such as a WebSocket that it accepted itself. `by_network` means that it opened a
    connection in the moment in which the request began by which the object was called: it may be the runtime's own
    address that it connected to.
    """

    worker: str
    object_id: str | None
    is_open: bool
    pins: tuple[Pin, ...]
    by_network: bool = False


@dataclass(slots=True)
class Context:
    """An open context; `announced` is False until `Entered` is reported."""

    began: ContextBegan
    last_event_ns: int
    last_activity_ns: int
    announced: bool = False
    is_timed: bool = False
    has_read_cache: bool = False
    ledger: Ledger = field(default_factory=Ledger)
    called: set[str] = field(default_factory=set)
    """Objects that it may have called, itself or through another context."""
    reached: set[str] = field(default_factory=set)
    """Objects that were called in the course of its request."""
    parents: set[int] = field(default_factory=set)
    """Contexts that made its requests."""
    dialing: tuple[tuple[int, int], ...] = ()
    """Contexts, with the operation, that were opening a connection when it began."""
    dialed: set[int] = field(default_factory=set)
    """Operations by which it opened a connection that is no HTTP exchange."""


class Calls:
    """The calls of one process, by called object."""

    def __init__(self, contexts: Mapping[int, Context]) -> None:
        """Initialize with the open contexts, which the caller keeps up to date."""
        self._open = contexts
        self._callers: dict[str, set[int]] = {}
        self._dialers: dict[str, dict[int, set[int]]] = {}
        self._calling_objects: dict[str, dict[str, str]] = {}
        self._beside: dict[str, set[str]] = {}
        self._linked: dict[str, set[str]] = {}
        self._times: Counter[str] = Counter()
        self._arriving: dict[str, list[str]] = {}
        """The callers whose calls have not arrived yet."""
        self._dialing: dict[tuple[int, int], None] = {}

    def linked(self, object_id: str) -> frozenset[str]:
        """Return the other objects that an object has called, or that have called it."""
        return frozenset(self._linked.get(object_id, ()))

    def related(self, object_id: str) -> frozenset[str]:
        """Return the other objects that called an object or that it called, or that one request reached with it."""
        return frozenset(self._linked.get(object_id, set()) | self._beside.get(object_id, set()))

    def times_called(self, object_id: str) -> int:
        """Return how often an object was called or called another object."""
        return self._times[object_id]

    def beside(self, object_id: str) -> tuple[str, ...]:
        """Return other objects that a request to a Worker reached, which reached this object too: the first few."""
        return tuple(sorted(self._beside.get(object_id, ()))[:_BESIDE])

    def begin(self, context: Context) -> None:
        """Note that a Worker's context began."""
        if self._dialing:
            context.dialing = tuple(each for each in self._dialing if each[0] != context.began.ctx)

    def work(self, context: Context, line: Began | Finished) -> None:
        """Note work that opens a connection."""
        key = context.began.ctx, line.id
        if isinstance(line, Began):
            if line.kind == "operation" and line.name in _DIALS:
                self._dialing[key] = None
        elif key in self._dialing:
            del self._dialing[key]
            if line.outcome == "ok":
                context.dialed.add(line.id)

    def answer(self, context: Context, identifier: int) -> None:
        """Note that an operation got an HTTP response, so that it opened no connection."""
        self._dialing.pop((context.began.ctx, identifier), None)
        context.dialed.discard(identifier)

    def call(self, context: Context, object_id: str) -> None:
        """Note that a context called an object."""
        caller = context.began
        if caller.actor == object_id:
            return
        line = [context] if caller.actor is not None else list(self._line(context))
        for each in line:
            self._note_caller(each, object_id)
        self._note_dialers(line, object_id)
        self._note_beside([each for each in line if each.began.actor is None], object_id)
        actor = next((each.began.actor for each in line if each.began.actor not in {None, object_id}), None)
        self._times.update(each for each in (object_id, actor) if each is not None)
        if actor is not None:
            self._arriving.setdefault(object_id, []).append(actor)
            self._linked.setdefault(object_id, set()).add(actor)
            self._linked.setdefault(actor, set()).add(object_id)

    def take(self, object_id: str) -> str | None:
        """Return the object whose call reached this object; calls of objects are matched before those of Workers."""
        calls = self._arriving.get(object_id)
        return calls.pop(0) if calls else None

    def callers_of(self, object_id: str, now_ns: int) -> tuple[Caller, ...]:
        """Return the objects that ever called an object, and the Workers that did and have not ended."""
        direct = [self._open[ctx] for ctx in sorted(self._callers.get(object_id, ()))]
        found = [_caller(each, now_ns) for each in direct]
        known = {each.began.actor for each in direct}
        ended = self._calling_objects.get(object_id, {}).items()
        found += [Caller(worker, actor, is_open=False, pins=()) for actor, worker in ended if actor not in known]
        for ctx, operations in sorted(self._dialers.get(object_id, {}).items()):
            if ctx not in self._callers.get(object_id, ()) and not self._open[ctx].dialed.isdisjoint(operations):
                found.append(_caller(self._open[ctx], now_ns, by_network=True))
        return tuple(found)

    def end(self, context: Context) -> None:
        """Forget a context that has ended."""
        ctx = context.began.ctx
        for called in context.called:
            self._callers.get(called, set()).discard(ctx)
            self._dialers.get(called, {}).pop(ctx, None)
        for key in [key for key in self._dialing if key[0] == ctx]:
            del self._dialing[key]

    def _line(self, context: Context) -> Iterator[Context]:
        """Yield a Worker's context and those that its request came from, up to an object's."""
        seen, rest = {context.began.ctx}, [context]
        while rest:
            each = rest.pop()
            yield each
            new = [] if each.began.actor is not None else [ctx for ctx in each.parents if ctx not in seen]
            seen.update(new)
            rest += [self._open[ctx] for ctx in new if ctx in self._open]

    def _note_caller(self, context: Context, object_id: str) -> None:
        if context.began.actor == object_id:
            return
        self._callers.setdefault(object_id, set()).add(context.began.ctx)
        context.called.add(object_id)
        if context.began.actor is not None:
            self._calling_objects.setdefault(object_id, {})[context.began.actor] = context.began.worker

    def _note_dialers(self, line: list[Context], object_id: str) -> None:
        for ctx, operation in {each for context in line for each in context.dialing}:
            dialer = self._open.get(ctx)
            if dialer is not None and dialer.began.actor != object_id:
                self._dialers.setdefault(object_id, {}).setdefault(ctx, set()).add(operation)
                dialer.called.add(object_id)

    def _note_beside(self, workers: list[Context], object_id: str) -> None:
        for context in workers:
            for other in context.reached - {object_id}:
                self._beside.setdefault(object_id, set()).add(other)
                self._beside.setdefault(other, set()).add(object_id)
            context.reached.add(object_id)


def _caller(context: Context, now_ns: int, *, by_network: bool = False) -> Caller:
    began = context.began
    pins = context.ledger.pins(now_ns, 0)
    return Caller(began.worker, began.actor, is_open=True, pins=pins, by_network=by_network)
