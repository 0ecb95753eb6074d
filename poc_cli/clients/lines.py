"""Bytes of a pipe cut into lines of bounded length."""

from collections.abc import Iterator
from typing import Final

LONGEST_LINE: Final = 1 << 20
"""Bytes of one line that are kept: as much as a message that the history still reads into. The rest is dropped."""


class Lines:
    """What has come of a line that is not whole yet."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        """Take how much of a line is kept."""
        self._longest = longest
        self._begun = b""
        self._dropped = 0

    def feed(self, chunk: bytes) -> Iterator[tuple[str, int]]:
        """Yield each line that is whole now, without its end, and how many bytes were cut off it."""
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            yield self._line(part)
        self._keep(rest)

    def rest(self) -> tuple[str, int] | None:
        """Return what stands after the last end of a line, at the end of the pipe."""
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
