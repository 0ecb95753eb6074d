"""Healthy projects with a recorded session each, their twins, which lose one visible field by sleep, and mutants."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from tests.support import mutants, patched
from tests.support.command import ROOT, Poc

EVERYWHERE = ROOT / "tests" / "everywhere"
SESSIONS = EVERYWHERE / "sessions"
PROJECTS = ROOT / "tests" / "projects"

HEALTHY = tuple(sorted(file.stem for file in SESSIONS.glob("*.toml")))
"""The projects that lose nothing."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A copy of a project with small changes to one file, or to those that a change names."""

    name: str
    project: str
    loses: str
    file: str
    changes: tuple[tuple[str, ...], ...]
    """A text, what replaces it, and the file if it is another one."""

    def copied(self, into: Path) -> Path:
        """Copy the project with the changes; each of them must apply."""
        folder = Path(shutil.copytree(PROJECTS / self.project, into / self.name))
        for before, after, *other in self.changes:
            source = folder / (other[0] if other else self.file)
            text = source.read_text(encoding="utf-8")
            assert before in text, f"{self.name}: {source.name} has no {before}"
            source.write_text(text.replace(before, after), encoding="utf-8")
        return folder


def twins() -> list[Twin]:
    """Return all of them in the order of the file."""
    found = tomli.loads((EVERYWHERE / "twins.toml").read_text(encoding="utf-8"))["twin"]
    return [Twin(**(each | {"changes": tuple(map(tuple, each["changes"]))})) for each in found]


@dataclass(frozen=True, slots=True)
class Listed:
    """A mutant of the shipped worker that loses something by a sleep, and the theme of the session that asks for it."""

    theme: str
    name: str
    verdict: str = "refuted"
    """What comes of it: `held` where the session does not ask for what is lost."""

    @property
    def session(self) -> Path:
        """Return the session, which was recorded once, on the healthy worker."""
        return EVERYWHERE / "room" / f"{self.theme}.toml"

    def assembled(self, into: Path) -> Path:
        """Make the mutant and return its folder."""
        folder = into / self.name.replace("/", "-")
        if "/" in self.name:
            return patched.assemble(self.name, folder)
        return mutants.assemble(mutants.source(self.name), folder)


def listed() -> list[Listed]:
    """Return the mutants of tests/mutants/everywhere.txt."""
    lines = (mutants.MUTANTS / "everywhere.txt").read_text(encoding="utf-8").splitlines()
    return [Listed(*line.split()) for line in lines if not line.startswith("#")]


def played(poc: Poc, session: Path, *words: str) -> dict[str, Any]:
    """Play a session with sleeps everywhere; return its part of run.json."""
    ran = poc.run("run", str(session), "--sleep", "everywhere", "--json", *words)
    assert ran.out, ran.err
    found: dict[str, Any] = ran.document()["scenarios"][0]
    return found
