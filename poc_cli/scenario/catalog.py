"""Finds scenario files: the shipped ones by name, any others by path.

Never parses what it finds.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from poc_cli.errors import UsageError, did_you_mean
from poc_cli.shipped import shipped


def shipped_files() -> dict[str, Path]:
    """Give the shipped scenarios by their names: `hibernate`, or `storage/crash` in a folder of its own."""
    root = shipped("scenarios")
    files = sorted(root.rglob("*.toml"), key=lambda file: (len(file.relative_to(root).parts), file))
    return {file.relative_to(root).with_suffix("").as_posix(): file for file in files}


def find(words: Sequence[str]) -> list[Path]:
    """Give the files that the words mean, each once, in their order. Raises UsageError for a word that means none."""
    found: dict[Path, None] = {}
    for word in words:
        found |= dict.fromkeys(_meant(word))
    return list(found)


def _meant(word: str) -> list[Path]:
    known = shipped_files()
    named = [
        file for name, file in known.items() if fnmatchcase(name, word) or fnmatchcase(name.rpartition("/")[2], word)
    ]
    if named and not word.endswith(".toml"):
        return named
    path = Path(word)
    if path.is_dir() and "/" in word:
        inside = sorted(path.rglob("*.toml"))
        if not inside:
            raise UsageError(f"no scenario in {word}", "scenario files end in .toml")
        return inside
    if word.endswith(".toml"):
        if not path.exists():
            raise UsageError(f"no file {word}", "a bare word is the name of a shipped scenario; see poc list")
        return [path]
    raise UsageError(f'no scenario "{word}"', did_you_mean(word, known) or "see poc list")


def shown(path: Path) -> str:
    """Give the path as a person would write it from here."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()
