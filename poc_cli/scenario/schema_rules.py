"""Write what validators demand beyond the types of keys as JSON Schema, for the `rules` of a model."""

from collections.abc import Iterable
from typing import Any, Final

Rule = dict[str, Any]


def given(*keys: str) -> Rule:
    """Return the rule that these keys are present."""
    return {"required": list(keys)}


def any_of(rules: Iterable[Rule]) -> Rule:
    """Return the rule that one of these holds at least."""
    return {"anyOf": list(rules)}


def some(key: str, least: str) -> Rule:
    """Return the rule that a list or table is present and not empty."""
    return {**given(key), "properties": {key: {least: 1}}}


def in_case(key: str, value: object, then: Rule) -> Rule:
    """Return the rule that holds where a key has a value."""
    return {"if": {**given(key), "properties": {key: {"const": value}}}, "then": then}


EXPECTS: Final = any_of([given("expect"), some("where", "minItems"), some("capture", "minProperties")])

ACTS: Final = any_of([given("fill"), given("click"), given("eval")])

CLOSES: Final = any_of([given("expect_code"), given("expect_reason")])
