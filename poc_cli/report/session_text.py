"""A session with sleeps in its gaps, for the terminal: a strip of gaps, and what clients saw differently."""

import json
from typing import Any, Final

from poc_cli.report.styled import Line, span

MARKS: Final = {"kept": "·", "changed": "x", "unsteady": "?", "pinned": "p", "stayed": "s", "absent": "-"}
"""The mark of each state of a gap in the strip."""

MEANINGS: Final = {
    "kept": "slept, and clients saw the same",
    "changed": "slept, and clients saw something else",
    "unsteady": "differed too seldom to count",
    "pinned": "did not sleep: pinned",
    "stayed": "did not sleep",
    "absent": "no object was in memory",
}
"""What each state means."""

STYLES: Final = {"kept": "green", "changed": "bold red", "unsteady": "yellow", "pinned": "yellow", "stayed": "yellow"}

_WIDTH: Final = 60


def session_lines(session: dict[str, Any]) -> list[Line]:
    """Return what `--sleep everywhere` found in one scenario."""
    gaps = session["gaps"]
    if not gaps:
        return []
    found: list[Line] = []
    for first in range(0, len(gaps), _WIDTH):
        row = gaps[first : first + _WIDTH]
        label = f"  lines {row[0]['after_line']}-{row[-1]['before_line']}  "
        found.append(
            [span(label, "dim"), *(span(MARKS[each["state"]], STYLES.get(each["state"], "dim")) for each in row)]
        )
    states = dict.fromkeys(each["state"] for each in gaps)
    found.append([span("  " + ", ".join(f"{MARKS[state]} {MEANINGS[state]}" for state in states), "dim")])
    for loss in session["losses"]:
        found += _loss(loss)
    if session["masked_share"]:
        share = f"{session['masked_share']:.0%}"
        found.append([span(f"  {share} of the values differ without a sleep too and do not count", "dim")])
    if session["left_out"]:
        lines = ", ".join(str(each["line"]) for each in session["left_out"])
        found.append([span(f"  not played: the steps at lines {lines}, which sleep, wait or look for sleep", "dim")])
    return found


def _loss(loss: dict[str, Any]) -> list[Line]:
    style = "bold red" if loss["confirmed"] else "yellow"
    found: list[Line] = [[span("  changed   ", style), span(f"evicted {loss['where']}")]]
    found.append([span(f"            {loss['says']}")])
    found += [
        [span("            - ", "green"), span(_json(loss["expected"]))],
        [span("            + ", "red"), span(_json(loss["seen"]))],
    ]
    found.append([span(f"            looks like {loss['looks_like']}: {loss['read']}", "dim")])
    if loss["kind"] == "value" and loss["path"]:
        advice = f'if it may change, add ignore = ["{loss["path"]}"] to the scenario or --ignore {loss["path"]}'
        found.append([span(f"            {advice}", "dim")])
    return found


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:199] + "…"  # noqa: PLR2004 - two lines of a terminal
