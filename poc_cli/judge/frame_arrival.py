"""Determine which frames reached an object, and so which sockets are its own.

The trace shows that a socket event reached an object, but not of which socket, nor whether it was a message or a close.
So frames are counted: if more frames were sent on a connection in some part of the play than can have missed the
object, one of them reached it. Frames that the runtime's auto-response answers never reach an object.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.auto_response import auto_responses
from poc_cli.judge.fences import fences_of
from poc_cli.record.play_record import FOREVER, Connection, PlayRecord
from poc_cli.scenario.model import Close, Exchange

SOCKET_EVENT = "hibernatable_websocket"
"""The trace's name for a message, close or error of a hibernatable socket that reached the object."""


_Content = tuple[object, object]


@dataclass(slots=True)
class _Block:
    """The events between two fences: from `first` on, before `last`.

    `sent` and `got` are the frames of each connection, without auto-responses and the frames that they answer.
    `unawaited` counts the frames in `sent` that no step waited for, so that they may reach the object after the block.
    """

    first: int
    last: int
    sent: dict[int, list[Event]] = field(default_factory=dict)
    got: dict[int, list[Event]] = field(default_factory=dict)
    unawaited: Counter[int] = field(default_factory=Counter)
    delivered: int = 0
    closes: int = 0
    late_closes: int = 0
    """Those of `closes` that no step waited for: the trace may show them in the next block."""


