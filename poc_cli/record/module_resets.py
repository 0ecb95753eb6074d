"""Check that module state was reset while an object was out of memory, each time before it woke."""

from collections.abc import Iterable

from poc_cli.history import event as kinds
from poc_cli.history.event import Event


def woke_before_reset(events: Iterable[Event]) -> str | None:
    """Return an object of a play that woke before module state was reset, by its label; None if none did.

    One whose process ended needs no reset: a new process loads the modules again.
    """
    waiting: set[str] = set()
    for event in events:
        match event.kind:
            case kinds.LEFT if event.data.get("ended") != "process" and event.data.get("how") != "died":
                waiting.add(event.actor)
            case kinds.MODULE_STATE if event.data["at"] == "sleep":
                waiting.clear()
            case kinds.ENTERED if event.actor in waiting:
                return event.actor.removeprefix("object:")
    return None
