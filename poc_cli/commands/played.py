"""What every way of playing a run shares: the limit on open files, the `latest` link, and the printed result."""

import contextlib
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from poc_cli.commands.console import Console
from poc_cli.errors import PocError
from poc_cli.exit_codes import ExitCode
from poc_cli.run_options import RunOptions
from poc_cli.scenario.catalog import shown

if TYPE_CHECKING:
    from poc_cli.report.styled import Line


HISTORY: Final = "history.ndjson"


@dataclass(frozen=True, slots=True)
class Played:
    """A run that was played, but not judged yet."""

    folder: Path
    interrupted: bool
    scenarios: int = 0
    """How many should be played."""


def point_to(folder: Path, console: Console) -> None:
    """Point `latest` to a run; a failure is reported, and the run goes on."""
    from poc_cli.history.folder import point_latest

    try:
        point_latest(folder)
    except PocError as error:
        console.error(f"poc: {error}")


def raise_file_limit() -> None:
    """Take as many descriptors as allowed: workerd uses two for each WebSocket and ends when it runs out."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def report(folder: Path, options: RunOptions, console: Console, *, interrupted: bool, scenarios: int = 0) -> int:
    """Judge a run and print its result; return the exit code. `scenarios` is how many should have been played."""
    from poc_cli.commands.run_folder import as_json, exit_code, history_of, judge_folder
    from poc_cli.report.text import lines, lines_of_interrupted, verdict_line

    if interrupted and not (folder / HISTORY).exists():
        console.note("interrupted before anything was played")
        return ExitCode.INTERRUPTED
    document = judge_folder(folder)
    if options.json:
        console.document(as_json(document))
    elif console.quiet:
        console.result([verdict_line(document)])
    elif interrupted and scenarios > 1:
        console.result(lines_of_interrupted(document, shown(folder), scenarios))
    else:
        if options.verbosity:
            console.result(_transcript(folder, messages=options.verbosity > 1))
        events = [] if document["verdict"] == "held" else history_of(folder)  # read again only where it is quoted
        console.result(
            [*lines(document, shown(folder), events), *(_used(folder) if options.target.entry.deploys else [])]
        )
    if interrupted:
        return ExitCode.INTERRUPTED
    return exit_code(document, allow_unknown=options.allow_unknown)


def _transcript(folder: Path, *, messages: bool) -> "list[Line]":
    from poc_cli.commands.run_folder import history_of
    from poc_cli.report.transcript import transcript

    events = [event for event in history_of(folder) if event is not None]
    return transcript(events, messages=messages)


def _used(folder: Path) -> "list[Line]":
    """Return how much of an account's daily allowance the run used."""
    from poc_cli.commands.cost import measured_in
    from poc_cli.cost.prices import shipped as prices
    from poc_cli.cost.usage_line import remote_usage_summary
    from poc_cli.report.styled import span

    return [[span(line)] for line in remote_usage_summary(measured_in(folder), prices())]
