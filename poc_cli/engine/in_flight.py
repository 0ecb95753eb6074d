"""Track messages that a claim requires an answer to, and wait for the answers at the end of a play."""

import asyncio
from collections import defaultdict
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

    def __init__(self, play: Play, by: str) -> None:
        """Initialize with the play and the path."""
        self._play = play
        self._by = by
        self._sent: dict[str, dict[str, int]] = defaultdict(dict)
        self._received: dict[str, set[str]] = defaultdict(set)

    def note(self, event: Event) -> None:
        """Track a message that was sent or received."""
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
        missing: list[int] = []
        anywhere: set[str] = set().union(*self._received.values())
        for sender, marks in self._sent.items():
            own = self._received.get(sender, set())
            answered = own if own & marks.keys() else anywhere
            missing += [at_ns for mark, at_ns in marks.items() if mark not in answered]
        return max(missing, default=None)


def in_flight_of(play: Play) -> list[InFlight]:
    """Return a tracker for each path that the claims of a play require answers by."""
    claims = (claim for claim in play.scenario.document.claim if claim.id in play.decides)
    return [InFlight(play, by) for by in sorted({claim.by for claim in claims if entry_of(claim.check).awaits_answers})]


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
