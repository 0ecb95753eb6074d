"""Find the position of each key and value in TOML, which the parser does not report."""

import re
from bisect import bisect_right

import tomli

from poc_cli.errors import Position
from poc_cli.scenario.values import DEEPEST, Path

_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_SEPARATORS = re.compile(r"(?:[ \t\r\n,]++|#[^\n]*+)*+")
_INDENT = re.compile(r"[ \t]*+")
_KEY_PART = re.compile(r"""[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+'""")
_EQUALS = re.compile(r"[ \t]*+=[ \t]*+")
_DOT = re.compile(r"[ \t]*+\.[ \t]*+")
_SCALAR = re.compile(
    r'''
      """(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}   # text over several lines; it may end in two quotes of its own
    | \'\'\'(?:[^']++|'{1,2}(?!'))*+'{3,5}
    | "(?:[^"\\\n]++|\\.)*+"
    | '[^'\n]*+'
    | \d{4}-\d\d-\d\d[ ]\d\d:[^\s,\]}\#]++      # the one bare value with a space in it: date and time
    | [^\s,\]}\#]++
    ''',
    re.VERBOSE | re.DOTALL,
)


class Positions:
    """The positions of keys and values in one text."""

    def __init__(self, text: str, keys: dict[Path, int], values: dict[Path, int]) -> None:
        """Create the positions from the offsets of keys (list elements have none) and values."""
        self._keys = keys
        self._values = values
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def of(self, path: Path) -> Position:
        """Return the position of the key at the path (of the value for a list element), or of its nearest ancestor.

        For the empty path, this is the start of the text.
        """
        while path:
            offset = self._keys.get(path, self._values.get(path))
            if offset is not None:
                return self._position(offset)
            path = path[:-1]
        return Position(1, 1)

    def value(self, path: Path) -> Position:
        """Return the position of the value at the path, or `of(path)` if it has none."""
        offset = self._values.get(path)
        return self.of(path) if offset is None else self._position(offset)

    def _position(self, offset: int) -> Position:
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)


def locate(text: str) -> Positions:
    """Locate everything in valid TOML 1.1. Raises ValueError for some text that is not valid."""
    return _Locator(text).run()


class _Locator:
    """One pass over a text; `_at` is the current offset."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._keys: dict[Path, int] = {}
        self._values: dict[Path, int] = {}
        self._lengths: dict[Path, int] = {}

    def run(self) -> Positions:
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._value(self._key(table))
            self._skip(_BLANK)
        return Positions(self._text, self._keys, self._values)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError("not valid TOML")
        self._at = match.end()
        return match[0]

    def _header(self) -> Path:
        start = self._at
        is_list = self._text.startswith("[[", start)
        self._at += 2 if is_list else 1
        self._skip(_INDENT)
        parts = self._parts()
        self._skip(_INDENT)
        self._at += 2 if is_list else 1
        path: Path = ()
        for part, offset in parts[:-1]:
            path = self._keyed(path, part, offset)
            if path in self._lengths:
                path = _into(path, self._lengths[path] - 1)
        path = self._keyed(path, *parts[-1])
        if is_list:
            index = self._lengths.get(path, 0)
            self._lengths[path] = index + 1
            path = _into(path, index)
            self._values.setdefault(path, start)
        return path

    def _keyed(self, path: Path, part: str, offset: int) -> Path:
        path = _into(path, part)
        self._keys.setdefault(path, offset)
        return path

    def _key(self, table: Path) -> Path:
        """Read `a.b =`, up to the start of the value."""
        path = table
        for part, offset in self._parts():
            path = self._keyed(path, part, offset)
        self._skip(_EQUALS)
        return path

    def _parts(self) -> list[tuple[str, int]]:
        parts: list[tuple[str, int]] = []
        while True:
            start = self._at
            parts.append((_unquoted(self._skip(_KEY_PART)), start))
            dot = _DOT.match(self._text, self._at)
            if dot is None:
                return parts
            self._at = dot.end()

    def _value(self, path: Path) -> None:
        """Read a value and everything in it, with a loop, so that deep nesting cannot exhaust the stack."""
        lists: list[tuple[Path, int | None]] = []  # open containers: their path, and the next index of a list
        while True:
            self._values.setdefault(path, self._at)
            if self._text.startswith(("[", "{"), self._at):
                lists.append((path, 0 if self._text[self._at] == "[" else None))
                self._at += 1
            else:
                self._skip(_SCALAR)
            while lists and self._closes():
                lists.pop()
            if not lists:
                return
            outer, index = lists[-1]
            if index is None:
                path = self._key(outer)
            else:
                path = _into(outer, index)
                lists[-1] = (outer, index + 1)

    def _closes(self) -> bool:
        self._skip(_SEPARATORS)
        if not self._text.startswith(("]", "}"), self._at):
            return False
        self._at += 1
        return True


def _into(path: Path, part: str | int) -> Path:
    """Return the extended path, or the same one if it is deeper than scenarios allow, so that paths stay bounded."""
    return (*path, part) if len(path) <= DEEPEST else path


def _unquoted(part: str) -> str:
    if part[0] == '"':
        name = tomli.loads(f"key = {part}")["key"]
        return str(name)
    return part[1:-1] if part[0] == "'" else part
