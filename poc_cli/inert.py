"""Escape control characters, so that untrusted text cannot control a terminal, a log or a page."""

import re
from typing import Final

_STYLES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def inert(text: str) -> str:
    """Return the text with every non-printable character escaped, line ends and tabs included."""
    if text.isprintable():  # the common case
        return text
    return "".join(character if character.isprintable() else escape(character) for character in text)


def inert_lines(text: str) -> str:
    """Return a multi-line text with each line escaped; a tab becomes a space, so that columns stay aligned."""
    return "\n".join(inert(line.replace("\t", " ")) for line in text.split("\n"))


def escape(character: str) -> str:
    """Return the escape sequence of a character."""
    return character.encode("unicode_escape").decode()


def without_styles(text: str) -> str:
    """Return a program's output without the escape sequences for colors and cursor movements."""
    return _STYLES.sub("", text)
