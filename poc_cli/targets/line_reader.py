"""Moves the lines of a pipe of the runtime's to a file, without secrets, and to a listener, as they come."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from poc_cli.errors import PocError
from poc_cli.history.redact import Hit, Redactor

_CHUNK = 1 << 16  # a pipe of Linux holds as much

LARGEST_LOG: Final = 32 << 20
"""Bytes of worker.log that a run keeps: more than anybody reads, and an endless log writes them in a second."""

LARGEST_TRACE: Final = 512 << 20
"""Bytes of one process's trace that a run keeps: the whole catalogue writes 30 MB. What was seen in it is in the
history anyway."""

LONGEST_LINE: Final = 16 << 20
"""Bytes of one line; what is longer is cut, or a log without a line end would fill the memory."""


def full(name: str, largest: int) -> str:
    """Return the last line of a file that has all that it may hold."""
    return f"[poc: {name} holds {largest >> 20} MiB; what follows is not kept]"


class LineReader:
    """Reads one descriptor until its other end is closed."""

    def __init__(  # noqa: PLR0913 - one thing of each kind
        self,
        descriptor: int,
        file: Path,
        redactor: Redactor,
        listener: Callable[[bytes], None],
        *,
        largest: int,
        leaked: Callable[[bytes, set[Hit]], None] | None = None,
    ) -> None:
        """Take over the descriptor; lines go to the file redacted, up to `largest` bytes, and to the listener raw.

        `leaked` is called with each line that had secrets, without them, and with which they were. Raises PocError
        where the file cannot be written.
        """
        self._descriptor = descriptor
        self._redactor = redactor
        self._listener = listener
        self._leaked = leaked
        self._largest = largest
        self._rest = bytearray()
        self._is_skipping = False
        self._path = file
        try:
            self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise PocError(f"cannot write {file}: {error.strerror}", "choose another folder with --results") from error
        self.failure: PocError | None = None
        self.is_full = False
        """Whether the file has all that it may hold; what comes after it is read and dropped."""
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
            self._take(bytes(self._rest))
            self._rest.clear()
            self.close()
            return False
        # Whole lines only: a secret that lies across two chunks would be found in neither.
        lines, newline, rest = chunk.rpartition(b"\n")
        if newline:
            self._end_lines(lines + newline)
        if not self._is_skipping:
            self._rest += rest
        if len(self._rest) > LONGEST_LINE:
            self._cut()
        return True

    def _end_lines(self, lines: bytes) -> None:
        if self._is_skipping:
            lines = lines.partition(b"\n")[2]
            self._is_skipping = False
        self._take(bytes(self._rest) + lines)
        self._rest.clear()

    def _cut(self) -> None:
        """End a line that is too long; the rest of it is dropped, with what may be the beginning of a secret."""
        self._take(bytes(self._rest), may_end_in_secret=True)
        self._rest.clear()
        self._is_skipping = True

    def _take(self, lines: bytes, *, may_end_in_secret: bool = False) -> None:
        if not lines:
            return
        seen: set[Hit] = set()
        clean = self._redactor.data(lines, seen)
        if may_end_in_secret:
            clean = clean[: len(clean) - self._redactor.longest] + b"\n"
        if seen and self._leaked is not None:
            self._tell_leaks(lines, self._leaked)
        try:
            if self.failure is None and not self.is_full:
                self._write(clean)
        except OSError as error:
            # The runtime must be read on, or it stands still; the run ends by this failure.
            self.failure = PocError(f"cannot write {self._path}: {error.strerror}", "make room there")
        for line in lines.splitlines():
            self._listener(line)

    def _write(self, data: bytes) -> None:
        # Processes share the file of the log, so its size is asked for and not counted.
        if os.fstat(self._file).st_size + len(data) > self._largest:
            self.is_full = True
            data = data[: max(0, self._largest - os.fstat(self._file).st_size)].rpartition(b"\n")[0]
            data += b"\n" if data else b""
            data += f"{full(self._path.name, self._largest)}\n".encode()
        while data:
            data = data[os.write(self._file, data) :]

    def _tell_leaks(self, lines: bytes, leaked: Callable[[bytes, set[Hit]], None]) -> None:
        for line in lines.split(b"\n"):
            seen: set[Hit] = set()
            clean = self._redactor.data(line, seen)
            if seen:
                leaked(clean, seen)
