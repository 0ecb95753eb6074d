"""Moves the lines of a pipe of the runtime's to a file, without secrets, and to a listener, as they come.

Never blocks the loop, and never stops reading: a runtime whose pipe is full stands still.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from poc_cli.errors import PocError
from poc_cli.history.redact import Redactor

_CHUNK = 1 << 16  # a pipe of Linux holds as much


class LinePump:
    """Reads one descriptor until its other end is closed."""

    def __init__(self, descriptor: int, file: Path, redactor: Redactor, listener: Callable[[bytes], None]) -> None:
        """Take over the descriptor; lines go to the file redacted and to the listener as they are."""
        self._descriptor = descriptor
        self._redactor = redactor
        self._listener = listener
        self._rest = b""
        self._path = file
        try:
            self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise PocError(f"cannot write {file}: {error.strerror}", "choose another folder by --results") from error
        self.failure: PocError | None = None
        self.ended = asyncio.Event()
        os.set_blocking(descriptor, False)
        asyncio.get_running_loop().add_reader(descriptor, self._readable)

    def close(self) -> None:
        """Stop reading and close both ends of ours."""
        if self._descriptor >= 0:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            os.close(self._file)
            self._descriptor = -1
            self.ended.set()

    def drain(self) -> None:
        """Read what is there now, to the end where the other side is closed."""
        while self._descriptor >= 0 and self._read():
            pass

    def _readable(self) -> None:
        self._read()

    def _read(self) -> bool:
        try:
            chunk = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._take(self._rest)
            self._rest = b""
            self.close()
            return False
        lines, newline, rest = (self._rest + chunk).rpartition(b"\n")
        self._rest = rest
        self._take(lines + newline)
        return True

    def _take(self, lines: bytes) -> None:
        if not lines:
            return
        try:
            if self.failure is None:
                os.write(self._file, self._redactor.data(lines))
        except OSError as error:
            # The runtime must be read on, or it stands still; the run ends by this failure.
            self.failure = PocError(f"cannot write {self._path}: {error.strerror}", "make room there")
        for line in lines.splitlines():
            self._listener(line)
