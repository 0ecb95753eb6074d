"""Rules about tables that go beyond the types of their keys, as JSON Schema."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel

from poc_cli.scenario.check_names import MEANINGS
from poc_cli.scenario.model import (
    ROWS,
    Claim,
    Control,
    Exchange,
    Hibernate,
    Http,
    MatrixCell,
    ObjectRef,
    On,
    Origin,
    Restart,
    Resume,
)
from poc_cli.scenario.step_bases import Shows

Rule = dict[str, Any]

CHOICES: Final[dict[tuple[type[BaseModel], str], Rule]] = {
    (Claim, "check"): {"enum": list(MEANINGS), "x-taplo": {"docs": {"enumValues": list(MEANINGS.values())}}},
    (MatrixCell, "row"): {"enum": list(ROWS)},
}
"""Keys with a fixed set of values whose type in the model is text; `x-taplo` documents each value in editors."""


def _given(*keys: str) -> Rule:
    return {"required": list(keys)}


def _any_of(rules: Iterable[Rule]) -> Rule:
    return {"anyOf": list(rules)}


def _some(key: str, least: str) -> Rule:
    """Return the rule that a list or table is present and not empty."""
    return {**_given(key), "properties": {key: {least: 1}}}


def _if(key: str, value: object, then: Rule) -> Rule:
    return {"if": {**_given(key), "properties": {key: {"const": value}}}, "then": then}


_EXPECTS: Final = _any_of([_given("expect"), _some("where", "minItems"), _some("capture", "minProperties")])

_ACTS: Final = _any_of([_given("fill"), _given("click"), _given("eval")])

_CLOSES: Final = _any_of([_given("expect_code"), _given("expect_reason")])

RULES: Final[dict[type[BaseModel], list[Rule]]] = {
    ObjectRef: [{"oneOf": [_given("name"), _given("id")]}],
    Exchange: [_if("order", "any", {**_given("expect"), "properties": {"expect": {"type": "array"}}})],
    On: [
        _any_of([_given("send"), _ACTS, _given("expect_text"), _EXPECTS, _given("quiet"), _CLOSES]),
        {"if": _given("quiet"), "then": {"not": _any_of([_EXPECTS, _CLOSES])}},
        {"if": _given("like"), "then": _given("quiet")},
    ],
    Resume: [_any_of([_given("send"), _ACTS]), _any_of([_given("expect_text"), _EXPECTS])],
    Shows: [{"oneOf": [_given("text"), _given("contains"), _given("texts")]}],
    Origin: [
        {"not": _given("send")},
        {**_if("origin", "slow", _given("by")), "else": {"not": _given("by")}},
        {**_if("origin", "called", _EXPECTS), "else": {"not": _EXPECTS}},
    ],
    Http: [{"properties": {"expect": {"not": {"type": "array"}}, "next": {"const": False}}}],
    Hibernate: [
        _if("natural", value=True, then={"properties": {"hibernate": {"const": "idle"}}}),
        _if("forced", value=True, then={"properties": {"hibernate": {"const": "evict"}}}),
    ],
    Restart: [
        {"if": _given("max_delay"), "then": {"properties": {"restart": {"const": "deploy-deferred"}}}},
        _if("back", value=True, then={"properties": {"restart": {"enum": ["deploy", "deploy-deferred"]}}}),
    ],
    Control: [
        _any_of(
            [_some("clients", "minProperties"), _some("vars", "minProperties"), _given("steps"), _given("worker")],
        )
    ],
}
"""The rules that correspond to each model's validators; models inherit the rules of their bases."""
