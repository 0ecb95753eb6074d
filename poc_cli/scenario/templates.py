"""Templates: `{name}` in a text is replaced by a value when the step is played."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from poc_cli.scenario.values import Path, compact, leaves

ENVIRONMENT: Final = "env."
"""What the names of environment variables begin with in templates: `{env.TOKEN}`."""

_NAME = r"(?:[a-z][a-z0-9_.]*|env\.[A-Za-z_][A-Za-z0-9_]*)"
_TOKEN = re.compile(r"\{\{|\}\}|\{(" + _NAME + r")\}")
_WHOLE = re.compile(r"\{(" + _NAME + r")\}")


class UnknownNameError(ValueError):
    """A template uses a name that is not bound."""

    def __init__(self, name: str) -> None:
        super().__init__(f'"{{{name}}}" is not defined here')
        self.name = name


def whole_name(text: str) -> str | None:
    """Return the name if the text is a single template and nothing else, None otherwise."""
    match = _WHOLE.fullmatch(text)
    return match[1] if match else None


def render(value: object, names: Mapping[str, object]) -> object:
    """Return the value with the templates in all its texts replaced, at any depth; keys are not changed.

    A text that is a single template becomes the named value, with its type. In longer text, a string is inserted as
    it is and anything else as JSON. Raises UnknownNameError, or ValueError for a value that JSON cannot represent.
    """
    if isinstance(value, str):
        return _render_text(value, names)
    if isinstance(value, dict):
        return {key: render(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [render(item, names) for item in value]
    return value


def render_text(text: str, names: Mapping[str, object]) -> str:
    """Return the text with its templates replaced, always as text. Raises as `render`."""
    filled = _render_text(text, names)
    return filled if isinstance(filled, str) else compact(filled)


def names_in(value: object) -> set[str]:
    """Return the names of all templates in the value, at any depth."""
    return {name for _, name in templates_in(value)}


def variables_in(value: object) -> frozenset[str]:
    """Return the names of templates that stand for environment variables, with their `env.`."""
    return frozenset(name for name in names_in(value) if name.startswith(ENVIRONMENT))


def templates_in(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the path and name of each template in the value, in order."""
    for way, leaf in leaves(value, path):
        if isinstance(leaf, str) and "{" in leaf:
            yield from ((way, name) for _, name in _tokens(leaf) if name is not None)


def _render_text(text: str, names: Mapping[str, object]) -> object:
    if "{" not in text:
        return text
    whole = whole_name(text)
    if whole is not None:
        return _bound(whole, names)
    pieces: list[str] = []
    for literal, name in _tokens(text):
        pieces.append(literal)
        if name is not None:
            value = _bound(name, names)
            pieces.append(value if isinstance(value, str) else compact(value))
    return "".join(pieces)


def _bound(name: str, names: Mapping[str, object]) -> object:
    if name not in names:
        raise UnknownNameError(name)
    return names[name]


def _tokens(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield the text in pieces: the literal text before a template, and the template's name (None at the end).

    `{{` is an escaped brace, and so is the matching `}}`. A `}}` without a match stays two braces, because nested
    JSON ends like this and must reach the worker unchanged.
    """
    start = opened = 0
    literal = ""
    for match in _TOKEN.finditer(text):
        literal += text[start : match.start()]
        start = match.end()
        if match[1] is not None:
            yield literal, match[1]
            literal = ""
        elif match[0] == "{{":
            literal += "{"
            opened += 1
        elif opened:
            literal += "}"
            opened -= 1
        else:
            literal += "}}"
    yield literal + text[start:], None
