"""A finding: the verdict of a check, one sentence, the events that show it, and the sleeps and faults it rests on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # commands that only read verdicts do not load the judge
    from poc_cli.judge.sleeps import Sleep

Verdict = Literal["held", "refuted", "unknown", "error"]

WORST_FIRST: tuple[Verdict, ...] = ("error", "refuted", "unknown", "held")


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, its reason, and the ids of the events that show it."""

    verdict: Verdict
    reason: str
    evidence: tuple[int, ...] = ()
    losses: tuple["Sleep", ...] = ()
    """The sleeps, faults and dropped connections that it rests on."""


def held(reason: str, evidence: Iterable[int] = (), losses: Iterable["Sleep"] = ()) -> Finding:
    """Return a finding that holds."""
    return Finding("held", reason, tuple(evidence), tuple(losses))


def refuted(reason: str, evidence: Iterable[int] = (), losses: Iterable["Sleep"] = ()) -> Finding:
    """Return a finding that refutes."""
    return Finding("refuted", reason, tuple(evidence), tuple(losses))


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
            losses = {(loss.label, loss.left.id): loss for finding in same for loss in finding.losses}
            return Finding(verdict, same[0].reason, tuple(evidence), tuple(losses.values()))
    return unknown("nothing was judged")
