"""The survival matrix: a row for each kind of state, a column for each event that an object went through."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

from poc_cli.judge.claim_sleeps import objects_of
from poc_cli.judge.claims import ClaimFinding
from poc_cli.judge.finding import Finding
from poc_cli.judge.proof import losses_before
from poc_cli.record.play_record import FOREVER, PlayRecord
from poc_cli.scenario.model import ROWS, Hibernate, Restart, Step

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

Value = Literal["survived", "lost", "reset", "unknown", "not tested"]

_SEVERITY: dict[Value, int] = {"lost": 0, "reset": 1, "survived": 2}

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
    unknown: tuple[str, ...] = ()
    """The claims about this cell that were not decided."""


def column_of(finding: Finding, objects: Collection[str]) -> str | None:
    """Return the column of a finding: what happened to its objects before it, None for nothing or several kinds."""
    ways = {loss.way for loss in finding.losses if loss.label in objects}
    return _COLUMN_OF[ways.pop()] if len(ways) == 1 else None


Judged = Sequence[tuple[PlayRecord, Sequence[ClaimFinding]]]


def cells(decided: Judged, judged: Judged, sleep: object) -> list[Cell]:
    """Return all cells, row by row; of several claims in one cell, the worst counts.

    `decided` has the findings that fill cells, `judged` the combined one of each claim; those that are not decided are
    named in their cell. `sleep` is how the run puts objects to sleep, None for as each step says.
    """
    found: dict[tuple[str, str], Cell] = {}
    for story, findings in decided:
        for each in findings:
            cell = _cell(story, each)
            if cell is None:
                continue
            key = cell.row, cell.column
            found[key] = _worse(found[key], cell) if key in found else cell
    undecided = _undecided(judged, sleep)
    for row, column in undecided.keys() - found.keys():
        found[row, column] = Cell(row, column, "unknown", None, ())
    return [
        replace(found[place], unknown=tuple(undecided.get(place, ())))
        if place in found
        else Cell(*place, "not tested", None, ())
        for place in product(ROWS, COLUMNS)
    ]


def _undecided(judged: Judged, sleep: object) -> dict[tuple[str, str], list[str]]:
    """Return by cell the claims that would fill it if they were decided."""
    found: dict[tuple[str, str], list[str]] = {}
    for story, findings in judged:
        for each in findings:
            matrix = each.claim.matrix
            if matrix is None or each.finding.verdict in {"held", "refuted"}:
                continue
            column = _column_meant(story, each, sleep)
            if column is not None:
                found.setdefault((matrix.row, column), []).append(_name(story, each))
    return found


def _column_meant(story: PlayRecord, each: ClaimFinding, sleep: object) -> str | None:
    """Return the column of a claim that is not decided: by what happened to its objects, else by what steps ask for."""
    objects = objects_of(story, each.claim)
    ways = {loss.way for loss in losses_before(story, each.claim, FOREVER) if loss.label in objects}
    ways = ways or {way for placed in story.play.steps if (way := _way_asked(placed.step, objects, sleep)) is not None}
    return _COLUMN_OF.get(ways.pop()) if len(ways) == 1 else None


def _way_asked(step: Step, objects: Collection[str], sleep: object) -> str | None:
    if not isinstance(step, Hibernate | Restart) or (step.of is not None and not set(step.of) & set(objects)):
        return None
    if isinstance(step, Restart):
        return step.restart
    return sleep if isinstance(sleep, str) else step.hibernate


def _cell(story: PlayRecord, each: ClaimFinding) -> Cell | None:
    matrix, verdict = each.claim.matrix, each.finding.verdict
    if matrix is None or verdict not in {"held", "refuted"}:
        return None
    column = column_of(each.finding, objects_of(story, each.claim))
    if column is None:
        return None
    value = (_WHEN_HELD if verdict == "held" else _WHEN_REFUTED)[matrix.expects]
    return Cell(matrix.row, column, value, verdict == "held", (_name(story, each),))


def _name(story: PlayRecord, each: ClaimFinding) -> str:
    return f"{story.scenario.document.name}/{each.claim.id}"


def _worse(one: Cell, other: Cell) -> Cell:
    # What contradicts the documentation is worse: for fields in memory that is "survived".
    first, second = sorted((one, other), key=lambda cell: (bool(cell.as_documented), _SEVERITY[cell.value]))
    claims = tuple(dict.fromkeys((*first.claims, *second.claims)))
    return Cell(first.row, first.column, first.value, first.as_documented, claims)
