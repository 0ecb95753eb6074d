"""Writes the generated files of docs/: `python -m poc_cli.scenario.generate_docs [FOLDER]`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from poc_cli.files import write_whole
from poc_cli.scenario import claims_page, load_schema, reference, schema

PAGES: Final[dict[str, Callable[[], str]]] = {
    "scenario.schema.json": schema.text,
    "load.schema.json": load_schema.text,
    "scenarios.md": reference.text,
    "claims.md": claims_page.text,
}
"""What makes each file."""


def write(folder: Path) -> list[Path]:
    """Write the files into the folder and give those that were not current."""
    stale = []
    for name, make in PAGES.items():
        file, text = folder / name, make()
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            write_whole(file, text)
            stale.append(file)
    return stale


if __name__ == "__main__":
    for written in write(Path(*sys.argv[1:2] or ["docs"])):
        sys.stdout.write(f"wrote {written}\n")
