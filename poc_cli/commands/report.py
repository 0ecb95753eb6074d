"""`poc report`: render a recorded run in one of several formats."""

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from poc_cli.commands.console import Console
from poc_cli.commands.run_folder import as_json, folder_of, history_of
from poc_cli.errors import PocError
from poc_cli.files import read_whole, write_whole
from poc_cli.history.event import Event
from poc_cli.judge.run_document import document
from poc_cli.report.completeness import missing
from poc_cli.report.markdown import markdown
from poc_cli.report.styled import plain
from poc_cli.report.text import lines
from poc_cli.scenario.catalog import shown

if TYPE_CHECKING:
    from poc_cli.judge.gates import Outcome
    from poc_cli.report.html.view_model import Chart

Document = dict[str, Any]

SMALLEST_SUMMARY: Final = 4096
"""Bytes; less than a page is too little for a summary."""


def report(run: Path | None, form: str, output: Path | None, results: Path, console: Console) -> None:
    """Write the report to stdout or to a file. Raises PocError."""
    gc.disable()  # a report keeps everything that it reads; collecting garbage took a sixth of its time
    folder = folder_of(run, results)
    events = history_of(folder)
    judged = document(events)
    if form == "text" and output is None:
        console.result(lines(judged, shown(folder)))
        return
    if form == "html":
        output = output or folder / "report.html"
        console.note(f"writing {shown(output)}")
    text = render(form, judged, events, folder)
    if form == "github":
        summarize(judged, events, None, console)
    if output is None:
        console.document(text)
    else:
        write(output, text)


def render(form: str, judged: Document, events: list[Event | None], folder: Path) -> str:
    """Return a judged run in one of the formats of a report."""
    match form:
        case "html":
            from poc_cli.report.html import html

            gaps = missing(events, judged, _run_json(folder), _names(folder))
            return html(judged, events, gaps, _bills(events, folder))
        case "junit":
            from poc_cli.report.junit import junit

            return junit(judged, events)
        case "github":
            from poc_cli.report.github import annotations

            return annotations(judged, events, in_repository)
        case "json":
            return as_json(judged)
        case "md":
            return markdown(judged, events)
    return "".join(plain(line) + "\n" for line in lines(judged, shown(folder)))


def _bills(events: list[Event | None], folder: Path) -> "tuple[Chart, ...]":
    """Return what the run used, and the month of the configured profile, as charts."""
    from poc_cli.commands.cost import configured, traces_of
    from poc_cli.config import settings
    from poc_cli.cost.measured import run_usage
    from poc_cli.cost.prices import shipped
    from poc_cli.report.html.bill import bills_of

    return bills_of(run_usage(events, traces_of(folder)), configured(settings()), shipped())


def write(file: Path, text: str) -> None:
    """Write a report to a file. Raises PocError."""
    try:
        write_whole(file, text)
    except OSError as error:
        raise PocError(f"cannot write {file}: {error.strerror}", "choose another file with -o") from error


def summarize(judged: Document, events: list[Event | None], outcome: "Outcome | None", console: Console) -> None:
    """Append the summary to that of the current step of GitHub Actions, if any; a failure is only reported."""
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    if not named:
        return
    from poc_cli.report.github import LARGEST_SUMMARY, summary

    file = Path(named)
    try:
        room = LARGEST_SUMMARY - (file.stat().st_size if file.exists() else 0)
        if room < SMALLEST_SUMMARY:
            console.note(f"no summary written: other commands of this step have filled {file}")
            return
        with file.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(summary(judged, events, outcome, room))
    except OSError as error:
        console.note(f"cannot write the summary to {file}: {error.strerror}")


def in_repository(file: str) -> str | None:
    """Return the path of a file from the root of the repository, None if it is outside."""
    path = Path(file).resolve()
    root = os.environ.get("GITHUB_WORKSPACE")
    above = [Path(root).resolve()] if root else [folder for folder in path.parents if (folder / ".git").exists()]
    if not path.exists() or not above or not path.is_relative_to(above[0]):
        return None
    return path.relative_to(above[0]).as_posix()


def _run_json(folder: Path) -> str | None:
    """Return the text of run.json, None if there is none."""
    try:
        return read_whole(folder / "run.json").decode("utf-8", "replace")
    except OSError:
        return None


def _names(folder: Path) -> list[str]:
    """Return the names of the files in a run folder."""
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []
