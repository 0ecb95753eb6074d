"""A scenario that has been read: the typed file, its steps with their places, and the objects it is about."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from poc_cli.errors import Position
from poc_cli.scenario.model import ObjectRef, ScenarioFile, Step


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """One step and where it stands in its file.

    `inner` holds the steps that a `repeat` repeats. The steps of a play are written out: none is a `repeat`, and
    `bound` holds the counters of the repeats around each.
    """

    step: Step
    position: Position
    inner: tuple["PlacedStep", ...] = ()
    bound: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """One file; `controls` holds, by the claim's id, the steps of each control that brings its own.

    Equal to itself alone, so that what follows from it can be remembered by it.
    """

    file: str
    text: str
    sha256: str
    document: ScenarioFile
    steps: tuple[PlacedStep, ...]
    objects: Mapping[str, ObjectRef]
    controls: Mapping[str, tuple[PlacedStep, ...]]


def every(steps: Iterable[PlacedStep]) -> Iterator[PlacedStep]:
    """Yield each step as it stands in the file, a repeat before what it repeats."""
    for placed in steps:
        yield placed
        yield from every(placed.inner)
