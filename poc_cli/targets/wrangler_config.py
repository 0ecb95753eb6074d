"""What a project's wrangler configuration says about its Durable Object classes, without wrangler."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from poc_cli.errors import ScenarioError, TargetError
from poc_cli.inert import inert
from poc_cli.scenario.toml_source import Source
from poc_cli.targets.worker_source import CONFIGURATIONS, WorkerSource

Table = Mapping[str, Any]

_TOKENS: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMAS: Final = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)

_BUT_LINES: Final = re.compile(r"[^\n]")
"""So that an error after a comment has its place."""

_FIX_IT: Final = "fix it; wrangler reports the same error"

_CREATING: Final = ("new_classes", "new_sqlite_classes")

_PASSED_OVER: Final = frozenset({"node_modules", "dist", "build"})
_LEVELS_ABOVE: Final = 3
"""How far above a project the workers beside it are looked for: a workspace has apps/NAME or packages/GROUP/NAME."""

_MOST_FOLDERS: Final = 500


def read(file: Path) -> dict[str, Any]:
    """Return what a configuration says, be it TOML or JSON with comments. Raises TargetError."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix == ".toml":
            return Source(text, inert(str(file))).tables()
        bare = _TOKENS.sub(lambda found: found[0] if found[0][0] == '"' else _BUT_LINES.sub(" ", found[0]), text)
        value = json.loads(_LAST_COMMAS.sub(lambda found: found[1] or " ", bare))
    except ScenarioError as error:
        raise TargetError(str(error), _FIX_IT) from error
    except json.JSONDecodeError as error:
        raise TargetError(f"{file}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}", _FIX_IT) from error
    except (OSError, ValueError) as error:
        raise TargetError(f"{file} cannot be read: {error}", _FIX_IT) from error
    if not isinstance(value, dict):
        raise TargetError(f"{file} is no table", _FIX_IT)
    return value


def fallback_name(file: Path, index: int) -> str | None:
    """Return a name for the worker of a configuration that has none, None if it has one or cannot be read.

    wrangler would give it a random one, and the ids of its objects, which depend on it, would differ in each run.
    """
    with suppress(TargetError):
        table = read(file)
        if not any(isinstance(each.get("name"), str) for each in (table, *environments_of(table).values())):
            return "worker" if index == 0 else f"worker-{index + 1}"
    return None


def classes_of(table: Table) -> list[str]:
    """Return the classes that a configuration, or one of its environments, has of its own."""
    bound = [name for name, script in _bound(table) if script is None]
    return list(dict.fromkeys([*bound, *_migrated(table), *_exported(table)]))


def binds_objects(table: Table) -> bool:
    """Return whether the code gets at objects by a configuration, or by one of its environments, on its own.

    Migrations alone give it none: environments inherit them, but not the bindings.
    """
    return bool(_bound(table)) or bool(_exported(table))


def bindings_of(table: Table) -> dict[str, str]:
    """Return the class of each binding to an object, also one of another worker."""
    return {str(each["name"]): each["class_name"] for each in _objects(table) if "name" in each}


def environments_of(table: Table) -> dict[str, Table]:
    """Return the environments of a configuration by name."""
    found = table.get("env")
    return {name: each for name, each in found.items() if isinstance(each, dict)} if isinstance(found, dict) else {}


def only_environment(source: WorkerSource) -> str | None:
    """Return the environment to use where none is named: the only one that has classes, if the top level has none."""
    if len(source.configs) != 1 or source.envs != (None,):
        return None
    with suppress(TargetError):
        table = read(source.configs[0])
        having = [name for name, each in environments_of(table).items() if binds_objects(each)]
        if not binds_objects(table) and len(having) == 1:
            return having[0]
    return None


def where_declared(source: WorkerSource, class_name: str | None = None) -> str | None:
    """Return which option shows a class, or any class if None is given, that the chosen configurations do not have."""
    for file in source.configs:
        with suppress(TargetError):
            table = read(file)
            hint = _in_environments(table, class_name) or _in_other_workers(source, table, class_name)
            if hint is not None:
                return hint
    return None


