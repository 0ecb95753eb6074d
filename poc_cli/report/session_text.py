"""A session with sleeps in its gaps, for the terminal: a strip of gaps, and what clients saw differently."""

from typing import Final

from poc_cli.judge.document_types import LossDocument, SessionDocument
from poc_cli.report.session_view import MARKS, MEANINGS, advice, remarks, states, value_text
from poc_cli.report.styled import Line, span

_STYLES: Final = {"kept": "green", "changed": "bold red", "unsteady": "yellow", "pinned": "yellow", "stayed": "yellow"}

_WIDTH: Final = 60
"""Gaps in a row of the strip; with the lines before it they fit into 80 columns."""


def session_lines(session: SessionDocument) -> list[Line]:
    """Return what `--sleep everywhere` found in one scenario."""
    gaps = session["gaps"]
    found: list[Line] = []
    for first in range(0, len(gaps), _WIDTH):
        row = gaps[first : first + _WIDTH]
        label = f"  lines {row[0]['after_line']}-{row[-1]['before_line']}  "
        marks = [span(MARKS[each["state"]], _STYLES.get(each["state"], "dim")) for each in row]
        found.append([span(label, "dim"), *marks])
    if gaps:
        found.append([span("  " + ", ".join(f"{MARKS[state]} {MEANINGS[state]}" for state in states(session)), "dim")])
    for loss in session["losses"]:
        found += _loss(loss)
    return found + [[span(f"  {each}", "dim")] for each in remarks(session)]


def _loss(loss: LossDocument) -> list[Line]:
    style = "bold red" if loss["confirmed"] else "yellow"
    hint = advice(loss)
    return [
        [span("  changed   ", style), span(f"evicted {loss['where']}")],
        [span(f"            {loss['says']}")],
        [span("            - ", "green"), span(value_text(loss["expected"]))],
        [span("            + ", "red"), span(value_text(loss["seen"]))],
        [span(f"            looks like {loss['looks_like']}: {loss['read']}", "dim")],
        *([] if hint is None else [[span(f"            {hint}", "dim")]]),
    ]
