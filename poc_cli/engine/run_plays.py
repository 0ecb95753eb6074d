"""Run all plays of a request on a pool of targets, and write the history of the run."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from poc_cli.engine.environment import RunEnvironment
from poc_cli.engine.log_leaks import LogLeaks
from poc_cli.engine.module_state_play import to_confirm, with_late_modules
from poc_cli.engine.play_runner import Outcome
from poc_cli.engine.run_plan import RunPlan
from poc_cli.engine.scheduler import Progress, Scheduler
from poc_cli.engine.session_plays import play_sessions, to_play_everywhere
from poc_cli.engine.stalls import seed_in, stall
from poc_cli.engine.target_pool import LocalTargetPool, TargetPool
from poc_cli.errors import PocError
from poc_cli.history import event as kinds
from poc_cli.history.folder import RUN, Records
from poc_cli.history.late_stretch import Stretch
from poc_cli.history.writer import HistoryWriter
from poc_cli.run_options import EVERYWHERE, RunOptions
from poc_cli.scenario.load_model import LoadFile
from poc_cli.targets.attendance import Attendance


async def run(  # noqa: PLR0913, PLR0917 - what a run is made of
    plan: RunPlan,
    options: RunOptions,
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
        history.start_run(
            named=bool(options.words) or options.last_failed,
            sleep=options.sleep,
            repeat=options.repeat,
            target=pool.description(),
            module_state="put back" if isinstance(pool, LocalTargetPool) else None,
            secrets=records.redactor.names,
            options=options.again(),
            workers=plan.workers(options),
        )
        log = LogLeaks(history)
        pool.listen_to_log(log.record_line)
        _record_left_out(plan, history)
        async with contextlib.AsyncExitStack() as open_, _attended(pool.attendance, history):
            open_.push_async_callback(pool.close)
            await open_.enter_async_context(environment.api.served())
            if environment.services is not None:
                await open_.enter_async_context(environment.services.served(records.folder, records.redactor))
            outcomes = await _played(plan, options, pool, history, environment, progress)
            is_interrupted = "interrupted" in outcomes.values()
            if afterwards is not None and not is_interrupted:
                is_interrupted = "interrupted" in await afterwards(history)
        log.record_text(records.thrown(), records.redactor)
        if not is_interrupted:
            history.add(RUN, "poc", kinds.RUN_END)


async def _played(  # noqa: PLR0913, PLR0917 - what a run is made of
    plan: RunPlan,
    options: RunOptions,
    pool: TargetPool,
    history: HistoryWriter,
    environment: RunEnvironment,
    progress: Progress,
) -> dict[str, Outcome]:
    """Run the stories and controls, what confirms them, and sessions with sleeps everywhere."""
    scheduler = Scheduler(pool, history, options, progress, environment)
    outcomes: dict[str, Outcome] = {}
    if options.sleep != EVERYWHERE:
        outcomes = await scheduler.play(plan.stories)
        if "interrupted" not in outcomes.values() and isinstance(pool, LocalTargetPool):
            # With evicts, which are faster: the first run has shown that the object sleeps by itself.
            by_force = replace(options, sleep="evict")
            again = to_confirm(plan.stories, outcomes, pool, history, environment.mismatched)
            outcomes |= await Scheduler(pool, history, by_force, progress, environment).play(again)
            if "interrupted" not in outcomes.values():
                loaded = with_late_modules(again, pool)
                outcomes |= await Scheduler(pool, history, by_force, progress, environment).play(loaded)
    sessions = to_play_everywhere(plan.stories, options)
    if sessions and "interrupted" not in outcomes.values():
        outcomes |= await play_sessions(sessions, scheduler.play, history.path)
    return outcomes


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


def _record_left_out(plan: RunPlan, history: HistoryWriter) -> None:
    for scenario in plan.scenarios:
        name, title = scenario.document.name, scenario.document.title
        if name in plan.left_out and not isinstance(scenario.document, LoadFile):
            reason = plan.left_out[name]
            history.add(RUN, "poc", kinds.LEFT_OUT, scenario=name, title=title, file=scenario.file, reason=reason)
