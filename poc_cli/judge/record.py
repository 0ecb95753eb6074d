"""The history of a run, sorted by plays, with the steps and connections of each.

Never judges; it only puts together what belongs together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.attempts import is_followed, round_of
from poc_cli.judge.shape import damage_of, edited, flaw
from poc_cli.scenario.loader import parse
from poc_cli.scenario.matching import Message
from poc_cli.scenario.plays import Play, plays_of
from poc_cli.scenario.story import Scenario
from poc_cli.scenario.templates import render_text

FOREVER = 1 << 62
"""Later than every event."""


# A scenario is parsed once for its story and all its controls, which are recorded one after the other.
_scenario = lru_cache(maxsize=64)(parse)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step that was begun. `ended` is None where the play broke off inside it."""

    index: int
    begun: Event
    ended: Event | None

    @property
    def ok(self) -> bool:
        """Whether the step came out as the scenario says."""
        return self.ended is not None and bool(self.ended.data.get("ok"))

    @property
    def verb(self) -> str:
        """Give the step's verb."""
        return str(self.begun.data.get("verb"))

    @property
    def claim(self) -> str | None:
        """Give the claim that the step names."""
        return self.begun.data.get("claim")

    @property
    def failure(self) -> str | None:
        """Give the kind of its failure."""
        return None if self.ended is None else self.ended.data.get("failure")

    @property
    def reason(self) -> str:
        """Give its failure in words."""
        return "" if self.ended is None else str(self.ended.data.get("reason", ""))

    def told(self, key: str) -> Mapping[str, Any]:
        """Give what the step's end says under `key`, by client or object."""
        value = {} if self.ended is None else self.ended.data.get(key, {})
        return value if isinstance(value, dict) else {}

    @property
    def end_id(self) -> int:
        """Give the id of its end, or one later than all."""
        return FOREVER if self.ended is None else self.ended.id


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection of a client, from its opening to its end, if it ended while the play went on."""

    client: str
    opened: Event
    closed: Event | None

    def is_open_at(self, event_id: int) -> bool:
        """Whether the connection was open when that event was written."""
        return self.opened.id < event_id and (self.closed is None or event_id < self.closed.id)


@dataclass(frozen=True)
class PlayRecord:
    """One play as it was written down."""

    label: str
    start: Event
    events: tuple[Event, ...]
    end: Event | None
    damage: str | None = None

    @cached_property
    def by_id(self) -> dict[int, Event]:
        """Give the play's events by their ids."""
        return {event.id: event for event in self.events}

    @cached_property
    def scenario(self) -> Scenario:
        """Give the scenario as it was when it was played. Raises ScenarioError for an edited one."""
        return _scenario(self.start.data["text"], self.start.data["file"])

    @cached_property
    def play(self) -> Play:
        """Give the story or the control that was played."""
        wanted = self.start.data["role"], tuple(self.start.data["decides"])
        return next(play for play in plays_of(self.scenario) if (play.role, play.decides) == wanted)

    @property
    def round(self) -> int:
        """Give which performance of its story it is, counted from 1."""
        return round_of(self.start)

    @property
    def outcome(self) -> str:
        """Give `done`, `stopped`, `error` or `interrupted`; a play without an end is an error."""
        if self.damage is not None or self.end is None:
            return "error"
        return str(self.end.data["outcome"])

    @property
    def ending(self) -> str:
        """Give why the play ended where it ended."""
        if self.damage is not None:
            return self.damage
        return "the record breaks off" if self.end is None else str(self.end.data["reason"])

    @cached_property
    def steps(self) -> tuple[StepRecord, ...]:
        """Give the steps in the order in which they were begun."""
        ends = {event.step: event for event in self.events if event.kind == kinds.STEP_END}
        begun = (event for event in self.events if event.kind == kinds.STEP and event.step is not None)
        return tuple(StepRecord(event.step or 0, event, ends.get(event.step)) for event in begun)

    @cached_property
    def connections(self) -> tuple[Connection, ...]:
        """Give all connections that were opened."""
        open_now: dict[str, Event] = {}
        found: list[Connection] = []
        for event in self.events:
            if event.kind == kinds.OPENED:
                open_now[event.actor] = event
            elif event.kind == kinds.CLOSED and event.actor in open_now:
                found.append(Connection(event.actor, open_now.pop(event.actor), event))
        found += [Connection(client, opened, None) for client, opened in open_now.items()]
        return tuple(sorted(found, key=lambda connection: connection.opened.id))

    def belongs(self, connection: Connection, label: str) -> bool:
        """Whether a connection leads to an object, as far as its address tells.

        An address that names an object of the play, in a segment or a query value, leads to that object. Where no
        client's address names any, all lead to all: a worker may find its objects in its own way.
        """
        return label in self._addressed[connection.opened.id] if self._addresses_tell else True

    def leads_to(self, client: str, event_id: int) -> frozenset[str] | None:
        """Give the objects that the connection of a client at an event leads to; None where that cannot be told."""
        open_then = (each for each in self.connections if each.client == client and each.is_open_at(event_id))
        connection = next(open_then, None)
        if connection is None or not self._addresses_tell:
            return None
        return self._addressed[connection.opened.id]

    @cached_property
    def _addressed(self) -> dict[int, frozenset[str]]:
        """Give the objects that each connection's address names, by the event that tells of its opening."""
        names = self.play.names(self.start.data["nonce"])
        found: dict[int, frozenset[str]] = {}
        for event in self.events:
            if event.kind == kinds.CAPTURED:
                names[event.data["name"]] = event.data["value"]
            elif event.kind == kinds.OPENED:
                counters = {} if event.step is None else self.play.steps[event.step].bound
                found[event.id] = self._named_by(event.actor, {**names, **counters})
        return found

    @cached_property
    def _addresses_tell(self) -> bool:
        """Whether the address of any client names an object, be it one that never connected."""
        if any(self._addressed.values()):
            return True
        names = self.names(FOREVER)
        connected = {connection.client for connection in self.connections}
        return any(self._named_by(client, names) for client in self.play.clients if client not in connected)

    def _named_by(self, client: str, names: Mapping[str, object]) -> frozenset[str]:
        known = {**names, **self.play.client_bound(client)}
        try:
            url = urlsplit(render_text(self.play.clients[client].path, known))
        except ValueError:  # it names what was never bound, so it never connected; or it is no address
            return frozenset()
        parts = {unquote(part) for part in url.path.split("/")} | {value for _, value in parse_qsl(url.query)}
        return frozenset(label for label, title in self._titles.items() if title in parts)

    @cached_property
    def _titles(self) -> dict[str, str | None]:
        """Give what an address may call each object: its name or its id."""
        names = self.play.names(self.start.data["nonce"])
        objects = self.play.objects.items()
        return {label: each.id if each.name is None else render_text(each.name, names) for label, each in objects}

    def of_kind(self, *names: str) -> Iterable[Event]:
        """Give the events of some kinds."""
        return (event for event in self.events if event.kind in names)

    def message(self, event_id: int) -> Message | None:
        """Give a received or sent message, None where it was not kept whole: too long, or a secret taken out of it."""
        event = self.by_id.get(event_id)
        if event is None or event.data.get("cut"):
            return None
        if "text" in event.data:
            return Message(event.data["text"], None)
        try:
            return Message(None, bytes.fromhex(event.data["hex"]))
        except ValueError:
            return None

    def names(self, before: int) -> dict[str, object]:
        """Give the template names as they were bound before an event."""
        bound = self.play.names(self.start.data["nonce"])
        for event in self.of_kind(kinds.CAPTURED):
            if event.id < before:
                bound[event.data["name"]] = event.data["value"]
        return bound

    def names_at(self, step: StepRecord) -> dict[str, object]:
        """Give the names as they were bound when a step began, the counters of the repeats around it too."""
        return {**self.names(step.begun.id), **self.play.steps[step.index].bound}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A scenario that could not be played here."""

    scenario: str
    title: str
    file: str
    reason: str


@dataclass(slots=True)
class RunRecord:
    """A whole run as it was written down."""

    start: dict[str, Any] = field(default_factory=dict)
    end: Event | None = None
    plays: list[PlayRecord] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    damage: str | None = None

    @property
    def repeat(self) -> int:
        """Give how often each story was to be played."""
        number = self.start.get("repeat")
        return number if isinstance(number, int) else 1

    @property
    def flaw(self) -> str | None:
        """Give what is wrong with the record as a whole: damage, or an end that is missing."""
        return self.damage or ("the record breaks off" if self.end is None else None)


def record(events: list[Event | None]) -> RunRecord:
    """Sort the events of a history; damage in the middle makes every play of it an error."""
    damage = damage_of(events)
    run = RunRecord(damage=damage)
    starts: dict[str, Event] = {}
    ends: dict[str, Event] = {}
    inside: dict[str, list[Event]] = {}
    for event in events:
        if event is None or (damage is not None and flaw(event) is not None):
            continue
        match event.kind:
            case kinds.RUN_START:
                run.start = event.data
            case kinds.RUN_END:
                run.end = event
            case kinds.LEFT_OUT:
                data = event.data
                run.left_out.append(LeftOut(data["scenario"], data["title"], data["file"], data["reason"]))
            case kinds.PLAY_START:
                starts[event.play] = event
                inside[event.play] = []
            case kinds.PLAY_END:
                ends.setdefault(event.play, event)
            case _ if event.play in inside and event.play not in ends:
                inside[event.play].append(event)
    run.plays = [
        PlayRecord(label, start, tuple(inside[label]), ends.get(label), damage or edited(start))
        for label, start in starts.items()
        if not is_followed(start, ends.get(label), starts.values())
    ]
    return run
