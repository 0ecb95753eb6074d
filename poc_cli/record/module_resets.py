"""What the history of a play tells of the resets of module state: whether each came in time and was complete."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event

_LISTED: Final = 3


def woke_before_reset(events: Iterable[Event]) -> Iterator[Event]:
    """Yield each departure of an object that woke before module state was reset.

    One whose process ended needs no reset: a new process loads the modules again. One that ended itself, as where its
    constructor throws, did not sleep. `events` have `how` in each departure.
    """
    out: dict[str, Event] = {}
    for event in events:
        match event.kind:
            case kinds.LEFT if _needs_reset(event.data):
                out[event.actor] = event
            case kinds.MODULE_STATE if event.data["at"] == "sleep":
                out.clear()
            case kinds.ENTERED if event.actor in out:
                yield out.pop(event.actor)


def _needs_reset(left: Mapping[str, Any]) -> bool:
    how, ended = left.get("how"), left.get("ended")
    return how != "dropped" and ended != "process" and not (how == "died" and ended is None)


def why_incomplete(events: Iterable[Event]) -> str | None:
    """Return what kept state at a reset all the same, None if nothing did."""
    recorded = [each for each in events if each.kind == kinds.MODULE_STATE]
    left = variables(recorded, "left")
    if left:
        return f"{listed(left)} changed in module state and could not be put back"
    kept = [str(name) for each in recorded for name in each.data.get("kept", ())]
    return f"{listed(kept)} was pinned and kept its fields" if kept else None


def variables(recorded: Iterable[Event], name: str) -> list[str]:
    """Return the variables that the events name in a field (`changed` or `left`), each once."""
    return [*dict.fromkeys(_variable(each) for event in recorded for each in event.data.get(name, ()))]


def listed(names: Sequence[str]) -> str:
    """Return the first of the names, and how many more there are."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _variable(recorded: Any) -> str:
    if not isinstance(recorded, Mapping):
        return f'"{recorded}"'
    place = f" ({recorded['script']}:{recorded['line']})" if "script" in recorded and "line" in recorded else ""
    return f'"{recorded.get("name")}"{place}'
