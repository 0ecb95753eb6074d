"""Record the worker's exceptions, logs and failed outcomes that a remote target reports during plays."""

import asyncio
import contextlib
import json
from typing import Any, Final

from poc_cli.errors import PocError
from poc_cli.history import play_events
from poc_cli.history.writer import HistoryWriter
from poc_cli.targets.remote import Tail

_RUN: Final = "run"
_KEPT: Final = ("outcome", "entrypoint", "exceptions", "logs", "eventTimestamp")
_MOST: Final = 200
"""Events recorded per run; a worker that throws at every message would otherwise fill the disk."""

_LONGEST: Final = 8192
"""Characters of one event's output; a worker may log 256 KB (developers.cloudflare.com/workers/platform/limits)."""

_OUTPUT: Final = ("exceptions", "logs")


async def listen(tail: Tail, history: HistoryWriter) -> None:
    """Record events of the tail until cancelled."""
    written = 0

    def record(event: dict[str, Any]) -> None:
        nonlocal written
        if written >= _MOST or not _is_relevant(event):
            return
        written += 1
        with contextlib.suppress(PocError):  # a full disk ends the run at the next event of a play
            history.write(_RUN, "tail", play_events.Tail(**_kept(event, history)))

    async with tail(record) as connection:
        failure = getattr(connection, "failure", None)
        if failure is not None:
            history.write(_RUN, "tail", play_events.Tail(failed=failure))
        await asyncio.Event().wait()


def _kept(event: dict[str, Any], history: HistoryWriter) -> dict[str, Any]:
    """Return the recorded fields of an event; long output is cut."""
    kept: dict[str, Any] = {name: event[name] for name in _KEPT if name in event}
    # Masked before it is cut: half a secret would not be recognized.
    text = json.dumps({name: kept.get(name) for name in _OUTPUT}, ensure_ascii=False)
    output, masked = history.masked(text)
    if len(output) <= _LONGEST:
        return kept
    return {name: value for name, value in kept.items() if name not in _OUTPUT} | {"cut": output[:_LONGEST]} | masked


def _is_relevant(event: dict[str, Any]) -> bool:
    return event.get("outcome") != "ok" or bool(event.get("exceptions")) or bool(event.get("logs"))
