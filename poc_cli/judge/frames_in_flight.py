"""Find frames in flight: sent by a client, and not shown to have arrived by an answer or by time."""

from bisect import bisect_left
from collections import deque
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.play_record import FOREVER, Connection, PlayRecord, once

ARRIVES_NS: Final = 1_000_000_000
"""A frame that was sent this long ago has arrived. On loopback one takes less than 0.1 s unless something is late."""


def on_its_way(play: PlayRecord, connection: Connection, at: Event) -> Event | None:
    """Return the first frame of a connection that may not have arrived when an event was recorded."""
    answers = _answers(play)
    for frame in _recent(play, at):
        if connection.carried(frame) and not answers.get(frame.id, FOREVER) < at.id:
            return frame
    return None


def answered_after(play: PlayRecord, connection: Connection, event_id: int) -> int | None:
    """Return the first answer to a frame that was sent on a connection after an event."""
    sent = play.frames_sent
    for place in range(bisect_left(sent, event_id, key=lambda frame: frame.id), len(sent)):
        answer = _answers(play).get(sent[place].id)
        if answer is not None and connection.carried(sent[place]):
            return answer
    return None


def _recent(play: PlayRecord, at: Event) -> list[Event]:
    """Return the frames that were sent before an event, by at most `ARRIVES_NS`."""
    sent = play.frames_sent
    last = first = bisect_left(sent, at.id, key=lambda frame: frame.id)
    while first and at.t_ns - sent[first - 1].t_ns < ARRIVES_NS:
        first -= 1
    return list(sent[first:last])


@once
def _answers(play: PlayRecord) -> dict[int, int]:
    """Return the answer that shows the arrival of each frame, by id.

    A connection keeps the order, so each answer that a step waited for belongs to the oldest frame without one; frames
    that no step waited for may have been answered too.
    """
    awaited = {answer["event"] for step in play.steps for answer in step.reported("answered").values()}
    received = (event for event in play.of_kind(kinds.RECEIVED) if event.id in awaited)
    pending: dict[tuple[str, object], deque[Event]] = {}
    found: dict[int, int] = {}
    for event in sorted((*play.frames_sent, *received, *play.of_kind(kinds.OPENED)), key=lambda each: each.id):
        waiting = pending.setdefault((event.actor, event.data.get("socket")), deque())
        if event.kind == kinds.OPENED:
            waiting.clear()
        elif event.kind != kinds.RECEIVED:
            waiting.append(event)
        else:
            while waiting and event.t_ns - waiting[0].t_ns >= ARRIVES_NS:
                waiting.popleft()
            if waiting:
                found[waiting.popleft().id] = event.id
    return found
