"""The unfinished work of an object, and which of it pins the object in memory."""

from dataclasses import dataclass

from poc_cli.residency.causes import SOCKETS, PinKind, Work, is_response, is_wait_for_handler, work_of
from poc_cli.residency.trace import Began, Finished, Place

REMEMBERED = 256
"""How many finished pieces of work are kept as possible triggers. The turn that a result starts follows it directly,
so a few would be enough; the limit bounds memory."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Something that keeps an object in memory: since when (trace clock), a description, and where it began."""

    kind: PinKind
    name: str
    since_ns: int
    what: str
    script: str | None
    line: int | None
    package: tuple[str, int] | None = None
    """The line of a package that the line led to."""

    @property
    def is_socket(self) -> bool:
        """Return whether it is a socket that the context holds itself, over which it may pass frames on."""
        return self.what in SOCKETS


class Ledger:
    """The unfinished work of one stay in memory."""

    __slots__ = ("_before", "_ends_early", "_live", "_newest_request", "_recent")

    def __init__(self, *, ends_early: bool = True) -> None:
        """Start with no work; `ends_early` as requests to objects do, which end when the next one arrives."""
        self._ends_early = ends_early
        self._live: dict[int, Work] = {}
        self._recent: dict[int, Work] = {}
        self._newest_request: int | None = None
        self._before: Work | None = None

    def __len__(self) -> int:
        """Return how many pieces of work are kept, finished ones included."""
        return len(self._live) + len(self._recent)

    def begin(self, began: Began, own: Place | None) -> None:
        """Record that work began; `own` is the location of its stack, or None without one in the worker's source."""
        work = work_of(began, own, self._find(began.trigger), self._before)
        if began.kind == "request":
            self._newest_request = began.id
        elif is_response(began):
            self._note_response(began.trigger)
        self._live[began.id] = self._before = work

    def finish(self, finished: Finished) -> None:
        """Record that work ended."""
        work = self._live.get(finished.id)
        if work is not None and work.answered and finished.outcome == "ok" and is_wait_for_handler(work.began):
            self.answer(work.began.trigger)
        self._retire(finished.id)
        if self._ends_early and finished.id == self._newest_request and finished.outcome is not None:
            self._drain()

    def answer(self, identifier: int) -> None:
        """Record that an operation got an HTTP response, or a request one from its handler."""
        if (work := self._find(identifier)) is not None:
            work.answered = True

    def pins(self, now_ns: int, at_least_ns: int) -> tuple[Pin, ...]:
        """Return the pins that have lasted at least `at_least_ns` at `now_ns`, oldest first."""
        found = [
            Pin(
                kind=work.pin,
                name=work.began.name,
                since_ns=work.since_ns,
                what=work.what,
                script=work.place.script if work.place is not None else None,
                line=work.place.line if work.place is not None else None,
                package=work.place.package if work.place is not None else None,
            )
            for work in self._live.values()
            if work.pin is not None and now_ns - work.since_ns >= at_least_ns
        ]
        return tuple(sorted(found, key=lambda pin: pin.since_ns))

    def pinned_since(self, now_ns: int) -> int | None:
        """Return when the oldest pin at `now_ns` began, or None without a pin."""
        oldest: int | None = None
        for work in self._live.values():
            if work.pin is not None and work.since_ns <= now_ns and (oldest is None or work.since_ns < oldest):
                oldest = work.since_ns
        return oldest

    def _note_response(self, request: int) -> None:
        """Record that the handler of a request hands over its response; the runtime's wait for it ends next."""
        for work in self._live.values():
            if work.began.trigger == request and is_wait_for_handler(work.began):
                work.answered = True

    def _drain(self) -> None:
        # A request ends early when the next one arrives; the newest ends only when the object has nothing left to do.
        # Whatever is still open then is a handler that the event timeout canceled, which no longer pins the object.
        for identifier in [identifier for identifier, work in self._live.items() if work.pin is not None]:
            self._retire(identifier)

    def _find(self, identifier: int) -> Work | None:
        return self._live.get(identifier) or self._recent.get(identifier)

    def _retire(self, identifier: int) -> None:
        work = self._live.pop(identifier, None)
        if work is None:
            return
        self._recent[identifier] = work
        if len(self._recent) > REMEMBERED:
            del self._recent[next(iter(self._recent))]
