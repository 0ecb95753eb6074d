"""What a play has at hand while it goes on: its target, its history, its clients and its objects.

Never decides what comes next; `performance` does, and `verbs` carry the steps out.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from poc_cli.engine.client import Client, Ending, Listener, Payload, SocketClient
from poc_cli.engine.failure import PlayError, StepFailed
from poc_cli.engine.inbox import Received
from poc_cli.errors import PocError
from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.history.writer import HistoryWriter
from poc_cli.residency import Change, Delivered, Entered, Left
from poc_cli.scenario.matching import Message
from poc_cli.scenario.plays import Play
from poc_cli.scenario.templates import render_text
from poc_cli.scenario.values import MISSING
from poc_cli.scenario.where import lookup
from poc_cli.target.api import Api, Call
from poc_cli.target.base import Target

ALARM_EVENT = "alarm"
"""The trace's name for an alarm that reached the object."""

LONGEST_RECORDED = 16_384
"""Characters or bytes of one message that the history keeps; the rest is counted."""

IDLE_AT_LEAST_NS = 1_000_000_000
"""An object that aborts, or whose constructor throws, leaves within 0.1 ms of its last activity. The idle timer strikes
10.00 s after the last event, or up to 4 s sooner by the trace where the machine was too busy to start it late enough;
both measured."""


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
    alarms: int = 0
    woken_by: str | None = None
    moved: asyncio.Event = field(default_factory=asyncio.Event)


LONGEST_READ = 1 << 20
"""Characters up to which a message that is cut is still read for its short fields."""

_LONGEST_FIELD = 200


def recorded(payload: Payload) -> dict[str, Any]:
    """Give a message as the history keeps it: `text` or `hex`, its size, and where it was cut its short `fields`."""
    cut = {"cut": True} if len(payload) > LONGEST_RECORDED else {}
    if isinstance(payload, bytes):
        return {"hex": payload[:LONGEST_RECORDED].hex(), "bytes": len(payload)} | cut
    fields = {"fields": _short_fields(payload)} if cut else {}
    size = len(payload.encode("utf-8", "surrogatepass"))
    return {"text": payload[:LONGEST_RECORDED], "bytes": size} | cut | fields


