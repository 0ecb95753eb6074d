"""One line of a gate's table."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["met", "not met", "undecided", "error", "left out"]


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement in words, what the run says to it, and the claim that it is about: scenario and id."""

    requirement: str
    found: str
    verdict: Verdict
    claim: tuple[str, str] | None = None
