"""Writes the generated files of docs/: `python -m poc_cli.commands.generate_docs [FOLDER]`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from poc_cli.files import write_whole
from poc_cli.judge import document_types
from poc_cli.record import history_docs
from poc_cli.scenario import claims_page, load_schema, reference, schema

PAGES: Final[dict[str, Callable[[], str]]] = {
    "scenario.schema.json": schema.text,
    "load.schema.json": load_schema.text,
    "scenarios.md": reference.text,
    "claims.md": claims_page.text,
    "history.schema.json": history_docs.text,
    "run.schema.json": document_types.text,
}
"""What makes each file."""

TABLES: Final[dict[str, Callable[[], str]]] = {"results.md": history_docs.table}
"""What makes the table of a file that is otherwise written by hand; it is between two markers."""

_BEGINS, _ENDS = "<!-- table: written by `make docs` -->\n\n", "\n\n<!-- end of the table -->"


def write(folder: Path) -> list[Path]:
    """Write the files that are not current into the folder, and return those."""
    made = {folder / name: make() for name, make in PAGES.items()}
    made |= {
        folder / name: with_table(folder / name, make()) for name, make in TABLES.items() if (folder / name).is_file()
    }
    stale = [file for file, text in made.items() if not file.is_file() or file.read_text(encoding="utf-8") != text]
    for file in stale:
        write_whole(file, made[file])
    return stale


def with_table(file: Path, table: str) -> str:
    """Return the text of a file with another table between its markers."""
    before, begins, rest = file.read_text(encoding="utf-8").partition(_BEGINS)
    _, ends, after = rest.partition(_ENDS)
    return before + begins + table + ends + after if ends else before + begins + rest


if __name__ == "__main__":
    for written in write(Path(*sys.argv[1:2] or ["docs"])):
        sys.stdout.write(f"wrote {written}\n")
