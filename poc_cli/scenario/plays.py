"""Derive the plays of a scenario: the story itself, and each distinct control."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from poc_cli.scenario.check_names import entry_of
from poc_cli.scenario.client_groups import ClientGroups
from poc_cli.scenario.matching import Decoder
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
from poc_cli.scenario.templates import names_in, render

HEAVY = "heavy"
"""The tag of scenarios that keep a runtime so busy that other plays in it would time out."""

CONFIRM: Final = "confirm"
"""The role of a story that is played again, with module-level state reset at each sleep."""

Expected = Literal["refuted", "unknown", "held"]


@dataclass(frozen=True, slots=True)
class Play:
    """One play: `decides` lists the claims it is for, and `expect` is the expected verdict of a control.

    Clients with a count and `repeat` steps are expanded. `worker` is the worker of the scenario, None for that of the
    run. `round` counts the plays of a story that is played several times.
    """

    label: str
    role: Literal["story", "control", "confirm", "undisturbed", "disturbed"]
    decides: tuple[str, ...]
    expect: Expected | None
    clients: ClientGroups
    vars: Mapping[str, object]
    objects: Mapping[str, ObjectRef]
    steps: tuple[PlacedStep, ...]
    worker: WorkerRef | None
    scenario: Scenario
    round: int = 1
    gaps: tuple[int, ...] = ()
    """Of a session: the steps after which the objects are evicted."""

    asleep: tuple[str, ...] = ()
    """Of a session: the objects that are evicted while the others stay; empty if all are."""

    ignore: tuple[str, ...] = ()
    """Of a session: keys and paths of the command line that may differ."""

    slowed: bool = False
    """Of a session: whether it pauses where another one sleeps."""

    modules: tuple[str, ...] = ()
    """Of a confirming play: modules that are loaded before it begins, because an earlier one loaded them meanwhile."""

    hurried: frozenset[int] = frozenset()
    """Of a story that is confirmed: the steps that do not wait on once they have got enough other messages."""

    after_s: float = 0
    """How many seconds after the others it starts, so that clocks have moved on."""

    def names(self, play_id: str) -> dict[str, object]:
        """Return the names bound when the play starts: `play`, and each var with its `{play}` filled in.

        Environment variables are empty here, because their values are not recorded.
        """
        bound: dict[str, object] = {"play": play_id, **dict.fromkeys(self.scenario.variables, "")}
        return bound | {name: render(value, bound) for name, value in self.vars.items()}

    def members(self, name: str) -> tuple[str, ...]:
        """Return the clients that a name in a step refers to: one, all members of a group, or all for `*`."""
        return self.clients.members(name)

    def client_bound(self, name: str) -> Mapping[str, object]:
        """Return the names bound only in a client's path, headers and subprotocols: `{i}`, its number."""
        return self.clients.bound(name)

    def decoder(self, actor: str) -> Decoder | None:
        """Return how the JSON of a client's messages is found; None for anyone else, and where it is the whole text."""
        return self.clients.decoder(actor)

    @property
    def resets(self) -> bool:
        """Whether module state is reset at each sleep, which takes a runtime of its own.

        An object that stays in memory while another sleeps keeps the module state that it may rest on.
        """
        return self.role == CONFIRM or (self.role == "disturbed" and not self.asleep)

    @property
    def alone(self) -> bool:
        """Whether it needs its own runtime, because it ends the runtime, measures it, or keeps it busy.

        This includes plays with an object that other plays would share, because of its id or its fixed name.
        """
        ends = any(isinstance(placed.step, Restart) and placed.step.restart != "object" for placed in self.steps)
        shares = any(each.id is not None for each in self.objects.values()) or self.fixed_name is not None
        shares = shares or any(map(self.captured_for, self.objects))  # the worker may give two plays the same object
        return ends or shares or self.scenario.document.measures or HEAVY in self.scenario.document.tags

    @property
    def fixed_name(self) -> str | None:
        """Return an object's name that is the same in every play, None if there is none."""
        known = {label: each.name for label, each in self.objects.items() if not self.captured_for(label)}
        return next((name for name in known.values() if name is not None and not self._is_fresh(name)), None)

    def captured_for(self, label: str) -> frozenset[str]:
        """Return the names in an object's name or id that only a step of the play binds."""
        return frozenset(names_in(self.objects[label].identity) - {"play", *self.vars})

    def _is_fresh(self, name: str) -> bool:
        used = names_in(name)
        return "play" in used or any("play" in names_in(self.vars.get(each)) for each in used)


@lru_cache(maxsize=256)
def plays_of(scenario: Scenario, repeat: int = 1) -> tuple[Play, ...]:
    """Return the story, `repeat` times, and then each distinct control in the order of the claims.

    Controls are not repeated: one failure is enough to show that a check can fail.
    """
    story = _story(scenario)
    again = (replace(story, label=f"{story.label}#{number}", round=number) for number in range(2, repeat + 1))
    return (story, *again, *_controls(scenario, story))


def patience(play: Play, step: Step) -> Literal["sleep", "awake"]:
    """Return whether a step waits for its object to sleep, or long enough to see that it stays awake.

    If steps name a claim that the object stays awake, only those wait to see it stay awake; otherwise all steps do.
    """
    if play.expect == "unknown":
        return "awake"
    awake = {claim.id for claim in play.scenario.document.claim if entry_of(claim.check).wants_awake}
    if any(placed.step.claim in awake for placed in play.steps):
        return "awake" if step.claim in awake else "sleep"
    return "awake" if awake and play.role == "story" else "sleep"


def should_stay_awake(play: Play, index: int) -> bool:
    """Return whether the purpose of a step is to show that an object does not sleep."""
    claims = {claim.id for claim in play.scenario.document.claim if entry_of(claim.check).wants_awake}
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
        steps=_expanded(scenario.steps),
        worker=document.worker,
        scenario=scenario,
    )


def _controls(scenario: Scenario, story: Play) -> Iterator[Play]:
    alike: dict[str, list[tuple[Claim, Control]]] = {}
    for claim in scenario.document.claim:
        if claim.control is not None:
            # Controls that differ only in `failure` share a play. Compared as JSON, because 1, 1.0 and true are equal
            # in Python but make different controls.
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
            steps=story.steps if own is None else _expanded(own),
            worker=scenario.document.worker if control.worker is None else control.worker,
            scenario=scenario,
        )


def _expanded(steps: Sequence[PlacedStep]) -> tuple[PlacedStep, ...]:
    return tuple(_each(steps, {}))


def _each(steps: Sequence[PlacedStep], bound: Mapping[str, object]) -> Iterator[PlacedStep]:
    """Yield the steps in the order in which they are played, with repeats expanded and their counters bound."""
    for placed in steps:
        if isinstance(placed.step, Repeat):
            counter = placed.step.as_
            for number in range(1, placed.step.repeat + 1):
                yield from _each(placed.inner, bound if counter is None else {**bound, counter: number})
        else:
            yield replace(placed, bound=bound) if bound else placed
