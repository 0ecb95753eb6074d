"""All kinds of events in `history.ndjson`, with their fields and types.

The writer's check of names, the validation of a record, docs/history.schema.json and the table in docs/results.md come
from these classes.
"""

from typing import Any, Final

from poc_cli.history import object_events, play_events
from poc_cli.history.event_data import EventData

KINDS: Final[dict[str, type[EventData]]] = {
    each.kind: each
    for module in (play_events, object_events)
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, EventData) and hasattr(each, "kind")
}
"""The class of each kind, in the order of docs/results.md."""

MASKS: Final = frozenset({"masked", "masked_weak"})
"""Fields that any event may have: the names of secrets that were taken out of it, long and random ones, and others."""

NAMES: Final = {kind: MASKS.union(each.declared) for kind, each in KINDS.items()}
"""All fields that an event of each kind may have."""


def misnamed(kind: str, data: dict[str, Any]) -> str:
    """Return which kind or fields of an event are declared nowhere."""
    if kind not in NAMES:
        return f"there is no event of kind {kind}"
    return f"an event of kind {kind} has no field {', '.join(sorted(data.keys() - NAMES[kind]))}"
