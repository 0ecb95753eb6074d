"""Split the bytes of a pipe into lines of bounded length."""

from collections.abc import Iterator
from typing import Final

LONGEST_LINE: Final = 1 << 20
"""Bytes kept of one line, as many as the history parses of a message. The rest is dropped."""


class Lines:
    """Buffers the bytes of an incomplete line."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._begun = b""
        self._dropped = 0

    def feed(self, chunk: bytes) -> Iterator[tuple[str, int]]:
        """Yield each complete line without its end, and the number of bytes dropped from it."""
        *complete, rest = chunk.split(b"\n")
        for part in complete:
            yield self._line(part)
        self._keep(rest)

    def rest(self) -> tuple[str, int] | None:
        """Return what follows the last line end, at the end of the pipe; None if nothing does."""
        return self._line(b"") if self._begun or self._dropped else None

    def _keep(self, part: bytes) -> None:
        room = self._longest - len(self._begun)
        self._begun += part[:room]
        self._dropped += max(0, len(part) - room)

    def _line(self, part: bytes) -> tuple[str, int]:
        self._keep(part)
        line, dropped = self._begun, self._dropped
        self._begun, self._dropped = b"", 0
        return line.removesuffix(b"\r").decode("utf-8", "replace"), dropped
