"""A whole run: its folder, its target, its plays side by side, its history from the first line to the last.

Never judges; the history that it leaves is all that the judge gets.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from poc_cli.engine.performance import Outcome, Performance, SleepMode
from poc_cli.errors import PocError
from poc_cli.history import event as kinds
from poc_cli.history.redact import Redactor
from poc_cli.history.writer import HistoryWriter
from poc_cli.scenario.model import Hibernate
from poc_cli.scenario.plays import Play, plays_of
from poc_cli.scenario.story import Scenario
from poc_cli.target.process import Process, Subject
from poc_cli.target.workerd import Workerd

RUN = "run"
"""The play that events of the whole run belong to."""

Progress = Callable[[str, str], None]
"""Is told a play's label and what it is doing now."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be run. `named` says whether the scenarios were asked for by name."""

    scenarios: Sequence[Scenario]
    named: bool
    sleep: SleepMode | None
    jobs: int
    results: Path


@dataclass(frozen=True, slots=True)
class Started:
    """A workerd that was started ahead, with what is needed to speak to it."""

    process: Process
    worker: Subject
    token: str
    versions: dict[str, str]


def run_folder(results: Path, scenarios: Sequence[Scenario], now: datetime) -> Path:
    """Make the folder of a run, 0700. Raises PocError where it cannot be made."""
    subject = scenarios[0].document.name if len(scenarios) == 1 else f"{len(scenarios)}-scenarios"
    stem = f"{now:%Y%m%dT%H%M%SZ}-{subject}"
    try:
        results.mkdir(parents=True, exist_ok=True)
        for name in (stem, *(f"{stem}-{secrets.token_hex(2)}" for _ in range(8))):
            folder = results / name
            try:
                folder.mkdir(mode=0o700)
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise PocError(
            f"cannot make a run folder in {results}: {error.strerror}", "choose another folder by --results"
        ) from error
    raise PocError(f"cannot find a free name for a run in {results}")


def point_latest(folder: Path) -> None:
    """Let `latest` beside the run folder point to it, in one step."""
    link = folder.parent / f".latest-{secrets.token_hex(4)}"
    try:
        link.symlink_to(folder.name)
        link.replace(folder.parent / "latest")
    except OSError as error:
        raise PocError(f"cannot point {folder.parent / 'latest'} to the run: {error.strerror}") from error


def reason_to_leave_out(scenario: Scenario, sleep: SleepMode | None) -> str | None:
    """Give why a scenario cannot be played in this mode, None where it can."""
    for placed in scenario.steps:
        step = placed.step
        if isinstance(step, Hibernate) and step.natural and sleep == "evict":
            return "its subject is the runtime's own timer, which --sleep evict goes around"
        if isinstance(step, Hibernate) and step.forced and sleep == "idle":
            return "its subject is forced eviction, which --sleep idle does without"
    return None


async def run(request: Request, started: Started, folder: Path, progress: Progress) -> None:
    """Play everything and write it down in `folder`; the process is ended in any case."""
    redactor = Redactor([started.token])
    target = Workerd(started.process, started.worker, 1, started.token, started.versions)
    try:
        with HistoryWriter(folder / "history.ndjson", redactor) as history:
            await target.start(folder, redactor)
            history.add(
                RUN,
                "poc",
                kinds.RUN_START,
                format=kinds.FORMAT,
                run=folder.name,
                started=datetime.now(UTC).isoformat(timespec="seconds"),
                named=request.named,
                sleep=request.sleep,
                target={
                    "kind": target.kind,
                    "url": None,
                    "versions": target.versions,
                    "compatibility_date": target.compatibility_date,
                },
            )
            outcomes = await _play_all(request, target, history, progress)
            if "interrupted" not in outcomes:
                history.add(RUN, "poc", kinds.RUN_END)
    finally:
        await target.stop()


async def _play_all(request: Request, target: Workerd, history: HistoryWriter, progress: Progress) -> list[Outcome]:
    plays: list[Play] = []
    for scenario in request.scenarios:
        reason = reason_to_leave_out(scenario, request.sleep)
        if reason is None:
            plays += plays_of(scenario)
        else:
            document = scenario.document
            history.add(
                RUN,
                "poc",
                kinds.LEFT_OUT,
                scenario=document.name,
                title=document.title,
                file=scenario.file,
                reason=reason,
            )
    places = asyncio.Semaphore(request.jobs)

    async def play_one(play: Play) -> Outcome:
        async with places:

            def say(phase: str) -> None:
                progress(play.label, phase)

            outcome = await Performance(play, target, history, say=say, sleep=request.sleep).perform()
            progress(play.label, outcome)
            return outcome

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(play_one(play)) for play in plays]
    return [task.result() for task in tasks]
