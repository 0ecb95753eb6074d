"""Compute what is billed for each stay in memory from the runtime's trace: active time, events, storage operations."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from poc_cli.residency.pins import Ledger
from poc_cli.residency.trace import (
    Answered,
    BadLineError,
    Began,
    ContextBegan,
    ContextEnded,
    Finished,
    Line,
    Place,
    Turn,
    parse,
)

HELD_NS: Final = 1_000_000_000
"""Work pending for longer than this pins its object; a handler that is running normally finishes sooner."""

_STORAGE: Final = "durable_object_storage_"
_READS: Final = ("get", "kv_get", "list", "kv_list", "getAlarm")
_WRITES: Final = ("put", "kv_put", "delete", "kv_delete", "deleteAll", "setAlarm", "deleteAlarm")
_QUERY: Final = b'"k":"db.query.text","v":"'


@dataclass(slots=True)
class Active:
    """One stay of an object in memory. Times are in nanoseconds; `pinned_ns` is included in `active_ns`.

    `events` counts deliveries by event name. `reads` and `writes` are storage operations, not rows.
    """

    process: int
    ctx: int
    worker: str
    resident_ns: int = 0
    active_ns: int = 0
    pinned_ns: int = 0
    events: Counter[str] = field(default_factory=Counter)
    reads: int = 0
    writes: int = 0


@dataclass(frozen=True, slots=True)
class Traced:
    """The usage of one process: the stays of all objects, and the number of requests to each Worker."""

    stays: tuple[Active, ...]
    worker_requests: Counter[str]


_STACK = b'{"e":"stack"'


def traced(process: int, lines: Iterable[str | bytes]) -> Traced:
    """Return the usage recorded in the trace of one process. Lines that cannot be parsed are ignored."""
    reader = _Reader(process)
    for line in lines:
        raw = line if isinstance(line, bytes) else line.encode("utf-8", "replace")
        if raw.startswith(_STACK):  # stack traces are not needed here
            continue
        if _QUERY in raw:
            reader.query(raw)
            continue
        try:
            parsed = parse(raw)
        except BadLineError:
            continue
        if parsed is not None:
            reader.take(parsed)
    return reader.end()


@dataclass(slots=True)
class _Open:
    """A stay that has not ended: the time accounted for so far, the end of the last pin, and pending work."""

    stay: Active
    at: int
    pinned_until: int = 0
    ledger: Ledger = field(default_factory=Ledger)

    def until(self, at: int, *, from_outside: bool) -> None:
        """Account for the time up to a trace line; with `from_outside` the object was not working towards it."""
        passed = max(0, at - self.at)
        since = self.ledger.pinned_since(at)
        self.stay.resident_ns += passed
        if since is not None or not from_outside:
            self.stay.active_ns += passed
        if since is not None and at - since >= HELD_NS:
            self.stay.pinned_ns += at - max(self.pinned_until, since)
            self.pinned_until = at
        self.at = max(self.at, at)


_CONTINUING = (Began, Finished, Turn, ContextEnded)


class _Reader:
    """Read one trace, line by line."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._open: dict[int, _Open] = {}
        self._workers: dict[int, str] = {}
        self._stays: list[Active] = []
        self._requests: Counter[str] = Counter()
        self._latest = 0

    def take(self, line: Line) -> None:
        """Process one line."""
        if isinstance(line, _CONTINUING):
            self._latest = max(self._latest, line.at)
            self._continue(line)
        elif isinstance(line, ContextBegan):
            self._latest = max(self._latest, line.at)
            self._begin(line)
        elif isinstance(line, Answered) and line.ctx in self._open:
            self._open[line.ctx].ledger.answer(line.id)

    def query(self, raw: bytes) -> None:
        """Count an SQL statement as a read or a write, by its first word."""
        number = raw.partition(b'"ctx":')[2].partition(b",")[0]
        found = self._open.get(int(number)) if number.isdigit() else None
        if found is None:
            return
        word = raw.partition(_QUERY)[2].lstrip()[:7].upper()
        found.stay.reads += word.startswith((b"SELECT", b"WITH"))
        found.stay.writes += word.startswith((b"INSERT", b"UPDATE", b"DELETE", b"REPLACE"))

    def end(self) -> Traced:
        """Return the result. Objects that never left are counted as in memory until the end of the trace."""
        for found in self._open.values():
            found.until(self._latest, from_outside=True)
        return Traced(tuple(self._stays), self._requests)

    def _begin(self, line: ContextBegan) -> None:
        if line.actor is None:
            self._workers[line.ctx] = line.worker
            return
        stay = Active(self._process, line.ctx, line.worker)
        self._stays.append(stay)
        self._open[line.ctx] = _Open(stay, line.at)

    def _continue(self, line: Began | Finished | Turn | ContextEnded) -> None:
        found = self._open.get(line.ctx)
        if found is None:
            if isinstance(line, Began) and line.kind == "request" and line.ctx in self._workers:
                self._requests[self._workers[line.ctx]] += 1
            return
        found.until(line.at, from_outside=_from_outside(line))
        if isinstance(line, Began):
            self._began(found, line)
        elif isinstance(line, Finished):
            found.ledger.finish(line)
        elif isinstance(line, ContextEnded):
            del self._open[line.ctx]

    @staticmethod
    def _began(found: _Open, line: Began) -> None:
        # A wait that starts again at the same call site is one wait; the stack identifies the call site.
        found.ledger.begin(line, None if line.stack is None else Place("", line.stack))
        if line.kind == "request":
            found.stay.events[line.name] += 1
        elif line.kind == "operation" and line.name.startswith(_STORAGE):
            operation = line.name.removeprefix(_STORAGE)
            found.stay.reads += operation in _READS
            found.stay.writes += operation in _WRITES


def _from_outside(line: Began | Finished | Turn | ContextEnded) -> bool:
    """Return whether the line can also occur while the object is idle: a new event, its end, or work cut off by it."""
    if isinstance(line, Began):
        return line.kind == "request"
    if isinstance(line, Finished):
        return line.outcome is None
    return isinstance(line, ContextEnded)
