"""What a message is, what a step sends, and whether what arrived is what was expected."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from poc_cli.scenario.values import MISSING, Missing, Path, compact, equal, kind, shown, too_deep

LARGEST_MESSAGE: Final = 64 * 1024 * 1024
"""Bytes that `{ bytes = N }` may ask for: twice the most that a worker takes, so that its limit can be tested."""

DEEPEST_JSON: Final = 128
"""Levels of JSON that are read: twice what a scenario can expect, and far from what exhausts the stack."""

BYTES_SHOWN: Final = 16
"""Bytes of a binary message in a sentence: one line of a dump."""


def _no_constant(text: str) -> object:
    raise ValueError(text)  # NaN and Infinity, which Python reads and JSON does not know


# Kept, because `json.loads` with an option makes one for each text, which takes as long as reading a short one.
_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant)


@dataclass(frozen=True)
class Message:
    """One message as it arrived: text or bytes."""

    text: str | None = None
    data: bytes | None = None

    @cached_property
    def json(self) -> object | Missing:
        """Return the value that the text is JSON for.

        MISSING for other text, for bytes, and for JSON nested beyond DEEPEST_JSON levels.
        """
        if self.text is None:
            return MISSING
        try:
            value: object = _DECODER.decode(self.text)
        except (ValueError, RecursionError):
            return MISSING
        # Counting brackets first spares nearly every message the walk through its value.
        if self.text.count("[") + self.text.count("{") <= DEEPEST_JSON or too_deep(value, DEEPEST_JSON - 1) is None:
            return value
        return MISSING

    def __str__(self) -> str:
        """Return the message as one short inert line."""
        if self.data is not None:
            return f"{len(self.data)} bytes {_hex(self.data)}".rstrip()
        return shown(self.text) if self.json is MISSING or isinstance(self.json, str) else shown(self.json)


def matches(expected: object, message: Message, *, exact: bool = False) -> bool:
    """Return whether the message is the expected one; objects match as subsets unless `exact`.

    Raises ValueError where a template has made the expectation a malformed form.
    """
    return _mismatch(expected, message, exact=exact) is None


def difference(expected: object, message: Message, *, exact: bool = False) -> str:
    """Return a sentence that says where the message differs, empty where it does not. Raises as `matches`."""
    return _mismatch(expected, message, exact=exact) or ""


def expected_messages(expect: object) -> list[object]:
    """Return what each message in order must be: a bare list names several, anything else one."""
    return list(expect) if isinstance(expect, list) else [expect]


def payload(send: object) -> str | bytes:
    """Return what goes on the wire: text as it is, a form's text or bytes, anything else as JSON.

    Raises ValueError with a sentence for what cannot be sent.
    """
    name, content = _form(send)
    if name is None:
        return _text(send) if isinstance(send, str) else compact(send)
    return _FORMS[name](content)


def check_form(message: object) -> None:
    """Raise ValueError with a sentence where a form such as `{ hex = … }` is not written as it must be."""
    name, content = _form(message)
    if name == "bytes":
        _count(content)  # without making them: a file can ask for many times the memory that there is
    elif name is not None:
        _FORMS[name](content)


def _form(message: object) -> tuple[str | None, object]:
    """Return the form's name and content for a table whose only key is a form, (None, message) for anything else."""
    if isinstance(message, dict) and len(message) == 1:
        name, content = next(iter(message.items()))
        if name in _FORMS:
            return name, content
    return None, message


def _text(content: object) -> str:
    if not isinstance(content, str):  # the file is wrong, not the program
        raise ValueError(f"{{ text = … }} takes text, not {kind(content)}; as JSON: {{ json = {{ text = … }} }}")  # noqa: TRY004
    try:
        content.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{shown(content)} has no form in UTF-8 and cannot be sent as text") from None
    return content


def _from_hex(content: object) -> bytes:
    try:
        return bytes.fromhex(content if isinstance(content, str) else "?")
    except ValueError:
        raise ValueError(f"{{ hex = … }} takes pairs of hex digits, not {kind(content)}") from None


def _some_bytes(content: object) -> bytes:
    """Return that many bytes counting 0 to 255 over and over, so that a shifted echo differs from a true one."""
    count = _count(content)
    return (bytes(range(256)) * (count // 256 + 1))[:count]


def _count(content: object) -> int:
    if not isinstance(content, int) or isinstance(content, bool) or not 0 <= content <= LARGEST_MESSAGE:
        raise ValueError(f"{{ bytes = … }} takes a count of bytes up to {LARGEST_MESSAGE}, not {kind(content)}")
    return content


def _json_text(content: object) -> str:
    if not isinstance(content, str):
        raise ValueError(f"{{ json_text = … }} takes JSON in quotes, not {kind(content)}")  # noqa: TRY004
    if Message(text=content).json is MISSING:
        raise ValueError(f"{shown(content)} is not JSON")
    return _text(content)


_FORMS: Final[dict[str, Callable[[object], str | bytes]]] = {
    "json": compact,
    "text": _text,
    "hex": _from_hex,
    "bytes": _some_bytes,
    "json_text": _json_text,
}


def _mismatch(expected: object, message: Message, *, exact: bool) -> str | None:
    name, content = _form(expected)
    if name == "hex":
        wanted = _from_hex(content)
        return None if message.data == wanted else f"expected {Message(data=wanted)}, got {message}"
    if name == "bytes":
        fits = message.data is not None and len(message.data) == content
        return None if fits else f"expected {content} bytes, got {message}"
    if name == "text" or (name is None and isinstance(content, str)):
        return None if message.text == content else f"expected the text {shown(content)}, got {message}"
    if name == "json_text":
        content = Message(text=_json_text(content)).json
    if message.json is MISSING:
        return f"expected the JSON {shown(content)}, got {message}"
    return _json_mismatch(content, message.json, (), exact=exact)


def _json_mismatch(expected: object, actual: object, way: Path, *, exact: bool) -> str | None:
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _object_mismatch(expected, actual, way, exact=exact)
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return f"{_at(way)}expected {len(expected)} elements, got {len(actual)}: {shown(actual)}"
        for index, (wanted, item) in enumerate(zip(expected, actual, strict=True)):
            found = _json_mismatch(wanted, item, (*way, index), exact=exact)
            if found is not None:
                return found
        return None
    return None if equal(expected, actual) else f"{_at(way)}expected {shown(expected)}, got {shown(actual)}"


def _object_mismatch(expected: dict[str, object], actual: dict[str, object], way: Path, *, exact: bool) -> str | None:
    for key, wanted in expected.items():
        if key not in actual:
            return f"{_at((*way, key))}expected {shown(wanted)}, but it is missing in {shown(actual)}"
        found = _json_mismatch(wanted, actual[key], (*way, key), exact=exact)
        if found is not None:
            return found
    extra = next((key for key in actual if key not in expected), None) if exact else None
    return None if extra is None else f"{_at((*way, extra))}expected nothing, got {shown(actual[extra])}"


def _at(way: Path) -> str:
    """Return the path as conditions write it, followed by a colon; nothing for the whole message."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{_key(step)}" for step in way)
    return f"{steps.removeprefix('.')}: " if steps else ""


def _key(key: str) -> str:
    return key if key.replace("-", "_").isidentifier() else shown(key)


def _hex(data: bytes) -> str:
    return data[:BYTES_SHOWN].hex() + ("…" if len(data) > BYTES_SHOWN else "")
