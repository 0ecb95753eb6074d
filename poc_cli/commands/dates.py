"""`poc run` with several compatibility dates: a run for each, one after the other, and what differs between them.

Never plays two dates beside each other: what one measures the other would disturb.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from poc_cli.commands.console import Console
from poc_cli.commands.evidence import as_json, exit_code, judge_folder
from poc_cli.commands.options import Options
from poc_cli.commands.run import play
from poc_cli.report.dates import answer, compared, lines, worst
from poc_cli.scenario.catalog import shown
from poc_cli.status import ExitCode
from poc_cli.target.compatibility import raise_if_unknown
from poc_cli.target.runtime import locate


def run_dates(options: Options, dates: Sequence[str], console: Console) -> int:
    """Run on each date and report; give the exit code of the worst run. Raises PocError.

    Every date is asked about first, so that a late one cannot make the runs before it worthless.
    """
    raise_if_unknown(locate(console.note), dates)
    documents: list[dict[str, Any]] = []
    folders: list[Path] = []
    interrupted = False
    for number, date in enumerate(dates, start=1):
        console.note(f"compatibility date {date} ({number} of {len(dates)})")
        played = play(replace(options, date=date), console)
        documents.append(judge_folder(played.folder))
        folders.append(played.folder)
        interrupted = played.interrupted
        if interrupted:
            break
    code = worst([exit_code(document, allow_unknown=options.allow_unknown) for document in documents])
    _report(documents, folders, code, options, console)
    return ExitCode.INTERRUPTED if interrupted else code


def _report(
    documents: list[dict[str, Any]], folders: list[Path], code: ExitCode, options: Options, console: Console
) -> None:
    if options.json:
        console.document(as_json(compared(documents, code)))
    elif console.quiet:
        console.result([answer(documents)])
    else:
        console.result(lines(documents, [shown(folder) for folder in folders]))
