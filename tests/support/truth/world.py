"""One Durable Object, its sockets, its runtime and its trace, event by event on a clock of its own.

It knows what really happens; of that the trace tells some, late. Nothing of poc is used here.
"""

import heapq
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, Final, Literal

MS: Final = 1_000_000
SECOND: Final = 1000 * MS

IDLE_NS: Final = 10 * SECOND
"""The runtime's idle timer."""

SOCKET_EVENT: Final = "hibernatable_websocket"

Flaw = Literal[
    "none",
    "pinned",
    "gateway",
    "piped",
    "lost_storage",
    "lost_attachment",
    "field_in_storage",
    "leaked_pong",
    "deaf_after_wake",
    "closes_on_wake",
    "counter_restarts",
    "lost_tail",
    "doubled",
    "dropped",
    "swapped",
    "no_close_answer",
    "slow_wake",
]
"""What is wrong with the worker or the runtime; with `gateway` another object holds the sockets and calls this one, and
with `piped` it has a socket of its own to this one for each of them."""

GATE: Final = "ab" * 32
HOLDER: Final = {
    "worker": "main",
    "class": "Gate",
    "object": GATE,
    "open": True,
    "pins": [{"what": "a standard-API WebSocket", "script": "room.ts", "line": 62}],
}


@dataclass(slots=True)
class Socket:
    """One connection: to the object, or to a gateway before it."""

    client: str
    is_open: bool = True
    attachment: Any = None
    slept: int = 0
    """How many sleeps of the object it was open through, as a socket of that object."""
    due: list[int] = field(default_factory=list)
    """The marks of the broadcasts that it should get."""
    told: list[tuple[int, int]] = field(default_factory=list)
    """Those that it was sent, with their numbers."""


@dataclass(slots=True)
class Sleep:
    """One time that the object was out of memory, by its timer or an evict."""

    way: Literal["idle", "evict"]
    sockets: tuple[Socket, ...]
    asked: bool
    began_ns: int
    woken_by: str | None = None
    """What reached the object first: the text of a message, or the name of another event."""
    is_over: bool = False


@dataclass(order=True, slots=True)
class _Due:
    at_ns: int
    number: int
    act: Callable[[], None] = field(compare=False)


