"""What came out of plays under a rough condition, counted, and what is wrong with it.

Pure: reads documents of runs.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

MOST_UNKNOWN: Final = 0.02
"""The share of claims that may be unknown: a slow machine may cost verdicts, but few."""

LEAST_REFUTED: Final = 0.9
"""The share of mutants that must still be refuted: a rule that excuses everything would hide them."""

_LONGEST_REASON: Final = 120
"""Of a reason: what follows names each client."""

VERDICTS: Final = ("held", "known", "refuted", "unknown", "error")
"""What is counted; `known` is what comes out other than held, as it is known to."""


@dataclass(slots=True)
class Tally:
    """The plays of one condition. `wrong` names each claim that came out as it must not."""

    runs: int = 0
    not_begun: int = 0
    """Runs for which there was no time."""
    plays: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    replayed: Counter[str] = field(default_factory=Counter)
    """Repeats by their reason, without the place in the file."""
    wrong: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unexplained: int = 0
    """Repeats without a reason."""
    seconds: float = 0.0

    def add(self, document: dict[str, Any]) -> None:
        """Count a run of the catalogue: nothing may come out other than it is known to, but for a few unknown."""
        self.runs += 1
        for scenario in played(document):
            self.plays += 1
            self._count_repeats(scenario)
            if scenario["error"] is not None:
                self.wrong.append(f"{scenario['name']}: error: {scenario['error']}")
            for claim in scenario["claims"]:
                verdict = str(claim["verdict"])
                as_known = verdict == claim["known"]
                self.verdicts["known" if as_known else verdict] += 1
                told = f"{scenario['name']}/{claim['id']}: {verdict}: {claim['reason']}"
                if as_known:
                    continue
                if verdict == "unknown":
                    self.unknown.append(told)
                elif verdict != "held" or claim["known"] is not None:
                    self.wrong.append(told)

    def add_mutant(self, name: str, document: dict[str, Any], named: Iterable[str]) -> None:
        """Count a run of a mutant by the claims that name it: none may be held."""
        self.runs += 1
        self.plays += 1
        found: dict[str, dict[str, Any]] = {}
        for scenario in played(document):
            self._count_repeats(scenario)
            found |= {f"{scenario['name']}/{claim['id']}": claim for claim in scenario["claims"]}
        for claim_name in named:
            claim = found.get(claim_name, {"verdict": "error", "reason": "was not judged"})
            verdict = str(claim["verdict"])
            self.verdicts[verdict] += 1
            told = f"{name}: {claim_name}: {verdict}: {claim['reason']}"
            if verdict == "unknown":
                self.unknown.append(told)
            elif verdict != "refuted":
                self.wrong.append(told)

    def failed(self, what: str, reason: str) -> None:
        """Count a run that gave no document."""
        self.runs += 1
        self.plays += 1
        self.verdicts["error"] += 1
        self.wrong.append(f"{what}: {reason}")

    def faults(self) -> list[str]:
        """Return what is wrong with plays of the catalogue."""
        return [*self._faults(), *self._too_many_unknown()]

    def mutants_faults(self) -> list[str]:
        """Return what is wrong with plays of mutants."""
        judged = self.verdicts.total()
        share = self.verdicts["refuted"] / judged if judged else 0.0
        few = [] if share >= LEAST_REFUTED else [f"only {share:.0%} of {judged} claims refuted", *self.unknown]
        return [*self._faults(), *few]

    def _faults(self) -> Iterator[str]:
        if not self.plays:
            yield "nothing was played"
        if self.unexplained:
            yield f"{self.unexplained} repeats have no reason"
        yield from self.wrong

    def _too_many_unknown(self) -> Iterator[str]:
        judged = self.verdicts.total()
        if self.verdicts["unknown"] > MOST_UNKNOWN * judged:
            yield f"{self.verdicts['unknown']} of {judged} claims unknown"
            yield from self.unknown

    def _count_repeats(self, scenario: dict[str, Any]) -> None:
        for repeat in scenario.get("replayed", ()):
            if repeat["reason"]:
                self.replayed[_without_place(str(repeat["reason"]))] += 1
            else:
                self.unexplained += 1


def played(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the scenarios of a run that were not left out."""
    return [scenario for scenario in document["scenarios"] if scenario["left_out"] is None]


def table(tallies: dict[str, Tally]) -> str:
    """Return the table of all conditions."""
    rows = [["", "plays", *VERDICTS, "replayed", "seconds", "not begun"]]
    for how, tally in tallies.items():
        verdicts = (tally.verdicts[verdict] for verdict in VERDICTS)
        numbers = (tally.plays, *verdicts, tally.replayed.total(), round(tally.seconds), tally.not_begun)
        rows.append([how, *map(str, numbers)])
    return "\n".join(f"{row[0]:<16}" + "".join(f"{cell:>10}" for cell in row[1:]) for row in rows)


def repeats(tallies: dict[str, Tally]) -> str:
    """Return the reasons of all repeats with their numbers, the most frequent first."""
    lines = [
        f"  {how}: {number} x {reason}"
        for how, tally in tallies.items()
        for reason, number in tally.replayed.most_common()
    ]
    return "\n".join(["played again:", *lines]) if lines else "nothing was played again"


def _without_place(reason: str) -> str:
    """Return the sentence without its place and its numbers, so that equal causes count as one."""
    place, _, rest = reason.partition(": ")
    sentence = rest if ".toml:" in place else reason
    return re.sub(r"\d+(\.\d+)?", "N", sentence)[:_LONGEST_REASON]