def _short_fields(text: str) -> dict[str, Any]:
    """Give the numbers, truths and short texts at the top of a long JSON object: the marks that tell it from others."""
    value = Message(text, None).json if len(text) <= LONGEST_READ else None
    if not isinstance(value, dict):
        return {}
    return {
        key: field
        for key, field in value.items()
        if isinstance(field, bool | int | float) or (isinstance(field, str) and len(field) <= _LONGEST_FIELD)
    }


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears of a play while it goes on: of its phase, and of a failure that ends the whole run.

    `api` is what the play itself hears from: the calls that its worker makes.
    """

    say: Callable[[str], None]
    fail: Callable[[PocError], None]
    api: Api


class Stage:
    """Everything that the steps of one play act on."""

    def __init__(  # noqa: PLR0913, PLR0917 - everything the steps act on
        self,
        play: Play,
        label: str,
        nonce: str,
        target: Target,
        history: HistoryWriter,
        ears: Ears,
    ) -> None:
        """Bind the play's names and its objects; touches nothing. Raises TargetError for a class that is not there."""
        self.play = play
        self.target = target
        self.say = ears.say
        self._fail = ears.fail
        self._api = ears.api
        self._nonce = nonce
        self.step: int | None = None
        self.fault: str | None = None
        self.alarms_seen: dict[str, int] = {}
        self.clients: dict[str, Client] = {}
        self.endings: dict[str, Ending] = {}
        self.names = play.names(nonce)
        self.objects = {label: self._witnessed(label) for label in play.objects}
        self._label = label
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
        return self._history.add(self._label, actor, kind, step=self.step, t_ns=t_ns, **data)

    def _note(self, actor: str, kind: str, *, t_ns: int | None = None, **data: Any) -> int:
        """Write an event from a callback, where nobody could catch an error; give its id, 0 where it failed."""
        try:
            return self.add(actor, kind, t_ns=t_ns, **data).id
        except PocError as error:
            self._fail(error)
            return 0

    @property
    def now_ns(self) -> int:
        """Give the history's clock."""
        return self._history.now_ns()

    def recorded(self, payload: Payload) -> dict[str, Any]:
        """Give a message as the history keeps it."""
        return recorded(self._history.without_secrets(payload))

    # --- objects

    def watch(self) -> None:
        """Write the residency of the play's objects, and the calls to the API, into the history from now on."""
        self._api.listen(self._nonce, self._called)
        for witnessed in self.objects.values():
            self.target.watch(witnessed.id, partial(self._changed, witnessed))

    def unwatch(self) -> None:
        """Stop writing them."""
        self._api.unlisten(self._nonce)
        for witnessed in self.objects.values():
            self.target.unwatch(witnessed.id)

    def _changed(self, witnessed: Witnessed, change: Change) -> None:
        actor = f"object:{witnessed.label}"
        match change:
            case Entered():
                witnessed.seen = witnessed.in_memory = True
                witnessed.asleep = False
                witnessed.woken_by = None
                self._note(actor, kinds.ENTERED, process=change.process, ctx=change.ctx, at_ns=change.at_ns)
            case Delivered():
                witnessed.woken_by = witnessed.woken_by or change.name
                witnessed.alarms += change.name == ALARM_EVENT
                self._note(actor, kinds.DELIVERED, name=change.name, at_ns=change.at_ns)
            case Left():
                how = self._how_left(witnessed, change)
                witnessed.in_memory = False
                witnessed.asleep = how in {"idle", "evict"}
                witnessed.slept |= witnessed.asleep
                self._note(
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

    def _called(self, call: Call) -> None:
        told: dict[str, Any] = {"method": call.method, "path": call.path, "status": call.status}
        self._note("api", kinds.CALLED, **told, authorized=call.authorized)

    def _how_left(self, witnessed: Witnessed, change: Left) -> str:
        if change.how == "died" or self.fault is not None:
            return "died"
        if witnessed.evicting or asyncio.get_running_loop().time() < witnessed.forced_until:
            return "evict"
        if change.at_ns - change.last_activity_ns >= IDLE_AT_LEAST_NS:
            return "idle"
        # Neither the timer nor we: the worker called ctx.abort(), or its constructor threw.
        return "dropped"

    def objects_named(self, names: list[str] | None) -> list[Witnessed]:
        """Give the objects that a step means; all of the play where it names none."""
        return [self.objects[name] for name in names] if names is not None else list(self.objects.values())

    def capture(self, paths: dict[str, str], message: Message) -> None:
        """Bind values of a message to names. Raises PlayError for a path that is not there."""
        for name, path in paths.items():
            value = lookup(message.json, path)
            if value is MISSING:
                raise PlayError(f'nothing to capture at "{path}" in the answer')
            self.names[name] = value
            self.add("poc", kinds.CAPTURED, name=name, value=value)

    # --- clients

    def client_names(self, names: list[str]) -> list[str]:
        """Give the single clients that a step means: each once, in the order of the step."""
        return list(dict.fromkeys(member for name in names for member in self.play.members(name)))

    def client(self, name: str) -> Client:
        """Give a client that was connected. Raises StepFailed for one that never was."""
        client = self.clients.get(name)
        if client is None:
            raise StepFailed("closed", f"{name} was never connected")
        return client

    def new_client(self, name: str) -> Client:
        """Make a fresh client, and let the history know what it sees."""
        spec = self.play.clients[name]
        names = self.names | dict(self.play.client_bound(name))
        headers = {key: render_text(value, names) for key, value in spec.headers.items()}
        client = SocketClient(
            name,
            self.target.url.replace("http", "ws", 1) + render_text(spec.path, names),
            headers=self.target.headers | headers,
            subprotocols=[render_text(each, names) for each in spec.subprotocols],
            compression=spec.compression,
            ping=spec.ping,
            listener=Listener(
                received=lambda payload: self._received(client, payload),
                ended=lambda ending: self._ended(client, ending),
            ),
        )
        self.clients[name] = client
        return client

    def _received(self, client: SocketClient, payload: Payload) -> None:
        now = self.now_ns
        event_id = self._note(client.name, kinds.RECEIVED, t_ns=now, **self.recorded(payload))
        message = Message(payload, None) if isinstance(payload, str) else Message(None, payload)
        client.inbox.put(Received(message, event_id, now))

    def _ended(self, client: SocketClient, ending: Ending) -> None:
        self.endings[client.name] = ending
        self._note(
            client.name,
            kinds.CLOSED,
            by=ending.by,
            code=ending.code,
            reason=ending.reason,
            clean=ending.clean,
            said=ending.said,
        )
