"""The interface that puts objects to sleep, implemented with the runtime's trace and without it."""

from typing import Literal, Protocol

from poc_cli.engine.context import ObservedObject

Way = Literal["idle", "evict"]
Wanted = Literal["asleep", "awake", "pinned"]


class Sleeper(Protocol):
    """Puts the objects of one play to sleep."""

    async def hibernate(self, witnessed: ObservedObject, way: Way, *, forced: bool = False) -> None:
        """Wait until the object sleeps, or should. Raises StepFailed if it is known to be awake."""

    async def probe(self, witnessed: ObservedObject, wanted: Wanted) -> None:
        """Check the object's state without waking it. Raises StepFailed if it is not the wanted one."""
