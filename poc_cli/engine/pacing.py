"""Limit the rate at which plays start, by how late the event loop is.

Only starts are delayed, never a running play. A machine that is slow or busy with other work starts fewer plays at a
time and comes to the same verdicts.
"""

import asyncio
from collections import deque
from typing import Final

ON_TIME_SECONDS: Final = 0.02
"""The event loop's delay up to which another play may start. A wake takes 1.5 ms alone and 48 to 63 ms among 200 plays
that act at the same moment (measured); below this limit the plays do not disturb one another's timing."""

POLL_SECONDS: Final = 0.005
"""How often the loop's delay is measured."""

SAMPLES_ON_TIME: Final = 3
"""Consecutive samples that must be on time after a start: the first may precede the play's own work."""

BASELINE_SAMPLES: Final = 400
"""The least delay of this many samples, two seconds, is the machine's own."""

LARGEST_BASELINE: Final = 0.02
"""A longer delay is caused by the plays themselves."""

LONGEST_HOLD_SECONDS: Final = 2.0
"""The longest delay of a start while at most `FEW` plays run: other work keeps the machine busy then."""

FEW: Final = 8

SECONDS_PER_SOCKET: Final = 0.006
"""The pause after a play's start, per socket above `FEW_SOCKETS`. Each handshake keeps a runtime busy for 1.3 ms, or
for twice that on a slow machine (measured). Without the pause, four plays in a row that open fifty sockets each made
their runtime answer 0.26 to 0.44 s late."""

FEW_SOCKETS: Final = 4
"""A play with at most this many sockets needs no pause."""


class Pace:
    """Decides when the next play may start, without I/O. Times are seconds of any clock."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._delays: deque[float] = deque(maxlen=BASELINE_SAMPLES)
        self._on_time = SAMPLES_ON_TIME
        self._started_at = float("-inf")
        self._opened_by = float("-inf")
        self.running = 0

    def add_sample(self, delay: float) -> None:
        """Add a measured delay of the event loop."""
        self._delays.append(max(0.0, delay))
        limit = ON_TIME_SECONDS + min(LARGEST_BASELINE, *self._delays)
        self._on_time = self._on_time + 1 if delay < limit else 0

    def may_start(self, now: float) -> bool:
        """Return whether another play may start; one play may always run."""
        if self.running == 0:
            return True
        if self.running >= self._most:
            return False
        if self._on_time >= SAMPLES_ON_TIME and now >= self._opened_by:
            return True
        return self.running <= FEW and now - self._started_at >= LONGEST_HOLD_SECONDS

    def started(self, now: float, sockets: int) -> None:
        """Note that a play with this many sockets starts."""
        self.running += 1
        self._started_at = now
        self._opened_by = now + max(0, sockets - FEW_SOCKETS) * SECONDS_PER_SOCKET
        self._on_time = 0

    def ended(self) -> None:
        """Note that a play has ended."""
        self.running -= 1


class Pacer:
    """Starts plays in the order of their requests, at the rate that the event loop can handle."""

    def __init__(self, most: int) -> None:
        self._pace = Pace(most)
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()
        self._poller: asyncio.Task[None] | None = None

    async def start(self, sockets: int) -> None:
        """Wait until a play with this many sockets may start; call `end` when it has ended."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, sockets))
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pace.ended()
            raise

    def end(self) -> None:
        """Note that a started play has ended."""
        self._pace.ended()

    async def _poll(self) -> None:
        """Measure the event loop's delay while plays wait to start, and start them."""
        now = asyncio.get_running_loop().time
        while self._waiting:
            turn, sockets = self._waiting[0]
            if turn.done():  # the waiting play was cancelled
                self._waiting.popleft()
                continue
            if self._pace.may_start(now()):
                self._pace.started(now(), sockets)
                self._waiting.popleft()
                turn.set_result(None)
            slept_at = now()
            await asyncio.sleep(POLL_SECONDS)
            self._pace.add_sample(now() - slept_at - POLL_SECONDS)
