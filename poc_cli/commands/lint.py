"""`poc lint`: check scenario files without running anything."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from poc_cli.errors import PocError
from poc_cli.exit_codes import ExitCode
from poc_cli.inert import inert
from poc_cli.report.styled import Line, span
from poc_cli.scenario.catalog import find, shown
from poc_cli.scenario.lint_warnings import warnings_of
from poc_cli.scenario.loader import read
from poc_cli.scenario.shipped_rules import errors_of


def lint(words: Sequence[str], *, strict: bool) -> tuple[list[Line], ExitCode]:
    """Return a line for each valid file, its warnings, the errors of each invalid one, and USAGE if there is one."""
    lines: list[Line] = []
    code = ExitCode.HELD
    files = invalid = 0
    for word in words:
        for name, errors, warnings in _checked(word, strict=strict):
            files += 1
            if errors:
                code = ExitCode.USAGE
                invalid += 1
            elif not warnings:
                lines.append([span(f"{name}: "), span("ok", "green")])
            lines += [[span(line)] for error in (*errors, *warnings) for line in str(error).split("\n")]
    if invalid and files > _MANY:
        lines.append([span(f"{invalid} of {files} files are invalid", "bold red")])
    return lines, code


_MANY: Final = 5
"""Files after whose errors the last line counts them."""


def _checked(word: str, *, strict: bool) -> Iterator[tuple[str, Sequence[PocError], Sequence[PocError]]]:
    """Yield each file that the word matches, with its errors and its warnings."""
    try:
        files = _files(word)
    except PocError as error:
        yield inert(word), [error], []
        return
    for file in files:
        try:
            scenario = read(Path(shown(file)))
        except PocError as error:
            yield inert(shown(file)), [error], []
            continue
        errors = errors_of(scenario, file.stem, _mutants(file)) if strict else []
        yield inert(shown(file)), errors, warnings_of(scenario)


def _files(word: str) -> list[Path]:
    """Return the files that a word matches: any file by its path, otherwise as for `poc run`."""
    path = Path(word)
    is_path = "/" in word or word.endswith(".toml")
    return [path] if is_path and not path.is_dir() else find([word])


def _mutants(file: Path) -> frozenset[str] | None:
    """Return the names of the mutants in the project of the file, None if it has none."""
    for folder in file.resolve().parents:
        mutants = folder / "tests" / "mutants"
        if mutants.is_dir():
            files = (each for ending in ("ts", "patch") for each in mutants.rglob(f"*.{ending}"))
            return frozenset(each.relative_to(mutants).with_suffix("").as_posix() for each in files)
    return None
