"""The plays of a scenario: the story itself, and each distinct control with its one change made.

Never runs them and never judges what came out.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from poc_cli.scenario.model import Claim, ClientSpec, Control, ObjectRef
from poc_cli.scenario.story import PlacedStep, Scenario
from poc_cli.scenario.templates import render

Expected = Literal["refuted", "unknown", "held"]


@dataclass(frozen=True, slots=True)
class Play:
    """One performance: `decides` names the claims it is for, `expect` what a control must come out as."""

    label: str
    role: Literal["story", "control"]
    decides: tuple[str, ...]
    expect: Expected | None
    clients: Mapping[str, ClientSpec]
    vars: Mapping[str, object]
    objects: Mapping[str, ObjectRef]
    steps: tuple[PlacedStep, ...]
    scenario: Scenario

    def names(self, play_id: str) -> dict[str, object]:
        """Give the names bound when the play starts: `play`, and each var with its `{play}` filled in."""
        bound: dict[str, object] = {"play": play_id}
        return bound | {name: render(value, bound) for name, value in self.vars.items()}


def plays_of(scenario: Scenario) -> tuple[Play, ...]:
    """Give the story first, then each distinct control in the order of the claims."""
    return (_story(scenario), *_controls(scenario))


def patience(play: Play) -> Literal["sleep", "awake"]:
    """Give what the play waits for before it gives up: for its object to sleep, or to see it stay awake."""
    claims = play.scenario.document.claim
    stays_awake = any(claim.check == "stays-awake" for claim in claims)
    if play.role == "story":
        return "awake" if stays_awake else "sleep"
    refutes_sleep = any(claim.check == "sleeps" for claim in claims if claim.id in play.decides)
    return "sleep" if play.expect == "refuted" and (refutes_sleep or stays_awake) else "awake"


def _story(scenario: Scenario) -> Play:
    document = scenario.document
    return Play(
        label=document.name,
        role="story",
        decides=tuple(claim.id for claim in document.claim),
        expect=None,
        clients=document.clients,
        vars=document.vars,
        objects=scenario.objects,
        steps=scenario.steps,
        scenario=scenario,
    )


def _controls(scenario: Scenario) -> Iterator[Play]:
    alike: dict[str, list[tuple[Claim, Control]]] = {}
    for claim in scenario.document.claim:
        if claim.control is not None:
            # As JSON, because Python holds 1, 1.0 and true for the same and they are different controls.
            change = json.dumps(claim.control.model_dump(mode="json"), sort_keys=True)
            alike.setdefault(change, []).append((claim, claim.control))
    for group in alike.values():
        claim, control = group[0]
        yield Play(
            label=f"{scenario.document.name}~{claim.id}",
            role="control",
            decides=tuple(claim.id for claim, _ in group),
            expect=control.expect,
            clients={**scenario.document.clients, **control.clients},
            vars={**scenario.document.vars, **control.vars},
            objects=scenario.objects,
            steps=scenario.controls.get(claim.id, scenario.steps),
            scenario=scenario,
        )
