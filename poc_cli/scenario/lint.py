"""What the models cannot see: names that lead nowhere, claims that nothing decides, values that cannot be sent.

Never reads a file; it goes over one that the models have taken.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from poc_cli.errors import did_you_mean
from poc_cli.scenario import where
from poc_cli.scenario.explain import Problem
from poc_cli.scenario.matching import check_form, expected_messages
from poc_cli.scenario.model import CHECKS, Claim, ClientSpec, Connect, Exchange, ObjectRef, ScenarioFile, Step
from poc_cli.scenario.templates import names_in, templates_in
from poc_cli.scenario.values import Path, shown

EVERY_CLIENT = "*"

PlacedSteps = Sequence[tuple[Path, Step]]
"""Steps with the way to each."""


@dataclass(frozen=True, slots=True)
class _Performance:
    """What the story or one control plays: its clients and vars (with the way to each), its steps."""

    clients: Mapping[str, tuple[Path, ClientSpec]]
    vars: Mapping[str, tuple[Path, object]]
    steps: PlacedSteps


def problems_of(
    document: ScenarioFile,
    steps: PlacedSteps,
    controls: Mapping[int, PlacedSteps],
    objects: Mapping[str, ObjectRef],
) -> Iterator[Problem]:
    """Give every problem, in no order; `controls` holds the steps of controls that bring their own, by claim."""
    yield from _objects(document, objects)
    yield from _claims(document, steps, controls, objects)
    story = _Performance(
        {name: (("clients", name), client) for name, client in document.clients.items()},
        {name: (("vars", name), value) for name, value in document.vars.items()},
        steps,
    )
    yield from _performance(story, document, objects)
    for index, claim in enumerate(document.claim):
        if claim.control is not None:
            yield from _control_names(index, claim, document)
            yield from _performance(_changed(story, index, claim, controls), document, objects)


def _changed(story: _Performance, index: int, claim: Claim, controls: Mapping[int, PlacedSteps]) -> _Performance:
    control, way = claim.control, ("claim", index, "control")
    clients = control.clients if control is not None else {}
    variables = control.vars if control is not None else {}
    return _Performance(
        {**story.clients, **{name: ((*way, "clients", name), client) for name, client in clients.items()}},
        {**story.vars, **{name: ((*way, "vars", name), value) for name, value in variables.items()}},
        controls.get(index, story.steps),
    )


def _objects(document: ScenarioFile, objects: Mapping[str, ObjectRef]) -> Iterator[Problem]:
    if document.object is not None and document.objects:
        yield Problem(("objects",), 'give "object" for one or "objects" for several, not both', at="key")
    for name, reference in objects.items():
        path: Path = ("object",) if document.object is not None else ("objects", name)
        if reference.name is None:
            continue
        yield from _unknown_names(reference.name, (*path, "name"), {"play", *document.vars})
        if "play" not in names_in(reference.name):
            message = f"{shown(reference.name)} would be the same object in every play"
            yield Problem((*path, "name"), message, 'put {play} into the name, like "{play}" or "room-{play}"')


def _claims(
    document: ScenarioFile,
    steps: PlacedSteps,
    controls: Mapping[int, PlacedSteps],
    objects: Mapping[str, ObjectRef],
) -> Iterator[Problem]:
    named = {step.claim for _, step in steps}
    seen: set[str] = set()
    for index, claim in enumerate(document.claim):
        path: Path = ("claim", index)
        if claim.id in seen:
            yield Problem((*path, "id"), f'a claim "{claim.id}" is there already; each id stands once')
        seen.add(claim.id)
        yield from _check(claim, path, decided=claim.id in named)
        yield from _known_objects(claim.of or [], (*path, "of"), objects)
        if index in controls and claim.check is None and all(step.claim != claim.id for _, step in controls[index]):
            message = f'no step of the control names the claim "{claim.id}", so the control decides nothing'
            yield Problem((*path, "control", "steps"), message, f'add claim = "{claim.id}" to a step of the control')


def _check(claim: Claim, path: Path, *, decided: bool) -> Iterator[Problem]:
    if claim.check is None and not decided:
        advice = f'give it a "check", or add claim = "{claim.id}" to a step'
        yield Problem((*path, "id"), f'nothing decides the claim "{claim.id}"', advice)
    if claim.check is not None and claim.check not in CHECKS:
        yield Problem((*path, "check"), f"{shown(claim.check)} is not a check", did_you_mean(claim.check, CHECKS))
    if claim.check == "wake-under" and claim.limit is None:
        yield Problem((*path, "check"), '"wake-under" needs a "limit"', 'add one, like limit = "200ms"')
    if claim.check != "wake-under" and claim.limit is not None:
        yield Problem((*path, "limit"), 'only a claim with check = "wake-under" has a "limit"', at="key")


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
                message = f'the story has no {noun} "{name}" that the control could change'
                yield Problem(("claim", index, "control", key, name), message, did_you_mean(name, known), at="key")


def _performance(played: _Performance, document: ScenarioFile, objects: Mapping[str, ObjectRef]) -> Iterator[Problem]:
    for path, value in played.vars.values():
        if path[-1] == "play":
            yield Problem(path, '"play" is the name of the play itself and cannot be a var', at="key")
        yield from _unknown_names(value, path, {"play"})
    known = {"play", *played.vars}
    # Captures may stand in a client's path: whether they are made before it connects is asked at that step.
    captures = {name for _, step in played.steps if isinstance(step, Exchange) for name in step.capture}
    for path, client in played.clients.values():
        yield from _unknown_names(client.model_dump(), path, known | captures)
    claims = [claim.id for claim in document.claim]
    for path, step in played.steps:
        if step.claim is not None and step.claim not in claims:
            yield Problem((*path, "claim"), f"there is no claim {shown(step.claim)}", did_you_mean(step.claim, claims))
        yield from _named_clients(step, path, played)
        yield from _named_objects(step, path, objects)
        yield from _connects(step, played, captures - known)
        yield from _messages(step, path, known)
        if isinstance(step, Exchange):
            yield from _exchange(step, path, known, played)
            known |= step.capture.keys()


def _named_clients(step: Step, path: Path, played: _Performance) -> Iterator[Problem]:
    for key in step.names_clients:
        names = _names(step, key)
        way = (*path, key)
        for name, times in Counter(names).items():
            if name == EVERY_CLIENT:
                if not step.allows_every_client:
                    yield Problem(way, f'"{key}" takes one client, not every one', did_you_mean("", played.clients))
                elif len(names) > 1:
                    yield Problem(way, '"*" means every client, so it stands alone')
            elif name not in played.clients:
                yield Problem(way, f"there is no client {shown(name)}", did_you_mean(name, played.clients))
            elif times > 1:
                yield Problem(way, f"{shown(name)} is named {times} times")


def _named_objects(step: Step, path: Path, objects: Mapping[str, ObjectRef]) -> Iterator[Problem]:
    if step.needs_object and not objects:
        advice = 'add object = { class = "…", name = "{play}" } above the steps'
        yield Problem(path, f'"{step.verb}" acts on an object, and the scenario names none', advice, at="key")
    else:
        yield from _known_objects(_names(step, "of"), (*path, "of"), objects)


def _known_objects(names: Sequence[str], path: Path, objects: Mapping[str, ObjectRef]) -> Iterator[Problem]:
    for name, times in Counter(names).items():
        if name not in objects:
            yield Problem(path, f"there is no object {shown(name)}", did_you_mean(name, objects))
        elif times > 1:
            yield Problem(path, f"{shown(name)} is named {times} times")


def _names(step: Step, key: str) -> list[str]:
    value = getattr(step, key, None)
    return [value] if isinstance(value, str) else list(value or [])


def _connects(step: Step, played: _Performance, later: set[str]) -> Iterator[Problem]:
    """Give a problem for each name that a client needs when it connects and that only a later step captures."""
    if not isinstance(step, Connect):
        return
    for name in played.clients if EVERY_CLIENT in step.connect else step.connect:
        if name in played.clients:
            path, client = played.clients[name]
            for way, missing in templates_in(client.model_dump(), path):
                if missing in later:
                    yield Problem(way, f'{{{missing}}} is captured only after "{name}" connects')


def _messages(step: Step, path: Path, known: set[str]) -> Iterator[Problem]:
    for key in step.fills_templates:
        value = getattr(step, key)
        yield from _unknown_names(value, (*path, key), known)
        if isinstance(value, list) and key == "send":
            advice = "several messages are several steps; one message that is a list is { json = [...] }"
            yield Problem((*path, key), '"send" is one message, not a list', advice)
        elif isinstance(value, list) and not value:
            yield Problem((*path, key), f'"{key}" names no message')
        for message in expected_messages(value):
            if names_in(message):
                continue  # what it will be is known only when it is filled in
            try:
                check_form(message)
            except ValueError as error:
                yield Problem((*path, key), f'"{key}": {error}')


def _exchange(step: Exchange, path: Path, known: set[str], played: _Performance) -> Iterator[Problem]:
    for index, text in enumerate(step.where):
        way = (*path, "where", index)
        try:
            condition = where.parse(text)
        except ValueError as error:
            yield Problem(way, str(error))
            continue
        for name in sorted(condition.names - known):
            yield _unknown(name, way, known)
        for name in sorted(names_in(condition.literal) & known):
            yield Problem(way, f'"{{{name}}}" is not filled in inside quotes', f"write it without them: {{{name}}}")
    for name, text in step.capture.items():
        way = (*path, "capture", name)
        try:
            where.lookup(None, text)
        except ValueError as error:
            yield Problem(way, str(error))
        if name == "play" or name in played.vars:
            yield Problem(way, f'"{name}" is a name already; capture under another one', at="key")
    clients = [name for key in step.names_clients for name in _names(step, key)]
    if step.capture and (len(clients) != 1 or EVERY_CLIENT in clients):
        yield Problem((*path, "capture"), "a capture needs a step with one client: whose answer would it be?", at="key")


def _unknown_names(value: object, path: Path, known: set[str]) -> Iterator[Problem]:
    for way, name in templates_in(value, path):
        if name not in known:
            yield _unknown(name, way, known)


def _unknown(name: str, path: Path, known: set[str]) -> Problem:
    advice = f"{did_you_mean(name, known)} (the braces themselves are written {{{{{name}}}}})"
    return Problem(path, f"{{{name}}} is not known here", advice)
