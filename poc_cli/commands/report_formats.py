"""The formats of a report: a function below `@_format(...)` writes one, and `poc report --format` takes its name.

Imports no writer before its format is asked for: the names are in the help of the command.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from poc_cli.judge.document_types import RunDocument

if TYPE_CHECKING:
    from poc_cli.history.event import Event
    from poc_cli.judge.gates import Outcome
    from poc_cli.report.html.view_model import Chart


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """What a report is made of: the judged document, the history, and the folder of the run."""

    document: RunDocument
    events: "list[Event | None]"
    folder: Path
    outcome: "Outcome | None" = None
    """The outcome of the check, for its gates."""


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """A format: its writer, and where the report goes."""

    write: Callable[[JudgedRun], str]
    file: str | None = None
    """The file of the run folder that it goes to unless another is named; stdout where there is none."""
    has_summary: bool = False
    """Whether the step of GitHub Actions gets its summary too."""


FORMATS: Final[dict[str, ReportFormat]] = {}
"""The formats by name, in the order of the help."""


def _format(
    name: str, *, file: str | None = None, has_summary: bool = False
) -> Callable[[Callable[[JudgedRun], str]], Callable[[JudgedRun], str]]:
    def register(write: Callable[[JudgedRun], str]) -> Callable[[JudgedRun], str]:
        FORMATS[name] = ReportFormat(write, file, has_summary)
        return write

    return register


@_format("text")
def _text(run: JudgedRun) -> str:
    from poc_cli.report.styled import plain
    from poc_cli.report.text import lines
    from poc_cli.scenario.catalog import shown

    return "".join(plain(line) + "\n" for line in lines(run.document, shown(run.folder), run.events))


@_format("md")
def _markdown(run: JudgedRun) -> str:
    from poc_cli.report.markdown import markdown

    return markdown(run.document, run.events)


@_format("html", file="report.html")
def _html(run: JudgedRun) -> str:
    from poc_cli.commands.last_runs import last_runs
    from poc_cli.commands.report import line_in_repository
    from poc_cli.report.completeness import missing
    from poc_cli.report.html import html

    gaps = missing(run.events, run.document, _run_json(run.folder), _names(run.folder))
    last = last_runs(run.folder, run.document)
    return html(run.document, run.events, gaps, _bills(run), outcome=run.outcome, trend=last, linked=line_in_repository)


@_format("json")
def _json(run: JudgedRun) -> str:
    from poc_cli.commands.run_folder import as_json

    return as_json(run.document)


@_format("junit")
def _junit(run: JudgedRun) -> str:
    from poc_cli.report.junit import junit

    return junit(run.document, run.events)


@_format("perfetto", file="trace.json")
def _perfetto(run: JudgedRun) -> str:
    from poc_cli.report.perfetto import perfetto

    return perfetto(run.events)


@_format("github", has_summary=True)
def _github(run: JudgedRun) -> str:
    from poc_cli.commands.report import in_repository
    from poc_cli.report.github import annotations

    return annotations(run.document, run.events, in_repository)


def _bills(run: JudgedRun) -> "tuple[Chart, ...]":
    """Return what the run used, and the month of the configured profile, as charts."""
    from poc_cli.commands.cost import configured, traces_of
    from poc_cli.config import settings
    from poc_cli.cost.measured import run_usage
    from poc_cli.cost.prices import shipped
    from poc_cli.report.html.bill_charts import bills_of

    return bills_of(run_usage(run.events, traces_of(run.folder)), configured(settings()), shipped())


def _run_json(folder: Path) -> str | None:
    """Return the text of run.json as far as it is one, None where there is none."""
    from poc_cli.files import read_whole

    try:
        return read_whole(folder / "run.json").decode("utf-8", "replace")
    except OSError:
        return None


def _names(folder: Path) -> list[str]:
    """Return the names of what a run folder holds."""
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []
