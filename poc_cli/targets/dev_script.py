"""What a project's own `wrangler dev` script names, for what its configuration leaves open."""

import json
import shlex
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from poc_cli.errors import TargetError
from poc_cli.targets.worker_source import WorkerSource
from poc_cli.targets.wrangler_config import binds_objects, environments_of, only_environment, read

_FIRST: Final = ("dev", "start")
"""The scripts that are looked at first."""

_SEPARATORS: Final = frozenset({"&&", "||", ";", "|", "&"})

_FLAGS: Final = frozenset({"--local", "-l", "--remote", "--live-reload", "--test-scheduled", "--minify", "--no-bundle"})
"""Options of `wrangler dev` without a value, as far as they may stand before the entry point."""


@dataclass(frozen=True, slots=True)
class DevScript:
    """The entry point and the environment in a `wrangler dev` command, and the name of the script."""

    name: str
    main: str | None = None
    env: str | None = None


def as_started(source: WorkerSource) -> tuple[WorkerSource, list[str]]:
    """Return a project as its own script starts it, where nobody has chosen otherwise, with a note for each choice."""
    if len(source.configs) != 1:
        return source, []
    script = dev_script(source.folder)
    notes: list[str] = []
    file = source.configs[0]
    env = only_environment(source)
    if env is not None:
        notes.append(f"using the environment {env} of {file.name}: only it has Durable Objects")
    elif source.envs == (None,) and script is not None and _has_objects_only_in(file, script.env):
        env = script.env
        notes.append(f"using the environment {env} of {file.name}, as the script {script.name} of package.json")
    main = source.main
    if main is None and script is not None and script.main is not None and not _names_main(file, env):
        path = source.folder / script.main
        if path.is_file():
            main = path.resolve()
            notes.append(f"using the entry point {script.main}, as the script {script.name} of package.json")
    return replace(source, envs=source.envs if env is None else (env,), main=main), notes


def dev_script(folder: Path) -> DevScript | None:
    """Return the first script of a project's package.json that calls `wrangler dev`, None if none does."""
    try:
        table: Any = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    scripts = table.get("scripts") if isinstance(table, dict) else None
    if not isinstance(scripts, dict):
        return None
    names = sorted(scripts, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    found = (_parsed(name, scripts[name]) for name in names if isinstance(scripts[name], str))
    return next((each for each in found if each is not None), None)


def _parsed(name: str, command: str) -> DevScript | None:
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    start = next((at for at, pair in enumerate(pairwise(words)) if pair == ("wrangler", "dev")), None)
    if start is None:
        return None
    found = DevScript(name)
    rest = iter(words[start + 2 :])
    for word in rest:
        if word in _SEPARATORS:
            break
        key, equals, value = word.partition("=")
        if key in {"--env", "-e"}:
            found = replace(found, env=value if equals else next(rest, None))
        elif not word.startswith("-"):
            found = replace(found, main=found.main or word)
        elif not equals and key not in _FLAGS:
            next(rest, None)  # its value
    return found


def _names_main(file: Path, env: str | None) -> bool:
    """Return whether wrangler finds an entry point in a configuration, or serves assets alone."""
    with suppress(TargetError):
        table = read(file)
        own = environments_of(table).get(env or "", {})
        return any(key in each for each in (table, own) for key in ("main", "assets", "site"))
    return True


def _has_objects_only_in(file: Path, env: str | None) -> bool:
    with suppress(TargetError):
        table = read(file)
        return env is not None and not binds_objects(table) and binds_objects(environments_of(table).get(env, {}))
    return False
