"""The survival matrix: a row for each kind of state, a column for each event that an object went through."""

from dataclasses import dataclass
from typing import Literal

from poc_cli.judge.binding import faults_of, objects_of, rests_of
from poc_cli.judge.claims import ClaimFinding
from poc_cli.judge.sleeps import Sleep, drops_of, losses_of, sleeps_of
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.model import ROWS, Claim

COLUMNS = ("idle sleep", "forced eviction", "crash", "restart", "redeploy", "network drop")

_COLUMN_OF = {
    "idle": "idle sleep",
    "evict": "forced eviction",
    "crash": "crash",
    "server": "restart",
    "object": "restart",
    "deploy": "redeploy",
    "drop": "network drop",
}

Value = Literal["survived", "lost", "reset", "not tested"]

_SEVERITY: dict[Value, int] = {"lost": 0, "reset": 1, "survived": 2, "not tested": 3}

_WHEN_HELD: dict[str, Value] = {"survives": "survived", "lost": "lost", "reset": "reset"}
_WHEN_REFUTED: dict[str, Value] = {"survives": "lost", "lost": "survived", "reset": "survived"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what happened to the state, whether the documentation says so, and the claims that show it."""

    row: str
    column: str
    value: Value
    as_documented: bool | None
    claims: tuple[str, ...]


def column_of(play: PlayRecord, claim: Claim, evidence: tuple[int, ...]) -> str | None:
    """Return the column of a finding: what happened to the object before it, None for nothing or several kinds.

    The evidence names it; if it does not, it is what the claim is about, as far as the object was back in memory by
    then.
    """
    losses = (*sleeps_of(play), *losses_of(play), *drops_of(play))
    ways = {loss.way for loss in losses if loss.left.id in evidence and loss.label in objects_of(play, claim)}
    if not ways and evidence:
        bound = rests_of(play, claim)
        faults = faults_of(play, claim)
        last = max(evidence)
        mine = (loss for loss in losses if loss.steps & (bound.get(loss.label, frozenset()) | faults))
        ways = {loss.way for loss in mine if loss.left.id < last and _was_back(claim, loss, last)}
    return _COLUMN_OF[ways.pop()] if len(ways) == 1 else None


def _was_back(claim: Claim, loss: Sleep, before: int) -> bool:
    if loss.way == "drop" or (claim.matrix is not None and claim.matrix.row == "auto-response"):
        return True
    return loss.back is not None and loss.back.id <= before


def cells(judged: list[tuple[PlayRecord, list[ClaimFinding]]]) -> list[Cell]:
    """Return all cells, row by row; of several claims in one cell, the worst counts."""
    found: dict[tuple[str, str], Cell] = {}
    for story, findings in judged:
        for each in findings:
            cell = _cell(story, each)
            if cell is None:
                continue
            key = cell.row, cell.column
            found[key] = _worse(found[key], cell) if key in found else cell
    return [found.get((row, column), Cell(row, column, "not tested", None, ())) for row in ROWS for column in COLUMNS]


def _cell(story: PlayRecord, each: ClaimFinding) -> Cell | None:
    matrix, verdict = each.claim.matrix, each.finding.verdict
    if matrix is None or verdict not in {"held", "refuted"}:
        return None
    column = column_of(story.attempt_with(each.finding.evidence), each.claim, each.finding.evidence)
    if column is None:
        return None
    value = (_WHEN_HELD if verdict == "held" else _WHEN_REFUTED)[matrix.expects]
    claim = f"{story.scenario.document.name}/{each.claim.id}"
    return Cell(matrix.row, column, value, verdict == "held", (claim,))


def _worse(one: Cell, other: Cell) -> Cell:
    # What contradicts the documentation is worse: for fields in memory that is "survived".
    first, second = sorted((one, other), key=lambda cell: (bool(cell.as_documented), _SEVERITY[cell.value]))
    claims = tuple(dict.fromkeys((*first.claims, *second.claims)))
    return Cell(first.row, first.column, first.value, first.as_documented, claims)
