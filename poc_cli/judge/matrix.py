"""The survival matrix: a row for each kind of state, a column for each event that an object went through."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from poc_cli.judge.binding import objects_of
from poc_cli.judge.claims import ClaimFinding
from poc_cli.judge.finding import Finding
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.model import ROWS

COLUMNS = (
    "idle sleep",
    "forced eviction",
    "crash",
    "restart",
    "redeploy (immediate)",
    "redeploy (deferred)",
    "network drop",
)

_COLUMN_OF = {
    "idle": "idle sleep",
    "evict": "forced eviction",
    "crash": "crash",
    "server": "restart",
    "object": "restart",
    "deploy": "redeploy (immediate)",
    "deploy-deferred": "redeploy (deferred)",
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


def column_of(finding: Finding, objects: Collection[str]) -> str | None:
    """Return the column of a finding: what happened to its objects before it, None for nothing or several kinds."""
    ways = {loss.way for loss in finding.losses if loss.label in objects}
    return _COLUMN_OF[ways.pop()] if len(ways) == 1 else None


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
    column = column_of(each.finding, objects_of(story, each.claim))
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
