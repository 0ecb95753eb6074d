"""What the engine needs of whoever brings objects to sleep, by the runtime's trace or by waiting alone."""

from typing import Literal, Protocol

from poc_cli.engine.context import ObservedObject

Way = Literal["idle", "evict"]
Wanted = Literal["asleep", "awake", "pinned"]


class Sleeper(Protocol):
    """Puts the objects of one play to sleep."""

    async def hibernate(self, witnessed: ObservedObject, way: Way, *, forced: bool = False) -> None:
        """Return once the object has had what it needs to sleep. Raises StepFailed where it is known not to."""

    async def probe(self, witnessed: ObservedObject, wanted: Wanted) -> None:
        """Look where the object is, without touching it. Raises StepFailed where it is not as wanted."""
