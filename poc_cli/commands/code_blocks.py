"""The blocks of a JavaScript or TypeScript text, and the conditions under which a place in it is reached."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

_OPENING: Final = {"(": ")", "[": "]", "{": "}"}
_CLOSING: Final = frozenset(_OPENING.values())
_BEFORE_REGEX: Final = re.compile(r"(?:[=(,:\[!&|?{};]|\breturn|\bcase|^)\s*$")
_REGEX: Final = re.compile(r"/(?![/*])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_QUOTED: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'')
_IF: Final = re.compile(r"\bif\s*(?=\()")
_LEAVES: Final = re.compile(r"\b(?:return|throw)\b")
_WORD: Final = re.compile(r"\s*(?:\.\.\.)?([\w$]*)")
_PARAMETERS_END: Final = re.compile(r"\)\s*(?::\s*[\w$.<>\[\]|&,\s]+?)?\s*(?:=>)?\s*$")
_CASE: Final = re.compile(r"\bcase\s+((?:\"[^\"]*\"|'[^']*'|`[^`]*`))\s*:")
_SWITCH: Final = re.compile(r"\bswitch\s*\($")
_HEADER_IF: Final = re.compile(r"\bif\s*\($")
_FUNCTION: Final = re.compile(
    r"(?:\bfunction\s+(?P<plain>[\w$]+)|\b(?:const|let|var)\s+(?P<assigned>[\w$]+)\s*(?::[^=]+)?=\s*(?:async\s*)?(?:function\s*)?"
    r"|(?P<method>[\w$]+))\s*(?:<[^>()]*>)?\s*\($"
)
_NO_METHOD: Final = frozenset({"if", "for", "while", "switch", "catch", "function"})


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in the words of the code, and whether it holds where the place is reached."""

    text: str
    holds: bool
    at: int


@dataclass(frozen=True, slots=True)
class EnclosingFunction:
    """The function that a place is in, with the names of its parameters."""

    name: str
    parameters: tuple[str, ...]
    at: int


@dataclass(frozen=True)
class Blocks:
    """A text without comments, and which of its brackets belong together."""

    text: str

    @cached_property
    def masked(self) -> str:
        """The text with spaces in place of what stands inside quotes and regular expressions."""
        found, at = list(self.text), 0
        while at < len(self.text):
            end = self._quoted_until(at)
            if end is None:
                at += 1
                continue
            found[at + 1 : end - 1] = " " * (end - at - 2)
            at = end
        return "".join(found)

    def _quoted_until(self, at: int) -> int | None:
        char = self.text[at]
        if char in "\"'":
            match = _QUOTED.match(self.text, at)
            return match.end() if match is not None else None
        if char == "`":
            return self._template_until(at)
        if char == "/" and _BEFORE_REGEX.search(self.text, max(0, at - 12), at):
            match = _REGEX.match(self.text, at)
            return match.end() if match is not None else None
        return None

    def _template_until(self, at: int) -> int | None:
        depth, at = 0, at + 1
        while at < len(self.text):
            char = self.text[at]
            if char == "\\":
                at += 1
            elif char == "`" and depth == 0:
                return at + 1
            elif char == "{" and (depth or self.text[at - 1] == "$"):
                depth += 1
            elif char == "}" and depth:
                depth -= 1
            at += 1
        return None

    @cached_property
    def pairs(self) -> dict[int, int]:
        """The place of each bracket's partner."""
        found: dict[int, int] = {}
        opened: list[int] = []
        for at, char in enumerate(self.masked):
            if char in _OPENING:
                opened.append(at)
            elif char in _CLOSING:
                while opened and _OPENING[self.masked[opened[-1]]] != char:
                    opened.pop()
                if opened:
                    start = opened.pop()
                    found[start], found[at] = at, start
        return found

    def enclosing(self, place: int) -> list[int]:
        """Return the opening brackets around a place, the innermost first."""
        around = (start for start, end in self.pairs.items() if start < place <= end)
        return sorted(around, reverse=True)

    def conditions(self, place: int) -> Iterator[Condition]:
        """Yield the conditions that lead to a place within its function, and within the functions around that."""
        inner = place
        for opened in self.enclosing(place):
            if self.masked[opened] == "{":
                yield from self._own_ifs(opened + 1, inner)
                yield from self._header(opened, inner)
                inner = opened

    def _own_ifs(self, start: int, end: int) -> Iterator[Condition]:
        """Yield what a block's `if` statements say of a place behind them: those that leave, and the place's own."""
        at = start
        while at < end:
            match = _IF.match(self.masked, at)
            if match is None or match.end() not in self.pairs:
                at = self.pairs.get(at, at) + 1 if self.masked[at] in _OPENING else at + 1
                continue
            close = self.pairs[match.end()]
            text = self.text[match.end() + 1 : close]
            at = self._statement_end(close + 1)
            if at >= end:
                if end > close and self.masked[close + 1 : end].lstrip()[:1] != "{":
                    yield Condition(text, holds=True, at=match.start())
            elif _LEAVES.search(self.masked, close + 1, at):
                yield Condition(text, holds=False, at=match.start())

    def _statement_end(self, at: int) -> int:
        """Return where a statement ends: its block, or its semicolon or line."""
        begun = False
        while at < len(self.masked):
            char = self.masked[at]
            if char in _OPENING:
                block = char == "{" and not begun
                at = self.pairs.get(at, at) + 1
                if block:
                    return at
                begun = True
                continue
            if char in ";}" or (char == "\n" and begun):
                return at
            begun |= not char.isspace()
            at += 1
        return at

    def _header(self, opened: int, inner: int) -> Iterator[Condition]:
        """Yield the condition of a block: that of its `if`, or the case of its `switch`."""
        close = len(self.masked[:opened].rstrip()) - 1
        start = self.pairs.get(close)
        if start is None or self.masked[close] != ")":
            return
        text = self.text[start + 1 : close]
        if _HEADER_IF.search(self.masked, max(0, start - 12), start + 1):
            yield Condition(text, holds=True, at=start)
        elif _SWITCH.search(self.masked, max(0, start - 12), start + 1):
            label = next(
                (
                    each[1]
                    for each in reversed([*_CASE.finditer(self.text, opened + 1, inner)])
                    if self.enclosing(each.start())[:1] == [opened]
                ),
                None,
            )
            if label is not None:
                yield Condition(f"{text} === {label}", holds=True, at=start)

    def function(self, place: int) -> EnclosingFunction | None:
        """Return the nearest named function around a place."""
        for opened in self.enclosing(place):
            head = _PARAMETERS_END.search(self.masked, max(0, opened - 160), opened)
            start = None if head is None or self.masked[opened] != "{" else self.pairs.get(head.start())
            match = None if start is None else _FUNCTION.search(self.masked, max(0, start - 120), start + 1)
            if match is None or start is None:
                continue
            name = match["plain"] or match["assigned"] or match["method"]
            if name not in _NO_METHOD:
                return EnclosingFunction(name, tuple(map(_first_word, self.arguments(start))), start)
        return None

    def arguments(self, opened: int) -> list[str]:
        """Return the arguments of a call whose bracket opens here."""
        close = self.pairs.get(opened)
        if close is None:
            return []
        cuts = [opened]
        at = opened + 1
        while at < close:
            if self.masked[at] in _OPENING:
                at = self.pairs.get(at, close)
            elif self.masked[at] == ",":
                cuts.append(at)
            at += 1
        return [self.text[first + 1 : last].strip() for first, last in pairwise([*cuts, close])]


def _first_word(text: str) -> str:
    match = _WORD.match(text)
    return "" if match is None else match[1]
