"""What the steps just before have passed over, to explain why a message is missing that came before another one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from poc_cli.clients.inbox import Received
from poc_cli.scenario.model import On, Step

MOST: Final = 100
"""Messages of one client that are kept, the latest: they only explain a failure."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A message that a step passed over, the event of the answer that it waited for, and the step's line."""

    received: Received
    answer: int
    line: int


class PassedOverMessages:
    """The messages that steps have passed over, by client, since a step last did more than read."""

    def __init__(self) -> None:
        self._by_client: dict[str, tuple[PassedOver, ...]] = {}

    def begin(self, step: Step) -> None:
        """Forget all of them, unless the step only reads: what came before another cause does not answer it."""
        if not is_only_reading(step):
            self._by_client.clear()

    def of(self, client: str) -> Sequence[PassedOver]:
        """Return those of a client, oldest first."""
        return self._by_client.get(client, ())

    def add(self, client: str, passed: Iterable[Received], answer: int, line: int) -> None:
        """Remember what a step passed over on its way to an answer."""
        found = (*self.of(client), *(PassedOver(each, answer, line) for each in passed))
        self._by_client[client] = found[-MOST:]


def is_only_reading(step: Step) -> bool:
    """Return whether a step does nothing but look at what its clients receive."""
    return isinstance(step, On) and not step.sends and not step.acts
