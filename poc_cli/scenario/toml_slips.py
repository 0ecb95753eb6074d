"""What to write instead of common slips that are not valid TOML, such as a curly quote or `null`."""

import re
from typing import Final

PLAINER: Final = (
    (re.compile(r"Cannot overwrite a value|Duplicate inline table key .*", re.DOTALL), "this key already has a value"),
    (re.compile(r"Illegal character '\\n'"), "the quotes are not closed on this line"),
    (re.compile(r"Cannot declare .* twice", re.DOTALL), "this heading is there twice"),
    (re.compile(r"Unescaped '\\' in a string"), "this backslash escapes nothing"),
    (re.compile(r"Expected '=' after a key in a key/value pair"), 'a "=" is missing after this key'),
    (re.compile(r"Expected newline or end of document after a statement"), "the line should have ended here"),
    (re.compile(r"Invalid initial character for a key part"), "a key should stand here"),
    (re.compile(r"Invalid statement"), "a line begins with a key, a heading or a comment"),
    (re.compile(r"Invalid value"), "this is not a value"),
)
"""Clearer wording for the errors of tomli."""

_VALUE: Final = (
    (
        re.compile("[\N{LEFT SINGLE QUOTATION MARK}-\N{DOUBLE HIGH-REVERSED-9 QUOTATION MARK}«»]"),
        "use straight quotes, not typographic ones",
    ),
    (re.compile(r"(?:True|TRUE|False|FALSE)\b"), "true and false are written in lowercase"),
    (re.compile(r"(?:null|None|nil|undefined)\b"), "TOML has no null: leave the key out"),
    (re.compile(r"="), 'one "=" is enough'),
    (re.compile(r"[`]"), "use straight quotes, not backticks"),
)
_WORD: Final = re.compile(r"[A-Za-z_/][^\s,\]}#=]*")
_STATEMENT: Final = (
    (re.compile(r"//|/\*|--"), "comments begin with #"),
    (re.compile(r"\{"), "the steps stand in a list: steps = [ { … }, { … } ]"),
)
_LEADING_ZERO: Final = re.compile(r"=\s*[+-]?0$")


def plainer(message: str) -> str:
    """Return an error of tomli in other words, or as it is."""
    return next((words for pattern, words in PLAINER if pattern.fullmatch(message)), message)


def instead(message: str, before: str, after: str) -> str | None:
    """Return what to write instead, by the error of tomli and the text on both sides of it; None if unknown."""
    match message:
        case "Invalid value":
            return _said(_VALUE, after) or _quoted(after)
        case "Invalid statement":
            return _said(_STATEMENT, after)
        case "Unescaped '\\' in a string":
            return r"write \\, or put the text in single quotes"
        case _ if message.startswith("Expected newline") and _LEADING_ZERO.search(before):
            return "a number has no leading zero"
    return None


def _said(slips: tuple[tuple[re.Pattern[str], str], ...], after: str) -> str | None:
    return next((advice for pattern, advice in slips if pattern.match(after)), None)


def _quoted(after: str) -> str | None:
    word = _WORD.match(after)
    return f'text stands in quotes: "{word[0]}"' if word else None
