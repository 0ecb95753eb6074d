"""Module state is reset before any object that was evicted can wake."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from poc_cli.engine.context import ObservedObject, PlayContext
from poc_cli.engine.module_state_play import ModuleStateResetter
from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.history.event_data import EventData

if TYPE_CHECKING:
    from poc_cli.scenario.model import Step
    from poc_cli.targets.workerd import Workerd


@dataclass
class TwoRooms:
    """A play with a room called desk and one called hub, which have called each other: its context and its target."""

    events: list[Event] = field(default_factory=list)
    resets: int = 0
    confirmed: bool = False
    late_modules: tuple[str, ...] = ()
    play: Any = field(default_factory=lambda: SimpleNamespace(modules=()))

    def __post_init__(self) -> None:
        """Initialize the objects, in memory."""
        self.objects = {name: ObservedObject(name, "Room", name, name) for name in ("desk", "hub")}
        for each in self.objects.values():
            each.seen = each.in_memory = True

    def leaves(self, name: str) -> None:
        """Let an object leave memory."""
        self.objects[name].in_memory = False
        self.add(f"object:{name}", kinds.LEFT, ended="context")

    def enters(self, name: str) -> None:
        """Let an object wake."""
        self.objects[name].in_memory = True
        self.add(f"object:{name}", kinds.ENTERED)

    # the context

    def add(self, actor: str, kind: str, **data: Any) -> None:
        """Record an event."""
        self.events.append(Event(len(self.events), "play", len(self.events), actor, kind, 0, data))

    def write(self, actor: str, data: EventData) -> None:
        """Record a typed event."""
        self.add(actor, data.kind, **vars(data))

    # the target

    async def module_state(self, modules: tuple[str, ...]) -> "TwoRooms":  # noqa: ARG002
        """Return the module state, which is reset by the same object."""
        return self

    async def put_back(self) -> Any:
        """Reset module state."""
        self.resets += 1
        return SimpleNamespace(changed=[], left=[], late=[])

    async def evict(self, _class_name: str, object_id: str) -> Any:
        """Evict an object."""
        self.leaves(object_id)
        return SimpleNamespace(outcome="evicted", message="")

    async def settled(self) -> None:
        """Return at once: there is nothing to wait for."""

    def seen(self) -> tuple[str, ...]:
        """Return both objects, but for the beginning."""
        return tuple(self.objects) if self.events else ()

    def stay(self, object_id: str) -> object | None:
        """Return an object's stay in memory."""
        return object() if self.objects[object_id].in_memory else None

    def related(self, object_id: str) -> frozenset[str]:
        """Return the other one."""
        return frozenset(self.objects) - {object_id}

    def pins(self, _object_id: str, _at_least_ns: int) -> tuple[object, ...]:
        """Return nothing: neither is pinned."""
        return ()

    def class_of(self, _object_id: str) -> str:
        """Return their class."""
        return "Room"


async def _after_a_step(rooms: TwoRooms) -> ModuleStateResetter:
    resetter = ModuleStateResetter(cast("PlayContext", rooms), cast("Workerd", rooms))
    await resetter.begin()
    rooms.leaves("desk")
    await resetter.after(cast("Step", None))
    return resetter


async def test_module_state_is_reset_before_an_evicted_relative_can_wake() -> None:
    rooms = TwoRooms()
    resetter = await _after_a_step(rooms)
    rooms.enters("hub")
    await resetter.end(ok=True)
    resets = [each for each in rooms.events if each.kind == kinds.MODULE_STATE]
    assert [(each.actor, each.data["at"], each.data["others"]) for each in resets] == [
        ("object:desk", "sleep", ["hub"]),
        ("poc", "step", []),
        ("poc", "sleep", []),
    ]
    assert rooms.confirmed


async def test_its_eviction_is_no_sleep_that_has_others_evicted() -> None:
    rooms = TwoRooms()
    resetter = await _after_a_step(rooms)
    rooms.enters("desk")
    await resetter.after(cast("Step", None))
    await resetter.end(ok=True)
    assert rooms.objects["desk"].in_memory
    assert rooms.resets == 2


async def test_a_worker_whose_object_woke_before_the_reset_is_not_confirmed() -> None:
    rooms = TwoRooms()
    resetter = await _after_a_step(rooms)
    rooms.enters("desk")
    rooms.leaves("desk")
    rooms.enters("desk")
    await resetter.end(ok=True)
    assert not rooms.confirmed
