"""Messages: what a step sends, and whether a received message matches an expected one."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final, Literal

from pydantic_core import from_json

from poc_cli.scenario.patterns import FilledPattern, Groups, Pattern, compiled, compiled_hex, filled
from poc_cli.scenario.templates import render
from poc_cli.scenario.values import MISSING, Missing, Path, compact, equal, kind, shown, too_deep

LARGEST_MESSAGE: Final = 64 * 1024 * 1024
"""The largest `{ bytes = N }`: twice the limit of a worker, so that its limit can be tested."""

DEEPEST_JSON: Final = 128
"""The deepest JSON that is parsed: twice what a scenario can expect, and far from exhausting the stack."""

BYTES_SHOWN: Final = 16
"""Bytes of a binary message that are shown."""


def _no_constant(text: str) -> object:
    raise ValueError(text)  # NaN and Infinity, which Python accepts but JSON does not have


# Reused, because `json.loads` with an option creates a decoder per call, which takes as long as a short text.
_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant)


_BEGINS_JSON: Final = frozenset(' \t\n\r{["-0123456789tfn')

_SHORT: Final = 1024

Decoder = Literal["json-after-prefix"]
"""How the JSON of a client's messages is found, where it is not the whole text."""

OWN: Final = ("@text", "@hex", "@prefix")
"""The paths to a message itself: its text, its bytes in hex, and the text before its JSON."""

_BRACKET: Final = re.compile(r"[{\[]")


@dataclass(frozen=True)
class Message:
    """One message as it arrived: text or bytes."""

    text: str | None = None
    data: bytes | None = None
    decoder: Decoder | None = None

    @cached_property
    def json(self) -> object | Missing:
        """Return the text parsed as JSON.

        MISSING for other text, for bytes, and for JSON nested more than DEEPEST_JSON levels deep.
        """
        return self._decoded[1]

    @property
    def prefix(self) -> str | None:
        """Return the text before the JSON, None if there is no JSON. Without a decoder it is empty."""
        prefix, value = self._decoded
        return None if value is MISSING else prefix

    @cached_property
    def _decoded(self) -> tuple[str, object | Missing]:
        """Return the text before the JSON, and the JSON."""
        if self.text is None:
            return "", MISSING
        value = _shallow_json(self.text)
        if value is not MISSING or self.decoder is None:
            return "", value
        bracket = _BRACKET.search(self.text)
        if bracket is None:
            return "", MISSING
        return self.text[: bracket.start()], _shallow_json(self.text[bracket.start() :])

    def __str__(self) -> str:
        """Return the message on one short line, escaped for display."""
        if self.data is not None:
            return f"{len(self.data)} bytes {_hex(self.data)}".rstrip()
        return shown(self.text) if self.json is MISSING or isinstance(self.json, str) else shown(self.json)


def _shallow_json(text: str) -> object | Missing:
    value = _json(text)
    if value is MISSING:
        return MISSING
    # Counting brackets first avoids walking through the value of nearly every message.
    if text.count("[") + text.count("{") <= DEEPEST_JSON or too_deep(value, DEEPEST_JSON - 1) is None:
        return value
    return MISSING


def _json(text: str) -> object | Missing:
    if text[:1] not in _BEGINS_JSON:
        return MISSING
    try:
        value: object = from_json(text, allow_inf_nan=False)
    except (ValueError, TypeError):
        return _json_read_slowly(text)
    return value


def _json_read_slowly(text: str) -> object | Missing:
    """Parse with the standard library, which accepts lone surrogates and deeper nesting."""
    try:
        value: object = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return MISSING
    return value


def text_message(text: str, decoder: Decoder | None = None) -> Message:
    """Return a text message. Short messages are cached, so that repeated ones are parsed once."""
    return _short_message(text, decoder) if len(text) <= _SHORT else Message(text, None, decoder)


@lru_cache(maxsize=16_384)
def _short_message(text: str, decoder: Decoder | None) -> Message:
    return Message(text, None, decoder)


class MatchedText(str):
    """Text out of a message: what a group matched, or the message itself. Compared with a number, it is read as one."""

    __slots__ = ()

    @property
    def number(self) -> float | Missing:
        """Return the number that the text is, MISSING if it is none."""
        value = _json(self)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else MISSING


