"""The `[check]` tables of a configuration file, and the gates that they define. Mistakes become problems."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from poc_cli.judge.figure_diff import FACTORS
from poc_cli.judge.limits import FIGURES
from poc_cli.judge.requirements import Entry, Gates, Limit, NotUnderstoodError, Regress, entry, regress
from poc_cli.scenario.duration import Duration
from poc_cli.scenario.model import share_of
from poc_cli.scenario.steps import validated
from poc_cli.scenario.types import Shape
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import Path as Way
from poc_cli.scenario.values import shown


def _share(value: object) -> float:
    share = share_of(value)
    if share is None:
        raise ValueError('a share is written like "20%"')
    return share


Share = Annotated[float, BeforeValidator(_share, json_schema_input_type=str)]
"""A share written as a percentage."""

Filled = Annotated[str, Field(min_length=1)]


class CheckTable(Shape):
    """`[check]`."""

    scenarios: Annotated[list[Filled], Field(min_length=1)]
    require: list[Filled] | None = None
    allow: list[Filled] = Field(default_factory=list)
    limits: dict[str, Any] = Field(default_factory=dict)
    baseline: dict[str, Any] | None = None


class LimitsTable(Shape):
    """`[check.limits]`; `monthly_cost` is in dollars."""

    wake_p50: Duration | None = None
    wake_p99: Duration | None = None
    asleep_after: Duration | None = None
    storm_p99: Duration | None = None
    broadcast_p99: Duration | None = None
    chat_p99: Duration | None = None
    monthly_cost: Annotated[float, Field(ge=0)] | None = None
    sockets: Annotated[int, Field(ge=1)] | None = None
    wakes_per_minute: Annotated[int, Field(ge=0)] | None = None
    in_memory: Share | None = None


class BaselineTable(Shape):
    """`[check.baseline]`."""

    run: Filled
    regress: Filled


@dataclass(frozen=True, slots=True)
class Check:
    """The scenarios to run, the gates to check them against, and the baseline run."""

    scenarios: tuple[str, ...]
    gates: Gates
    baseline: str | None


def check_of(raw: dict[str, Any], way: Way, problems: list[Problem]) -> Check | None:
    """Return the contents of `[check]`, None if it is invalid; mistakes are added to the problems."""
    table = validated(CheckTable, raw, "[check]", way, problems)
    limits = _limits(raw.get("limits"), (*way, "limits"), problems)
    baseline = raw.get("baseline")
    at = (*way, "baseline")
    compared = validated(BaselineTable, baseline, "[check.baseline]", at, problems) if baseline is not None else None
    if table is None:
        return None
    require = _entries(table.require or [], (*way, "require"), problems)
    allow = _entries(table.allow, (*way, "allow"), problems)
    problems += _contradictions(require, allow, (*way, "allow"))
    bound = None if compared is None else _regress(compared.regress, (*at, "regress"), problems)
    gates = Gates(None if table.require is None else tuple(require), tuple(allow), limits, bound)
    return Check(tuple(table.scenarios), gates, None if compared is None else compared.run)


def _limits(raw: object, way: Way, problems: list[Problem]) -> tuple[Limit, ...]:
    table = validated(LimitsTable, raw, "[check.limits]", way, problems) if isinstance(raw, dict) else None
    if table is None or not isinstance(raw, dict):
        return ()
    # Durations are in seconds, and the figures in milliseconds.
    return tuple(
        Limit(name, value * 1000 if name in FIGURES else value, _written(name, raw[name]))
        for name, value in table.model_dump(exclude_none=True).items()
    )


def _written(name: str, value: object) -> str:
    return f"${value}" if name == "monthly_cost" else str(value)


def _entries(written: Sequence[str], way: Way, problems: list[Problem]) -> list[Entry]:
    found: list[Entry] = []
    for index, text in enumerate(written):
        try:
            found.append(entry(text))
        except NotUnderstoodError as error:
            problems.append(Problem((*way, index), f"{shown(text)} {error}", error.advice))
    return found


def _contradictions(require: Sequence[Entry], allow: Sequence[Entry], way: Way) -> Iterator[Problem]:
    for index, each in enumerate(allow):
        if each.k is not None:
            message = f"{shown(each.name)} is allowed to be refuted, so it cannot require {each.k} of {each.n}"
            yield Problem((*way, index), message, 'put it in "require"')
        if any(each.name == other.name for other in require):
            yield Problem(
                (*way, index), f"{shown(each.name)} is both required and allowed to be refuted", "keep one of the two"
            )


def _regress(text: str, way: Way, problems: list[Problem]) -> Regress | None:
    try:
        return regress(text, tuple(name for name, (figure, *_) in FIGURES.items() if figure in FACTORS))
    except NotUnderstoodError as error:
        problems.append(Problem(way, str(error), error.advice))
        return None
