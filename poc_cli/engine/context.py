"""The context of a running play: its target, history, clients and objects."""

import asyncio
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from poc_cli.clients.client import Client, Ending, Listener, Payload, Sendable
from poc_cli.clients.inbox import Limit, Received
from poc_cli.clients.websocket import Handshake
from poc_cli.engine.callers import CallersTold
from poc_cli.engine.environment import PlayEnvironment
from poc_cli.engine.late_objects import LateObjects
from poc_cli.engine.passed_over import PassedOverMessages
from poc_cli.engine.payloads import LARGE, recorded
from poc_cli.engine.step_failure import PlayError, StepFailed
from poc_cli.engine.worker_reports import WorkerReports
from poc_cli.errors import PocError
from poc_cli.history import event as kinds
from poc_cli.history import play_events
from poc_cli.history.event import Event
from poc_cli.history.event_data import EventData
from poc_cli.history.late_stretch import Stretch
from poc_cli.history.writer import HistoryWriter
from poc_cli.record.lateness import is_own_work
from poc_cli.record.stay_end import how_left
from poc_cli.residency import CALLS, Change, Delivered, Entered, Left, Timed
from poc_cli.scenario.client_tables import AnyClient, ClientSpec
from poc_cli.scenario.matching import Message
from poc_cli.scenario.plays import Play
from poc_cli.scenario.templates import render_text
from poc_cli.scenario.token_names import token_names
from poc_cli.targets.attendance import Window
from poc_cli.targets.base import Target
from poc_cli.targets.local_api import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from poc_cli.engine.app_server_step import Calls
    from poc_cli.engine.in_flight import InFlight
    from poc_cli.services.app_server import App

ALARM_EVENT = "alarm"
"""The trace's name for an alarm that reached the object."""

_NOTED = frozenset({kinds.SENT, kinds.RECEIVED, kinds.OPENED, kinds.CLOSED})

_KEPT = frozenset(
    {
        kinds.STEP,
        kinds.STEP_END,
        kinds.ENTERED,
        kinds.DELIVERED,
        kinds.LEFT,
        kinds.TIMED,
        kinds.CLOSED,
        kinds.EVICTING,
        kinds.EVICTED,
        kinds.FAULT,
        kinds.MODULE_STATE,
    }
)
"""The kinds of event that decide lateness, the ends of stays and whether module state was reset in time."""

MOST_RECORDED: Final = 256 << 20
"""Characters of messages that the history keeps per play: 16,384 messages of the maximum recorded length."""


@dataclass(slots=True)
class ObservedObject:
    """One Durable Object of the play and its state according to the trace, which stays at its defaults without one."""

    label: str
    class_name: str
    name: str | None
    id: str
    seen: bool = False
    in_memory: bool = False
    asleep: bool = False
    slept: bool = False
    alarms: int = 0
    woken_by: str | None = None
    moved: asyncio.Event = field(default_factory=asyncio.Event)


