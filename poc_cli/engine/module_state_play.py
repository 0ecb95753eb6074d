"""Repeat a story with module state reset at each sleep, as if its object woke in another process.

A local sleep keeps the isolate, so variables of the worker's modules survive it; on Cloudflare they may not. What
differed, and what could not be reset, is recorded in the history.
"""

import asyncio
import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeGuard

from poc_cli.engine.context import ObservedObject, PlayContext
from poc_cli.errors import TargetError
from poc_cli.history import event as kinds
from poc_cli.history import object_events, play_events
from poc_cli.history.folder import RUN
from poc_cli.history.writer import HistoryWriter
from poc_cli.record.module_resets import woke_before_reset
from poc_cli.record.stay_end import with_how
from poc_cli.scenario.loader import text_sha256
from poc_cli.scenario.model import Exchange, On, Restart, Step
from poc_cli.scenario.module_state_claims import resting_on_state
from poc_cli.scenario.plays import CONFIRM, Play
from poc_cli.shipped import shipped
from poc_cli.targets.base import Target
from poc_cli.targets.installation import cache
from poc_cli.targets.worker import Worker
from poc_cli.targets.workerd import Workerd

if TYPE_CHECKING:
    from poc_cli.engine.target_pool import LocalTargetPool
    from poc_cli.targets.module_state import WorkerState

OWN_WORKER: Final = "the worker that comes with poc"
"""It keeps no state in its modules but a counter that demonstrates this check; a test verifies that."""

FROM_CACHE: Final = "an earlier run"

_KEPT: Final = 2000
"""Confirmations kept in the cache; each is an empty file."""

_LASTING_NS: Final = 1_000_000_000
"""The age from which a pin is not expected to end."""

_PIN_TRIES: Final = 24
_PIN_PAUSE: Final = 0.05
"""How often and how many seconds to wait for younger pins to end."""

_FORMAT: Final = 4
"""Increment this when the check itself changes, so that older confirmations are not used."""


