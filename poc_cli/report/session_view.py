"""What every report says about a session with sleeps in its gaps: the state of each gap, and the losses."""

import json
from typing import Final

from poc_cli.judge.document_types import LossDocument, SessionDocument

MARKS: Final = {
    "kept": "·",
    "changed": "x",
    "unsteady": "?",
    "pinned": "p",
    "stayed": "s",
    "absent": "-",
    "untested": "!",
}
"""The mark of each state of a gap in a strip of text."""

MEANINGS: Final = {
    "kept": "slept, and clients saw the same",
    "changed": "slept, and clients saw something else",
    "unsteady": "differed too seldom to count",
    "pinned": "did not sleep: pinned",
    "stayed": "did not sleep",
    "absent": "no object was in memory",
    "untested": "no performance with this sleep came to its end",
}
"""What each state means."""

LONGEST_VALUE: Final = 200
"""Characters of a value: two lines of a terminal. The history has all of it."""


def states(session: SessionDocument) -> list[str]:
    """Return the states that occur, in the order of the gaps."""
    return [*dict.fromkeys(each["state"] for each in session["gaps"])]


def value_text(value: object) -> str:
    """Return a value as JSON, cut at LONGEST_VALUE characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def advice(loss: LossDocument) -> str | None:
    """Return how to ignore the value that differs, None where no single value does."""
    if loss["kind"] != "value" or not loss["path"]:
        return None
    return f'if it may change, add ignore = ["{loss["path"]}"] to the scenario, or --ignore {loss["path"]}'


def remarks(session: SessionDocument) -> list[str]:
    """Return what to know of how it was compared."""
    found = []
    if session["masked_share"]:
        found.append(f"{session['masked_share']:.0%} of the values differ without a sleep too and do not count")
    if session["left_out"]:
        lines = ", ".join(str(each["line"]) for each in session["left_out"])
        found.append(f"not played: the steps at lines {lines}, which sleep, wait or look for sleep")
    pins = dict.fromkeys(pin for each in session["gaps"] for pin in each["pins"])
    if pins:
        found.append(f"pinned by {', '.join(pins)}")
    if any(each["before_alarm"] for each in session["gaps"]):
        found.append("in some gaps an alarm was due before the idle timer would have evicted the object")
    return found
