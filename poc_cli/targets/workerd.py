"""The local target: a worker on workerd, with residency read from the runtime's trace."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from poc_cli.errors import TargetError
from poc_cli.residency import RESPONSE_BODY, Change, Pin, Stay, WorkerContextEnded
from poc_cli.residency.identity import object_id
from poc_cli.residency.trace import Place
from poc_cli.scenario.abilities import Ability
from poc_cli.targets.api_address import environment
from poc_cli.targets.base import (
    Eviction,
    Fault,
    Oracle,
    TargetDied,
)
from poc_cli.targets.endpoint import Endpoint
from poc_cli.targets.output_listeners import OutputListeners
from poc_cli.targets.process import Process, RuntimeFolder, spawn
from poc_cli.targets.runtime_context import Running, RuntimeContext
from poc_cli.targets.stream_places import only_stream, with_line
from poc_cli.targets.target_registry import LOCAL
from poc_cli.targets.tcp_table import connects_to
from poc_cli.targets.worker_output import Output

if TYPE_CHECKING:
    from poc_cli.targets.module_state import WorkerState


class Workerd:
    """A runtime: one workerd process at a time on one disk."""

    kind = LOCAL.name
    oracle: Oracle = "trace"
    abilities: frozenset[Ability] = LOCAL.abilities

    def __init__(self, place: RuntimeFolder, context: RuntimeContext, *, inspected: bool = False) -> None:
        """Take the runtime's folder; `inspected` enables the inspector. `start` starts the process."""
        self.url = ""
        self.endpoint = Endpoint("")
        self.headers = place.worker.headers(context.token)
        self.versions = context.versions | place.worker.tools
        self.compatibility_date = place.worker.compatibility_date
        self._place = place
        self._context = context
        self._version = 1
        self.number: int | None = next(context.runtimes)
        """The number of this runtime in the run; processes are numbered separately."""

        self._inspected = inspected
        self.confirmed = False
        """Whether a play completed in it with all module state restored at each sleep."""

        self.late_modules: tuple[str, ...] = ()
        """The modules that were first loaded during a play that restores module state."""

        self._module_state: WorkerState | None = None
        self._running: Running | None = None
        self._listeners: dict[str, Callable[[Change], None]] = {}
        self._others: Callable[[Change], None] | None = None
        self._output = OutputListeners()
        self._seen: dict[str, None] = {}
        self._named: set[str] = set()

    # --- processes

    async def start(self, process: Process | None = None) -> None:
        """Start a process, or take over one that was started, and wait until it listens.

        Raises TargetError with workerd's output if it does not start.
        """
        if process is None:
            variables = environment(self._context.token, self._context.address, self._version)
            process = spawn(self._context.binary, self._place, variables, inspected=self._inspected)
        numbers = (self.number or 0, next(self._context.numbers))
        self._running = Running(process, self._context, numbers, self._notify, self._output.report)
        self.url = await self._running.listen()
        self.endpoint = Endpoint(self.url)

    async def restart(
        self,
        fault: Fault,
        max_delay: float | None = None,  # noqa: ARG002 - nothing is deferred here
        *,
        back: bool = False,
    ) -> None:
        """Replace the process on the same disk: stopped, killed, or with POC_VERSION incremented."""
        # Trace lines that are not written yet are lost when the process is killed.
        await self.fence()
        await self._forget_module_state()
        await self._process.end(gently=fault != "crash")
        self._version += (fault == "deploy") * (-1 if back else 1)
        await self.start()

    async def stop(self) -> None:
        """End the process, read its pipes to the end, and remove its folder."""
        await self._forget_module_state()
        if self._running is not None:
            # Kill at once: its disk is removed as well, and with an open socket it would not exit by itself (measured).
            await self._running.end(gently=False)
        self._place.remove()

    @property
    def is_running(self) -> bool:
        """Whether a process was started."""
        return self._running is not None

    @property
    def _process(self) -> "Running":
        if self._running is None:
            raise TargetDied("workerd is not running")
        return self._running

    async def module_state(self, modules: Sequence[str] = ()) -> "WorkerState":
        """Return the module state at load; the first call, before the worker has run, saves it. Raises TargetError.

        `modules` are loaded too before it is saved.
        """
        if self._module_state is None:
            # Few plays need it, and it imports an HTTP client: 0.1 s, in which the event loop would stand still.
            await asyncio.to_thread(import_module, "poc_cli.targets.module_state")
            from poc_cli.targets.module_state import WorkerState

            port, place = self._process.inspector_port, self._place
            self._module_state = await WorkerState.keep(port, place.worker, place.worker.sidecar, modules)
        return self._module_state

    async def reset_modules(self) -> None:
        """Save the module state of an unused runtime, or reset that of a used one. Raises TargetError."""
        state = await self.module_state()
        if self._seen:
            await state.put_back()

    async def empty(self) -> bool:
        """Evict all objects, so that another play can use the runtime; return whether nothing of the last one is left.

        An object that no play has named, such as a lobby or the simulation of a KV namespace, may have stored something
        that the next play would find.
        """
        if not self._seen.keys() <= self._named or any(self.pins(each, 0) for each in self.seen()):
            return False  # what is pinned is not evicted, and the runtime says so only after half a minute
        try:
            for each in [each for each in self.seen() if self.stay(each) is not None]:
                class_name = self.class_of(each)
                if class_name is not None:
                    await self.evict(class_name, each)
            await self.settled()
        except TargetError:
            return False
        return all(self.stay(each) is None for each in self.seen())

    async def _forget_module_state(self) -> None:
        if self._module_state is not None:
            await self._module_state.close()
            self._module_state = None

    # --- residency

    @property
    def trace(self) -> "Workerd":
        """Return the trace, which this class implements."""
        return self

    def watch(self, object_id: str, listener: Callable[[Change], None]) -> None:
        """Call `listener` with each residency change of the object from now on."""
        self._listeners[object_id] = listener
        self._named.add(object_id)

    def unwatch(self, object_id: str) -> None:
        """Remove the object's listener."""
        self._listeners.pop(object_id, None)

    def watch_others(self, listener: Callable[[Change], None] | None) -> None:
        """Call `listener` with the changes of all objects that nothing else watches; None ends it."""
        self._others = listener

    def listen(self, marks: Collection[str], listener: Callable[[Output], None]) -> None:
        """Call `listener` with what objects with these ids, and requests with these texts in their URLs, put out."""
        self._output.add(marks, listener)

    def unlisten(self, marks: Collection[str]) -> None:
        """Remove the listener of these marks."""
        self._output.remove(marks)

    def at_ns(self, unix_ms: int) -> int | None:
        """Return a time since 1970 on the trace's clock, None before the trace has begun."""
        return self._process.residency.at_ns(unix_ms)

    def object_id(self, class_name: str, name: str) -> str:
        """Return the hex id of a named object without creating it. Raises TargetError for an unknown class."""
        unique_key = self._place.worker.namespaces.get(class_name)
        if unique_key is None:
            known = ", ".join(sorted(self._place.worker.namespaces))
            hint = self._place.worker.where_declared(class_name)
            message = f'the worker has no Durable Object class "{class_name}"'
            raise TargetError(message, f"it declares {known}" if hint is None else f"{hint}; it declares {known}")
        return object_id(unique_key, name)

    def class_of(self, object_id: str) -> str | None:
        """Return the worker's class whose namespace an id belongs to, or None."""
        return self._place.worker.class_of(object_id)

    def stay(self, object_id: str) -> Stay | None:
        """Return the object's current stay in memory, as of the last fence."""
        return self._process.residency.stay(object_id)

    def pins(self, object_id: str, at_least_ns: int) -> tuple[Pin, ...]:
        """Return the object's pins of at least this age, as of the last fence."""
        residency = self._process.residency
        found = residency.pins(object_id, residency.latest_ns, at_least_ns)
        is_body = any(each.what == RESPONSE_BODY for each in found)
        return tuple(with_line(each, self._stream) for each in found) if is_body else found

    @cached_property
    def _stream(self) -> Place | None:
        """The only line of the worker's source that makes a stream; None if there are none or several."""
        worker = self._place.worker
        return only_stream(worker.folder, worker.own_sources())

    def linked(self, object_id: str) -> frozenset[str]:
        """Return the other objects that an object has called, or that have called it, as of the last fence."""
        return self._process.residency.linked(object_id)

    def related(self, object_id: str) -> frozenset[str]:
        """Return the other objects that may know of an object's state, as of the last fence."""
        return self._process.residency.related(object_id)

    def shared_with_others(self, own: Collection[str]) -> str | None:
        """Return an object that no play names and that these reached, as those of another play did."""
        others = self._named.difference(own)
        reached, new = set(own), [*own]
        while new:
            foreign = new.pop()
            for each in self.related(foreign):
                if each in others and foreign not in self._named:
                    return f"{self.class_of(foreign) or 'a store'} {foreign[:8]}"
                if each not in reached and each not in self._named:
                    reached.add(each)
                    new.append(each)
        return None

    def times_called(self, object_id: str) -> int:
        """Return how often an object was called or called another object, as of the last fence."""
        return self._process.residency.times_called(object_id)

    def connects_to_itself(self) -> bool | None:
        """Return whether the runtime has an open connection to its own address; None where nobody can tell."""
        port = urlsplit(self.url).port
        return None if port is None else connects_to(self._process.pid, port)

    def alarm_due_ns(self, object_id: str) -> int | None:
        """Return when the object's alarm is due on the trace's clock, or None, as of the last fence."""
        return self._process.residency.alarm_due_ns(object_id)

    def seen(self) -> tuple[str, ...]:
        """Return the ids of all objects of the worker that have been in memory."""
        return tuple(each for each in self._seen if self._place.worker.owns(each))

    def _notify(self, change: Change) -> None:
        if isinstance(change, WorkerContextEnded):
            return
        self._seen[change.object_id] = None
        listener = self._listeners.get(change.object_id, self._others)
        if listener is not None:
            listener(change)

    # --- the side-car

    async def settled(self) -> None:
        """Return once everything that happened before the call has been read from the trace."""
        await self.fence()

    async def fence(self) -> int:
        """Return the trace's clock once everything that happened before the call has been read from the trace."""
        return await self._process.fence()

    async def pulse(self) -> int:
        """Return the result of the next periodic fence."""
        return await self._process.pulse()

    async def evict(self, class_name: str, object_id: str, *, close: bool = False) -> Eviction:
        """Evict the object from memory. Waits up to 31 s for the runtime's answer."""
        return await self._process.sidecar.evict(class_name, object_id, close=close)

    async def wake_yardstick(self) -> float | None:
        """Return how many milliseconds the side-car's own object takes to wake from an evict, None if it did not."""
        return await self._process.sidecar.wake_yardstick()
