"""`poc report`: render a recorded run in one of several formats."""

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from poc_cli.commands.console import Console
from poc_cli.commands.report_formats import FORMATS, JudgedRun
from poc_cli.commands.run_folder import folder_of, history_of
from poc_cli.errors import PocError
from poc_cli.files import write_whole
from poc_cli.history.event import Event
from poc_cli.judge.document_types import RunDocument
from poc_cli.judge.run_document import document
from poc_cli.report.text import lines
from poc_cli.scenario.catalog import shown

if TYPE_CHECKING:
    from poc_cli.judge.gates import Outcome


SMALLEST_SUMMARY: Final = 4096
"""Bytes; less than a page is too little for a summary."""


def report(run: Path | None, form: str, output: Path | None, results: Path, console: Console) -> None:
    """Write the report to stdout or to a file. Raises PocError."""
    gc.disable()  # a report keeps everything that it reads; collecting garbage took a sixth of its time
    folder = folder_of(run, results)
    events = history_of(folder)
    judged = document(events)
    if form == "text" and output is None:  # on a terminal it has styles
        console.result(lines(judged, shown(folder), events))
        return
    wanted = FORMATS[form]
    if wanted.file is not None:
        output = output or folder / wanted.file
        console.note(f"writing {shown(output)}")
    text = wanted.write(JudgedRun(judged, events, folder))
    if wanted.has_summary:
        summarize(judged, events, None, console)
    if output is None:
        console.document(text)
    else:
        write(output, text)


def write(file: Path, text: str) -> None:
    """Write a report to a file. Raises PocError."""
    try:
        write_whole(file, text)
    except OSError as error:
        raise PocError(f"cannot write {file}: {error.strerror}", "choose another file with -o") from error


def summarize(judged: RunDocument, events: list[Event | None], outcome: "Outcome | None", console: Console) -> None:
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


def line_in_repository(file: str, line: int) -> str | None:
    """Return the address of a line on GitHub, None outside of its workflows or for a file outside of the repository."""
    server, repository, commit = (os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "SHA"))
    path = in_repository(file) if server and repository and commit else None
    return None if path is None else f"{server}/{repository}/blob/{commit}/{quote(path)}#L{line}"
