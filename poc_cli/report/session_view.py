"""A session with sleeps in its gaps: the state of each gap and its losses, in words, a strip, message by message."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from poc_cli.judge.document_types import LossDocument, SessionDocument
from poc_cli.judge.session_verdict import pins_in
from poc_cli.judge.session_words import describe, describe_gap, describe_sleeps, looks_like
from poc_cli.record.client_view import Sight, view_of
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.session_record import SessionRecord, Suspicion
from poc_cli.report.styled import Line, span

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


_BEFORE: Final = 2
_AFTER: Final = 3
"""Messages that are shown around the first one that differs."""


def explain_session(name: str, session: SessionRecord) -> Iterator[Line]:
    """Yield what the plays of a session with sleeps show."""
    if not session.undisturbed or (session.broken_step is not None and not session.confirmed):
        reason = "no play of it came to its end" if session.broken_step is None else session.broken_step.reason
        yield [span(f"{name}: the session fails without any sleep: {reason}", "yellow")]
        return
    if not session.to_confirm:
        kept = sum(session.state_of(gap) == "kept" for gap in session.gaps)
        yield [span(f"{name}: objects slept in {kept} of {len(session.gaps)} gaps, and clients saw the same")]
    for each in session.to_confirm:
        yield from _explained(name, session, each)
        yield []
    for gap in session.gaps:
        state = session.state_of(gap)
        if state not in {"kept", "changed"}:
            pins = ", ".join(pins_in(session, gap))
            where = describe_gap(session.steps, gap)
            yield [span(f"  {where}: {MEANINGS[state]}{pins and f' by {pins}'}", "dim")]


def _explained(name: str, session: SessionRecord, each: Suspicion) -> Iterator[Line]:
    difference = each.difference
    yield [span(f"{name}: evicted {describe_sleeps(session.steps, each.sleeps)}", "bold")]
    yield [span(f"  {describe(each)}", "red" if each.is_confirmed else "yellow")]
    what, page = looks_like(difference)
    yield [span(f"  looks like {what}: {page}", "dim")]
    yield [span(f"  what {difference.client} saw, - without a sleep and + with this one:")]
    without = _sights(session.undisturbed[0], difference.client)
    seen = _sights(each.disturbed.play, difference.client)
    at = _index(without, difference.expected), _index(seen, difference.seen)
    for offset in range(-_BEFORE, _AFTER + 1):
        yield from _pair(session, _of(without, at[0], offset), _of(seen, at[1], offset))


def _pair(session: SessionRecord, without: Sight | None, seen: Sight | None) -> Iterator[Line]:
    if without is None and seen is None:
        return
    place = _place(session, without or seen)
    if without is not None and seen is not None and without.value == seen.value:
        yield [span(f"    {place}   {value_text(without.value)}", "dim")]
        return
    if without is not None:
        yield [span(f"    {place} "), span(f"- {value_text(without.value)}", "green")]
    if seen is not None:
        yield [span(f"    {place} "), span(f"+ {value_text(seen.value)}", "red")]


def _place(session: SessionRecord, sight: Sight | None) -> str:
    step = None if sight is None else sight.step
    line = "at the end" if step is None else f"line {session.steps[step].position.line}"
    return f"{line:<10}"


def _sights(play: PlayRecord, client: str) -> Sequence[Sight]:
    return view_of(play).get(client, ())


def _index(sights: Sequence[Sight], sight: Sight | None) -> int:
    """Return where a sight is; the end if there is none."""
    found = (index for index, each in enumerate(sights) if sight is not None and each.event == sight.event)
    return next(found, len(sights))


def _of(sights: Sequence[Sight], at: int, offset: int) -> Sight | None:
    index = at + offset
    return sights[index] if 0 <= index < len(sights) else None
