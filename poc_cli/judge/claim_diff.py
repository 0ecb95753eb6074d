"""Compare two judged runs: their claims, their figures, and the circumstances in which they differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from poc_cli.exit_codes import ExitCode
from poc_cli.judge.claim_table import LEFT_OUT, NOT_JUDGED, Cell, Row, rows
from poc_cli.judge.document_types import RunDocument, ScenarioDocument
from poc_cli.judge.figure_diff import FigureDiff, figures_between
from poc_cli.judge.finding import WORST_FIRST
from poc_cli.scenario.check_names import NO_SECRET_LEAVES

SCHEMA: Final = "poc.comparison/1"

BEFORE: Final = "before"
AFTER: Final = "after"

Document = dict[str, Any]


class Kind(StrEnum):
    """How a claim changed, the most important change first."""

    worse = "got worse"
    left_out = "left out now"
    gone = "gone"
    better = "got better"
    appeared = "appeared"
    same = "the same"


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """One claim, `scenario/claim`, or a scenario whose play broke, in both runs."""

    name: str
    kind: Kind
    before: Cell
    after: Cell


@dataclass(frozen=True, slots=True)
class Difference:
    """A circumstance in which the runs differ, which may have caused a change."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of two runs. `flaws` has each run whose record is not complete, and why."""

    claims: tuple[ClaimChange, ...]
    figures: tuple[FigureDiff, ...]
    differences: tuple[Difference, ...]
    flaws: tuple[tuple[str, str], ...]

    def of(self, kind: Kind) -> list[ClaimChange]:
        """Return the claims of one kind."""
        return [claim for claim in self.claims if claim.kind is kind]

    @property
    def exit_code(self) -> ExitCode:
        """FAILED if the record of a run is incomplete, REFUTED if a claim got worse, else HELD."""
        if self.flaws:
            return ExitCode.FAILED
        return ExitCode.REFUTED if self.of(Kind.worse) else ExitCode.HELD


def compare(before: RunDocument, after: RunDocument) -> Comparison:
    """Compare two run documents. A figure never makes the comparison fail."""
    runs = {BEFORE: before, AFTER: after}
    found = ((row.name, _cell_of(row, before, BEFORE), _cell_of(row, after, AFTER)) for row in rows(runs))
    claims = [ClaimChange(name, _kind(was, now), was, now) for name, was, now in found]
    claims += _broken(before, after, claims)
    claims += _losses(before, after)
    order = list(Kind)
    return Comparison(
        tuple(sorted(claims, key=lambda claim: (order.index(claim.kind), _badness(claim.after)))),
        tuple(figures_between(before, after)),
        tuple(_differences(before, after)),
        tuple((name, str(run["error"])) for name, run in runs.items() if run["error"]),
    )


def _cell_of(row: Row, document: RunDocument, run: str) -> Cell:
    """Return a claim's result in a run. `no-secret-leaves` is only listed if it is refuted: unlisted, it held."""
    cell = row.cells[run]
    scenario, _, claim = row.name.partition("/")
    judged = any(each["name"] == scenario and each["claims"] for each in document["scenarios"])
    if claim == NO_SECRET_LEAVES and cell.verdict == NOT_JUDGED and judged and document.get("leaks") is not None:
        return Cell("held", "no secret left the worker")
    return cell


def _kind(before: Cell, after: Cell) -> Kind:
    if before.verdict == after.verdict:
        return Kind.same
    if after.verdict == NOT_JUDGED:
        return Kind.gone
    if after.verdict == LEFT_OUT:
        return Kind.same if before.verdict == NOT_JUDGED else Kind.left_out
    if before.verdict in {NOT_JUDGED, LEFT_OUT}:
        return Kind.appeared
    if after.known and before.is_listed:
        return Kind.same  # a known defect that was away in one run is there again
    return Kind.worse if _badness(after) < _badness(before) else Kind.better


def _badness(cell: Cell) -> int:
    """Return the rank of a verdict, 0 for the worst; anything else comes last."""
    return next((place for place, each in enumerate(WORST_FIRST) if each == cell.verdict), len(WORST_FIRST))


