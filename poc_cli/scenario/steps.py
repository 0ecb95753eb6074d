"""Validate each step with the model of its verb, including the steps inside a `repeat`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from poc_cli.errors import did_you_mean
from poc_cli.scenario import validation_errors
from poc_cli.scenario.model import VERBS, Repeat, Step
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import Path, kind, shown

DEEPEST_REPEAT: Final = 3
"""How deep repeats can be nested."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step with its path, and the steps inside it."""

    path: Path
    step: Step
    inner: tuple["Node", ...] = ()


def every_step(nodes: Sequence[Node]) -> Iterator[Step]:
    """Return each step once, without expanding repeats."""
    return (node.step for node in every_node(nodes))


def every_node(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield each step with its path once, a repeat before the steps inside it."""
    for node in nodes:
        yield node
        yield from every_node(node.inner)


def nodes_of(raw: object, path: Path, problems: list[Problem], repeats: int = 0) -> tuple[Node, ...]:
    """Return the valid steps in `raw`, which is at `path` inside `repeats` repeats; append problems to the list."""
    nodes: list[Node] = []
    for index, table in enumerate(raw if isinstance(raw, list) else []):
        node = _node(table, (*path, index), problems, repeats)
        if node is not None:
            nodes.append(node)
    return tuple(nodes)


_Model = TypeVar("_Model", bound=BaseModel)


def validated(model: type[_Model], raw: object, noun: str, path: Path, problems: list[Problem]) -> _Model | None:
    """Validate what is at `path`. If it is not valid, append the problems to the list and return None."""
    try:
        return model.model_validate(raw, by_alias=True, by_name=False)
    except ValidationError as error:
        problems.extend(validation_errors.problems_of(error, model, noun, path))
        return None


def _node(table: object, way: Path, problems: list[Problem], repeats: int) -> Node | None:
    verb = verb_of(table, way, VERBS, "step", "verb")
    if isinstance(verb, Problem):
        problems.append(verb)
        return None
    step = validated(VERBS[verb], table, f'"{verb}"', way, problems)
    inner: tuple[Node, ...] = ()
    if VERBS[verb] is Repeat and isinstance(table, dict):
        if repeats == DEEPEST_REPEAT:
            message = f"repeats can be nested at most {DEEPEST_REPEAT} deep"
            problems.append(Problem((*way, verb), message, "expand the innermost repeat by hand", at="key"))
            return None
        inner = nodes_of(table.get("steps"), (*way, "steps"), problems, repeats + 1)
    return None if step is None else Node(way, step, inner)


def verb_of(table: object, way: Path, models: Mapping[str, type[BaseModel]], noun: str, name: str) -> str | Problem:
    """Return the verb of a table, or the problem with it; `noun` is what the table is, `name` what its verb names."""
    if not isinstance(table, dict):
        return Problem(way, f"a {noun} must be a table with a verb, not {kind(table)}")
    verbs: list[str] = [key for key in table if key in models]
    if len(verbs) == 1:
        return verbs[0]
    if verbs:
        both = " and ".join(shown(verb) for verb in verbs)
        message = f"a {noun} has one verb, but this has {both}"
        return Problem((*way, verbs[1]), message, f"split it into two {noun}s", at="key")
    details = {key for model in models.values() for key in validation_errors.keys(model)}
    unknown = next((key for key in table if key not in details), None)
    if unknown is None:
        alone = next((advice for key, advice in _ALONE.items() if key in table), None)
        return Problem(way, f"this {noun} has no verb", alone or did_you_mean("", models), at="key")
    advice = _SAID_AS.get(unknown) if noun == "step" else None
    return Problem(
        (*way, unknown), f"{shown(unknown)} is not a {name}", advice or did_you_mean(unknown, models), at="key"
    )


_ALONE: Final[Mapping[str, str]] = {
    "send": 'say who sends it: { on = "ann", send = … }',
    "expect": 'say who receives it: { on = "ann", expect = … }',
}
"""What to add to a step that only has this key."""

_SAID_AS: Final[Mapping[str, str]] = {
    "sleep": '{ hibernate = "idle" } puts the object to sleep; { idle = "5s" } only waits',
    "wait": '{ idle = "5s" } waits',
    "disconnect": '{ close = "ann" } closes a connection, { kill = "ann" } breaks it',
    "evict": '{ hibernate = "evict" } evicts the object',
    "wake": '{ resume = "ann", send = … } wakes the object',
}
"""The step for a word that others would use."""
