"""The state of a play at an event: its clients and their messages, its objects, its names, and the current step.

Raises InconsistentRecordError for an event that cannot have happened then.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.history.redact import MASK
from poc_cli.judge.recheck.mailbox import Mailbox, is_masked, message_of
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.client_tables import ClientSpec, CommandSpec, PageSpec
from poc_cli.scenario.matching import Message
from poc_cli.scenario.model import Connect
from poc_cli.scenario.scenario import PlacedStep
from poc_cli.scenario.values import compact

SLACK_NS: Final = 500_000_000
"""How far recorded times may be from those that the engine used: an event is recorded a little after it happened, 0.45
s on a disk that was slowed down for a test."""

ORIGIN: Final = "origin"
"""The actor of requests from the worker to the app server (`engine.app_server_step`)."""

ALARM: Final = "alarm"
"""The trace's name for an alarm that reached the object."""


class InconsistentRecordError(Exception):
    """The record is inconsistent; the text says where."""


@dataclass(slots=True)
class ObjectState:
    """One object, as the residency events show it."""

    in_memory: bool = False
    seen: bool = False
    asleep: bool = False
    slept: bool = False
    entered_id: int = 0
    alarms: list[int] = field(default_factory=list)
    """The times at which its alarms were recorded."""
    alarms_known: tuple[int, int] = (0, 0)
    """How many of them `alarm` steps have seen: at least, and at most."""
    at_ns: int = 0
    process: object = None


@dataclass(frozen=True, slots=True)
class Before:
    """What was known about an object when a step began; the trace may lag behind."""

    in_memory: bool
    seen: bool
    slept: bool
    alarms: int


@dataclass(slots=True)
class Ongoing:
    """The current step."""

    index: int
    placed: PlacedStep
    begun: Event
    names: Mapping[str, object]
    before: Mapping[str, Before]
    """What was known about each object when the step began."""
    inside: list[Event] = field(default_factory=list)
    sent: dict[str, tuple[Event, int]] = field(default_factory=dict)
    """The message that each client sent, and how many it had received by then."""

    @property
    def place(self) -> str:
        """The step's number, from 1, and its line."""
        return f"step {self.index + 1} (line {self.begun.data['line']})"


