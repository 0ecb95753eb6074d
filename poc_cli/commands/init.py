"""`poc init`: a configuration, a first scenario and a workflow for somebody's project."""

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
from poc_cli.targets.worker_source import source

SCENARIO = "scenarios/first.toml"
WORKFLOW = ".github/workflows/feasibility.yml"

_ACTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*@[A-Za-z0-9._/-]+")
"""OWNER/REPOSITORY@REF, as `uses:` has it, perhaps with a folder; nothing that could end the line of a workflow."""


def init(folder: Path, action: str | None, *, force: bool, worker: Path | None = None) -> list[Line]:
    """Write the three files and say so; for `worker`, a scenario made for that project.

    Raises UsageError where one is there already; then none is written.
    """
    texts = {**_texts(action), **({} if worker is None else _for(worker, folder))}
    if not folder.is_dir():
        raise UsageError(f"no folder {folder}", "poc init writes into a project that is there")
    there = [name for name in texts if os.path.lexists(folder / name)]
    if there and not force:
        are = "is" if len(there) == 1 else "are"
        raise UsageError(
            f"{', '.join(there)} {are} there already, so nothing was written",
            "poc init --force overwrites them" if len(there) > 1 else "poc init --force overwrites it",
        )
    configured = find(folder.resolve())
    if configured is not None and configured[0] == folder.resolve() / SHARED and not force:
        raise UsageError(
            f"{SHARED} has [tool.poc] already, and a {CONFIGURATION} would hide it, so nothing was written",
            "poc init --force writes it all the same",
        )
    for name, text in texts.items():
        _write(folder, name, text)
    return _describe(folder, list(texts), there)


def _texts(action: str | None) -> Mapping[str, str]:
    """Return the files by their paths in the project."""
    return {
        CONFIGURATION: _starter("poc.toml"),
        SCENARIO: _starter("scenario.toml"),
        WORKFLOW: _starter("workflow.yml").replace("@STEPS@\n", _steps(action)),
    }


def _for(worker: Path, folder: Path) -> Mapping[str, str]:
    """Return the files that know a project, as far as its own files tell."""
    found = source(worker)
    guessed = guess(found)
    message = "A guess from the code." if guessed.path is not None else "Nothing in the code says where."
    where = os.path.relpath(found.folder, (folder / SCENARIO).parent.resolve())
    values = {
        "@WORKER@": _quoted(where),
        "@CLASSES@": ", ".join(guessed.classes),
        "@CLASS@": _quoted(guessed.classes[0]),
        "@GUESS@": message,
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
    """Return a text as TOML has it, which is as JSON has it."""
    return json.dumps(text, ensure_ascii=False)


def _steps(action: str | None) -> str:
    if action is None:
        return _starter("steps-package.yml").replace("@VERSION@", __version__)
    if not _ACTION.fullmatch(action):
        raise UsageError(f'"{action}" is no address of an action', "write OWNER/REPOSITORY@REF, best with a commit")
    return _starter("steps-action.yml").replace("@ACTION@", action)


def _starter(name: str) -> str:
    return files("poc_cli.starters").joinpath(name).read_text(encoding="utf-8")


def _write(folder: Path, name: str, text: str) -> None:
    """Write a file of the project; a link to a folder elsewhere is not followed. Raises PocError."""
    file = folder / name
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.parent.resolve().is_relative_to(folder.resolve()):
            raise PocError(f"cannot write {file}: its folder is a link to another place", "remove the link")
        write_whole(file, text)
    except OSError as error:
        raise PocError(f"cannot write {file}: {error.strerror}", "make room or permission there") from error


def _describe(folder: Path, names: list[str], there: list[str]) -> list[Line]:
    found: list[Line] = [
        [span("overwrote " if name in there else "wrote ", "bold"), span(shown(folder / name))] for name in names
    ]
    return [*found, [], [span(f"next: poc lint {shown(folder / SCENARIO)}, then change in it what says CHANGE")]]
