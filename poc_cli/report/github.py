"""A judged run for GitHub Actions: annotations at scenario lines, and the job summary."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.judge.document_types import ClaimDocument, RunDocument, ScenarioDocument
from poc_cli.judge.gates import Outcome
from poc_cli.report.cause_lines import others_by_the_same_step
from poc_cli.report.excerpt import Excerpts
from poc_cli.report.failure_causes import Causes
from poc_cli.report.gate_table import by_cause, causes_by_claim, table
from poc_cli.report.markdown import markdown

MOST_ANNOTATIONS: Final = 10
"""GitHub shows ten per step and silently drops the others."""

LONGEST_MESSAGE: Final = 1_000
"""Characters of one annotation, which GitHub shows in a box at the line."""

LARGEST_SUMMARY: Final = 1024 * 1024
"""Bytes per step; GitHub rejects a larger summary."""

Document = dict[str, Any]
Located = Callable[[str], str | None]
"""Returns the path of a scenario file relative to the root of the repository, None if it is outside."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation: its level and text, and the scenario line that it is shown at."""

    level: Literal["error", "warning"]
    title: str
    message: str
    file: str | None = None
    line: int | None = None


def annotations(document: RunDocument, events: Iterable[Event | None], located: Located) -> str:
    """Return the workflow commands that annotate a run: refuted claims first, then errors, then unknown claims."""
    events = list(events)
    return commands(_annotations(document, Excerpts(events), Causes(events), located))


def annotations_of_check(
    document: RunDocument, events: Iterable[Event | None], located: Located, outcome: Outcome
) -> str:
    """Return the workflow commands for each gate of a check that is not met."""
    events = list(events)
    about_claims = _by_claim(document, Excerpts(events), located)
    causes = causes_by_claim(document, events)
    found: list[Annotation] = []
    # The gates that one step failed are annotated once, at that step.
    steps = {claim: cause for claim, cause in causes.items() if cause.step is not None}
    for cause, (row, *_) in by_cause(outcome.failing, steps):
        about = None if row.claim is None else about_claims.get(row.claim)
        file, line = (None, None) if about is None else (about.file, about.line)
        message = row.found
        if cause is not None and cause.step is not None:
            line = line if file is None else cause.step.line
            others = others_by_the_same_step(cause)
            message += f". By the same step: {others}" if others else ""
        found.append(Annotation("error", f"poc: {row.verdict}: {row.requirement}", message, file, line))
    return commands(found)


def commands(found: list[Annotation]) -> str:
    """Return a workflow command for each of the first ten annotations, and one that counts the rest."""
    shown = [_command(each) for each in found[:MOST_ANNOTATIONS]]
    rest = len(found) - MOST_ANNOTATIONS
    if rest > 0:
        shown.append(f"::notice title=poc::{rest} more are not shown here; see the job summary")
    return "".join(f"{line}\n" for line in shown)


def summary(document: RunDocument, events: list[Event | None], outcome: Outcome | None, room: int) -> str:
    """Return the job summary as Markdown of at most `room` bytes, empty if that is too little."""
    gates = "" if outcome is None else table(outcome)
    return markdown(document, events, above=gates, largest=min(room, LARGEST_SUMMARY))


def _annotations(document: RunDocument, excerpts: Excerpts, causes: Causes, located: Located) -> list[Annotation]:
    """Return an annotation for each cause, at the step that failed if one did."""
    order = ("refuted", "held", "error", "unknown")  # a held claim is here if its known defect is gone
    found: list[tuple[int, Annotation]] = []
    for scenario in document["scenarios"]:
        if scenario["error"] and not scenario["claims"]:
            file = located(scenario["file"])
            title = f"poc: {scenario['name']} could not be run"
            found.append((order.index("error"), Annotation("error", title, str(scenario["error"]), file)))
        for cause in causes.of(scenario):
            about = _annotation(scenario, cause.claims[0], excerpts, located)
            others = others_by_the_same_step(cause)
            message = f"{about.message}. By the same step: {others}" if others else about.message
            line = about.line if cause.step is None or about.file is None else cause.step.line
            found.append((order.index(cause.verdict), replace(about, message=message, line=line)))
    return [annotation for _, annotation in sorted(found, key=lambda pair: pair[0])]


def _by_claim(document: RunDocument, excerpts: Excerpts, located: Located) -> dict[tuple[str, str], Annotation]:
    return {
        (scenario["name"], claim["id"]): _annotation(scenario, claim, excerpts, located)
        for scenario in document["scenarios"]
        for claim in scenario["claims"]
    }


def _annotation(scenario: ScenarioDocument, claim: ClaimDocument, excerpts: Excerpts, located: Located) -> Annotation:
    file = located(scenario["file"])
    line = None if file is None else excerpts.line(scenario["name"], claim["id"], claim["evidence"])
    level: Literal["error", "warning"] = "warning" if claim["verdict"] == "unknown" else "error"
    title = f"poc: {claim['verdict']}: {scenario['name']}/{claim['id']}"
    return Annotation(level, title, f"{claim['says']} {claim['reason']}", file, line)


def _command(each: Annotation) -> str:
    fields = {"file": each.file, "line": None if each.file is None else each.line, "title": each.title}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items() if value is not None)
    return f"::{each.level} {properties}::{_data(each.message)}"


def _data(text: str) -> str:
    """Return a text as one line of a workflow command; the runner decodes %XX."""
    whole = inert(text).replace("##[", "# #[")  # the old command syntax, which the runner finds anywhere in a line
    cut = whole if len(whole) <= LONGEST_MESSAGE else whole[: LONGEST_MESSAGE - 1] + "…"
    return cut.replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
