"""The path on which a call that names an object is reached, read from the conditions around it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from poc_cli.commands.code_blocks import Blocks, Condition

_MOST_CALLERS: Final = 6
"""How many calls lead from the code that splits the path to the one that names the object, at most."""

_SPLIT: Final = re.compile(r"\.split\(\s*[\"'`]/[\"'`]\s*\)")
_DENSE: Final = re.compile(r"\.(?:slice|substring|substr)\(\s*1\s*\)|\.replace\(\s*/\^|\.filter\(")
_SLICED: Final = re.compile(r"\.slice\(\s*(\d+)\s*\)")
_ITEM: Final = re.compile(r"([\w$]+)\s*\??\.?\[\s*(\d+)\s*\]")
_PLAIN: Final = re.compile(r"[\w$]+")
_WRAPPED: Final = re.compile(r"^(?:decodeURIComponent|decodeURI|String|encodeURIComponent)\(\s*(.*?)\s*\)$", re.DOTALL)
_SUFFIX: Final = re.compile(
    r"(?:\s*(?:\?\?|\|\|).*|\s+as\s+.*|!|\??\.(?:trim|toLowerCase|toUpperCase|toString)\(\).*)$", re.DOTALL
)
_EQUAL: Final = re.compile(r"^(.+?)\s*(===?|!==?)\s*[\"'`]([\w.@-]+)[\"'`]$", re.DOTALL)
_EQUAL_TURNED: Final = re.compile(r"^[\"'`]([\w.@-]+)[\"'`]\s*(===?|!==?)\s*(.+)$", re.DOTALL)
_PATH_STARTS: Final = re.compile(r"(?:pathname|path)\.startsWith\(\s*[\"'`](/[\w./-]*)[\"'`]\s*\)$")
_PATH_IS: Final = re.compile(r"(?:pathname|path)\s*===?\s*[\"'`](/[\w./-]*)[\"'`]")
_PATH_IS_NOT: Final = re.compile(r"(?:pathname|path)\s*!==?\s*[\"'`](/[\w./-]*)[\"'`]")
_PATH_ENDS: Final = re.compile(r"(!?)\s*(?:[\w$]+\.)*(?:pathname|path)\.endsWith\(\s*[\"'`](/[\w./-]*)[\"'`]")
_OTHER_METHOD: Final = re.compile(r"\bmethod\s*===?\s*[\"'`](?:POST|PUT|PATCH|DELETE)[\"'`]")
_SPLIT_ITEM: Final = re.compile(r"(.*\.split\(\s*[\"'`]/[\"'`]\s*\)(?:\.\w+\([^()]*\))*)\s*\[\s*(\d+)\s*\]", re.DOTALL)
_LAST: Final = re.compile(r"(.+?)\s*(?:\.pop\(\s*\)|\.at\(\s*-1\s*\)|\[\s*[\w$]+\.length\s*-\s*1\s*\])", re.DOTALL)
_ASSIGNED: Final = r"\b(?:const|let|var)\s+{name}\b\s*(?::[^=;\n]+)?=\s*([^;]+?)\s*(?:;|\n(?!\s*[.?:|&])|$)"
_LISTED: Final = re.compile(r"\b(?:const|let|var)\s+\[([^\]=]*(?:=[^\],]*)?[^\]]*)\]\s*=\s*([^;\n]+)")

_ANY_NAME: Final = "first-7e49b6dd"
"""What `{play}` looks like."""

_NAME_PATTERN: Final = re.compile(
    r"/(\^(?:\[[\w-]+\]|\\w|\\d)(?:\{\d+(?:,\d*)?\}|\+)(?:-\[[\w-]+\]\{\d+\})*\$)/([i]?)", re.ASCII
)
_SECRET: Final = re.compile(r"totp|otp|pin\b|passw|token|phone|zip|date|color|hash", re.IGNORECASE)
_UPPER_CASE: Final = re.compile(
    r"(?:idFromName|getByName)\([^;\n]*\.toUpperCase\(|(?:room|code|name|id|lobby|game)\w*\s*=\s*[^;\n]*\.toUpperCase\(",
    re.IGNORECASE,
)
"""A name that the code writes in capitals."""

_NAME_GROUP: Final = re.compile(r"/\^(?:\\/[\w-]+)*\\/\((?:\?<\w+>)?(\[[\w-]+\](?:\{\d+(?:,\d*)?\}|\+))\)")
"""The part of a pattern for paths that holds the name."""

_NAMES: Final = (
    *(
        "ABCD",
        "ABC234",
        "ABCDE",
        "ABCD2345",
        "ABC",
        "abcd",
        "abc234",
        "abcd2345",
        "2345",
        "23456",
        "234567",
        "23456789",
    ),
    *("3f2a7c1e-9b4d-4c6a-8e21-5d7f0a9b6c34", "3f2a7c1e9b4d4c6a8e215d7f0a9b6c34", "V1StGXR8Z5jdHi6BmyTq"),
)
"""Names of the kinds that codes for rooms often are: letters and digits of some length, a UUID."""

_WITH_NAMESPACE: Final = ("getServerByName", "getAgentByName")

_BEHIND: Final = -1
"""The number of a path's last part: the one behind those that conditions tell."""

