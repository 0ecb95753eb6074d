"""Run folders: find one, judge its history again, write its `run.json`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

from poc_cli.errors import PocError, UsageError
from poc_cli.exit_codes import ExitCode
from poc_cli.files import write_whole
from poc_cli.history.event import Event
from poc_cli.history.reader import read
from poc_cli.judge.document_types import RunDocument
from poc_cli.judge.run_document import document
from poc_cli.record.stay_end import with_how

FILES = frozenset({"history.ndjson", "run.json"})
"""Files of a run that may be given instead of its folder."""


def folder_of(run: Path | None, results: Path) -> Path:
    """Return the folder of a run, given by its path or its name in the results folder, else of the latest run."""
    if run is None:
        latest = results / "latest"
        if latest.is_symlink() and not latest.exists():
            raise UsageError(f"{latest} points to a run that no longer exists", f"name an existing run: ls {results}")
        if not latest.is_dir():
            raise UsageError(f"no run in {results} yet", "start one: poc run hibernate")
        return latest.resolve()
    try:
        for candidate in (run, results / run):
            if candidate.is_dir():
                return candidate
            if candidate.name in FILES and candidate.is_file():
                return candidate.parent
    except OSError as error:  # a path that is too long
        raise UsageError(f"cannot look for the run {run}: {error.strerror}") from error
    raise UsageError(f"no run folder {run}", f"runs are folders in {results}: ls {results}")


def document_of(folder: Path) -> RunDocument:
    """Return the run.json of a folder as it was written. Raises UsageError if there is none that can be read."""
    file = folder / "run.json"
    try:
        found: RunDocument = from_json(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {file}", f"poc judge {folder} writes it again") from error
    return found


def runs_in(results: Path) -> list[str]:
    """Return the names of the run folders in a results folder, the latest first."""
    try:
        found = [each.name for each in results.iterdir() if each.is_dir() and not each.is_symlink()]
    except OSError:
        return []
    return sorted((name for name in found if (results / name / "history.ndjson").exists()), reverse=True)


def history_of(folder: Path) -> list[Event | None]:
    """Return the events of a run, None for each unreadable line; `out` events have how the stay ended.

    Raises PocError.
    """
    return with_how(read(folder / "history.ndjson"))


def judge_folder(folder: Path) -> RunDocument:
    """Judge the history of a folder and write the result to its `run.json`. Raises PocError."""
    judged = document(read(folder / "history.ndjson"))
    path = folder / "run.json"
    try:
        write_whole(path, as_json(judged))
    except OSError as error:
        raise PocError(
            f"cannot write {path}: {error.strerror}", "free some disk space or fix the permissions there"
        ) from error
    return judged


def as_json(judged: Mapping[str, Any]) -> str:
    """Return the text of `run.json`."""
    # GitHub takes `##[` for a command anywhere in a log; in JSON it can only stand inside a text.
    return _indented(judged).replace("##[", "#\\u0023[") + "\n"


def _indented(judged: Mapping[str, Any]) -> str:
    try:
        # The standard library writes indented JSON in Python: slower.
        return to_json(judged, indent=2, inf_nan_mode="constants").decode()
    except PydanticSerializationError:  # half of a surrogate pair
        return json.dumps(judged, indent=2, ensure_ascii=False)


def exit_code(judged: RunDocument, *, allow_unknown: bool = False) -> int:
    """Return the exit code of a judged run; `allow_unknown` forgives unknown claims and nothing else."""
    code = int(judged["exit_code"])
    if code != ExitCode.INCONCLUSIVE or not allow_unknown:
        return code
    claims = [claim for scenario in judged["scenarios"] for claim in scenario["claims"]]
    left_out = judged["named"] and any(scenario["left_out"] for scenario in judged["scenarios"])
    return code if left_out or not claims else int(ExitCode.HELD)
