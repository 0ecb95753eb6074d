"""A whole run: its folder, its target, its plays side by side, its history from the first line to the last."""

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
    """What is to be run. `named` says whether the scenarios were asked for by name."""

    scenarios: Sequence[Scenario]
    named: bool
    sleep: SleepMode | None
    jobs: int
    repeat: int = 1
    """How often each story is played."""

    without: Mapping[str, str] = field(default_factory=dict)
    """Scenarios that are left out for want of something on this machine, with the reasons."""


def reason_to_leave_out(scenario: Scenario, sleep: SleepMode | None, place: Place) -> str | None:
    """Return why a scenario cannot be played in this mode or place, None where it can."""
    for placed in every(scenario.steps):
        step = placed.step
        if isinstance(step, Hibernate) and step.natural and sleep == "evict":
            return "its subject is the runtime's own timer, which --sleep evict goes around"
        if isinstance(step, Hibernate) and step.forced and sleep == "idle":
            return "its subject is forced eviction, which --sleep idle does without"
    return fit(plays_of(scenario)[0], place).reason


async def run(  # noqa: PLR0913 - what a run is made of
    request: Request,
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
            named=request.named,
            sleep=request.sleep,
            repeat=request.repeat,
            target=pool.description(),
            module_state="put back" if isinstance(pool, LocalTargetPool) else None,
            secrets=records.redactor.names,
        )
        log = LogLeaks(history)
        pool.listen_to_log(log.heard)
        plays = _plays(request, place_of(pool.description()), history)
        async with contextlib.AsyncExitStack() as open_, _attended(pool.attendance, history):
            await open_.enter_async_context(environment.api.served())
            if environment.services is not None:
                await open_.enter_async_context(environment.services.served(records.folder, records.redactor))
            outcomes = await Scheduler(pool, history, request, progress, environment).play(plays)
            if "interrupted" not in outcomes.values() and isinstance(pool, LocalTargetPool):
                # By force, which is quicker: that the object sleeps by itself has been seen.
                wishes = replace(request, sleep="evict")
                again = to_confirm(plays, outcomes, pool, history, RUN)
                outcomes |= await Scheduler(pool, history, wishes, progress, environment).play(again)
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


def _plays(request: Request, place: Place, history: HistoryWriter) -> list[Play]:
    plays: list[Play] = []
    for scenario in request.scenarios:
        if isinstance(scenario.document, LoadFile):
            continue
        missing = request.without.get(scenario.document.name)
        reason = missing or reason_to_leave_out(scenario, request.sleep, place)
        if reason is None:
            # A control that cannot be played here is not run; the judge says why by the same rule.
            plays += [play for play in plays_of(scenario, request.repeat) if fit(play, place).reason is None]
        else:
            name, title = scenario.document.name, scenario.document.title
            history.add(RUN, "poc", kinds.LEFT_OUT, scenario=name, title=title, file=scenario.file, reason=reason)
    return plays
