"""Guess the Durable Objects of a project, their paths and their messages from its files, for a first scenario."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from poc_cli.commands.route_guess import Route, route_in
from poc_cli.errors import TargetError, UsageError
from poc_cli.residency.identity import namespaces, object_id
from poc_cli.targets.dev_script import as_started
from poc_cli.targets.worker_source import DECLARATION, WorkerSource
from poc_cli.targets.wrangler_config import (
    bindings_of,
    classes_of,
    environments_of,
    fallback_name,
    read,
    where_declared,
)

_SOURCES: Final = frozenset({".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs"})
_PASSED_OVER: Final = frozenset({"node_modules", ".wrangler", "dist", "build", "test", "tests", "__tests__", "public"})
_BUILT: Final = frozenset({"dist", "build", ".output"})
_INHERITED: Final = frozenset({"name", "migrations", "exports"})
_VARIABLE: Final = re.compile(r"\b(?:\w+\.)*env\.(\w+)\b")
_NO_PAGE: Final = "/ws"
"""A path for a Worker that takes any, and whose `/` is a page."""
_LARGEST: Final = 200_000  # characters; longer files are generated
_MOST_FILES: Final = 300


@dataclass(frozen=True, slots=True)
class Guess:
    """The project as it is started, its classes, and the route to one of its objects.

    `speaks_json` says whether the code parses messages as JSON. `object_id` is the id of the object, where the code
    takes ids: any that belongs to the class is one.
    """

    source: WorkerSource
    classes: tuple[str, ...]
    route: Route
    speaks_json: bool = False
    object_id: str | None = None


def guess(source: WorkerSource) -> Guess:
    """Read a project. Raises UsageError if its configuration cannot be read, or declares no class."""
    source, _ = as_started(source)
    classes: dict[str, None] = {}
    bindings: dict[str, str] = {}
    variables: dict[str, str] = {}
    pages = False
    roots: dict[Path, None] = {}
    for index, file in enumerate(source.configs):
        table, root = _configured(file, source.envs[index], source.main if index == 0 else None)
        classes |= dict.fromkeys(classes_of(table))
        bindings |= bindings_of(table)
        variables |= {name: value for name, value in dict(table.get("vars") or {}).items() if isinstance(value, str)}
        roots[root] = None
        pages = pages or _serves_pages(table.get("assets"))
    if not source.configs:
        classes = dict.fromkeys(namespaces(_text(source.folder / DECLARATION)))
        roots = {source.folder: None}
    if not classes:
        raise UsageError(
            f"{source.configs[0] if source.configs else source.folder} declares no Durable Object class",
            where_declared(source) or "bind one in durable_objects; only objects can sleep",
        )
    texts = [_filled_in(text, variables) for root in roots for text in texts_in(root)]
    route = route_in(texts, bindings, list(classes))
    if pages and route.path is not None and route.path.partition("?")[0] == "/":
        route = replace(route, path=_NO_PAGE + route.path.removeprefix("/"))
    speaks_json = any("JSON.parse(" in text for text in texts)
    found = Guess(source, tuple(classes), route, speaks_json)
    return _by_id(found) if route.is_by_id and source.configs else found


def _by_id(found: Guess) -> Guess:
    """Return the guess with an id in its path, where the configuration says what ids are made of."""
    file, env = found.source.configs[0], found.source.envs[0]
    name = fallback_name(file, 0) or read(file).get("name")
    if not isinstance(name, str) or env:
        return found
    hex_id = object_id(f"{name}-{found.route.class_name}", "first")
    path = None if found.route.path is None else found.route.path.replace("{play}", hex_id)
    return replace(found, route=replace(found.route, path=path), object_id=hex_id)


def _configured(file: Path, env: str | None, main: Path | None) -> tuple[dict[str, Any], Path]:
    """Return the table of a configuration in an environment, and the folder of its code."""
    try:
        table = read(file)
    except TargetError as error:
        raise UsageError(error.message, error.advice) from error
    entry = main if main is not None else table.get("main")
    if env:
        own = environments_of(table).get(env, {})
        entry = main if main is not None else own.get("main", entry)
        table = {key: value for key, value in table.items() if key in _INHERITED} | dict(own)
    root = (file.parent / entry).parent if isinstance(entry, str | Path) else file.parent
    is_own = root.is_dir() and root.name not in _BUILT  # what a tool has built is not the project's code
    return table, root if is_own else file.parent


def _serves_pages(assets: object) -> bool:
    """Return whether requests get an asset, such as index.html for `/`, before the Worker sees them."""
    return isinstance(assets, dict) and "directory" in assets and assets.get("run_worker_first") is not True


def _filled_in(code: str, variables: Mapping[str, str]) -> str:
    """Return code with the texts of the configuration's variables in place of `env.NAME`."""

    def value(match: re.Match[str]) -> str:
        return json.dumps(variables[match[1]]) if match[1] in variables else match[0]

    return _VARIABLE.sub(value, code)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {file}: {error}") from error


def texts_in(root: Path) -> Iterator[str]:
    """Yield the project's own source files, without generated code."""
    for _, file in zip(range(_MOST_FILES), _sources(root), strict=False):
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if len(text) <= _LARGEST and not file.name.endswith(".d.ts"):
            yield text


def _sources(root: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _PASSED_OVER)
        yield from (Path(parent, name) for name in sorted(names) if Path(name).suffix in _SOURCES)
