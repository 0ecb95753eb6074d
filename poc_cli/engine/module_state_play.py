"""Plays a story once more with module state put back at each sleep, as if its object woke in another process.

A local sleep keeps the isolate, so what a worker keeps in variables of its modules survives it; on Cloudflare it may
not. Nothing is judged here: what differed, and what could not be put back, is written into the history.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from poc_cli.engine.context import ObservedObject, PlayContext
from poc_cli.errors import TargetError
from poc_cli.history import event as kinds
from poc_cli.history.writer import HistoryWriter
from poc_cli.scenario.loader import text_sha256
from poc_cli.scenario.model import Restart, Step
from poc_cli.scenario.module_state_claims import resting_on_state
from poc_cli.scenario.plays import CONFIRM, Play
from poc_cli.shipped import shipped
from poc_cli.targets.runtime_programs import cache
from poc_cli.targets.worker import Worker
from poc_cli.targets.workerd import Workerd

if TYPE_CHECKING:
    from poc_cli.engine.target_pool import LocalTargetPool
    from poc_cli.targets.module_state import WorkerState

OWN_WORKER: Final = "the worker that comes with poc"
"""It keeps nothing in its modules but a count whose only purpose is to show that; a test looks at that."""

FROM_CACHE: Final = "an earlier run"

_KEPT: Final = 2000
"""Confirmations in the cache; each is an empty file."""

_LASTING_NS: Final = 1_000_000_000
_PIN_TRIES: Final = 24
_PIN_PAUSE: Final = 0.05
"""How old a pin is that will not end by itself, and how often and how long it is waited for."""

_FORMAT: Final = 3
"""Raised where the test itself changes, so that nothing is believed of an older one."""


class Confirming:
    """Puts the module state of a play's worker back whenever one of its objects has left memory."""

    def __init__(self, context: PlayContext, target: Workerd) -> None:
        """Take the play and its runtime, which must have an inspector."""
        self._context = context
        self._target = target
        self._state: WorkerState | None = None
        self._one_at_a_time = asyncio.Lock()
        self._done: set[str] = set()
        self._watchers: list[asyncio.Task[None]] = []
        self._is_clean = True
        self._kept: dict[str, int] = {}
        """The strangers that could not be evicted, and how often they had been called by then."""

    async def begin(self) -> None:
        """Keep the module state as it is when the worker has been loaded. Raises TargetError."""
        await self._keep()
        self._watchers = [asyncio.create_task(self._watch(each)) for each in self._context.objects.values()]

    async def after(self, step: Step) -> None:
        """See to it, after a step, that what has left memory finds module state put back. Raises TargetError."""
        if isinstance(step, Restart) and step.restart != "object":
            await self._keep()  # of the new process
        for witnessed in self._context.objects.values():
            await self._look_at(witnessed)

    async def end(self, *, well: bool) -> None:
        """Stop; `well` says whether every step of the story was met."""
        for task in self._watchers:
            task.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        with suppress(TargetError):
            await self._tell_kept()
        if self._state is not None:
            await self._state.close()
        self._target.confirmed = well and self._is_clean

    async def _keep(self) -> None:
        if self._state is not None:
            await self._state.close()
        self._state = await self._target.module_state()

    async def _watch(self, witnessed: ObservedObject) -> None:
        while True:
            await witnessed.moved.wait()
            witnessed.moved.clear()
            # An error is met again, and told, after the step that is going on.
            with suppress(Exception):
                await self._look_at(witnessed)

    async def _look_at(self, witnessed: ObservedObject) -> None:
        async with self._one_at_a_time:
            if witnessed.in_memory or not witnessed.seen:
                self._done.discard(witnessed.label)
            elif witnessed.label not in self._done:
                await self._put_back(witnessed)
                self._done.add(witnessed.label)

    async def _put_back(self, witnessed: ObservedObject) -> None:
        if self._state is None:
            return
        evicted = await self._evict_strangers()
        others = self._others(witnessed)
        found = await self._state.put_back()
        self._is_clean &= not found.left
        self._context.add(
            f"object:{witnessed.label}",
            kinds.MODULE_STATE,
            at="sleep",
            changed=[each.told for each in found.changed],
            left=[each.told for each in found.left],
            others=others,
            evicted=evicted,
        )

    async def _evict_strangers(self) -> list[str]:
        """Evict the objects in memory that the story does not name: what they keep in fields is as little storage.

        The runtime evicts none that work pins, so those are kept in mind. Return which left memory.
        """
        evicted = []
        for each in self._strangers():
            class_name = self._target.class_of(each)
            if class_name is None:
                continue
            if not await self._is_pinned(each) and (await self._target.evict(class_name, each)).outcome == "evicted":
                evicted.append(f"{class_name} {each}")
            else:
                self._kept.setdefault(each, self._target.times_called(each))
        if evicted:
            await self._target.settled()
        return evicted

    def _strangers(self) -> list[str]:
        own = {each.id for each in self._context.objects.values()}
        return [each for each in self._target.seen() if each not in own and self._target.stay(each) is not None]

    async def _is_pinned(self, object_id: str) -> bool:
        """Return whether work pins an object; of what has only just begun, once it has had time to end."""
        for _ in range(_PIN_TRIES):
            if not self._target.pins(object_id, 0) or self._target.pins(object_id, _LASTING_NS):
                break
            await asyncio.sleep(_PIN_PAUSE)
            await self._target.settled()
        return bool(self._target.pins(object_id, 0))

    async def _tell_kept(self) -> None:
        """Write down which strangers stayed in memory and may have told the story's objects what they kept."""
        await self._target.settled()
        own = {each.id for each in self._context.objects.values()}
        kept = [
            f"{self._target.class_of(each)} {each}"
            for each, times in self._kept.items()
            if self._target.linked(each) & own or self._target.times_called(each) > times
        ]
        if kept:
            self._is_clean = False
            self._context.add("poc", kinds.MODULE_STATE, at="end", changed=[], left=[], others=[], kept=kept)

    def _others(self, witnessed: ObservedObject) -> list[str]:
        """Return which other objects are in memory: they see what is put back too."""
        labels = {each.id: each.label for each in self._context.objects.values()}
        there = [each for each in self._target.seen() if each != witnessed.id and self._target.stay(each) is not None]
        return [labels.get(each, f"{self._target.class_of(each) or 'an object'} {each}") for each in there]


