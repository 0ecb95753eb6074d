"""The outcome of `poc check`: each requirement, what was found, and the verdict."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from poc_cli.exit_codes import ExitCode
from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.judge.document_types import RunDocument
from poc_cli.judge.gates import Outcome
from poc_cli.judge.requirements import Row
from poc_cli.report.cause_lines import again, step_lines
from poc_cli.report.failure_causes import Cause, Causes
from poc_cli.report.markdown import text
from poc_cli.report.styled import Line, Span, span

ANSWERS: Final = {
    ExitCode.HELD: "feasible: every gate is met",
    ExitCode.REFUTED: "not feasible: a gate is not met",
    ExitCode.FAILED: "the harness or the target failed",
    ExitCode.INCONCLUSIVE: "inconclusive: a gate is undecided",
}

STYLES: Final = {
    "met": "green",
    "not met": "bold red",
    "undecided": "yellow",
    "error": "bold magenta",
    "left out": "yellow",
}


def answer(outcome: Outcome) -> Line:
    """Return the result in one line."""
    bad, number = len(outcome.failing), len(outcome.rows)
    gates = "1 gate" if number == 1 else f"{number} gates"
    style = {ExitCode.HELD: "green", ExitCode.REFUTED: "bold red", ExitCode.FAILED: "bold magenta"}
    message = f" ({number - bad} of {gates} met)" if bad else f" ({gates})"
    return [span(ANSWERS[outcome.exit_code], style.get(outcome.exit_code, "yellow")), span(message)]


def lines(outcome: Outcome, document: RunDocument | None = None, events: Iterable[Event | None] = ()) -> list[Line]:
    """Return the gates that are met, then the others, the worst first, then the result.

    Gates that one step failed are listed under the first of them; `document` and `events` are what was checked.
    """
    found: list[Line] = []
    failing = outcome.failing
    for row in outcome.rows:
        if row not in failing:
            found += _row_lines(row)
    causes = {} if document is None else causes_by_claim(document, events)
    for cause, (row, *same) in by_cause(failing, causes):
        found += [[], *_row_lines(row)]
        for each in same:
            if each.claim == row.claim:  # another requirement on the same claim
                found += _row_lines(each)
            else:
                found.append([_verdict(each), span(each.requirement), span(", by the same step", "dim")])
        if document is not None and cause is not None and cause.step is not None:
            found += [[span(_INDENT), *line] for line in step_lines(cause.step, again(document, cause.scenario))]
    return [*found, [], answer(outcome)]


def by_cause(
    rows: Iterable[Row], causes: Mapping[tuple[str, str], Cause]
) -> Iterable[tuple[Cause | None, tuple[Row, ...]]]:
    """Return gates that are not met, those with one cause together at the place of the first."""
    groups: dict[object, tuple[Cause | None, list[Row]]] = {}
    for row in rows:
        cause = None if row.claim is None else causes.get(row.claim)
        groups.setdefault(id(row if cause is None else cause), (cause, []))[1].append(row)
    return ((cause, tuple(found)) for cause, found in groups.values())


_INDENT: Final = " " * 11


def causes_by_claim(document: RunDocument, events: Iterable[Event | None]) -> dict[tuple[str, str], Cause]:
    """Return the cause of each claim that did not hold, by scenario and id."""
    causes = Causes(events)
    return {
        (scenario["name"], claim["id"]): cause
        for scenario in document["scenarios"]
        for cause in causes.of(scenario)
        for claim in cause.claims
    }


def _row_lines(row: Row) -> list[Line]:
    return [[_verdict(row), span(row.requirement)], [span(f"{_INDENT}{inert(row.found)}", "dim")]]


def _verdict(row: Row) -> Span:
    return span(f"{row.verdict:<9}  ", STYLES[row.verdict])


def gates_document(outcome: Outcome, document: RunDocument, reports: str) -> dict[str, Any]:
    """Return the outcome for other programs; `reports` is the folder with the reports."""
    return {
        "schema": "poc.check/1",
        "exit_code": int(outcome.exit_code),
        "answer": ANSWERS[outcome.exit_code],
        "run": document["run"],
        "reports": reports,
        "gates": [
            {
                "requirement": row.requirement,
                "found": row.found,
                "verdict": row.verdict,
                "claim": None if row.claim is None else "/".join(row.claim),
            }
            for row in outcome.rows
        ],
    }


def table(outcome: Outcome) -> str:
    """Return the table as Markdown, with the result above it."""
    head = f"**poc check: {text(ANSWERS[outcome.exit_code])}**\n\n| Requirement | Found | Verdict |\n|---|---|---|\n"
    rows = [*outcome.failing, *(row for row in outcome.rows if row not in outcome.failing)]
    return head + "\n".join(_row(row) for row in rows)


def _row(row: Row) -> str:
    verdict = row.verdict if row.verdict == "met" else f"**{row.verdict}**"
    return f"| {text(row.requirement, _LONGEST)} | {text(row.found, _LONGEST)} | {verdict} |"


_LONGEST: Final = 300
"""Characters of a cell of the Markdown table; the claim's own paragraph has the full text."""
