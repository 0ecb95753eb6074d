"""Wait for the messages that a step expects on one client, and explain a mismatch in one sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from poc_cli.clients.inbox import Inbox, Over, Received, Taken
from poc_cli.engine.context import PlayContext
from poc_cli.engine.step_failure import StepFailed
from poc_cli.scenario.conditions import parse
from poc_cli.scenario.matching import Message, difference, expected_messages, matches
from poc_cli.scenario.model import Exchange
from poc_cli.scenario.templates import render
from poc_cli.scenario.unordered import AnyOrder
from poc_cli.targets.attendance import Window

UNREAD_NS: Final = 250_000_000
"""How long a message may be unread before that counts as lateness (see `targets/attendance.py`)."""

_LISTED = 5
"""Passed-over messages that a reason lists; all are in the history."""


class Correspondent(Protocol):
    """A source of messages: a client, an HTTP response, an app server or a page's script."""

    @property
    def name(self) -> str:
        """The actor in the history."""

    @property
    def inbox(self) -> Inbox:
        """The messages received from it."""

    @property
    def is_open(self) -> bool:
        """Whether more messages can arrive."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The last of the expected messages, and the messages that were skipped before it."""

    message: Received
    passed_over: tuple[Received, ...]


class Expectation:
    """One step's expectation on one client, with the names as they are bound now."""

    def __init__(self, context: PlayContext, client: Correspondent, step: Exchange) -> None:
        """Initialize and parse the step's conditions."""
        self._context = context
        self._client = client
        self._step = step
        self._conditions = [parse(text) for text in step.where]

    async def answer(self, start: int) -> Answer:
        """Wait for the expected messages from inbox position `start`. Raises StepFailed."""
        window = self._context.window(self._step.within)
        if self._step.order == "any":
            return await self._in_any_order(start, window)
        passed: list[Received] = []
        match: Received | None = None
        for expected in self._expected():
            taken = await self._take(start, partial(self._fits, expected), window)
            passed += taken.passed_over
            match = taken.match
            if match is None:
                raise self._unmet(expected, passed)
            start = self._client.inbox.position
        if match is None:
            raise StepFailed("silence", "the step expects no message at all")
        return Answer(match, tuple(passed))

    async def _take(self, start: int, wanted: Callable[[Message], bool], window: Window) -> Taken:
        """Wait for a matching message until the window is over, then check the inbox once more.

        A message that arrived in time may still be unread when the window is over.
        """
        inbox, very_next = self._client.inbox, self._step.next
        passed: tuple[Received, ...] = ()
        while True:
            taken = await inbox.take(start, wanted, window, very_next=very_next)
            passed += taken.passed_over
            if taken.match is not None:
                return Taken(taken.match, passed)
            if very_next and passed:
                await self._context.target.settled()
                return Taken(None, passed)
            start = max(start, inbox.position)
            if inbox.has_ended or await self._context.is_over(window):
                break
        await self._context.target.settled()
        until_ns = self._context.at_ns(window.ends_ns()) + UNREAD_NS
        more = await inbox.take(max(start, inbox.position), wanted, Over(), very_next=very_next, until_ns=until_ns)
        return Taken(more.match, passed + more.passed_over)

    async def _in_any_order(self, start: int, window: Window) -> Answer:
        """Wait for all expected messages, in any order."""
        order = AnyOrder(self._expected(), exact=self._step.exact)
        passed: list[Received] = []
        match: Received | None = None
        while order.missing:
            taken = await self._take(start, lambda message: not self._broken(message) and order.take(message), window)
            passed += taken.passed_over
            match = taken.match
            if match is None:
                raise self._unmet(order.missing[0], passed)
            start = self._client.inbox.position
        if match is None:
            raise StepFailed("silence", "the step expects no message at all")
        return Answer(match, tuple(passed))

    def _expected(self) -> list[object]:
        if self._step.expect is None:
            return [None]
        return [render(each, self._context.names) for each in expected_messages(self._step.expect)]

    def _fits(self, expected: object, message: Message) -> bool:
        fits = expected is None or matches(expected, message, exact=self._step.exact)
        return fits and not self._broken(message)

    def _broken(self, message: Message) -> list[str]:
        texts = zip(self._step.where, self._conditions, strict=True)
        return [text for text, condition in texts if not condition.holds(message.json, self._context.names)]

    def _unmet(self, expected: object, passed: list[Received]) -> StepFailed:
        name = self._client.name
        if passed:
            last = passed[-1].message
            differs = expected is not None and not matches(expected, last, exact=self._step.exact)
            why = [difference(expected, last, exact=self._step.exact)] if differs else []
            if differs and isinstance(expected, dict) and expected.keys() == {"text"} and isinstance(last.json, dict):
                why.append("{ text = … } means a plain text; for a JSON object write { json = { text = … } }")
            why += [f"{text} does not hold" for text in self._broken(last)]
            events = ", ".join(str(received.event_id) for received in passed[-_LISTED:])
            reason = f"{name} got {len(passed)} message(s), none as expected: {'; '.join(why)} (event {events})"
            return StepFailed("mismatch", reason)
        if not self._client.is_open:
            how = self._context.clients[name].how_it_ended if name in self._context.clients else ""
            return StepFailed("closed", f"{name} was closed while it waited for an answer{how and f' ({how})'}")
        reason = f"{name} got nothing within {self._step.within:g} s"
        return StepFailed("silence", reason, ", though the runtime answers")
