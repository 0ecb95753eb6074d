"""A play as recorded: its events, steps, connections and frames, and up to where it is evidence."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, wraps
from typing import Any, TypeVar

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.history.late_stretch import Stretch
from poc_cli.record.addresses import Addresses
from poc_cli.record.attempts import attempt_of, round_of
from poc_cli.record.lateness import LATE_NS, Cut, cut_of, late_by_ns
from poc_cli.residency.sleep_onset import Canary
from poc_cli.scenario.capabilities import Place, place_of
from poc_cli.scenario.client_tables import CommandSpec
from poc_cli.scenario.loader import parse
from poc_cli.scenario.matching import Message, text_message
from poc_cli.scenario.plays import CONFIRM, Play, plays_of
from poc_cli.scenario.scenario import Scenario
from poc_cli.scenario.sessions import SESSIONS, Sleeps, session

FOREVER = 1 << 62
"""Later than every event."""


@lru_cache(maxsize=256)
def _plays(text: str, file: str) -> tuple[Play, ...]:
    """Return the plays of a scenario, which is parsed once for its story and all its controls."""
    return plays_of(parse(text, file))


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step that began. `ended` is None if the play broke off during it."""

    index: int
    begun: Event
    ended: Event | None

    @property
    def ok(self) -> bool:
        """Whether the step passed."""
        return self.ended is not None and bool(self.ended.data.get("ok"))

    @property
    def verb(self) -> str:
        """Return the step's verb."""
        return str(self.begun.data.get("verb"))

    @property
    def claim(self) -> str | None:
        """Return the claim that the step names, if any."""
        return self.begun.data.get("claim")

    @property
    def failure(self) -> str | None:
        """Return the kind of failure, None if it passed or did not end."""
        return None if self.ended is None else self.ended.data.get("failure")

    @property
    def reason(self) -> str:
        """Return why it failed, "" if it passed or did not end."""
        return "" if self.ended is None else str(self.ended.data.get("reason", ""))

    def reported(self, key: str) -> Mapping[str, Any]:
        """Return a field of the `step_end` event that has an entry for each client or object; {} if it has none."""
        value = {} if self.ended is None else self.ended.data.get(key, {})
        return value if isinstance(value, dict) else {}

    @property
    def end_id(self) -> int:
        """Return the id of its `step_end` event, `FOREVER` without one."""
        return FOREVER if self.ended is None else self.ended.id


