"""Find the frames that the runtime answered itself while an object slept, such as PING and its PONG."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.sleeps import Sleep, sleeps_of
from poc_cli.record.play_record import PlayRecord

_MEMO = "answered by the runtime"

Content = tuple[object, object]


@dataclass(frozen=True, slots=True)
class AutoResponses:
    """The contents of frames that clients sent and received while no object was in memory."""

    asked: frozenset[Content]
    answered: frozenset[Content]

    def asks(self, frame: Event) -> bool:
        """Return whether the runtime is known to answer this sent frame."""
        return _known(frame) in self.asked

    def answers(self, frame: Event) -> bool:
        """Return whether this received frame is known to be an answer of the runtime."""
        return _known(frame) in self.answered


def auto_responses(play: PlayRecord) -> AutoResponses:
    """Return what was sent and received on the sockets of the play's objects while they slept."""
    found = play.memo.get(_MEMO)
    if not isinstance(found, AutoResponses):
        found = play.memo[_MEMO] = _auto_responses(play)
    return found


def _known(frame: Event) -> Content:
    """Return a frame's content, or only its id if the content was not recorded in full."""
    return (frame.id, None) if frame.data.get("cut") else (frame.data.get("text"), frame.data.get("hex"))


def _auto_responses(play: PlayRecord) -> AutoResponses:
    asked: set[Content] = set()
    answered: set[Content] = set()
    for sleep in sleeps_of(play):
        until = _known_asleep_until(play, sleep)
        sent, got = (_between(frames, sleep.left.id, until) for frames in (play.frames_sent, play.frames_received))
        for socket in sleep.sockets:
            replies = [each for each in got if socket.carried(each)]
            last = replies[-1].id if replies else 0
            asked |= {_known(each) for each in sent if each.id < last and socket.carried(each)}
            answered |= {_known(each) for each in replies}
    return AutoResponses(frozenset(asked), frozenset(answered))


def _between(frames: Sequence[Event], first: int, last: int) -> Sequence[Event]:
    begin = bisect_right(frames, first, key=lambda each: each.id)
    return frames[begin : max(begin, bisect_left(frames, last, key=lambda each: each.id))]


def _known_asleep_until(play: PlayRecord, sleep: Sleep) -> int:
    """Return the last event up to which the trace is known to show the object asleep.

    The trace lags behind the frames; it is read to its end by a probe and at the start of a `resume` step.
    """
    actor = f"object:{sleep.label}"
    back = play.end.id if sleep.back is None and play.end is not None else 0 if sleep.back is None else sleep.back.id
    probed = [
        event.id
        for event in play.between(sleep.left.id, back, kinds.PROBED)
        if event.actor == actor and event.data["found"] == "asleep"
    ]
    resumed = [
        step.begun.id
        for step in takewhile(lambda each: each.begun.id < back, play.steps_from(sleep.left.id))
        if step.verb == "resume" and step.failure != "woken" and sleep.left.id < step.begun.id
        if any(sent.id < back for sent in play.frames_sent_in(step.index))
    ]
    return max([*probed, *resumed], default=sleep.left.id)
