"""Format names, messages and values for the sentences that describe a scenario, escaped for display."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from poc_cli.inert import inert

LONGEST_MESSAGE: Final = 240
"""The longest message that is shown, in characters: three lines of a terminal."""

SHORT_MESSAGE: Final = 56
"""The longest message that is kept on one line; breaking before a longer one would leave half the line empty."""

KEPT: Final = "\N{NO-BREAK SPACE}"
"""A space at which lines are not broken. It cannot occur in messages, because `inert` escapes it."""

EVERY: Final = "*"


def several(number: int, noun: str) -> str:
    """Return a number with its noun, which takes an s if there is not one."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str], every: str) -> str:
    """List names like `ann, bob and eve`; `every` stands for `*` and for an empty list."""
    if not names or EVERY in names:
        return every
    quoted = [inert(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def clients(names: Sequence[str]) -> str:
    """List the clients that a step names."""
    return listed(names, "every client")


def objects(names: Sequence[str] | None) -> str:
    """List the objects that a step names."""
    return listed(names or [], "the object")


def do(names: Sequence[str], verb: str) -> str:
    """Return subject and verb: `ann sends`, `every client sends`, `ann and bob each send`."""
    if len(names) == 1:
        return f"{clients(names)} {verb}"
    return f"{clients(names)} each {verb.removesuffix('s')}"


def message(value: object) -> str:
    """Describe a message as it is sent, truncated if long; forms such as `{ hex = … }` are put in words."""
    if isinstance(value, dict) and len(value) == 1:
        form, content = next(iter(value.items()))
        if form in _FORMS:
            return _FORMS[form](content)
    return cut(value)


def cut(value: object) -> str:
    """Return a value as JSON, truncated if long."""
    text = inert(json.dumps(value, ensure_ascii=False, default=str))
    if len(text) > LONGEST_MESSAGE:
        text = text[: LONGEST_MESSAGE - 1] + "…"
    return text.replace(" ", KEPT) if len(text) <= SHORT_MESSAGE else text.replace("  ", KEPT * 2)


_FORMS: Final[Mapping[str, Callable[[object], str]]] = {
    "json": cut,
    "text": lambda content: f"the text {cut(content)}",
    "file": lambda content: f"the file {inert(str(content))}",
    "hex": lambda content: f"the bytes {inert(str(content))}",
    "bytes": lambda content: f"{inert(str(content))} bytes",
    "match": lambda content: f"a text that matches {cut(content)}",
    "hex_match": lambda content: f"bytes whose hex digits match {cut(content)}",
    "hex_prefix": lambda content: f"bytes that begin with {inert(str(content))}",
    "json_text": lambda content: f"the JSON {inert(str(content))}",
}


def closing(code: int | None, reason: str | None) -> str:
    """Describe the expected code and reason of a close; the empty string if there are none."""
    parts = [f"code {code}"] if code is not None else []
    parts += [f"the reason {cut(reason)}"] if reason is not None else []
    return " and ".join(parts)
