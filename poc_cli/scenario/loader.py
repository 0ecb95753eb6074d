"""Load scenarios from TOML, or raise one error that says where the file is wrong and what to do."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final

from poc_cli.inert import inert
from poc_cli.scenario import lint_load, lint_rules
from poc_cli.scenario.lint_clients import variables_of
from poc_cli.scenario.load_model import LoadFile
from poc_cli.scenario.matching import file_sent
from poc_cli.scenario.model import Exchange, ObjectRef, ScenarioFile
from poc_cli.scenario.positions import Positions
from poc_cli.scenario.scenario import PlacedStep, Scenario
from poc_cli.scenario.steps import Node, every_node, nodes_of, validated
from poc_cli.scenario.toml_source import LARGEST_FILE, LONGEST_LINE, TOO_DEEP, Source, text_of
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import DEEPEST, Path, has_json_form, kind, leaves, too_deep

__all__ = ["LARGEST_FILE", "LONGEST_LINE", "PlacedStep", "Scenario", "parse", "read", "text_sha256"]

_MOST_LOADED: Final = 256


@dataclass(frozen=True, slots=True)
class _Loaded:
    scenario: Scenario
    is_new: bool
    """Whether it was also checked for claims that nothing could refute."""


_LOADED: Final[dict[tuple[str, str], _Loaded]] = {}
"""The scenarios loaded last, by text and file."""


def read(path: FilePath) -> Scenario:
    """Read a scenario from a UTF-8 file. Raises ScenarioError if it cannot be read or is not valid.

    Claims that nothing could refute are rejected here, but not by `parse`: older records contain them.
    """
    return _loaded(text_of(path, "scenario"), inert(str(path)), is_new=True)


def parse(text: str, file: str) -> Scenario:
    """Parse a scenario; `file` is the file name for errors. Raises ScenarioError if it is not valid."""
    return _loaded(text, file)


def text_sha256(text: str) -> str:
    """Return the sha256 of a scenario's text in hex, by which a record detects that the text was edited."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _loaded(text: str, file: str, *, is_new: bool = False) -> Scenario:
    """Load a scenario, or return it as it was loaded before: the judge parses the texts that were just read."""
    known = _LOADED.get((text, file))
    if known is not None and (known.is_new or not is_new):
        return known.scenario
    scenario = _load(Source(text, file), is_new=is_new)
    while len(_LOADED) >= _MOST_LOADED:
        del _LOADED[next(iter(_LOADED))]
    _LOADED[text, file] = _Loaded(scenario, is_new=is_new)
    return scenario


def _load(source: Source, *, is_new: bool = False) -> Scenario:
    raw = source.tables()
    positions = source.positions()
    problems = list(_not_json(raw))
    if problems:
        source.refuse(problems, positions)
    document = validated(LoadFile if "load" in raw else ScenarioFile, raw, "a scenario", (), problems)
    steps = nodes_of(raw.get("steps"), ("steps",), problems)
    controls = {index: nodes_of(own, path, problems) for index, path, own in _control_steps(raw)}
    if document is None or problems:
        source.refuse(problems, positions)
    objects = _objects(document)
    if isinstance(document, LoadFile):
        problems = lint_load.problems_of(document, objects)
    else:
        problems = list(lint_rules.problems_of(document, steps, controls, objects))
        problems += lint_rules.weaknesses_of(document, steps, controls) if is_new else ()
        problems += _missing_files(steps, FilePath(source.file).parent) if is_new else ()
    if problems:
        source.refuse(problems, positions)
    return Scenario(
        file=source.file,
        text=source.text,
        sha256=text_sha256(source.text),
        document=document,
        steps=_placed(steps, positions),
        objects=objects,
        controls={document.claim[index].id: _placed(own, positions) for index, own in controls.items()},
        variables=frozenset() if isinstance(document, LoadFile) else variables_of(document),
    )


def _missing_files(steps: Sequence[Node], folder: FilePath) -> Iterator[Problem]:
    for node in every_node(steps):
        file = file_sent(node.step.send) if isinstance(node.step, Exchange) else None
        if file is not None and not (folder / file).is_file():
            reason = f"there is no file {inert(str(folder / file))}"
            yield Problem((*node.path, "send", "file"), reason, "it is named relative to the scenario's file")


def _not_json(raw: dict[str, object]) -> Iterator[Problem]:
    """Yield a problem for TOML values that have no form in JSON: dates, nan, infinity, and deep nesting."""
    path = too_deep(raw, DEEPEST)
    if path is not None:
        yield Problem(path, TOO_DEEP)
        return
    for way, leaf in leaves(raw):
        if not has_json_form(leaf):
            yield Problem(way, f"{kind(leaf)} cannot be represented in JSON", "write it as text, in quotes")


def _control_steps(raw: dict[str, object]) -> Iterator[tuple[int, Path, object]]:
    claims = raw.get("claim")
    for index, claim in enumerate(claims if isinstance(claims, list) else []):
        control = claim.get("control") if isinstance(claim, dict) else None
        if isinstance(control, dict) and "steps" in control:
            yield index, ("claim", index, "control", "steps"), control["steps"]


def _objects(document: ScenarioFile) -> dict[str, ObjectRef]:
    return {"object": document.object} if document.object is not None else document.objects


def _placed(nodes: Sequence[Node], positions: Positions) -> tuple[PlacedStep, ...]:
    return tuple(PlacedStep(node.step, positions.of(node.path), _placed(node.inner, positions)) for node in nodes)
