"""Text with styles, for terminals that have them and for those that do not.

Never lets a control character through: what a worker sent must not move a cursor or ring a bell.
"""

import unicodedata

Span = tuple[str, str]
"""A text and a style of rich's, empty for none."""

Line = list[Span]


def inert(text: str) -> str:
    """Give the text with control and format characters, line ends and unpaired surrogates written out as escapes."""
    if text.isprintable():  # the common case, which needs no look at each character
        return text
    return "".join(
        character if unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} else _escape(character)
        for character in text
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def span(text: object, style: str = "") -> Span:
    """Give a span of inert text."""
    return inert(str(text)), style


def plain(line: Line) -> str:
    """Give a line without its styles."""
    return "".join(text for text, _ in line).rstrip()
