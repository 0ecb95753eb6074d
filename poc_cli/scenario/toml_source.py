"""Read TOML files, and report errors with their position in the text, such as that of an unclosed bracket."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final, NoReturn

import tomli

from poc_cli.errors import Position, ScenarioError
from poc_cli.inert import inert
from poc_cli.scenario.positions import Positions, locate
from poc_cli.scenario.toml_slips import instead, plainer
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import DEEPEST

LARGEST_FILE: Final = 1024 * 1024
"""Bytes; scenario files have a page or two, so a larger file is something else."""

LONGEST_LINE: Final = 200
"""The longest source line that an error shows, in characters; a longer line would wrap and misplace the caret."""

_AROUND: Final = 50
"""Characters before and after the place that an error shows of a longer line."""

TOO_DEEP: Final = f"nested in more than {DEEPEST} tables and lists"

_HEADING: Final = re.compile(r"[ \t]*(?P<open>\[+)(?P<name>[A-Za-z0-9_.-]+)(?P<close>\]*)[ \t\r]*(?:\#.*)?$")

_DEEP: Final = re.compile(r"(?:[\[{][^\[\]{}]*+){" + str(DEEPEST + 1) + "}")
_LONG_NUMBER: Final = re.compile(r"[0-9_]{" + str(sys.get_int_max_str_digits()) + ",}")


def text_of(path: FilePath, what: str) -> str:
    """Read a UTF-8 file; `what` names its kind in errors. Raises ScenarioError if it cannot be read."""
    file = inert(str(path))
    try:
        if path.is_dir():
            raise ScenarioError(file, f"is a folder, not a {what} file", advice="name a .toml file in it")
        if path.exists() and not path.is_file():  # opening a pipe or a device could block forever
            raise ScenarioError(file, "is not a regular file")
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ScenarioError(file, f"cannot be read: {reason}") from error
    if len(data) > LARGEST_FILE:
        raise ScenarioError(file, f"is larger than 1 MiB, the limit for a {what}")
    return _decoded(data, file)


def _decoded(data: bytes, file: str) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        position = Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
        line, caret = _source_line(data.decode(errors="replace"), position)
        advice = "save the file as UTF-8"
        raise ScenarioError(
            file, "is not UTF-8 here", position=position, source_line=line, caret=caret, advice=advice
        ) from error
    return text.removeprefix("\ufeff")


def _source_line(text: str, position: Position) -> tuple[str, int]:
    """Return the line, or the part of a long one around the position, and the column of the position in it.

    Every character is in one column, and there are no control characters.
    """
    line = text.split("\n")[position.line - 1].rstrip("\r")
    line = "".join(char if char.isprintable() else " " for char in line)
    if len(line) <= LONGEST_LINE:
        return line, position.column
    start, end = max(0, position.column - 1 - _AROUND), position.column + _AROUND
    before, after = "…" if start else "", "…" if end < len(line) else ""
    return f"{before}{line[start:end]}{after}", position.column - start + len(before)


def _without_comments(text: str) -> str:
    """Return the text with spaces in place of its comments."""
    return _TEXT_OR_COMMENT.sub(lambda match: match[1] or " " * len(match[0]), text)


_TEXT_OR_COMMENT: Final = re.compile(r"""("(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+')|\#[^\n]*+""")

_SEPARATED: Final = {"Unclosed array": "elements of this list", "Unclosed inline table": "keys of this table"}
"""What a comma separates, by the error of tomli where one is missing."""

_YAML: Final = re.compile(r"(?:[ \t]*(?:\#[^\n]*+)?\n)*+(?:---\s*\n|[A-Za-z_][\w-]*+:(?:[ \t]|\n|\Z))")


