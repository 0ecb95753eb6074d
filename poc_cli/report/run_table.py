"""Runs on several compatibility dates, runtimes or targets side by side: first what differs, then what is the same."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from poc_cli.exit_codes import WORST_FIRST, ExitCode
from poc_cli.judge import claim_table
from poc_cli.judge.claim_table import LEFT_OUT, NOT_JUDGED, Cell, Row
from poc_cli.judge.document_types import RunDocument
from poc_cli.report.styled import Line, span
from poc_cli.report.text import STYLES, verdict_line

Document = dict[str, Any]

_NAMED: Final = 6
"""Claims named per reason for which claims are left out; each run's report has all of them."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What the runs differ in: its name, and a function that returns its value for a run."""

    noun: str
    label: Callable[[RunDocument], str]

    @property
    def schema(self) -> str:
        """Return the schema name of the comparison document."""
        return f"poc.{self.noun}s/1"


def _place(document: RunDocument) -> str:
    target = document["target"]
    return str(target["url"] if target["kind"] == "url" else target["kind"])


DATES: Final = Axis("date", lambda document: str(document["target"].get("compatibility_date")))
TARGETS: Final = Axis("target", _place)
RUNTIMES: Final = Axis("runtime", lambda document: str((document["target"].get("versions") or {}).get("workerd")))


def rows(documents: Sequence[RunDocument], axis: Axis) -> list[Row]:
    """Return all claims with their verdicts per run, differing ones first, in order of appearance."""
    return claim_table.rows({axis.label(document): document for document in documents})


def worst(codes: Sequence[int]) -> ExitCode:
    """Return the exit code of several runs: the worst of theirs."""
    return next((code for code in WORST_FIRST if code in codes), ExitCode.INCONCLUSIVE)


def compared(documents: Sequence[RunDocument], axis: Axis, code: int) -> Document:
    """Return the comparison as one document that contains the runs."""
    return {
        "schema": axis.schema,
        "exit_code": int(code),
        f"{axis.noun}s": [axis.label(document) for document in documents],
        "claims": [
            {
                "claim": row.name,
                "differs": row.differs,
                "verdicts": {label: each.verdict for label, each in row.cells.items()},
            }
            for row in rows(documents, axis)
        ],
        "runs": list(documents),
    }


def answer(documents: Sequence[RunDocument], axis: Axis) -> Line:
    """Return the result in one line."""
    every = rows(documents, axis)
    labels = ", ".join(axis.label(document) for document in documents)
    if len(documents) == 1:  # the run was interrupted
        return [span(f"nothing to compare: only {labels} was run", "yellow")]
    differing = sum(row.differs for row in every)
    partly = sum(LEFT_OUT in {cell.verdict for cell in row.cells.values()} for row in every)
    message = (
        "no claim differs" if not differing else f"{differing} of {len(every)} claims differ{'s' * (differing == 1)}"
    )
    without = f", {partly} left out on some" if partly else ""
    return [span(f"{message} between {labels}{without}", "bold" if differing else "green")]


def lines(documents: Sequence[RunDocument], axis: Axis, folders: Sequence[str]) -> list[Line]:
    """Return the comparison: the table, the reasons of each run, and the result of each."""
    every = rows(documents, axis)
    differing = [row for row in every if row.differs]
    failing = [row for row in every if not row.differs and not _as_expected(row)]
    labels = [axis.label(document) for document in documents]
    width = max(map(len, labels))
    found: list[Line] = []
    if differing:
        found += [*_table(f"differs by {axis.noun}", differing, labels), []]
        for row in differing:
            found += [[span(row.name, "bold")], *(_why(f"{label:<{width}}", row.cells[label]) for label in labels), []]
    if failing:
        found += [*_table(f"the same on every {axis.noun}", failing, labels), []]
    found += _left_out(every, axis.noun)
    found.append([span(_same([row for row in every if not row.differs], axis.noun))])
    for document, folder in zip(documents, folders, strict=True):
        found += [
            [span(f"{axis.label(document):<{width}}  ", "bold"), *verdict_line(document)],
            [span(" " * (width + 2) + folder, "dim")],
        ]
    return [*found, answer(documents, axis)]


def _left_out(every: Sequence[Row], noun: str) -> list[Line]:
    """Return the claims that were left out on a run, grouped by reason; they neither differ nor agree."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in every:
        without = {label: cell.reason for label, cell in row.cells.items() if cell.verdict == LEFT_OUT}
        if len(without) == len(row.cells) and len(set(without.values())) == 1:
            reasons.setdefault((f"every {noun}", next(iter(without.values()))), []).append(row.name)
        else:
            for label, reason in without.items():
                reasons.setdefault((label, reason), []).append(row.name)
    found: list[Line] = []
    for (where, reason), names in reasons.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        found += [[span(f"left out on {where}: {reason}")], [span(f"  {', '.join(names[:_NAMED])}{more}", "dim")]]
    return [*found, []] if found else []


def _as_expected(row: Row) -> bool:
    return all(cell.verdict in {"held", LEFT_OUT} or cell.known for cell in row.cells.values())


def _table(title: str, shown: list[Row], labels: list[str]) -> list[Line]:
    name = max(len(title), *(len(row.name) + 2 for row in shown))
    verdicts = (each.label for row in shown for each in row.cells.values())
    cell = max(len(NOT_JUDGED), *map(len, labels), *map(len, verdicts))
    found: list[Line] = [[span(f"{title:<{name}}", "bold"), *(span(f"  {label:<{cell}}") for label in labels)]]
    for row in shown:
        cells = [row.cells[label] for label in labels]
        found.append(
            [
                span(f"  {row.name:<{name - 2}}"),
                *(span(f"  {each.label:<{cell}}", STYLES.get(each.verdict, "yellow")) for each in cells),
            ]
        )
    return found


def _why(label: str, cell: Cell) -> Line:
    return [span(f"  {label}  "), span(f"{cell.label:<10}  ", STYLES.get(cell.verdict, "yellow")), span(cell.reason)]


def _same(same: list[Row], noun: str) -> str:
    counted = Counter(next(iter(row.judged)).verdict for row in same if row.judged)
    listed = ", ".join(f"{number} {verdict}" for verdict, number in counted.items())
    return f"the same on every {noun}: {len(same)} claim{'' if len(same) == 1 else 's'}" + (
        f" ({listed})" if listed else ""
    )
