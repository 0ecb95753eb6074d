"""The small projects of tests/projects/shapes: one for each way in which projects are laid out."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from tests.support.command import ROOT

SHAPES = ROOT / "tests" / "projects" / "shapes"


@dataclass(frozen=True, slots=True)
class Shape:
    """A project with a story, and what its shape.toml says about it.

    `told` are texts that `poc run` has to print with these `arguments`, and `code` is its exit code. With `init` its
    story is the one that `poc init` writes.
    """

    name: str
    what: str
    works: str
    arguments: tuple[str, ...]
    told: tuple[str, ...]
    init: bool
    code: int

    def copied(self, into: Path) -> Path:
        """Copy the project as its owner has it, with what is installed, and return its folder."""
        folder = Path(shutil.copytree(SHAPES / self.name, into / self.name, symlinks=True))
        for installed in sorted(folder.rglob("installed")):
            installed.rename(installed.with_name("node_modules"))
        for package in folder.glob("packages/*"):  # as npm links those of a workspace
            link = folder / "node_modules" / package.name
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(package)
        return folder


def shapes() -> list[Shape]:
    """Return all of them, by name."""
    return [
        _shape(file.parent.name, tomli.loads(file.read_text("utf-8"))) for file in sorted(SHAPES.glob("*/shape.toml"))
    ]


def _shape(name: str, table: dict[str, Any]) -> Shape:
    arguments, told = tuple(table.get("arguments", ())), tuple(table.get("told", ()))
    return Shape(name, table["what"], table["works"], arguments, told, table.get("init", False), table.get("code", 0))
