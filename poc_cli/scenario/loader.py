"""From a TOML text to a Scenario, or to one error that says where the file is wrong and what to do.

Never plays anything, and never lets another exception than ScenarioError out, whatever the file holds.
"""

import hashlib
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath
from typing import Final, NoReturn

import tomli

from poc_cli.errors import Position, ScenarioError
from poc_cli.scenario import lint
from poc_cli.scenario.explain import Problem
from poc_cli.scenario.model import ObjectRef, ScenarioFile
from poc_cli.scenario.positions import Positions, locate
from poc_cli.scenario.steps import Node, nodes_of, validated
from poc_cli.scenario.story import PlacedStep, Scenario
from poc_cli.scenario.unclosed import unclosed
from poc_cli.scenario.values import DEEPEST, Path, has_json_form, inert, kind, leaves, too_deep

__all__ = ["LARGEST_FILE", "PlacedStep", "Scenario", "parse", "read", "text_sha256"]

LARGEST_FILE: Final = 1024 * 1024
"""Bytes; a scenario is a page or two, so a file beyond this is something else."""

_PLAINER: Final = {
    "Cannot overwrite a value": "this gives a key a second value",
    "Illegal character '\\n'": "the quotes are not closed on this line",
}
"""What tomli says that needs a second look, said again."""

_TOO_DEEP: Final = f"nested in more than {DEEPEST} tables and lists"
_DEEP: Final = re.compile(r"(?:[\[{][^\[\]{}]*+){" + str(DEEPEST + 1) + "}")
_LONG_NUMBER: Final = re.compile(r"[0-9_]{" + str(sys.get_int_max_str_digits()) + ",}")

LONGEST_LINE: Final = 200
"""Characters of a source line that an error shows; a longer line would wrap, and its caret would point at nothing."""


def read(path: FilePath) -> Scenario:
    """Give the scenario in a file of UTF-8. Raises ScenarioError where it cannot be read or is wrong."""
    file = inert(str(path))
    try:
        if path.is_dir():
            raise ScenarioError(file, "is a folder, not a scenario file", advice="name a .toml file in it")
        if path.exists() and not path.is_file():  # opening a pipe or a device could wait for ever
            raise ScenarioError(file, "is not a regular file")
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ScenarioError(file, f"cannot be read: {reason}") from error
    if len(data) > LARGEST_FILE:
        raise ScenarioError(file, "is larger than 1 MiB, which no scenario is")
    return parse(_decoded(data, file), file)


def parse(text: str, file: str) -> Scenario:
    """Give the scenario that the text describes; `file` is its name in errors. Raises ScenarioError."""
    return _Loader(text, file).load()


def text_sha256(text: str) -> str:
    """Give the sha256 by which a record proves that its scenario is still the one that was played, in hex."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _decoded(data: bytes, file: str) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        position = Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
        line = _source_line(data.decode(errors="replace"), position)
        advice = "save the file as UTF-8"
        raise ScenarioError(file, "is not UTF-8 here", position=position, source_line=line, advice=advice) from error
    return text.removeprefix("\ufeff")


def _source_line(text: str, position: Position) -> str | None:
    """Give the line as an error may show it: one column a character and nothing that moves a cursor."""
    line = text.split("\n")[position.line - 1].rstrip("\r")
    if len(line) > LONGEST_LINE:
        return None
    return "".join(char if char.isprintable() else " " for char in line)


class _Loader:
    """One load of one text."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file

    def load(self) -> Scenario:
        raw = self._toml()
        positions = locate(self._text)
        problems = list(_unsayable(raw))
        if problems:
            self._refuse(problems, positions)
        document = validated(ScenarioFile, raw, "a scenario", (), problems)
        steps = nodes_of(raw.get("steps"), ("steps",), problems)
        controls = {index: nodes_of(own, path, problems) for index, path, own in _control_steps(raw)}
        if document is None or problems:
            self._refuse(problems, positions)
        objects = _objects(document)
        problems = list(lint.problems_of(document, steps, controls, objects))
        if problems:
            self._refuse(problems, positions)
        return Scenario(
            file=self._file,
            text=self._text,
            sha256=text_sha256(self._text),
            document=document,
            steps=_placed(steps, positions),
            objects=objects,
            controls={document.claim[index].id: _placed(own, positions) for index, own in controls.items()},
        )

    def _toml(self) -> dict[str, object]:
        try:
            raw = tomli.loads(self._text)
        except tomli.TOMLDecodeError as error:
            raise self._invalid(error) from error
        except RecursionError as error:
            raise self._error(_TOO_DEEP, self._find(_DEEP)) from error
        except ValueError as error:  # Python reads no whole number beyond this, and tomli lets its refusal through
            raise self._error("this number is too long", self._find(_LONG_NUMBER)) from error
        return raw

    def _invalid(self, error: tomli.TOMLDecodeError) -> ScenarioError:
        """Give the error at the place of the mistake: where something is never closed, that is above where it shows."""
        reason = _PLAINER.get(error.msg, error.msg)
        opener = unclosed(self._text)
        if opener is not None:
            position = self._position(opener.offset)
            if position.line < error.lineno:
                told = f"the {opener.mark} opened at line {position.line} is never closed"
                advice = f"it shows at line {error.lineno}: {inert(reason)}"
                return self._error(f"not valid TOML: {told}", position, advice)
        return self._error(f"not valid TOML: {reason}", Position(error.lineno, error.colno))

    def _find(self, pattern: re.Pattern[str]) -> Position:
        """Give where the pattern is first found, the start of the text where it is not."""
        match = pattern.search(self._text)
        return self._position(match.start() if match else 0)

    def _position(self, offset: int) -> Position:
        before = self._text[:offset]
        return Position(before.count("\n") + 1, len(before) - before.rfind("\n"))

    def _refuse(self, problems: Sequence[Problem], positions: Positions) -> NoReturn:
        """Raise the problem that stands first in the text; there must be one."""
        placed = [
            (positions.of(problem.path) if problem.at == "key" else positions.value(problem.path), problem)
            for problem in problems
        ]
        position, problem = min(placed, key=lambda pair: pair[0])
        raise self._error(problem.message, position, problem.advice)

    def _error(self, message: str, position: Position, advice: str | None = None) -> ScenarioError:
        line = _source_line(self._text, position)
        return ScenarioError(self._file, inert(message), position=position, source_line=line, advice=advice)


def _unsayable(raw: dict[str, object]) -> Iterator[Problem]:
    """Give a problem for what TOML can hold and no message can: endless nesting, dates, nan and infinity."""
    path = too_deep(raw, DEEPEST)
    if path is not None:
        yield Problem(path, _TOO_DEEP)
        return
    for way, leaf in leaves(raw):
        if not has_json_form(leaf):
            yield Problem(way, f"{kind(leaf)} has no form in JSON", "write it as text, in quotes")


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
