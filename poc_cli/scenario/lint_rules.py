"""Lint rules for whole files, such as claims that nothing decides and controls that change nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from poc_cli.errors import did_you_mean
from poc_cli.scenario.check_names import ENTRIES, MEANINGS, NO_SECRET_LEAVES, entry_of
from poc_cli.scenario.lint_clients import given_names, problems_of_file
from poc_cli.scenario.lint_flow import PlayState, captured_by, known_objects, problems_of_play
from poc_cli.scenario.lint_messages import unknown_names, weak_conditions
from poc_cli.scenario.model import Claim, ObjectRef, Repeat, ScenarioFile, Taking
from poc_cli.scenario.steps import Node, every_node, every_step
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import Path, shown

Nodes = Sequence[Node]

MOST_STEPS: Final = 20_000
"""The most steps a file may have, repeats expanded. A play is held in memory and judged as a whole."""


def problems_of(
    document: ScenarioFile,
    steps: Nodes,
    controls: Mapping[int, Nodes],
    objects: Mapping[str, ObjectRef],
) -> Iterator[Problem]:
    """Yield every problem, in no order; `controls` maps the index of a claim to its control's own steps."""
    yield from _objects(document, objects, {name for step in every_step(steps) for name in captured_by(step)})
    yield from problems_of_file(document)
    yield from _reserved(document.claim)
    yield from _claims(document, steps, controls, objects)
    for nodes in (steps, *controls.values()):
        yield from _ids(nodes)
    yield from _length([*steps, *(node for own in controls.values() for node in own)])
    story = PlayState(
        {name: (("clients", name), client) for name, client in document.clients.items()},
        {name: (("vars", name), value) for name, value in document.vars.items()},
        steps,
        given_names(document),
    )
    claims = [claim.id for claim in document.claim]
    yield from problems_of_play(story, claims, objects)
    for index, claim in enumerate(document.claim):
        if claim.control is not None:
            yield from _control_names(index, claim, document)
            yield from problems_of_play(_changed(story, index, claim, controls), claims, objects)


def _reserved(claims: Sequence[Claim]) -> Iterator[Problem]:
    for index, claim in enumerate(claims):
        if claim.id == NO_SECRET_LEAVES:
            reason = f'"{claim.id}" is the claim that poc adds when a secret left the worker'
            yield Problem(("claim", index, "id"), reason, "give it another name")


def _changed(story: PlayState, index: int, claim: Claim, controls: Mapping[int, Nodes]) -> PlayState:
    control, way = claim.control, ("claim", index, "control")
    clients = control.clients if control is not None else {}
    variables = control.vars if control is not None else {}
    return PlayState(
        {**story.clients, **{name: ((*way, "clients", name), client) for name, client in clients.items()}},
        {**story.vars, **{name: ((*way, "vars", name), value) for name, value in variables.items()}},
        controls.get(index, story.steps),
        story.given,
    )


def _length(nodes: Nodes) -> Iterator[Problem]:
    """Yield a problem at the step with which the file becomes too long, repeats expanded."""
    length = 0
    for node in nodes:
        length += _written_out(node)
        if length > MOST_STEPS:
            message = f"with this step, the story has {length} steps (repeats expanded); the limit is {MOST_STEPS}"
            yield Problem(node.path, message, at="key")
            return


def _written_out(node: Node) -> int:
    return node.step.repeat * sum(map(_written_out, node.inner)) if isinstance(node.step, Repeat) else 1


def _objects(document: ScenarioFile, objects: Mapping[str, ObjectRef], captured: set[str]) -> Iterator[Problem]:
    if document.object is not None and document.objects:
        yield Problem(("objects",), 'use "object" for one object or "objects" for several, not both', at="key")
    for name, reference in objects.items():
        path: Path = ("object",) if document.object is not None else ("objects", name)
        key = "id" if reference.name is None else "name"
        yield from unknown_names(reference.identity, (*path, key), {"play", *document.vars, *captured})


def _claims(
    document: ScenarioFile,
    steps: Nodes,
    controls: Mapping[int, Nodes],
    objects: Mapping[str, ObjectRef],
) -> Iterator[Problem]:
    named = {step.claim for step in every_step(steps)}
    seen: set[str] = set()
    for index, claim in enumerate(document.claim):
        path: Path = ("claim", index)
        if claim.id in seen:
            yield Problem((*path, "id"), f'there is already a claim "{claim.id}"; ids must be unique')
        seen.add(claim.id)
        yield from _check(claim, path, decided=claim.id in named)
        yield from known_objects(claim.of or [], (*path, "of"), objects)
        yield from _after(claim, path, steps, controls.get(index))
        if (
            index in controls
            and claim.check is None
            and all(step.claim != claim.id for step in every_step(controls[index]))
        ):
            message = f'no step of the control names the claim "{claim.id}", so the control decides nothing'
            yield Problem((*path, "control", "steps"), message, f'add claim = "{claim.id}" to a step of the control')


