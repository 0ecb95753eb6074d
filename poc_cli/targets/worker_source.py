"""Find a worker's source: a folder with a `local.capnp`, or a wrangler project with one or more configurations."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from poc_cli.errors import TargetError

DECLARATION: Final = "local.capnp"

CONFIGURATIONS: Final = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""In wrangler's order of precedence."""


@dataclass(frozen=True, slots=True)
class WorkerSource:
    """A worker's folder; with `configs` wrangler builds it, else its `local.capnp` defines it.

    Clients connect to the worker of the first of the `configs`; `env` is the wrangler environment of all of them.
    """

    folder: Path
    configs: tuple[Path, ...] = ()
    env: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def given(self, variables: Mapping[str, str], secrets: Mapping[str, str]) -> "WorkerSource":
        """Return the source with variables and secrets for the worker."""
        return replace(self, variables=tuple(sorted(variables.items())), secrets=tuple(sorted(secrets.items())))


def source(path: Path, configs: tuple[str, ...] = (), env: str | None = None) -> WorkerSource:
    """Find the worker in a folder or at a configuration file; `configs` are relative to the folder.

    Raises TargetError if there is nothing to run.
    """
    if path.is_file() and not configs:
        return WorkerSource(path.parent.resolve(), (path.resolve(),), env)
    if not path.is_dir():
        raise TargetError(f"there is no folder {path}", "name a worker's folder, one that contains a wrangler.jsonc")
    folder = path.resolve()
    if configs:
        return WorkerSource(folder, tuple(_existing(folder, each) for each in configs), env)
    if env is None and (folder / DECLARATION).is_file():
        return WorkerSource(folder)
    found = next((folder / name for name in CONFIGURATIONS if (folder / name).is_file()), None)
    if found is None:
        raise TargetError(
            f"{path} has no {DECLARATION} and no {', '.join(CONFIGURATIONS[:-1])} or {CONFIGURATIONS[-1]}",
            "name a worker's folder or its configuration file",
        )
    return WorkerSource(folder, (found,), env)


def _existing(folder: Path, name: str) -> Path:
    file = folder / name
    if not file.is_file():
        raise TargetError(f"there is no file {file}", "configuration names are relative to the worker's folder")
    return file.resolve()
