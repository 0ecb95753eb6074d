"""`poc check`: run what the configuration names, check it against the gates there, and write the reports for CI."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from poc_cli.commands.console import Console
from poc_cli.commands.run import play
from poc_cli.config import Settings
from poc_cli.errors import PocError, UsageError
from poc_cli.exit_codes import ExitCode
from poc_cli.judge.document_types import RunDocument
from poc_cli.scenario.catalog import find, shown
from poc_cli.targets.compatibility import raise_if_unknown
from poc_cli.targets.installation import locate

if TYPE_CHECKING:
    from poc_cli.config_file import ConfigFile
    from poc_cli.cost.month import Month
    from poc_cli.gate_tables import Check
    from poc_cli.judge.gates import Outcome
    from poc_cli.judge.requirements import Chosen


_EXAMPLE = '[check]\n  scenarios = ["hibernate"]\n  require = ["sockets-survive-sleep"]'


def check(settings: Settings, output: Path | None, console: Console) -> int:
    """Run, check and report to `output`, or the run folder if None; return the exit code. Raises PocError."""
    file, gates = _gates(settings)
    words = _words(gates.scenarios, settings.folder)
    chosen = _claims_of(words, file)
    _raise_for_unknown(chosen, gates, file)
    baseline = _baseline(gates, settings, file)
    month = _month(settings)
    if settings.compat_dates:
        raise_if_unknown(locate(console.note, wanted=settings.workerd), settings.compat_dates)
    played = play(replace(settings, words=words), console)
    document = _judged(played.folder)
    if played.interrupted:
        console.note(f"interrupted; evidence: {shown(played.folder)}")
        return ExitCode.INTERRUPTED
    outcome = _outcome(gates, document, chosen, baseline, month)
    _report(outcome, document, played.folder, output, console, as_one_document=settings.json)
    return outcome.exit_code


def _gates(settings: Settings) -> "tuple[ConfigFile, Check]":
    if settings.file is None:
        raise UsageError(
            "found no poc.toml, and no pyproject.toml with [tool.poc]",
            f"poc init writes one, or write a poc.toml:\n  {_EXAMPLE}",
        )
    if settings.file.check is None:
        raise UsageError(
            f"{settings.file.file} has no [check] table, so there are no gates to check a run against", _EXAMPLE
        )
    return settings.file, settings.file.check


def _words(scenarios: Sequence[str], folder: Path) -> list[str]:
    """Return the scenarios of the file with their paths relative to the current folder."""
    return [_word(each, folder) for each in scenarios]


def _word(word: str, folder: Path) -> str:
    if folder == Path.cwd() or not ("/" in word or word.endswith(".toml")):
        return word
    path = folder / word
    if not path.exists():
        return word
    there = os.path.relpath(path)
    return f"{there}/" if path.is_dir() else there


def _claims_of(words: Sequence[str], file: "ConfigFile") -> "Chosen":
    """Return the claims of each scenario. Raises ScenarioError if a word matches none, or a scenario is invalid."""
    from poc_cli.scenario.loader import read

    files: dict[Path, None] = {}
    for index, word in enumerate(words):
        try:
            files |= dict.fromkeys(find([word]))
        except UsageError as error:
            file.refuse(error.message, error.advice, "check", "scenarios", index)
    scenarios = [read(Path(shown(each))) for each in files]
    return {each.document.name: tuple(claim.id for claim in each.document.claim) for each in scenarios}


def _raise_for_unknown(chosen: "Chosen", gates: "Check", file: "ConfigFile") -> None:
    from poc_cli.judge.requirements import unknown

    for name, entries in (("require", gates.gates.require or ()), ("allow", gates.gates.allow)):
        for index, message, advice in unknown(entries, chosen):
            file.refuse(message, advice, "check", name, index)


def _baseline(gates: "Check", settings: Settings, file: "ConfigFile") -> RunDocument | None:
    if gates.baseline is None:
        return None
    from poc_cli.commands.compare import recorded

    try:
        return recorded(Path(os.path.relpath(settings.folder / Path(gates.baseline).expanduser())), settings.results)
    except PocError as error:
        file.refuse(error.message, error.advice, "check", "baseline", "run")


def _judged(folder: Path) -> RunDocument:
    from poc_cli.commands.run_folder import judge_folder

    return judge_folder(folder)


def _month(settings: Settings) -> "Month | None":
    """Return the month of the configured cost profile. An invalid profile is an error before anything is run."""
    from poc_cli.commands.cost import configured

    return configured(settings)


def _outcome(
    gates: "Check", document: RunDocument, chosen: "Chosen", baseline: RunDocument | None, month: "Month | None"
) -> "Outcome":
    from poc_cli.judge.claim_diff import compare
    from poc_cli.judge.gates import check_gates
    from poc_cli.judge.limits import MonthlyCost

    compared = None if baseline is None else compare(baseline, document)
    cost = None if month is None else MonthlyCost(month.paid.bill.total, month.title)
    return check_gates(gates.gates, document, chosen, compared, cost)


def _report(  # noqa: PLR0913 - what is reported, and how
    outcome: "Outcome",
    document: RunDocument,
    folder: Path,
    output: Path | None,
    console: Console,
    *,
    as_one_document: bool,
) -> None:
    from poc_cli.commands.report import summarize, write
    from poc_cli.commands.report_formats import FORMATS, JudgedRun
    from poc_cli.commands.run_folder import as_json, history_of
    from poc_cli.report.gate_table import answer, gates_document, lines, table
    from poc_cli.report.github import annotations_of_check
    from poc_cli.report.junit import junit
    from poc_cli.report.markdown import markdown

    events = history_of(folder)
    reports = output or folder
    if output is not None:
        _create(reports)
    write(reports / "report.html", FORMATS["html"].write(JudgedRun(document, events, folder, outcome)))
    write(reports / "report.md", markdown(document, events, above=table(outcome)))
    write(reports / "junit.xml", junit(document, events, outcome))
    if as_one_document:
        console.document(as_json(gates_document(outcome, document, shown(reports))))
        return
    console.result([answer(outcome)] if console.quiet else lines(outcome, document, events))
    console.note(f"reports: {shown(reports)}/ report.html report.md junit.xml\nevidence: {shown(folder)}")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from poc_cli.commands.report import in_repository

        commands = annotations_of_check(document, events, in_repository, outcome)
        if commands:
            console.document(commands)
    summarize(document, events, outcome, console)


def _create(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PocError(f"cannot create {folder}: {error.strerror}", "choose another folder with -o") from error