def weaknesses_of(document: ScenarioFile, steps: Nodes, controls: Mapping[int, Nodes]) -> Iterator[Problem]:
    """Yield a problem for each condition that nothing could break, and each claim that could hold without evidence.

    Only new files are checked for this: older records contain such claims, and the judge can still read them.
    """
    for node in every_node([*steps, *(node for own in controls.values() for node in own)]):
        yield from weak_conditions(node.step, node.path)
    for index, claim in enumerate(document.claim):
        path: Path = ("claim", index)
        if claim.check is not None:
            continue
        if claim.matrix is not None:
            message = f'no check shows whether the state in the matrix cell of "{claim.id}" was lost or kept'
            yield Problem((*path, "matrix"), message, 'add a check to the claim, like check = "holds-after-loss"')
        for nodes, where in ((steps, "the story"), (controls.get(index), "the control")):
            named = [step for step in every_step(nodes or ()) if step.claim == claim.id]
            if named and not any(step.shows_something for step in named):
                reason = f'no {named[0].verb} step shows anything by itself, and {where} has no other for "{claim.id}"'
                yield Problem((*path, "id"), reason, f'add claim = "{claim.id}" to a step that expects something')


def _after(claim: Claim, path: Path, steps: Nodes, own: Nodes | None) -> Iterator[Problem]:
    """Yield problems with the `after` of a claim."""
    if claim.after is None:
        return
    if entry_of(claim.check).wants_awake:
        message = f'"{claim.check}" is about the steps that name the claim, so "after" cannot be used'
        yield Problem((*path, "after"), message, f'add claim = "{claim.id}" to the hibernate step', at="key")
        return
    for nodes, where in ((steps, "the story"), (own, "the claim's control")):
        if nodes is None:
            continue
        in_order = list(every_step(nodes))
        named = [step.id for step in in_order if isinstance(step, Taking) and step.id is not None]
        if claim.after not in named:
            message = f"no hibernate, restart or kill step of {where} has the id {shown(claim.after)}"
            yield Problem((*path, "after"), message, did_you_mean(claim.after, named))
            continue
        meant = next(step for step in in_order if isinstance(step, Taking) and step.id == claim.after)
        before = next((step for step in in_order if step is meant or step.claim == claim.id), meant)
        if before is not meant:
            message = f"a step of {where} that decides the claim comes before the step {shown(claim.after)}"
            yield Problem((*path, "after"), message)


def _ids(steps: Nodes) -> Iterator[Problem]:
    """Yield a problem for each duplicate id of a step."""
    seen: set[str] = set()
    for node in every_node(steps):
        if not isinstance(node.step, Taking) or node.step.id is None:
            continue
        if node.step.id in seen:
            yield Problem((*node.path, "id"), f"there is already a step {shown(node.step.id)}; ids must be unique")
        seen.add(node.step.id)


def _check(claim: Claim, path: Path, *, decided: bool) -> Iterator[Problem]:
    if claim.check is None and not decided:
        advice = f'add a "check", or add claim = "{claim.id}" to a step'
        yield Problem((*path, "id"), f'nothing decides the claim "{claim.id}"', advice)
    if claim.check is not None and claim.check not in MEANINGS:
        yield Problem((*path, "check"), f"{shown(claim.check)} is not a check", did_you_mean(claim.check, MEANINGS))
    if entry_of(claim.check).has_limit and claim.limit is None:
        yield Problem((*path, "check"), f'"{claim.check}" needs a "limit"', 'add one, like limit = "200ms"')
    if not entry_of(claim.check).has_limit and claim.limit is not None:
        limited = " or ".join(f'"{name}"' for name, entry in ENTRIES.items() if entry.has_limit)
        yield Problem((*path, "limit"), f'"limit" requires check = {limited}', at="key")
    yield from _most(claim, path)


def _most(claim: Claim, path: Path) -> Iterator[Problem]:
    """Yield what is wrong with the keys of the checks that count wakes and time in memory."""
    limits = entry_of(claim.check).limits
    if limits is None and claim.most is not None:
        limited = " or ".join(f'"{name}"' for name, entry in ENTRIES.items() if entry.limits is not None)
        yield Problem((*path, "most"), f'"most" requires check = {limited}', at="key")
    if limits == "number" and (not isinstance(claim.most, int) or claim.most < 0):
        yield Problem((*path, "check"), f'"{claim.check}" needs a number as "most"', "add one, like most = 2")
    if limits == "share" and claim.share is None:
        yield Problem((*path, "check"), f'"{claim.check}" needs a share as "most"', 'add one, like most = "20%"')
    for key, value in (("within", claim.within), ("woken_by", claim.woken_by)):
        if limits != "number" and value is not None:
            counting = " or ".join(f'"{name}"' for name, entry in ENTRIES.items() if entry.limits == "number")
            yield Problem((*path, key), f'"{key}" requires check = {counting}', at="key")


def _control_names(index: int, claim: Claim, document: ScenarioFile) -> Iterator[Problem]:
    if claim.control is None:
        return
    changes = (
        ("clients", "client", claim.control.clients, document.clients),
        ("vars", "var", claim.control.vars, document.vars),
    )
    for key, noun, changed, known in changes:
        for name in changed:
            if name not in known:
                message = f'the control changes the {noun} "{name}", which the story does not have'
                yield Problem(("claim", index, "control", key, name), message, did_you_mean(name, known), at="key")
