"""RE2 patterns in scenarios: their named groups, their errors in words, and values that are inserted into them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from poc_cli.scenario.templates import render_text
from poc_cli.scenario.values import kind, shown

_SAMPLES: Final = ("a", "Z", "7", "{}", "[1]", " ", "-", "é", "ping", '42["x",{"y":0}]')
"""Texts with nothing in common: what matches each of them matches any text that is not empty."""

_HEX_SAMPLES: Final = ("00", "ff", "1a2b", "80", "7e7e7e")
"""The same for the hex digits of binary messages."""

_NOT_IN_RE2: Final[Mapping[str, str]] = {
    "invalid perl operator: (?=": "RE2 has no look-ahead",
    "invalid perl operator: (?!": "RE2 has no look-ahead",
    "invalid perl operator: (?<": "RE2 has no look-behind",
    "invalid escape sequence: \\": "RE2 does not know this escape; to match the character itself, remove the backslash",
}
"""What to add to errors of RE2, by their beginning."""

_NOT_A_REFERENCE: Final = "RE2 has no back-references"

Groups = Mapping[str, str]
"""The text that each named group of a pattern matched; without those that took no part in the match."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern: its source, the names of its groups, and its search."""

    source: str
    names: frozenset[str]
    search: Callable[[str], Groups | None]
    """Returns the named groups of the first match in a text, None if there is none."""

    def __str__(self) -> str:
        """Return the source for messages."""
        return self.source


@dataclass(frozen=True, slots=True)
class FilledPattern:
    """A pattern after values were inserted: as it is shown, and as it is compiled, with the values quoted."""

    source: str
    quoted: str

    def __str__(self) -> str:
        """Return the source. A quoted value must not be shown: a secret in it would not be recognized and masked."""
        return self.source


def filled(pattern: str, names: Mapping[str, object]) -> FilledPattern:
    """Return the pattern with its templates replaced by texts that match only themselves. Raises as `render`."""
    return FilledPattern(render_text(pattern, names), render_text(pattern, _Quoted(names)))


def compiled(pattern: object) -> Pattern:
    """Compile a pattern, filled in or not. Raises ValueError with a message for users if it is not valid."""
    if isinstance(pattern, FilledPattern):
        return _compiled(pattern.quoted, pattern.source)
    if not isinstance(pattern, str):
        raise ValueError(f"a pattern must be text in quotes, not {kind(pattern)}")  # noqa: TRY004 - the file is wrong, not the program
    return _compiled(pattern, pattern)


def compiled_hex(pattern: object) -> Pattern:
    """Compile a pattern for hex digits, which is matched from the first byte on. Raises as `compiled`."""
    found = compiled(pattern)
    if not found.source.startswith(("^", r"\A")):
        raise ValueError(f"{shown(found.source)} could match in the middle of a byte; begin it with ^")
    return found


def matches_any_text(pattern: Pattern) -> bool:
    """Return whether the pattern matches every text that is not empty."""
    return all(pattern.search(sample) is not None for sample in _SAMPLES)


def matches_any_hex(pattern: Pattern) -> bool:
    """Return whether the pattern matches the hex digits of every binary message that is not empty."""
    return all(pattern.search(sample) is not None for sample in _HEX_SAMPLES)


class _Quoted(Mapping[str, object]):
    """Names whose values are texts that match only themselves in a pattern."""

    def __init__(self, names: Mapping[str, object]) -> None:
        self._names = names

    def __getitem__(self, name: str) -> object:
        import re2  # type: ignore[import-untyped]  # takes as long to import as three other modules, and few stories use it

        text = render_text(f"{{{name}}}", self._names)
        return re2.escape(_encodable(text))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@lru_cache(maxsize=256)
def _compiled(pattern: str, source: str) -> Pattern:
    import re2  # takes as long to import as three other modules, and few stories use it

    options = re2.Options()
    options.log_errors = False
    try:
        regexp = re2.compile(_encodable(pattern), options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"{shown(source)} is not a valid RE2 pattern: {reason}{_advice(reason)}") from None

    def search(text: str) -> Groups | None:
        match = regexp.search(_encodable(text))
        return None if match is None else {name: each for name, each in match.groupdict().items() if each is not None}

    return Pattern(source, frozenset(regexp.groupindex), search)


def _advice(reason: str) -> str:
    """Return what to add to an error of RE2, with a semicolon before it."""
    escape = reason.removeprefix("invalid escape sequence: \\")
    if escape != reason and escape.isdigit():
        return f"; {_NOT_A_REFERENCE}"
    return next((f"; {advice}" for start, advice in _NOT_IN_RE2.items() if reason.startswith(start)), "")


def _encodable(text: str) -> str:
    """Return the text without the lone surrogates that JSON can hold: RE2 reads UTF-8, which cannot encode them."""
    return text.encode(errors="replace").decode()
