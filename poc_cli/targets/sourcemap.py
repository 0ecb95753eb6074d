"""Map lines of a bundle to lines of the original source, with a source map (version 3)."""

import json
import os
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from poc_cli.errors import TargetError
from poc_cli.residency.trace import Place, in_package, innermost

_DIGITS: Final = {
    character: value
    for value, character in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
_MORE: Final = 32  # the sixth bit of a digit: another digit follows
_BITS: Final = 5

_SOURCE, _LINE = 1, 2
_WITH_SOURCE: Final = 4  # numbers in a segment with a source; one without has only a column


class SourceMap:
    """The source map of one bundle."""

    def __init__(self, file: Path, project: Path, generated: tuple[Path, ...] = ()) -> None:
        """Read the file; source names are relative to the project, and sources in `generated` folders are ignored.

        Raises TargetError if it is not a source map.
        """
        try:
            content = json.loads(file.read_bytes())
            beside = file.parent / (content.get("sourceRoot") or "")
            self._sources = [
                _describe(Path(os.path.normpath(beside / each)), project, generated) for each in content["sources"]
            ]
            self._lines = _decoded(content["mappings"])
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise TargetError(f"cannot read the source map {file}: {error!r}") from error

    @property
    def own_sources(self) -> list[str]:
        """Return the names of the project's own source files, without packages and what the bundler added."""
        return [each for each in self._sources if each is not None and not in_package(each)]

    def place(self, line: int, column: int) -> Place | None:
        """Return the source location of a line and column of the bundle, both counted from 1."""
        if not 0 < line <= len(self._lines):
            return None
        columns, places = self._lines[line - 1]
        index = bisect_right(columns, column - 1) - 1
        if index < 0:
            return None
        source, at = places[index]
        script = self._sources[source] if 0 <= source < len(self._sources) else None
        return None if script is None else Place(script, at + 1)

    def innermost(self, frames: list[Any], module: str) -> Place | None:
        """Return the innermost location of a stack in the project's source, else in one of its packages."""
        return innermost(self._places(frames, module))

    def _places(self, frames: list[Any], module: str) -> Iterator[Place]:
        for frame in frames:
            if not isinstance(frame, dict) or frame.get("script") != module:
                continue
            line, column = frame.get("line"), frame.get("col")
            place = self.place(line, column if type(column) is int else 1) if type(line) is int else None
            if place is not None:
                yield place


def _describe(source: Path, project: Path, generated: tuple[Path, ...]) -> str | None:
    """Return a source's display name, or None for one added by the bundler."""
    if any(source.is_relative_to(folder) for folder in generated):
        return None
    return os.path.relpath(source, project)


def _decoded(mappings: str) -> list[tuple[list[int], list[tuple[int, int]]]]:
    """Return for each line of the bundle its columns and their origins as (source number, line)."""
    lines: list[tuple[list[int], list[tuple[int, int]]]] = []
    source = line = 0
    for group in mappings.split(";"):
        columns: list[int] = []
        places: list[tuple[int, int]] = []
        column = 0
        for segment in group.split(",") if group else ():
            numbers = _numbers(segment)
            column += numbers[0]
            if len(numbers) >= _WITH_SOURCE:
                source += numbers[_SOURCE]
                line += numbers[_LINE]
                places.append((source, line))
            else:
                places.append((-1, 0))
            columns.append(column)
        lines.append((columns, places))
    return lines


def _numbers(segment: str) -> list[int]:
    """Decode the numbers of a segment: base 64, five bits per digit, the sign in the lowest bit."""
    found: list[int] = []
    value = shift = 0
    for character in segment:
        digit = _DIGITS[character]
        value += (digit & (_MORE - 1)) << shift
        if digit & _MORE:
            shift += _BITS
            continue
        found.append(-(value >> 1) if value & 1 else value >> 1)
        value = shift = 0
    return found
