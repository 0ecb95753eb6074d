"""Transcript lines and sleep summaries for targets without a trace."""

from collections.abc import Callable, Mapping
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.judge.sleeps import sleeps_of
from poc_cli.record.instances import describe_stay, instances_of
from poc_cli.record.play_record import PlayRecord
from poc_cli.report.styled import Line, span

LineOf = Callable[[Event], Line | None]
"""Returns the transcript line of an event, None if it has none."""

_NOTE: Final = "cyan"


def answer(play: PlayRecord, label: str) -> str:
    """Return a sentence that says whether an object slept, as far as its replies show."""
    found = instances_of(play, label)
    slept = [each for each in sleeps_of(play) if each.label == label]
    parts: list[str] = []
    if slept:
        times = "" if len(slept) == 1 else f" {len(slept)} times, at first"
        parts.append(f"It slept{times}: it {slept[0].description}.")
    if found.unsteady is not None:
        parts.append(f"Nothing shows whether it slept: {found.unsteady[0]}.")
    parts += [f"It was still there: {describe_stay(stay)}." for stay in found.stays[:1]]
    parts += [f"Nothing shows that it slept: {doubt.why}." for doubt in found.doubts[:1] if not slept]
    if not found.answers:
        path = play.play.objects[label].instance
        parts.append(f'Nothing shows whether it slept: no reply has "{path}".')
    return " ".join(parts) or "It was never left alone between two replies."


def _waited(event: Event) -> Line:
    silent = event.data.get("silent_ms")
    length = f"{silent / 1000:.1f} s" if isinstance(silent, int | float) else "some time"
    return [span(f"-- {inert(event.actor.removeprefix('object:'))} was left alone for {length} --", _NOTE)]


def _asked(event: Event) -> Line:
    return [span(f"{event.actor} > (poc asks for the room's instance)", "dim")]


def _describe(event: Event) -> Line:
    return [span(f"{event.actor} < (the room's instance)", "dim")]


EVENT_LINES: Final[Mapping[str, LineOf]] = {kinds.WAITED: _waited}
FRAME_LINES: Final[Mapping[str, LineOf]] = {kinds.ASKED: _asked, kinds.TOLD: _describe}
