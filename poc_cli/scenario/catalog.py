"""Finds scenario files: the shipped ones by name, any others by path."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from poc_cli.errors import UsageError, did_you_mean
from poc_cli.shipped import shipped

_BARE_WORD = "a bare word is the name of a shipped scenario; see poc list"


def shipped_files() -> dict[str, Path]:
    """Return the shipped scenarios by their names: `hibernate`, or `storage/crash` in a folder of its own."""
    root = shipped("scenarios")
    found = (file for file in root.rglob("*.toml") if "node_modules" not in file.parts)
    files = sorted(found, key=lambda file: (len(file.relative_to(root).parts), file))
    return {file.relative_to(root).with_suffix("").as_posix(): file for file in files}


def find(words: Sequence[str]) -> list[Path]:
    """Return the files that the words mean, each once, in their order. Raises UsageError for a word that means none."""
    found: dict[Path, None] = {}
    for word in words:
        try:
            found |= dict.fromkeys(_meant(word))
        except OSError as error:  # a path that is longer than any may be
            raise UsageError(f"cannot look for {word}: {error.strerror}") from error
    return list(found)


def _meant(word: str) -> list[Path]:
    known = shipped_files()
    # One that is named like the folder that it is in goes before the folder: all of that are FOLDER/*.
    own = [file for name, file in known.items() if name.rpartition("/")[2] == word]
    named = own or [file for name, file in known.items() if _names(word, name)]
    if named and not word.endswith(".toml"):
        return named
    path = Path(word)
    if path.is_dir() and "/" in word:
        inside = sorted(file for file in path.rglob("*.toml") if "node_modules" not in file.parts)
        if not inside:
            raise UsageError(f"no scenario in {word}", "scenario files end in .toml")
        return inside
    if path.exists() and word.endswith(".toml"):
        return [path]
    raise _means_nothing(word, path, known)


def _names(word: str, name: str) -> bool:
    """Return whether a word is a scenario's name, with or without folder, its folder, or a pattern of these."""
    folder, _, own = name.rpartition("/")
    return any(fnmatchcase(each, word) for each in (name, own, folder) if each)


def _means_nothing(word: str, path: Path, known: Iterable[str]) -> UsageError:
    """Return what is wrong with a word: a path that leads nowhere or to something else, or a name that is none."""
    if path.is_dir():
        return UsageError(f'no scenario "{word}"', f"to play the scenarios in that folder, write ./{word}/")
    if path.exists():
        return UsageError(f"{word} is no scenario file", "scenario files end in .toml")
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
    """Return the path as a person would write it from here."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()
