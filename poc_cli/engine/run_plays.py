"""A whole run: its folder, its target, its plays side by side, its history from the first line to the last."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from poc_cli import __version__
from poc_cli.engine.environment import RunEnvironment
from poc_cli.engine.log_leaks import LogLeaks
from poc_cli.engine.module_state_play import to_confirm
from poc_cli.engine.play_runner import Outcome
from poc_cli.engine.run_plan import RunPlan
from poc_cli.engine.scheduler import Progress, Scheduler
from poc_cli.engine.stalls import seed_in, stall
from poc_cli.engine.target_pool import LocalTargetPool, TargetPool
from poc_cli.errors import PocError
from poc_cli.history import event as kinds
from poc_cli.history.folder import RUN, Records
from poc_cli.history.late_stretch import Stretch
from poc_cli.history.writer import HistoryWriter
from poc_cli.run_options import RunOptions
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
    """Play everything and write it to the folder of the records; every process of ours is ended in any case.

    `afterwards` plays what takes the whole machine, such as loads, and returns how each of it ended.
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
            named=bool(options.words),
            sleep=options.sleep,
            repeat=options.repeat,
            target=pool.description(),
            module_state="put back" if isinstance(pool, LocalTargetPool) else None,
            secrets=records.redactor.names,
        )
        log = LogLeaks(history)
        pool.listen_to_log(log.heard)
        _record_left_out(plan, history)
        async with contextlib.AsyncExitStack() as open_, _attended(pool.attendance, history):
            await open_.enter_async_context(environment.api.served())
            if environment.services is not None:
                await open_.enter_async_context(environment.services.served(records.folder, records.redactor))
            outcomes = await Scheduler(pool, history, options, progress, environment).play(plan.stories)
            if "interrupted" not in outcomes.values() and isinstance(pool, LocalTargetPool):
                # By force, which is quicker: that the object sleeps by itself has been seen.
                by_force = replace(options, sleep="evict")
                again = to_confirm(plan.stories, outcomes, pool, history, RUN)
                outcomes |= await Scheduler(pool, history, by_force, progress, environment).play(again)
            is_interrupted = "interrupted" in outcomes.values()
            if afterwards is not None and not is_interrupted:
                is_interrupted = "interrupted" in await afterwards(history)
        log.look_through(records.thrown(), records.redactor)
        if not is_interrupted:
            history.add(RUN, "poc", kinds.RUN_END)


@contextlib.asynccontextmanager
async def _attended(attendance: Attendance, history: HistoryWriter) -> AsyncIterator[None]:
    """Write down when this process or a runtime was late, for as long as the context lasts."""

    def tell(stretch: Stretch) -> None:
        from_ns, to_ns = stretch.from_ns - history.origin_ns, stretch.to_ns - history.origin_ns
        with contextlib.suppress(PocError):  # a full disk ends the run by the next event of a play
            history.add(RUN, "poc", kinds.LATE, **replace(stretch, from_ns=from_ns, to_ns=to_ns).data())

    attendance.listener = tell
    environment = [asyncio.create_task(attendance.beat())]
    seed = seed_in(os.environ)
    if seed is not None:
        environment.append(asyncio.create_task(stall(seed)))
    try:
        yield
    finally:
        for task in environment:
            task.cancel()
        await asyncio.wait(environment)


def _record_left_out(plan: RunPlan, history: HistoryWriter) -> None:
    for scenario in plan.scenarios:
        name, title = scenario.document.name, scenario.document.title
        if name in plan.left_out and not isinstance(scenario.document, LoadFile):
            reason = plan.left_out[name]
            history.add(RUN, "poc", kinds.LEFT_OUT, scenario=name, title=title, file=scenario.file, reason=reason)
