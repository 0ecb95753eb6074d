"""Turn the trace of one workerd process into changes: objects that enter and leave memory, and what reaches them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from poc_cli.residency.calls import Caller, Calls, Context
from poc_cli.residency.pins import Ledger, Pin
from poc_cli.residency.trace import (
    AlarmSet,
    Answered,
    BadLineError,
    Began,
    Called,
    ContextBegan,
    ContextEnded,
    Finished,
    Header,
    Line,
    Linked,
    Place,
    ProcessExited,
    Stack,
    Turn,
    parse,
)

CALLS: Final = frozenset({"fetch", "jsrpc"})
"""Events caused by a caller; the runtime itself causes all others."""


@dataclass(frozen=True, slots=True)
class Entered:
    """An object entered memory; `why` is its first event, or None if the trace does not have it."""

    process: int
    ctx: int
    worker: str
    object_id: str
    at_ns: int
    why: str | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """An event reached the object: `fetch`, `hibernatable_websocket`, `alarm`, `jsrpc`.

    `caller` is the object that called it, None for a Worker. With several calls in flight it is one of the callers.
    """

    process: int
    ctx: int
    object_id: str
    at_ns: int
    name: str
    caller: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """An object left memory: its context ended, or it died with its process."""

    process: int
    ctx: int
    object_id: str
    at_ns: int
    last_event_ns: int
    last_activity_ns: int
    how: Literal["ended", "died"]
    callers: tuple[Caller, ...] = ()
    """Objects that ever called it, and Workers that called it and have not ended: they may hold a socket."""
    beside: tuple[str, ...] = ()
    """Other objects that a request to a Worker reached which reached this one too: the socket of the request may be
    theirs."""


@dataclass(frozen=True, slots=True)
class Timed:
    """For the first time in this stay, the object read a cache, or began work with timing of its own."""

    process: int
    ctx: int
    object_id: str
    at_ns: int
    name: str


@dataclass(frozen=True, slots=True)
class WorkerContextEnded:
    """A request to a plain Worker has ended: every line that an object had handed over by then has been read.

    workerd buffers lines until some context ends; an object hands over its own when its JavaScript yields.
    """

    worker: str
    ctx: int


Locate = Callable[[str, list[Any]], Place | None]
"""Map a stack's frames in the named worker to a source location, for bundled workers."""

_ENDS_ALARM = frozenset({"alarm", "durable_object_storage_deleteAlarm"})
"""Trace events that begin when an alarm is delivered or deleted."""

_TIMED_OPERATIONS = frozenset(
    {"connect", "durable_object_subrequest", "fetch", "jsRpcCall", "socket_connect", "subrequest", "websocket_open"}
)
"""Operations that end when another party answers; operations on the object's own storage are not among them."""

READS_CACHE: Final = "cache_match"
"""The operation by which a worker reads from one of its caches."""

Change = Entered | Delivered | Left | Timed | WorkerContextEnded


@dataclass(frozen=True, slots=True)
class Stay:
    """The current stay of an object in memory."""

    entered_ns: int
    last_event_ns: int
    last_activity_ns: int


_OF_CONTEXT: Final = re.compile(rb'\{"e":"([a-z_]{1,16})","ctx":([0-9]{1,18})[,}]')
_TAIL_EVENT: Final = "trace"
"""The trace's name for an event of a tail worker."""

LONG_TURN_NS: Final = 100_000_000
"""JavaScript that runs this long without yielding keeps every other object of the process waiting."""


