"""The stays of one object in memory, and the sleeps between them, as a timeline in text."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.self_ended import UNREPORTED, is_at_blocking_limit
from poc_cli.record.source_lines import AT_BLOCKING_LIMIT
from poc_cli.report.styled import Line, span

STAYS_SHOWN: Final = 6
"""Stays shown at the beginning and at the end of a long timeline, so that it fits into 24 lines."""

_SECOND: Final = 1e9
_LABEL: Final = 12
_PERIOD: Final = 22  # "1000.000 to 1000.000 s"
_NOTABLE_DELAY: Final = 0.5  # seconds by which the object's own work delayed a sleep

_EVENTS: Final = {"hibernatable_websocket": "WebSocket event", "jsrpc": "RPC call"}


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay in memory, from the trace; `left` is None if the record ends first."""

    entered: Event
    delivered: tuple[Event, ...]
    left: Event | None

    @property
    def process(self) -> int:
        """Return the number of the runtime's process."""
        return int(self.entered.data["process"])


def stays_of(events: Iterable[Event]) -> list[Stay]:
    """Return the stays of one object from its events, oldest first."""
    found: list[Stay] = []
    entered: Event | None = None
    delivered: list[Event] = []
    for event in events:
        if event.kind == kinds.ENTERED:
            if entered is not None:
                found.append(Stay(entered, tuple(delivered), None))
            entered, delivered = event, []
        elif event.kind == kinds.DELIVERED:
            delivered.append(event)
        elif event.kind == kinds.LEFT and entered is not None:
            found.append(Stay(entered, tuple(delivered), event))
            entered, delivered = None, []
    return found if entered is None else [*found, Stay(entered, tuple(delivered), None)]


def counted(events: Iterable[Event]) -> str:
    """Return the number of events by name: `2 x fetch, 1 x WebSocket event`."""
    names = Counter(str(event.data["name"]) for event in events)
    return ", ".join(f"{number} x {_EVENTS.get(name, name)}" for name, number in names.items())


def timeline(stays: Sequence[Stay]) -> list[Line]:
    """Return a line for each stay and for each gap between two; the middle of a long timeline is only counted."""
    origins: dict[int, int] = {}
    for stay in stays:
        origins.setdefault(stay.process, stay.entered.data["at_ns"])
    missing = len(stays) - 2 * STAYS_SHOWN
    found: list[Line] = []
    for index, stay in enumerate(stays):
        if missing > 0 and STAYS_SHOWN <= index < len(stays) - STAYS_SHOWN:
            if index == STAYS_SHOWN:
                found.append([span(f"  ... {missing} more stays in memory ...", "dim")])
            continue
        origin = origins[stay.process]
        if index and stays[index - 1].process != stay.process:
            found.append([span(f"  process {stay.process} of the runtime, with a new clock", "dim")])
        elif index:
            found.append(_between(stays[index - 1], stay, origin))
        found.append(_in_memory(stay, origin))
    return found


def _in_memory(stay: Stay, origin: int) -> Line:
    began = _at(stay.entered, origin)
    events = counted(stay.delivered) or "no event"
    if stay.left is None:
        return _line("in memory", f"{began} s, never seen to leave", f"; {events}")
    return _line("in memory", f"{began} to {_at(stay.left, origin)} s", f"  {events}; {_how_it_left(stay.left)}")


def _between(before: Stay, after: Stay, origin: int) -> Line:
    if before.left is None:
        return _line("", "it was not seen to leave", "")
    slept = before.left.data["how"] in {"idle", "evict"}
    length = (after.entered.data["at_ns"] - before.left.data["at_ns"]) / _SECOND
    woken = f", woken by {_name(after.delivered[0])}" if after.delivered else ""
    period = f"{_at(before.left, origin)} to {_at(after.entered, origin)} s"
    return _line("asleep" if slept else "gone", period, f"  for {length:.3f} s{woken}", "cyan" if slept else "")


def _line(label: str, period: str, text: str, style: str = "") -> Line:
    return [span(f"  {label:<{_LABEL}}", style), span(f"{period:<{_PERIOD}}{text}".rstrip())]


def _name(event: Event) -> str:
    name = str(event.data["name"])
    return f"a {_EVENTS.get(name, name)}" if name != "alarm" else "its alarm"


def _at(event: Event, origin: int) -> str:
    return f"{(event.data['at_ns'] - origin) / _SECOND:.3f}"


def _how_it_left(left: Event) -> str:
    data = left.data
    idle = (data["at_ns"] - data["at_last_event_ns"]) / _SECOND
    rested = (data["at_ns"] - data["at_last_activity_ns"]) / _SECOND
    after = f"{idle:.3f} s after its last event"
    if idle - rested >= _NOTABLE_DELAY:
        after += f", {rested:.3f} s after its last work"
    texts = {
        "idle": f"left by its idle timer, {after}",
        "evict": f"evicted, {after}",
        "died": "ended with its process, or by a fault step",
        "dropped": f"ended by itself: {AT_BLOCKING_LIMIT if is_at_blocking_limit(data) else UNREPORTED}",
    }
    return texts[str(data["how"])]
