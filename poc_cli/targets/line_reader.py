"""Copy the lines of a runtime's pipe to a file, with secrets masked, and pass them to a listener."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from poc_cli.errors import PocError
from poc_cli.history.redact import Hit, Redactor

_CHUNK = 1 << 16  # the capacity of a Linux pipe

LARGEST_LOG: Final = 32 << 20
"""Maximum bytes of worker.log: more than anybody reads, and an endless log writes them in a second."""

LARGEST_TRACE: Final = 512 << 20
"""Maximum bytes of one process's trace file: all shipped scenarios write 30 MB. What was read from the trace is in the
history regardless."""

LONGEST_LINE: Final = 16 << 20
"""Maximum bytes of a line; longer lines are truncated, or a log without line ends would fill the memory."""


def full(name: str, largest: int) -> str:
    """Return the last line of a file that reached its size limit."""
    return f"[poc: {name} reached its limit of {largest >> 20} MiB; the rest is discarded]"


class LineReader:
    """Read one descriptor until its other end is closed."""

    def __init__(  # noqa: PLR0913 - one thing of each kind
        self,
        descriptor: int,
        file: Path,
        redactor: Redactor,
        listener: Callable[[bytes], None],
        *,
        largest: int,
        leaked: Callable[[bytes, set[Hit]], None] | None = None,
        rewrite: Callable[[bytes], bytes] | None = None,
    ) -> None:
        """Take over the descriptor; lines go to the file redacted, up to `largest` bytes, and to the listener raw.

        `leaked` is called with each masked line that contained secrets, and with the secrets. `rewrite` returns what
        stands for a line in the file. Raises PocError if the file cannot be written.
        """
        self._descriptor = descriptor
        self._redactor = redactor
        self._listener = listener
        self._leaked = leaked
        self._rewrite = rewrite
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
        """Whether the file reached its size limit; further lines are read and dropped."""
        self.ended = asyncio.Event()
        os.set_blocking(descriptor, False)
        asyncio.get_running_loop().add_reader(descriptor, self._readable)

    def close(self) -> None:
        """Stop reading, and close the descriptor and the file."""
        if self._descriptor >= 0:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            os.close(self._file)
            self._descriptor = -1
            self.ended.set()

    def drain(self, chunks: int | None = None) -> None:
        """Read everything available now, up to the end if the other side is closed; at most so many chunks."""
        read = 0
        while self._descriptor >= 0 and read != chunks and self._read():
            read += 1

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
        # Whole lines only: a secret split over two chunks would be found in neither.
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
        """Truncate a line that is too long, dropping the rest and what may be the beginning of a secret."""
        self._take(bytes(self._rest), may_end_in_secret=True)
        self._rest.clear()
        self._is_skipping = True

    def _take(self, lines: bytes, *, may_end_in_secret: bool = False) -> None:
        if not lines:
            return
        if self._rewrite is not None:
            lines = b"".join(map(self._rewrite, lines.splitlines(keepends=True)))
        seen: set[Hit] = set()
        clean = self._redactor.data(lines, seen)
        if may_end_in_secret:
            clean = clean[: len(clean) - self._redactor.longest] + b"\n"
        if seen and self._leaked is not None:
            self._report_leaks(lines, self._leaked)
        try:
            if self.failure is None and not self.is_full:
                self._write(clean)
        except OSError as error:
            # Keep reading, or the runtime would block; the run ends with this failure.
            self.failure = PocError(f"cannot write {self._path}: {error.strerror}", "free some disk space")
        for line in lines.splitlines():
            self._listener(line)

    def _write(self, data: bytes) -> None:
        # Several processes share the log file, so its size is queried, not counted.
        if os.fstat(self._file).st_size + len(data) > self._largest:
            self.is_full = True
            data = data[: max(0, self._largest - os.fstat(self._file).st_size)].rpartition(b"\n")[0]
            data += b"\n" if data else b""
            data += f"{full(self._path.name, self._largest)}\n".encode()
        while data:
            data = data[os.write(self._file, data) :]

    def _report_leaks(self, lines: bytes, leaked: Callable[[bytes, set[Hit]], None]) -> None:
        for line in lines.split(b"\n"):
            seen: set[Hit] = set()
            clean = self._redactor.data(line, seen)
            if seen:
                leaked(clean, seen)
