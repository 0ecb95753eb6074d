"""Find a worker's source: a folder with a `local.capnp`, or a wrangler project with one or more configurations."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from poc_cli.errors import NoWorkerError, TargetError
from poc_cli.shipped import shipped

if TYPE_CHECKING:
    from poc_cli.scenario.service_tables import WorkerRef

DECLARATION: Final = "local.capnp"

CONFIGURATIONS: Final = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""In wrangler's order of precedence."""

_NEW_CONFIGURATION: Final = "cloudflare.config.ts"
"""Read by wrangler 4.164.0 with --experimental-new-config only, and ignored without it."""

REDIRECT: Final = Path(".wrangler", "deploy", "config.json")
"""Where a build tool names the configuration that it generated (Cloudflare's documentation of wrangler)."""

Environments = tuple[str | None, ...]
"""One for each configuration: its name, "" for the top level, None where none is named."""


@dataclass(frozen=True, slots=True)
class WorkerChoice:
    """A worker as the command line, poc.toml or a scenario names it.

    `path` is a folder or a configuration file; `configs` and `main` are relative to the folder. `envs` has one
    environment for all configurations or one for each; "" is the top level.
    """

    path: Path
    configs: tuple[str, ...] = ()
    envs: tuple[str, ...] = ()
    main: str | None = None


@dataclass(frozen=True, slots=True)
class WorkerData:
    """What a worker's stores hold at the beginning, by binding, as JSON, and the databases behind its Hyperdrives."""

    seed: str | None = None
    hyperdrive: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerSource:
    """A worker's folder; with `configs` wrangler builds it, else its `local.capnp` defines it.

    Clients connect to the worker of the first of the `configs`, whose entry point `main` replaces.
    """

    folder: Path
    configs: tuple[Path, ...] = ()
    envs: Environments = ()
    main: Path | None = None
    data: WorkerData = WorkerData()
    variables: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def given(self, variables: Mapping[str, str], secrets: Mapping[str, str]) -> "WorkerSource":
        """Return the source with variables and secrets for the worker."""
        return replace(self, variables=tuple(sorted(variables.items())), secrets=tuple(sorted(secrets.items())))


def source(choice: WorkerChoice) -> WorkerSource:
    """Find the worker. Raises TargetError if there is nothing to run."""
    folder, configs = _configurations(choice)
    if not configs and (choice.envs or choice.main is not None):
        raise TargetError(
            f"{folder} has a {DECLARATION} and no wrangler configuration, so it has no environments and no other main",
            "leave --env and --main out",
        )
    main = None if choice.main is None else _existing(folder, choice.main, "the entry point")
    return WorkerSource(folder, configs, _environments(choice.envs, configs), main)


def source_or_shipped(choice: WorkerChoice | None) -> WorkerSource:
    """Find the worker, or the shipped one if none is chosen. Raises TargetError."""
    return source(choice or WorkerChoice(shipped("worker")))


def named_by(worker: "WorkerRef", folder: Path, scenario: Path) -> WorkerSource:
    """Return the source of a worker that a scenario's file names, whose folder is given. Raises TargetError."""
    found = source(WorkerChoice(folder, tuple(worker.config or ()), tuple(worker.env or ()), worker.main))
    if not worker.seed and not worker.hyperdrive:
        return found
    if not found.configs:
        raise TargetError(
            f"{folder} has no wrangler configuration, so there is nothing to seed or connect",
            "leave seed and hyperdrive out of the worker, or add a wrangler configuration",
        )
    seed = json.dumps(_with_paths(worker.seed, scenario.parent), sort_keys=True) if worker.seed else None
    return replace(found, data=WorkerData(seed, tuple(sorted(worker.hyperdrive.items()))))


def _with_paths(value: object, folder: Path) -> object:
    """Return seeds with the paths of `{ file = ... }` made absolute. Raises TargetError for a missing one."""
    if isinstance(value, dict) and value.keys() == {"file"} and isinstance(value["file"], str):
        file = (folder / value["file"]).resolve()
        if not file.is_file():
            raise TargetError(f"there is no file {file} to seed", "files are named relative to the scenario's file")
        return {"file": str(file)}
    if isinstance(value, dict):
        return {key: _with_paths(each, folder) for key, each in value.items()}
    return [_with_paths(each, folder) for each in value] if isinstance(value, list) else value


def _configurations(choice: WorkerChoice) -> tuple[Path, tuple[Path, ...]]:
    """Return the folder and the configuration files; none of them for a folder with a `local.capnp`."""
    path = choice.path
    if path.is_file() and not choice.configs:
        return path.parent.resolve(), (_configuration(path).resolve(),)
    if not path.is_dir():
        raise NoWorkerError(f"there is no folder {path}", "name a worker's folder, one that contains a wrangler.jsonc")
    folder = path.resolve()
    if choice.configs:
        return folder, tuple(_configuration(_existing(folder, each, "the configuration")) for each in choice.configs)
    if (folder / DECLARATION).is_file() and not choice.envs and choice.main is None:
        return folder, ()
    found = configuration_in(folder) or generated_in(folder)
    if found is None:
        if (folder / DECLARATION).is_file():
            return folder, ()
        if (folder / _NEW_CONFIGURATION).is_file():
            raise NoWorkerError(
                f"{path} has only a {_NEW_CONFIGURATION}, which wrangler reads only by an experimental option",
                f"build it by its own tool, which writes {REDIRECT}, or add a {CONFIGURATIONS[1]}",
            )
        raise NoWorkerError(
            f"{path} has no {DECLARATION} and no {', '.join(CONFIGURATIONS[:-1])} or {CONFIGURATIONS[-1]}",
            "name a worker's folder or its configuration file",
        )
    return folder, (found,)


def _configuration(file: Path) -> Path:
    """Return a file if it can be a configuration by its name. Raises NoWorkerError."""
    if file.suffix not in {each.suffix for each in map(Path, CONFIGURATIONS)}:
        raise NoWorkerError(
            f"{file} is no wrangler configuration, which is a .toml, .json or .jsonc file",
            "name the worker's folder; --main says which of its files is the entry point",
        )
    return file


def configuration_in(folder: Path) -> Path | None:
    """Return the configuration that wrangler would read in a folder, None if there is none."""
    return next((folder / name for name in CONFIGURATIONS if (folder / name).is_file()), None)


def generated_in(folder: Path) -> Path | None:
    """Return the configuration that a build tool has generated for a project, None if there is none."""
    file = folder / REDIRECT
    try:
        named = json.loads(file.read_text(encoding="utf-8"))["configPath"]
        found = (file.parent / named).resolve()
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return found if found.is_file() else None


def _environments(envs: tuple[str, ...], configs: tuple[Path, ...]) -> Environments:
    if len(envs) <= 1:
        return (envs or (None,)) * len(configs)
    if len(envs) != len(configs):
        raise NoWorkerError(
            f"{len(envs)} environments are named for {len(configs)} configuration{'' if len(configs) == 1 else 's'}",
            'name one for all of them or one for each in order; "" is the top level',
        )
    return envs


def _existing(folder: Path, name: str, what: str) -> Path:
    file = folder / name
    if not file.is_file():
        raise NoWorkerError(f"there is no file {file}", f"{what} is named relative to the worker's folder")
    return file.resolve()
