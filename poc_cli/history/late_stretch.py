"""A stretch of time in which the harness or the runtime was not attending: stalled, stopped or starved.

Facts only: whether a stretch matters to a play is decided by the judge (`record/lateness.py`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from poc_cli.history.event import LATE, Event

Who = Literal["poc", "runtime", "machine"]
"""Who was late. `machine` means that it was suspended: no clock of ours ran."""

_KNOWN: Final[tuple[Who, ...]] = ("poc", "runtime", "machine")


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch. Times are nanoseconds of the history's clock.

    `ran` is the share of it in which the runtime's thread was on a processor, `busy` are the contexts that ran
    JavaScript in it without a pause, as (process, ctx): together they tell a worker's own work from a stopped or
    starved runtime. `reading` are the plays whose own frames the harness was reading in it.
    """

    who: Who
    from_ns: int
    to_ns: int
    runtime: int | None = None
    ran: float | None = None
    busy: tuple[tuple[int, int], ...] = ()
    reading: tuple[str, ...] = ()
    is_own_work: bool = False
    """Whether the play at hand kept the runtime busy in it: then only `without_work` is lateness. Never recorded."""

    @property
    def length_ns(self) -> int:
        """Return how long it was."""
        return self.to_ns - self.from_ns

    def without_work(self) -> "Stretch":
        """Return it without the share that was work, which is what the runtime's thread ran."""
        return replace(self, to_ns=self.to_ns - round((self.ran or 0.0) * self.length_ns))

    def overlap_ns(self, from_ns: int, to_ns: int) -> int:
        """Return how much of it lies between two times, which may be one and the same."""
        return max(0, min(self.to_ns, to_ns) - max(self.from_ns, from_ns))

    def touches(self, from_ns: int, to_ns: int) -> bool:
        """Return whether any of it lies between two times; a suspended machine leaves no length on the clock."""
        return self.from_ns <= to_ns and from_ns <= self.to_ns

    def data(self) -> dict[str, Any]:
        """Return the stretch as the data of its event."""
        told: dict[str, Any] = {"who": self.who, "from_ns": self.from_ns, "to_ns": self.to_ns}
        if self.runtime is not None:
            told["runtime"] = self.runtime
        if self.ran is not None:
            told["ran"] = round(self.ran, 3)
        if self.busy:
            told["busy"] = [list(each) for each in self.busy]
        if self.reading:
            told["reading"] = list(self.reading)
        return told


def stretches_of(events: Iterable[Event | None]) -> Iterator[Stretch]:
    """Return the stretches that a history tells of; damaged ones are passed over."""
    for event in events:
        if event is not None and event.kind == LATE and (stretch := _stretch(event.data)) is not None:
            yield stretch


def _stretch(data: dict[str, Any]) -> Stretch | None:
    who = next((known for known in _KNOWN if data.get("who") == known), None)
    from_ns, to_ns = data.get("from_ns"), data.get("to_ns")
    if who is None or not isinstance(from_ns, int) or not isinstance(to_ns, int):
        return None
    runtime, ran = data.get("runtime"), data.get("ran")
    busy, reading = data.get("busy"), data.get("reading")
    return Stretch(
        who,
        from_ns,
        to_ns,
        runtime if isinstance(runtime, int) else None,
        float(ran) if isinstance(ran, int | float) else None,
        tuple((int(each[0]), int(each[1])) for each in busy) if isinstance(busy, list) else (),
        tuple(str(each) for each in reading) if isinstance(reading, list) else (),
    )
