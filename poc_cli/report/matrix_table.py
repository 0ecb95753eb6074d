"""The tested part of the survival matrix as a table, for every report format."""

from collections.abc import Mapping
from dataclasses import dataclass

from poc_cli.judge.document_types import CellDocument


@dataclass(frozen=True, slots=True)
class Table:
    """The tested part of the matrix, with rows and columns in their fixed order."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], CellDocument]

    def cell(self, row: str, column: str) -> CellDocument | None:
        """Return a cell of run.json's matrix, None if it was not tested."""
        return self.cells.get((row, column))


def table(matrix: list[CellDocument]) -> Table:
    """Return the tested part of run.json's `matrix`."""
    tested = {(cell["row"], cell["column"]): cell for cell in matrix if cell["value"] != "not tested"}
    rows = dict.fromkeys(cell["row"] for cell in matrix)
    columns = dict.fromkeys(cell["column"] for cell in matrix)
    return Table(
        tuple(row for row in rows if any(place[0] == row for place in tested)),
        tuple(column for column in columns if any(place[1] == column for place in tested)),
        tested,
    )


def cell_text(cell: CellDocument) -> str:
    """Return the value of a cell, and how many of its claims are not decided."""
    return cell["value"] if is_whole(cell) or not cell["claims"] else f"{cell['value']} ({parts_text(cell)})"


def parts_text(cell: CellDocument) -> str:
    """Return how many claims about a cell are decided, and how many are not."""
    unknown, decided = len(cell.get("unknown", ())), len(cell["claims"])
    return f"{decided} of {decided + unknown}; {unknown} unknown"


def is_whole(cell: CellDocument) -> bool:
    """Return whether every claim about a cell is decided."""
    return not cell.get("unknown")
