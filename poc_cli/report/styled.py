"""Text with styles for the terminal."""

from poc_cli.inert import inert

Span = tuple[str, str]
"""A text and a rich style, empty for none."""

Line = list[Span]


def span(text: object, style: str = "") -> Span:
    """Return a span of inert text."""
    return inert(str(text)), style


def plain(line: Line) -> str:
    """Return a line without its styles."""
    return "".join(text for text, _ in line).rstrip()