def confirming(context: PlayContext) -> Confirming | None:
    """Return what puts module state back, None in a play that is not there for that."""
    target = context.target
    return Confirming(context, target) if context.play.role == CONFIRM and isinstance(target, Workerd) else None


class Confirmations:
    """Which stories are known not to rest on module state, kept in the user's cache."""

    def __init__(self, versions: Mapping[str, str], folder: Path | None = None) -> None:
        """Take the versions of what they are confirmed with, and the folder; the cache's unless another is given."""
        self._versions = dict(versions)
        self._folder = cache() / "module-state" if folder is None else folder

    def knows(self, play: Play, worker: Worker) -> bool:
        """Return whether the story was confirmed before on the very same worker."""
        file = self._file(play, worker)
        return file is not None and file.is_file()

    def keep(self, play: Play, worker: Worker) -> None:
        """Keep that it was; a cache that cannot be written is no error."""
        file = self._file(play, worker)
        if file is None:
            return
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            file.touch()
            oldest_last = sorted(self._folder.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
            for each in oldest_last[_KEPT:]:
                each.unlink(missing_ok=True)

    def _file(self, play: Play, worker: Worker) -> Path | None:
        digest = worker.digest()
        if digest is None:
            return None
        # Of the variables that a scenario gives only the names: the values are in its text, but for ports and secrets.
        date, beside = worker.compatibility_date, sorted(dict(worker.beside))
        subject = json.dumps([_FORMAT, self._versions, digest, play.scenario.sha256, date, beside])
        return self._folder / sha256(subject.encode()).hexdigest()[:32]


def to_confirm(
    plays: Iterable[Play], outcomes: Mapping[str, str], pool: "LocalTargetPool", history: HistoryWriter, run: str
) -> list[Play]:
    """Return the stories to be played once more, and write down which need not be. Raises TargetError."""
    again: list[Play] = []
    for play in plays:
        if play.role != "story" or play.round != 1 or not resting_on_state(play):
            continue
        if outcomes[play.label] == "error":  # nothing has held in it
            continue
        by = _known(play, pool)
        if by is None:
            again.append(replace(play, label=f"{play.label}!modules", role=CONFIRM))
        else:
            scenario = play.scenario
            text = str(history.without_secrets(scenario.text))  # as the play's own start tells it
            name, file = scenario.document.name, scenario.file
            history.add(run, "poc", kinds.CONFIRMED, scenario=name, file=file, sha256=text_sha256(text), by=by)
    return again


def _known(play: Play, pool: "LocalTargetPool") -> str | None:
    worker = pool.worker_of(play)
    if worker.folder == shipped("worker").resolve() and type(worker) is Worker:
        return OWN_WORKER
    return FROM_CACHE if pool.confirmations.knows(play, worker) else None
