"""The plays of a scenario: the story itself, and each distinct control with its one change made."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from poc_cli.scenario.client_groups import ClientGroups
from poc_cli.scenario.model import (
    Claim,
    Control,
    ObjectRef,
    Repeat,
    Restart,
    Step,
    WorkerRef,
)
from poc_cli.scenario.scenario import PlacedStep, Scenario
from poc_cli.scenario.templates import render

HEAVY = "heavy"
"""The tag of scenarios that keep a runtime busy for long: other plays would wait for it in vain."""

CONFIRM: Final = "confirm"
"""The role of a story that is played once more, with module state put back at each sleep."""

Expected = Literal["refuted", "unknown", "held"]


@dataclass(frozen=True, slots=True)
class Play:
    """One performance: `decides` names the claims it is for, `expect` what a control must come out as.

    `clients` are single ones and `steps` are written out: no client has a count and no step is a `repeat`.
    `worker` is the folder of the worker it is about, relative to the file, where it is not the one of the run.
    `round` counts the performances of a story that is played several times.
    """

    label: str
    role: Literal["story", "control", "confirm"]
    decides: tuple[str, ...]
    expect: Expected | None
    clients: ClientGroups
    vars: Mapping[str, object]
    objects: Mapping[str, ObjectRef]
    steps: tuple[PlacedStep, ...]
    worker: WorkerRef | None
    scenario: Scenario
    round: int = 1

    def names(self, play_id: str) -> dict[str, object]:
        """Return the names bound when the play starts: `play`, and each var with its `{play}` filled in."""
        bound: dict[str, object] = {"play": play_id}
        return bound | {name: render(value, bound) for name, value in self.vars.items()}

    def members(self, name: str) -> tuple[str, ...]:
        """Return the clients that a name in a step means: itself, all of `ann` with a count, or every one for `*`."""
        return self.clients.members(name)

    def client_bound(self, name: str) -> Mapping[str, object]:
        """Return the names for a client's path, headers and subprotocols beyond the play's: `{i}`, its number."""
        return self.clients.bound(name)

    @property
    def alone(self) -> bool:
        """Whether it needs a runtime of its own: it ends the runtime, measures it, or keeps it from all others.

        So does a play of an object that is named by its id: every other play of it would meet the same one.
        """
        ends = any(isinstance(placed.step, Restart) and placed.step.restart != "object" for placed in self.steps)
        named = all(each.id is None for each in self.objects.values())
        return ends or not named or self.scenario.document.measures or HEAVY in self.scenario.document.tags


@lru_cache(maxsize=256)
def plays_of(scenario: Scenario, repeat: int = 1) -> tuple[Play, ...]:
    """Return the story first, as often as it is repeated, then each distinct control in the order of the claims.

    A control shows what its check can see, and one performance shows that.
    """
    story = _story(scenario)
    again = (replace(story, label=f"{story.label}#{number}", round=number) for number in range(2, repeat + 1))
    return (story, *again, *_controls(scenario, story))


def patience(play: Play, step: Step) -> Literal["sleep", "awake"]:
    """Return what a step of the play waits for before it gives up: for its object to sleep, or to see it stay awake.

    Where steps name a claim that the object stays awake, it is those that wait for it; else all of its story.
    """
    if play.expect == "unknown":
        return "awake"
    awake = {claim.id for claim in play.scenario.document.claim if claim.check == "stays-awake"}
    if any(placed.step.claim in awake for placed in play.steps):
        return "awake" if step.claim in awake else "sleep"
    return "awake" if awake and play.role == "story" else "sleep"


def should_stay_awake(play: Play, index: int) -> bool:
    """Return whether a step is there to show that an object does not sleep."""
    claims = {claim.id for claim in play.scenario.document.claim if claim.check == "stays-awake"}
    return play.steps[index].step.claim in claims


def _story(scenario: Scenario) -> Play:
    document = scenario.document
    return Play(
        label=document.name,
        role="story",
        decides=tuple(claim.id for claim in document.claim),
        expect=None,
        clients=ClientGroups(document.clients),
        vars=document.vars,
        objects=scenario.objects,
        steps=_written_out(scenario.steps),
        worker=document.worker,
        scenario=scenario,
    )


def _controls(scenario: Scenario, story: Play) -> Iterator[Play]:
    alike: dict[str, list[tuple[Claim, Control]]] = {}
    for claim in scenario.document.claim:
        if claim.control is not None:
            # How each claim must fail is its own. As JSON, because Python holds 1, 1.0 and true for the same, and they
            # are different controls.
            change = json.dumps(claim.control.model_dump(mode="json", exclude={"failure"}), sort_keys=True)
            alike.setdefault(change, []).append((claim, claim.control))
    for group in alike.values():
        claim, control = group[0]
        own = scenario.controls.get(claim.id)
        yield Play(
            label=f"{scenario.document.name}~{claim.id}",
            role="control",
            decides=tuple(claim.id for claim, _ in group),
            expect=control.expect,
            clients=ClientGroups({**scenario.document.clients, **control.clients}),
            vars={**scenario.document.vars, **control.vars},
            objects=scenario.objects,
            steps=story.steps if own is None else _written_out(own),
            worker=scenario.document.worker if control.worker is None else control.worker,
            scenario=scenario,
        )


def _written_out(steps: Sequence[PlacedStep]) -> tuple[PlacedStep, ...]:
    return tuple(_each(steps, {}))


def _each(steps: Sequence[PlacedStep], bound: Mapping[str, object]) -> Iterator[PlacedStep]:
    """Yield the steps in the order in which they are played, each repeat written out with its counter bound."""
    for placed in steps:
        if isinstance(placed.step, Repeat):
            counter = placed.step.as_
            for number in range(1, placed.step.repeat + 1):
                yield from _each(placed.inner, bound if counter is None else {**bound, counter: number})
        else:
            yield replace(placed, bound=bound) if bound else placed
