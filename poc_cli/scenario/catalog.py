"""Find scenario files: shipped ones by name, others by path."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from poc_cli.errors import UsageError, did_you_mean
from poc_cli.shipped import shipped

_BARE_WORD = "a plain name refers to a shipped scenario; see poc list"


def shipped_files() -> dict[str, Path]:
    """Return the shipped scenarios by name: `hibernate`, or `storage/crash` for one in a folder."""
    root = shipped("scenarios")
    found = (file for file in root.rglob("*.toml") if "node_modules" not in file.parts)
    files = sorted(found, key=lambda file: (len(file.relative_to(root).parts), file))
    return {file.relative_to(root).with_suffix("").as_posix(): file for file in files}


def find(words: Sequence[str]) -> list[Path]:
    """Return the files that the words refer to, without duplicates. Raises UsageError if a word matches none."""
    found: dict[Path, None] = {}
    for word in words:
        try:
            found |= dict.fromkeys(_meant(word))
        except OSError as error:  # for example a path that is too long
            raise UsageError(f"cannot look for {word}: {error.strerror}") from error
    return list(found)


def _meant(word: str) -> list[Path]:
    known = shipped_files()
    # A scenario named like its folder takes precedence over the folder, whose scenarios are FOLDER/*.
    own = [file for name, file in known.items() if name.rpartition("/")[2] == word]
    named = own or [file for name, file in known.items() if _names(word, name)]
    if named and not word.endswith(".toml"):
        return named
    path = Path(word)
    if path.is_dir() and not word.endswith(".toml"):
        inside = sorted(file for file in path.rglob("*.toml") if _may_be_scenario(file.relative_to(path)))
        if not inside:
            raise UsageError(f"no scenario in {word}", "scenario files end in .toml")
        return inside
    if path.exists() and word.endswith(".toml"):
        return [path]
    raise _means_nothing(word, path, known)


_OTHERS: Final = frozenset({"poc.toml", "pyproject.toml", "netlify.toml", "Cargo.toml"})
"""Files of other programs that are no scenarios."""


def _may_be_scenario(file: Path) -> bool:
    """Return whether a file of a folder may be a scenario: not a configuration, nor of a package or hidden folder."""
    folders = file.parts[:-1]
    if "node_modules" in folders or any(part.startswith(".") for part in folders):
        return False
    return file.name not in _OTHERS and not file.name.startswith("wrangler")


def _names(word: str, name: str) -> bool:
    """Return whether a word or pattern matches a scenario's name, with or without the folder, or its folder."""
    folder, _, own = name.rpartition("/")
    return any(fnmatchcase(each, word) for each in (name, own, folder) if each)


def _means_nothing(word: str, path: Path, known: Iterable[str]) -> UsageError:
    """Return the error for a word that matches no scenario: a wrong path, or an unknown name."""
    if path.exists():
        return UsageError(f"{word} is not a scenario file", "scenario files end in .toml")
    if word.endswith(".toml"):
        return UsageError(f"no file {word}", _BARE_WORD)
    words = {part for name in known for part in (name, *name.split("/"))}
    near = did_you_mean(word, words) or ""
    near = near if near.startswith("did you mean") else "see poc list"
    is_path = "/" in word and near == "see poc list"
    if is_path or word.startswith((".", "/", "~")) or word.endswith("/"):
        return UsageError(f"no such file or folder: {word}", _BARE_WORD)
    return UsageError(f'no scenario "{word}"', near)


def shown(path: Path) -> str:
    """Return the path relative to the current folder if possible."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()