def _broken(before: RunDocument, after: RunDocument, claims: list[ClaimChange]) -> Iterator[ClaimChange]:
    """Yield scenarios whose play broke only in the second run, if no claim of theirs shows it."""
    reported = {claim.name.partition("/")[0] for claim in claims if claim.kind is Kind.worse}
    was = {scenario["name"]: scenario for scenario in before["scenarios"]}
    for scenario in after["scenarios"]:
        name = scenario["name"]
        if scenario["error"] and scenario["claims"] and name in was and name not in reported and not was[name]["error"]:
            ended = Cell(str(was[name]["verdict"]), "the play ran to its end")
            yield ClaimChange(name, Kind.worse, ended, Cell("error", str(scenario["error"])))


def _losses(before: RunDocument, after: RunDocument) -> Iterator[ClaimChange]:
    """Yield what only one of two sessions lost by its sleeps, where both lost something.

    None of it makes the comparison fail: a loss may hide another one that comes later in the same play.
    """
    was = {scenario["name"]: _lost(scenario) for scenario in before["scenarios"]}
    for scenario in after["scenarios"]:
        earlier, now = was.get(scenario["name"], {}), _lost(scenario)
        if not earlier or not now:
            continue
        same = "clients saw the same there, or saw something else first"
        for what in dict.fromkeys([*earlier, *now]):
            name = f"{scenario['name']}: {what}"
            if what not in now:
                yield ClaimChange(name, Kind.gone, Cell("lost", earlier[what]), Cell("kept", same))
            elif what not in earlier:
                yield ClaimChange(name, Kind.appeared, Cell("kept", same), Cell("lost", now[what]))


def _lost(scenario: ScenarioDocument) -> Mapping[str, str]:
    """Return what clients saw differently after a sleep, with the sentence about it."""
    session = scenario.get("session")
    losses = [] if session is None else [each for each in session["losses"] if each["confirmed"]]
    return {
        f"{each['client']}'s {each['path']}" if each["path"] else f"a message of {each['client']} ({each['kind']})": (
            f"evicted {each['where']}: {each['says']}"
        )
        for each in losses
    }


def _differences(before: RunDocument, after: RunDocument) -> Iterator[Difference]:
    was, now = dict(_circumstances(before)), dict(_circumstances(after))
    for what in dict.fromkeys([*was, *now]):
        if was.get(what) != now.get(what):
            yield Difference(what, was.get(what) or "not recorded", now.get(what) or "not recorded")


def _circumstances(document: RunDocument) -> Iterator[tuple[str, str]]:
    target: Mapping[str, Any] = document["target"]
    yield "target", str(target.get("kind") or "")
    yield "URL", str(target.get("url") or "")
    yield "poc", str(document.get("poc") or "")
    for name, version in (target.get("versions") or {}).items():
        yield str(name), str(version)
    yield "compatibility date", str(target.get("compatibility_date") or "the worker's own")
    yield "sleep", str(document.get("sleep") or "as written")


def as_document(comparison: Comparison) -> Document:
    """Return the comparison as one JSON document."""
    return {
        "schema": SCHEMA,
        "exit_code": int(comparison.exit_code),
        "differences": [{"what": each.what, BEFORE: each.before, AFTER: each.after} for each in comparison.differences],
        "flaws": [{"run": run, "error": error} for run, error in comparison.flaws],
        "claims": [
            {"claim": each.name, "change": each.kind.value, BEFORE: _cell(each.before), AFTER: _cell(each.after)}
            for each in comparison.claims
        ],
        "figures": [_figure(figure) for figure in comparison.figures],
    }


def _cell(cell: Cell) -> Document:
    return {"verdict": cell.verdict, "known": cell.known, "reason": cell.reason}


def _figure(figure: FigureDiff) -> Document:
    return {
        "figure": figure.name,
        "factor": figure.factor,
        "not_compared": list(figure.apart),
        "spread": {
            run: None if spread is None else {"n": spread.n, "min": spread.low, "max": spread.high}
            for run, spread in ((BEFORE, figure.before), (AFTER, figure.after))
        },
        "percentiles": [
            {
                "percentile": each.name,
                BEFORE: each.before,
                AFTER: each.after,
                "ratio": _rounded(each.ratio),
                "interval": None if each.interval is None else [_rounded(end) for end in each.interval],
                "changed": each.changed,
                "why": each.why,
            }
            for each in figure.changes
        ],
    }


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 3)
