"""`poc run` with several compatibility dates, runtimes or targets: one run after another, and what differs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from poc_cli.commands.console import Console
from poc_cli.commands.run import play
from poc_cli.commands.run_folder import as_json, exit_code, judge_folder
from poc_cli.errors import UsageError
from poc_cli.exit_codes import ExitCode
from poc_cli.judge.document_types import RunDocument
from poc_cli.report.run_table import DATES, RUNTIMES, TARGETS, Axis, answer, compared, lines, worst
from poc_cli.run_options import RunOptions
from poc_cli.scenario.catalog import shown
from poc_cli.targets.compatibility import raise_if_unknown
from poc_cli.targets.destination import Destination
from poc_cli.targets.installation import locate
from poc_cli.targets.runtime_version import RuntimeVersion


def run_dates(options: RunOptions, console: Console) -> int:
    """Run with each compatibility date and report; return the exit code of the worst run. Raises PocError.

    The runtime is asked about every date first, so that an unknown one does not waste the runs before it.
    """
    dates = options.compat_dates
    raise_if_unknown(locate(console.note, wanted=options.workerd), dates)
    runs = [(f"compatibility date {date}", replace(options, compat_dates=(date,))) for date in dates]
    return _run(runs, DATES, options, console)


def run_runtimes(options: RunOptions, console: Console) -> int:
    """Run on each version of the runtime and report; return the exit code of the worst run. Raises PocError.

    All of them are brought and asked for their versions first.
    """
    asked = {each: RuntimeVersion(locate(console.note, wanted=each)) for each in options.workerds}
    versions = {each: version.text() for each, version in asked.items()}
    texts = list(versions.values())
    if len(set(texts)) < len(options.workerds):
        twice = next((each for each in texts if texts.count(each) > 1), texts[0])
        message = f"two of the runtimes are workerd {twice}, and only versions tell runs apart"
        raise UsageError(message, "run each of them alone, then compare the runs: poc compare BEFORE AFTER")
    runs = [(f"workerd {version}", replace(options, workerds=(each,))) for each, version in versions.items()]
    return _run(runs, RUNTIMES, options, console)


def run_targets(options: RunOptions, targets: Sequence[Destination], console: Console) -> int:
    """Run on each target and report; return the exit code of the worst run. Raises PocError."""
    if len(set(targets)) < len(targets):
        raise UsageError(
            "a target is named twice", "name each target once; use --repeat to run scenarios several times"
        )
    named = [(each.url or each.word, replace(options, target=each)) for each in targets]
    return _run([(f"target {name}", each) for name, each in named], TARGETS, options, console)


def _run(runs: Sequence[tuple[str, RunOptions]], axis: Axis, options: RunOptions, console: Console) -> int:
    documents: list[RunDocument] = []
    folders: list[Path] = []
    interrupted = False
    for number, (name, each) in enumerate(runs, start=1):
        console.note(f"{name} ({number} of {len(runs)})")
        played = play(each, console)
        documents.append(judge_folder(played.folder))
        folders.append(played.folder)
        interrupted = played.interrupted
        if interrupted:
            break
    code = worst([exit_code(document, allow_unknown=options.allow_unknown) for document in documents])
    _report(documents, folders, axis, code, options, console)
    return ExitCode.INTERRUPTED if interrupted else code


def _report(  # noqa: PLR0913, PLR0917 - what is reported, and how
    documents: list[RunDocument],
    folders: list[Path],
    axis: Axis,
    code: ExitCode,
    options: RunOptions,
    console: Console,
) -> None:
    if options.json:
        console.document(as_json(compared(documents, axis, code)))
    elif console.quiet:
        console.result([answer(documents, axis)])
    else:
        console.result(lines(documents, axis, [shown(folder) for folder in folders]))
