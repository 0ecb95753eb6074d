"""Several expected messages that may come in any order: which of them a message can stand for."""

from collections import deque
from collections.abc import Sequence

from poc_cli.scenario.matching import Message, matches


class AnyOrder:
    """What is still missing of some expected messages.

    Where a message fits several of them, it is not settled for which it stands until the others are there: taking the
    first that fits would miss a message that fits only that one.
    """

    def __init__(self, expected: Sequence[object], *, exact: bool = False) -> None:
        """Take the expected messages with their templates filled in, and how they match."""
        self._expected = list(expected)
        self._exact = exact
        self._fits: list[list[int]] = []  # of each message that was taken: the expected ones it fits
        self._holder: dict[int, int] = {}  # which of the taken messages stands for an expected one

    @property
    def missing(self) -> list[object]:
        """Return what no message stands for yet."""
        return [each for index, each in enumerate(self._expected) if index not in self._holder]

    def take(self, message: Message) -> bool:
        """Return whether the message can stand for one that is missing, and if so let it. Raises as `matches`."""
        fits = [index for index, each in enumerate(self._expected) if matches(each, message, exact=self._exact)]
        self._fits.append(fits)
        if self._assign(len(self._fits) - 1):
            return True
        self._fits.pop()
        return False

    def _assign(self, message: int) -> bool:
        """Return the message a place, moving others to places they fit too (the augmenting path of a matching)."""
        came: dict[int, tuple[int, int | None]] = {}  # of a place: which message would take it, and the place it leaves
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
