"""Mutants of poc's worker that are patches, by theme, with the claims that name them.

A mutant in TypeScript extends the worker and must refute exactly what its table says. These are changes inside of it;
each must refute the claims that name it, and is played in their scenarios only.
"""

import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Final

from poc_cli.shipped import shipped
from tests.support.expected import SHIPPED
from tests.support.mutants import MUTANTS
from tests.support.table_stack import PREFIX as STACK

NAMED: Final = [
    (f"{scenario['name']}/{claim['id']}", str(claim["mutant"]))
    for scenario in SHIPPED.values()
    for claim in scenario.get("claim", ())
    if "/" in str(claim.get("mutant", "")) and not str(claim["mutant"]).startswith(STACK)
]
"""Each shipped claim that names such a mutant, with the mutant."""


def names() -> list[str]:
    """Return the names of all of them: `THEME/NAME`."""
    found = (file.relative_to(MUTANTS).with_suffix("").as_posix() for file in MUTANTS.glob("*/*.patch"))
    return sorted(name for name in found if not name.startswith(STACK))


def theme_of(name: str) -> str:
    """Return the folder of a mutant."""
    return name.partition("/")[0]


def claims_of(name: str) -> set[str]:
    """Return the claims that name a mutant."""
    return {claim for claim, mutant in NAMED if mutant == name}


def scenarios_of(name: str) -> list[str]:
    """Return the scenarios that a mutant is played in: those that name it, or all of its theme if none does."""
    naming = sorted({claim.partition("/")[0] for claim in claims_of(name)})
    return naming or _of_theme()[theme_of(name)]


def assemble(name: str, folder: Path) -> Path:
    """Make `folder` a copy of the worker with the patch, and return it.

    Raises CalledProcessError if the patch does not fit the worker any more.
    """
    _copy(folder)
    _apply(name, folder).check_returncode()
    return folder


def assemble_many(folder: Path) -> tuple[Path, list[str]]:
    """Make `folder` a copy of the worker with all patches that fit together, and return it with their names."""
    _copy(folder)
    return folder, [name for name in names() if _apply(name, folder, "-C1").returncode == 0]


def _copy(folder: Path) -> None:
    shutil.copytree(shipped("worker"), folder, ignore=shutil.ignore_patterns("node_modules", ".wrangler"))


def _apply(name: str, folder: Path, *options: str) -> subprocess.CompletedProcess[bytes]:
    words = ["/usr/bin/env", "git", "apply", *options, str(MUTANTS / f"{name}.patch")]
    return subprocess.run(words, cwd=folder, check=False, capture_output=True)


def _of_theme() -> dict[str, list[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for claim, mutant in NAMED:
        found[theme_of(mutant)].add(claim.partition("/")[0])
    return {theme: sorted(scenarios) for theme, scenarios in found.items()}
