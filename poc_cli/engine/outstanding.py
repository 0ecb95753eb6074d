"""Waits at the end of a story for messages whose delivery a claim is about, and that have not come back.

Never decides that one is lost: it lets the record show that there was time.
"""

import asyncio
import json
from typing import TYPE_CHECKING, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.scenario.marks import IN_FLIGHT_NS, mark_at
from poc_cli.scenario.plays import Play

if TYPE_CHECKING:
    from poc_cli.engine.context import PlayContext

_LOOK_AGAIN_SECONDS: Final = 0.05


class Outstanding:
    """The marks of messages that were sent and have not come back, as the events of a play come in."""

    def __init__(self, play: Play) -> None:
        """Take the story; only what its claims about delivery call a mark counts."""
        claims = play.scenario.document.claim
        self._paths = {claim.by for claim in claims if claim.check == "delivered-once" and claim.by is not None}
        self._sent_ns: dict[tuple[str, str], int] = {}
        self._got_by_own: set[tuple[str, str]] = set()
        self._got: set[str] = set()
        self._get_their_own: set[str] = set()

    def hear(self, event: Event) -> None:
        """Take in an event of the play."""
        if not self._paths or event.kind not in {kinds.SENT, kinds.RECEIVED}:
            return
        value = _value(event)
        for path in self._paths:
            mark = mark_at(value, path)
            if mark is not None and event.kind == kinds.SENT:
                self._sent_ns[event.actor, mark] = event.t_ns
            elif mark is not None:
                self._receive(event.actor, mark)

    def _receive(self, client: str, mark: str) -> None:
        self._got.add(mark)
        if (client, mark) in self._sent_ns:
            self._got_by_own.add((client, mark))
            self._get_their_own.add(client)

    def last_ns(self) -> int | None:
        """Return when the last message that has not come back was sent, None where all have."""
        missing = (
            sent_ns
            for (client, mark), sent_ns in self._sent_ns.items()
            if mark not in self._got or (client in self._get_their_own and (client, mark) not in self._got_by_own)
        )
        return max(missing, default=None)


def _value(event: Event) -> object:
    """Return what a message says; of one that was not kept whole, its short fields."""
    if event.data.get("cut"):
        return event.data.get("fields")
    try:
        return json.loads(event.data["text"])
    except (KeyError, ValueError):
        return None


async def await_outstanding(context: "PlayContext") -> None:
    """Wait until everything has come back, or could have, or nobody can get it any more. Raises TargetError."""
    outstanding = context.outstanding
    last_ns = outstanding.last_ns()
    if last_ns is None:
        return
    window = context.window((IN_FLIGHT_NS - (context.now_ns - last_ns)) / 1e9)
    while outstanding.last_ns() is not None and any(client.is_open for client in context.clients.values()):
        if await context.is_over(window):
            return
        await asyncio.sleep(min(_LOOK_AGAIN_SECONDS, max(0.0, window.left_s)))
