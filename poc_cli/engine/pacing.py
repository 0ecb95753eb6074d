"""When the next play may start: as soon as those that go on are served without delay.

A play that has begun never waits for another; only starts are held back. What decides is how late the event loop
itself is: a machine that is slow or busy with other work starts fewer plays at a time, and gives the same verdicts.
"""

import asyncio
from collections import deque
from typing import Final

ON_TIME_SECONDS: Final = 0.02
"""So late may the loop be for another start. A wake takes 1.5 ms alone and 48 to 63 ms among 200 plays that act at the
same moment (measured): below this the plays do not disturb one another's seconds."""

LOOK_SECONDS: Final = 0.005
"""How often the loop is asked how late it is."""

LOOKS: Final = 3
"""So many looks in a row must be on time after a start: the first may come before the play's own work does."""

BASELINE_LOOKS: Final = 400
"""The least delay of so many looks is the machine's own; two seconds of them."""

LARGEST_BASELINE: Final = 0.02
"""More than that is our own doing."""

LONGEST_HOLD_SECONDS: Final = 2.0
"""A start is held back no longer than this where at most `FEW` plays go on: something else keeps the machine busy."""

FEW: Final = 8

SECONDS_PER_SOCKET: Final = 0.002
"""A runtime is busy for 1.3 ms with each handshake (measured). Without a pause after a play that opens fifty sockets at
once, four of them in a row made one runtime answer 0.26 s late."""


class Pace:
    """Decides about starts; knows nothing of loops and tasks. Times are seconds of any clock."""

    def __init__(self, most: int) -> None:
        """Take how many plays may go on at once."""
        self._most = most
        self._delays: deque[float] = deque(maxlen=BASELINE_LOOKS)
        self._on_time = LOOKS
        self._started_at = float("-inf")
        self._opened_by = float("-inf")
        self.going_on = 0

    def looked(self, delay: float) -> None:
        """Note how late the loop was."""
        self._delays.append(max(0.0, delay))
        limit = ON_TIME_SECONDS + min(LARGEST_BASELINE, *self._delays)
        self._on_time = self._on_time + 1 if delay < limit else 0

    def may_start(self, now: float) -> bool:
        """Return whether another play may start: one always may go on."""
        if self.going_on == 0:
            return True
        if self.going_on >= self._most:
            return False
        if self._on_time >= LOOKS and now >= self._opened_by:
            return True
        return self.going_on <= FEW and now - self._started_at >= LONGEST_HOLD_SECONDS

    def started(self, now: float, sockets: int) -> None:
        """Note that a play starts that opens so many sockets."""
        self.going_on += 1
        self._started_at = now
        self._opened_by = now + sockets * SECONDS_PER_SOCKET
        self._on_time = 0

    def ended(self) -> None:
        """Note that one has ended."""
        self.going_on -= 1


class Pacer:
    """Lets plays start in the order in which they ask, at the pace that the event loop can serve."""

    def __init__(self, most: int) -> None:
        """Take how many plays may go on at once."""
        self._pace = Pace(most)
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()
        self._looking: asyncio.Task[None] | None = None

    async def start(self, sockets: int) -> None:
        """Return once a play of so many sockets may start; `end` must be called when it has ended."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, sockets))
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pace.ended()
            raise

    def end(self) -> None:
        """Note that a play that was started has ended."""
        self._pace.ended()

    async def _look(self) -> None:
        """Look how late the loop is for as long as anybody waits to start."""
        now = asyncio.get_running_loop().time
        while self._waiting:
            turn, sockets = self._waiting[0]
            if turn.done():  # who waited was cancelled
                self._waiting.popleft()
                continue
            if self._pace.may_start(now()):
                self._pace.started(now(), sockets)
                self._waiting.popleft()
                turn.set_result(None)
            asked = now()
            await asyncio.sleep(LOOK_SECONDS)
            self._pace.looked(now() - asked - LOOK_SECONDS)