class Residency:
    """Track the objects of one process. Times are nanoseconds on the trace's clock, which starts with the process."""

    def __init__(self, process: int, locate: Locate | None = None, tail: str | None = None) -> None:
        """Take the number of the process, which every change carries because context numbers restart in each process.

        Without `locate`, the running code is taken as the source. `tail` is poc's own tail worker, which handles each
        event of an object once more: nine lines that say nothing about an object and are skipped.
        """
        self._tail = tail
        self._skipped: set[int] = set()
        """The contexts of the tail worker that are open."""

        self.process = process
        self._locate = locate
        self._workers: dict[int, str] = {}
        self.latest_ns = 0
        self.ignored = 0
        self.seen: dict[str, str] = {}
        """Every object that was ever in memory, with the name of its worker."""
        self._open: dict[int, Context] = {}
        self._stays: dict[str, dict[int, Context]] = {}
        """The open contexts of each object."""
        self._places: dict[tuple[int, int], Place | None] = {}
        self._epoch_unix_ns: int | None = None
        self._alarms: dict[str, int] = {}
        self._calls = Calls(self._open)
        self._long_turns: dict[int, None] = {}

    def feed(self, line: str | bytes) -> list[Change]:
        """Return the changes of this line. A malformed line changes nothing and counts in `ignored`."""
        try:
            if self._skipped and self._skips(line):
                return []
            parsed = parse(line)
            return [] if parsed is None else self._apply(parsed)
        except BadLineError:
            self.ignored += 1
            return []

    def _skips(self, line: str | bytes) -> bool:
        """Return whether a line belongs to the tail worker; its parsing would take as long as that of an event."""
        found = _OF_CONTEXT.match(line.encode("utf-8", "replace") if isinstance(line, str) else line)
        if found is None or int(found[2]) not in self._skipped:
            return False
        if found[1] == b"ctx_end":
            self._skipped.discard(int(found[2]))
            self._open.pop(int(found[2]), None)
        return True

    def linked(self, object_id: str) -> frozenset[str]:
        """Return the other objects that an object has called, or that have called it."""
        return self._calls.linked(object_id)

    def related(self, object_id: str) -> frozenset[str]:
        """Return the other objects that called an object or that it called, or that one request reached with it."""
        return self._calls.related(object_id)

    def times_called(self, object_id: str) -> int:
        """Return how often an object was called or called another object."""
        return self._calls.times_called(object_id)

    def take_long_turns(self) -> tuple[int, ...]:
        """Return the contexts with long uninterrupted JavaScript since the last call of this method."""
        found, self._long_turns = tuple(self._long_turns), {}
        return found

    def end_of_process(self) -> list[Change]:
        """Return the changes for everything still open when the process ends: it all counts as died."""
        changes: list[Change] = []
        for context in self._open.values():
            changes += self._close(context, self.latest_ns, "died")
        self._open.clear()
        return changes

    def stay(self, object_id: str) -> Stay | None:
        """Return the current stay, or None if the object is not in memory."""
        context = self._context_of(object_id)
        if context is None:
            return None
        return Stay(context.began.at, context.last_event_ns, context.last_activity_ns)

    def pins(self, object_id: str, now_ns: int, at_least_ns: int = 1_000_000_000) -> tuple[Pin, ...]:
        """Return the object's pins of at least this age at `now_ns`, oldest first; none if it is not in memory.

        The default is one second because a healthy handler has finished by then (measured: nothing of it is left open).
        """
        context = self._context_of(object_id)
        return () if context is None else context.ledger.pins(now_ns, at_least_ns)

    def alarm_due_ns(self, object_id: str) -> int | None:
        """Return when the object's alarm is due, or None without a pending alarm.

        An alarm set in an earlier process is not known.
        """
        return self._alarms.get(object_id)

    def at_ns(self, unix_ms: int) -> int | None:
        """Return a time since 1970 on the trace's clock, None before the trace has said when that began."""
        return None if self._epoch_unix_ns is None else unix_ms * 1_000_000 - self._epoch_unix_ns

    def _context_of(self, object_id: str) -> Context | None:
        # Newest first: nothing in the format promises that a stay has ended before the next one begins.
        return next(reversed(self._stays.get(object_id, {}).values()), None)

    def _apply(self, line: Line) -> list[Change]:
        match line:
            case Began() | Finished() | Turn():  # first, because nearly all lines are
                return self._work(line)
            case Stack():
                self._places[line.isolate, line.id] = self._place(line)
            case ProcessExited():
                self._now(line.at)
                return self.end_of_process()
            case ContextBegan():
                self._begin(line)
            case Header():
                self._epoch_unix_ns = line.epoch_unix_ns
            case Linked():
                if (context := self._open.get(line.ctx)) is not None:
                    context.parents.add(line.from_ctx)
            case _:
                return self._continue(line)
        return []

    def _place(self, stack: Stack) -> Place | None:
        worker = self._workers.get(stack.isolate)
        return stack.place if self._locate is None or worker is None else self._locate(worker, stack.frames)

    def _context(self, ctx: int) -> Context:
        context = self._open.get(ctx)
        if context is None:
            raise BadLineError("the context is not open")
        return context

    def _work(self, line: Began | Finished | Turn) -> list[Change]:
        context = self._context(line.ctx)
        self._now(line.at)
        if isinstance(line, Turn) and line.at - line.began >= LONG_TURN_NS:
            self._long_turns[line.ctx] = None
        if isinstance(line, Began) and line.name == _TAIL_EVENT and context.began.worker == self._tail:
            self._skipped.add(line.ctx)
            return []
        if not isinstance(line, Turn):
            self._calls.work(context, line)
        if context.began.actor is None:
            self._note_worker(context, line)
            return []
        return self._note(context, context.began.actor, line)

    def _note_worker(self, context: Context, line: Began | Finished | Turn) -> None:
        match line:
            case Began():
                context.ledger.begin(line, self._places.get((context.began.isolate, line.stack or 0)))
            case Finished():
                context.ledger.finish(line)

    def _continue(self, line: ContextEnded | Answered | Called | AlarmSet) -> list[Change]:
        context = self._context(line.ctx)
        match line:
            case Answered():
                context.ledger.answer(line.id)
                self._calls.answer(context, line.id)
            case Called():
                self._calls.call(context, line.object_id)
            case AlarmSet():
                return self._note_alarm(context, line)
            case ContextEnded():
                self._now(line.at)
                del self._open[line.ctx]
                return self._close(context, line.at, "ended")
        return []

    def _note_alarm(self, context: Context, line: AlarmSet) -> list[Change]:
        if context.began.actor is None:
            return []
        if self._epoch_unix_ns is not None:
            self._alarms[context.began.actor] = line.due_unix_ns - self._epoch_unix_ns
        if context.is_timed:
            return []
        context.is_timed = True
        return [Timed(self.process, line.ctx, context.began.actor, self.latest_ns, "alarm")]

    def _now(self, at: int) -> None:
        self.latest_ns = max(self.latest_ns, at)

    def _begin(self, line: ContextBegan) -> None:
        if line.ctx in self._open:
            raise BadLineError("the context is already open")
        self._now(line.at)
        self._workers[line.isolate] = line.worker
        # Reported with the context's next line, which has the reason; the runtime writes both at once.
        is_worker = line.actor is None
        context = self._open[line.ctx] = Context(line, line.at, line.at, ledger=Ledger(ends_early=not is_worker))
        if is_worker:
            self._calls.begin(context)
        if line.actor is not None:
            self._stays.setdefault(line.actor, {})[line.ctx] = context
            self.seen[line.actor] = line.worker

    def _note(self, context: Context, object_id: str, line: Began | Finished | Turn) -> list[Change]:
        changes: list[Change] = []
        delivered = line if isinstance(line, Began) and line.kind == "request" else None
        if not context.announced:
            changes.append(self._announce(context, object_id, delivered.name if delivered is not None else None))
        match line:
            case Began():
                if line.name in _ENDS_ALARM:
                    self._alarms.pop(object_id, None)
                context.ledger.begin(line, self._places.get((context.began.isolate, line.stack or 0)))
                if line.name == READS_CACHE and not context.has_read_cache:
                    context.is_timed = context.has_read_cache = True
                    changes.append(Timed(self.process, line.ctx, object_id, line.at, line.name))
                if not context.is_timed and _has_own_timing(line):
                    context.is_timed = True
                    changes.append(Timed(self.process, line.ctx, object_id, line.at, line.name))
            case Finished():
                context.ledger.finish(line)
        if delivered is not None:
            context.last_event_ns = delivered.at
            caller = self._calls.take(object_id) if delivered.name in CALLS else None
            changes.append(Delivered(self.process, line.ctx, object_id, delivered.at, delivered.name, caller))
        # Dropped or canceled work is cleaned up, mostly when the context ends: no code ran.
        if not isinstance(line, Finished) or line.outcome in ("ok", "error"):
            context.last_activity_ns = max(context.last_activity_ns, line.at)
        return changes

    def _announce(self, context: Context, object_id: str, why: str | None) -> Entered:
        context.announced = True
        began = context.began
        return Entered(self.process, began.ctx, began.worker, object_id, began.at, why)

    def _close(self, context: Context, at: int, how: Literal["ended", "died"]) -> list[Change]:
        began = context.began
        self._calls.end(context)
        if began.actor is None:
            return [WorkerContextEnded(began.worker, began.ctx)] if how == "ended" else []
        self._stays[began.actor].pop(began.ctx)
        changes: list[Change] = [] if context.announced else [self._announce(context, began.actor, None)]
        changes.append(
            Left(
                self.process,
                began.ctx,
                began.actor,
                at,
                context.last_event_ns,
                context.last_activity_ns,
                how,
                self._calls.callers_of(began.actor, at),
                self._calls.beside(began.actor),
            )
        )
        return changes


def _has_own_timing(began: Began) -> bool:
    return began.kind == "timer" or (began.kind == "operation" and began.name in _TIMED_OPERATIONS)
