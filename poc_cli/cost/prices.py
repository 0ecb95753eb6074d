"""The prices that poc ships: what is included in a plan, what comes after that, and on which page it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import tomli

METERS: Final = (
    "requests",
    "duration",
    "rows_read",
    "rows_written",
    "stored",
    "worker_requests",
    "worker_cpu",
)
"""What is counted, in the order of the bill."""


@dataclass(frozen=True, slots=True)
class Source:
    """A page, and the day of its last change as it tells it."""

    url: str
    updated: str


@dataclass(frozen=True, slots=True)
class Free:
    """A limit of the free plan, for each day or for all days together."""

    limit: Decimal
    per: Literal["day", "total"]


@dataclass(frozen=True, slots=True)
class Meter:
    """One thing that is counted: `included` a month, then `price` in dollars for each `unit`.

    Where it `rounds_up`, a part of a unit is billed as a whole one. `free` is None where the free plan has no limit.
    """

    name: str
    title: str
    noun: str
    source: str
    included: Decimal
    unit: Decimal
    price: Decimal
    rounds_up: bool
    free: Free | None


@dataclass(frozen=True, slots=True)
class Prices:
    """All prices, and the day on which they were read. `base` is in dollars a month, `memory_gb` what an object has."""

    read: str
    sources: Mapping[str, Source]
    base: Decimal
    memory_gb: Decimal
    messages_per_request: Decimal
    meters: Mapping[str, Meter]


@cache
def shipped() -> Prices:
    """Return the prices of `prices.toml`."""
    return prices_of((files("poc_cli.cost") / "prices.toml").read_text(encoding="utf-8"))


def prices_of(text: str) -> Prices:
    """Return the prices that a text of that form tells. Raises KeyError where one is missing."""
    tables = tomli.loads(text, parse_float=Decimal)
    plan = tables["plan"]
    return Prices(
        read=tables["read"],
        sources={name: Source(**table) for name, table in tables["sources"].items()},
        base=Decimal(plan["base"]),
        memory_gb=Decimal(plan["memory_gb"]),
        messages_per_request=Decimal(plan["messages_per_request"]),
        meters={name: _meter(name, tables["meters"][name]) for name in METERS},
    )


def _meter(name: str, table: Mapping[str, Any]) -> Meter:
    free = table.get("free")
    return Meter(
        name=name,
        title=table["title"],
        noun=table["noun"],
        source=table["source"],
        included=Decimal(table["included"]),
        unit=Decimal(table["unit"]),
        price=Decimal(table["price"]),
        rounds_up=table["rounds_up"],
        free=None if free is None else Free(Decimal(free["limit"]), free["per"]),
    )