class ModuleStateResetter:
    """Resets the module state of a play's worker whenever one of its objects has left memory."""

    def __init__(self, context: PlayContext, target: Workerd) -> None:
        """Initialize with the play's context and its runtime, which must have an inspector."""
        self._context = context
        self._target = target
        self._state: WorkerState | None = None
        self._one_at_a_time = asyncio.Lock()
        self._reset_labels: set[str] = set()
        self._slept: list[ObservedObject] = []
        """The objects whose module state was reset during the current step."""
        self._watchers: list[asyncio.Task[None]] = []
        self._is_clean = True
        self._left_in_memory: dict[str, int] = {}
        """By id, the unnamed objects that could not be evicted, and how often they had been called by then."""

    async def begin(self) -> None:
        """Take a snapshot of the module state of the freshly loaded worker. Raises TargetError."""
        self._state = await self._target.module_state(self._context.play.modules)
        self._watchers = [asyncio.create_task(self._watch(each)) for each in self._context.objects.values()]

    async def after(self, step: Step) -> None:
        """After a step, reset module state if an object has left memory. Raises TargetError."""
        if isinstance(step, Restart) and step.restart != "object":
            self._state = await self._target.module_state(self._context.play.modules)  # of the new process
        await self.reset()

    async def reset(self) -> None:
        """Reset module state for each object that has left memory since. Raises TargetError."""
        for witnessed in self._context.objects.values():
            await self._reset_if_asleep(witnessed)
        async with self._one_at_a_time:
            slept, self._slept = self._slept, []
            await self._evict_related(slept)

    async def end(self, *, ok: bool) -> None:
        """Stop, and confirm the worker if `ok`: every step of the story passed."""
        for task in self._watchers:
            task.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        with suppress(TargetError):
            await self._record_left_in_memory()
        events = (each for each in with_how(self._context.events) if each is not None)
        in_time = not any(woke_before_reset(events))
        self._target.confirmed = ok and self._is_clean and in_time

    async def _watch(self, witnessed: ObservedObject) -> None:
        while True:
            await witnessed.moved.wait()
            witnessed.moved.clear()
            # An error occurs again, and is reported, after the current step.
            with suppress(Exception):
                await self._reset_if_asleep(witnessed)

    async def _reset_if_asleep(self, witnessed: ObservedObject) -> None:
        async with self._one_at_a_time:
            if witnessed.in_memory or not witnessed.seen:
                self._reset_labels.discard(witnessed.label)
            elif witnessed.label not in self._reset_labels:
                await self._reset(f"object:{witnessed.label}")
                self._reset_labels.add(witnessed.label)
                self._slept.append(witnessed)

    async def _reset(self, actor: str) -> None:
        if self._state is None:
            return
        evicted = await self._evict_unnamed()
        others = self._in_memory()  # the reset affects them too
        found = await self._state.put_back()
        self._is_clean &= not found.left
        self._target.late_modules = tuple(dict.fromkeys((*self._target.late_modules, *found.late)))
        self._context.add(
            actor,
            kinds.MODULE_STATE,
            at="sleep",
            changed=[each.recorded for each in found.changed],
            left=[each.recorded for each in found.left],
            others=others,
            evicted=evicted,
        )

    async def _evict_unnamed(self) -> list[str]:
        """Evict the objects in memory that the story does not name, and return those that left.

        Their fields may hold state just as module variables do. The runtime does not evict pinned objects, so those are
        noted.
        """
        evicted = []
        for each in self._unnamed_in_memory():
            class_name = self._target.class_of(each)
            if class_name is None:
                continue
            if not await self._is_pinned(each) and (await self._target.evict(class_name, each)).outcome == "evicted":
                evicted.append(f"{class_name} {each}")
            else:
                self._left_in_memory.setdefault(each, self._target.times_called(each))
        if evicted:
            await self._target.settled()
        return evicted

    async def _evict_related(self, slept: list[ObservedObject]) -> None:
        """Evict the story's other objects that had to do with those that slept in a step, and stayed in memory.

        Their fields may hold the state of those that slept, just as the fields of objects that the story does not name.
        Module state is reset before any of them can wake. They did not sleep, so nothing is evicted on their account.
        """
        related = {each for witnessed in slept for each in self._target.related(witnessed.id)}
        evicted: list[ObservedObject] = []
        for each in self._context.objects.values():
            if each.id not in related or each in slept or self._target.stay(each.id) is None:
                continue
            if await self._is_pinned(each.id):
                self._left_in_memory.setdefault(each.id, self._target.times_called(each.id))
                continue
            actor = f"object:{each.label}"
            self._context.write(actor, object_events.Evicting())
            eviction = await self._target.evict(each.class_name, each.id)
            self._context.write(actor, object_events.Evicted(outcome=eviction.outcome, said=eviction.message))
            evicted.append(each)
        if evicted:
            await self._target.settled()
            labels = [each.label for each in evicted]
            evicted_only = play_events.ModuleState(at="step", changed=[], left=[], others=[], evicted=labels)
            self._context.write("poc", evicted_only)
            left = {each.label for each in evicted if not each.in_memory}
            if left:
                await self._reset("poc")
                self._reset_labels |= left

    def _unnamed_in_memory(self) -> list[str]:
        own = {each.id for each in self._context.objects.values()}
        return [each for each in self._target.seen() if each not in own and self._target.stay(each) is not None]

    async def _is_pinned(self, object_id: str) -> bool:
        """Return whether work pins an object, after recent work has had time to finish."""
        for _ in range(_PIN_TRIES):
            if not self._target.pins(object_id, 0) or self._target.pins(object_id, _LASTING_NS):
                break
            await asyncio.sleep(_PIN_PAUSE)
            await self._target.settled()
        return bool(self._target.pins(object_id, 0))

    async def _record_left_in_memory(self) -> None:
        """Record which unnamed objects stayed in memory and may have passed their state to the story's objects."""
        await self._target.settled()
        own = {each.id for each in self._context.objects.values()}
        kept = [
            f"{self._target.class_of(each)} {each}"
            for each, times in self._left_in_memory.items()
            if self._target.linked(each) & own or self._target.times_called(each) > times
        ]
        if kept:
            self._is_clean = False
            self._context.add("poc", kinds.MODULE_STATE, at="end", changed=[], left=[], others=[], kept=kept)

    def _in_memory(self) -> list[str]:
        """Return which objects are in memory, by their labels or ids."""
        labels = {each.id: each.label for each in self._context.objects.values()}
        there = [each for each in self._target.seen() if self._target.stay(each) is not None]
        return [labels.get(each, f"{self._target.class_of(each) or 'an object'} {each}") for each in there]