@dataclass(frozen=True, slots=True)
class Content:
    """What the paths of conditions and captures see: a message, and what the groups of a pattern matched in it."""

    message: Message
    groups: Groups = field(default_factory=dict)

    def own(self, name: str) -> MatchedText | Missing:
        """Return a part of the message itself, by a name in OWN."""
        message = self.message
        if name == "@hex":
            return MISSING if message.data is None else MatchedText(message.data.hex())
        text = message.prefix if name == "@prefix" else message.text
        return MISSING if text is None else MatchedText(text)


def content_of(expected: object, message: Message) -> Content:
    """Return what paths see of a message that matches what is expected."""
    name, content = _form(expected)
    looks = _PATTERNS.get(name or "")
    return Content(message, {} if looks is None else looks(content, message) or {})


def groups_of(expected: object) -> frozenset[str]:
    """Return the names of the groups of an expected pattern; none for anything else, or if it is not valid."""
    name, content = _form(expected)
    try:
        return compiled(content).names if name in _PATTERNS else frozenset()
    except ValueError:
        return frozenset()


def fill(expected: object, names: Mapping[str, object]) -> object:
    """Return an expected message with its templates replaced; in patterns, by texts that match only themselves.

    Raises as `render`.
    """
    name, content = _form(expected)
    if name in _PATTERNS and isinstance(content, str):
        return {name: filled(content, names)}
    return render(expected, names)


def looks_at_keys(expected: object) -> bool:
    """Return whether an expected message is a JSON object whose keys stand in the file as they are."""
    return isinstance(expected, dict) and _form(expected)[0] is None


def json_of(expected: object) -> object | Missing:
    """Return the JSON that an expected message is compared with key by key, MISSING for any other form."""
    name, content = _form(expected)
    if name == "json_text" and isinstance(content, str):
        return Message(text=content).json
    is_json = name == "json" or (name is None and expected is not None and not isinstance(expected, str))
    return content if is_json else MISSING


def matches(expected: object, message: Message, *, exact: bool = False) -> bool:
    """Return whether the message matches; extra keys in objects are allowed unless `exact`.

    Raises ValueError if a template made the expectation malformed.
    """
    return _mismatch(expected, message, exact=exact) is None


def difference(expected: object, message: Message, *, exact: bool = False) -> str:
    """Describe where the message differs; the empty string if it matches. Raises as `matches`."""
    mismatch = _mismatch(expected, message, exact=exact)
    return "" if mismatch is None else mismatch()


def expected_messages(expect: object) -> list[object]:
    """Return the expected messages in order: a list is several messages, anything else is one."""
    return list(expect) if isinstance(expect, list) else [expect]


def payload(send: object) -> str | bytes:
    """Return what is sent: text unchanged, the text or bytes of a form such as `{ hex = … }`, or JSON.

    Raises ValueError with a message for users if it cannot be sent.
    """
    name, content = _form(send)
    if name is None:
        return _text(send) if isinstance(send, str) else compact(send)
    if name == _FILE:
        raise ValueError("{ file = … } can only be sent by a step of a story")
    if name not in _FORMS:
        raise ValueError(f"{{ {name} = … }} says what is expected and cannot be sent; as JSON: {_as_json(name)}")
    return _FORMS[name](content)


def file_sent(send: object) -> str | None:
    """Return the file, relative to the scenario's, that a `{ file = … }` sends; None for any other message.

    Raises ValueError with a message for users if it is not the path of one.
    """
    name, content = _form(send)
    return _file(content) if name == _FILE else None


def is_sent_as_text(file: str) -> bool:
    """Return whether a file is sent as a text message, by its name; any other is sent as bytes."""
    return file.endswith((".json", ".txt"))


def length_asked(send: object) -> int:
    """Return the number of bytes that a `{ bytes = … }` asks for, 0 for any other message.

    Raises ValueError with a message for users if it is not a number of bytes.
    """
    name, content = _form(send)
    return _count(content) if name == "bytes" else 0


def bytes_in_pieces(count: int) -> bytearray:
    """Return what `{ bytes = … }` sends, in a way that lets other threads run meanwhile.

    One multiplication holds the interpreter's lock for 0.1 to 0.3 s at 32 MiB (measured).
    """
    piece = bytes(range(256)) * 1024
    made = bytearray()
    while len(made) < count:
        made += piece[: count - len(made)]
    return made