def steps_of(events: Iterable[Event]) -> tuple[StepRecord, ...]:
    """Return the steps of a play in the order in which they began."""
    known = [event for event in events if event.kind in {kinds.STEP, kinds.STEP_END}]
    ends = {event.step: event for event in known if event.kind == kinds.STEP_END}
    begun = (event for event in known if event.kind == kinds.STEP and event.step is not None)
    return tuple(StepRecord(event.step or 0, event, ends.get(event.step)) for event in begun)


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection of a client. `closed` is None if it was open until the play ended."""

    client: str
    opened: Event
    closed: Event | None

    def is_open_at(self, event_id: int) -> bool:
        """Return whether the connection was open when an event was recorded."""
        return self.opened.id < event_id and (self.closed is None or event_id < self.closed.id)

    def carried(self, frame: Event) -> bool:
        """Return whether a frame went over this connection."""
        mine = frame.actor == self.client and frame.data.get("socket") == self.opened.data.get("socket")
        return mine and self.is_open_at(frame.id)


@dataclass(frozen=True)
class PlayRecord:
    """One play as recorded."""

    label: str
    start: Event
    events: tuple[Event, ...]
    end: Event | None
    damage: str | None = None
    canaries: tuple[Canary, ...] = ()
    late: tuple[Stretch, ...] = ()
    """The late stretches that concern this play."""

    earlier: tuple["PlayRecord", ...] = ()
    """The attempts before this one, each cut where it stopped being evidence."""

    was_cut: bool = False
    """Whether the play went on after `end`, but the rest of its record is not evidence."""

    session: object = None
    """The `SessionRecord` of its scenario, where its session was played with sleeps in the gaps."""

    is_suspect: bool = False
    """Whether the runtime hung or died by itself while this play waited for it, and no other play is known to be the
    cause."""

    @cached_property
    def cut(self) -> Cut | None:
        """Return from where the play is not evidence because something was late, None if nothing was."""
        if not self.late and not self.has_late_step:
            return None
        return cut_of(self.play, self.steps, self.events, self.late, traced=self.place.has_trace)

    @property
    def readable_cut(self) -> Cut | None:
        """Return `cut`, or None if the recorded scenario cannot be read, which judging the play reports."""
        try:
            return None if self.damage is not None else self.cut
        except Exception:  # noqa: BLE001 - judging the play reports what is wrong
            return None

    @property
    def has_late_step(self) -> bool:
        """Whether a step began late."""
        return any(late_by_ns(step) > LATE_NS for step in self.steps)

    def before(self, cut: Cut) -> "PlayRecord":
        """Return the play up to a cut, as if it had stopped there."""
        events = tuple(event for event in self.events if event.id < cut.event_id)
        last = events[-1] if events else self.start
        data = {"outcome": "stopped", "reason": cut.reason, "at_step": cut.step}
        end = Event(cut.event_id, self.label, last.t_ns, "poc", kinds.PLAY_END, None, data)
        return replace(self, events=events, end=end, late=(), was_cut=True)

    @cached_property
    def by_id(self) -> dict[int, Event]:
        """Return the play's events by id."""
        return {event.id: event for event in self.events}

    @property
    def scenario(self) -> Scenario:
        """Return the scenario as it was played. Raises ScenarioError if its recorded text is invalid."""
        return self.plays[0].scenario

    @cached_property
    def plays(self) -> tuple[Play, ...]:
        """Return the story and the controls of its scenario. Raises ScenarioError if its recorded text is invalid."""
        return _plays(self.start.data["text"], self.start.data["file"])

    @cached_property
    def play(self) -> Play:
        """Return the story or control that was played."""
        role = self.start.data["role"]
        if role in SESSIONS:
            return session(self.plays[0], self.round, self.sleeps)
        wanted = "story" if role == CONFIRM else role, tuple(self.start.data["decides"])
        return next(play for play in self.plays if (play.role, play.decides) == wanted)

    @property
    def sleeps(self) -> Sleeps:
        """Return in which gaps of a session objects are to sleep, and which."""
        data = self.start.data
        return Sleeps(tuple(sorted(data.get("gaps") or ())), tuple(data.get("asleep") or ()))

    @property
    def attempt(self) -> int:
        """Return the number of the attempt, from 1."""
        return attempt_of(self.start)

    @property
    def round(self) -> int:
        """Return the round of `--repeat` that it belongs to, from 1."""
        return round_of(self.start)

    @property
    def outcome(self) -> str:
        """Return `done`, `stopped`, `error`, `interrupted` or `given_up`; `error` for a play without an end."""
        if self.damage is not None or self.end is None:
            return "error"
        return str(self.end.data["outcome"])

    @property
    def ending(self) -> str:
        """Return why the play ended."""
        if self.damage is not None:
            return self.damage
        return "the record breaks off" if self.end is None else str(self.end.data["reason"])

    @cached_property
    def steps(self) -> tuple[StepRecord, ...]:
        """Return the steps in the order in which they began."""
        return steps_of(self.events)

    def steps_from(self, event_id: int, client: str | None = None) -> Iterator[StepRecord]:
        """Return the steps that had not ended before an event; with a client, only those in which it sent something."""
        steps = self.steps if client is None else self._steps_by_sender.get(client, ())
        first = bisect_left(steps, event_id, key=lambda each: each.end_id)
        return (steps[place] for place in range(first, len(steps)))

    @cached_property
    def _steps_by_sender(self) -> Mapping[str, Sequence[StepRecord]]:
        found: dict[str, list[StepRecord]] = {}
        for step in self.steps:
            for client in dict.fromkeys(frame.actor for frame in self.frames_sent_in(step.index)):
                found.setdefault(client, []).append(step)
        return found

    def steps_of_verb(self, verb: str) -> Sequence[StepRecord]:
        """Return the steps of one verb, in order."""
        return self._steps_by_verb.get(verb, ())

    @cached_property
    def _steps_by_verb(self) -> Mapping[str, Sequence[StepRecord]]:
        found: dict[str, list[StepRecord]] = {}
        for step in self.steps:
            found.setdefault(step.verb, []).append(step)
        return found

    @cached_property
    def connections(self) -> tuple[Connection, ...]:
        """Return all connections, in the order in which they were opened."""
        open_now: dict[tuple[str, object], Event] = {}
        found: list[Connection] = []
        for event in self.events:
            # A program or a page may have several at a time, which the number `socket` distinguishes.
            key = event.actor, event.data.get("socket")
            if event.kind == kinds.OPENED:
                open_now[key] = event
            elif event.kind == kinds.CLOSED and key in open_now:
                found.append(Connection(event.actor, open_now.pop(key), event))
        found += [Connection(client, opened, None) for (client, _), opened in open_now.items()]
        return tuple(sorted(found, key=lambda connection: connection.opened.id))

    @cached_property
    def programs(self) -> frozenset[str]:
        """Return the clients that are programs; the lines that they print are not frames of their connections."""
        specs = self.play.clients.items()
        return frozenset(name for name, spec in specs if isinstance(spec, CommandSpec))

    @cached_property
    def frames_sent(self) -> tuple[Event, ...]:
        """Return what clients sent to the worker: messages, or for programs the frames of their connections."""
        found = (event for event in self.of_kind(kinds.SENT, kinds.FRAME_SENT))
        return tuple(each for each in found if each.kind == kinds.FRAME_SENT or each.actor not in self.programs)

    @cached_property
    def frames_received(self) -> tuple[Event, ...]:
        """Return what clients received from the worker: messages, or for programs the frames of their connections."""
        found = (event for event in self.of_kind(kinds.RECEIVED, kinds.FRAME_RECEIVED))
        return tuple(each for each in found if each.kind == kinds.FRAME_RECEIVED or each.actor not in self.programs)

    def frames_sent_in(self, step: int) -> Sequence[Event]:
        """Return the frames that clients sent to the worker in a step."""
        return self._frames_sent_by_step.get(step, ())

    @cached_property
    def _frames_sent_by_step(self) -> Mapping[int | None, Sequence[Event]]:
        return _by_step(self.frames_sent)

    def belongs(self, connection: Connection, label: str) -> bool:
        """Return whether a connection may lead to an object, by its URL.

        A URL leads to the objects that it names in a path segment or a query value. If no client's URL names any
        object, every connection may lead to every object, because the worker chooses the object in its own way.
        """
        return label in self.addresses.by_opening[connection.opened.id] if self.addresses.tell else True

    def connection_of(self, client: str, event_id: int) -> Connection | None:
        """Return the first connection of a client that was open at an event, None without one."""
        mine = self._connections_by_client.get(client, ())
        return next((each for each in mine if each.is_open_at(event_id)), None)

    @cached_property
    def _connections_by_client(self) -> Mapping[str, Sequence[Connection]]:
        found: dict[str, list[Connection]] = {}
        for connection in self.connections:
            found.setdefault(connection.client, []).append(connection)
        return found

    def leads_to(self, client: str, event_id: int) -> frozenset[str] | None:
        """Return the objects that a client's connection at an event leads to, None if that is unknown."""
        connection = self.connection_of(client, event_id)
        if connection is None or not self.addresses.tell:
            return None
        return self.addresses.by_opening[connection.opened.id]

    @cached_property
    def addresses(self) -> Addresses:
        """Return the objects that the URLs of its clients and requests name."""
        return Addresses(self.play, str(self.start.data["nonce"]), self.events)

    @cached_property
    def place(self) -> Place:
        """Return the place where it was played."""
        return place_of(self.start.data.get("target") or {})

    @cached_property
    def memo(self) -> dict[object, Any]:
        """Return a cache for results that are computed once for the whole play."""
        return {}

    def of_kind(self, *names: str) -> Sequence[Event]:
        """Return the events of some kinds."""
        known = self._by_kinds.get(names)
        if known is None:
            known = self._by_kinds[names] = tuple(event for event in self.events if event.kind in names)
        return known

    @cached_property
    def _by_kinds(self) -> dict[tuple[str, ...], Sequence[Event]]:
        return {}

    def between(self, first: int, last: int, *names: str) -> Sequence[Event]:
        """Return the events of some kinds between two events."""
        found = self.of_kind(*names)
        begin = bisect_right(found, first, key=_id)
        return found[begin : bisect_left(found, last, lo=begin, key=_id)]

    def of_step(self, kind: str, step: int) -> Sequence[Event]:
        """Return the events of a kind in a step."""
        known = self._by_steps.get(kind)
        if known is None:
            known = self._by_steps[kind] = _by_step(self.of_kind(kind))
        return known.get(step, ())

    @cached_property
    def _by_steps(self) -> dict[str, Mapping[int | None, Sequence[Event]]]:
        return {}

    def of_actor(self, actor: str) -> Sequence[Event]:
        """Return the events of an actor: a client, or an object as `object:LABEL`."""
        return self._by_actor.get(actor, ())

    @cached_property
    def _by_actor(self) -> Mapping[str, Sequence[Event]]:
        found: dict[str, list[Event]] = {}
        for event in self.events:
            found.setdefault(event.actor, []).append(event)
        return found

    def message(self, event_id: int) -> Message | None:
        """Return a sent or received message, None if it is not recorded in full: too long, or with a secret."""
        event = self.by_id.get(event_id)
        if event is None or event.data.get("cut"):
            return None
        if "text" in event.data:
            return text_message(event.data["text"], self.play.decoder(event.actor))
        try:
            return Message(None, bytes.fromhex(event.data["hex"]))
        except ValueError:
            return None

    def names(self, before: int) -> dict[str, object]:
        """Return the values of the template names before an event."""
        bound = self.play.names(self.start.data["nonce"])
        for name, captured in self._captured.items():
            last = bisect_left(captured, before, key=_id) - 1
            if last >= 0:
                bound[name] = captured[last].data["value"]
        return bound

    @cached_property
    def _captured(self) -> Mapping[str, Sequence[Event]]:
        """Return the `captured` events of each name, the names in the order of their first."""
        found: dict[str, list[Event]] = {}
        for event in self.of_kind(kinds.CAPTURED):
            found.setdefault(event.data["name"], []).append(event)
        return found

    def names_at(self, step: StepRecord) -> dict[str, object]:
        """Return the values of the template names when a step began, with the counters of the repeats around it."""
        return {**self.names(step.begun.id), **self.play.steps[step.index].bound}


T = TypeVar("T")


def once(function: Callable[[PlayRecord], T]) -> Callable[[PlayRecord], T]:
    """Decorate a function so that it runs once for each play; later calls return the same result."""

    @wraps(function)
    def remembered(play: PlayRecord) -> T:
        if function not in play.memo:
            play.memo[function] = function(play)
        known: T = play.memo[function]
        return known

    return remembered


def _by_step(events: Sequence[Event]) -> dict[int | None, list[Event]]:
    found: dict[int | None, list[Event]] = {}
    for event in events:
        found.setdefault(event.step, []).append(event)
    return found


def _id(event: Event) -> int:
    return event.id