def resets_in(target: Target, play: Play) -> TypeGuard[Workerd]:
    """Return whether a target resets module state in a play."""
    return play.resets and isinstance(target, Workerd)


def resetter_for(context: PlayContext) -> ModuleStateResetter | None:
    """Return the resetter of a play, None unless module state is reset in it."""
    target = context.target
    return ModuleStateResetter(context, target) if resets_in(target, context.play) else None


class Confirmations:
    """Which stories are known not to depend on module state, kept in the user's cache."""

    def __init__(self, versions: Mapping[str, str], folder: Path | None = None) -> None:
        """Initialize with the versions of the runtime programs and a folder (default: the user's cache)."""
        self._versions = dict(versions)
        self._folder = cache() / "module-state" if folder is None else folder

    def has(self, play: Play, worker: Worker) -> bool:
        """Return whether the story was confirmed before on the same worker."""
        file = self._file(play, worker)
        return file is not None and file.is_file()

    def add(self, play: Play, worker: Worker) -> None:
        """Add a confirmation; a cache that cannot be written is not an error."""
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
        # Only the names of the scenario's variables: the values are in its text, except for ports and secrets.
        date, beside = worker.compatibility_date, sorted(dict(worker.beside))
        subject = json.dumps([_FORMAT, self._versions, digest, play.scenario.sha256, date, beside])
        return self._folder / sha256(subject.encode()).hexdigest()[:32]


def to_confirm(
    plays: Iterable[Play],
    outcomes: Mapping[str, str],
    pool: "LocalTargetPool",
    history: HistoryWriter,
    mismatched: Mapping[str, Collection[int]],
) -> list[Play]:
    """Return the stories to repeat with module state reset, and record which need not be. Raises TargetError.

    `mismatched` are the steps that got only other messages than they expect, by the label of the story.
    """
    repeats: list[Play] = []
    for play in plays:
        if play.role != "story" or play.round != 1 or not resting_on_state(play):
            continue
        if outcomes[play.label] == "error":  # no claim held in it
            continue
        by = _confirmed_by(play, pool)
        if by is None:
            hurried = frozenset(each for each in mismatched.get(play.label, ()) if _may_hurry(play, each))
            repeats.append(replace(play, label=f"{play.label}!modules", role=CONFIRM, hurried=hurried))
        else:
            scenario = play.scenario
            text = str(history.without_secrets(scenario.text))  # as in the play's `play_start` event
            name, file = scenario.document.name, scenario.file
            history.add(RUN, "poc", kinds.CONFIRMED, scenario=name, file=file, sha256=text_sha256(text), by=by)
    return repeats


def with_late_modules(plays: Iterable[Play], pool: "LocalTargetPool") -> list[Play]:
    """Return the confirming plays to repeat with the modules loaded that they first loaded after the worker.

    What such a module held once it was loaded is not known when an object sleeps, unless it is loaded before the play.
    """
    late = ((play, pool.late_modules.get(play.label, ())) for play in plays)
    return [replace(play, label=f"{play.label}-loaded", modules=modules) for play, modules in late if modules]


def _may_hurry(play: Play, index: int) -> bool:
    """Return whether a step that failed in the story, so that its claim does not hold, need not wait in full again.

    A message that came later would be unread then, which no step after it may notice.
    """
    later = (placed.step for placed in play.steps[index + 1 :])
    return not any(
        (isinstance(step, Exchange) and step.next) or (isinstance(step, On) and step.quiet is not None)
        for step in later
    )


def _confirmed_by(play: Play, pool: "LocalTargetPool") -> str | None:
    worker = pool.worker_of(play)
    if worker.folder == shipped("worker").resolve() and type(worker) is Worker:
        return OWN_WORKER
    return FROM_CACHE if pool.confirmations.has(play, worker) else None
