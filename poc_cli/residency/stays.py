"""The trace of one workerd process as a state machine: lines in, comings and goings of objects out."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

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
    Place,
    ProcessExited,
    Stack,
    Turn,
    parse,
)

CALLS: Final = frozenset({"fetch", "jsrpc"})
"""The events that somebody called the object for; others are the runtime's."""


@dataclass(frozen=True, slots=True)
class Entered:
    """An object came into memory; `why` is the first event it was given, None where the trace has it not."""

    process: int
    ctx: int
    worker: str
    object_id: str
    at_ns: int
    why: str | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """An event reached the object: `fetch`, `hibernatable_websocket`, `alarm`, `jsrpc`.

    `caller` is the other object that called it, as far as that can be told: where several calls are under way, one of
    them. A Worker is none.
    """

    process: int
    ctx: int
    object_id: str
    at_ns: int
    name: str
    caller: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called an object: another object, or a Worker (no `object_id`). `is_open` says that it is at work still.

    `pins` are what keeps another object in memory, such as a WebSocket that it accepted itself.
    """

    worker: str
    object_id: str | None
    is_open: bool
    pins: tuple[Pin, ...]


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
    """Other objects that ever called it, and Workers that did and have not ended: a socket may be theirs."""


@dataclass(frozen=True, slots=True)
class Timed:
    """The object began something that takes its own time, first in this stay: a timer, a call, an alarm."""

    process: int
    ctx: int
    object_id: str
    at_ns: int
    name: str


@dataclass(frozen=True, slots=True)
class WorkerContextEnded:
    """A request to a plain Worker is over: every line that an object had handed over by then has been read.

    workerd holds lines back until some context ends; an object hands its own over when its JavaScript pauses.
    """

    worker: str
    ctx: int


Locate = Callable[[str, list[Any]], Place | None]
"""Gives the place in the source of a stack's frames in the worker of that name, where what runs is not the source."""

_ENDS_ALARM = frozenset({"alarm", "durable_object_storage_deleteAlarm"})
"""What begins when an alarm is delivered or taken back."""

_TIMED_OPERATIONS = frozenset(
    {"connect", "durable_object_subrequest", "fetch", "jsRpcCall", "socket_connect", "subrequest", "websocket_open"}
)
"""Operations whose end somebody else decides; those on the object's own storage are none."""

