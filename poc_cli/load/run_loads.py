"""Run a load on its own, or the loads of a run one after the other."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from poc_cli.history import event as kinds
from poc_cli.history.folder import RUN, Records
from poc_cli.history.writer import HistoryWriter
from poc_cli.load.load_context import Glance
from poc_cli.load.load_player import Load, LoadProgress, Outcome, play
from poc_cli.load.plan import NO_OVERRIDES, LoadOverrides, plan_of
from poc_cli.load.process_usage import Usage
from poc_cli.load.site import LoadTarget
from poc_cli.record.load_stage import StageResult
from poc_cli.scenario.load_model import LoadFile
from poc_cli.scenario.scenario import Scenario
from poc_cli.targets.worker_source import WorkerSource, named_by


async def play_loads(
    scenarios: Sequence[Scenario],
    site: Callable[[WorkerSource | None], LoadTarget],
    history: HistoryWriter,
    progress: Callable[[str, str], None],
    *,
    forced: bool,
) -> list[Outcome]:
    """Run and record the loads and return their outcomes; the first interruption ends the sequence.

    `forced` evicts rooms instead of waiting. Raises UsageError if a plan is not possible.
    """
    outcomes: list[Outcome] = []
    for scenario in scenarios:
        if not isinstance(scenario.document, LoadFile):
            continue
        plan = plan_of(scenario.document.load, LoadOverrides(sleep="evict") if forced else NO_OVERRIDES)
        outcomes.append(
            await play(Load(scenario, plan), site(worker_of(scenario)), history, _StageProgress(scenario, progress))
        )
        progress(scenario.document.name, outcomes[-1])
        if outcomes[-1] == "interrupted":
            break
    return outcomes


def worker_of(scenario: Scenario) -> WorkerSource | None:
    """Return the source of a load's own worker, None if it has none. Raises TargetError if it is missing."""
    named = scenario.document.worker
    if named is None:
        return None
    file = Path(scenario.file)
    return named_by(named, file.parent / named.dir, file)


class _StageProgress:
    """Reports the current stage of a load to the progress of the run."""

    def __init__(self, scenario: Scenario, progress: Callable[[str, str], None]) -> None:
        self._name = scenario.document.name
        self._progress = progress

    def sampled(self, glance: Glance, uses: dict[str, Usage], files: int) -> None:
        """Report the stage and the number of open sockets."""
        del uses, files
        self._progress(self._name, f"{glance.stage}, {glance.open:,} open")

    def staged(self, result: StageResult) -> None:
        """Do nothing: the next sample reports the next stage."""


async def run_load(
    load: Load, site: LoadTarget, records: Records, target: dict[str, Any], progress: LoadProgress
) -> bool:
    """Run a load with its history in the run folder; return whether it was not interrupted.

    `target` is the description of the target for the history.
    """
    with HistoryWriter(records.folder / "history.ndjson", records.redactor) as history:
        history.start_run(named=True, sleep=None, repeat=1, target=target | {"oracle": "instance"})
        if await play(load, site, history, progress) == "interrupted":
            return False
        history.add(RUN, "poc", kinds.RUN_END)
    return True
