"""Records what the target reports about the worker during plays: exceptions, logs, bad outcomes."""

import asyncio
import contextlib
import json
from typing import Any, Final

from poc_cli.errors import PocError
from poc_cli.history import events
from poc_cli.history.writer import HistoryWriter
from poc_cli.targets.remote import Tail

_RUN: Final = "run"
_KEPT: Final = ("outcome", "entrypoint", "exceptions", "logs", "eventTimestamp")
_MOST: Final = 200
"""Lines of a run; a worker that throws at every message would fill the disk with one and the same."""

_LONGEST: Final = 8192
"""Letters of what one event said; a worker may log 256 KB (developers.cloudflare.com/workers/platform/limits)."""

_SAID: Final = ("exceptions", "logs")


async def listen(tail: Tail, history: HistoryWriter) -> None:
    """Write down what is told until this is cancelled."""
    written = 0

    def hear(event: dict[str, Any]) -> None:
        nonlocal written
        if written >= _MOST or not _is_worth_telling(event):
            return
        written += 1
        with contextlib.suppress(PocError):  # a full disk ends the run by the next event of a play
            history.write(_RUN, "tail", events.Tail(**_kept(event, history)))

    async with tail(hear) as told:
        failure = getattr(told, "failure", None)
        if failure is not None:
            history.write(_RUN, "tail", events.Tail(failed=failure))
        await asyncio.Event().wait()


def _kept(event: dict[str, Any], history: HistoryWriter) -> dict[str, Any]:
    """Return what is written down of an event: all that matters, or its beginning where that is long."""
    kept: dict[str, Any] = {name: event[name] for name in _KEPT if name in event}
    # Before it is cut: half a secret would be recognized by nobody.
    text = json.dumps({name: kept.get(name) for name in _SAID}, ensure_ascii=False)
    said, masked = history.masked(text)
    if len(said) <= _LONGEST:
        return kept
    return {name: value for name, value in kept.items() if name not in _SAID} | {"cut": said[:_LONGEST]} | masked


def _is_worth_telling(event: dict[str, Any]) -> bool:
    return event.get("outcome") != "ok" or bool(event.get("exceptions")) or bool(event.get("logs"))
