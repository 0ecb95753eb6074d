"""What is known about the step that failed claims, as lines for the terminal and for blocks of code."""

import shlex
from pathlib import PurePath
from typing import Final

from poc_cli.inert import inert
from poc_cli.judge.document_types import RunDocument, ScenarioDocument
from poc_cli.report.failed_step import FailedStep, Mismatch, difference_lines
from poc_cli.report.failure_causes import Cause
from poc_cli.report.styled import Line, plain, span

_DIFF: Final = {"-": "green", "+": "red"}

_IDS: Final = 12
"""Ids of messages in a row; the rest is counted."""


def step_lines(step: FailedStep, again: str) -> list[Line]:
    """Return where a step is, how what came differs, what was thrown, the last events, and the command `again`."""
    found: list[Line] = [[span(step.place, "bold")], [span(f"  {step.line} | ", "dim"), span(step.source)]]
    if step.mismatch is not None:
        found += _mismatch(step.mismatch)
    elif step.reason:
        found.append([span(inert(step.reason), "red")])
    found += [[span(f"the worker threw: {words}", "red")] for words in step.thrown]
    found += [[span("the last events:", "dim")], *([span(f"  {line.rstrip()}", "dim")] for line in step.transcript)]
    return [*found, [span("rerun: ", "dim"), span(again)]]


def _mismatch(mismatch: Mismatch) -> list[Line]:
    others = len(mismatch.others)
    which = "the message that came" if not others else f"the nearest of {others + 1} messages"
    found: list[Line] = [[span(f"expected {mismatch.expected}; {which}, event {mismatch.nearest}, differs:")]]
    found += [[span(f"  {sign} {text}", _DIFF[sign])] for sign, text in difference_lines(mismatch)]
    found += [[span(f"  {text}", "red")] for text in mismatch.conditions]
    if others:
        listed = ", ".join(map(str, mismatch.others[:_IDS])) + (f" and {others - _IDS} more" if others > _IDS else "")
        found.append([span(f"the other{'s are events' if others > 1 else ' is event'} {listed}", "dim")])
    return found


def step_text(step: FailedStep, again: str) -> list[str]:
    """Return the same without styles, and without commands for a CI log: GitHub looks for `##[` anywhere in a line."""
    return [plain(line).replace("##[", "# #[") for line in step_lines(step, again)]


def others_by_the_same_step(cause: Cause) -> str:
    """Return the claims of a cause besides its first, with their verdicts, "" for none."""
    return ", ".join(f"{claim['id']} ({claim['verdict']})" for claim in cause.claims[1:])


def again(document: RunDocument, scenario: ScenarioDocument) -> str:
    """Return the command that plays the story of a scenario again as the run did, without its controls."""
    file = scenario["file"]
    # A name that begins with a dash, or is no path, would be taken for an option or a shipped scenario.
    word = file if "/" in file or PurePath(file).suffix == ".toml" else f"./{file}"
    only = ["--only", scenario["name"]] if any(claim["control"] is not None for claim in scenario["claims"]) else []
    return shlex.join(["poc", "run", word, *only, *document.get("options", ())])
