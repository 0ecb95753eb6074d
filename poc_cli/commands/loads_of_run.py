"""The load scenarios of a run: played after the others, because they take the whole machine."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from poc_cli.history.writer import HistoryWriter
from poc_cli.scenario.load_model import LoadFile
from poc_cli.scenario.scenario import Scenario
from poc_cli.targets.worker_source import WorkerSource

if TYPE_CHECKING:
    from poc_cli.engine.play_runner import Outcome
    from poc_cli.load.site import LoadTarget
    from poc_cli.targets.remote import Remote
    from poc_cli.targets.runtime_context import RuntimeContext

Afterwards = Callable[[HistoryWriter], "Awaitable[Sequence[Outcome]]"]


def loads_of(
    scenarios: Sequence[Scenario],
    site: "Callable[[WorkerSource | None], LoadTarget]",
    progress: Callable[[str, str], None],
    *,
    forced: bool,
) -> Afterwards | None:
    """Return a function that plays the load scenarios, None if there are none; `forced` evicts the rooms."""
    loads = [each for each in scenarios if isinstance(each.document, LoadFile)]
    if not loads:
        return None

    from poc_cli.load.run_loads import play_loads

    return lambda history: play_loads(loads, site, history, progress, forced=forced)


def local_sites(ground: "RuntimeContext") -> "Callable[[WorkerSource | None], LoadTarget]":
    """Return a function that makes a fresh runtime without a trace, for a load's own worker or that of the run."""

    def site(worker: WorkerSource | None) -> "LoadTarget":
        from poc_cli.load.site import LocalLoadTarget

        return LocalLoadTarget(ground, ground.worker if worker is None else ground.workers.get(worker), traced=False)

    return site


def remote_sites(remote: "Remote") -> "Callable[[WorkerSource | None], LoadTarget]":
    """Return a function that gives every load the one remote worker."""

    def site(_: WorkerSource | None) -> "LoadTarget":
        from poc_cli.load.site import RemoteLoadTarget

        return RemoteLoadTarget(remote)

    return site
