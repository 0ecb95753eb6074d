"""Whom the history names as callers of an object: they may hold the sockets of its clients."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from poc_cli.engine.pin_data import pins_data
from poc_cli.residency import Caller, Left
from poc_cli.targets.base import Trace

CROWDED: Final = (
    "the worker opened connections, maybe to its own address, while other plays' clients connected: "
    "in a runtime of its own it shows whose they are"
)
"""Why a play is repeated in which another play may have opened the connection that led to its object."""


@dataclass(slots=True)
class CallersTold:
    """Names the callers of one play's objects. `objects` are their ids by label."""

    trace: Trace | None
    objects: dict[str, str]
    alone: bool
    is_crowded: bool = False
    """Whether a connection was found that may be another play's."""

    def facts(self, left: Left) -> dict[str, Any]:
        """Return what the event of an object that left memory tells of its callers."""
        callers = [self._caller(each) for each in self._possible(left.callers)]
        return {"callers": callers, "beside": [self._named(each) for each in left.beside]}

    def _possible(self, callers: Iterable[Caller]) -> list[Caller]:
        """Return the callers, without those by network where the runtime has no connection to itself."""
        found = list(callers)
        if not any(each.by_network for each in found):
            return found
        if self.trace is not None and self.trace.connects_to_itself() is False:
            return [each for each in found if not each.by_network]
        self.is_crowded = not self.alone
        return found

    def _caller(self, caller: Caller) -> dict[str, Any]:
        by_network = {"network": True} if caller.by_network else {}
        return {
            **self._named(caller.object_id),
            "worker": caller.worker,
            "open": caller.is_open,
            "sockets": any(pin.is_socket for pin in caller.pins),
            "pins": pins_data(caller.pins),
            **by_network,
        }

    def _named(self, object_id: str | None) -> dict[str, Any]:
        class_name = None if self.trace is None or object_id is None else self.trace.class_of(object_id)
        label = next((label for label, each in self.objects.items() if each == object_id), None)
        return {"label": label, "class": class_name, "object": object_id}
