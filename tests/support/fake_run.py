"""Whole runs of scenarios on fake runtimes in virtual time: the engine as it is, from its first event to its last."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poc_cli.engine.canaries import Canaries
from poc_cli.engine.environment import RunEnvironment
from poc_cli.engine.pacing import POLL_SECONDS
from poc_cli.engine.run_plan import plan_run
from poc_cli.engine.run_plays import run as run_engine
from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.history.folder import Records
from poc_cli.history.reader import read
from poc_cli.history.redact import Redactor
from poc_cli.history.writer import HistoryWriter
from poc_cli.judge.document_types import RunDocument
from poc_cli.judge.run_document import document
from poc_cli.run_options import RunOptions, SleepMode
from poc_cli.scenario.capabilities import place_of
from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import Play
from poc_cli.scenario.sessions import SESSIONS
from poc_cli.targets.attendance import Attendance
from poc_cli.targets.local_api import Api
from tests.support.fake_client import FakeClient
from tests.support.fake_target import FakeTarget
from tests.support.history_schema import misfits
from tests.support.virtual import World, run

if TYPE_CHECKING:
    from poc_cli.targets.runtime_context import LogListener

FILE = "scenarios/story.toml"
IT = 'claim = "it"'
"""What a step says that decides the claim of `story`."""


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


class SilentApi(Api):
    """The API of a run that no worker calls: it listens nowhere."""

    def __init__(self) -> None:
        """Take nothing."""

    @asynccontextmanager
    async def served(self) -> "AsyncIterator[SilentApi]":
        """Answer nobody."""
        yield self

    def listen(self, play: str, listener: object) -> None:
        """Do nothing."""

    def unlisten(self, play: str) -> None:
        """Do nothing."""


Prepare = Callable[[FakeTarget, Play | None, int], None]
"""Is told of each runtime, of the play that it is for where it is one's own, and of which time that is."""


class FakeTargetPool:
    """Fake runtimes: a shared one for each attempt, and as many others as are needed."""

    def __init__(
        self, world: World, *, apart_at_once: int = 10, traced: bool = True, prepare: Prepare | None = None
    ) -> None:
        """Take the world, and who prepares each runtime before it is played on."""
        self.world = world
        self.apart_at_once = apart_at_once
        self.attendance = Attendance(world.clock, lambda: 0)
        self.own_now: list[str] = []
        self.most_own = 0
        self.gave: list[tuple[str, int]] = []
        """The runtimes that were given out: `shared` or the play's label, and which time."""

        self.targets: list[FakeTarget] = []
        """Those that are running."""

        self._traced = traced
        self._prepare = prepare
        self._numbers = 0
        self._times: dict[str, int] = {}

    def description(self) -> Any:
        """Return the place as the beginning of a record tells it."""
        target = self._target()
        return {
            "kind": target.kind,
            "url": None,
            "versions": target.versions,
            "compatibility_date": target.compatibility_date,
            "oracle": target.oracle,
            "abilities": sorted(target.abilities),
        }

    def is_apart(self, play: Play) -> bool:
        """Return whether a play needs a runtime of its own."""
        return play.alone or play.resets or play.role in SESSIONS

    @asynccontextmanager
    async def watched(self, plays: list[Play], history: HistoryWriter) -> AsyncIterator[Canaries | None]:  # noqa: ARG002
        """Yield what tells of sleep where there is no trace."""
        yield None if self._traced else Canaries(self._target(), history, possible=False)

    @asynccontextmanager
    async def shared(self, attempt: int = 1) -> AsyncIterator[FakeTarget]:
        """Yield a runtime for all plays of an attempt."""
        async with self._given("shared", None, attempt) as target:
            yield target

    @asynccontextmanager
    async def own(self, play: Play) -> AsyncIterator[FakeTarget]:
        """Yield a runtime for one play."""
        time = self._times[play.label] = self._times.get(play.label, 0) + 1
        self.own_now.append(play.label)
        self.most_own = max(self.most_own, len(self.own_now))
        try:
            async with self._given(play.label, play, time) as target:
                yield target
        finally:
            self.own_now.remove(play.label)

    async def close(self) -> None:
        """Do nothing: nothing is kept."""

    def listen_to_log(self, listener: "LogListener") -> None:
        """Do nothing: nothing is logged."""

    def stand_still(self, seconds: float) -> None:
        """Stop all runtimes for so long."""
        for target in self.targets:
            target.stand_still(seconds)

    def _target(self) -> FakeTarget:
        return FakeTarget(self.world, self.attendance, self._numbers, traced=self._traced)

    @asynccontextmanager
    async def _given(self, name: str, play: Play | None, time: int) -> AsyncIterator[FakeTarget]:
        self._numbers += 1
        target = self._target()
        self.gave.append((name, time))
        if self._prepare is not None:
            self._prepare(target, play, time)
        async with target.running():
            self.targets.append(target)
            try:
                yield target
            finally:
                self.targets.remove(target)


