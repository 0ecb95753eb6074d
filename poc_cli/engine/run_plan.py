"""What of a run's scenarios is played on a target, and what is left out and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from poc_cli.run_options import RunOptions, SleepMode
from poc_cli.scenario.capabilities import Place, fit, place_of
from poc_cli.scenario.catalog import shown
from poc_cli.scenario.load_model import LoadFile
from poc_cli.scenario.model import Hibernate
from poc_cli.scenario.plays import Play, plays_of
from poc_cli.scenario.scenario import Scenario, every
from poc_cli.shipped import shipped

SHIPPED: Final = "the shipped worker"

LOCAL: Final = place_of({"kind": "local"})
"""A runtime that poc starts, which has every ability."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The scenarios of a run, expanded into plays and fitted to the target."""

    scenarios: Sequence[Scenario]
    """All of them, in order."""

    plays: Sequence[Play]
    """Those that can be played; loads have one too, which stands for their worker."""

    left_out: Mapping[str, str] = field(default_factory=dict)
    """The reasons for those that cannot, by the name of the scenario."""

    @property
    def played(self) -> list[Scenario]:
        """Return the scenarios that are played."""
        return [each for each in self.scenarios if each.document.name not in self.left_out]

    @property
    def stories(self) -> list[Play]:
        """Return the plays for the scheduler: loads are played after them, in another way."""
        return [play for play in self.plays if not isinstance(play.scenario.document, LoadFile)]

    def common_worker(self) -> Play | None:
        """Return a play with the worker that every scenario brings; None if they bring several, or one brings none."""
        stories = [play for play in self.plays if play.role == "story"]
        workers = {_worker_key(play) for play in stories}
        return stories[0] if len(workers) == 1 and None not in workers else None

    def workers(self, options: RunOptions) -> list[str]:
        """Return the folders of the workers that stories are played on, each once; none for an address."""
        if options.target.url is not None:
            return []
        default = str(options.worker.path) if options.worker is not None else SHIPPED
        stories = [play for play in self.plays if play.role == "story"]
        return list(dict.fromkeys(default if each.worker is None else _folder_of(each) for each in stories))


def _folder_of(play: Play) -> str:
    """Return the folder of a play's own worker, relative to the current one if it is inside."""
    if play.worker is None:
        return SHIPPED
    folder = (Path(play.scenario.file).absolute().parent / play.worker.dir).resolve()
    return SHIPPED if folder == shipped("worker") else shown(folder)


def plan_run(
    scenarios: Sequence[Scenario], options: RunOptions, place: Place, unavailable: Mapping[str, str] | None = None
) -> RunPlan:
    """Expand the scenarios and fit them to a place.

    `unavailable` has the scenarios that this machine lacks something for, with the reasons.
    """
    plays: list[Play] = []
    left_out: dict[str, str] = {}
    for scenario in scenarios:
        name = scenario.document.name
        expanded = plays_of(scenario, options.repeat)
        reason = (unavailable or {}).get(name) or _reason_to_leave_out(scenario, expanded[0], options.sleep, place)
        if reason is None:
            # A control that cannot be played here is not run; the judge says why by the same rule.
            wanted = (play for play in expanded if options.only is None or play.role == "story")
            plays += [play for play in wanted if fit(play, place).reason is None]
        else:
            left_out[name] = reason
    return RunPlan(scenarios, plays, left_out)


def _reason_to_leave_out(scenario: Scenario, story: Play, sleep: SleepMode | None, place: Place) -> str | None:
    for placed in every(scenario.steps):
        step = placed.step
        if isinstance(step, Hibernate) and step.natural and sleep == "evict":
            return "it tests the runtime's idle timer, which --sleep evict bypasses"
        if isinstance(step, Hibernate) and step.forced and sleep == "idle":
            return "it tests forced eviction, which --sleep idle does not use"
    return fit(story, place).reason


def _worker_key(play: Play) -> str | None:
    """Return what distinguishes one worker from another, its variables and secrets included."""
    if play.worker is None:
        return None
    folder = (Path(play.scenario.file).absolute().parent / play.worker.dir).resolve()
    return repr((str(folder), play.worker.model_dump(exclude={"dir"}), sorted(play.scenario.document.secrets)))
