"""What is valid in a scenario but most likely a mistake: `poc lint` warns of it, and it is played all the same."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import tomli

from poc_cli.errors import Position, ScenarioError
from poc_cli.scenario.client_groups import ClientGroups
from poc_cli.scenario.loader import LONGEST_LINE
from poc_cli.scenario.model import Close, Connect, Exchange, On, Resume, ScenarioFile, Taking
from poc_cli.scenario.positions import Positions, locate
from poc_cli.scenario.scenario import PlacedStep, Scenario, every
from poc_cli.scenario.values import leaves

_UNCLOSED: Final = re.compile(r"(?<!\{)\{([a-z][a-z0-9_.]*)(?![a-z0-9_.}])")
"""A template without its brace; `{{` stands for a brace, and JSON has a quote after one."""

_PATTERNS: Final = frozenset({"match", "hex_match"})

_WITH_WITNESS: Final = frozenset({"storage-survives", "attachments-survive", "memory-is-reset"})
"""The checks that compare the answers to one message before the sleep and after it."""

_Found = tuple[Position, str, str]
"""Where it is, what it is, and what to do."""


def warnings_of(scenario: Scenario) -> list[ScenarioError]:
    """Return the warnings in the order of the file; none for a file with a load."""
    document = scenario.document
    if not isinstance(document, ScenarioFile):
        return []
    positions = locate(scenario.text)
    raw = tomli.loads(scenario.text)
    found = [
        *_unused_captures(scenario, raw, positions),
        *_unclosed(raw, positions),
        *_sent_after_close(list(every(scenario.steps)), ClientGroups(document.clients)),
        *_sent_before_connect(list(every(scenario.steps)), ClientGroups(document.clients)),
        *_without_witness(list(every(scenario.steps)), document),
    ]
    lines = scenario.text.split("\n")
    return [_warning(scenario.file, lines, *each) for each in sorted(found)]


def _warning(file: str, lines: Sequence[str], place: Position, message: str, advice: str) -> ScenarioError:
    line = lines[place.line - 1].rstrip("\r").replace("\t", " ")
    shown = line if line.isprintable() and len(line) <= LONGEST_LINE else None
    return ScenarioError(file, f"warning: {message}", position=place, source_line=shown, advice=advice)


def _unused_captures(scenario: Scenario, raw: dict[str, Any], positions: Positions) -> Iterator[_Found]:
    for path, _ in leaves(raw):
        if len(path) > 1 and path[-2] == "capture" and isinstance(path[-1], str):
            name = path[-1]
            if re.search(rf"\{{{re.escape(name)}[.}}\[]", scenario.text) is None:
                yield positions.of(path), f'the captured value "{name}" is not used', f"use {{{name}}}, or leave it out"


def _unclosed(raw: dict[str, Any], positions: Positions) -> Iterator[_Found]:
    for path, text in leaves(raw):
        is_prose = {"title", "says", "source", "asks"} & {part for part in path if isinstance(part, str)}
        if not isinstance(text, str) or is_prose or path[-1] in _PATTERNS:
            continue
        match = _UNCLOSED.search(text)
        if match is not None:
            message = f'"{match[0]}" has no closing brace, so it is the text that it is'
            yield positions.value(path), message, f"write {{{match[1]}}}, or {{{{ for a brace"


def _sent_after_close(steps: Sequence[PlacedStep], clients: ClientGroups) -> Iterator[_Found]:
    """Yield the first step that sends something by each client that was closed and has not connected again."""
    closed: dict[str, int] = {}
    for placed in steps:
        step = placed.step
        if isinstance(step, Connect):
            for name in _members(clients, step.connect):
                closed.pop(name, None)
        elif isinstance(step, Close):
            closed |= dict.fromkeys(_members(clients, step.close), placed.position.line)
        elif isinstance(step, On):
            names = _members(clients, step.on)
            gone = next((name for name in names if name in closed), None)
            if step.sends and gone is not None:
                message = f'"{gone}" sends something, but it was closed at line {closed[gone]}'
                yield placed.position, message, f'connect it again first: {{ connect = "{gone}" }}'
                closed.pop(gone)
            if step.expects_close:
                closed |= dict.fromkeys(names, placed.position.line)


def _sent_before_connect(steps: Sequence[PlacedStep], clients: ClientGroups) -> Iterator[_Found]:
    """Yield the first step of each client that has not connected before."""
    connected: set[str] = set()
    for placed in steps:
        step = placed.step
        if isinstance(step, Connect):
            connected.update(_members(clients, step.connect))
        elif isinstance(step, On | Resume):
            named = step.on if isinstance(step, On) else [step.resume]
            absent = [name for name in _members(clients, named) if name not in connected]
            if absent:
                connected.update(absent)
                yield (
                    placed.position,
                    f'"{absent[0]}" has not connected',
                    f'connect it first: {{ connect = "{absent[0]}" }}',
                )


def _members(clients: ClientGroups, names: Sequence[str]) -> list[str]:
    return [member for name in names for member in clients.members(name)]


def _without_witness(steps: Sequence[PlacedStep], document: ScenarioFile) -> Iterator[_Found]:
    """Yield each claim about state whose message nobody sent before the sleep, so that it can never hold."""
    first = next((index for index, placed in enumerate(steps) if isinstance(placed.step, Taking)), len(steps))
    before = [placed.step.send for placed in steps[:first] if isinstance(placed.step, Exchange)]
    for claim in document.claim:
        if claim.check not in _WITH_WITNESS:
            continue
        for placed in steps[first:]:
            step = placed.step
            if isinstance(step, Exchange) and step.claim == claim.id and step.send is not None:
                if step.send not in before:
                    message = f'no step sends this before the sleep, so nothing shows that "{claim.id}" held there'
                    yield placed.position, message, "send the same message before the sleep, and expect an answer"
                break
