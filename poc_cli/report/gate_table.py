"""The outcome of `poc check` as a table: each requirement, what was found, and the verdict."""

from typing import Final

from poc_cli.exit_codes import ExitCode
from poc_cli.inert import inert
from poc_cli.judge.gates import Outcome
from poc_cli.judge.requirements import Row
from poc_cli.report.markdown import text
from poc_cli.report.styled import Line, span

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

WIDEST: Final = 44
"""Width of a cell: two cells and the verdict fit into 100 columns, the width of a CI log."""

_HEADS: Final = ("requirement", "found", "verdict")


def answer(outcome: Outcome) -> Line:
    """Return the result in one line."""
    bad = len(outcome.failing)
    style = {ExitCode.HELD: "green", ExitCode.REFUTED: "bold red", ExitCode.FAILED: "bold magenta"}
    message = (
        f" ({len(outcome.rows) - bad} of {len(outcome.rows)} gates met)" if bad else f" ({len(outcome.rows)} gates)"
    )
    return [span(ANSWERS[outcome.exit_code], style.get(outcome.exit_code, "yellow")), span(message)]


def lines(outcome: Outcome) -> list[Line]:
    """Return the table, then each row that is not met in full, then the result."""
    cells = [(_cut(row.requirement), _cut(row.found), row.verdict) for row in outcome.rows]
    widths = [max(map(len, column)) for column in zip(_HEADS, *cells, strict=True)]
    found: list[Line] = [[span(f"{head:<{width}}  ", "bold") for head, width in zip(_HEADS, widths, strict=True)]]
    for requirement, seen, verdict in cells:
        columns = span(f"{requirement:<{widths[0]}}  "), span(f"{seen:<{widths[1]}}  ")
        found.append([*columns, span(verdict, STYLES[verdict])])
    found.append([])
    for row in outcome.failing:
        found += _in_full(row)
    return [*found, answer(outcome)]


def _in_full(row: Row) -> list[Line]:
    return [
        [span(f"{row.verdict}: ", STYLES[row.verdict]), span(row.requirement)],
        [span(f"    {inert(row.found)}")],
        [],
    ]


def _cut(cell: str) -> str:
    whole = inert(cell)
    return whole if len(whole) <= WIDEST else whole[: WIDEST - 1] + "…"


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
