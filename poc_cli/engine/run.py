"""A whole run: its folder, its target, its plays side by side, its history from the first line to the last.

Never judges; the history that it leaves is all that the judge gets.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from poc_cli import __version__
from poc_cli.engine.performance import SleepMode
from poc_cli.engine.troupe import Progress, Troupe
from poc_cli.errors import PocError
from poc_cli.history import event as kinds
from poc_cli.history.writer import HistoryWriter
from poc_cli.scenario.model import Hibernate
from poc_cli.scenario.plays import Play, plays_of
from poc_cli.scenario.story import Scenario, every
from poc_cli.target.api import Api
from poc_cli.target.process import Process
from poc_cli.target.workerd import Ground, Workerd

RUN = "run"
"""The play that events of the whole run belong to."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be run. `named` says whether the scenarios were asked for by name."""

    scenarios: Sequence[Scenario]
    named: bool
    sleep: SleepMode | None
    jobs: int
    repeat: int = 1
    """How often each story is played."""


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
    for placed in every(scenario.steps):
        step = placed.step
        if isinstance(step, Hibernate) and step.natural and sleep == "evict":
            return "its subject is the runtime's own timer, which --sleep evict goes around"
        if isinstance(step, Hibernate) and step.forced and sleep == "idle":
            return "its subject is forced eviction, which --sleep idle does without"
    return None


async def run(request: Request, first: Process, ground: Ground, progress: Progress) -> None:
    """Play everything and write it down in the ground's folder; every process is ended in any case."""
    with HistoryWriter(ground.folder / "history.ndjson", ground.redactor) as history:
        history.add(
            RUN,
            "poc",
            kinds.RUN_START,
            format=kinds.FORMAT,
            poc=__version__,
            run=ground.folder.name,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            named=request.named,
            sleep=request.sleep,
            repeat=request.repeat,
            target={
                "kind": Workerd.kind,
                "url": None,
                "versions": ground.versions,
                "compatibility_date": ground.worker.compatibility_date,
            },
        )
        async with Api(ground.address).served() as api:
            outcomes = await Troupe(ground, history, request, progress, api).play(_plays(request, history), first)
        if "interrupted" not in outcomes:
            history.add(RUN, "poc", kinds.RUN_END)


def _plays(request: Request, history: HistoryWriter) -> list[Play]:
    plays: list[Play] = []
    for scenario in request.scenarios:
        reason = reason_to_leave_out(scenario, request.sleep)
        if reason is None:
            plays += plays_of(scenario, request.repeat)
        else:
            name, title = scenario.document.name, scenario.document.title
            history.add(RUN, "poc", kinds.LEFT_OUT, scenario=name, title=title, file=scenario.file, reason=reason)
    return plays
