"""Find an unclosed brace, bracket or quote in TOML; the parser only reports where it gave up."""

import re
from dataclasses import dataclass
from typing import Final

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
class Opener:
    """An unclosed delimiter and its offset in the text."""

    mark: str
    offset: int


def unclosed(text: str) -> Opener | None:
    """Return the innermost unclosed delimiter, before a closing one of another kind or at the end of the text."""
    open_now: list[Opener] = []
    at = 0
    while (token := _TOKEN.search(text, at)) is not None:
        at = token.end()
        match token.lastgroup:
            case "quotes":
                long_text = _LONG_TEXT[token[0]].match(text, at)
                if long_text is None:
                    return Opener(token[0], token.start())
                at = long_text.end()
            case "broken":
                return None
            case "opener":
                open_now.append(Opener(token[0], token.start()))
            case "closer":
                if not open_now:
                    return None
                opener = open_now.pop()
                if _CLOSERS[opener.mark] != token[0]:
                    return opener
    return open_now[-1] if open_now else None
