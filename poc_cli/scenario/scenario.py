"""A loaded scenario: the validated file, its steps with their positions, and its objects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from poc_cli.errors import Position
from poc_cli.scenario.model import ObjectRef, ScenarioFile, Step


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """One step and its position in the file.

    `inner` holds the steps of a `repeat`. In a play, repeats are expanded, and `bound` holds the counters of the
    repeats around each step.
    """

    step: Step
    position: Position
    inner: tuple["PlacedStep", ...] = ()
    bound: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """One file; `controls` maps the id of a claim to its control's own steps, if it has any.

    Compared by identity, so that results can be cached by scenario.
    """

    file: str
    text: str
    sha256: str
    document: ScenarioFile
    steps: tuple[PlacedStep, ...]
    objects: Mapping[str, ObjectRef]
    controls: Mapping[str, tuple[PlacedStep, ...]]
    variables: frozenset[str] = frozenset()
    """The names by which clients and steps use environment variables: `env.TOKEN`."""


def every(steps: Iterable[PlacedStep]) -> Iterator[PlacedStep]:
    """Yield each step in file order, a repeat before the steps inside it."""
    for placed in steps:
        yield placed
        yield from every(placed.inner)