@dataclass(slots=True)
class Played:
    """A run that is over: its history, and what its venue had to give."""

    events: list[Event]
    pool: FakeTargetPool
    seconds: float
    phases: list[tuple[str, str]] = field(default_factory=list)
    left: int = 0
    """Tasks that the run left behind."""

    was_cancelled: bool = False

    @property
    def judged(self) -> RunDocument:
        """Return what the judge makes of the history."""
        return document(list(self.events))

    @property
    def verdicts(self) -> dict[str, str]:
        """Return the verdicts by the ids of the claims."""
        return {claim["id"]: claim["verdict"] for story in self.judged["scenarios"] for claim in story["claims"]}

    def of(self, *names: str, play: str | None = None) -> list[Event]:
        """Return the events of some kinds, of one play or all."""
        return [each for each in self.events if each.kind in names and play in {None, each.play}]

    def one(self, kind: str, play: str | None = None) -> Event:
        """Return the one event of a kind."""
        (event,) = self.of(kind, play=play)
        return event

    def ends(self) -> dict[str, str]:
        """Return how each play ended."""
        return {each.play: each.data["outcome"] for each in self.of(kinds.PLAY_END)}

    def failures(self) -> list[str]:
        """Return the kinds of the steps' failures, in their order."""
        return [each.data["failure"] for each in self.of(kinds.STEP_END) if not each.data["ok"]]


Meddle = Callable[[World, FakeTargetPool], None]
"""Sees to it that something happens in the course of a run, before it begins."""


def story(  # noqa: PLR0913 - what a scenario can differ in
    *steps: str, name: str = "story", check: str = "", claim: str = "", ann: str = "", bob: str = "", more: str = ""
) -> str:
    """Return a scenario of two clients and one object; the steps, or a check, may be about a claim called `it`.

    `ann` and `bob` are added to the query of their paths, which tells the fake runtime how to take them.
    """
    head = f'name = "{name}"\ntitle = "A story."\n{more}object = {{ class = "Room", name = "{{play}}" }}\n'
    paths = (f'{each} = "/room/{{play}}?name={each}&{query}"' for each, query in (("ann", ann), ("bob", bob)))
    body = "steps = [\n" + "".join(f"  {step},\n" for step in steps) + "]\n"
    checked = f'check = "{check}"\n' if check else ""
    claims = f'\n[[claim]]\nid = "it"\nsays = "It is so."\n{checked}{claim}\n' if check or IT in body else ""
    return f"{head}clients = {{ {', '.join(paths)} }}\n{body}{claims}"


def play(  # noqa: PLR0913 - what a run can differ in
    *texts: str,
    meddle: Meddle | None = None,
    prepare: Prepare | None = None,
    sleep: SleepMode | None = None,
    jobs: int = 500,
    apart_at_once: int = 10,
    traced: bool = True,
    repeat: int = 1,
) -> Played:
    """Play scenarios from beginning to end."""

    async def main(world: World) -> Played:
        pool = FakeTargetPool(world, apart_at_once=apart_at_once, traced=traced, prepare=prepare)
        begun_ns = world.now_ns
        phases: list[tuple[str, str]] = []
        scenarios = [parse(text, f"scenarios/{number}.toml" if number else FILE) for number, text in enumerate(texts)]
        options = RunOptions(words=("story",), sleep=sleep, jobs=jobs, repeat=repeat)
        plan = plan_run(scenarios, options, place_of(pool.description()))
        if meddle is not None:
            meddle(world, pool)
        folder = Path(_folder().name)
        history = folder / "history.ndjson"
        history.unlink(missing_ok=True)
        records, environment = Records(folder, Redactor([])), RunEnvironment(SilentApi(), opener=FakeClient)
        was_cancelled = False
        try:
            await run_engine(plan, options, pool, records, environment, lambda *said: phases.append(said))
        except asyncio.CancelledError:
            was_cancelled = True
        seconds = (world.now_ns - begun_ns) / 1e9
        events = [event for event in read(history) if event is not None]
        assert misfits(events) == [], "an event does not fit docs/history.schema.json"
        await asyncio.sleep(2 * POLL_SECONDS)  # the pacer may still be looking
        left = len(asyncio.all_tasks()) - 1
        return Played(events, pool, seconds, phases, left, was_cancelled)

    return run(main)


def late_at(seconds: float, length: float) -> Meddle:
    """Let the event loop stand still, so many seconds after the beginning of the run."""

    def meddle(world: World, pool: FakeTargetPool) -> None:  # noqa: ARG001
        asyncio.get_running_loop().call_later(seconds, world.stand_still, length)

    return meddle


def impossible(events: Sequence[Event]) -> list[str]:
    """Return what no clock can show: latencies below zero, steps that end before they begin, or begin before due."""
    begun: dict[tuple[str, int | None], int] = {}
    found: list[str] = []
    for event in events:
        times = [event.data.get(name, 0) for name in ("late_ms", "wake_ms", "watched_ms", "silent_ms")]
        times += [each["after_ns"] for each in event.data.get("answered", {}).values() if "after_ns" in each]
        if event.kind == kinds.STEP:
            begun[event.play, event.step] = event.t_ns
            times += [event.data["due_ns"], event.t_ns - event.data["due_ns"]]
        if event.kind == kinds.STEP_END:
            times += [event.t_ns - begun[event.play, event.step]]
        if event.kind == kinds.LATE:
            times += [event.data["to_ns"] - event.data["from_ns"]]
        if any(time < 0 for time in times):
            found.append(event.line())
    return found