def _in_environments(table: Table, class_name: str | None) -> str | None:
    having = [
        name
        for name, each in environments_of(table).items()
        if any(class_name in {None, found} for found in classes_of(each))
    ]
    if not having:
        return None
    options = " or ".join(f"--env {name}" for name in having)
    return f"its configuration binds {class_name or 'one'} in an environment only: choose it with {options}"


def _in_other_workers(source: WorkerSource, table: Table, class_name: str | None) -> str | None:
    everywhere = [table, *environments_of(table).values()]
    bound = [pair for each in everywhere for pair in _bound(each) if class_name in {None, pair[0]}]
    for name, script in bound:
        if script is None:
            continue
        file = _configuration_of(script, source)
        if file is None:
            return f'{name} is a class of the worker "{script}": add the configuration of that worker with --config'
        options = " ".join(f"--config {os.path.relpath(each, source.folder)}" for each in (*source.configs, file))
        return f'{name} is a class of the worker "{script}": run both with {options}'
    return None


def _configuration_of(script: str, source: WorkerSource) -> Path | None:
    """Return the configuration of a worker by name, from the project's workspace."""
    for file in _neighbors(source.folder):
        if file in source.configs:
            continue
        with suppress(TargetError):
            table = read(file)
            names = {table.get("name"), *(each.get("name") for each in environments_of(table).values())}
            names |= {f"{table.get('name')}-{env}" for env in environments_of(table)}
            if script in names:
                return file
    return None


def _neighbors(folder: Path) -> Iterator[Path]:
    """Yield the configurations below the project and the folders above it, up to its repository, nearest first."""
    above = [folder, *folder.parents][: _LEVELS_ABOVE + 1]
    repository = next((index for index, each in enumerate(above) if (each / ".git").exists()), None)
    seen: set[Path] = set()
    for top in above[: 2 if repository is None else repository + 1]:
        waiting = [(top, 0)]
        while waiting and len(seen) < _MOST_FOLDERS:
            each, depth = waiting.pop(0)
            if each in seen:
                continue
            seen.add(each)
            yield from (each / name for name in CONFIGURATIONS if (each / name).is_file())
            if depth < _LEVELS_ABOVE:
                waiting += ((below, depth + 1) for below in _folders(each))


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(
            each
            for each in folder.iterdir()
            if each.name not in _PASSED_OVER and not each.name.startswith(".") and each.is_dir()
        )
    except OSError:
        return []


def _bound(table: Table) -> list[tuple[str, str | None]]:
    """Return the class and the foreign worker, if any, of each binding to an object."""
    own = {None, table.get("name")}
    return [
        (each["class_name"], None if each.get("script_name") in own else str(each["script_name"]))
        for each in _objects(table)
    ]


def _objects(table: Table) -> list[Table]:
    objects = table.get("durable_objects")
    bindings = _tables(objects.get("bindings")) if isinstance(objects, dict) else []
    return [each for each in bindings if isinstance(each.get("class_name"), str)]


def _migrated(table: Table) -> list[str]:
    """Return the classes that exist after all migrations."""
    found: list[str] = []
    for step in _tables(table.get("migrations")):
        gone = {*_names(step.get("deleted_classes")), *(str(each.get("from")) for each in _renamed(step))}
        found = [name for name in found if name not in gone]
        found += [name for key in _CREATING for name in _names(step.get(key))]
        found += [str(each.get("to")) for each in _renamed(step)]
    return found


def _renamed(step: Table) -> Sequence[Table]:
    return _tables(step.get("renamed_classes"))


def _names(value: object) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _exported(table: Table) -> list[str]:
    exports = table.get("exports")
    return [name for name, each in exports.items() if _is_object(each)] if isinstance(exports, dict) else []


def _is_object(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") == "durable-object"


def _tables(value: object) -> Sequence[Table]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
