"""Write values as TOML, as a person would write them."""

import json
import math
import re
from typing import Any, Final

from poc_cli.recorder.substitution import CLOSE, OPEN
from poc_cli.scenario.templates import names_in, render_text

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_INTEGERS: Final = range(-(2**63), 2**63)


class NotTomlError(ValueError):
    """A value that TOML cannot express: null, an integer beyond 64 bits, or text that is not Unicode."""


def toml(value: Any) -> str:
    """Return a value on one line. Raises NotTomlError."""
    if isinstance(value, dict):
        pairs = [f"{key(name)} = {toml(each)}" for name, each in value.items()]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value in _INTEGERS:
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if isinstance(value, str):
        return string(value)
    raise NotTomlError(repr(value))


def key(name: str) -> str:
    """Return a key, in quotes if it needs them."""
    return name if _BARE.fullmatch(name) else _quoted(name)


def string(text: str) -> str:
    """Return a text, whose templates have marks, with all other braces escaped where they would be a template."""
    pieces = re.split(f"({OPEN}[^{CLOSE}]*{CLOSE})", text)
    escaped = [
        each.replace(OPEN, "{").replace(CLOSE, "}") if each.startswith(OPEN) else _escaped(each) for each in pieces
    ]
    return _quoted("".join(escaped))


def _escaped(text: str) -> str:
    """Return a text that renders as itself."""
    if not names_in(text) and "{{" not in text and "}}" not in text:
        return text
    doubled = text.replace("{", "{{").replace("}", "}}")
    return doubled if render_text(doubled, {}) == text else text


def _quoted(text: str) -> str:
    """Return a text in quotes: single ones where that saves escapes."""
    if any(0xD800 <= ord(each) <= 0xDFFF for each in text):  # noqa: PLR2004 - surrogates
        raise NotTomlError(repr(text))
    plain = text.isprintable() and "'" not in text
    if plain and ('"' in text or "\\" in text):
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
