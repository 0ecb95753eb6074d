"""Account for every message of a load: sent, received, late or lost."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from poc_cli.load.load_socket import Socket
from poc_cli.record.latency import Latency

_MARK: Final = re.compile(rb"~([0-9a-z]+)\.([0-9a-z]+)~")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"

MOST_LATE: Final = 100_000
"""Numbers of lost messages that are kept, to distinguish late replies from unexpected messages."""

OnReply = Callable[[Socket, bytes], None]


def base36(number: int) -> bytes:
    """Return a number in base 36, because marks are sent twice and should be short."""
    letters = ""
    while True:
        number, digit = divmod(number, 36)
        letters = _DIGITS[digit] + letters
        if not number:
            return letters.encode()


@dataclass(slots=True)
class Tally:
    """Counts of the messages of one stage, and their latencies."""

    sent: int = 0
    due: int = 0
    """Expected arrivals: one for each reply, one for each receiver of a broadcast."""
    came: int = 0
    unanswered: Counter[int] = field(default_factory=Counter)
    """Arrivals that did not come in time although the connection stayed open, by socket."""
    cut_off: Counter[int] = field(default_factory=Counter)
    """Arrivals that did not come because the connection ended first, by socket."""
    given_up: Counter[int] = field(default_factory=Counter)
    """Arrivals that were still expected when the load was interrupted, by socket."""
    late: int = 0
    strays: int = 0
    """Arrivals of messages that were not for that socket, or had already come."""
    foreign: int = 0
    """Arrivals of other shards' messages."""
    unmarked: int = 0
    unsent: int = 0
    """Messages without an open socket when they were due."""
    lag: float = 0.0
    """The longest delay of a sent message because this client was too slow or did not run, in seconds."""
    answered: set[int] = field(default_factory=set)
    """Sockets that were open at the last sleep and have had a reply on that connection since."""
    latencies: dict[str, Latency] = field(default_factory=dict)

    def record(self, name: str, seconds: float) -> None:
        """Add a latency to a histogram."""
        latency = self.latencies.get(name)
        if latency is None:
            latency = self.latencies[name] = Latency()
        latency.record(seconds)

    @property
    def lost(self) -> int:
        """Return the number of lost arrivals."""
        return self.unanswered.total() + self.cut_off.total() + self.given_up.total()


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A message whose reply is expected on the socket that sent it."""

    socket: Socket
    intended: float
    name: str
    on_reply: OnReply | None


@dataclass(slots=True)
class _Broadcast:
    """A broadcast and the sockets that have not received it yet."""

    waiting: set[int]
    intended: float
    name: str
    slow: frozenset[int]


class Ledger:
    """The messages of one shard; `now` is the clock, in seconds."""

    def __init__(self, shard: int, now: Callable[[], float]) -> None:
        self.tally = Tally()
        self.last_arrival = now()
        self._now = now
        self._shard = base36(shard)
        self._next = 0
        self._awaited: dict[int, _Awaited] = {}
        self._broadcasts: dict[int, _Broadcast] = {}
        self._late: dict[int, None] = {}
        self.changed: Callable[[], None] = lambda: None
        """Called whenever an expected message came or was lost."""

    def begin(self) -> None:
        """Start a new stage."""
        self.tally = Tally()

    @property
    def open_items(self) -> int:
        """Return the number of expected arrivals."""
        return len(self._awaited) + sum(len(broadcast.waiting) for broadcast in self._broadcasts.values())

    def awaits_others_than(self, sockets: frozenset[int]) -> bool:
        """Return whether an arrival is expected at a socket other than these."""
        if any(each.socket.index not in sockets for each in self._awaited.values()):
            return True
        return any(broadcast.waiting - sockets for broadcast in self._broadcasts.values())

    def mark(self) -> tuple[int, bytes]:
        """Return a new number and the mark that encodes it."""
        self._next += 1
        return self._next, b"~" + self._shard + b"." + base36(self._next) + b"~"

    def expect_answer(
        self, number: int, socket: Socket, intended: float, name: str, on_reply: OnReply | None = None
    ) -> None:
        """Expect the reply to a message on its socket; `name` is the histogram, "" for none."""
        self._awaited[number] = _Awaited(socket, intended, name, on_reply)
        if socket.due is None:
            socket.due = set()
        socket.due.add(number)
        self._count(1, intended)

    def expect_everywhere(
        self, number: int, receivers: Iterable[int], intended: float, name: str, slow: frozenset[int] = frozenset()
    ) -> None:
        """Expect a broadcast at all receivers; arrivals at the slow ones are not timed."""
        waiting = set(receivers)
        self._broadcasts[number] = _Broadcast(waiting, intended, name, slow)
        self._count(len(waiting), intended)

    def _count(self, due: int, intended: float) -> None:
        self.tally.sent += 1
        self.tally.due += due
        self.tally.lag = max(self.tally.lag, self._now() - intended)

    def stood_still(self, seconds: float) -> None:
        """Record that this client did not run for so long, so that arrivals were read late."""
        self.tally.lag = max(self.tally.lag, seconds)

    def arrived(self, socket: Socket, data: bytes) -> None:
        """Process a message that a socket received."""
        now = self._now()
        self.last_arrival = now
        found = _MARK.search(data)
        if found is None:
            self.tally.unmarked += 1
        elif found[1] != self._shard:
            self.tally.foreign += 1
        else:
            self._arrived(socket, int(found[2], 36), data, now)

    def _arrived(self, socket: Socket, number: int, data: bytes, now: float) -> None:
        awaited = self._awaited.get(number)
        if awaited is not None and awaited.socket is socket:
            del self._awaited[number]
            if socket.due is not None:
                socket.due.discard(number)
            self._came(socket, awaited.name, now - awaited.intended, is_answer=True)
            if awaited.on_reply is not None:
                awaited.on_reply(socket, data)
            return
        broadcast = self._broadcasts.get(number)
        if broadcast is not None and socket.index in broadcast.waiting:
            broadcast.waiting.discard(socket.index)
            if not broadcast.waiting:
                del self._broadcasts[number]
            name = "" if socket.index in broadcast.slow else broadcast.name
            self._came(socket, name, now - broadcast.intended, is_answer=False)
        elif number in self._late:
            self.tally.late += 1
        else:
            self.tally.strays += 1

    def _came(self, socket: Socket, name: str, seconds: float, *, is_answer: bool) -> None:
        self.tally.came += 1
        if is_answer and socket.is_witness:
            self.tally.answered.add(socket.index)
        if name:
            self.tally.record(name, seconds)
        self.changed()

    def ended(self, socket: Socket) -> None:
        """Count what was expected on an ended connection as lost."""
        for number in socket.due or ():
            self._awaited.pop(number, None)
            self.tally.cut_off[socket.index] += 1
        socket.due = None
        for number, broadcast in list(self._broadcasts.items()):
            if socket.index in broadcast.waiting:
                broadcast.waiting.discard(socket.index)
                self.tally.cut_off[socket.index] += 1
                if not broadcast.waiting:
                    del self._broadcasts[number]
        self.changed()

    def cancel(self) -> None:
        """Count what is still expected as given up, because of an interruption."""
        self._close_into(self.tally.given_up)

    def give_up(self) -> None:
        """Count what is still expected as lost, because its time is over."""
        self._close_into(self.tally.unanswered)

    def _close_into(self, counter: Counter[int]) -> None:
        for number, awaited in self._awaited.items():
            counter[awaited.socket.index] += 1
            awaited.socket.due = None
            self._late[number] = None
        for number, broadcast in self._broadcasts.items():
            counter.update(broadcast.waiting)
            self._late[number] = None
        self._awaited.clear()
        self._broadcasts.clear()
        while len(self._late) > MOST_LATE:
            del self._late[next(iter(self._late))]