class Source:
    """A TOML text, and the file name to use in errors."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file

    def tables(self) -> dict[str, object]:
        """Parse the text. Raises ScenarioError if it is not valid TOML."""
        try:
            raw = tomli.loads(self.text)
        except tomli.TOMLDecodeError as error:
            raise self._invalid(error) from error
        except RecursionError as error:
            raise self._error(TOO_DEEP, self._find(_DEEP)) from error
        except ValueError as error:  # Python limits the digits of an integer, and tomli passes its error on
            raise self._error("this number is too long", self._find(_LONG_NUMBER)) from error
        return raw

    def positions(self) -> Positions:
        """Return the positions of all keys and values. The text must be valid TOML."""
        return locate(self.text)

    def refuse(self, problems: Sequence[Problem], positions: Positions) -> NoReturn:
        """Raise the problem that comes first in the text. There must be at least one."""
        placed = [
            (positions.of(problem.path) if problem.at == "key" else positions.value(problem.path), problem)
            for problem in problems
        ]
        position, problem = min(placed, key=lambda pair: pair[0])
        raise self._error(problem.message, position, problem.advice)

    def _invalid(self, error: tomli.TOMLDecodeError) -> ScenarioError:
        """Return the error at the cause, which for an unclosed delimiter is above where the parser failed."""
        failed = Position(error.lineno, error.colno)
        known = self._bracket(error) or self._other_format() or self._heading(failed) or self._missing_comma(error)
        advice = instead(error.msg, self.text[: error.pos], self.text[error.pos :])
        return known or self._error(f"not valid TOML: {plainer(error.msg)}", failed, advice)

    def _bracket(self, error: tomli.TOMLDecodeError) -> ScenarioError | None:
        """Return the error of a bracket that lacks the other of its pair, None if none does."""
        lone = lone_bracket(self.text)
        if lone is None:
            return None
        position = self._position(lone.offset)
        if lone.closes:
            return self._error(f"not valid TOML: this {lone.mark} closes nothing", position, "remove it")
        if position.line >= error.lineno:
            return None
        message = f"the {lone.mark} opened at line {position.line} is never closed"
        advice = f"parsing failed at line {error.lineno}: {inert(plainer(error.msg))}"
        return self._error(f"not valid TOML: {message}", position, advice)

    def _heading(self, failed: Position) -> ScenarioError | None:
        """Return the error of a heading whose brackets do not match, as in `[claim]]`; None for any other line."""
        lines = self.text.split("\n")
        match = _HEADING.match(lines[failed.line - 1]) if failed.line <= len(lines) else None
        if match is None or match["open"] + match["close"] in {"[]", "[[]]"}:
            return None
        advice = f"each entry of a list begins with [[{match['name']}]]"
        return self._error(
            "not valid TOML: the brackets of this heading do not match", Position(failed.line, 1), advice
        )

    def _other_format(self) -> ScenarioError | None:
        """Return the error of a text that is JSON or YAML, None for any other."""
        is_json = self.text.lstrip().startswith("{")
        if not is_json and _YAML.match(self.text) is None:
            return None
        advice = 'in TOML a key and its value are written: name = "…"'
        return self._error(f"not valid TOML: this looks like {'JSON' if is_json else 'YAML'}", Position(1, 1), advice)

    def _missing_comma(self, error: tomli.TOMLDecodeError) -> ScenarioError | None:
        """Return the error where a comma is missing, which is before the place at which the parser failed."""
        what = _SEPARATED.get(error.msg)
        before = _without_comments(self.text[: error.pos]).rstrip()
        if what is None or not before or before[-1] in ",[{" or error.pos >= len(self.text):
            return None
        return self._error(f"not valid TOML: a comma is missing here, between two {what}", self._position(len(before)))

    def _find(self, pattern: re.Pattern[str]) -> Position:
        """Return the position of the first match, or the start of the text if there is none."""
        match = pattern.search(self.text)
        return self._position(match.start() if match else 0)

    def _position(self, offset: int) -> Position:
        before = self.text[:offset]
        return Position(before.count("\n") + 1, len(before) - before.rfind("\n"))

    def _error(self, message: str, position: Position, advice: str | None = None) -> ScenarioError:
        line, caret = _source_line(self.text, position)
        return ScenarioError(self.file, inert(message), position=position, source_line=line, caret=caret, advice=advice)


_TOKEN: Final = re.compile(
    r'''
      (?P<quotes>"""|\'\'\')
    | "(?:[^"\\\n]++|\\[^\n])*+"
    | '[^'\n]*+'
    | (?P<broken>["'])           # quotes that are not closed on their line: the parser says so, at the right place
    | \#[^\n]*+
    | (?P<opener>[\[{])
    | (?P<closer>[\]}])
    ''',
    re.VERBOSE,
)
_CLOSERS: Final = {"[": "]", "{": "}"}
_LONG_TEXT: Final = {
    '"""': re.compile(r'(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}', re.DOTALL),
    "'''": re.compile(r"(?:[^']++|'{1,2}(?!'))*+'{3,5}"),
}


@dataclass(frozen=True, slots=True)
class LoneBracket:
    """A delimiter without the other of its pair, and its offset in the text."""

    mark: str
    offset: int
    closes: bool = False


def lone_bracket(text: str) -> LoneBracket | None:
    """Return what is surely unpaired: a closing bracket of a kind that none is open of, or an unclosed delimiter.

    The latter is the innermost one, before a closing one of another kind or at the end of the text.
    """
    open_now: list[LoneBracket] = []
    at = 0
    while (token := _TOKEN.search(text, at)) is not None:
        at = token.end()
        match token.lastgroup:
            case "quotes":
                long_text = _LONG_TEXT[token[0]].match(text, at)
                if long_text is None:
                    return LoneBracket(token[0], token.start())
                at = long_text.end()
            case "broken":
                return None
            case "opener":
                open_now.append(LoneBracket(token[0], token.start()))
            case "closer":
                if not open_now:
                    return None
                if all(_CLOSERS[opener.mark] != token[0] for opener in open_now):
                    return LoneBracket(token[0], token.start(), closes=True)
                opener = open_now.pop()
                if _CLOSERS[opener.mark] != token[0]:
                    return opener
    return open_now[-1] if open_now else None
