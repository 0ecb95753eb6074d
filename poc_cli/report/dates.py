"""Runs on several compatibility dates beside one another: what differs first, then what is the same.

Never says which date is right: that a claim differs is what was asked, and each run keeps its own verdict.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from poc_cli.judge import beside
from poc_cli.judge.beside import NOT_JUDGED, Cell, Row
from poc_cli.report.spans import Line, span
from poc_cli.report.text import STYLES, verdict_line
from poc_cli.status import WORST_FIRST, ExitCode

SCHEMA: Final = "poc.dates/1"

Document = dict[str, Any]


def date_of(document: Document) -> str:
    """Give the compatibility date of a run."""
    return str(document["target"].get("compatibility_date"))


def rows(documents: Sequence[Document]) -> list[Row]:
    """Give all claims by dates in the order in which they first appear, the differing ones first."""
    return beside.rows({date_of(document): document for document in documents})


def worst(codes: Sequence[int]) -> ExitCode:
    """Give the exit code of several runs: that of the worst."""
    return next((code for code in WORST_FIRST if code in codes), ExitCode.INCONCLUSIVE)


def compared(documents: Sequence[Document], code: int) -> Document:
    """Give the comparison as one document, with the runs in it."""
    return {
        "schema": SCHEMA,
        "exit_code": int(code),
        "dates": [date_of(document) for document in documents],
        "claims": [
            {
                "claim": row.name,
                "differs": row.differs,
                "verdicts": {date: each.verdict for date, each in row.cells.items()},
            }
            for row in rows(documents)
        ],
        "runs": list(documents),
    }


def answer(documents: Sequence[Document]) -> Line:
    """Give the comparison in one line."""
    every = rows(documents)
    dates = ", ".join(date_of(document) for document in documents)
    if len(documents) == 1:  # the run was interrupted
        return [span(f"nothing to compare: only {dates} was run", "yellow")]
    differing = sum(row.differs for row in every)
    told = "no claim differs" if not differing else f"{differing} of {len(every)} claims differ{'s' * (differing == 1)}"
    return [span(f"{told} between {dates}", "bold" if differing else "green")]


def lines(documents: Sequence[Document], folders: Sequence[str]) -> list[Line]:
    """Give the whole comparison: the table, why each date came out as it did, and the answer of each run."""
    every = rows(documents)
    differing = [row for row in every if row.differs]
    failing = [row for row in every if not row.differs and not _is_well(row)]
    dates = [date_of(document) for document in documents]
    found: list[Line] = []
    if differing:
        found += [*_table("differs by date", differing, dates), []]
        for row in differing:
            found += [[span(row.name, "bold")], *(_why(date, row.cells[date]) for date in dates), []]
    if failing:
        found += [*_table("the same on every date", failing, dates), []]
    found.append([span(_same([row for row in every if not row.differs]))])
    for document, folder in zip(documents, folders, strict=True):
        found += [
            [span(f"{date_of(document)}  ", "bold"), *verdict_line(document)],
            [span(f"            {folder}", "dim")],
        ]
    return [*found, answer(documents)]


def _is_well(row: Row) -> bool:
    return all(cell.verdict == "held" or cell.known for cell in row.cells.values())


def _table(title: str, shown: list[Row], dates: list[str]) -> list[Line]:
    name = max(len(title), *(len(row.name) + 2 for row in shown))
    cell = max(len(NOT_JUDGED), *(len(each.told) for row in shown for each in row.cells.values()))
    found: list[Line] = [[span(f"{title:<{name}}", "bold"), *(span(f"  {date:<{cell}}") for date in dates)]]
    for row in shown:
        told = [row.cells[date] for date in dates]
        found.append(
            [
                span(f"  {row.name:<{name - 2}}"),
                *(span(f"  {each.told:<{cell}}", STYLES.get(each.verdict, "yellow")) for each in told),
            ]
        )
    return found


def _why(date: str, cell: Cell) -> Line:
    return [span(f"  {date}  "), span(f"{cell.told:<10}  ", STYLES.get(cell.verdict, "yellow")), span(cell.reason)]


def _same(same: list[Row]) -> str:
    counted = Counter(next(iter(row.cells.values())).verdict for row in same)
    listed = ", ".join(f"{number} {verdict}" for verdict, number in counted.items())
    return f"the same on every date: {len(same)} claim{'' if len(same) == 1 else 's'}" + (
        f" ({listed})" if listed else ""
    )