class State:
    """The state of one play, updated event by event."""

    def __init__(self, play: PlayRecord) -> None:
        """Initialize before the first event. Raises ScenarioError if the recorded scenario cannot be read."""
        self.play = play
        self.clients = play.play.clients
        self.kinds = {name: type(spec) for name, spec in self.clients.items()}
        self.names: dict[str, object] = play.play.names(str(play.start.data["nonce"]))
        self.has_trace = play.place.has_trace
        self.has_secrets = MASK in str(play.start.data["text"])
        """Whether secrets are masked in the scenario's expectations or in captured values."""
        self.objects = {label: ObjectState() for label in play.play.objects}
        self.endings: dict[str, Event] = {}
        """The `closed` event of each client's last connection, if it was closed."""
        self.step: Ongoing | None = None
        self._boxes: dict[str, Mailbox] = {}
        self._open: set[str] = set()
        self._opening: set[str] = set()
        self._mixed: set[str] = set()
        self._latest_ns = play.start.t_ns

    def apply(self, event: Event) -> None:
        """Update the state by the next event. Raises InconsistentRecordError."""
        # A close is recorded by the step that waits for it, which may be later than it came.
        if event.t_ns < self._latest_ns - SLACK_NS and event.kind != kinds.CLOSED:
            raise InconsistentRecordError(f"event {event.id} is earlier than those before it")
        self._latest_ns = max(self._latest_ns, event.t_ns)
        handler = _HANDLERS.get(event.kind)
        if handler is not None:
            handler(self, event)
        if self.step is not None:
            self.step.inside.append(event)

    def end(self) -> Ongoing | None:
        """End the current step. A client that was not opened in it is not open."""
        step, self.step = self.step, None
        self._open -= self._opening
        self._opening.clear()
        return step

    def begin(self, index: int, placed: PlacedStep, begun: Event) -> None:
        """Begin a step."""
        if isinstance(placed.step, Connect):
            for client in self.members(placed.step.connect):
                self._connect(client)
        before = {
            label: Before(each.in_memory, each.seen, each.slept, len(each.alarms))
            for label, each in self.objects.items()
        }
        self.step = Ongoing(index, placed, begun, {**self.names, **placed.bound}, before)

    def late_ns(self, from_ns: int, to_ns: int) -> int:
        """Return for how many nanoseconds something was late between two times: all of them for a play that was cut."""
        if self.play.was_cut:
            return to_ns - from_ns
        return sum(each.overlap_ns(from_ns, to_ns) for each in self.play.late)

    # --- clients

    def members(self, names: Iterable[str]) -> list[str]:
        """Return the clients that the names in a step stand for, each once."""
        return list(dict.fromkeys(member for name in names for member in self.play.play.members(name)))

    def is_own(self, client: str) -> bool:
        """Return whether a client is poc's own WebSocket client, with one connection at a time.

        One that was connected again while it was open is not: messages cannot be assigned to connections.
        """
        return self.kinds.get(client) is ClientSpec and client not in self._mixed

    def is_mixed(self, client: str) -> bool:
        """Return whether a client was connected again while it was open."""
        return client in self._mixed

    def speaks_in_order(self, client: str) -> bool:
        """Return whether the record has a client's messages in their order: for a page only the browser knows it."""
        return self.is_own(client) or self.kinds.get(client) is CommandSpec

    def box(self, client: str) -> Mailbox:
        """Return the messages of a client."""
        if client not in self._boxes:
            self._boxes[client] = Mailbox()
        return self._boxes[client]

    def is_open(self, client: str) -> bool:
        """Return whether poc's own client has an open connection."""
        return client in self._open

    def _connect(self, client: str) -> None:
        """Reset a client. Messages of the new connection may be recorded before its `opened` event."""
        self._boxes[client] = Mailbox()
        self.endings.pop(client, None)
        if client in self._open:
            self._mixed.add(client)
        elif self.kinds[client] is ClientSpec:
            self._open.add(client)
            self._opening.add(client)

    def _opened(self, event: Event) -> None:
        client = event.actor
        if client in self._opening:
            self._opening.discard(client)
        elif self.kinds.get(client) is ClientSpec:
            self._connect(client)
            self._opening.discard(client)
        elif self.kinds.get(client) is PageSpec and self._is_first_opening(event):
            self._boxes[client] = Mailbox()

    def _open_failed(self, event: Event) -> None:
        if event.actor in self._opening:
            self._opening.discard(event.actor)
            self._open.discard(event.actor)

    def _is_first_opening(self, event: Event) -> bool:
        """Return whether a page that was connected again opens its first connection."""
        if self.step is None or not isinstance(self.step.placed.step, Connect):
            return False
        return not any(each.kind == kinds.OPENED and each.actor == event.actor for each in self.step.inside)

    def _started(self, event: Event) -> None:
        self._boxes[event.actor] = Mailbox()

    def _closed(self, event: Event) -> None:
        self._check_open(event, "was closed by")
        self._open.discard(event.actor)
        self.endings[event.actor] = event

    def _sent(self, event: Event) -> None:
        client = event.actor
        if client not in self.kinds or "method" in event.data:
            return
        self._check_open(event, "sent")
        if self.step is not None and client not in self.step.sent:
            self.step.sent[client] = event, len(self.box(client))

    def _received(self, event: Event) -> None:
        if event.actor not in self.kinds or "status" in event.data:
            return
        self._check_open(event, "received")
        self.box(event.actor).put(event, message_of(event, self.play.play.decoder(event.actor)))

    def _query(self, event: Event) -> None:
        self._check_open(event, "received")

    def _check_open(self, event: Event, did: str) -> None:
        if self.is_own(event.actor) and event.actor not in self._open:
            raise InconsistentRecordError(f"{event.actor} {did} event {event.id} while it had no connection")

    def _called(self, event: Event) -> None:
        if event.actor == ORIGIN:
            request = {key: value for key, value in event.data.items() if key != "status" or value is not None}
            text = compact(request)
            self.box(ORIGIN).put(replace(event, data={"text": text}), Message(text, None))

    def _captured(self, event: Event) -> None:
        self.names[event.data["name"]] = event.data["value"]
        self.has_secrets = self.has_secrets or is_masked(event.data["value"])

    # --- objects

    def _entered(self, event: Event) -> None:
        found = self._object(event, "at_ns")
        if found is not None:
            found.in_memory = found.seen = True
            found.asleep = False
            found.entered_id = event.id

    def _delivered(self, event: Event) -> None:
        found = self._object(event, "at_ns")
        if found is not None and event.data["name"] == ALARM:
            found.alarms.append(event.t_ns)

    def _left(self, event: Event) -> None:
        found = self._object(event, "at_last_activity_ns", "at_ns")
        if found is not None:
            found.in_memory = False
            found.asleep = event.data["how"] in {"idle", "evict"}
            found.slept = found.slept or found.asleep

    def _probed(self, event: Event) -> None:
        found = self._object(event)
        if found is None:
            return
        pinned = "pinned" if event.data.get("pins") else "awake"
        where = pinned if found.in_memory else "asleep" if found.asleep else "gone"
        wanted, reported = event.data.get("wanted"), event.data.get("found")
        if reported != where:
            raise InconsistentRecordError(f"event {event.id} found its object {reported}, but it was {where}")
        if event.data.get("ok") != (where == wanted or (wanted, where) == ("awake", "pinned")):
            raise InconsistentRecordError(
                f"event {event.id} wanted its object {wanted} and found it {where}, but its `ok` says otherwise"
            )

    def _object(self, event: Event, *times: str) -> ObjectState | None:
        """Return the object of an event. Its times are by the runtime's clock, which restarts with each process."""
        found = self.objects.get(event.actor.removeprefix("object:"))
        if found is None or not event.actor.startswith("object:"):
            return None
        process = event.data.get("process", found.process)
        if process != found.process:
            found.process, found.at_ns = process, 0
        for name in times:
            at_ns = int(event.data[name])
            if at_ns < found.at_ns - SLACK_NS:
                raise InconsistentRecordError(f"in event {event.id}, {name} is earlier than in the events before")
            found.at_ns = max(found.at_ns, at_ns)
        return found


_HANDLERS: Final[Mapping[str, Callable[[State, Event], None]]] = {
    kinds.OPENED: State._opened,  # noqa: SLF001 - methods of the same module
    kinds.OPEN_FAILED: State._open_failed,  # noqa: SLF001
    kinds.STARTED: State._started,  # noqa: SLF001
    kinds.CLOSED: State._closed,  # noqa: SLF001
    kinds.SENT: State._sent,  # noqa: SLF001
    kinds.RECEIVED: State._received,  # noqa: SLF001
    kinds.ASKED: State._query,  # noqa: SLF001
    kinds.TOLD: State._query,  # noqa: SLF001
    kinds.CALLED: State._called,  # noqa: SLF001
    kinds.CAPTURED: State._captured,  # noqa: SLF001
    kinds.ENTERED: State._entered,  # noqa: SLF001
    kinds.DELIVERED: State._delivered,  # noqa: SLF001
    kinds.LEFT: State._left,  # noqa: SLF001
    kinds.PROBED: State._probed,  # noqa: SLF001
}
