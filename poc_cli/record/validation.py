"""What the judge needs to find in each kind of event, so that a damaged record is named and not stumbled over."""

from collections import Counter
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.scenario.loader import text_sha256

Kind = type | tuple[type, ...]

_OUTCOMES: Final = frozenset({"done", "stopped", "error", "interrupted", "given_up"})
_FAULTS: Final = frozenset({"crash", "server", "deploy", "object", "drop"})
_WAYS_OUT: Final = frozenset({"idle", "evict", "died", "dropped"})
_PLACE: Final[dict[str, Kind]] = {"process": int, "ctx": int, "at_ns": int}
_TIMES: Final[dict[str, Kind]] = {"at_ns": int, "at_last_event_ns": int}

_NEEDS: Final[dict[str, dict[str, Kind]]] = {
    kinds.RUN_START: {"target": dict},
    kinds.LEFT_OUT: {"scenario": str, "title": str, "file": str, "reason": str},
    kinds.PLAY_START: {
        "scenario": str,
        "file": str,
        "text": str,
        "sha256": str,
        "role": str,
        "decides": list,
        "nonce": str,
    },
    kinds.PLAY_END: {"outcome": str, "reason": str},
    kinds.STEP: {"verb": str, "line": int},
    kinds.STEP_END: {"ok": bool},
    kinds.CAPTURED: {"name": str, "value": object},
    kinds.CLOSED: {"by": str, "clean": bool, "said": str},
    kinds.ENTERED: _PLACE,
    kinds.DELIVERED: {"name": str, "at_ns": int},
    kinds.LEFT: {"how": str, "at_last_activity_ns": int, **_PLACE, **_TIMES},
    kinds.AWAKE: {"pins": list, "watched_ms": int, "at_last_activity_ns": int, **_TIMES},
    kinds.REFUSED: {"pins": list},
    kinds.FAULT: {"fault": str},
    kinds.LOAD_STAGE: {"index": int, "verb": str, "how": str, "due": int, "came": int, "told": list, "losses": list},
    kinds.LOAD_SAMPLE: {"open": int, "uses": dict},
    kinds.LOAD_FATES: {"open": list, "dropped": list, "failed": list, "left": list},
    kinds.LOAD_CLUSTER: {"scheduler": str, "workers": list},
    kinds.LOAD_LOST: {"worker": str, "sockets": list, "why": str},
    kinds.MODULE_STATE: {"at": str, "changed": list, "left": list, "others": list},
    kinds.CONFIRMED: {"scenario": str, "file": str, "sha256": str, "by": str},
    kinds.WAITED: {"silent_ms": (int, float)},
    kinds.PULSE: {"round_trip_ms": list},
}

_NUMBER: Final[Kind] = (int, float)
_SENTINEL: Final[dict[str, Kind]] = {
    "left_alone_s": _NUMBER,
    "silent_ms": _NUMBER,
    "answer_ms": _NUMBER,
    "before": list,
    "after": list,
}

_KNOWN: Final = {
    kinds.PLAY_END: ("outcome", _OUTCOMES),
    kinds.FAULT: ("fault", _FAULTS),
    kinds.LEFT: ("how", _WAYS_OUT),
}


def flaw(event: Event) -> str | None:
    """Return what is wrong with an event, None where the judge can work with it."""
    needed = _SENTINEL if event.kind == kinds.SENTINEL and "failed" not in event.data else _NEEDS.get(event.kind, {})
    for name, kind in needed.items():
        if not _is(event.data, name, kind):
            return f'its "{name}" is missing or no longer what it was'
    match event.kind:
        case kinds.SENT | kinds.RECEIVED | kinds.TOLD:
            held = _is(event.data, "text", str) or _is(event.data, "hex", str)
            return None if held else "its message is missing"
        case kinds.STEP | kinds.STEP_END:
            return "it belongs to no step" if event.step is None else None
    return _one_of(event, *_KNOWN[event.kind]) if event.kind in _KNOWN else None


def damage_of(events: list[Event | None]) -> str | None:
    """Return what is wrong with the file, if anything beyond a last line that was cut off."""
    whole = events[:-1] if events and events[-1] is None else events
    for number, event in enumerate(whole, start=1):
        if event is None:
            return f"line {number} of the history cannot be read"
        if event.id != number:
            return f"the history is not whole: event {number} is missing before line {number}"
        wrong = flaw(event)
        if wrong is not None:
            return f"line {number} of the history, {event.kind}, is damaged: {wrong}"
    return _played_twice(events)


def edited(start: Event) -> str | None:
    """Return the complaint about a play whose scenario is not the one that was played, None where it is."""
    played = start.data["sha256"]
    found = text_sha256(start.data["text"])
    if found == played:
        return None
    return f"the scenario's text was edited after the run: its sha256 is {found} and should be {played}"


def _played_twice(events: list[Event | None]) -> str | None:
    """Return the complaint about two plays of one label: what belongs to which cannot be told any more."""
    starts = Counter(event.play for event in events if event is not None and event.kind == kinds.PLAY_START)
    again = next((label for label, times in starts.items() if times > 1), None)
    return None if again is None else f'the history holds {starts[again]} plays called "{again}"'


def _is(data: dict[str, Any], name: str, kind: Kind) -> bool:
    if name not in data:
        return False
    value = data[name]
    # To Python true is a whole number; to JSON it is not.
    return isinstance(value, kind) and (kind is not int or not isinstance(value, bool))


def _one_of(event: Event, name: str, known: frozenset[str]) -> str | None:
    value = event.data[name]
    return None if value in known else f'its "{name}" is none of {", ".join(sorted(known))}'
