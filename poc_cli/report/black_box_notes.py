"""What the record of a black box tells beyond messages: waits, questions of poc's own, and how a sleep is known."""

from collections.abc import Callable, Mapping
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.judge.sleeps import sleeps_of
from poc_cli.record.instances import describe_stay, instances_of
from poc_cli.record.play_record import PlayRecord
from poc_cli.report.styled import Line, span

Told = Callable[[Event], Line | None]

_NOTE: Final = "cyan"


def answer(play: PlayRecord, label: str) -> str:
    """Return in a sentence whether an object slept, as far as its answers tell."""
    told = instances_of(play, label)
    slept = [each for each in sleeps_of(play) if each.label == label]
    parts: list[str] = []
    if slept:
        times = "" if len(slept) == 1 else f" {len(slept)} times, at first"
        parts.append(f"It slept{times}: it {slept[0].told}.")
    if told.unsteady is not None:
        parts.append(f"Nothing shows whether it slept: {told.unsteady[0]}.")
    parts += [f"It was still there: {describe_stay(stay)}." for stay in told.stays[:1]]
    parts += [f"Nothing shows that it slept: {doubt.why}." for doubt in told.doubts[:1] if not slept]
    if not told.tellings:
        path = play.play.objects[label].instance
        parts.append(f'Nothing shows whether it slept: no answer of it has "{path}".')
    return " ".join(parts) or "It was not left alone between two of its answers."


def _waited(event: Event) -> Line:
    silent = event.data.get("silent_ms")
    length = f"{silent / 1000:.1f} s" if isinstance(silent, int | float) else "some time"
    return [span(f"-- {inert(event.actor.removeprefix('object:'))} was left alone for {length} --", _NOTE)]


def _asked(event: Event) -> Line:
    return [span(f"{event.actor} > (poc asks who the room is)", "dim")]


def _describe(event: Event) -> Line:
    return [span(f"{event.actor} < (the room tells poc)", "dim")]


TELLERS: Final[Mapping[str, Told]] = {kinds.WAITED: _waited}
FRAMES: Final[Mapping[str, Told]] = {kinds.ASKED: _asked, kinds.TOLD: _describe}
