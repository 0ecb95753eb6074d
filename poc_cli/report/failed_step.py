"""All that is known about a step that failed: its line, what differs, the worker's exceptions and what led to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.judge.recheck.mailbox import is_masked, message_of
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.record.source_lines import threw_words
from poc_cli.report.styled import plain
from poc_cli.report.transcript import LONGEST_MESSAGE, PlayTranscript, cut
from poc_cli.scenario.expected_message import Expected, expected_by
from poc_cli.scenario.matching import Message
from poc_cli.scenario.message_diff import Difference, differences, nearest
from poc_cli.scenario.model import Exchange
from poc_cli.scenario.templates import UnknownNameError
from poc_cli.scenario.values import MISSING, shown

LAST_LINES: Final = 8
"""Lines of the transcript before a step failed: the step, an exchange and a sleep."""

_COMPARED: Final = 500
"""Messages among which the nearest is looked for, as the engine does."""

_LONGEST_SOURCE: Final = 2_000
"""Characters of a line of a scenario; a longer one was generated."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """How what came differs from what was expected: the nearest message, and the ids of all others."""

    expected: str
    nearest: int
    differences: tuple[Difference, ...]
    conditions: tuple[str, ...]
    """How else it differs: the conditions that it does not meet, and a text or bytes as a whole."""

    others: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step that failed. `end` is the id of its `step_end` event; `reason` is empty where claims say it."""

    play: str
    file: str
    line: int
    column: int
    source: str
    reason: str
    end: int
    mismatch: Mismatch | None
    thrown: tuple[str, ...]
    transcript: tuple[str, ...]

    @property
    def place(self) -> str:
        """Return `file:line:column`, which editors and terminals make a link of."""
        return f"{self.file}:{self.line}:{self.column}"


def failed_step(play: PlayRecord, step: StepRecord) -> FailedStep:
    """Return what is known about a failed step. A record that was edited since has less to tell."""
    data = play.start.data
    line = step.begun.data.get("line")
    line = line if isinstance(line, int) else 0
    lines = str(data.get("text", "")).split("\n")
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    return FailedStep(
        play=play.label,
        file=str(data.get("file", "")),
        line=line,
        column=len(source) - len(source.lstrip()) + 1,
        source=inert(source.strip()[:_LONGEST_SOURCE]),
        reason=step.reason,
        end=step.end_id,
        mismatch=_mismatch(play, step),
        thrown=tuple(_thrown(play, step)),
        transcript=tuple(_transcript(play, step)),
    )


def _mismatch(play: PlayRecord, step: StepRecord) -> Mismatch | None:
    """Return how the messages of a step differ, None if it failed for another reason or cannot be read any more."""
    if step.failure != "mismatch":
        return None
    try:
        placed = play.play.steps[step.index]
        verb = placed.step
        if not isinstance(verb, Exchange):
            return None
        received = _received(play, step)
        client = received[0].actor if received else ""
        names = play.play.names(str(play.start.data.get("nonce")))
        captured = (event for event in play.of_kind(kinds.CAPTURED) if event.id < step.end_id)
        names |= {str(event.data["name"]): event.data["value"] for event in captured}
        bound = play.play.client_bound(client) if client in play.play.clients else {}
        expected = expected_by(verb, {**bound, **names, **placed.bound})
        messages = [(event.id, message_of(event, play.play.decoder(client) if bound else None)) for event in received]
        return _nearest_of(expected, [(event_id, each) for event_id, each in messages if each is not None])
    except (UnknownNameError, ValueError, KeyError, LookupError):
        return None


def _nearest_of(expected: Sequence[Expected], messages: Sequence[tuple[int, Message]]) -> Mismatch | None:
    """Return the mismatch of the first expected message that did not come."""
    came = [message for _, message in messages]
    unmet = next((each for each in expected if not any(each.fits(message) for message in came)), None)
    if unmet is None or not messages or is_masked(unmet.form):
        return None
    last = messages[-_COMPARED:]
    event_id, message = last[nearest(unmet, [each for _, each in last])]
    keys = differences(unmet, message)
    sentence = "" if keys else inert(unmet.difference(message))
    return Mismatch(
        expected="any message" if unmet.form is None else inert(shown(unmet.form)),
        nearest=event_id,
        differences=tuple(keys),
        conditions=(*filter(None, [sentence]), *(f"{each} does not hold" for each in unmet.broken(message))),
        others=tuple(each for each, _ in messages if each != event_id),
    )


def _received(play: PlayRecord, step: StepRecord) -> list[Event]:
    """Return the messages that a failed step read: those of the client that its reason names.

    They begin after what that client sent in the step, or after the last message that an earlier step waited for.
    """
    inside = [event for event in play.of_kind(kinds.RECEIVED) if event.id < step.end_id]
    client = next((event.actor for event in inside if step.reason.startswith(f"{event.actor} ")), None)
    if client is None:
        mine = [event for event in inside if event.step == step.index]
        client = mine[-1].actor if mine else None
    sent = [event.id for event in play.of_kind(kinds.SENT) if event.actor == client and event.step == step.index]
    answered = [
        int(answer["event"])
        for each in play.steps
        if each.end_id < step.end_id
        for name, answer in each.reported("answered").items()
        if name == client and isinstance(answer, dict)
    ]
    since = min(sent, default=max(answered, default=0))
    return [event for event in inside if event.actor == client and event.id > since]


def _thrown(play: PlayRecord, step: StepRecord) -> list[str]:
    """Return the exceptions of the worker during a step, each once."""
    inside = (event for event in play.of_kind(kinds.THREW) if step.begun.id < event.id)
    mine = [event for event in inside if event.step == step.index]
    counted: dict[str, list[int]] = {}
    for event in mine:
        counted.setdefault(inert(threw_words(event.data)), []).append(event.id)
    return [f"{words} ({_times(ids)})" for words, ids in counted.items()]


def _times(ids: list[int]) -> str:
    return f"event {ids[0]}" if len(ids) == 1 else f"{len(ids)} times, first event {ids[0]}"


def _transcript(play: PlayRecord, step: StepRecord) -> list[str]:
    """Return the last lines of the transcript before a step ended, without its end and what was thrown."""
    events = [play.start, *play.events]
    written = PlayTranscript(play.label, events, messages=True)
    found: list[str] = []
    for index in range(len(events) - 1, -1, -1):
        if events[index].id >= step.end_id or events[index].kind == kinds.THREW:
            continue
        line = written.line(index)
        found += [] if line is None else [plain(line)]
        if len(found) == LAST_LINES:
            break
    return found[::-1]


def difference_lines(mismatch: Mismatch) -> list[tuple[str, str]]:
    """Return the differing keys as the lines of a diff: `-` with what was expected, `+` with what came."""
    found: list[tuple[str, str]] = []
    for each in mismatch.differences:
        at = f"{each.path}: " if each.path else ""
        found += [] if each.expected is MISSING else [("-", f"{at}{cut(shown(each.expected), LONGEST_MESSAGE)}")]
        found += [("+", f"{at}{'(missing)' if each.got is MISSING else cut(shown(each.got), LONGEST_MESSAGE)}")]
    return found
