"""Parse what a worker threw and logged, as the side-car's tail handler prints it into the runtime's log."""

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from poc_cli.residency.trace import Place, innermost

LONGEST: Final = 4096
"""Characters of a message that are recorded; the runtime itself cuts the logs of an event at 256 KB."""

MOST_FRAMES: Final = 20

NOISE: Final = b"NOSENTRY reporting trace with exceptions, but no exception outcome"
"""The runtime's own warning whenever it reports an exception of a WebSocket handler."""

_FRAME: Final = re.compile(
    r"\s*at (?:(?P<function>[^(]*?) \()?(?P<script>[^()]+):(?P<line>\d{1,9}):(?P<column>\d{1,9})\)?"
)
_HANDLERS: Final = {"message": "webSocketMessage", "close": "webSocketClose", "error": "webSocketError"}
_STACK_LIMIT: Final = 10
"""Frames that V8 keeps of a stack, unless the worker sets another limit."""

_WRAPPER: Final = "Wrapper."
"""The class that wrangler derives from each of a project's."""

MapFrame = Callable[[str, int, int], Place | None]
"""Map script, line and column of a stack to the worker's source; None for a frame that is not the worker's."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of the worker's console, and when it was written, in milliseconds since 1970.

    `place` is the line of the worker's source that an error in it came from, as far as that is known.
    """

    level: str
    text: str
    at_unix_ms: int
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A call in a stack, in the worker's source."""

    function: str
    place: Place

    def __str__(self) -> str:
        place = f"{self.place.script}:{self.place.line}"
        return f"{self.function} ({place})" if self.function else place


@dataclass(frozen=True, slots=True)
class Threw:
    """An exception that nothing caught. `handler` is what threw it, None if that was a timer or a promise.

    `event` is the event that the runtime reports it with.
    """

    name: str
    message: str
    frames: tuple[Frame, ...]
    event: str
    handler: str | None
    at_unix_ms: int

    @property
    def place(self) -> Place | None:
        """Return the line that threw it: in the worker's own source, if any of the stack is."""
        return innermost(each.place for each in self.frames)


@dataclass(frozen=True, slots=True)
class Output:
    """What one event of a worker logged and threw, in the order in which it did.

    `object_id` is that of the Durable Object, None for a Worker; `url` that of a request.
    """

    class_name: str | None
    object_id: str | None
    url: str | None
    lines: tuple[Logged | Threw, ...]
    read_ns: int | None = None
    """When it was read from the log, on the monotonic clock."""

    @property
    def threw(self) -> Iterator[Threw]:
        """Yield the exceptions."""
        return (each for each in self.lines if isinstance(each, Threw))


def parse(line: bytes, mark: str, map_frame: MapFrame) -> Output | None:
    """Return the output that a line of the log holds, or None for any other line.

    The line is the mark and a JSON object; under wrangler that is the message of a structured log line.
    """
    _, found, text = line.partition(mark.encode() + b" ")
    if not found:
        return None
    try:
        if line.startswith(b"{"):
            text = json.loads(line)["message"].partition(" ")[2]
        return _output(json.loads(text), map_frame)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def of_stack(text: str, at_unix_ms: int, folder: Path) -> Threw:
    """Return an exception of a Worker's `fetch` by its text: name, message and a stack of source files.

    Files outside of the folder are wrangler's own.
    """

    def own(script: str, line: int, _: int) -> Place | None:
        file = script.removeprefix("file://")
        inside = file.startswith(f"{folder}/")
        return Place(os.path.relpath(file, folder), line) if inside else None

    said, at, stack = text.partition("\n    at ")
    name, colon, message = said.partition(": ")
    item = {"name": name if colon else "Error", "message": message if colon else said, "timestamp": at_unix_ms}
    return _threw(item | {"stack": at + stack}, "fetch", None, own)


def log_text(output: Output) -> str:
    """Return the lines for worker.log: the exceptions only, because the runtime itself prints what was logged."""
    whose = " ".join(filter(None, (output.class_name, output.object_id))) or "the Worker"
    found = ""
    for threw in output.threw:
        place = threw.place
        at = "" if place is None else f" at {place.script}:{place.line}"
        what = f"{threw.name}: {threw.message}"
        during = f"{what} was thrown during {threw.event or 'an event'} of {whose}"
        found += f"{threw.handler} of {whose} threw {what}{at}\n" if threw.handler else f"{during}{at}\n"
        found += "".join(f"    at {frame}\n" for frame in threw.frames)
    return found


def _output(item: dict[str, Any], map_frame: MapFrame) -> Output:
    kind = item["kind"]
    event = _event(kind)
    class_name = item.get("entrypoint")
    lines: list[Logged | Threw] = [
        Logged(str(each["level"]), _text(each["message"]), int(each["timestamp"])) for each in item["logs"]
    ]
    # An exception in blockConcurrencyWhile is reported up to three times (measured).
    lines += dict.fromkeys(_threw(each, event, class_name, map_frame) for each in item["exceptions"])
    lines.sort(key=lambda each: each.at_unix_ms)
    return Output(class_name, item.get("durableObjectId"), kind.get("url"), tuple(lines))


def _event(kind: dict[str, Any]) -> str:
    if kind.get("socket"):
        return _HANDLERS.get(kind["socket"], str(kind["socket"]))
    if kind.get("rpc"):
        return str(kind["rpc"])
    if kind.get("url"):
        return "fetch"
    return "alarm" if kind.get("scheduled") else ""


def _text(message: object) -> str:
    """Return the arguments of a call of the console as one line."""
    words = message if isinstance(message, list) else [message]
    return " ".join(each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in words)


def _threw(item: dict[str, Any], event: str, class_name: str | None, map_frame: MapFrame) -> Threw:
    functions: list[str] = []
    frames: list[Frame] = []
    for line in str(item.get("stack") or "").splitlines():
        if (found := _FRAME.fullmatch(line)) is None:
            continue
        function = (found["function"] or "").removeprefix("async ")
        if function.startswith(_WRAPPER) and class_name:
            function = f"{class_name}.{function.removeprefix(_WRAPPER)}"
        functions.append(function)
        place = map_frame(found["script"], int(found["line"]), int(found["column"]))
        if place is not None and len(frames) < MOST_FRAMES:
            frames.append(Frame(function, place))
    handler = _handler(functions, event)
    name, message = str(item.get("name")), str(item.get("message"))
    return Threw(name, message, tuple(frames), event, handler, int(item["timestamp"]))


def _handler(functions: list[str], event: str) -> str | None:
    """Return what threw, by the functions of the stack, innermost first; None if no handler is in it.

    Without a stack, as of a thrown text, it is the event's handler.
    """
    is_whole = len(functions) < _STACK_LIMIT
    if is_whole and functions and functions[-1].startswith("new "):  # called by the runtime itself
        return "constructor"
    if not functions or any(each.rpartition(".")[2] == event for each in functions):
        return event or None
    return None