Calls = Sequence[tuple[Blocks, re.Match[str]]]


@dataclass(frozen=True, slots=True)
class _Frame:
    """A place in the code, and the call that leads to the function around it."""

    code: Blocks
    at: int
    caller: "_Frame | None" = None
    parameters: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


def path_by_conditions(files: Sequence[Blocks], calls: Calls) -> tuple[str, ...] | None:
    """Return the parts of the path that lead to one of the calls, `{play}` for the name; None if none is known."""
    for code, call in calls:
        if any(_OTHER_METHOD.search(each.text) for each in code.conditions(call.start()) if each.holds):
            continue  # no WebSocket is opened by it
        for frame in _frames(files, _Frame(code, call.start()), _MOST_CALLERS):
            named = _part(_argument(code, call), frame)
            if named is not None:
                return _filled(named, frame)
    return None


def prefix_of(files: Sequence[Blocks], calls: Calls) -> str:
    """Return how a path begins with which one of the calls is reached, empty if in any way."""
    for code, call in calls:
        for frame in _frames(files, _Frame(code, call.start()), _MOST_CALLERS):
            if told := _told_around(frame):
                return "".join(f"/{told.get(number, 'x')}" for number in range(1, max(told) + 1))
    return ""


def _argument(code: Blocks, call: re.Match[str]) -> str:
    """Return the argument of a call that is the object's name: the first, or the one after the namespace."""
    arguments = code.arguments(code.text.index("(", call.start()))
    number = int(code.text.startswith(_WITH_NAMESPACE, call.start()))
    return arguments[number] if number < len(arguments) else ""


def paths_to(files: Sequence[Blocks], calls: Calls) -> tuple[str, ...]:
    """Return the whole paths that the conditions around the calls compare the request's with."""
    found: dict[str, None] = {}
    for code, call in calls:
        for frame in _frames(files, _Frame(code, call.start()), _MOST_CALLERS):
            step: _Frame | None = frame
            while step is not None:
                for condition in step.code.conditions(step.at):
                    pattern = _PATH_IS if condition.holds else _PATH_IS_NOT
                    found |= dict.fromkeys(match[1] for match in pattern.finditer(condition.text))
                step = step.caller
    return tuple(found)


def parts_at(code: Blocks, places: re.Pattern[str]) -> dict[int, str]:
    """Return the parts of the path, by their number, without which the first of some places is not reached."""
    place = places.search(code.text)
    if place is None:
        return {}
    return _told_around(next(_frames([code], _Frame(code, place.start()), _MOST_CALLERS)))


