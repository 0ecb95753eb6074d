"""Mutant workers: the shipped worker with one bug, put together in a folder of its own."""

import shutil
from pathlib import Path

from poc_cli.shipped import shipped

MUTANTS = Path(__file__).parent.parent / "mutants"
"""One TypeScript file each; its first lines say the bug and the claims it must turn red."""

_MODULES = "modules = ["


def names() -> list[str]:
    """Return the names of all mutants that are kept as files."""
    return sorted(file.stem for file in MUTANTS.glob("*.ts"))


def source(name: str) -> str:
    """Return the text of a mutant."""
    return (MUTANTS / f"{name}.ts").read_text(encoding="utf-8")


def assemble(text: str, folder: Path) -> Path:
    """Make `folder` a copy of the worker whose main module is the mutant `text`, and give it back.

    The first module of the list is the main one: its `Room` and its default export are what workerd runs.
    """
    shutil.copytree(shipped("worker"), folder, ignore=shutil.ignore_patterns("node_modules", ".wrangler"))
    (folder / "src" / "mutant.ts").write_text(text, encoding="utf-8")
    declaration = folder / "local.capnp"
    before = declaration.read_text(encoding="utf-8")
    first = f'{_MODULES}\n    (name = "mutant.ts", esModule = embed "src/mutant.ts"),'
    after = before.replace(_MODULES, first, 1)
    if after == before:
        raise ValueError(f"{declaration} has no `{_MODULES}`")
    declaration.write_text(after, encoding="utf-8")
    return folder
