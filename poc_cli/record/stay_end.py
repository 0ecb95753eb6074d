"""Decide how a stay in memory ended: by the idle timer, by poc's evict, with its process, or by the worker itself.

The engine records what it did and when the object left memory. How the stay ended is decided here, so that `poc judge`
can decide it again. Older histories record the result itself (`how`), which is used as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from poc_cli.history import event as kinds
from poc_cli.history.event import Event

How = Literal["idle", "evict", "died", "dropped"]

IDLE_AT_LEAST_NS: Final = 1_000_000_000
"""An object that aborts, or whose constructor throws, leaves within 0.1 ms of its last activity. The idle timer fires
10.00 s after the last event, or up to 4 s sooner by the trace on a busy machine; both measured on workerd
1.20261023.1."""

EVICT_LINGERS_NS: Final = 31_000_000_000
"""An evict that got no answer is not cancelled: it takes effect within the runtime's 30 s (measured)."""

_ENDS_ALL: Final = frozenset({"server", "crash", "deploy"})


def how_left(before: Sequence[Event], actor: str, data: dict[str, Any], t_ns: int) -> How:
    """Return how the stay ended that an `out` event with this data records; `before` are the events before it."""
    if data.get("ended") == "process" or _in_fault(before, actor):
        return "died"
    if _was_evicted(before, actor, t_ns):
        return "evict"
    if data["at_ns"] - data["at_last_activity_ns"] >= IDLE_AT_LEAST_NS:
        return "idle"
    # Neither the timer nor an evict, so the worker called ctx.abort() or its constructor threw.
    return "dropped"


def with_how(events: Iterable[Event | None]) -> list[Event | None]:
    """Return the events of a history with `how` in each `out` event, computed where it is not recorded."""
    before: dict[str, list[Event]] = {}
    found: list[Event | None] = []
    for event in events:
        if event is not None and event.kind in _LOOKED_AT:
            known = before.setdefault(event.play, [])
            if event.kind == kinds.LEFT and _has_facts(event.data):
                how = how_left(known, event.actor, event.data, event.t_ns)
                found.append(replace(event, data={**event.data, "how": how}))
                continue
            known.append(event)
        found.append(event)
    return found


_LOOKED_AT: Final = frozenset({kinds.STEP_END, kinds.ENTERED, kinds.LEFT, kinds.EVICTING, kinds.EVICTED, kinds.FAULT})


def _has_facts(data: dict[str, Any]) -> bool:
    if "how" in data or "ended" not in data:
        return False
    return all(type(data.get(name)) is int for name in ("at_ns", "at_last_activity_ns"))


def _in_fault(before: Sequence[Event], actor: str) -> bool:
    """Return whether a fault was under way, which lasts from its event to the end of its step."""
    for event in reversed(before):
        if event.kind == kinds.STEP_END:
            return False
        if event.kind == kinds.FAULT:
            fault = event.data.get("fault")
            return fault in _ENDS_ALL or (fault == "object" and event.actor == actor)
    return False


def _was_evicted(before: Sequence[Event], actor: str, t_ns: int) -> bool:
    """Return whether an evict of this object was under way, had succeeded in this stay, or had got no answer."""
    answered = in_this_stay = False
    for event in reversed(before):
        if event.actor != actor:
            continue
        match event.kind:
            case kinds.ENTERED:
                in_this_stay = answered = True  # an evict of an earlier stay is over, unless it got no answer
            case kinds.EVICTED:
                outcome = event.data.get("outcome")
                lingers = outcome == "no_answer" and t_ns - event.t_ns < EVICT_LINGERS_NS
                if lingers or (outcome == "evicted" and not in_this_stay):
                    return True
                answered = True
            case kinds.EVICTING if not answered:
                return True
    return False