class World:
    """Everything that is there beside poc. Times are the client's; the trace's clock has its own zero."""

    def __init__(self, flaw: Flaw, random: Random) -> None:
        """Begin with nothing in memory."""
        self.flaw = flaw
        self.random = random
        self.now_ns = 5 * MS
        self._due: list[_Due] = []
        self._number = count()
        self.process = 1
        self._process_began_ns = -700 * MS
        self._ctx = 1
        self.in_memory = False
        self.instance = 0
        self.boots = 0
        self.number = 0
        self.field: Any = None
        self.storage: dict[str, Any] = {}
        self.sockets: dict[str, Socket] = {}
        self.all_sockets: list[Socket] = []
        self.entered_ns = self.last_event_ns = self.last_activity_ns = 0
        self.pinned_until_ns = 0
        self.pinned_since_ns = 0
        self.alarm_ns: int | None = None
        self.sleeps: list[Sleep] = []
        self.deaths: list[int] = []
        self.is_asked = False
        """Whether poc is waiting for a sleep."""
        self.trace: list[tuple[str, dict[str, Any]]] = []
        """What the runtime has not written out yet."""
        self.told: Callable[[], None] = lambda: None
        """Called when the runtime writes its trace out."""
        self.got: Callable[[Socket, str], None] = lambda _socket, _text: None
        self.ended: Callable[[Socket, str, int, bool], None] = lambda *_: None
        self._broadcasts = 0
        self._arrives_ns: dict[int, int] = {}
        self._held_back: dict[str, tuple[int, int]] = {}

    # --- time

    def after(self, ns: int, act: Callable[[], None]) -> None:
        """Let something happen later."""
        heapq.heappush(self._due, _Due(self.now_ns + ns, next(self._number), act))

    def run(self, until_ns: int, done: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass until something is done, or up to a time; return whether it is done."""
        while not done():
            if not self._due or self._due[0].at_ns > until_ns:
                self.now_ns = max(self.now_ns, until_ns)
                return done()
            due = heapq.heappop(self._due)
            self.now_ns = max(self.now_ns, due.at_ns)
            due.act()
        return True

    def freeze(self, ns: int) -> None:
        """Let nothing happen for a while: what falls due meanwhile happens when it is over."""
        for due in self._due:
            due.at_ns = max(due.at_ns, self.now_ns + ns)
        heapq.heapify(self._due)

    def _soon(self) -> int:
        return self.random.randint(200_000, 4 * MS)

    @property
    def at_ns(self) -> int:
        """Return the trace's time."""
        return self.now_ns - self._process_began_ns

    # --- the trace

    def _trace(self, kind: str, **data: Any) -> None:
        self.trace.append((kind, data))
        if self.random.random() < 0.5:
            self.after(self.random.randint(0, 40 * MS), self.told)

    # --- the object's comings and goings

    def _reach(self, name: str, why: str | None = None) -> None:
        """Let an event reach the object; `why` is what it is, where its name does not tell."""
        if not self.in_memory:
            self._enter(name if why is None else why)
        self.last_event_ns = self.last_activity_ns = self.now_ns
        called = {"caller": GATE if self.flaw == "piped" else None} if name == "fetch" else {}
        self._trace("event", name=name, at_ns=self.at_ns, **called)
        self._wind()

    def _enter(self, why: str) -> None:
        self.in_memory = True
        self._ctx += self.random.randint(1, 3)
        self.instance += 1
        self.entered_ns = self.last_event_ns = self.last_activity_ns = self.now_ns
        self.field = self.storage.get("field") if self.flaw == "field_in_storage" else None
        self.boots += 1
        if self.flaw == "counter_restarts":
            self.number = 0
        self.pinned_until_ns = 1 << 62 if self.flaw == "pinned" else 0
        self.pinned_since_ns = self.now_ns
        self._trace("in", process=self.process, ctx=self._ctx, at_ns=self.at_ns)
        slept = [sleep for sleep in self.sleeps if not sleep.is_over]
        for sleep in slept:
            sleep.is_over, sleep.woken_by = True, why
        if slept and self.flaw == "lost_storage":
            self.storage.pop("value", None)
        if slept and self.flaw == "lost_attachment":
            for socket in self.sockets.values():
                socket.attachment = None
        if slept and self.flaw == "closes_on_wake":
            for socket in [*self.sockets.values()]:
                self._close(socket, 1011)

    def _wind(self) -> None:
        """Start the idle timer anew."""
        due_ns, ctx = self.last_activity_ns + IDLE_NS, self._ctx
        late_ns = self.random.randint(0, 2 * MS)

        def strike() -> None:
            is_new = self.last_activity_ns + IDLE_NS > due_ns
            if self.in_memory and self._ctx == ctx and not is_new and not self.pins():
                self.leave("idle")

        self.after(due_ns - self.now_ns + late_ns, strike)

    def pins(self) -> bool:
        """Return whether work keeps the object in memory."""
        return self.in_memory and self.now_ns < self.pinned_until_ns

    def leave(self, way: Literal["idle", "evict"]) -> None:
        """Let the object leave memory, to sleep."""
        own = () if self.flaw in {"gateway", "piped"} else tuple(each for each in self.sockets.values() if each.is_open)
        self.sleeps.append(Sleep(way, own, self.is_asked, self.now_ns))
        for socket in own:
            socket.slept += 1
        self._left("context")

    def _left(self, ended: str) -> None:
        self.in_memory = False
        self._trace(
            "out",
            ended=ended,
            process=self.process,
            ctx=self._ctx,
            at_ns=self.at_ns,
            at_last_event_ns=self.last_event_ns - self._process_began_ns,
            at_last_activity_ns=self.last_activity_ns - self._process_began_ns,
            callers=[HOLDER] if self.flaw == "piped" else [],
        )
        # The end of a context is what makes the runtime write its trace out.
        self.after(self.random.randint(0, 3 * MS), self.told)

    def die(self) -> None:
        """End the runtime and start another: what is in memory is lost, and every connection breaks."""
        if self.in_memory:
            self._left("process")
        self.deaths.append(self.now_ns)
        for sleep in self.sleeps:
            sleep.is_over = True
        for socket in [*self.sockets.values()]:
            self._end(socket, "nobody", 1006, clean=False, after=self._soon())
        self.told()
        self.process += 1
        self._process_began_ns = self.now_ns
        self._ctx = 1

    # --- connections

    def connect(self, client: str, opened: Callable[[Socket], None]) -> None:
        """Open a connection."""

        def arrive() -> None:
            socket = Socket(client)
            if self.flaw != "gateway":
                self._reach("fetch")
            self.sockets[client] = socket
            self.all_sockets.append(socket)
            self.after(self._soon(), lambda: opened(socket))

        self.after(self._soon(), arrive)

    def send(self, socket: Socket, text: str) -> None:
        """Let a client send a message."""
        arrives = max(self.now_ns + self._soon(), self._arrives_ns.get(-id(socket), 0) + 1)
        self._arrives_ns[-id(socket)] = arrives
        self.after(arrives - self.now_ns, lambda: self._message(socket, text))

    def close(self, socket: Socket, code: int) -> None:
        """Let a client close its connection."""

        def arrive() -> None:
            if not socket.is_open:
                return
            if self.flaw != "gateway":
                self._reach(SOCKET_EVENT)
            if self.flaw == "no_close_answer":
                self._end(socket, "client", 1006, clean=False, after=SECOND)
            else:
                self._end(socket, "client", code, clean=True, after=self._soon())

        self.after(self._soon(), arrive)

    def drop(self, socket: Socket) -> None:
        """Let a client's connection be cut by the client."""
        socket.is_open = False
        self.sockets.pop(socket.client, None)
        if self.flaw != "gateway":
            self.after(self._soon(), lambda: self._reach(SOCKET_EVENT))

    def _close(self, socket: Socket, code: int) -> None:
        self._end(socket, "server", code, clean=True, after=self._soon())

    def _end(self, socket: Socket, by: str, code: int, *, clean: bool, after: int) -> None:
        if not socket.is_open:
            return
        socket.is_open = False
        if self.sockets.get(socket.client) is socket:
            del self.sockets[socket.client]
        arrives = max(self.now_ns + after, self._arrives_ns.get(id(socket), 0) + 1)
        self.after(arrives - self.now_ns, lambda: self.ended(socket, by, code, clean))

    # --- messages

    def _message(self, socket: Socket, text: str) -> None:
        if not socket.is_open:
            return
        if text == "ping" and self.flaw != "leaked_pong":
            self._tell(socket, "pong")
            return
        was_asleep = any(not sleep.is_over for sleep in self.sleeps)
        if self.flaw == "deaf_after_wake" and socket.slept:
            return  # the frame is lost: nobody wakes
        self._reach("jsrpc" if self.flaw == "gateway" else SOCKET_EVENT, text)
        slow = was_asleep and self.flaw == "slow_wake"
        if text == "ping":
            self._tell(socket, "pong")
        elif slow:
            self._pin(4 * SECOND)
            self._in_this_stay(4 * SECOND, lambda: self._handle(socket, json.loads(text)))
        else:
            self._handle(socket, json.loads(text))

    def _handle(self, socket: Socket, message: dict[str, Any]) -> None:
        self.last_activity_ns = max(self.last_activity_ns, self.now_ns)
        if message["op"] == "say":
            self._say(socket, message["id"])
            return
        reply = {"op": message["op"], "instance": f"i{self.instance}", **self._done(socket, message)}
        self._tell(socket, json.dumps(reply))

    def _done(self, socket: Socket, message: dict[str, Any]) -> Any:
        """Do what a message says; return what its answer tells beside the instance."""
        match message["op"]:
            case "put":
                self.storage["value"] = message["value"]
            case "get":
                return {"value": self.storage.get("value")}
            case "attach":
                socket.attachment = message["value"]
            case "attached":
                return {"value": socket.attachment}
            case "set":
                self.field = message["value"]
                if self.flaw == "field_in_storage":
                    self.storage["field"] = message["value"]
            case "field":
                return {"value": self.field}
            case "pin":
                self._pin(message["ms"] * MS)
            case "kick":
                self._kick(message["who"])
        return {}

    def _kick(self, who: str) -> None:
        if who in self.sockets:
            self._close(self.sockets[who], 4000)

    def _pin(self, ns: int) -> None:
        """Let work keep the object in memory for so long."""
        self.pinned_since_ns = self.pinned_since_ns if self.pins() else self.now_ns
        self.pinned_until_ns = max(self.pinned_until_ns, self.now_ns + ns)
        self._in_this_stay(ns, self._fire)

    def _in_this_stay(self, ns: int, act: Callable[[], None]) -> None:
        """Let a timer of the object run; it ends with the object's memory."""
        stay = self.process, self._ctx

        def strike() -> None:
            if self.in_memory and (self.process, self._ctx) == stay:
                act()

        self.after(ns, strike)

    def _fire(self) -> None:
        """Let a timer of the object run: that is work, and starts the idle timer anew."""
        if self.now_ns >= self.pinned_until_ns:
            self.last_activity_ns = self.now_ns
            self._wind()

    def _say(self, sender: Socket, mark: int) -> None:
        self.number += 1
        self._broadcasts += 1
        for socket in [*self.sockets.values()]:
            socket.due.append(mark)
            self._broadcast(socket, mark, is_own=socket is sender)

    def _broadcast(self, socket: Socket, mark: int, *, is_own: bool) -> None:
        number, again = self.number, self._held_back.pop(socket.client, None)
        if self.flaw == "dropped" and is_own and self._broadcasts % 3 == 0:
            return
        if self.flaw == "lost_tail" and not is_own and self._broadcasts > 1:
            return
        if self.flaw == "swapped" and is_own and again is None and self._broadcasts % 2:
            self._held_back[socket.client] = mark, number
            return
        times = 2 if self.flaw == "doubled" and self._broadcasts % 2 == 0 else 1
        for each, its_number in [(mark, number)] * times + ([] if again is None else [again]):
            socket.told.append((each, its_number))
            self._tell(socket, json.dumps({"op": "said", "id": each, "seq": its_number}))

    def _tell(self, socket: Socket, text: str) -> None:
        if not socket.is_open:
            return  # a close frame has gone before
        arrives = max(self.now_ns + self._soon(), self._arrives_ns.get(id(socket), 0) + 1)
        self._arrives_ns[id(socket)] = arrives
        # What is on its way arrives before the close that follows it.
        self.after(arrives - self.now_ns, lambda: self.got(socket, text))
