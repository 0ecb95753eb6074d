"""Parse lines of workerd's async trace (`--async-trace`, format version 1)."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from pydantic_core import from_json


class BadLineError(ValueError):
    """A line that does not follow the trace format."""


class Place(NamedTuple):
    """A line in the worker's own source, or in a package of it if no line of its own is known.

    `package` is the line of a package that this line led to, as (script, line).
    """

    script: str
    line: int
    package: tuple[str, int] | None = None


class ContextBegan(NamedTuple):
    """An object entered memory, or (without an actor) a Worker received a request."""

    ctx: int
    isolate: int
    worker: str
    actor: str | None
    at: int


class ContextEnded(NamedTuple):
    """The context ended."""

    ctx: int
    at: int


class Began(NamedTuple):
    """A request, timer, operation or wait began; `trigger` is the id of its cause, or 0."""

    ctx: int
    id: int
    kind: str
    name: str
    trigger: int
    at: int
    stack: int | None


class Finished(NamedTuple):
    """Work ended; `outcome` is None if it was dropped (a cleared timer)."""

    ctx: int
    id: int
    at: int
    outcome: str | None


class Answered(NamedTuple):
    """An operation got an HTTP response, so it did not become a WebSocket."""

    ctx: int
    id: int


class Called(NamedTuple):
    """The context called the object with this id."""

    ctx: int
    object_id: str


class Linked(NamedTuple):
    """A request of this context was made by another context, over a service binding or as a call of an object."""

    ctx: int
    from_ctx: int


class AlarmSet(NamedTuple):
    """The object set an alarm for this time, in nanoseconds since 1970."""

    ctx: int
    due_unix_ns: int


class Header(NamedTuple):
    """The first line: the start of the trace's clock, in nanoseconds since 1970."""

    epoch_unix_ns: int


class Turn(NamedTuple):
    """The context ran JavaScript from `began` to `at`."""

    ctx: int
    at: int
    began: int


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack where work began; `place` is None if no frame is in the worker's own source."""

    isolate: int
    id: int
    place: Place | None
    frames: list[Any] = field(default_factory=list, compare=False, repr=False)


class ProcessExited(NamedTuple):
    """The runtime exited; contexts that are still open ended with it."""

    at: int


Line = (
    Header
    | ContextBegan
    | ContextEnded
    | Began
    | Finished
    | Answered
    | Called
    | Linked
    | AlarmSet
    | Turn
    | Stack
    | ProcessExited
)

_STATUS = "http.response.status_code"
_ALARM = "cloudflare.durable_object.alarm.scheduled_time"
_CALLED = "objectId"

# Half of all lines; every `before` and `after` lies within a turn, which has a line of its own.
_IGNORED = (b'{"e":"before"', b'{"e":"after"')
_ANNOTATION = b'{"e":"annotate"'
_KEY = b'"k":"'
_READ_KEYS = tuple(_KEY + key.encode() for key in (_STATUS, _ALARM, _CALLED))
_TURN_START = b'{"e":"turn"'
_TURN = re.compile(rb'\{"e":"turn","ctx":([0-9]{1,18}),[^{}]*"locked":([0-9]{1,18}),"end":([0-9]{1,18})\}\s*')
_LINK_START = b'{"e":"link"'
_LINK = re.compile(rb'\{"e":"link","ctx":([0-9]{1,18}),[^{}]*"fromCtx":([0-9]{1,18}),[^{}]*\}\s*')
_STACK_START = b'{"e":"stack"'
_STACK = re.compile(rb'\{"e":"stack","iso":([0-9]{1,18}),"id":([0-9]{1,18}),"frames":(\[.*\])\}\s*')

# Modules of the runtime itself; its timers put three frames of their own before the caller's.
_BUILT_IN: Final = ("node-internal:", "cloudflare-internal:", "node:", "cloudflare:", "workerd:")
_PACKAGES: Final = "node_modules"


def parse(line: str | bytes) -> Line | None:
    """Return the parsed line, or None for a line that residency does not need. Raises BadLineError."""
    raw = line.encode("utf-8", "replace") if isinstance(line, str) else line
    if raw.startswith(_IGNORED):
        return None
    if raw.startswith(_ANNOTATION) and (key := raw.find(_KEY)) >= 0 and not raw.startswith(_READ_KEYS, key):
        return None
    if raw.startswith(_TURN_START) and (turn := _TURN.fullmatch(raw)):
        return Turn(int(turn[1]), int(turn[3]), int(turn[2]))
    if raw.startswith(_LINK_START) and (link := _LINK.fullmatch(raw)):
        return Linked(int(link[1]), int(link[2]))
    if raw.startswith(_STACK_START) and (stack := _fast_stack(raw)):
        return stack
    fields = _json(raw)
    if not isinstance(fields, dict):
        raise BadLineError("not a JSON object")
    event = fields.get("e")
    reader = _READERS.get(event) if isinstance(event, str) else None
    if reader is None:
        raise BadLineError("unknown event")
    return reader(fields)


