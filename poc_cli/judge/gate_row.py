"""One row of the table of gates."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["met", "not met", "undecided", "error", "left out"]


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement, what the run shows, the verdict, and the claim that it is about as scenario and id."""

    requirement: str
    found: str
    verdict: Verdict
    claim: tuple[str, str] | None = None
