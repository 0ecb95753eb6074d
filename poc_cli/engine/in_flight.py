"""Messages that a claim wants answered and that nobody has answered yet. The end of a story waits for them."""

import asyncio
from collections import defaultdict
from typing import Final

from poc_cli.engine.context import PlayContext
from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.scenario.marks import IN_FLIGHT_SECONDS, mark_in
from poc_cli.scenario.plays import Play

DELIVERED_ONCE: Final = "delivered-once"

_LOOK_SECONDS: Final = 0.02


class InFlight:
    """What was sent and not answered, by the marks at one path."""

    def __init__(self, by: str) -> None:
        """Take the path."""
        self._by = by
        self._sent: dict[str, dict[str, int]] = defaultdict(dict)
        self._received: dict[str, set[str]] = defaultdict(set)

    def note(self, event: Event) -> None:
        """Look at a message that was sent or received."""
        mark = mark_in(event.data, self._by)
        if mark is None:
            return
        if event.kind == kinds.SENT:
            self._sent[event.actor][mark] = event.t_ns
        else:
            self._received[event.actor].add(mark)

    def latest_ns(self) -> int | None:
        """Return when the last message was sent that has no answer; None where all have one.

        It must come to the sender, or to anybody where the sender gets none of its own back.
        """
        missing: list[int] = []
        anywhere: set[str] = set().union(*self._received.values())
        for sender, marks in self._sent.items():
            own = self._received.get(sender, set())
            answered = own if own & marks.keys() else anywhere
            missing += [at_ns for mark, at_ns in marks.items() if mark not in answered]
        return max(missing, default=None)


def in_flight_of(play: Play) -> list[InFlight]:
    """Return what to watch for the claims of a play."""
    claims = (claim for claim in play.scenario.document.claim if claim.id in play.decides)
    return [InFlight(by) for by in sorted({claim.by for claim in claims if claim.check == DELIVERED_ONCE})]


async def land(context: PlayContext) -> None:
    """Wait until everything has been answered, or has had its time. Raises TargetHung and TargetDied."""
    for each in context.in_flight:
        latest_ns = each.latest_ns()
        if latest_ns is None:
            continue
        context.say("waiting for what is in flight")
        window = context.window(IN_FLIGHT_SECONDS - (context.now_ns - latest_ns) / 1e9)
        while each.latest_ns() is not None and any(client.is_open for client in context.clients.values()):
            if await context.is_over(window):
                break
            await asyncio.sleep(_LOOK_SECONDS)
