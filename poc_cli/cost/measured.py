"""Compute the usage of a recorded run from its history, and exactly if the runtime's trace was kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from poc_cli.cost.active import Active, Traced, traced
from poc_cli.cost.usage import DAYS_OF_A_MONTH, SECONDS_OF_A_DAY, Usage
from poc_cli.history import event as kinds
from poc_cli.history.event import Event

_NS: Final = Decimal(1_000_000_000)
_SOCKET: Final = "hibernatable_websocket"

Stays = Mapping[tuple[int, int], Active]


@dataclass(slots=True)
class Counted:
    """The observed usage of one play. With `at_most`, its active time is an upper bound.

    `rooms` is the number of objects seen, `connected_seconds` the time billed for them without hibernation, and
    `events` the number of events delivered to them.
    """

    play: str
    role: str = "story"
    seconds: Decimal = Decimal(0)
    rooms: int = 0
    requests: int = 0
    messages: int = 0
    worker_requests: int = 0
    events: int = 0
    active_seconds: Decimal = Decimal(0)
    pinned_seconds: Decimal = Decimal(0)
    resident_seconds: Decimal = Decimal(0)
    connected_seconds: Decimal = Decimal(0)
    reads: int = 0
    writes: int = 0
    at_most: bool = False

    def usage(self, days: Decimal, *, hibernating: bool = True) -> Usage:
        """Return the usage over a number of days, counting each storage operation as one row."""
        return Usage(
            days=days,
            requests=Decimal(self.requests),
            messages=Decimal(self.messages),
            active_seconds=self.active_seconds if hibernating else max(self.active_seconds, self.connected_seconds),
            rows_read=Decimal(self.reads),
            rows_written=Decimal(self.writes),
            worker_requests=Decimal(self.worker_requests),
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """The usage of a run, play by play."""

    plays: tuple[Counted, ...]

    @property
    def stories(self) -> tuple[Counted, ...]:
        """Return the plays that are not controls; controls misbehave on purpose."""
        return tuple(play for play in self.plays if play.role == "story" and play.seconds > 0)

    @property
    def at_most(self) -> bool:
        """Whether the active time of any play is an upper bound."""
        return any(play.at_most for play in self.plays)

    def total(self, of: str) -> Decimal:
        """Return the sum of a field of all plays."""
        return sum((Decimal(getattr(play, of)) for play in self.plays), Decimal(0))

    @property
    def handler_ms(self) -> Decimal | None:
        """Return the average active milliseconds per event of all stories; None if not measured."""
        events = sum(play.events for play in self.stories)
        if not events or any(play.at_most for play in self.stories):
            return None
        return sum((play.active_seconds for play in self.stories), Decimal(0)) * 1000 / events

    def month(self, times: int = 1, *, hibernating: bool = True) -> Usage:
        """Return a month in which the rooms of every story stay as busy as in the run, with `times` copies of each."""
        length = DAYS_OF_A_MONTH * SECONDS_OF_A_DAY
        whole = Usage(DAYS_OF_A_MONTH)
        for play in self.stories:
            usage = play.usage(DAYS_OF_A_MONTH, hibernating=hibernating)
            whole = whole.plus(usage.times(length / play.seconds * times))
        return whole


def run_usage(events: Iterable[Event | None], traces: Mapping[int, Iterable[str | bytes]] | None = None) -> Measured:
    """Return the usage of the plays in a history. `traces` maps the number of each process to its trace lines."""
    found = [traced(process, lines) for process, lines in (traces or {}).items()]
    stays = {(stay.process, stay.ctx): stay for each in found for stay in each.stays}
    by_play: dict[str, list[Event]] = {}
    own_events: list[Event] = []
    for event in events:
        if event is not None and event.kind in {kinds.PULSE, kinds.SENTINEL}:
            own_events.append(event)
        if event is not None and event.kind not in kinds.OF_THE_RUN:
            by_play.setdefault(event.play, []).append(event)
    seen = any(each.stays or each.worker_requests for each in found)
    plays = [_counted(label, mine, stays if seen else None) for label, mine in by_play.items()]
    return Measured((*plays, *_unwatched(found, by_play), *_own_rooms(own_events)))


def _counted(label: str, events: Sequence[Event], stays: Stays | None) -> Counted:
    """Return the usage of one play; `stays` is None if there is no trace."""
    start, last = events[0], events[-1]
    play = Counted(label, str(start.data.get("role", "story")), _seconds(last.t_ns - start.t_ns))
    delivered = [str(event.data.get("name")) for event in events if event.kind == kinds.DELIVERED]
    sent = _frames_sent(events)
    through_sockets = delivered.count(_SOCKET)
    # Both numbers are upper bounds: a close is a socket event too, and pings that the runtime answers are not events.
    play.messages = min(sent, through_sockets) if through_sockets else sent
    play.worker_requests = _arrivals(events)
    play.events = len(delivered)
    play.requests = play.events - through_sockets
    play.rooms = len({event.actor for event in events if event.kind == kinds.ENTERED})
    connected = _connected(events)
    play.connected_seconds = connected * max(1, play.rooms)
    if not play.rooms and stays is not None:
        play.messages, play.connected_seconds = 0, Decimal(0)
    elif not play.rooms:
        play.requests = play.events = play.worker_requests
        play.active_seconds, play.at_most = connected, bool(play.requests)
    for known in _recorded_stays(events):
        stay = (stays or {}).get(known.key)
        if stay is None:
            play.at_most = True
            play.active_seconds += _seconds(known.until - known.since)
            play.resident_seconds += _seconds(known.left - known.since)
        else:
            _add(play, stay)
    return play


def _frames_sent(events: Sequence[Event]) -> int:
    """Return the number of frames that clients sent, excluding lines to programs or pages and HTTP requests."""
    foreign = {event.actor for event in events if event.kind in {kinds.STARTED, kinds.FRAME_SENT, kinds.FRAME_RECEIVED}}
    foreign.add("http")
    frames = sum(event.kind in {kinds.FRAME_SENT, kinds.ASKED} for event in events)
    return frames + sum(event.kind == kinds.SENT and event.actor not in foreign for event in events)


def _add(play: Counted, stay: Active) -> None:
    play.active_seconds += _seconds(stay.active_ns)
    play.pinned_seconds += _seconds(stay.pinned_ns)
    play.resident_seconds += _seconds(stay.resident_ns)
    play.reads += stay.reads
    play.writes += stay.writes


def _arrivals(events: Sequence[Event]) -> int:
    """Return the number of requests that clients and steps made to the Worker in front."""
    connects = sum(event.kind in {kinds.OPENED, kinds.OPEN_FAILED} for event in events)
    asked = sum(1 for event in events if event.kind == kinds.STEP and event.data.get("verb") == "http")
    return connects + asked


def _connected(events: Sequence[Event]) -> Decimal:
    """Return the number of seconds in which at least one client was connected."""
    whole = begun = connected = 0
    for event in events:
        if event.kind == kinds.OPENED:
            begun = begun if connected else event.t_ns
            connected += 1
        elif event.kind == kinds.CLOSED and connected:
            connected -= 1
            whole += 0 if connected else event.t_ns - begun
    return _seconds(whole + (events[-1].t_ns - begun if connected else 0))


@dataclass(slots=True)
class _RecordedStay:
    """A stay as recorded in the history: its key in the trace, and its times on the runtime's clock.

    `until` is when the object was last active or pinned; `left` is when it was last seen in memory.
    """

    key: tuple[int, int]
    since: int
    until: int = field(init=False)
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.until = self.left = self.since

    def saw(self, at: object, *, working: bool = True) -> None:
        if isinstance(at, int):
            self.left = max(self.left, at)
            self.until = max(self.until, at) if working else self.until


def _recorded_stays(events: Sequence[Event]) -> Iterable[_RecordedStay]:
    """Return the stays of the objects of a play."""
    found: list[_RecordedStay] = []
    current: dict[str, _RecordedStay] = {}
    for event in events:
        data = event.data
        stay = current.get(event.actor)
        if event.kind == kinds.ENTERED and _is_place(data):
            current[event.actor] = _RecordedStay((data["process"], data["ctx"]), data["at_ns"])
            found.append(current[event.actor])
        elif stay is not None and event.kind == kinds.DELIVERED:
            stay.saw(data.get("at_ns"))
        elif stay is not None and event.kind == kinds.AWAKE:
            stay.saw(data.get("at_ns"), working=bool(data.get("pins")))
        elif stay is not None and event.kind == kinds.LEFT:
            stay.saw(data.get("at_last_activity_ns"))
            stay.saw(data.get("at_ns"), working=False)
            del current[event.actor]
    return found


def _is_place(data: Mapping[str, object]) -> bool:
    return all(isinstance(data.get(name), int) for name in ("process", "ctx", "at_ns"))


def _unwatched(found: Sequence[Traced], by_play: Mapping[str, Sequence[Event]]) -> Iterable[Counted]:
    """Return the traced usage of objects that no play watched, if they belong to the same Workers as watched ones."""
    watched = {known.key for events in by_play.values() for known in _recorded_stays(events)}
    stays = [stay for each in found for stay in each.stays]
    workers = {stay.worker for stay in stays if (stay.process, stay.ctx) in watched}
    others = [stay for stay in stays if stay.worker in workers and (stay.process, stay.ctx) not in watched]
    if not others:
        return []
    rest = Counted("objects that no play names", role="other", rooms=len(others))
    for stay in others:
        _add(rest, stay)
        rest.messages += stay.events[_SOCKET]
        rest.requests += stay.events.total() - stay.events[_SOCKET]
        rest.events += stay.events.total()
    return [rest]


def _own_rooms(events: Sequence[Event]) -> Iterable[Counted]:
    """Return the usage of the rooms in which poc itself measures latency and sleep onset of a black box."""
    if not events:
        return []
    rooms = Counted("rooms of poc's own", role="other", requests=len(events), worker_requests=len(events), at_most=True)
    for event in events:
        answers = (event.data.get(name) for name in ("round_trip_ms", "before", "after"))
        rooms.messages += sum(len(each) for each in answers if isinstance(each, list))
        silent = event.data.get("silent_ms")
        rooms.active_seconds += Decimal(str(silent)) / 1000 if isinstance(silent, int | float) else 0
    rooms.events = rooms.requests + rooms.messages
    return [rooms]


def _seconds(ns: int) -> Decimal:
    return Decimal(ns) / _NS
