"""Lint rules for the messages of a step: names that are not bound, forms and patterns that are not valid."""

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from poc_cli.errors import did_you_mean
from poc_cli.scenario import conditions
from poc_cli.scenario.matching import check_form, expected_messages, fill, groups_of, pattern_of
from poc_cli.scenario.model import Exchange, Step
from poc_cli.scenario.patterns import Pattern, compiled, matches_any_hex, matches_any_text
from poc_cli.scenario.templates import ENVIRONMENT, names_in, templates_in
from poc_cli.scenario.types import Shape
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import Path, shown

_ANY: Final = "0"
"""Stands for a value in a pattern that is only known when the step is played: it matches only itself."""

_EXPECTED: Final = frozenset({"expect", "like", "expect_reason", "expect_text"})


def problems_of_messages(
    step: Step, path: Path, known: set[str], tokens: AbstractSet[str] = frozenset()
) -> Iterator[Problem]:
    """Yield problems with what a step sends, expects and compares; `known` and `tokens` are the names bound there."""
    for key in step.fills_templates:
        value = getattr(step, key)
        if value is None:
            continue
        plain = value.model_dump(exclude_none=True) if isinstance(value, Shape) else value
        # What an environment variable holds is not recorded, so the judge could not check it.
        yield from unknown_names(plain, (*path, key), known if key not in _EXPECTED else _recorded(known), tokens)
    if not isinstance(step, Exchange):
        return
    for key in ("send", "expect", "like"):
        value = vars(step).get(key)
        if value is not None:
            yield from _message(key, value, (*path, key))
    yield from _conditions(step, path, _recorded(known))


def _recorded(known: set[str]) -> set[str]:
    return {name for name in known if not name.startswith(ENVIRONMENT)}


def weak_conditions(step: Step, path: Path) -> Iterator[Problem]:
    """Yield a problem for each condition of a step whose pattern matches every text."""
    if not isinstance(step, Exchange):
        return
    for index, text in enumerate(step.where):
        try:
            condition = conditions.parse(text)
        except ValueError:  # reported by problems_of_messages
            continue
        if condition.operator == "matches" and isinstance(condition.literal, str):
            pattern = compiled(condition.literal)
            if matches_any_text(pattern):
                advice = f"say what it must hold; that there is a value at all is: {condition.path} exists"
                yield Problem((*path, "where", index), f"{shown(pattern.source)} matches every text", advice)


def unknown_names(
    value: object, path: Path, known: set[str], tokens: AbstractSet[str] = frozenset()
) -> Iterator[Problem]:
    """Yield a problem for each template in a value with an unknown name; `tokens` are known and not proposed."""
    for way, name in templates_in(value, path):
        if name not in known and name not in tokens:
            yield unknown(name, way, known)


def unknown(name: str, path: Path, known: set[str]) -> Problem:
    """Return the problem of a template with an unknown name."""
    advice = f"{did_you_mean(name, known)} (for literal braces, write {{{{{name}}}}})"
    return Problem(path, f"{{{name}}} is not defined here", advice)


def _message(key: str, value: object, path: Path) -> Iterator[Problem]:
    if isinstance(value, list) and key != "expect":
        advice = "use one step per message; for one message that is a list, use { json = [...] }"
        yield Problem(path, f'"{key}" is one message, not a list', advice)
    elif isinstance(value, list) and not value:
        yield Problem(path, f'"{key}" is an empty list')
    several = expected_messages(value)
    for index, message in enumerate(several):
        way = (*path, index) if isinstance(value, list) else path
        yield from _form(key, message, way)
    yield from _groups(several, path)


def _form(key: str, message: object, path: Path) -> Iterator[Problem]:
    names = names_in(message)
    try:
        if key == "send" and not names:
            check_form(message, sent=True)
            return
        # A value that is inserted into a pattern is text there; in any other form it decides whether that is valid.
        filled = fill(message, dict.fromkeys(names, _ANY))
        pattern = pattern_of(filled)
        if pattern is None and not names:
            check_form(message)
    except ValueError as error:
        yield Problem((*path, *_form_key(message)), f'"{key}": {error}')
        return
    if pattern is None:
        return
    if key == "send":
        yield from _cannot_be_sent(message, path)
    elif _matches_anything(message, pattern):
        of, name = ("binary message", "@hex") if _form_key(message) == ("hex_match",) else ("text", "@text")
        advice = f'say what it must hold; for any {of}, use where = ["{name} exists"]'
        yield Problem((*path, *_form_key(message)), f'"{key}": {shown(pattern.source)} matches every {of}', advice)


def _cannot_be_sent(message: object, path: Path) -> Iterator[Problem]:
    try:
        check_form(message, sent=True)
    except ValueError as error:
        yield Problem((*path, *_form_key(message)), f'"send": {error}')


def _matches_anything(message: object, pattern: Pattern) -> bool:
    return matches_any_hex(pattern) if _form_key(message) == ("hex_match",) else matches_any_text(pattern)


def _form_key(message: object) -> Path:
    """Return the path from a message to the content of its form."""
    return tuple(message) if isinstance(message, dict) and len(message) == 1 else ()


def _groups(several: Sequence[object], path: Path) -> Iterator[Problem]:
    """Yield a problem for each name of a group that two patterns of a list share."""
    for name, times in Counter(name for each in several for name in groups_of(each)).items():
        if times > 1:
            yield Problem(path, f'{times} patterns of this list have a group "{name}"', "give each a name of its own")


def _conditions(step: Exchange, path: Path, known: set[str]) -> Iterator[Problem]:
    for index, text in enumerate(step.where):
        way = (*path, "where", index)
        try:
            condition = conditions.parse(text)
        except ValueError as error:
            yield Problem(way, str(error))
            continue
        for name in sorted(condition.names - known):
            yield unknown(name, way, known)
        for name in sorted(names_in(condition.literal) & known):
            yield Problem(way, f'"{{{name}}}" is not replaced inside quotes', f"remove the quotes: {{{name}}}")
