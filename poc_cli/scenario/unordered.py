"""Match messages to several expected ones that may arrive in any order."""

from collections import deque
from collections.abc import Sequence

from poc_cli.scenario.expected_message import Expected, Met
from poc_cli.scenario.matching import Message


class AnyOrder:
    """Assigns messages to expected messages.

    A message that matches several expected ones may be reassigned later: always taking the first match would miss
    another message that matches only that one.
    """

    def __init__(self, expected: Sequence[Expected]) -> None:
        self._expected = list(expected)
        self._accepted: list[Message] = []
        self._fits: list[list[int]] = []  # for each accepted message: the indexes of the expected ones it matches
        self._holder: dict[int, int] = {}  # the accepted message that is assigned to each expected one

    @property
    def missing(self) -> list[Expected]:
        """Return the expected messages that have no message yet."""
        return [each for index, each in enumerate(self._expected) if index not in self._holder]

    @property
    def met(self) -> list[Met]:
        """Return the expected messages that have one, in the order in which these came."""
        by_arrival = sorted(self._holder.items(), key=lambda each: each[1])
        return [(self._expected[place], self._accepted[message]) for place, message in by_arrival]

    def take(self, message: Message) -> bool:
        """Accept the message if it can be assigned to a missing one, and return whether it was. Raises as `fits`."""
        fits = [index for index, each in enumerate(self._expected) if each.fits(message)]
        self._fits.append(fits)
        if self._assign(len(self._fits) - 1):
            self._accepted.append(message)
            return True
        self._fits.pop()
        return False

    def _assign(self, message: int) -> bool:
        """Assign the message, reassigning others if needed (an augmenting path in a bipartite matching)."""
        came: dict[int, tuple[int, int | None]] = {}  # per place: the message that would take it, and the one it leaves
        pending = deque[tuple[int, int | None]]([(message, None)])
        while pending:
            taker, left = pending.popleft()
            for place in self._fits[taker]:
                if place in came:
                    continue
                came[place] = (taker, left)
                if place in self._holder:
                    pending.append((self._holder[place], place))
                    continue
                step: int | None = place
                while step is not None:
                    self._holder[step], step = came[step]
                return True
        return False
