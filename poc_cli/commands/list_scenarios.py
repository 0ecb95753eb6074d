"""`poc list`: what can be run."""

from pathlib import Path

from poc_cli.report.styled import Line, span
from poc_cli.scenario.catalog import shipped_files, shown
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
