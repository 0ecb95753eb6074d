"""An account of every message: what was sent, whom it was for, when it came, and what never did."""

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
"""Lost messages whose numbers are kept, to tell an answer that came too late from one that nobody awaits."""

Told = Callable[[Socket, bytes], None]


def number_in_letters(number: int) -> bytes:
    """Return a number in base 36: marks travel twice, so they are short."""
    letters = ""
    while True:
        number, digit = divmod(number, 36)
        letters = _DIGITS[digit] + letters
        if not number:
            return letters.encode()


@dataclass(slots=True)
class Tally:
    """What became of the messages of one stage, and how long they took."""

    sent: int = 0
    due: int = 0
    """Arrivals that the messages should lead to: one for each answer, one for each receiver of a broadcast."""
    came: int = 0
    unanswered: Counter[int] = field(default_factory=Counter)
    """Arrivals that did not come in time, though the connection stayed, by socket."""
    cut_off: Counter[int] = field(default_factory=Counter)
    """Arrivals that did not come because the connection ended first, by socket."""
    given_up: Counter[int] = field(default_factory=Counter)
    """Arrivals that were not waited for any longer because the load was interrupted, by socket."""
    late: int = 0
    strays: int = 0
    """Arrivals of messages that were not for that socket, or had come already."""
    foreign: int = 0
    """Arrivals of other shards' messages."""
    unmarked: int = 0
    unsent: int = 0
    """Messages that had no open socket to go by when their time had come."""
    lag: float = 0.0
    """The longest that a message left after its time, because this client was too slow, or that the client stood
    still, in seconds."""
    answered: set[int] = field(default_factory=set)
    """Sockets that were open at the last sleep and had a message answered on that connection since."""
    latencies: dict[str, Latency] = field(default_factory=dict)

    def record(self, name: str, seconds: float) -> None:
        """Add a latency to the histogram of that name."""
        latency = self.latencies.get(name)
        if latency is None:
            latency = self.latencies[name] = Latency()
        latency.record(seconds)

    @property
    def lost(self) -> int:
        """Return how many arrivals are lost."""
        return self.unanswered.total() + self.cut_off.total() + self.given_up.total()


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A message whose answer is awaited on the socket that it went by."""

    socket: Socket
    intended: float
    name: str
    told: Told | None


@dataclass(slots=True)
class _Cast:
    """A broadcast, and who has not got it yet."""

    waiting: set[int]
    intended: float
    name: str
    slow: frozenset[int]


class Ledger:
    """The account of one shard; `now` is the clock, in seconds."""

    def __init__(self, shard: int, now: Callable[[], float]) -> None:
        """Begin with nothing sent."""
        self.tally = Tally()
        self.last_arrival = now()
        self._now = now
        self._shard = number_in_letters(shard)
        self._next = 0
        self._awaited: dict[int, _Awaited] = {}
        self._casts: dict[int, _Cast] = {}
        self._late: dict[int, None] = {}
        self.changed: Callable[[], None] = lambda: None
        """Is called whenever something that was awaited came or was lost."""

    def begin(self) -> None:
        """Begin the account of another stage."""
        self.tally = Tally()

    @property
    def open_items(self) -> int:
        """Return how many arrivals are awaited."""
        return len(self._awaited) + sum(len(cast.waiting) for cast in self._casts.values())

    def awaits_others_than(self, sockets: frozenset[int]) -> bool:
        """Return whether an arrival is awaited at any socket but these."""
        if any(each.socket.index not in sockets for each in self._awaited.values()):
            return True
        return any(cast.waiting - sockets for cast in self._casts.values())

    def mark(self) -> tuple[int, bytes]:
        """Return a number that was never given, and the mark that tells it."""
        self._next += 1
        return self._next, b"~" + self._shard + b"." + number_in_letters(self._next) + b"~"

    def expect_answer(self, number: int, socket: Socket, intended: float, name: str, told: Told | None = None) -> None:
        """Await the answer to a message on the socket that it is sent by; `name` is of its histogram, "" for none."""
        self._awaited[number] = _Awaited(socket, intended, name, told)
        if socket.due is None:
            socket.due = set()
        socket.due.add(number)
        self._count(1, intended)

    def expect_everywhere(
        self, number: int, receivers: Iterable[int], intended: float, name: str, slow: frozenset[int] = frozenset()
    ) -> None:
        """Await a broadcast at all receivers; what comes to the slow ones is not timed."""
        waiting = set(receivers)
        self._casts[number] = _Cast(waiting, intended, name, slow)
        self._count(len(waiting), intended)

    def _count(self, due: int, intended: float) -> None:
        self.tally.sent += 1
        self.tally.due += due
        self.tally.lag = max(self.tally.lag, self._now() - intended)

    def stood_still(self, seconds: float) -> None:
        """Note that nothing could be sent or read for so long: what arrived meanwhile is seen late."""
        self.tally.lag = max(self.tally.lag, seconds)

    def arrived(self, socket: Socket, data: bytes) -> None:
        """Take in a message that came by a socket."""
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
            if awaited.told is not None:
                awaited.told(socket, data)
            return
        cast = self._casts.get(number)
        if cast is not None and socket.index in cast.waiting:
            cast.waiting.discard(socket.index)
            if not cast.waiting:
                del self._casts[number]
            name = "" if socket.index in cast.slow else cast.name
            self._came(socket, name, now - cast.intended, is_answer=False)
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
        """Count as lost what was awaited at a connection that has ended."""
        for number in socket.due or ():
            self._awaited.pop(number, None)
            self.tally.cut_off[socket.index] += 1
        socket.due = None
        for number, cast in list(self._casts.items()):
            if socket.index in cast.waiting:
                cast.waiting.discard(socket.index)
                self.tally.cut_off[socket.index] += 1
                if not cast.waiting:
                    del self._casts[number]
        self.changed()

    def cancel(self) -> None:
        """Count what is still awaited as given up, by us."""
        self._close_into(self.tally.given_up)

    def give_up(self) -> None:
        """Count what is still awaited as lost: its time is over."""
        self._close_into(self.tally.unanswered)

    def _close_into(self, counter: Counter[int]) -> None:
        for number, awaited in self._awaited.items():
            counter[awaited.socket.index] += 1
            awaited.socket.due = None
            self._late[number] = None
        for number, cast in self._casts.items():
            counter.update(cast.waiting)
            self._late[number] = None
        self._awaited.clear()
        self._casts.clear()
        while len(self._late) > MOST_LATE:
            del self._late[next(iter(self._late))]
