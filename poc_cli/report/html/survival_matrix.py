"""The survival matrix of the page: each tested cell with its value, its color and a link to its claim."""

from collections.abc import Mapping

from poc_cli.judge.document_types import CellDocument, RunDocument
from poc_cli.report.html.view_model import Cell, Matrix, Reference, verdict_shown
from poc_cli.report.matrix_table import is_whole, parts_text, table


def matrix_of(document: RunDocument, anchors: Mapping[str, str]) -> Matrix:
    """Return the matrix; `anchors` has the anchor of each claim by its name `scenario/id`."""
    tested = table(document["matrix"])
    whole = not document["error"]
    rows = tuple(
        (row, tuple(_cell(tested.cell(row, column), anchors, whole=whole) for column in tested.columns))
        for row in tested.rows
    )
    return Matrix(tested.columns, rows)


def _cell(cell: CellDocument | None, anchors: Mapping[str, str], *, whole: bool) -> Cell | None:
    if cell is None:
        return None
    documented = cell["as_documented"]
    verdict = "refuted" if documented is False else "held" if is_whole(cell) else "unknown"
    words = {True: "as documented", False: "not as documented", None: "no claim is decided"}
    notes = [words[documented]] if documented is not True or is_whole(cell) else []
    notes += [] if is_whole(cell) or documented is None else [parts_text(cell)]
    return Cell(
        value=cell["value"],
        tone=verdict_shown(verdict, whole=whole),
        documented=", ".join([*notes, *([] if whole else ["incomplete record"])]),
        claims=tuple(Reference(claim, anchors.get(claim)) for claim in (*cell["claims"], *cell.get("unknown", ()))),
    )