class PlayContext:
    """Everything that the steps of one play act on."""

    def __init__(  # noqa: PLR0913, PLR0917 - everything the steps act on
        self,
        play: Play,
        label: str,
        nonce: str,
        target: Target,
        history: HistoryWriter,
        environment: PlayEnvironment,
        *,
        alone: bool,
    ) -> None:
        """Bind the play's names and objects without side effects. Raises TargetError for a missing class."""
        self.play = play
        self.target = target
        self.say = environment.say
        self._fail = environment.fail
        self._api = environment.run.api
        self._attendance = environment.attendance
        self._opener = environment.run.opener
        self._alone = alone
        self._own: set[tuple[int, int]] = set()
        """The stays of the play's objects, as process and context."""

        self._services = environment.run.services
        self.calls: Calls | None = None
        self._nonce = nonce
        self.step: int | None = None
        self.late_s = 0.0
        """Seconds by which the current step began late."""

        self.alarms_seen: dict[str, int] = {}
        self.passed_over = PassedOverMessages()
        self.clients: dict[str, Client] = {}
        self.endings: dict[str, Ending] = {}
        self.request_secrets: dict[str, dict[str, Any]] = {}
        """By client, the field of its `opened` event that names the secrets in its request."""
        self._given = {} if self._services is None else self._services.names(play.scenario)
        self.names = play.names(nonce) | self._given | {**environment.run.variables}
        self.objects = {label: self._observed_object(label) for label in play.objects}
        ids = {label: each.id for label, each in self.objects.items()}
        self.callers = CallersTold(target.trace, ids, alone)
        self._label = label
        self._history = history
        self.reports = WorkerReports(self, nonce, history.masked, environment.run.thrown)
        self.late_objects = LateObjects(self)
        self._late: list[Stretch] = []
        self.last_activity_ns = history.now_ns()
        self.events: list[Event] = []
        """All events so far without a trace; with one, only those that lateness is decided by."""
        self.in_flight: list[InFlight] = []
        """Trackers of unanswered messages, for claims that require answers."""
        self.intercept: Callable[[str, Payload], bool] = lambda _client, _payload: False
        """Return whether a message received by a client is not part of the story."""
        self._recorded = 0
        self._broken: str | None = None
        self._playing: asyncio.Timeout | None = None

    def _observed_object(self, label: str) -> ObservedObject:
        reference = self.play.objects[label]
        if self.play.captured_for(label):
            return ObservedObject(label, reference.class_, None, "")
        if reference.name is None:
            return ObservedObject(label, reference.class_, None, reference.id or "")
        name = render_text(reference.name, self.names)
        trace = self.target.trace
        object_id = "" if trace is None else trace.object_id(reference.class_, name)
        return ObservedObject(label, reference.class_, name, object_id)

    @property
    def folder(self) -> Path:
        """Return the folder of the scenario's file."""
        return Path(self.play.scenario.file).parent

    @property
    def line(self) -> int:
        """The line of the current step, 0 outside of the steps."""
        return 0 if self.step is None else self.play.steps[self.step].position.line

    # --- the history

    def add(self, actor: str, kind: str, *, t_ns: int | None = None, **data: Any) -> Event:
        """Write an event of this play, with the current step."""
        event = self._history.add(self._label, actor, kind, step=self.step, t_ns=t_ns, **data)
        if kind in kinds.STIRRING and kind not in kinds.OUR_OWN:
            self.last_activity_ns = event.t_ns
        if self.target.trace is None or kind in _KEPT:
            self.events.append(event)
        if kind in _NOTED:
            for each in self.in_flight:
                each.note(event)
        return event

    def write(self, actor: str, data: EventData, *, t_ns: int | None = None) -> Event:
        """Write a typed event."""
        return self.add(actor, data.kind, t_ns=t_ns, **vars(data))

    # --- time

    def window(self, seconds: float) -> Window:
        """Return a window that begins now and does not count time in which poc or the runtime was late."""
        return Window(self._attendance, seconds, self._concerns)

    async def is_over(self, window: Limit) -> bool:
        """Return whether a window is over, after a response of the runtime: lateness is known only then.

        Raises TargetHung and TargetDied.
        """
        if window.left_s <= 0:
            await self.target.settled()
        return window.left_s <= 0

    async def is_done_in(self, seconds: float, task: "asyncio.Future[Any]") -> bool:
        """Wait for a future during a window of so many seconds, and return whether it is done.

        Raises TargetHung and TargetDied.
        """
        window = self.window(seconds)
        while not task.done():
            await asyncio.wait([task], timeout=max(0.0, window.left_s))
            if not task.done() and await self.is_over(window):
                break
        return task.done()

    @property
    def measures(self) -> bool:
        """Return whether this is the story of a scenario whose latencies count."""
        return self.play.role == "story" and self.play.scenario.document.measures

    def was_late(self, seconds: float) -> bool:
        """Return whether poc or the runtime was late in the last `seconds`."""
        return self.late_ns(round(seconds * 1e9)) > 0

    def late_ns(self, length_ns: int) -> int:
        """Return for how much of the last `length_ns` poc or the runtime was late."""
        now_ns = self.now_ns + self._history.origin_ns
        return self._attendance.late_ns(now_ns - length_ns, now_ns, self._concerns)

    def _concerns(self, stretch: Stretch) -> Stretch | None:
        """Return the part of a stretch that is lateness for this play, None if it concerns another runtime.

        The work of the play's own worker is not lateness. If the worker was busy on a machine that was busy with other
        work too, only the share in which it did not run counts.
        """
        if stretch.runtime not in {None, self.target.number}:
            return None
        return stretch.without_work() if is_own_work(stretch, self._own, alone=self._alone) else stretch

    def late_stretches(self) -> list[Stretch]:
        """Return all stretches so far in which poc or a runtime was late, on the history's clock."""
        self._attendance.observe()
        origin = self._history.origin_ns
        self._late += (
            replace(each, from_ns=each.from_ns - origin, to_ns=each.to_ns - origin)
            for each in self._attendance.stretches[len(self._late) :]
        )
        return self._late

    def came_round(self) -> None:
        """Mark that the event loop has just run, so that later lateness is counted separately."""
        self._attendance.came_round()

    def at_ns(self, monotonic_ns: int) -> int:
        """Convert a time of the monotonic clock to the history's clock."""
        return monotonic_ns - self._history.origin_ns

    def note(self, actor: str, kind: str, *, t_ns: int | None = None, **data: Any) -> int:
        """Write an event from a callback and return its id; an error ends the run, and the id is then 0."""
        try:
            return self.add(actor, kind, t_ns=t_ns, **data).id
        except PocError as error:
            self._fail(error)
            return 0

    @property
    def now_ns(self) -> int:
        """The current time on the history's clock."""
        return self._history.now_ns()

    def without_secrets(self, payload: Payload) -> Payload:
        """Return a payload with the secrets of the run masked."""
        return self._history.without_secrets(payload)

    async def recorded_aside(self, payload: Sendable) -> dict[str, Any]:
        """Return a message as the history records it; a large one is searched for secrets in a thread."""
        if len(payload) < LARGE:
            return self.recorded(payload)
        # RE2 lets other threads run while it searches.
        return self._kept(*await asyncio.to_thread(self._history.masked, payload))

    def recorded(self, payload: Sendable) -> dict[str, Any]:
        """Return a message as the history records it."""
        return self._kept(*self._history.masked(payload))

    def _kept(self, clean: Sendable, masked: dict[str, Any]) -> dict[str, Any]:
        kept = recorded(clean)
        self._recorded += len(kept.get("text") or kept.get("hex") or "")
        if self._recorded > MOST_RECORDED:
            self.break_off(f"flooded: the messages of this play take more than {MOST_RECORDED >> 20} MiB of the record")
        return kept | masked

    def secrets_in_headers(self, headers: "Iterable[tuple[str, str]]") -> dict[str, Any]:
        """Return the event field that names the secrets in the headers of a response."""
        masked = self._history.masked("\n".join(map(": ".join, headers)))[1]
        return {"headers": masked} if masked else {}

    def secrets_in_request(self, *texts: str) -> dict[str, Any]:
        """Return the event field that names the secrets in a client's request, which the worker may echo."""
        found = frozenset[str]().union(*map(self._history.secrets_in, texts))
        return {"showed": sorted(found)} if found else {}

    # --- breaking off

    @property
    def is_broken_off(self) -> bool:
        """Whether the play was broken off."""
        return self._broken is not None

    def break_off(self, reason: str) -> None:
        """End the play as an error, from a callback."""
        if self._broken is None:
            self._broken = reason
            if self._playing is not None and not self._playing.expired():
                self._playing.reschedule(asyncio.get_running_loop().time())

    async def unless_broken_off(self, step: "Coroutine[Any, Any, dict[str, Any]]") -> dict[str, Any]:
        """Run a step. Raises PlayError as soon as the play is broken off, or if it already is."""
        if self._broken is not None:
            step.close()
            raise PlayError(self._broken)
        try:
            async with asyncio.timeout(None) as self._playing:
                return await step
        except TimeoutError:
            if self._broken is None:
                raise
            raise PlayError(self._broken) from None
        finally:
            self._playing = None

    # --- objects

    def subscribe(self) -> None:
        """Start to record the residency of the play's objects and the calls to the API."""
        self._api.listen(self._nonce, self._called)
        for name, value in self._given.items():
            self.write("poc", play_events.Captured(name=name, value=value))
        if self._services is not None:
            self._services.gateway.add_play(self._nonce, lambda: self.target.endpoint)
            self._listen_to(self._services.app(self.play.scenario))
        if self.target.trace is not None:
            self.reports.begin()
            for witnessed in self.objects.values():
                if witnessed.id:
                    self.target.trace.watch(witnessed.id, partial(self.changed, witnessed))
            self.late_objects.begin()

    def _listen_to(self, app: "App | None") -> None:
        if app is not None:
            from poc_cli.engine.app_server_step import Calls

            self.calls = Calls(self)
            self.calls.rules = app.proxy.listen(self._nonce, self.calls.record_request)

    async def ready(self) -> None:
        """Wait until the services of the play are ready. Raises TargetError if they do not start."""
        if self._services is not None:
            self.say("waiting for services")
            await self._services.ready(self.play)

    def unsubscribe(self) -> None:
        """Stop what `subscribe` started."""
        self._api.unlisten(self._nonce)
        app = None if self._services is None else self._services.app(self.play.scenario)
        if self._services is not None:
            self._services.gateway.remove_play(self._nonce)
        if app is not None:
            app.proxy.unlisten(self._nonce)
        if self.target.trace is not None:
            self.late_objects.end()
            for witnessed in self.objects.values():
                self.target.trace.unwatch(witnessed.id)

    def changed(self, witnessed: ObservedObject, change: Change) -> None:
        """Record a change of an object's residency."""
        actor = f"object:{witnessed.label}"
        match change:
            case Entered():
                self._own.add((change.process, change.ctx))
                witnessed.seen = witnessed.in_memory = True
                witnessed.asleep = False
                witnessed.woken_by = None
                self.note(actor, kinds.ENTERED, process=change.process, ctx=change.ctx, at_ns=change.at_ns)
            case Delivered():
                witnessed.woken_by = witnessed.woken_by or change.name
                witnessed.alarms += change.name == ALARM_EVENT
                called: dict[str, Any] = {"caller": change.caller} if change.name in CALLS else {}
                self.note(actor, kinds.DELIVERED, name=change.name, at_ns=change.at_ns, **called)
            case Left():
                facts: dict[str, Any] = {
                    "ended": "process" if change.how == "died" else "context",
                    "process": change.process,
                    "ctx": change.ctx,
                    "at_ns": change.at_ns,
                    "at_last_event_ns": change.last_event_ns,
                    "at_last_activity_ns": change.last_activity_ns,
                }
                how = how_left(self.events, actor, facts, self.now_ns)
                witnessed.in_memory = False
                witnessed.asleep = how in {"idle", "evict"}
                witnessed.slept |= witnessed.asleep
                self.note(actor, kinds.LEFT, **facts, **self.callers.facts(change))
            case Timed():
                self.note(actor, kinds.TIMED, name=change.name, process=change.process, ctx=change.ctx)
                return
            case _:
                return
        witnessed.moved.set()

    def _called(self, call: Call) -> None:
        fields: dict[str, Any] = {"method": call.method, "path": call.path, "status": call.status}
        self.note("api", kinds.CALLED, **fields, authorized=call.authorized)

    def objects_named(self, names: list[str] | None) -> list[ObservedObject]:
        """Return the objects that a step names, or all objects of the play if it names none."""
        return [self.objects[name] for name in names] if names is not None else list(self.objects.values())

    # --- clients

    def names_of(self, client: str) -> dict[str, object]:
        """Return the names as a client's messages know them: its number too, unless a counter has that name."""
        return {**self.play.client_bound(client), **self.names}

    @property
    def names_with_token(self) -> dict[str, object]:
        """The names as a client's handshake and a request know them: the token of the worker too."""
        bearer = self.target.headers.get("Authorization", "").removeprefix("Bearer ")
        return {**token_names(bearer), **self.names}

    def client_names(self, names: list[str]) -> list[str]:
        """Expand the client groups that a step names; each client once, in the order of the step."""
        return list(dict.fromkeys(member for name in names for member in self.play.members(name)))

    def client(self, name: str) -> Client:
        """Return a client. Raises StepFailed if it was never connected."""
        client = self.clients.get(name)
        if client is None:
            raise StepFailed("closed", f"{name} was never connected")
        return client

    def new_client(self, name: str, path: str | None = None) -> Client:
        """Create a client whose messages and closing are recorded; `path` stands for its own."""
        spec = self.play.clients[name]
        if not isinstance(spec, ClientSpec):
            return self._external_client(name, spec)
        names = self.names_with_token | dict(self.play.client_bound(name))
        headers = self.target.headers | {key: render_text(value, names) for key, value in spec.headers.items()}
        subprotocols = [render_text(each, names) for each in spec.subprotocols]
        path = render_text(spec.path if path is None else path, names)
        self.request_secrets[name] = self.secrets_in_request(path, *headers.values(), *subprotocols)
        client = self._opener(
            name,
            Handshake(self.target.endpoint.socket(path), headers, subprotocols, spec.compression, spec.ping),
            Listener(
                received=lambda payload: self._received(client, payload),
                ended=lambda ending: self._ended(client, ending),
                overflowed=lambda what: self.flooded(name, what),
            ),
        )
        self.clients[name] = client
        return client

    def _external_client(self, name: str, spec: AnyClient) -> Client:
        from poc_cli.engine.external_clients import external_client

        if self._services is None:
            raise PlayError(f"{name} is a program or a page, and this run has no services to start it with")
        self.clients[name] = external_client(self, self._services, name, spec)
        return self.clients[name]

    def message(self, client: str, payload: Payload) -> Message:
        """Return what a client received, as its `decode` reads it."""
        if isinstance(payload, bytes):
            return Message(None, payload)
        return Message(payload, None, self.play.decoder(client))

    def _received(self, client: Client, payload: Payload) -> None:
        if self.intercept(client.name, payload):
            return
        now = self.now_ns
        event_id = self.note(client.name, kinds.RECEIVED, t_ns=now, **self.recorded(payload))
        client.inbox.put(Received(self.message(client.name, payload), event_id, now))
        self._attendance.handled(self._label, len(payload), self.now_ns - now)

    def flooded(self, name: str, what: str) -> None:
        """End the play because a client received more than its limit."""
        self.break_off(f"flooded: {name} received {what}")

    def _ended(self, client: Client, ending: Ending) -> None:
        self.endings[client.name] = ending
        self.note(
            client.name,
            kinds.CLOSED,
            by=ending.by,
            code=ending.code,
            reason=ending.reason,
            clean=ending.clean,
            said=ending.description,
        )
