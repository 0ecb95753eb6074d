"""How names, messages and values are written in the sentences that describe a scenario: all inert."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from poc_cli.inert import inert

LONGEST_MESSAGE: Final = 240
"""Characters of a message that are told: three lines of a terminal."""

SHORT_MESSAGE: Final = 56
"""Characters of a message that is told on one line; beyond this, 80 columns would be left half empty."""

KEPT: Final = "\N{NO-BREAK SPACE}"
"""A space of a message at which no line may end. No message has one of its own: `inert` writes it as its code."""

EVERY: Final = "*"


def listed(names: Sequence[str], every: str) -> str:
    """Return names as people list them: `ann, bob and eve`; `every` for the star and for no names at all."""
    if not names or EVERY in names:
        return every
    quoted = [inert(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def clients(names: Sequence[str]) -> str:
    """Return the clients that a step names."""
    return listed(names, "every client")


def objects(names: Sequence[str] | None) -> str:
    """Return the objects that a step names."""
    return listed(names or [], "the object")


def do(names: Sequence[str], verb: str) -> str:
    """Return who does what: `ann sends`, `every client sends`, `ann and bob each send`."""
    if len(names) == 1:
        return f"{clients(names)} {verb}"
    return f"{clients(names)} each {verb.removesuffix('s')}"


def message(value: object) -> str:
    """Return a message as it goes over the wire, cut when long; forms are told in words."""
    if isinstance(value, dict) and len(value) == 1:
        form, content = next(iter(value.items()))
        if form in _FORMS:
            return _FORMS[form](content)
    return cut(value)


def cut(value: object) -> str:
    """Return a value as JSON, cut when long."""
    text = inert(json.dumps(value, ensure_ascii=False, default=str))
    if len(text) > LONGEST_MESSAGE:
        text = text[: LONGEST_MESSAGE - 1] + "…"
    return text.replace(" ", KEPT) if len(text) <= SHORT_MESSAGE else text.replace("  ", KEPT * 2)


_FORMS: Final[Mapping[str, Callable[[object], str]]] = {
    "json": cut,
    "text": lambda content: f"the text {cut(content)}",
    "hex": lambda content: f"the bytes {inert(str(content))}",
    "bytes": lambda content: f"{inert(str(content))} bytes",
    "json_text": lambda content: f"the JSON {inert(str(content))}",
}


def closing(code: int | None, reason: str | None) -> str:
    """Return what a close must bring: its code, its reason or both; the empty text for neither."""
    told = [f"code {code}"] if code is not None else []
    told += [f"the reason {cut(reason)}"] if reason is not None else []
    return " and ".join(told)
