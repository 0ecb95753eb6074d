"""A finding: the verdict of a check, one sentence, and the events that show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["held", "refuted", "unknown", "error"]

WORST_FIRST: tuple[Verdict, ...] = ("error", "refuted", "unknown", "held")


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, its reason, and the ids of the events that show it."""

    verdict: Verdict
    reason: str
    evidence: tuple[int, ...] = ()


def held(reason: str, evidence: Iterable[int] = ()) -> Finding:
    """Return a finding that holds."""
    return Finding("held", reason, tuple(evidence))


def refuted(reason: str, evidence: Iterable[int] = ()) -> Finding:
    """Return a finding that refutes."""
    return Finding("refuted", reason, tuple(evidence))


def unknown(reason: str, evidence: Iterable[int] = ()) -> Finding:
    """Return a finding that decides nothing."""
    return Finding("unknown", reason, tuple(evidence))


def error(reason: str, evidence: Iterable[int] = ()) -> Finding:
    """Return a finding that poc or the target failed."""
    return Finding("error", reason, tuple(evidence))


def worst(findings: Iterable[Finding]) -> Finding:
    """Return the worst finding (error, refuted, unknown, held), the first of equals, with all evidence of its kind."""
    known = list(findings)
    for verdict in WORST_FIRST:
        same = [finding for finding in known if finding.verdict == verdict]
        if same:
            evidence = dict.fromkeys(event for finding in same for event in finding.evidence)
            return Finding(verdict, same[0].reason, tuple(evidence))
    return unknown("nothing was judged")
