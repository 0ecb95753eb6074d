"""Wait for the messages that a step expects on one client, and explain a mismatch in one sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from poc_cli.clients.inbox import Expired, Inbox, Received, Taken
from poc_cli.engine.context import PlayContext
from poc_cli.engine.passed_over import PassedOver
from poc_cli.engine.step_failure import Failure, StepFailed
from poc_cli.scenario.expected_message import Expected, Met, expected_by
from poc_cli.scenario.matching import Message
from poc_cli.scenario.message_diff import differences, nearest
from poc_cli.scenario.model import Exchange
from poc_cli.scenario.sessions import DISTURBED
from poc_cli.scenario.unordered import AnyOrder
from poc_cli.targets.attendance import Window

UNREAD_NS: Final = 250_000_000
"""How long a message may be unread before that counts as lateness (see `targets/attendance.py`)."""

AFTER_OTHERS_SECONDS: Final = 0.15
"""How long a session with sleeps, or a step that already failed in the story that is confirmed, still waits once it has
got enough other messages; a wake takes up to 8 ms."""

_OVERTAKEN: Final[frozenset[Failure]] = frozenset({"mismatch", "silence"})
"""Failures that say only that a message did not come, or not then."""

_LISTED = 3
"""Differing keys that a reason lists; the report has all."""

_COMPARED = 500
"""Messages among which the nearest is looked for, which takes about 5 ms; a flood has many thousands."""


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


class Limited(Protocol):
    """A time limit."""

    @property
    def left_s(self) -> float:
        """Return the seconds left; 0 or less when it is over."""

    def ends_ns(self) -> int:
        """Return the monotonic time at which it ends, as far as is known now."""


class ShortWindow:
    """A window that is also over a moment after as many messages as expected have come, if they are others.

    After a sleep that lost something, every later step of a session may get other messages than it expects.
    """

    def __init__(self, window: Window, context: PlayContext, inbox: Inbox, enough: int) -> None:
        """Initialize with the window, and the size of the inbox that is enough."""
        self._window = window
        self._context = context
        self._inbox = inbox
        self._enough = enough

    @property
    def left_s(self) -> float:
        """Return the seconds left; 0 or less when it is over."""
        left = self._window.left_s
        last = self._inbox.since(self._inbox.size - 1)
        if self._inbox.size < self._enough or not last:
            return left
        return min(left, AFTER_OTHERS_SECONDS - (self._context.now_ns - last[-1].t_ns) / 1e9)

    def ends_ns(self) -> int:
        """Return the monotonic time at which it ends, as far as is known now."""
        return self._window.ends_ns()


@dataclass(frozen=True, slots=True)
class Answer:
    """The last of the expected messages, the messages that were skipped before it, and which message met what."""

    message: Received
    passed_over: tuple[Received, ...]
    met: tuple[Met, ...]


class Expectation:
    """One step's expectation on one client, with the names as they are bound now."""

    def __init__(
        self, context: PlayContext, client: Correspondent, step: Exchange, earlier: Sequence[PassedOver] = ()
    ) -> None:
        """Fill in the templates; `earlier` are messages that the steps just before it passed over."""
        self._context = context
        self._client = client
        self._step = step
        self._earlier = earlier
        self._expected = expected_by(step, context.names_of(client.name))

    async def answer(self, start: int) -> Answer:
        """Wait for the expected messages from inbox position `start`. Raises StepFailed."""
        whole = self._context.window(self._step.within)
        window: Limited = whole
        play = self._context.play
        if play.role == DISTURBED or self._context.step in play.hurried:
            window = ShortWindow(whole, self._context, self._client.inbox, start + len(self._expected))
        if self._step.order == "any":
            return await self._in_any_order(start, window)
        passed: list[Received] = []
        met: list[Met] = []
        match: Received | None = None
        for expected in self._expected:
            taken = await self._take(start, expected.fits, window)
            passed += taken.passed_over
            match = taken.match
            if match is None:
                raise self._unmet(expected, passed)
            met.append((expected, match.message))
            start = self._client.inbox.position
        if match is None:
            raise StepFailed("silence", "the step expects no message at all")
        return Answer(match, tuple(passed), tuple(met))

    async def _take(self, start: int, wanted: Callable[[Message], bool], window: Limited) -> Taken:
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
        more = await inbox.take(max(start, inbox.position), wanted, Expired(), very_next=very_next, until_ns=until_ns)
        return Taken(more.match, passed + more.passed_over)

    async def _in_any_order(self, start: int, window: Limited) -> Answer:
        """Wait for all expected messages, in any order."""
        order = AnyOrder(self._expected)
        passed: list[Received] = []
        match: Received | None = None
        while order.missing:
            taken = await self._take(start, order.take, window)
            passed += taken.passed_over
            match = taken.match
            if match is None:
                raise self._unmet(order.missing[0], passed)
            start = self._client.inbox.position
        if match is None:
            raise StepFailed("silence", "the step expects no message at all")
        return Answer(match, tuple(passed), tuple(order.met))

    def _unmet(self, expected: Expected, passed: list[Received]) -> StepFailed:
        failed = self._unmatched(expected, passed)
        overtaking = next((each for each in self._earlier if expected.fits(each.received.message)), None)
        if overtaking is None or failed.failure not in _OVERTAKEN or self._step.next:
            return failed
        reason = (
            f"{failed.reason}. But event {overtaking.received.event_id} is as expected: it came before event "
            f"{overtaking.answer}, for which the step at line {overtaking.line} waited, and was passed over. If either "
            f'may come first, expect both in one step: expect = [ …, … ], order = "any"'
        )
        return StepFailed("overtaken", reason)

    def _unmatched(self, expected: Expected, passed: list[Received]) -> StepFailed:
        name = self._client.name
        if passed:
            return StepFailed("mismatch", self._mismatch(expected, passed))
        if not self._client.is_open:
            how = self._context.clients[name].how_it_ended if name in self._context.clients else ""
            return StepFailed("closed", f"{name} was closed while it waited for an answer{how and f' ({how})'}")
        reason = f"{name} got nothing within {self._step.within:g} s"
        return StepFailed("silence", reason, ", though the runtime answers")

    def _mismatch(self, expected: Expected, passed: list[Received]) -> str:
        """Return how the nearest of the messages differs; the report shows it key by key, with all the others."""
        last = passed[-_COMPARED:]
        chosen = last[nearest(expected, [each.message for each in last])]
        message, name = chosen.message, self._client.name
        differs = expected.difference(message)
        why = [differs] if differs else []
        others = differences(expected, message)[1:]
        why += [str(each) for each in others[: _LISTED - 1]]
        why += [f"and {len(others) - _LISTED + 1} more"] if len(others) >= _LISTED else []
        form = expected.form
        if differs and isinstance(form, dict) and form.keys() == {"text"} and isinstance(message.json, dict):
            why.append("{ text = … } means a plain text; for a JSON object write { json = { text = … } }")
        why += [f"{condition} does not hold" for condition in expected.broken(message)]
        if len(passed) == 1:
            return f"{name} got 1 message, not as expected: {'; '.join(why)} (event {chosen.event_id})"
        head = f"{name} got {len(passed)} messages, none as expected; the nearest, event {chosen.event_id}"
        return f"{head}: {'; '.join(why)}"
