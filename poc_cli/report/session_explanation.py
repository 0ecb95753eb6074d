"""What clients saw differently after a sleep, message by message: what it was without the sleep, and with it."""

from collections.abc import Iterator, Sequence
from typing import Final

from poc_cli.judge.session_verdict import pins_in
from poc_cli.judge.session_words import describe, describe_gap, describe_sleeps, looks_like
from poc_cli.record.client_view import Sight, view_of
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.session_record import SessionRecord, Suspicion
from poc_cli.report.session_view import MEANINGS, value_text
from poc_cli.report.styled import Line, span

_BEFORE: Final = 2
_AFTER: Final = 3
"""Messages that are shown around the first one that differs."""


def explain_session(name: str, session: SessionRecord) -> Iterator[Line]:
    """Yield what the plays of a session with sleeps show."""
    if session.broken_step is not None or not session.undisturbed:
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
