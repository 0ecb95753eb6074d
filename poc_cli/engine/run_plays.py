"""Run all plays of a request on a pool of targets, and write the history of the run."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from poc_cli import __version__
from poc_cli.engine.environment import RunEnvironment
from poc_cli.engine.log_leaks import LogLeaks
from poc_cli.engine.module_state_play import to_confirm
from poc_cli.engine.play_runner import Outcome, SleepMode
from poc_cli.engine.scheduler import Progress, Scheduler
from poc_cli.engine.stalls import seed_in, stall
from poc_cli.engine.target_pool import LocalTargetPool, TargetPool
from poc_cli.errors import PocError
from poc_cli.history import event as kinds
from poc_cli.history.folder import RUN, Records
from poc_cli.history.late_stretch import Stretch
from poc_cli.history.writer import HistoryWriter
from poc_cli.scenario.capabilities import Place, fit, place_of
from poc_cli.scenario.load_model import LoadFile
from poc_cli.scenario.model import Hibernate
from poc_cli.scenario.plays import Play, plays_of
from poc_cli.scenario.scenario import Scenario, every
from poc_cli.targets.attendance import Attendance


@dataclass(frozen=True, slots=True)
class Request:
    """What to run. `named` says whether the scenarios were selected by name."""

    scenarios: Sequence[Scenario]
    named: bool
    sleep: SleepMode | None
    jobs: int
    repeat: int = 1
    """How many times to run each story."""

    without: Mapping[str, str] = field(default_factory=dict)
    """Scenarios that this machine cannot run, with the reasons."""


def reason_to_leave_out(scenario: Scenario, sleep: SleepMode | None, place: Place) -> str | None:
    """Return why a scenario cannot be run in this sleep mode or place, None if it can."""
    for placed in every(scenario.steps):
        step = placed.step
        if isinstance(step, Hibernate) and step.natural and sleep == "evict":
            return "it tests the runtime's idle timer, which --sleep evict bypasses"
        if isinstance(step, Hibernate) and step.forced and sleep == "idle":
            return "it tests forced eviction, which --sleep idle does not use"
    return fit(plays_of(scenario)[0], place).reason


async def run(  # noqa: PLR0913 - the parts of a run
    request: Request,
    pool: TargetPool,
    records: Records,
    environment: RunEnvironment,
    progress: Progress,
    *,
    afterwards: Callable[[HistoryWriter], Awaitable[Sequence[Outcome]]] | None = None,
) -> None:
    """Run all plays and write the history to the folder of the records; started processes are stopped in any case.

    `afterwards` runs what needs the whole machine, such as loads, and returns the outcomes.
    """
    file = records.folder / "history.ndjson"
    with HistoryWriter(file, records.redactor, pool.attendance.now_ns) as history:
        history.add(
            RUN,
            "poc",
            kinds.RUN_START,
            format=kinds.FORMAT,
            poc=__version__,
            run=records.folder.name,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            named=request.named,
            sleep=request.sleep,
            repeat=request.repeat,
            target=pool.description(),
            module_state="put back" if isinstance(pool, LocalTargetPool) else None,
            secrets=records.redactor.names,
        )
        log = LogLeaks(history)
        pool.listen_to_log(log.record_line)
        plays = _plays(request, place_of(pool.description()), history)
        async with contextlib.AsyncExitStack() as open_, _attended(pool.attendance, history):
            await open_.enter_async_context(environment.api.served())
            if environment.services is not None:
                await open_.enter_async_context(environment.services.served(records.folder, records.redactor))
            outcomes = await Scheduler(pool, history, request, progress, environment).play(plays)
            if "interrupted" not in outcomes.values() and isinstance(pool, LocalTargetPool):
                # With evicts, which are faster: the first run has shown that the object sleeps by itself.
                options = replace(request, sleep="evict")
                repeats = to_confirm(plays, outcomes, pool, history, RUN)
                outcomes |= await Scheduler(pool, history, options, progress, environment).play(repeats)
            is_interrupted = "interrupted" in outcomes.values()
            if afterwards is not None and not is_interrupted:
                is_interrupted = "interrupted" in await afterwards(history)
        log.record_text(records.thrown(), records.redactor)
        if not is_interrupted:
            history.add(RUN, "poc", kinds.RUN_END)


@contextlib.asynccontextmanager
async def _attended(attendance: Attendance, history: HistoryWriter) -> AsyncIterator[None]:
    """Record when this process or a runtime is late, for the duration of the context."""

    def record(stretch: Stretch) -> None:
        from_ns, to_ns = stretch.from_ns - history.origin_ns, stretch.to_ns - history.origin_ns
        with contextlib.suppress(PocError):  # a full disk ends the run at the next event of a play
            history.add(RUN, "poc", kinds.LATE, **replace(stretch, from_ns=from_ns, to_ns=to_ns).data())

    attendance.listener = record
    tasks = [asyncio.create_task(attendance.beat())]
    seed = seed_in(os.environ)
    if seed is not None:
        tasks.append(asyncio.create_task(stall(seed)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _plays(request: Request, place: Place, history: HistoryWriter) -> list[Play]:
    plays: list[Play] = []
    for scenario in request.scenarios:
        if isinstance(scenario.document, LoadFile):
            continue
        missing = request.without.get(scenario.document.name)
        reason = missing or reason_to_leave_out(scenario, request.sleep, place)
        if reason is None:
            # A control that cannot be run here is skipped; the judge gives the reason by the same rule.
            plays += [play for play in plays_of(scenario, request.repeat) if fit(play, place).reason is None]
        else:
            name, title = scenario.document.name, scenario.document.title
            history.add(RUN, "poc", kinds.LEFT_OUT, scenario=name, title=title, file=scenario.file, reason=reason)
    return plays
