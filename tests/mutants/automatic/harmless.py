"""Mutants that are no defect, with the reason: harmless.toml."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import tomli

from tests.mutants.automatic.instrumented import Mutant

FILE: Final = Path(__file__).with_name("harmless.toml")


@dataclass(frozen=True, slots=True)
class Entry:
    """Some mutants by file, mutator and words; what is left out matches all."""

    because: str
    file: str = ""
    mutator: str = ""
    line: str = ""
    """Words in the line of the source where it begins."""
    original: str = ""
    """All of what is replaced."""
    to: str | None = None
    """All of what replaces it."""

    def matches(self, mutant: Mutant) -> bool:
        """Return whether it is about this mutant."""
        return (
            self.file in {"", mutant.file}
            and self.mutator in {"", mutant.mutator}
            and self.line in mutant.context
            and self.original in {"", mutant.original}
            and self.to in {None, mutant.replacement}
        )


@dataclass(frozen=True, slots=True)
class Harmless:
    """All entries."""

    entries: tuple[Entry, ...] = field(default=())

    @classmethod
    def read(cls) -> "Harmless":
        """Read the file of the checkout."""
        return cls(tuple(Entry(**each) for each in tomli.loads(FILE.read_text(encoding="utf-8"))["harmless"]))

    def reason_of(self, mutant: Mutant) -> str | None:
        """Return why a mutant is no defect, None if nothing says so."""
        return next((entry.because for entry in self.entries if entry.matches(mutant)), None)

    def unused(self, mutants: Iterable[Mutant]) -> list[str]:
        """Return the entries that match no mutant."""
        every = list(mutants)
        return [str(entry) for entry in self.entries if not any(map(entry.matches, every))]
