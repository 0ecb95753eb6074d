"""Track messages that a claim requires an answer to, and wait for the answers at the end of a play."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from poc_cli.engine.context import PlayContext
from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.scenario.check_names import entry_of
from poc_cli.scenario.marks import IN_FLIGHT_SECONDS, mark_in
from poc_cli.scenario.plays import Play

_POLL_SECONDS: Final = 0.02


class InFlight:
    """Sent messages without an answer, identified by the marks at one JSON path."""

    def __init__(self, play: Play, by: str, *, at_hearers: bool = False) -> None:
        """Initialize with the play and the path, and whether every other client must receive a message."""
        self._play = play
        self._by = by
        self._at_hearers = at_hearers
        self._hearers: dict[str, int] = {}
        self._sent: dict[str, dict[str, int]] = defaultdict(dict)
        self._received: dict[str, set[str]] = defaultdict(set)

    def note(self, event: Event) -> None:
        """Track a message that was sent or received, and who is connected."""
        if event.kind == kinds.OPENED:
            self._hearers[event.actor] = event.t_ns
            return
        if event.kind == kinds.CLOSED:
            self._hearers.pop(event.actor, None)
            return
        mark = mark_in(event.data, self._by, self._play.decoder(event.actor))
        if mark is None:
            return
        if event.kind == kinds.SENT:
            self._sent[event.actor][mark] = event.t_ns
        else:
            self._received[event.actor].add(mark)

    def latest_ns(self) -> int | None:
        """Return when the latest unanswered message was sent, None if all are answered.

        The sender must receive the answer; if it receives none of its own messages back, any client may.
        """
        if self._at_hearers:
            return max(self._unheard(), default=None)
        missing: list[int] = []
        anywhere: set[str] = set().union(*self._received.values())
        for sender, marks in self._sent.items():
            own = self._received.get(sender, set())
            answered = own if own & marks.keys() else anywhere
            missing += [at_ns for mark, at_ns in marks.items() if mark not in answered]
        return max(missing, default=None)

    def _unheard(self) -> Iterator[int]:
        """Yield when each message was sent that a client has not received, which was connected then and still is."""
        for sender, marks in self._sent.items():
            for hearer, since_ns in self._hearers.items():
                got = self._received.get(hearer, set())
                if hearer != sender:
                    yield from (at_ns for mark, at_ns in marks.items() if at_ns >= since_ns and mark not in got)


def in_flight_of(play: Play) -> list[InFlight]:
    """Return a tracker for each path that the claims of a play require answers or hearers by."""
    claims = [claim for claim in play.scenario.document.claim if claim.id in play.decides]
    answered = sorted({claim.by for claim in claims if entry_of(claim.check).awaits_answers})
    heard = sorted({claim.by for claim in claims if entry_of(claim.check).awaits_hearers})
    return [*(InFlight(play, by) for by in answered), *(InFlight(play, by, at_hearers=True) for by in heard)]


async def await_answers(context: PlayContext) -> None:
    """Wait until all messages are answered, or the time limit. Raises TargetHung and TargetDied."""
    for each in context.in_flight:
        latest_ns = each.latest_ns()
        if latest_ns is None:
            continue
        context.say("waiting for answers")
        window = context.window(IN_FLIGHT_SECONDS - (context.now_ns - latest_ns) / 1e9)
        while each.latest_ns() is not None and any(client.is_open for client in context.clients.values()):
            if await context.is_over(window):
                break
            await asyncio.sleep(_POLL_SECONDS)