class Reach:
    """The frames of an object's connections; `labels` are the objects that these may lead to."""

    def __init__(self, play: PlayRecord, labels: frozenset[str]) -> None:
        self._play = play
        self._actors = {f"object:{label}" for label in labels}
        self._mine = [each for each in play.connections if any(play.belongs(each, label) for label in labels)]

    @cached_property
    def _by_place(self) -> dict[tuple[str, object], list[Connection]]:
        found: dict[tuple[str, object], list[Connection]] = {}
        for each in self._mine:
            found.setdefault((each.client, each.opened.data.get("socket")), []).append(each)
        return found

    def _connection_of(self, frame: Event) -> Connection | None:
        mine = self._by_place.get((frame.actor, frame.data.get("socket")), [])
        number = bisect_right(mine, frame.id, key=lambda each: each.opened.id)
        found = mine[number - 1] if number else None
        return found if found is not None and found.is_open_at(frame.id) else None

    @cached_property
    def _blocks(self) -> list[_Block]:
        fences = [each for each in fences_of(self._play) if each < FOREVER]
        blocks = [_Block(first, last) for first, last in zip([0, *fences], [*fences, FOREVER], strict=True)]
        runtime = auto_responses(self._play)
        repeated = self._repeated
        for frame in self._play.frames_sent:
            connection = self._connection_of(frame)
            if connection is not None and not runtime.asks(frame) and _content(frame) not in repeated:
                block = _at(blocks, frame.id)
                block.sent.setdefault(connection.opened.id, []).append(frame)
                block.unawaited[connection.opened.id] += not self._is_awaited(frame)
        for frame in self._play.frames_received:
            connection = self._connection_of(frame)
            if connection is not None and not runtime.answers(frame) and _content(frame) not in repeated:
                _at(blocks, frame.id).got.setdefault(connection.opened.id, []).append(frame)
        for event in self._play.of_kind(kinds.DELIVERED):
            if event.actor in self._actors and event.data["name"] == SOCKET_EVENT:
                _at(blocks, event.id).delivered += 1
        self._count_closes(blocks)
        return blocks

    @cached_property
    def _repeated(self) -> frozenset[_Content]:
        """The contents that counting cannot distinguish from a keep-alive.

        An app server may hold sockets of its own to the object, whose frames are not recorded. A message that is sent
        repeatedly and always gets the same answer may be answered by the runtime.
        """
        if self._play.scenario.document.origin is None:
            return frozenset()
        times: Counter[_Content] = Counter()
        answers: dict[_Content, set[_Content]] = {}
        asked: dict[int, _Content] = {}
        frames = sorted((*self._play.frames_sent, *self._play.frames_received), key=lambda each: each.id)
        for frame in frames:
            connection = self._connection_of(frame)
            if connection is None:
                continue
            if frame.kind in {kinds.SENT, kinds.FRAME_SENT}:
                asked[connection.opened.id] = _content(frame)
                times[_content(frame)] += 1
            elif connection.opened.id in asked:
                answers.setdefault(asked.pop(connection.opened.id), set()).add(_content(frame))
        alike = {content for content, number in times.items() if number > 1 and len(answers.get(content, ())) == 1}
        return frozenset(alike.union(*(answers[content] for content in alike)))

    def _count_closes(self, blocks: list[_Block]) -> None:
        steps = {step.index: step for step in self._play.steps}
        for each in self._mine:
            if each.closed is None or each.closed.data["by"] == "nobody":
                continue  # a connection that broke with the object is no event of the object
            block, step = _at(blocks, each.closed.id), steps.get(each.closed.step or 0)
            placed = None if step is None else self._play.play.steps[step.index].step
            block.closes += 1
            block.late_closes += not isinstance(placed, Close)

    def _is_awaited(self, frame: Event) -> bool:
        """Return whether the step that sent a frame waited for an answer and got it."""
        step = self._steps.get(frame.step)
        return step is not None and step

    @cached_property
    def _steps(self) -> dict[int | None, bool]:
        found: dict[int | None, bool] = {}
        for step in self._play.steps:
            placed = self._play.play.steps[step.index].step
            found[step.index] = isinstance(placed, Exchange) and placed.expects and step.ok
        return found

    # --- counting

    @cached_property
    def _sums(self) -> tuple[list[int], list[int], list[int]]:
        """The numbers of frames sent, events that reached the object, and closes, up to each block."""
        blocks = self._blocks
        sent = accumulate((sum(map(len, each.sent.values())) for each in blocks), initial=0)
        delivered = accumulate((each.delivered for each in blocks), initial=0)
        closes = accumulate((each.closes for each in blocks), initial=0)
        return list(sent), list(delivered), list(closes)

    def _missed(self, first: int, last: int, since: int, *, at_least: bool = False) -> int:
        """Return how many frames sent in some blocks may have missed the object, or `at_least` how many must have.

        Events may also come from frames of earlier blocks, after `since`, that were in flight, and from closes. A close
        is recorded when its frame arrives, which is before the object gets the answer to it, so no close belongs to an
        earlier block.
        """
        sent, delivered, closes = self._sums
        blocks = self._blocks
        others = 0
        if not at_least:
            others = closes[last + 1] - closes[first]
            others += blocks[first - 1].late_closes + self._carried(first - 1) if first > since else 0
        reached = max(0, delivered[last + 1] - delivered[first] - others)
        return max(0, sent[last + 1] - sent[first] - reached)

    def _carried(self, index: int) -> int:
        """Return how many frames of a block may have reached the object after the block."""
        block = self._blocks[index]
        missed = max(0, sum(map(len, block.sent.values())) - block.delivered)
        return min(missed, block.unawaited.total())

    # --- queries

    def first_that_reached(self, connection: Connection, after: int = 0) -> Event | None:
        """Return the first frame of a connection after an event that reached the object, as far as counting shows."""
        since = self._index(after)
        for first, last in self._stretches(connection.opened.id, since):
            sent = list(self._frames("sent", connection.opened.id, first, last, after))
            if len(sent) > self._missed(first, last, since):
                return sent[0]
        return None

    def first_that_came(self, connection: Connection, after: int, back: int) -> Event | None:
        """Return the first frame received on a connection, after an object was back in memory, that the object sent.

        The trace may show that the object is back only after the answer to the client's first frame. Each frame of the
        client that missed the object may have been answered by the runtime.
        """
        since, key = self._index(after), connection.opened.id
        first_sent = next(self._frames("sent", key, since, len(self._blocks) - 1, after), None)
        back = back if first_sent is None else min(back, first_sent.id)
        for first, last in self._stretches(key, since, "got"):
            got = list(self._frames("got", key, first, last, back))
            sent = sum(1 for _ in self._frames("sent", key, first, last, after))
            earlier = self._blocks[first - 1].unawaited[key] if first else 0
            if len(got) > min(sent, self._missed(first, last, since)) + earlier:
                return got[0]
        return None

    def may_have_spoken(self, connection: Connection, after: int) -> bool:
        """Return whether a client and the object may have exchanged a frame each way after an event.

        If they may, a socket that was closed later is not judged as lost in the sleep.
        """
        since, last, key = self._index(after), len(self._blocks) - 1, connection.opened.id
        sent = len(list(self._frames("sent", key, since, last, after)))
        got = next(self._frames("got", key, since, last, after), None)
        return got is not None and sent > self._missed(since, last, since, at_least=True)

    def _index(self, event_id: int) -> int:
        """Return the index of the block that contains an event."""
        return bisect_right(self._blocks, event_id, key=lambda each: each.first) - 1

    def _stretches(self, key: int, since: int, what: str = "sent") -> Iterator[tuple[int, int]]:
        """Yield the ranges of blocks to examine: each block with a frame, its neighbors, and all up to it."""
        places = self._places.get((what, key), [])
        begin = bisect_left(places, since)
        for number in range(begin, len(places)):
            place = places[number]
            yield place, place
            if place + 1 < len(self._blocks):
                yield place, place + 1
            if place > since:
                yield place - 1, place
        if begin < len(places):
            yield since, places[begin]
            yield since, places[-1]
            yield since, len(self._blocks) - 1

    def _frames(self, what: str, key: int, first: int, last: int, after: int) -> Iterator[Event]:
        places = self._places.get((what, key), [])
        for number in range(bisect_left(places, first), bisect_right(places, last)):
            frames: dict[int, list[Event]] = getattr(self._blocks[places[number]], what)
            yield from (frame for frame in frames[key] if frame.id > after)

    @cached_property
    def _places(self) -> dict[tuple[str, int], list[int]]:
        """The blocks in which frames were sent or received on a connection."""
        found: dict[tuple[str, int], list[int]] = {}
        for index, block in enumerate(self._blocks):
            for what, frames in (("sent", block.sent), ("got", block.got)):
                for key in frames:
                    found.setdefault((what, key), []).append(index)
        return found


def _content(frame: Event) -> _Content:
    return frame.data.get("text"), frame.data.get("hex")


def _at(blocks: Sequence[_Block], event_id: int) -> _Block:
    return blocks[bisect_right(blocks, event_id, key=lambda each: each.last)]


def reach_of(play: PlayRecord, label: str) -> Reach:
    """Return the frames that may have reached an object, computed once."""
    labels = frozenset({label}) if play.addresses.tell else frozenset(play.play.objects)
    known: dict[frozenset[str], Reach] = play.memo.setdefault("reach", {})
    if labels not in known:
        known[labels] = Reach(play, labels)
    return known[labels]
