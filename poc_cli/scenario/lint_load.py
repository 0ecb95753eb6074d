"""Lint rules for load scenarios: stages, messages without a mark, and claims that a load cannot decide."""

from collections.abc import Iterator, Mapping, Sequence

from poc_cli.errors import did_you_mean
from poc_cli.scenario.check_names import LOAD_MEANINGS
from poc_cli.scenario.lint_messages import unknown_names
from poc_cli.scenario.load_model import STAGES, LoadFile, LoadTable, Ramp, Stage
from poc_cli.scenario.matching import payload
from poc_cli.scenario.model import Claim, ObjectRef
from poc_cli.scenario.steps import validated, verb_of
from poc_cli.scenario.templates import names_in
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import Path, shown

MARK = "{mark}"
"""The placeholder in a message for the value that makes it unique."""

_STAGES: Path = ("load", "stages")


def stages_of(table: LoadTable) -> tuple[Stage, ...]:
    """Return the stages of a table that passed lint."""
    return _stages(table.stages, [])


def problems_of(document: LoadFile, objects: Mapping[str, ObjectRef]) -> list[Problem]:
    """Return every problem, in no order."""
    problems: list[Problem] = []
    stages = _stages(document.load.stages, problems)
    if not problems:
        problems += _order(stages)
    problems += _table(document.load)
    problems += _objects(document, objects)
    problems += _claims(document.claim)
    problems += _out_of_place(document)
    return problems


def _stages(raw: Sequence[object], problems: list[Problem]) -> tuple[Stage, ...]:
    found: list[Stage] = []
    for index, table in enumerate(raw):
        way: Path = (*_STAGES, index)
        verb = verb_of(table, way, STAGES, "stage", "stage")
        stage = verb if isinstance(verb, Problem) else validated(STAGES[verb], table, f'"{verb}"', way, problems)
        if isinstance(stage, Problem):
            problems.append(stage)
        elif stage is not None:
            found.append(stage)
    return tuple(found)


def _order(stages: Sequence[Stage]) -> Iterator[Problem]:
    ramps = [index for index, stage in enumerate(stages) if isinstance(stage, Ramp)]
    if ramps != [0]:
        yield Problem(
            _STAGES, "the first stage must be a ramp, and no other stage may be one", 'begin with { ramp = "5s" }'
        )


def _table(table: LoadTable) -> Iterator[Problem]:
    if table.rooms > table.sockets:
        message = f"{table.sockets} sockets are not enough for {table.rooms} rooms"
        yield Problem(("load", "rooms"), message, "use at most as many rooms as sockets")
    yield from unknown_names(table.path, ("load", "path"), {"play", "room", "i"})
    for name, value in table.headers.items():
        yield from unknown_names(value, ("load", "headers", name), {"play", "room", "i"})
    for name in ("exchange", "who", "broadcast"):
        yield from _message(getattr(table, name), ("load", name))


def _message(value: object, way: Path) -> Iterator[Problem]:
    try:
        sent = payload(value)
    except ValueError as error:
        yield Problem(way, str(error))
        return
    if isinstance(sent, str) and sent.count(MARK) != 1:
        message = f"the message must contain {MARK} exactly once, but contains it {sent.count(MARK)} times"
        yield Problem(way, message, f'put "{MARK}" in a value that the worker sends back')


def _objects(document: LoadFile, objects: Mapping[str, ObjectRef]) -> Iterator[Problem]:
    if document.objects:
        yield Problem(("objects",), 'a load scenario uses "object" for its rooms, not "objects"', at="key")
    for reference in objects.values():
        if reference.name is None:
            yield Problem(
                ("object", "id"), "the rooms of a load scenario need a name", "use a name with {play} and {room}"
            )
            continue
        yield from unknown_names(reference.name, ("object", "name"), {"play", "room"})
        missing = [name for name in ("play", "room") if name not in names_in(reference.name)]
        if missing and (missing != ["room"] or document.load.rooms > 1):
            message = f"{shown(reference.name)} would be the same for several rooms or plays"
            yield Problem(("object", "name"), message, 'use "{play}-{room}"')


def _claims(claims: Sequence[Claim]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        way: Path = ("claim", index)
        if claim.id in seen:
            yield Problem((*way, "id"), f'there is already a claim "{claim.id}"; ids must be unique')
        seen.add(claim.id)
        if claim.check is None:
            yield Problem((*way, "id"), f'nothing decides the claim "{claim.id}"', 'add a "check"')
        elif claim.check not in LOAD_MEANINGS:
            advice = did_you_mean(claim.check, LOAD_MEANINGS)
            yield Problem((*way, "check"), f"{shown(claim.check)} is not a check for load scenarios", advice)
        for key in ("control", "of", "after", "limit", "matrix"):
            if getattr(claim, key) is not None:
                yield Problem((*way, key), f'"{key}" is not available for claims of a load scenario', at="key")


def _out_of_place(document: LoadFile) -> Iterator[Problem]:
    for key in ("clients", "steps"):
        if getattr(document, key):
            advice = "define its sockets and stages in [load]"
            yield Problem((key,), f'"{key}" is not available in a load scenario', advice, at="key")
    for key in ("vars", "needs", "measures", "origin", "secrets", "secret", "public"):
        if getattr(document, key, None):
            yield Problem((key,), f'"{key}" is not available in a load scenario', at="key")
