"""What a play has at hand while it goes on: its target, its history, its clients and its objects.

Never decides what comes next; `performance` does, and `verbs` carry the steps out.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from poc_cli.engine.client import Client, Ending, Listener, Payload, SocketClient
from poc_cli.engine.failure import StepFailed
from poc_cli.engine.inbox import Received
from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.history.writer import HistoryWriter
from poc_cli.residency import Change, Delivered, Entered, Left
from poc_cli.scenario.matching import Message
from poc_cli.scenario.plays import Play
from poc_cli.scenario.templates import render_text
from poc_cli.target.base import Target

LONGEST_RECORDED = 65_536
"""Characters or bytes of one message that the history keeps; the rest is counted."""

IDLE_AT_LEAST_NS = 9_500_000_000
"""The idle timer strikes 10.00 s after the last event, +-10 ms (RUNTIME 1). A stay that ended much sooner without an
evict of ours was not ended by the timer."""

SOCKET_EVENT = "hibernatable_websocket"
"""The trace's name for a message, close or error of a hibernatable socket that reached the object."""


@dataclass(slots=True)
class Witnessed:
    """One Durable Object of the play, as the trace has shown it so far."""

    label: str
    class_name: str
    name: str | None
    id: str
    seen: bool = False
    in_memory: bool = False
    asleep: bool = False
    slept: bool = False
    evicting: bool = False
    forced_until: float = 0.0
    socket_events: int = 0
    woken_by: str | None = None
    moved: asyncio.Event = field(default_factory=asyncio.Event)


def recorded(payload: Payload) -> dict[str, Any]:
    """Give a message as the history keeps it: `text` or `hex`, its size, and whether it was cut."""
    if isinstance(payload, str):
        cut = {"cut": True} if len(payload) > LONGEST_RECORDED else {}
        return {"text": payload[:LONGEST_RECORDED], "bytes": len(payload.encode("utf-8", "surrogatepass"))} | cut
    cut = {"cut": True} if len(payload) > LONGEST_RECORDED else {}
    return {"hex": payload[:LONGEST_RECORDED].hex(), "bytes": len(payload)} | cut


class Stage:
    """Everything that the steps of one play act on."""

    def __init__(
        self, play: Play, nonce: str, target: Target, history: HistoryWriter, say: Callable[[str], None]
    ) -> None:
        """Bind the play's names and its objects; touches nothing. Raises TargetError for a class that is not there."""
        self.play = play
        self.target = target
        self.say = say
        self.step: int | None = None
        self.clients: dict[str, Client] = {}
        self.endings: dict[str, Ending] = {}
        self.names = play.names(nonce)
        self.objects = {label: self._witnessed(label) for label in play.objects}
        self._history = history

    def _witnessed(self, label: str) -> Witnessed:
        reference = self.play.objects[label]
        if reference.name is None:
            return Witnessed(label, reference.class_, None, reference.id or "")
        name = render_text(reference.name, self.names)
        return Witnessed(label, reference.class_, name, self.target.object_id(reference.class_, name))

    # --- the history

    def add(self, actor: str, kind: str, *, t_ns: int | None = None, **data: Any) -> Event:
        """Write an event of this play at the step that is going on."""
        return self._history.add(self.play.label, actor, kind, step=self.step, t_ns=t_ns, **data)

    @property
    def now_ns(self) -> int:
        """Give the history's clock."""
        return self._history.now_ns()

    # --- objects

    def watch(self) -> None:
        """Write the residency of the play's objects into the history from now on."""
        for witnessed in self.objects.values():
            self.target.watch(witnessed.id, partial(self._changed, witnessed))

    def unwatch(self) -> None:
        """Stop writing it."""
        for witnessed in self.objects.values():
            self.target.unwatch(witnessed.id)

    def _changed(self, witnessed: Witnessed, change: Change) -> None:
        actor = f"object:{witnessed.label}"
        match change:
            case Entered():
                witnessed.seen = witnessed.in_memory = True
                witnessed.asleep = False
                witnessed.woken_by = None
                self.add(actor, kinds.ENTERED, process=change.process, ctx=change.ctx, at_ns=change.at_ns)
            case Delivered():
                witnessed.woken_by = witnessed.woken_by or change.name
                witnessed.socket_events += change.name == SOCKET_EVENT
                self.add(actor, kinds.DELIVERED, name=change.name, at_ns=change.at_ns)
            case Left():
                how = self._how_left(witnessed, change)
                witnessed.in_memory = False
                witnessed.asleep = how in {"idle", "evict"}
                witnessed.slept |= witnessed.asleep
                self.add(
                    actor,
                    kinds.LEFT,
                    how=how,
                    process=change.process,
                    ctx=change.ctx,
                    at_ns=change.at_ns,
                    at_last_event_ns=change.last_event_ns,
                    at_last_activity_ns=change.last_activity_ns,
                )
            case _:
                return
        witnessed.moved.set()

    def _how_left(self, witnessed: Witnessed, change: Left) -> str:
        if change.how == "died":
            return "died"
        if witnessed.evicting or asyncio.get_running_loop().time() < witnessed.forced_until:
            return "evict"
        if change.at_ns - change.last_event_ns >= IDLE_AT_LEAST_NS:
            return "idle"
        # Neither the timer nor we: the worker called ctx.abort(), or its constructor threw.
        return "dropped"

    # --- clients

    def client_names(self, names: list[str]) -> list[str]:
        """Give the clients that a step means; `*` is every one of the play."""
        return list(self.play.clients) if "*" in names else names

    def client(self, name: str) -> Client:
        """Give a client that was connected. Raises StepFailed for one that never was."""
        client = self.clients.get(name)
        if client is None:
            raise StepFailed("closed", f"{name} was never connected")
        return client

    def new_client(self, name: str) -> Client:
        """Make a fresh client, and let the history know what it sees."""
        spec = self.play.clients[name]
        headers = {key: render_text(value, self.names) for key, value in spec.headers.items()}
        client = SocketClient(
            name,
            self.target.url.replace("http", "ws", 1) + render_text(spec.path, self.names),
            headers=self.target.headers | headers,
            subprotocols=[render_text(each, self.names) for each in spec.subprotocols],
            compression=spec.compression,
            listener=Listener(
                received=lambda payload: self._received(client, payload),
                ended=lambda ending: self._ended(client, ending),
            ),
        )
        self.clients[name] = client
        return client

    def _received(self, client: SocketClient, payload: Payload) -> None:
        now = self.now_ns
        event = self.add(client.name, kinds.RECEIVED, t_ns=now, **recorded(payload))
        message = Message(payload, None) if isinstance(payload, str) else Message(None, payload)
        client.inbox.put(Received(message, event.id, now))

    def _ended(self, client: SocketClient, ending: Ending) -> None:
        self.endings[client.name] = ending
        self.add(
            client.name,
            kinds.CLOSED,
            by=ending.by,
            code=ending.code,
            reason=ending.reason,
            clean=ending.clean,
            said=ending.said,
        )
