"""`poc list` and `poc show`: the shipped scenarios by title, and one scenario described in plain English."""

from pathlib import Path

from poc_cli.report.styled import Line, span
from poc_cli.scenario.catalog import find, shipped_files, shown
from poc_cli.scenario.describe import tell
from poc_cli.scenario.loader import read


def listing() -> list[Line]:
    """Return a line for each shipped scenario."""
    scenarios = {name: read(Path(shown(file))) for name, file in shipped_files().items()}
    width = max(map(len, scenarios), default=0)
    return [
        [
            span(f"{name:<{width}}  ", "bold"),
            span(each.document.title),
            span("".join(f" [{tag}]" for tag in each.document.tags), "dim"),
        ]
        for name, each in scenarios.items()
    ]


def show(word: str) -> list[Line]:
    """Return the description of each scenario that the word matches, headings in bold. Raises UsageError."""
    lines: list[Line] = []
    for file in find([word]):
        if lines:
            lines.append([])
        lines += [[span(line, "" if line[:1] in {"", " "} else "bold")] for line in tell(read(Path(shown(file))))]
    return lines
