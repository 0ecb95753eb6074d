"""The prices that poc ships: what each plan includes, what usage beyond that costs, and the pages that say so."""

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
"""The meters, in the order of the bill."""


@dataclass(frozen=True, slots=True)
class Source:
    """A pricing page, and the date of its last update."""

    url: str
    updated: str


@dataclass(frozen=True, slots=True)
class Free:
    """A limit of the free plan, per day or in total."""

    limit: Decimal
    per: Literal["day", "total"]


@dataclass(frozen=True, slots=True)
class Meter:
    """One billed quantity: `included` per month, then `price` in dollars for each `unit`.

    If it `rounds_up`, a fraction of a unit is billed as a whole unit. `free` is None if the free plan has no limit.
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
    """All prices and the date they were read. `base` is in dollars per month; `memory_gb` is billed per object."""

    read: str
    sources: Mapping[str, Source]
    base: Decimal
    memory_gb: Decimal
    messages_per_request: Decimal
    meters: Mapping[str, Meter]


@cache
def shipped() -> Prices:
    """Return the prices in `prices.toml`."""
    return prices_of((files("poc_cli.cost") / "prices.toml").read_text(encoding="utf-8"))


def prices_of(text: str) -> Prices:
    """Parse prices from TOML. Raises KeyError if one is missing."""
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
