"""`poc compare`: what changed between two recorded runs."""

import contextlib
import json
from pathlib import Path
from typing import cast

from poc_cli.commands.console import Console
from poc_cli.commands.run_folder import as_json, folder_of
from poc_cli.errors import PocError, UsageError
from poc_cli.exit_codes import ExitCode
from poc_cli.files import read_whole
from poc_cli.history.reader import read
from poc_cli.judge import run_document as judge
from poc_cli.judge.claim_diff import Comparison, as_document
from poc_cli.judge.claim_diff import compare as compared
from poc_cli.judge.document_types import SCHEMA, RunDocument
from poc_cli.report.comparison_text import answer, lines
from poc_cli.scenario.catalog import shown
from poc_cli.targets.target_registry import WORDS

_ADVICE = "name a run folder or a run.json"

_BROKEN = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What reading a run.json raises that was written by hand or truncated."""


def compare(before: Path, after: Path, results: Path, console: Console, *, as_one_document: bool) -> ExitCode:
    """Compare two runs and print the result; return the exit code. Raises PocError for a run that cannot be read."""
    runs = [(path, recorded(path, results)) for path in (before, after)]
    comparison = _compared(*runs)
    if as_one_document:
        console.document(as_json(as_document(comparison)))
    elif console.quiet:
        console.result([answer(comparison)])
    else:
        first, second = [(shown(path), document) for path, document in runs]
        console.result(lines(comparison, first, second))
    return comparison.exit_code


def recorded(path: Path, results: Path) -> RunDocument:
    """Return a judged run: a run.json as it is, a folder judged again from its history."""
    if str(path) in WORDS and not path.exists():
        return judge.document(read(_latest_on(str(path), results) / "history.ndjson"))
    if path.suffix == ".json" and not path.is_dir():
        if not path.exists():
            raise UsageError(f"no file {path}", _ADVICE)
        return _read(path)
    folder = folder_of(path, results)
    if (folder / "history.ndjson").is_file():
        return judge.document(read(folder / "history.ndjson"))
    return _read(folder / "run.json")


def _latest_on(word: str, results: Path) -> Path:
    """Return the folder of the latest run on a target. Raises UsageError if there is none."""
    for folder in sorted((each for each in results.glob("*Z-*") if each.is_dir()), reverse=True):
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            document = json.loads(read_whole(folder / "run.json"))
            if document["target"]["kind"] == word and (folder / "history.ndjson").is_file():
                return folder
    raise UsageError(f"no run on {word} in {results} yet", f"start one: poc run hibernate --target {word}")


def _read(file: Path) -> RunDocument:
    try:
        found = json.loads(read_whole(file))
    except OSError as error:
        raise PocError(f"cannot read {file}: {error.strerror}", "name a run folder or a run.json") from error
    except json.JSONDecodeError as error:
        raise PocError(f"{file}:{error.lineno}:{error.colno}: is not JSON: {error.msg}", _ADVICE) from error
    except (ValueError, RecursionError) as error:
        raise PocError(f"{file} is not JSON: {error}", _ADVICE) from error
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        raise _another_schema(file, schema)
    return cast("RunDocument", found)


def _another_schema(file: Path, schema: object) -> PocError:
    if not isinstance(schema, str):
        return PocError(f"{file} is not a run.json: it has no schema", _ADVICE)
    message = f"{file} has the schema {json.dumps(schema)}, but this version of poc compares {SCHEMA}"
    kind, _, version = schema.partition("/")
    if kind == SCHEMA.partition("/")[0] and version.isdigit():
        return PocError(message, "compare it with the version of poc that wrote it, or repeat the run")
    return PocError(message, _ADVICE)


def _compared(before: tuple[Path, RunDocument], after: tuple[Path, RunDocument]) -> Comparison:
    try:
        return compared(before[1], after[1])
    except _BROKEN as broken:
        for path, document in (before, after):
            try:
                compared(document, document)
            except _BROKEN:
                missing = f': "{broken.args[0]}" is missing' if isinstance(broken, KeyError) else ""
                raise PocError(f"{path} is not a valid run.json{missing}", "write it again: poc judge RUN") from broken
        raise