def end_of_path(code: Blocks, places: re.Pattern[str]) -> str:
    """Return how a path must end for the first of some places to be reached, empty if in any way."""
    place = places.search(code.text)
    conditions = () if place is None else code.conditions(place.start())
    ends = (
        match[2]
        for condition in conditions
        if (match := _PATH_ENDS.search(condition.text)) is not None and (match[1] == "!") is not condition.holds
    )
    return next(ends, "")


def name_that_fits(code: str) -> str | None:
    """Return a name that the patterns for names in the code accept; None if they accept any, or poc knows none."""
    patterns = []
    groups = ((f"^{group}$", "") for group in _NAME_GROUP.findall(code))
    named = (each.groups() for each in _NAME_PATTERN.finditer(code) if not _is_of_a_secret(code, each))
    for text, flag in (*named, *groups):
        with suppress(re.error):
            patterns.append(re.compile(text, re.IGNORECASE if flag else 0))
    if _UPPER_CASE.search(code):
        patterns.append(re.compile("^[^a-z]*$"))
    strict = [pattern for pattern in patterns if pattern.search(_ANY_NAME) is None]
    return next((name for name in _NAMES if strict and all(pattern.search(name) for pattern in strict)), None)


def _is_of_a_secret(code: str, pattern: re.Match[str]) -> bool:
    """Return whether the line of a pattern is about something that is typed in and is no name."""
    begin, end = code.rfind("\n", 0, pattern.start()), code.find("\n", pattern.end())
    return _SECRET.search(code, begin + 1, end if end > 0 else len(code)) is not None


def paths_away(code: Blocks, places: re.Pattern[str]) -> frozenset[str]:
    """Return the paths with which a request leaves the code before the first of some places."""
    place = places.search(code.text)
    if place is None:
        return frozenset()
    left = (condition.text for condition in code.conditions(place.start()) if not condition.holds)
    return frozenset(match[1] for text in left for match in _PATH_IS.finditer(text))


def _frames(files: Sequence[Blocks], frame: _Frame, most: int) -> Iterator[_Frame]:
    """Yield a place with the ways that lead to its function, the longest first."""
    inside = frame.code.function(frame.at)
    if inside is not None and most > 0:
        called = re.compile(rf"(?<![\w$.])(?:this\.)?{re.escape(inside.name)}\s*\(")
        for code in files:
            for match in called.finditer(code.masked):
                opened = match.end() - 1
                if code is frame.code and opened == inside.at:
                    continue
                for caller in _frames(files, _Frame(code, match.start()), most - 1):
                    arguments = tuple(code.arguments(opened))
                    yield _Frame(frame.code, frame.at, caller, inside.parameters, arguments)
                    return
    yield frame


def _filled(named: int, frame: _Frame) -> tuple[str, ...]:
    """Return the parts of a path whose part of a number names the object, as the conditions have the others."""
    told = _told_around(frame)
    parts = {**told, max(told, default=0) + 1 if named == _BEHIND else named: "{play}"}
    return tuple(parts.get(number, "x") for number in range(1, max(parts) + 1))


def _told_around(frame: _Frame) -> dict[int, str]:
    """Return the parts of the path that the conditions around a place and its callers tell, by their number."""
    parts: dict[int, str] = {}
    step: _Frame | None = frame
    while step is not None:
        for condition in step.code.conditions(step.at):
            parts = {**dict(_told_by(condition, step)), **parts}
        step = step.caller
    return parts


def _told_by(condition: Condition, frame: _Frame) -> Iterator[tuple[int, str]]:
    """Yield the parts of the path that a condition tells, by their number."""
    here = _Frame(frame.code, condition.at, frame.caller, frame.parameters, frame.arguments)
    for atom in re.split(r"&&" if condition.holds else r"\|\|", condition.text):
        text = atom.strip()
        while text.startswith("(") and text.endswith(")"):
            text = text[1:-1].strip()
        holds = condition.holds
        if text.startswith("!") and not text.startswith("!="):
            text, holds = text[1:].strip(), not holds
        if holds and (match := _PATH_STARTS.search(text)):
            yield from enumerate((part for part in match[1].split("/") if part), 1)
        if match := _EQUAL.match(text):
            left, operator, value = match.groups()
        elif match := _EQUAL_TURNED.match(text):
            value, operator, left = match.groups()
        else:
            continue
        number = _part(left, here)
        if number is not None and number != _BEHIND and (operator.startswith("=") is holds):
            yield number, value


