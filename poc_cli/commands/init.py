"""`poc init`: write a configuration, a first scenario and a workflow into a project."""

import json
import os
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from poc_cli import __version__
from poc_cli.commands.scaffold import guess
from poc_cli.config import OWN as CONFIGURATION
from poc_cli.config import SHARED, find
from poc_cli.errors import PocError, UsageError
from poc_cli.files import write_whole
from poc_cli.report.styled import Line, span
from poc_cli.scenario.catalog import shown
from poc_cli.targets.worker_source import WorkerChoice, source

SCENARIO = "scenarios/first.toml"
WORKFLOW = ".github/workflows/feasibility.yml"

_ACTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*@[A-Za-z0-9._/-]+")
"""OWNER/REPOSITORY@REF, as `uses:` has it, perhaps with a folder; nothing that could end the line of a workflow."""


def init(folder: Path, action: str | None, *, force: bool, worker: Path | None = None) -> list[Line]:
    """Write the three files and return what was written; with `worker`, the scenario is made for that project.

    Raises UsageError, and writes nothing, if one of them exists and `force` is not set.
    """
    texts = {**_texts(action), **({} if worker is None else _for(worker, folder))}
    if not folder.is_dir():
        raise UsageError(f"no folder {folder}", "poc init writes into an existing project")
    there = [name for name in texts if os.path.lexists(folder / name)]
    if there and not force:
        exist = "exists" if len(there) == 1 else "exist"
        raise UsageError(
            f"{', '.join(there)} already {exist}, so nothing was written",
            "poc init --force overwrites them" if len(there) > 1 else "poc init --force overwrites it",
        )
    configured = find(folder.resolve())
    if configured is not None and configured[0] == folder.resolve() / SHARED and not force:
        raise UsageError(
            f"{SHARED} already has [tool.poc], which a {CONFIGURATION} would override, so nothing was written",
            "poc init --force writes it anyway",
        )
    for name, text in texts.items():
        _write(folder, name, text)
    return _summary(folder, list(texts), there)


def _texts(action: str | None) -> Mapping[str, str]:
    """Return the text of each file by its path in the project."""
    return {
        CONFIGURATION: _starter("poc.toml"),
        SCENARIO: _starter("scenario.toml"),
        WORKFLOW: _starter("workflow.yml").replace("@STEPS@\n", _steps(action)),
    }


def _for(worker: Path, folder: Path) -> Mapping[str, str]:
    """Return the files that are specific to a project, guessed from its code."""
    found = source(WorkerChoice(worker))
    guessed = guess(found)
    note = "A guess from the code." if guessed.path is not None else "Nothing in the code says where."
    where = os.path.relpath(found.folder, (folder / SCENARIO).parent.resolve())
    values = {
        "@WORKER@": _quoted(where),
        "@CLASSES@": ", ".join(guessed.classes),
        "@CLASS@": _quoted(guessed.classes[0]),
        "@GUESS@": note,
        "@PATH@": _quoted(guessed.path or "/{play}"),
    }
    scenario = _starter("project.toml")
    for name, value in values.items():
        scenario = scenario.replace(name, value)
    own = _quoted(os.path.relpath(found.folder, folder.resolve()))
    declared = 'The folder whose local.capnp defines the worker `main` for raw workerd. CHANGE\nworker = "."'
    configuration = _starter("poc.toml").replace(
        declared, f"The worker: a folder with a wrangler configuration.\nworker = {own}"
    )
    return {SCENARIO: scenario, CONFIGURATION: configuration}


def _quoted(text: str) -> str:
    """Return a text as a TOML string, which JSON writes the same."""
    return json.dumps(text, ensure_ascii=False)


def _steps(action: str | None) -> str:
    if action is None:
        return _starter("steps-package.yml").replace("@VERSION@", __version__)
    if not _ACTION.fullmatch(action):
        raise UsageError(
            f'"{action}" is not the address of an action', "write OWNER/REPOSITORY@REF, preferably with a commit hash"
        )
    return _starter("steps-action.yml").replace("@ACTION@", action)


def _starter(name: str) -> str:
    return files("poc_cli.starters").joinpath(name).read_text(encoding="utf-8")


def _write(folder: Path, name: str, text: str) -> None:
    """Write a file of the project; a link out of it is not followed. Raises PocError."""
    file = folder / name
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.parent.resolve().is_relative_to(folder.resolve()):
            raise PocError(f"cannot write {file}: its folder is a link out of the project", "remove the link")
        write_whole(file, text)
    except OSError as error:
        raise PocError(
            f"cannot write {file}: {error.strerror}", "free some disk space or fix the permissions there"
        ) from error


def _summary(folder: Path, names: list[str], there: list[str]) -> list[Line]:
    found: list[Line] = [
        [span("overwrote " if name in there else "wrote ", "bold"), span(shown(folder / name))] for name in names
    ]
    return [*found, [], [span(f"next: poc lint {shown(folder / SCENARIO)}, then edit the lines marked CHANGE")]]