def check_form(message: object, *, sent: bool = False) -> None:
    """Raise ValueError with a message for users if a form such as `{ hex = … }` is malformed, or cannot be `sent`."""
    name, content = _form(message)
    if name == "bytes":
        _count(content)  # without creating them: a file can ask for more bytes than fit into memory
    elif name == _FILE:
        if not sent:
            raise ValueError(f"{{ file = … }} can be sent, not expected; as JSON: {_as_json('file')}")
        _file(content)
    elif name is not None and sent:
        payload(message)
    elif name is not None:
        (_FORMS | _ONLY_EXPECTED)[name](content)


def pattern_of(expected: object) -> Pattern | None:
    """Return the pattern of an expected message, None if it has none. Raises ValueError if it is not valid."""
    name, content = _form(expected)
    check = _ONLY_EXPECTED.get(name or "")
    found = None if check is None else check(content)
    return found if isinstance(found, Pattern) else None


def _form(message: object) -> tuple[str | None, object]:
    """Return the name and content of a form (a table whose only key names one), or (None, message)."""
    if isinstance(message, dict) and len(message) == 1:
        name, content = next(iter(message.items()))
        if name in _FORMS or name in _ONLY_EXPECTED or name == _FILE:
            return name, content
    return None, message


def _as_json(name: str) -> str:
    return f"{{ json = {{ {name} = … }} }}"


def _file(content: object) -> str:
    if not isinstance(content, str) or not content or content.startswith("/") or ".." in content.split("/"):
        reason = f"{{ file = … }} takes the path of a file beside the scenario, not {shown(content)}"
        raise ValueError(f"{reason}; as JSON: {_as_json('file')}")
    return content


def _text(content: object) -> str:
    if not isinstance(content, str):  # the file is wrong, not the program
        raise ValueError(f"{{ text = … }} takes text, not {kind(content)}; as JSON: {_as_json('text')}")  # noqa: TRY004
    try:
        content.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{shown(content)} cannot be encoded as UTF-8, so it cannot be sent as text") from None
    return content


def _from_hex(content: object) -> bytes:
    try:
        return bytes.fromhex(content if isinstance(content, str) else "?")
    except ValueError:
        raise ValueError(f"{{ hex = … }} takes pairs of hex digits, not {kind(content)}") from None


