"""What a mutant is expected to come out as, for the tables that say it of each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from poc_cli.shipped import shipped

BASICS = ("hibernate", "resume", "connect")
"""What every mutant of the room's basics is played in, beside the scenarios that name it."""


def _read(file: Path) -> Any:
    return tomli.loads(file.read_text(encoding="utf-8"))


SHIPPED = {
    scenario["name"]: scenario
    for scenario in map(_read, sorted(shipped("scenarios").rglob("*.toml")))
    if "load" not in scenario  # loads are played by a command of their own: tests/live/test_load_mutants.py
}

ELSEWHERE = frozenset({"redeploy-deferred", "redeploy-delays"})
"""Scenarios that a local runtime cannot play: it defers no deployment. tests/live/test_code_updates.py plays them."""

NAMED = [
    (f"{scenario['name']}/{claim['id']}", str(claim["mutant"]))
    for name, scenario in SHIPPED.items()
    if name not in ELSEWHERE
    for claim in scenario.get("claim", ())
    if "mutant" in claim and "/" not in claim["mutant"]
]
"""Each shipped claim that names a mutant of our own worker, with the mutant."""


def all_claims(*scenarios: str) -> set[str]:
    """Return all claims of the scenarios."""
    return {f"{name}/{claim['id']}" for name in scenarios for claim in SHIPPED[name].get("claim", ())}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a mutant must come out as: whatever is listed neither as refuted nor as unknown must hold."""

    refuted: set[str]
    unknown: set[str]
    played_in: tuple[str, ...]
    """Scenarios beside those that name it."""

    @property
    def code(self) -> int:
        """Return the exit code of the run: never that of a harness that failed."""
        return 1 if self.refuted else 4 if self.unknown else 0


def basic(refuted: set[str], unknown: set[str] | None = None, also: str | None = None) -> Expected:
    """Return what is expected of a mutant that is played in the basic scenarios too, and maybe in one more."""
    return Expected(refuted, (unknown or set()) - refuted, BASICS if also is None else (*BASICS, also))


def special(*refuted: str, unknown: set[str] | None = None, also: tuple[str, ...] = ()) -> Expected:
    """Return what is expected of a mutant that is played only where it is named, and in the scenarios `also`."""
    return Expected(set(refuted), unknown or set(), also)


def merge(table: dict[str, Expected], rows: dict[str, Expected]) -> None:
    """Add a theme's rows to the table; to a mutant that is there already they add what it does in that theme."""
    for name, row in rows.items():
        there = table.get(name, special())
        refuted = there.refuted | row.refuted
        played_in = tuple(dict.fromkeys((*there.played_in, *row.played_in)))
        table[name] = Expected(refuted, (there.unknown | row.unknown) - refuted, played_in)
