"""A scenario that has been read: the typed file, its steps with their places, and the objects it is about.

Never reads or checks anything; the loader makes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from poc_cli.errors import Position
from poc_cli.scenario.model import ObjectRef, ScenarioFile, Step


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """One step and where it stands in its file."""

    step: Step
    position: Position


@dataclass(frozen=True, slots=True)
class Scenario:
    """One file; `controls` holds, by the claim's id, the steps of each control that brings its own."""

    file: str
    text: str
    sha256: str
    document: ScenarioFile
    steps: tuple[PlacedStep, ...]
    objects: Mapping[str, ObjectRef]
    controls: Mapping[str, tuple[PlacedStep, ...]]
