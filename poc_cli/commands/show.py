"""`poc show`: a scenario told as a story."""

from pathlib import Path

from poc_cli.report.styled import Line, span
from poc_cli.scenario.catalog import find, shown
from poc_cli.scenario.describe import tell
from poc_cli.scenario.loader import read


def show(word: str) -> list[Line]:
    """Return the story of each scenario that the word means, its headings in bold. Raises UsageError."""
    lines: list[Line] = []
    for file in find([word]):
        if lines:
            lines.append([])
        lines += [[span(line, "" if line[:1] in {"", " "} else "bold")] for line in tell(read(Path(shown(file))))]
    return lines
