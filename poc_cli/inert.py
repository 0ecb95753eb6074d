"""Text that a terminal, a log or a page shows and does not obey."""

import re
from typing import Final

_STYLES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def inert(text: str) -> str:
    """Return the text with every character that is not printable, line ends and tabs too, written as its escape."""
    if text.isprintable():  # the common case, which needs no look at each character
        return text
    return "".join(character if character.isprintable() else escape(character) for character in text)


def inert_lines(text: str) -> str:
    """Return a text of several lines with each line inert; a tab becomes a space, so that columns stay."""
    return "\n".join(inert(line.replace("\t", " ")) for line in text.split("\n"))


def escape(character: str) -> str:
    """Return a character as its escape."""
    return character.encode("unicode_escape").decode()


def without_styles(text: str) -> str:
    """Return a program's output without the escape sequences for colors and cursor movements."""
    return _STYLES.sub("", text)
