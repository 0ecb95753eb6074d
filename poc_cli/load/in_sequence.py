"""The loads of a run that has other plays too: one after the other, as they are written."""

from collections.abc import Callable, Sequence
from pathlib import Path

from poc_cli.history.writer import HistoryWriter
from poc_cli.load.load_context import Glance
from poc_cli.load.load_player import Load, Outcome, play
from poc_cli.load.plan import NO_WISHES, Wishes, plan_of
from poc_cli.load.process_usage import Use
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
    """Play them and write them down; `forced` has rooms evicted. Gives how each ended; what is interrupted is the last.

    Raises UsageError if a plan cannot be made.
    """
    outcomes: list[Outcome] = []
    for scenario in scenarios:
        if not isinstance(scenario.document, LoadFile):
            continue
        plan = plan_of(scenario.document.load, Wishes(sleep="evict") if forced else NO_WISHES)
        outcomes.append(
            await play(Load(scenario, plan), site(worker_of(scenario)), history, _Telling(scenario, progress))
        )
        progress(scenario.document.name, outcomes[-1])
        if outcomes[-1] == "interrupted":
            break
    return outcomes


def worker_of(scenario: Scenario) -> WorkerSource | None:
    """Return where the worker is that a load brings, relative to its file; None without one. Raises TargetError."""
    named = scenario.document.worker
    if named is None:
        return None
    return named_by(named, Path(scenario.file).parent / named.dir)


class _Telling:
    """Tells the stage that a load is in, where all plays tell what they are doing."""

    def __init__(self, scenario: Scenario, progress: Callable[[str, str], None]) -> None:
        self._name = scenario.document.name
        self._progress = progress

    def sampled(self, glance: Glance, uses: dict[str, Use], files: int) -> None:
        """Tell the stage, and how many sockets are open."""
        del uses, files
        self._progress(self._name, f"{glance.stage}, {glance.open:,} open")

    def staged(self, result: StageResult) -> None:
        """Take no notice: the next sample tells the next stage."""