def _fast_stack(raw: bytes) -> Stack | None:
    if (found := _STACK.fullmatch(raw)) is None:
        return None
    try:
        frames, place = _frames(found[3])
    except BadLineError:
        return None  # not only frames: parsed as a whole line
    return Stack(int(found[1]), int(found[2]), place, frames)


@lru_cache(maxsize=1024)
def _frames(text: bytes) -> tuple[list[Any], Place | None]:
    """Return a stack's frames and source location; cached because a worker has few stacks, which repeat."""
    value = _json(text)
    frames = value if isinstance(value, list) else []
    return frames, own_place(frames)


def _json(raw: bytes) -> Any:
    """Parse JSON; the standard library's slower parser accepts a little more than pydantic's."""
    try:
        return from_json(raw)
    except ValueError:
        pass
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadLineError("not a JSON line") from error


def _number(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or value < 0:
        raise BadLineError(f'"{name}" is not a whole number')
    return value


def _number_if_given(fields: dict[str, Any], name: str) -> int | None:
    return None if fields.get(name) is None else _number(fields, name)


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise BadLineError(f'"{name}" is not a string')
    return value


def _context_began(fields: dict[str, Any]) -> Line:
    actor = None if fields.get("actor") is None else _text(fields, "actor")
    return ContextBegan(
        _number(fields, "ctx"), _number(fields, "iso"), _text(fields, "worker"), actor, _number(fields, "at")
    )


def _began(fields: dict[str, Any]) -> Line:
    return Began(
        _number(fields, "ctx"),
        _number(fields, "id"),
        _text(fields, "kind"),
        _text(fields, "name"),
        _number(fields, "trigger"),
        _number(fields, "at"),
        _number_if_given(fields, "stack"),
    )


def _stack(fields: dict[str, Any]) -> Line:
    value = fields.get("frames")
    frames = value if isinstance(value, list) else []
    return Stack(_number(fields, "iso"), _number(fields, "id"), own_place(frames), frames)


def _annotated(fields: dict[str, Any]) -> Line | None:
    match fields.get("k"):
        case str(key) if key == _STATUS:
            return Answered(_number(fields, "ctx"), _number(fields, "id"))
        case str(key) if key == _CALLED:
            return Called(_number(fields, "ctx"), _text(fields, "v"))
        case str(key) if key == _ALARM:
            return AlarmSet(_number(fields, "ctx"), _unix_ns(_text(fields, "v")))
    return None


def _unix_ns(text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadLineError("not a time") from error
    if time.tzinfo is None:
        raise BadLineError("a time without a time zone")
    # Whole milliseconds, as the runtime writes them; a float of nanoseconds would not be exact.
    return round(time.timestamp() * 1000) * 1_000_000


def own_place(frames: list[Any]) -> Place | None:
    """Return the innermost frame in the worker's own source, else in a package of it, or None."""
    return innermost(_own_places(frames))


def _own_places(frames: list[Any]) -> Iterator[Place]:
    for frame in frames:
        if not isinstance(frame, dict):
            continue
        script, line = frame.get("script"), frame.get("line")
        if isinstance(script, str) and script and not is_built_in(script) and type(line) is int:
            yield Place(script, line)


def is_built_in(script: str) -> bool:
    """Return whether a script is a module of the runtime itself."""
    return script.startswith(_BUILT_IN)


def innermost(places: Iterable[Place]) -> Place | None:
    """Return the first place outside of packages, with the package's place before it; else the first of all."""
    package: Place | None = None
    for place in places:
        if not in_package(place.script):
            return place if package is None else joined(place, package)
        package = package or place
    return package


def joined(own: Place, package: Place) -> Place:
    """Return a place of the worker's own source with the package's place that it led to."""
    return own._replace(package=(package.script, package.line))


def in_package(script: str) -> bool:
    """Return whether a script belongs to a package that the worker uses."""
    return _PACKAGES in script.split("/")


def _nothing(_fields: dict[str, Any]) -> Line | None:
    return None


_READERS: dict[str, Callable[[dict[str, Any]], Line | None]] = {
    "ctx": _context_began,
    "ctx_end": lambda fields: ContextEnded(_number(fields, "ctx"), _number(fields, "at")),
    "init": _began,
    "settle": lambda fields: Finished(
        _number(fields, "ctx"), _number(fields, "id"), _number(fields, "at"), _text(fields, "outcome")
    ),
    "destroy": lambda fields: Finished(_number(fields, "ctx"), _number(fields, "id"), _number(fields, "at"), None),
    "annotate": _annotated,
    "turn": lambda fields: Turn(
        _number(fields, "ctx"), _number(fields, "end"), _number_if_given(fields, "locked") or _number(fields, "end")
    ),
    "stack": _stack,
    "exit": lambda fields: ProcessExited(_number(fields, "at")),
    "header": lambda fields: Header(_number(fields, "epochUnixMs") * 1_000_000),
    "before": _nothing,
    "after": _nothing,
    "link": lambda fields: Linked(_number(fields, "ctx"), _number(fields, "fromCtx")),
}
