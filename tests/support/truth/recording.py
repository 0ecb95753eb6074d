"""What a play in the little world writes down of time, of the trace and of what stood still."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.scenario.matching import Message
from poc_cli.scenario.plays import Play
from tests.support.truth.world import MS, Socket, World

ACTOR: Final = "object:object"


class Failed(Exception):
    """A step did not come out as the scenario says."""

    def __init__(self, failure: str, reason: str) -> None:
        """Take both."""
        super().__init__(reason)
        self.failure = failure
        self.reason = reason


@dataclass(slots=True)
class Received:
    """A message, and whether it was read."""

    message: Message
    event: Event
    read: bool = False


@dataclass(slots=True)
class Client:
    """A client of poc's: its connection, and what it has received."""

    socket: Socket | None = None
    inbox: list[Received] = field(default_factory=list)
    position: int = 0
    closed: Event | None = None
    is_cut: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is connected."""
        return self.socket is not None and self.closed is None and not self.is_cut


@dataclass(frozen=True, slots=True)
class Stall:
    """A time in which poc, or the runtime, stands still: so long after a step was to begin."""

    step: int
    after_ns: int
    length_ns: int
    who: Literal["poc", "runtime"]


class Recording:
    """A play as it is written down: its clock, what stands still, the trace and the clients."""

    def __init__(self, play: Play, text: str, world: World, events: list[Event], stall: Stall | None = None) -> None:
        """Take the story, the world, where the history is written, and what goes wrong with the machine."""
        self.stall = stall
        self.stalls_at_ns: int | None = None
        self.late: list[tuple[int, int]] = []
        self.late_ns = self.due_ns = 0
        self.unheard: list[Callable[[], None]] | None = None
        self.play = play
        self.world = world
        self.events = events
        self.names: dict[str, object] = play.names("nonce")
        self.clients: dict[str, Client] = {}
        self.step: int | None = None
        self.seen = self.in_memory = self.asleep = self.slept = False
        self.woken_by: str | None = None
        self.evicting = False
        self.claims_failed: set[str | None] = set()
        world.told = lambda: self._heard(self._read_trace)
        scenario = play.scenario
        self.add(
            "poc",
            kinds.PLAY_START,
            scenario=scenario.document.name,
            file=scenario.file,
            sha256=scenario.sha256,
            text=text,
            role=play.role,
            decides=list(play.decides),
            expect=play.expect,
            nonce="nonce",
            attempt=1,
            round=1,
            sleep=None,
            target={"kind": "local", "oracle": "trace"},
        )

    def add(self, actor: str, kind: str, **data: Any) -> Event:
        """Write an event now."""
        event = Event(len(self.events) + 1, self.play.label, self.world.now_ns, actor, kind, self.step, data)
        self.events.append(event)
        return event

    # --- time and the trace

    def _pass(self, ns: int) -> None:
        self._run(self.world.now_ns + ns)

    def _wait(self, ns: int, done: Callable[[], bool]) -> bool:
        return self._run(self.world.now_ns + ns, done)

    def _run(self, until_ns: int, done: Callable[[], bool] = lambda: False, *, is_attended: bool = True) -> bool:
        """Let time pass; where poc waits for something, the time in which somebody stands still does not count."""
        if self.stalls_at_ns is not None and self.stalls_at_ns <= max(until_ns, self.world.now_ns):
            if self.world.run(max(self.stalls_at_ns, self.world.now_ns), done):
                return True
            length_ns = self._stand_still()
            until_ns += length_ns if is_attended else 0
        return self.world.run(max(until_ns, self.world.now_ns), done)

    def _stand_still(self) -> int:
        """Let poc, or the runtime, do nothing for a while, and write it down; return for how long."""
        stall = self.stall
        assert stall is not None
        self.stalls_at_ns = None
        from_ns = self.world.now_ns
        if stall.who == "runtime":
            self.world.freeze(stall.length_ns)
            to_ns = from_ns + stall.length_ns
        else:
            self.unheard = []
            self.world.run(from_ns + stall.length_ns)
            unheard, self.unheard = self.unheard, None
            to_ns = self.world.now_ns
            for hear in unheard:
                hear()
        self.late.append((from_ns, to_ns))
        told = {"who": stall.who, "from_ns": from_ns, "to_ns": to_ns}
        self.events.append(Event(len(self.events) + 1, "run", self.world.now_ns, "poc", kinds.LATE, None, told))
        return to_ns - from_ns

    def _heard(self, hear: Callable[[], None]) -> None:
        """Take in what comes, now or when poc goes on."""
        if self.unheard is None:
            hear()
        else:
            self.unheard.append(hear)

    def _late_since(self, since_ns: int) -> int:
        """Return for how long somebody stood still since a time."""
        return sum(max(0, min(to_ns, self.world.now_ns) - max(from_ns, since_ns)) for from_ns, to_ns in self.late)

    def _fence(self) -> None:
        """Read the trace to its end."""
        self._pass(self.world.random.randint(1 * MS, 3 * MS))
        self._read_trace()

    def _read_trace(self) -> None:
        told, self.world.trace = self.world.trace, []
        for kind, data in told:
            if kind == "in":
                self.seen = self.in_memory = True
                self.asleep = False
                self.woken_by = None
            elif kind == "event":
                self.woken_by = self.woken_by or data["name"]
            else:
                self.in_memory = False
                self.asleep = data["ended"] == "context"
                self.slept |= self.asleep
            self.add(ACTOR, kind, **data)
