"""The tables of a configuration file, and the position of each mistake in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

from pydantic import BeforeValidator, Field

from poc_cli.errors import UsageError
from poc_cli.gate_tables import Check, check_of
from poc_cli.inert import inert
from poc_cli.run_options import SleepMode
from poc_cli.scenario.service_tables import WorkerPlace
from poc_cli.scenario.steps import validated
from poc_cli.scenario.toml_source import Source, text_of
from poc_cli.scenario.types import Shape
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import Path as Way
from poc_cli.scenario.values import kind
from poc_cli.targets.compatibility import checked
from poc_cli.targets.destination import destination

Filled = Annotated[str, Field(min_length=1)]


def _place_from_text(value: object) -> object:
    return {"dir": value} if isinstance(value, str) and value else value


class ConfiguredWorker(WorkerPlace):
    """`worker`: a folder or a configuration file as text, or a table as in a scenario; the folder may be absolute."""

    dir: Filled


class ConfigTable(Shape):
    """The file itself, or `[tool.poc]` of a pyproject.toml."""

    results: Filled | None = None
    worker: Annotated[ConfiguredWorker, BeforeValidator(_place_from_text)] | None = None
    sleep: SleepMode | None = None
    jobs: Annotated[int, Field(ge=1)] | None = None
    compat_date: Filled | None = None
    target: Filled | None = None
    token_env: Filled | None = None
    check: dict[str, Any] | None = None
    cost: dict[str, Any] | None = None


class CostTable(Shape):
    """`[cost]`: a file, or the name of a profile that poc ships."""

    profile: Filled


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file; `way` is the path of keys to poc's tables in it."""

    table: ConfigTable
    check: Check | None
    way: Way
    source: Source
    cost: CostTable | None = None

    @property
    def file(self) -> str:
        """Return the name of the file for errors."""
        return self.source.file

    def refuse(self, message: str, advice: str | None, *way: str | int) -> NoReturn:
        """Raise ScenarioError about a value in poc's tables."""
        self.source.refuse([Problem((*self.way, *way), message, advice)], self.source.positions())


def read(path: Path, shown: str, way: Way) -> ConfigFile:
    """Read a configuration file; `shown` is its name in errors. Raises ScenarioError if it is invalid."""
    source = Source(text_of(path, "configuration"), inert(shown))
    raw: Any = source.tables()
    for part in way:
        raw = raw[part]
    problems: list[Problem] = []
    table = validated(ConfigTable, raw, f"[{'.'.join(map(str, way))}]" if way else "the configuration", way, problems)
    raw_check = raw.get("check") if isinstance(raw, dict) else None
    check = check_of(raw_check, (*way, "check"), problems) if isinstance(raw_check, dict) else None
    raw_cost = raw.get("cost") if isinstance(raw, dict) else None
    at = (*way, "cost")
    cost = validated(CostTable, raw_cost, "[cost]", at, problems) if isinstance(raw_cost, dict) else None
    if table is not None and table.compat_date is not None:
        problems += _about_date(table.compat_date, (*way, "compat_date"))
    if table is not None and table.target is not None:
        problems += _about_target(table.target, (*way, "target"))
    if table is None or problems:
        source.refuse(problems, source.positions())
    return ConfigFile(table, check, way, source, cost)


def _about_date(date: str, way: Way) -> Iterator[Problem]:
    try:
        checked([date])
    except UsageError:
        yield Problem(way, f"{kind(date)} is not a calendar date", "write it as 2026-10-01")


def _about_target(text: str, way: Way) -> Iterator[Problem]:
    try:
        destination(text)
    except UsageError as error:
        yield Problem(way, error.message, error.advice)
