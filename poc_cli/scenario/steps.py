"""Reads each step as its verb's model, the steps of a `repeat` too."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from poc_cli.errors import did_you_mean
from poc_cli.scenario import validation_errors
from poc_cli.scenario.model import VERBS, Repeat, Step
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import Path, kind, shown

DEEPEST_REPEAT: Final = 3
"""Repeats within one another; a story that needs more is no story."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step with the way to it, and the steps that it repeats."""

    path: Path
    step: Step
    inner: tuple["Node", ...] = ()


def every_step(nodes: Sequence[Node]) -> Iterator[Step]:
    """Return each step once, however often it is repeated."""
    return (node.step for node in every_node(nodes))


def every_node(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield each step with the way to it once, one that repeats before what it repeats."""
    for node in nodes:
        yield node
        yield from every_node(node.inner)


def nodes_of(raw: object, path: Path, problems: list[Problem], repeats: int = 0) -> tuple[Node, ...]:
    """Return the steps in `raw`, which stands at `path` within so many repeats; adds what is wrong to the problems."""
    nodes: list[Node] = []
    for index, table in enumerate(raw if isinstance(raw, list) else []):
        node = _node(table, (*path, index), problems, repeats)
        if node is not None:
            nodes.append(node)
    return tuple(nodes)


_Model = TypeVar("_Model", bound=BaseModel)


def validated(model: type[_Model], raw: object, noun: str, path: Path, problems: list[Problem]) -> _Model | None:
    """Return the model of what stands at `path`; where it is refused, add why to the problems and give None."""
    try:
        return model.model_validate(raw, by_alias=True, by_name=False)
    except ValidationError as error:
        problems.extend(validation_errors.problems_of(error, model, noun, path))
        return None


def _node(table: object, way: Path, problems: list[Problem], repeats: int) -> Node | None:
    verb = _verb(table, way)
    if isinstance(verb, Problem):
        problems.append(verb)
        return None
    step = validated(VERBS[verb], table, f'"{verb}"', way, problems)
    inner: tuple[Node, ...] = ()
    if VERBS[verb] is Repeat and isinstance(table, dict):
        if repeats == DEEPEST_REPEAT:
            message = f"repeats stand at most {DEEPEST_REPEAT} within one another"
            problems.append(Problem((*way, verb), message, "write the innermost steps out", at="key"))
            return None
        inner = nodes_of(table.get("steps"), (*way, "steps"), problems, repeats + 1)
    return None if step is None else Node(way, step, inner)


def _verb(table: object, way: Path) -> str | Problem:
    """Return the one verb of a step, or what is wrong with it."""
    if not isinstance(table, dict):
        return Problem(way, f"a step must be a table with a verb, not {kind(table)}")
    verbs: list[str] = [key for key in table if key in VERBS]
    if len(verbs) == 1:
        return verbs[0]
    if verbs:
        both = " and ".join(shown(verb) for verb in verbs)
        return Problem((*way, verbs[1]), f"a step has one verb, and this has {both}", "make two steps of it", at="key")
    details = {key for model in VERBS.values() for key in validation_errors.keys(model)}
    unknown = next((key for key in table if key not in details), None)
    if unknown is None:
        return Problem(way, "this step has no verb", did_you_mean("", VERBS), at="key")
    return Problem((*way, unknown), f"{shown(unknown)} is not a verb", did_you_mean(unknown, VERBS), at="key")
