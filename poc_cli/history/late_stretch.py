"""A stretch of time in which poc or the runtime did not run: stalled, stopped or starved of CPU.

Whether a stretch matters to a play is decided later (`record/lateness.py`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from poc_cli.history.event import LATE, Event

Who = Literal["poc", "runtime", "machine"]
"""Who was late. `machine` means that the machine was suspended and no clock of poc ran."""

_KNOWN: Final[tuple[Who, ...]] = ("poc", "runtime", "machine")


@dataclass(frozen=True, slots=True)
class Stretch:
    """One late stretch. Times are nanoseconds on the history's clock.

    `ran` is the share in which the runtime's thread was on a CPU, `busy` lists the contexts that ran JavaScript without
    yielding, as (process, ctx): together they distinguish a worker's own work from a stopped or starved runtime.
    `reading` lists the plays whose own frames poc was reading.
    """

    who: Who
    from_ns: int
    to_ns: int
    runtime: int | None = None
    ran: float | None = None
    busy: tuple[tuple[int, int], ...] = ()
    reading: tuple[str, ...] = ()
    is_own_work: bool = False
    """Whether the current play kept the runtime busy: then only `without_work` is lateness. Not recorded."""

    @property
    def length_ns(self) -> int:
        """Return the length of the stretch."""
        return self.to_ns - self.from_ns

    def without_work(self) -> "Stretch":
        """Return the stretch shortened by the time in which the runtime's thread ran."""
        return replace(self, to_ns=self.to_ns - round((self.ran or 0.0) * self.length_ns))

    def overlap_ns(self, from_ns: int, to_ns: int) -> int:
        """Return how much of the stretch lies between two times."""
        return max(0, min(self.to_ns, to_ns) - max(self.from_ns, from_ns))

    def touches(self, from_ns: int, to_ns: int) -> bool:
        """Return whether any of the stretch lies between two times; it has no length if the machine was suspended."""
        return self.from_ns <= to_ns and from_ns <= self.to_ns

    def data(self) -> dict[str, Any]:
        """Return the stretch as the data of its event."""
        data: dict[str, Any] = {"who": self.who, "from_ns": self.from_ns, "to_ns": self.to_ns}
        if self.runtime is not None:
            data["runtime"] = self.runtime
        if self.ran is not None:
            data["ran"] = round(self.ran, 3)
        if self.busy:
            data["busy"] = [list(each) for each in self.busy]
        if self.reading:
            data["reading"] = list(self.reading)
        return data


def stretches_of(events: Iterable[Event | None]) -> Iterator[Stretch]:
    """Return the stretches of a history; damaged ones are skipped."""
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
