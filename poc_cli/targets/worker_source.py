"""Where a worker is: a folder with a `local.capnp`, or a project of wrangler's with one configuration or several."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from poc_cli.errors import TargetError

DECLARATION: Final = "local.capnp"

CONFIGURATIONS: Final = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""In the order in which wrangler looks for them."""


@dataclass(frozen=True, slots=True)
class WorkerSource:
    """A worker's folder; without `configs` its `local.capnp` says all, else wrangler builds what they say.

    The first of the `configs` is the worker that clients speak to; `env` is the environment in all of them.
    """

    folder: Path
    configs: tuple[Path, ...] = ()
    env: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def given(self, variables: Mapping[str, str], secrets: Mapping[str, str]) -> "WorkerSource":
        """Return the same with variables and secrets beside its own."""
        return replace(self, variables=tuple(sorted(variables.items())), secrets=tuple(sorted(secrets.items())))


def source(place: Path, configs: tuple[str, ...] = (), env: str | None = None) -> WorkerSource:
    """Find what is meant by a folder, or by a configuration file itself; `configs` are relative to the folder.

    Raises TargetError where nothing is there that can be run.
    """
    if place.is_file() and not configs:
        return WorkerSource(place.parent.resolve(), (place.resolve(),), env)
    if not place.is_dir():
        raise TargetError(f"no folder {place}", "name the folder of a worker: one with a wrangler.jsonc in it")
    folder = place.resolve()
    if configs:
        return WorkerSource(folder, tuple(_existing(folder, each) for each in configs), env)
    if env is None and (folder / DECLARATION).is_file():
        return WorkerSource(folder)
    found = next((folder / name for name in CONFIGURATIONS if (folder / name).is_file()), None)
    if found is None:
        raise TargetError(
            f"{place} has no {DECLARATION} and no {', '.join(CONFIGURATIONS[:-1])} or {CONFIGURATIONS[-1]}",
            "name the folder of a worker, or its configuration file",
        )
    return WorkerSource(folder, (found,), env)


def _existing(folder: Path, name: str) -> Path:
    file = folder / name
    if not file.is_file():
        raise TargetError(f"no file {file}", "the configurations of a worker are named relative to its folder")
    return file.resolve()
