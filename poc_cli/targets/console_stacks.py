"""Stacks of errors that a worker writes to its console, in the lines of its source."""

import json
import re
from collections import deque
from dataclasses import replace
from typing import Final

from poc_cli.residency.trace import Place, innermost
from poc_cli.targets.worker_output import Logged, MapFrame, Output

_STACK: Final = rb"\n    at "
"""How a stack goes on in the JSON of a structured line."""

_FRAME: Final = re.compile(
    r"(?P<indent>\s+)at (?:(?P<function>[^(]*?) \()?(?P<script>[^()]+):(?P<line>\d{1,9}):(?P<column>\d{1,9})\)?"
    r"(?P<more> \{)?"
)
"""A call; with ` {` at its end, the error's own properties follow."""

_CLASS_NAMED: Final = re.compile(r"\bError \[(\w+)\]: ")
"""How the name of an error is printed with its stack if that does not begin with it; the report has the name alone."""

_WRAPPER: Final = "Wrapper."
"""The class that wrangler derives from each of a project's."""

_MOST: Final = 100
"""Lines that wait for the report of their event; more are told without their place."""


class ConsoleStacks:
    """The console lines with stacks of one runtime.

    wrangler has workerd print such a line, with its stack, when it is written. The report of the event that wrote it
    comes later, and has its first line only.
    """

    def __init__(self, map_frame: MapFrame) -> None:
        """Initialize."""
        self._map_frame = map_frame
        self._places: deque[tuple[str, str, Place]] = deque(maxlen=_MOST)

    def rewritten(self, line: bytes) -> bytes:
        """Return a line of the log with the places of the source in its stack; other lines as they are."""
        if not line.startswith(b'{"timestamp"') or _STACK not in line:
            return line
        try:
            item = json.loads(line)
            level, message = str(item["level"]), str(item["message"])
        except (ValueError, LookupError, TypeError):
            return line
        lines, places = self._mapped(message.split("\n"))
        place = innermost(places)
        if place is None:
            return line
        self._places.append((level, _CLASS_NAMED.sub(r"\1: ", lines[0]), place))
        whole = json.dumps(item | {"message": "\n".join(lines)}, ensure_ascii=False, separators=(",", ":"))
        return whole.encode("utf-8", "replace") + b"\n"

    def _mapped(self, lines: list[str]) -> tuple[list[str], list[Place]]:
        """Return the lines with mapped stacks, without the calls that are not the worker's, and the first stack."""
        found: list[str] = []
        places: list[Place] = []
        ended = False
        for text in lines:
            if (frame := _FRAME.fullmatch(text)) is None:
                ended = ended or bool(places)
                found.append(text)
                continue
            place = self._map_frame(frame["script"], int(frame["line"]), int(frame["column"]))
            more = frame["more"] or ""
            if place is None:
                found[-1] += more
                continue
            at = f"{place.script}:{place.line}"
            function = (frame["function"] or "").replace(_WRAPPER, "")
            found.append(f"{frame['indent']}at " + (f"{function} ({at})" if function else at) + more)
            places += [] if ended else [place]
            ended = ended or bool(more)
        return found, places

    def placed(self, output: Output) -> Output:
        """Return what an event put out, with the places of the errors in its console lines."""
        lines = tuple(self._placed(each) if isinstance(each, Logged) else each for each in output.lines)
        return replace(output, lines=lines)

    def _placed(self, logged: Logged) -> Logged:
        first = logged.text.partition("\n")[0]
        for waiting in self._places:
            if waiting[:2] == (logged.level, first):
                self._places.remove(waiting)
                return replace(logged, place=waiting[2])
        return logged