def _part(expression: str, frame: _Frame) -> int | None:
    """Return the number of the path's part that an expression gives, counted from 1; None if it gives none."""
    text = _SUFFIX.sub("", expression.strip()).strip()
    if (match := _WRAPPED.match(text)) is not None:
        return _part(match[1], frame)
    if (match := _ITEM.fullmatch(text) or _SPLIT_ITEM.fullmatch(text)) is not None:
        return _numbered(_offset_of(match[1], frame), int(match[2]))
    if (match := _LAST.fullmatch(text)) is not None:
        return None if _offset_of(match[1], frame) is None else _BEHIND
    return _part_in(text, frame) if _PLAIN.fullmatch(text) is not None else None


def _part_in(name: str, frame: _Frame) -> int | None:
    """Return the number of the path's part that a variable holds, None if it holds none."""
    for listed in reversed([*_LISTED.finditer(frame.code.text, 0, frame.at)]):
        names = [each.partition("=")[0].strip() for each in listed[1].split(",")]
        if name in names:
            return _numbered(_offset_of(listed[2], _moved(frame, listed.start())), names.index(name))
    assigned = _assigned(name, frame)
    if assigned is not None:
        return _part(assigned[0], _moved(frame, assigned[1])) if assigned[0] != name else None
    given = _given(name, frame)
    return None if given is None else _part(*given)


def _numbered(offset: int | None, index: int) -> int | None:
    """Return the number of an element of a list of the path's parts; before the first slash there is none."""
    return None if offset is None or offset + index < 1 else offset + index


def _offset(name: str, frame: _Frame) -> int | None:
    """Return the number of the path's part that is the first element of a list, None if it is no list of parts."""
    assigned = _assigned(name, frame)
    if assigned is not None:
        return _offset_of(assigned[0], _moved(frame, assigned[1]))
    given = _given(name, frame)
    return None if given is None else _offset_of(*given)


def _offset_of(expression: str, frame: _Frame) -> int | None:
    if (split := _SPLIT.search(expression)) is not None:
        before, after = expression[: split.start()], expression[split.end() :]
        dense = _DENSE.search(before) is not None or ".filter(" in after
        sliced = _SLICED.search(after)
        return int(dense) + (int(sliced[1]) if sliced is not None else 0)
    match = re.match(r"([\w$]+)(.*)$", expression.strip(), re.DOTALL)
    if match is None or (match[2].strip() and _SLICED.fullmatch(match[2].strip()) is None):
        return None
    offset = _offset(match[1], frame)
    sliced = _SLICED.search(match[2])
    return None if offset is None else offset + (int(sliced[1]) if sliced is not None else 0)


def _assigned(name: str, frame: _Frame) -> tuple[str, int] | None:
    """Return what a variable was given last before a place, and where."""
    pattern = re.compile(_ASSIGNED.format(name=re.escape(name)))
    found = [*pattern.finditer(frame.code.text, 0, frame.at)]
    inside = frame.code.function(frame.at)
    if not found or (inside is not None and name in inside.parameters and found[-1].start() < inside.at):
        return None
    return found[-1][1], found[-1].start()


def _given(name: str, frame: _Frame) -> tuple[str, _Frame] | None:
    """Return the argument that the call gives for a parameter, and the place of the call."""
    if frame.caller is None or name not in frame.parameters:
        return None
    number = frame.parameters.index(name)
    return (frame.arguments[number], frame.caller) if number < len(frame.arguments) else None


def _moved(frame: _Frame, at: int) -> _Frame:
    return _Frame(frame.code, at, frame.caller, frame.parameters, frame.arguments)
