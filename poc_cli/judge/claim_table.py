"""The claims of several judged runs as a table: a row for each claim, a cell for each run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from poc_cli.judge.document_types import ClaimDocument, RunDocument, ScenarioDocument

NOT_JUDGED: Final = "not judged"
"""A claim whose scenario the run did not have or could not read."""

LEFT_OUT: Final = "left out"
"""A claim that a run left out, alone or with its scenario."""

_KNOWN: Final = " (known)"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """The result of a claim in one run, and the reason."""

    verdict: str
    reason: str
    known: bool = False
    is_listed: bool = False
    """Whether the scenario lists the claim as a known defect, whatever the verdict is."""

    @property
    def label(self) -> str:
        """Return the verdict, marked if it is a known one."""
        return self.verdict + (_KNOWN if self.known else "")


@dataclass(frozen=True, slots=True)
class Row:
    """One claim, `scenario/claim`, or a scenario that was judged in no run, with a cell for each run."""

    name: str
    cells: Mapping[str, Cell]

    @property
    def differs(self) -> bool:
        """Whether the runs that judged it have different results."""
        return len({cell.verdict for cell in self.judged}) > 1

    @property
    def judged(self) -> list[Cell]:
        """The results of the runs that did not leave it out."""
        return [cell for cell in self.cells.values() if cell.verdict != LEFT_OUT]


def rows(documents: Mapping[str, RunDocument]) -> list[Row]:
    """Return all claims of the runs in the order in which they first appear, those that differ first."""
    found: dict[str, dict[str, Cell]] = {}
    absent = dict.fromkeys(documents, Cell(NOT_JUDGED, ""))
    for run, document in documents.items():
        for scenario in document["scenarios"]:
            for name, cell in _cells(scenario):
                found.setdefault(name, dict(absent))[run] = cell
    judged = {name.partition("/")[0] for name in found if "/" in name}
    every = [Row(name, cells) for name, cells in _without_heads(found, judged).items()]
    return sorted(every, key=lambda row: not row.differs)


def _cells(scenario: ScenarioDocument) -> list[tuple[str, Cell]]:
    name = str(scenario["name"])
    if not scenario["claims"] and not scenario.get("left_out_claims"):
        verdict = LEFT_OUT if scenario["left_out"] else str(scenario["verdict"])
        return [(name, Cell(verdict, str(scenario["left_out"] or scenario["error"] or "it has no claims")))]
    judged = [(f"{name}/{claim['id']}", _cell(claim)) for claim in scenario["claims"]]
    without = scenario.get("left_out_claims", ())
    return judged + [(f"{name}/{claim['id']}", Cell(LEFT_OUT, str(claim["reason"]))) for claim in without]


def _cell(claim: ClaimDocument) -> Cell:
    known = claim["known"] is not None
    return Cell(claim["verdict"], claim["reason"], claim["known"] == claim["verdict"], known)


def _without_heads(found: dict[str, dict[str, Cell]], judged: set[str]) -> dict[str, dict[str, Cell]]:
    """Return the rows without those of scenarios whose claims another run judged; their reasons go to the claims."""
    kept = {name: cells for name, cells in found.items() if name not in judged}
    for head in judged & found.keys():
        for run, why in found[head].items():
            if why.verdict == NOT_JUDGED:
                continue
            for name, cells in kept.items():
                if name.partition("/")[0] == head:
                    cells[run] = why
    return kept
