"""Why a stay ended that neither the idle timer, an evict nor a fault ended: by what the object threw, or by a limit."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.source_lines import AT_BLOCKING_LIMIT, threw_words

UNREPORTED: Final = "ctx.abort(), or an exception"

_REPORTED_WITHIN_NS: Final = 1_000_000_000
"""How long before or after the end of a stay its exception may be reported: 1 ms (measured), more on a busy machine."""

_LIMIT_NS: Final = (29_500_000_000, 31_500_000_000)
"""The runtime resets an object whose blockConcurrencyWhile() takes 30 s (measured: 30.002 s after the event)."""


def is_at_blocking_limit(data: Mapping[str, Any]) -> bool:
    """Return whether a stay ended by itself 30 s after its last event."""
    at, last = data.get("at_ns"), data.get("at_last_event_ns")
    return type(at) is int and type(last) is int and _LIMIT_NS[0] <= at - last <= _LIMIT_NS[1]


def why_self_ended(left: Event, events: Iterable[Event]) -> str:
    """Return what ended the stay, in words; `events` are those of its play."""
    thrown = [
        each
        for each in events
        if each.kind == kinds.THREW and each.actor == left.actor and abs(each.t_ns - left.t_ns) <= _REPORTED_WITHIN_NS
    ]
    if thrown:
        return threw_words(thrown[-1].data)
    return AT_BLOCKING_LIMIT if is_at_blocking_limit(left.data) else UNREPORTED