def _some_bytes(content: object) -> bytes:
    """Return `content` bytes that cycle through 0 to 255, so that a shifted echo is detected."""
    count = _count(content)
    return (bytes(range(256)) * (count // 256 + 1))[:count]


def _count(content: object) -> int:
    if not isinstance(content, int) or isinstance(content, bool) or not 0 <= content <= LARGEST_MESSAGE:
        raise ValueError(f"{{ bytes = … }} takes a number of bytes up to {LARGEST_MESSAGE}, not {kind(content)}")
    return content


def _json_text(content: object) -> str:
    if not isinstance(content, str):
        raise ValueError(f"{{ json_text = … }} takes JSON in quotes, not {kind(content)}")  # noqa: TRY004
    if Message(text=content).json is MISSING:
        raise ValueError(f"{shown(content)} is not JSON")
    return _text(content)


_FILE: Final = "file"
"""The form of a message that is in a file beside the scenario; only the engine reads it."""

_FORMS: Final[dict[str, Callable[[object], str | bytes]]] = {
    "json": compact,
    "text": _text,
    "hex": _from_hex,
    "bytes": _some_bytes,
    "json_text": _json_text,
}


def _prefix(content: object) -> bytes:
    try:
        found = _from_hex(content)
    except ValueError:
        raise ValueError(f"{{ hex_prefix = … }} takes pairs of hex digits, not {kind(content)}") from None
    if not found:
        raise ValueError('every binary message begins with nothing; for any of them, use where = ["@hex exists"]')
    return found


def _text_pattern(content: object) -> Pattern:
    if not isinstance(content, str | FilledPattern):
        reason = f"{{ match = … }} takes a pattern in quotes, not {kind(content)}; as JSON: {_as_json('match')}"
        raise ValueError(reason)  # noqa: TRY004 - the file is wrong, not the program
    return compiled(content)


_ONLY_EXPECTED: Final[dict[str, Callable[[object], object]]] = {
    "match": _text_pattern,
    "hex_match": compiled_hex,
    "hex_prefix": _prefix,
}
"""Forms of expected messages that cannot be sent, each with what checks its content."""


def _match_text(content: object, message: Message) -> Groups | None:
    return None if message.text is None else compiled(content).search(message.text)


def _match_hex(content: object, message: Message) -> Groups | None:
    return None if message.data is None else compiled_hex(content).search(message.data.hex())


_PATTERNS: Final[dict[str, Callable[[object, Message], Groups | None]]] = {
    "match": _match_text,
    "hex_match": _match_hex,
}
"""The forms that are patterns, each with what searches a message."""


_Why = Callable[[], str]
"""Describes where a message differs. A function, because usually only the result of the comparison is needed."""


def _mismatch(expected: object, message: Message, *, exact: bool) -> _Why | None:
    name, content = _form(expected)
    if name in BINARY:
        return _binary_mismatch(name, content, message)
    if name == "match":
        fits = _match_text(content, message) is not None
        got = message if message.text is None else shown(message.text)  # JSON too is the text that it is
        return None if fits else lambda: f"expected a text that matches {shown(content)}, got {got}"
    if name == "text" or (name is None and isinstance(content, str)):
        return None if message.text == content else lambda: f"expected the text {shown(content)}, got {message}"
    if name == "json_text":
        content = Message(text=_json_text(content)).json
    if message.json is MISSING:
        return lambda: f"expected the JSON {shown(content)}, got {message}"
    return _json_mismatch(content, message.json, (), exact=exact)


BINARY: Final = frozenset({"hex", "bytes", "hex_prefix", "hex_match"})
"""Forms of binary messages."""


def _binary_mismatch(name: str, content: object, message: Message) -> _Why | None:
    data = message.data
    if name == "hex":
        fits, wanted = data == _from_hex(content), str(Message(data=_from_hex(content)))
    elif name == "bytes":
        fits, wanted = data is not None and len(data) == content, f"{content} bytes"
    elif name == "hex_prefix":
        begin = _prefix(content)
        fits, wanted = data is not None and data.startswith(begin), f"bytes that begin with {begin.hex()}"
    else:
        fits, wanted = _match_hex(content, message) is not None, f"bytes whose hex digits match {shown(content)}"
    return None if fits else lambda: f"expected {wanted}, got {message}"


def _json_mismatch(expected: object, actual: object, way: Path, *, exact: bool) -> _Why | None:
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _object_mismatch(expected, actual, way, exact=exact)
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return lambda: f"{_at(way)}expected {len(expected)} elements, got {len(actual)}: {shown(actual)}"
        for index, (wanted, item) in enumerate(zip(expected, actual, strict=True)):
            found = _json_mismatch(wanted, item, (*way, index), exact=exact)
            if found is not None:
                return found
        return None
    return None if equal(expected, actual) else lambda: f"{_at(way)}expected {shown(expected)}, got {shown(actual)}"


def _object_mismatch(expected: dict[str, object], actual: dict[str, object], way: Path, *, exact: bool) -> _Why | None:
    for key, wanted in expected.items():
        if key not in actual:
            return lambda: f"{_at((*way, key))}expected {shown(wanted)}, but it is missing in {shown(actual)}"
        found = _json_mismatch(wanted, actual[key], (*way, key), exact=exact)
        if found is not None:
            return found
    extra = next((key for key in actual if key not in expected), None) if exact else None
    return None if extra is None else lambda: f"{_at((*way, extra))}expected nothing, got {shown(actual[extra])}"


def place_of(way: Path) -> str:
    """Return a path in the syntax of conditions; the empty string for the whole message."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{_key(step)}" for step in way)
    return steps.removeprefix(".")


def _at(way: Path) -> str:
    place = place_of(way)
    return f"{place}: " if place else ""


def _key(key: str) -> str:
    return key if key.replace("-", "_").isidentifier() else shown(key)


def _hex(data: bytes) -> str:
    return data[:BYTES_SHOWN].hex() + ("…" if len(data) > BYTES_SHOWN else "")
