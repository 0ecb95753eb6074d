"""The stories of scenarios/stack with a broken worker: the chat's own with a patch, the rest as it is."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from poc_cli.shipped import shipped
from poc_cli.targets.npm import command
from tests.support.mutants import MUTANTS

STACK: Final = shipped("scenarios") / "stack"
PATCHES: Final = MUTANTS / "stack"
"""One patch each; what stands before it is the bug."""

_WORKER: Final = re.compile(r"^worker\.dir +=.*\nworker\.build +=.*$", re.MULTILINE)


def names() -> list[str]:
    """Return the names of all mutants of the stack's worker."""
    return sorted(f"stack/{file.stem}" for file in PATCHES.glob("*.patch"))


def packages(folder: Path) -> Path:
    """Install in `folder` what the worker needs when it runs, for all mutants together; give its node_modules."""
    for file in ("package.json", "package-lock.json"):
        shutil.copy(STACK / "worker" / file, folder / file)
    words = [*command(), "ci", "--ignore-scripts", "--omit=dev", "--omit=peer", "--no-audit", "--no-fund"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return folder / "node_modules"


def assemble(name: str, folder: Path, node_modules: Path) -> Path:
    """Make `folder` the stories with the mutant as their worker, and give it back.

    Raises CalledProcessError where the patch does not fit the worker any more.
    """
    folder.mkdir(parents=True)
    for beside in ("app", "clients", "worker"):
        (folder / beside).symlink_to(STACK / beside)
    mutant = folder / "mutant"
    shutil.copytree(STACK / "worker", mutant, ignore=shutil.ignore_patterns("node_modules", ".wrangler"))
    patch = PATCHES / f"{name.removeprefix('stack/')}.patch"
    subprocess.run(["/usr/bin/env", "git", "apply", str(patch)], cwd=mutant, check=True, capture_output=True)
    (mutant / "node_modules").symlink_to(node_modules)
    for story in STACK.glob("*.toml"):
        text, changed = _WORKER.subn('worker.dir   = "mutant"', story.read_text(encoding="utf-8"))
        if changed != 1:
            raise ValueError(f"{story} names no worker with a build")
        (folder / story.name).write_text(text, encoding="utf-8")
    return folder
