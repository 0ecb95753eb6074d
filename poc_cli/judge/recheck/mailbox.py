"""The messages that a client had received at an event, and how a step's expectation reads them.

Mirrors `clients.inbox` and `engine.expectation` on recorded events: the same order, the same reading positions.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from poc_cli.history.event import Event
from poc_cli.history.redact import MASK
from poc_cli.scenario.expected_message import Expected, Met, expected_by
from poc_cli.scenario.matching import Decoder, Message, matches, text_message
from poc_cli.scenario.model import Exchange
from poc_cli.scenario.templates import render
from poc_cli.scenario.unordered import AnyOrder
from poc_cli.scenario.values import compact

_MASK_HEX = MASK.encode().hex()


def is_masked(value: object) -> bool:
    """Return whether a secret was masked in a recorded or expected value."""
    if not isinstance(value, str):
        try:
            value = compact(value)
        except ValueError:  # a date, or nan: neither can hold a secret
            return False
    return MASK in value or _MASK_HEX in value


def message_of(event: Event, decoder: Decoder | None = None) -> Message | None:
    """Return the message of an event, None if it is not recorded in full."""
    data = event.data
    if data.get("cut"):
        return None
    if "text" in data:
        return text_message(data["text"], decoder)
    try:
        return Message(None, bytes.fromhex(data["hex"]))
    except (KeyError, ValueError):
        return None


@dataclass(slots=True)
class Mailbox:
    """The messages of one client since it was last connected, oldest first.

    `position` is the number of messages up to the last one that a step has read, None if unknown. `read` has the
    indexes of messages that a step has read, `maybe_read` those that one may have read.
    """

    messages: list[Message | None] = field(default_factory=list)
    masked: set[int] = field(default_factory=set)
    ids: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    position: int | None = 0
    read: set[int] = field(default_factory=set)
    maybe_read: set[int] = field(default_factory=set)

    def put(self, event: Event, message: Message | None) -> None:
        """Append a message."""
        if MASK in event.data.get("text", "") or _MASK_HEX in event.data.get("hex", ""):
            self.masked.add(len(self.messages))
        self.messages.append(message)
        self.ids.append(event.id)
        self.times.append(event.t_ns)

    def __len__(self) -> int:
        """Return the number of messages."""
        return len(self.messages)

    def is_whole(self, index: int) -> bool:
        """Return whether a message is recorded in full and without masks."""
        return self.messages[index] is not None and index not in self.masked

    def index_of(self, event_id: int) -> int | None:
        """Return the index of the message of an event, None if this client did not receive it."""
        index = bisect_left(self.ids, event_id)
        return index if index < len(self.ids) and self.ids[index] == event_id else None

    def first_after(self, event_id: int) -> int:
        """Return the index of the first message that came after an event."""
        return bisect_right(self.ids, event_id)

    def until(self, t_ns: int) -> int:
        """Return the number of messages that had arrived by a time."""
        stop = len(self.times)
        while stop and self.times[stop - 1] > t_ns:
            stop -= 1
        return stop

    def move(self, start: int, position: int | None) -> None:
        """Mark the messages up to a position as read; if it is None, all from `start` on as maybe read."""
        if position is None:
            self.maybe_read.update(range(start, len(self)))
        else:
            self.read.update(range(start, position))
        self.position = position


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of a reading: the message that met the last expectation, if all were met, and where it stopped.

    `clear` is False if the result may be wrong, because messages that it passed are not recorded in full or the
    expectation has masked secrets.
    """

    match: int | None
    position: int
    clear: bool
    met: tuple[Met, ...] = ()
    """Which message met what, up to where it stopped."""
    unmet: Expected | None = None
    """The expected message that it did not find."""


class Wanted:
    """What an exchange expects, with rendered templates."""

    def __init__(self, step: Exchange, names: Mapping[str, object], *, has_secrets: bool) -> None:
        """Render the templates; `has_secrets` says that some of them may be masked.

        Raises UnknownNameError, or ValueError for a value that JSON cannot represent.
        """
        self._step = step
        self._names = names
        self._expected = expected_by(step, names)
        self._clear = not (has_secrets and self._is_masked())

    def read(self, box: Mailbox, start: int, stop: int) -> Reading:
        """Read messages from `start` up to `stop` until all expectations are met."""
        clear, index = self._clear, start
        order = AnyOrder(self._expected) if self._step.order == "any" else None
        met: list[Met] = []
        match: int | None = None
        for expected in self._expected:
            match = None
            while index < stop and match is None:
                message = box.messages[index]
                clear = clear and box.is_whole(index)
                if message is not None and (expected.fits(message) if order is None else order.take(message)):
                    match = index
                    met.append((expected, message))
                index += 1
                if self._step.next:
                    break
            if match is None:
                unmet = expected if order is None else order.missing[0]
                return Reading(None, index, clear, tuple(met), unmet)
        return Reading(match, index, clear, tuple(met if order is None else order.met))

    def _is_masked(self) -> bool:
        conditions = (condition for expected in self._expected for condition in expected.conditions)
        bound = [self._names.get(name) for condition in conditions for name in condition.names]
        return is_masked([render(self._step.expect, self._names), self._step.where, bound])


def first_noise(box: Mailbox, indices: Iterable[int], like: object, *, exact: bool) -> tuple[int | None, bool]:
    """Return the first of some messages that breaks a silence, and whether that is certain.

    Without `like` every message does, with it those that match.
    """
    clear = like is None or not is_masked(like)
    for index in indices:
        message = box.messages[index]
        if like is None:
            return index, True
        clear = clear and box.is_whole(index)
        if message is not None and matches(like, message, exact=exact):
            return index, clear
    return None, clear