Change = Entered | Delivered | Left | Timed | WorkerContextEnded


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay in memory that goes on."""

    entered_ns: int
    last_event_ns: int
    last_activity_ns: int


LONG_TURN_NS: Final = 100_000_000
"""JavaScript that runs so long without a pause keeps every other object of the process waiting."""


@dataclass(slots=True)
class _Context:
    """An open context; `announced` is False until `Entered` was given out. Workers (no object) have no ledger."""

    began: ContextBegan
    last_event_ns: int
    last_activity_ns: int
    announced: bool = False
    is_timed: bool = False
    ledger: Ledger = field(default_factory=Ledger)
    called: set[str] = field(default_factory=set)


class Residency:
    """Follows one process. Times are nanoseconds of the trace's own clock, which starts with the process."""

    def __init__(self, process: int, locate: Locate | None = None) -> None:
        """Take the number of the process, which goes into every change: context numbers start again in the next.

        Without `locate`, the source is what runs.
        """
        self.process = process
        self._locate = locate
        self._workers: dict[int, str] = {}
        self.latest_ns = 0
        self.ignored = 0
        self.seen: dict[str, str] = {}
        """Every object that was ever in memory, with the name of its worker."""
        self._open: dict[int, _Context] = {}
        self._places: dict[tuple[int, int], Place | None] = {}
        self._epoch_unix_ns: int | None = None
        self._alarms: dict[str, int] = {}
        self._callers: dict[str, set[int]] = {}
        self._calling_objects: dict[str, dict[str, str]] = {}
        self._linked: dict[str, set[str]] = {}
        self._times_called: Counter[str] = Counter()
        self._calls: dict[str, list[str]] = {}
        """By the called object the objects whose calls have not reached it."""
        self._long_turns: dict[int, None] = {}

    def feed(self, line: str | bytes) -> list[Change]:
        """Return what this line changes. A line that is not understood changes nothing and counts in `ignored`."""
        try:
            parsed = parse(line)
            return [] if parsed is None else self._apply(parsed)
        except BadLineError:
            self.ignored += 1
            return []

    def linked(self, object_id: str) -> frozenset[str]:
        """Return the other objects that an object has called, or that have called it."""
        return frozenset(self._linked.get(object_id, ()))

    def times_called(self, object_id: str) -> int:
        """Return how often an object was called, or called another."""
        return self._times_called[object_id]

    def take_long_turns(self) -> tuple[int, ...]:
        """Return the contexts that ran JavaScript without a pause for long since this was last asked."""
        found, self._long_turns = tuple(self._long_turns), {}
        return found

    def end_of_process(self) -> list[Change]:
        """Return the end of everything still open: it died, whatever the process ended of."""
        changes: list[Change] = []
        for context in self._open.values():
            changes += self._close(context, self.latest_ns, "died")
        self._open.clear()
        return changes

    def stay(self, object_id: str) -> Stay | None:
        """Return the stay that goes on, or None where the object is not in memory."""
        context = self._context_of(object_id)
        if context is None:
            return None
        return Stay(context.began.at, context.last_event_ns, context.last_activity_ns)

    def pins(self, object_id: str, now_ns: int, at_least_ns: int = 1_000_000_000) -> tuple[Pin, ...]:
        """Return the pins of the object that are at least so old at `now_ns`, oldest first; none if it is not in.

        A second is the default because a healthy handler is done by then (measured: nothing of it is left open).
        """
        context = self._context_of(object_id)
        return () if context is None else context.ledger.pins(now_ns, at_least_ns)

    def alarm_due_ns(self, object_id: str) -> int | None:
        """Return when the alarm that the object has set will be due; None without one that is still to come.

        An alarm that an earlier process was told of is not known here.
        """
        return self._alarms.get(object_id)

    def _context_of(self, object_id: str) -> _Context | None:
        # Newest first: nothing in the format promises that a stay has ended before the next one begins.
        return next((open_ for open_ in reversed(self._open.values()) if open_.began.actor == object_id), None)

    def _apply(self, line: Line) -> list[Change]:
        match line:
            case Stack():
                self._places[line.isolate, line.id] = self._place(line)
            case ProcessExited():
                self._now(line.at)
                return self.end_of_process()
            case ContextBegan():
                self._begin(line)
            case Header():
                self._epoch_unix_ns = line.epoch_unix_ns
            case _:
                return self._continue(line)
        return []

    def _place(self, stack: Stack) -> Place | None:
        worker = self._workers.get(stack.isolate)
        return stack.place if self._locate is None or worker is None else self._locate(worker, stack.frames)

    def _continue(self, line: ContextEnded | Began | Finished | Answered | Called | AlarmSet | Turn) -> list[Change]:
        context = self._open.get(line.ctx)
        if context is None:
            raise BadLineError("a line of a context that is not open")
        if isinstance(line, Answered):
            context.ledger.answer(line.id)
            return []
        if isinstance(line, Called):
            self._note_call(context.began, line)
            return []
        if isinstance(line, AlarmSet):
            return self._note_alarm(context, line)
        self._now(line.at)
        if isinstance(line, Turn) and line.at - line.began >= LONG_TURN_NS:
            self._long_turns[line.ctx] = None
        if isinstance(line, ContextEnded):
            del self._open[line.ctx]
            return self._close(context, line.at, "ended")
        return [] if context.began.actor is None else self._note(context, context.began.actor, line)

    def _note_alarm(self, context: _Context, line: AlarmSet) -> list[Change]:
        if context.began.actor is None:
            return []
        if self._epoch_unix_ns is not None:
            self._alarms[context.began.actor] = line.due_unix_ns - self._epoch_unix_ns
        if context.is_timed:
            return []
        context.is_timed = True
        return [Timed(self.process, line.ctx, context.began.actor, self.latest_ns, "alarm")]

    def _note_call(self, caller: ContextBegan, line: Called) -> None:
        if caller.actor == line.object_id:
            return
        self._times_called.update(each for each in (line.object_id, caller.actor) if each is not None)
        self._callers.setdefault(line.object_id, set()).add(caller.ctx)
        self._open[caller.ctx].called.add(line.object_id)
        if caller.actor is not None:
            self._calls.setdefault(line.object_id, []).append(caller.actor)
            self._linked.setdefault(line.object_id, set()).add(caller.actor)
            self._linked.setdefault(caller.actor, set()).add(line.object_id)
            self._calling_objects.setdefault(line.object_id, {})[caller.actor] = caller.worker

    def _take_call(self, object_id: str) -> str | None:
        """Return which object's call reached an object; one of an object comes before one of a Worker."""
        calls = self._calls.get(object_id)
        return calls.pop(0) if calls else None

    def _callers_of(self, object_id: str, now_ns: int) -> tuple[Caller, ...]:
        open_ = [self._open[ctx] for ctx in sorted(self._callers.get(object_id, ()))]
        found = [
            Caller(each.began.worker, each.began.actor, is_open=True, pins=each.ledger.pins(now_ns, 0))
            for each in open_
        ]
        known = {each.began.actor for each in open_}
        ended = self._calling_objects.get(object_id, {}).items()
        found += [Caller(worker, actor, is_open=False, pins=()) for actor, worker in ended if actor not in known]
        return tuple(found)

    def _now(self, at: int) -> None:
        self.latest_ns = max(self.latest_ns, at)

    def _begin(self, line: ContextBegan) -> None:
        if line.ctx in self._open:
            raise BadLineError("a context that is open already")
        self._now(line.at)
        self._workers[line.isolate] = line.worker
        # Told with the context's next line, which says why; the runtime writes both at once.
        self._open[line.ctx] = _Context(line, line.at, line.at)
        if line.actor is not None:
            self.seen[line.actor] = line.worker

    def _note(self, context: _Context, object_id: str, line: Began | Finished | Turn) -> list[Change]:
        changes: list[Change] = []
        delivered = line if isinstance(line, Began) and line.kind == "request" else None
        if not context.announced:
            changes.append(self._announce(context, object_id, delivered.name if delivered is not None else None))
        match line:
            case Began():
                if line.name in _ENDS_ALARM:
                    self._alarms.pop(object_id, None)
                context.ledger.begin(line, self._places.get((context.began.isolate, line.stack or 0)))
                if not context.is_timed and _takes_its_time(line):
                    context.is_timed = True
                    changes.append(Timed(self.process, line.ctx, object_id, line.at, line.name))
            case Finished():
                context.ledger.finish(line)
        if delivered is not None:
            context.last_event_ns = delivered.at
            caller = self._take_call(object_id) if delivered.name in CALLS else None
            changes.append(Delivered(self.process, line.ctx, object_id, delivered.at, delivered.name, caller))
        # What is dropped or canceled is cleared away, mostly when the context ends: nothing ran.
        if not isinstance(line, Finished) or line.outcome in ("ok", "error"):
            context.last_activity_ns = max(context.last_activity_ns, line.at)
        return changes

    def _announce(self, context: _Context, object_id: str, why: str | None) -> Entered:
        context.announced = True
        began = context.began
        return Entered(self.process, began.ctx, began.worker, object_id, began.at, why)

    def _close(self, context: _Context, at: int, how: Literal["ended", "died"]) -> list[Change]:
        began = context.began
        for called in context.called:
            self._callers[called].discard(began.ctx)
        if began.actor is None:
            return [WorkerContextEnded(began.worker, began.ctx)] if how == "ended" else []
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
                self._callers_of(began.actor, at),
            )
        )
        return changes


def _takes_its_time(began: Began) -> bool:
    return began.kind == "timer" or (began.kind == "operation" and began.name in _TIMED_OPERATIONS)
