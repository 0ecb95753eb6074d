"""Conditions on messages, such as `count >= 2`, and the paths that conditions and captures use."""

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from poc_cli.errors import did_you_mean
from poc_cli.scenario.matching import OWN, Content, MatchedText
from poc_cli.scenario.patterns import Pattern, compiled
from poc_cli.scenario.templates import UnknownNameError, whole_name
from poc_cli.scenario.values import MISSING, Missing, equal, shown

_FIRST_STEP = re.compile(r'(@?[A-Za-z0-9_$-]+)|"((?:[^"\\]|\\.)*)"|\[(\d{1,9})\]')
_NEXT_STEP = re.compile(r'\.(?:([A-Za-z0-9_$-]+)|"((?:[^"\\]|\\.)*)")|\[(\d{1,9})\]')
_CONDITION = re.compile(
    r"""\s*(?P<negated>not\s+)?
        (?!not\s)(?P<path>(?:"(?:[^"\\]|\\.)*+"|[^\s"])++)
        \s+(?P<operator>\S+)
        \s*(?P<literal>.*?)\s*""",
    re.VERBOSE | re.DOTALL,
)

OPERATORS: Final = ("==", "!=", "<", "<=", ">", ">=", "contains", "matches", "exists")

_MEANT: Final = {"=": "==", "===": "==", "=!": "!=", "!==": "!=", "<>": "!=", "=<": "<=", "=>": ">="}
"""Operators of other languages."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A name in place of a literal, whose value is looked up when the condition is evaluated."""

    name: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition; `text` is its source."""

    text: str
    negated: bool
    path: str
    operator: str
    literal: object

    def __str__(self) -> str:
        """Return the source of the condition."""
        return self.text

    @property
    def names(self) -> set[str]:
        """Return the names that the condition uses."""
        return {self.literal.name} if isinstance(self.literal, Bound) else set()

    @property
    def head(self) -> str:
        """Return the first key of the path, which may be a group of a pattern."""
        return head_of(self.path)

    def holds(self, value: object, names: Mapping[str, object]) -> bool:
        """Return whether the condition holds for the content of a message, or for a JSON value.

        If the path is missing, every comparison is false, even a negated one; only `exists` tests for absence.
        Raises UnknownNameError, or ValueError if a bound value is not a valid pattern.
        """
        found = lookup(value, self.path)
        if self.operator == "exists":
            return (found is not MISSING) != self.negated
        literal = self.literal
        if isinstance(literal, Bound):
            if literal.name not in names:
                raise UnknownNameError(literal.name)
            literal = names[literal.name]
        if isinstance(found, MatchedText) and isinstance(literal, int | float) and not isinstance(literal, bool):
            found = found.number
        if found is MISSING:
            return False
        return _COMPARE[self.operator](found, literal) != self.negated


def parse(text: str) -> Condition:
    """Parse a condition. Raises ValueError with a message for users if it is not valid."""
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise ValueError(f'{shown(text)} is not a condition; write it like: count >= 2, or: not name == "ann"')
    path, name, literal = match["path"], match["operator"], match["literal"]
    _steps(path)
    if name not in OPERATORS:
        meant = f'did you mean "{_MEANT[name]}"?' if name in _MEANT else did_you_mean(name, OPERATORS)
        raise ValueError(f"{shown(name)} is not an operator; {meant}")
    if name == "exists":
        if literal:
            raise ValueError(f'"exists" takes no value, but {shown(literal)} follows')
        return Condition(text, match["negated"] is not None, path, name, None)
    value = _literal(literal, name)
    if name == "matches" and not isinstance(value, Bound):
        _pattern(value)
    return Condition(text, match["negated"] is not None, path, name, value)


def lookup(value: object, path: str) -> object | Missing:
    """Return the value at a path such as `rooms[0].name`, or MISSING. Raises ValueError for an invalid path.

    In the content of a message, `@text` and the like are the message itself, and groups come before keys of its JSON.
    """
    steps = _steps(path)
    head = steps[0]
    if isinstance(value, Content):
        if isinstance(head, _Own):
            return value.own(head)
        if len(steps) == 1 and head in value.groups:
            return MatchedText(value.groups[str(head)])
        value = value.message.json
    if isinstance(head, _Own):
        return MISSING
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if step < len(value) else MISSING
        else:
            return MISSING
    return value


def head_of(path: str) -> str:
    """Return the first key of a path. Raises ValueError for an invalid path."""
    return str(_steps(path)[0])


class _Own(str):
    """The first step of a path to the message itself: `@text`. A JSON key that looks like it is not one."""

    __slots__ = ()


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[str | int, ...]:
    """Split a path into keys, which may be quoted as in JSON, and indexes in brackets."""
    steps: list[str | int] = []
    at = 0
    while at < len(path) or not steps:
        match = (_NEXT_STEP if steps else _FIRST_STEP).match(path, at)
        if match is None:
            raise ValueError(f'{shown(path)} is not a path; write it like: name, rooms[0].name, or: "odd key".name')
        bare, quoted, index = match.groups()
        steps.append(int(index) if index else bare or str(_json(f'"{quoted}"')))
        at = match.end()
    if path.startswith("@"):
        return (_own(path),)
    return tuple(steps)


def _own(path: str) -> _Own:
    if path in OWN:
        return _Own(path)
    if path.startswith(tuple(f"{name}{mark}" for name in OWN for mark in ".[")):
        raise ValueError(f"{shown(path)} is not a path: {path.replace('[', '.').split('.')[0]} is text, without parts")
    raise ValueError(f"{shown(path)} is not a part of a message; {did_you_mean(path, OWN)}")


def _literal(text: str, operator_: str) -> object:
    if not text:
        raise ValueError(f'"{operator_}" needs a value to compare with')
    name = whole_name(text)
    if name is not None:
        return Bound(name)
    return _json(text)


def _json(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        advice = f"; text needs quotes: {json.dumps(text)}" if re.fullmatch(r"[A-Za-z_][\w -]*", text) else ""
        raise ValueError(f"{shown(text)} is neither JSON nor a {{name}}{advice}") from None


def _no_constant(text: str) -> object:
    raise ValueError(text)


def _ordered(compare: Callable[[float, float], bool]) -> Callable[[object, object], bool]:
    """Return a comparison of two numbers, or of two texts by code point, which is false for anything else."""

    def holds(found: object, literal: object) -> bool:
        if isinstance(found, str) and isinstance(literal, str):
            return compare((found > literal) - (found < literal), 0)
        if isinstance(found, bool) or isinstance(literal, bool):
            return False
        return isinstance(found, int | float) and isinstance(literal, int | float) and compare(found, literal)

    return holds


def _contains(found: object, literal: object) -> bool:
    """Return whether a text contains a substring, a list an element, or a table a key."""
    if isinstance(found, list):
        return any(equal(item, literal) for item in found)
    return isinstance(found, str | dict) and isinstance(literal, str) and literal in found


def _matches(found: object, literal: object) -> bool:
    pattern = _pattern(literal)
    return isinstance(found, str) and pattern.search(found) is not None


def _pattern(pattern: object) -> Pattern:
    """Return the pattern of `matches`. Raises ValueError if it is not valid."""
    if not isinstance(pattern, str):
        raise ValueError(f'"matches" needs a pattern in quotes, not {shown(pattern)}')  # noqa: TRY004 - the file is wrong, not the program
    return compiled(pattern)


_COMPARE: Final[dict[str, Callable[[object, object], bool]]] = {
    "==": equal,
    "!=": lambda found, literal: not equal(found, literal),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "contains": _contains,
    "matches": _matches,
}
