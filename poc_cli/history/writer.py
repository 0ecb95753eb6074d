"""Write the history event by event, so that a run that dies keeps what it recorded."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from pydantic_core import PydanticSerializationError, to_json

from poc_cli import __version__
from poc_cli.errors import PocError
from poc_cli.history.event import FORMAT, PLAY_END, RUN_END, RUN_START, Event
from poc_cli.history.event_data import EventData
from poc_cli.history.events import NAMES, misnamed
from poc_cli.history.folder import RUN
from poc_cli.history.redact import Hit, Redactor, marks

LARGEST: Final = 512 << 20
"""Maximum bytes of a history. The judge reads it into memory, where an event takes about five times its size; all
shipped scenarios together write 15 MB."""

MOST_FOUND: Final = 1_024
"""Texts of requests whose secrets are remembered."""

_ENDS: Final = frozenset({PLAY_END, RUN_END})
"""Written even beyond the limit: they record how it ended."""


class HistoryWriter:
    """Append redacted events to one file, with one write each."""

    def __init__(self, path: Path, redactor: Redactor, clock: Callable[[], int] = time.monotonic_ns) -> None:
        """Create the file; times come from `clock`, in nanoseconds. Raises PocError if it cannot be written."""
        self.path = path
        """The file."""

        self._redactor = redactor
        self._next_id = 1
        self._clock = clock
        self.origin_ns = clock()
        """The start of the run on the monotonic clock."""
        self._size = 0
        self._found: dict[str, frozenset[str]] = {}
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from error

    def __enter__(self) -> Self:
        """Return the writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file."""
        os.close(self._descriptor)
        self._descriptor = -1  # the number may be reused for another file

    def start_run(self, **data: Any) -> None:
        """Write the first event of the run, which is named after the file's folder."""
        self.add(
            RUN,
            "poc",
            RUN_START,
            format=FORMAT,
            poc=__version__,
            run=self.path.parent.name,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            **data,
        )

    def without_secrets(self, payload: str | bytes) -> str | bytes:
        """Return a message with secrets masked. Mask before truncating: half a secret would not be found."""
        return self._masked(payload)[0]

    def masked(self, payload: str | bytes | bytearray) -> tuple[str | bytes | bytearray, dict[str, Any]]:
        """Return a message with secrets masked, and the event fields that list them."""
        if isinstance(payload, bytearray):  # a large one, which is not copied without need
            return self._masked(bytes(payload)) if self._redactor.touches(payload) else (payload, {})
        return self._masked(payload)

    def secrets_in(self, text: str) -> frozenset[str]:
        """Return the names of the secrets in a text; cached, because each client sends the same token."""
        known = self._found.get(text)
        if known is None:
            if len(self._found) >= MOST_FOUND:
                self._found.clear()
            known = self._found[text] = frozenset(name for names in self._masked(text)[1].values() for name in names)
        return known

    def _masked(self, payload: str | bytes) -> tuple[str | bytes, dict[str, Any]]:
        seen: set[Hit] = set()
        redact = self._redactor
        clean = redact.text(payload, seen) if isinstance(payload, str) else redact.data(payload, seen)
        return clean, marks(seen)

    def now_ns(self) -> int:
        """Return nanoseconds since the start of the run, on the monotonic clock."""
        return self._clock() - self.origin_ns

    def write(
        self, play: str, actor: str, data: EventData, *, step: int | None = None, t_ns: int | None = None
    ) -> Event:
        """Write one event whose fields a type checker has seen; otherwise as `add`."""
        return self.add(play, actor, data.kind, step=step, t_ns=t_ns, **vars(data))

    def add(
        self, play: str, actor: str, kind: str, *, step: int | None = None, t_ns: int | None = None, **data: Any
    ) -> Event:
        """Write one event and return it. Raises PocError on a full disk or beyond the size limit.

        Raises TypeError for a kind or a field that is not in `events`.
        """
        names = NAMES.get(kind)
        if names is None or not names.issuperset(data):
            raise TypeError(misnamed(kind, data))
        event = Event(self._next_id, play, self.now_ns() if t_ns is None else t_ns, actor, kind, step, data)
        self._next_id += 1
        line = _encoded(event)
        if self._redactor.touches(line):
            line = _encoded(self._safe(event))
        self._size += len(line)
        if self._size > LARGEST and kind not in _ENDS:
            raise PocError(
                f"{self.path} has reached the size limit of a history ({LARGEST >> 20} MiB), so the run stops",
                "run fewer scenarios at once, or make the worker send less",
            )
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError as error:
            raise _unwritable(self.path, error) from error
        return event

    def _safe(self, event: Event) -> Event:
        """Return the event with secrets masked and their names listed.

        Masks value by value, not the whole line: a secret of digits must not damage a timestamp.
        """
        redact, seen = self._redactor, set[Hit]()
        play, actor, data = redact.text(event.play), redact.text(event.actor), redact.value(event.data, seen)
        for key, names in marks(seen).items():
            data[key] = sorted({*data.get(key, ()), *names})
        return replace(event, play=play, actor=actor, data=data)


def _encoded(event: Event) -> bytes:
    # Three times as fast as the standard library's encoder, with the same output except for very small numbers.
    try:
        return to_json(event.fields(), inf_nan_mode="constants") + b"\n"
    except PydanticSerializationError:
        pass
    # A lone surrogate, which a worker may send, becomes a JSON escape.
    return event.line().encode("utf-8", "backslashreplace") + b"\n"


def _unwritable(path: Path, error: OSError) -> PocError:
    return PocError(
        f"cannot write {path}: {error.strerror}",
        "free space or fix the permissions there, or choose another folder with --results",
    )
