"""The settings of poc: an option, else POC_* of the environment, else poc.toml or [tool.poc] of pyproject.toml."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import tomli

from poc_cli.errors import UsageError
from poc_cli.run_options import JOBS, RESULTS, RunOptions, SleepMode
from poc_cli.targets.destination import Destination, destination
from poc_cli.targets.worker_source import WorkerChoice

if TYPE_CHECKING:
    from poc_cli.config_file import ConfigFile

OWN: Final = "poc.toml"
SHARED: Final = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class WorkerFlags:
    """How the command line names the worker under test; without a folder or a configuration it changes another's."""

    folder: Path | None = None
    configs: Sequence[str] = ()
    envs: Sequence[str] = ()
    main: str | None = None

    @property
    def choice(self) -> WorkerChoice | None:
        """Return the worker that they name, None if they name none.

        A configuration is searched for in the worker's folder, then in the current one.
        """
        if self.folder is None and not self.configs:
            return None
        folder = Path() if self.folder is None else self.folder
        configs = tuple(_found(folder, each) for each in self.configs)
        main = None if self.main is None else _found(folder, self.main)
        return WorkerChoice(folder, configs, tuple(self.envs), main)


def _found(folder: Path, name: str) -> str:
    elsewhere = not (folder / name).is_file() and Path(name).is_file()
    return str(Path(name).absolute()) if elsewhere else name


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command line sets; None or empty if it does not."""

    results: Path | None = None
    worker: WorkerFlags = field(default_factory=WorkerFlags)
    sleep: SleepMode | None = None
    jobs: int | None = None
    compat_dates: Sequence[str] = ()
    target: str | None = None
    token_env: str | None = None
    workerds: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Settings(RunOptions):
    """The options of a run as configured, with the configuration file and the folder that its paths are relative to."""

    file: "ConfigFile | None" = None
    folder: Path = Path()


def settings(flags: Flags | None = None) -> Settings:
    """Return the settings for this folder and environment. Raises UsageError if the file or a POC_* is invalid."""
    flags = flags or Flags()
    here = Path.cwd()
    found = find(here)
    file = None if found is None else _read(*found, here)
    folder = here if found is None else found[0].parent
    written = _Written(folder, file)
    environment = _Environment(os.environ)
    worker = flags.worker.choice or environment.worker() or written.worker()
    if worker is not None and flags.worker.choice is None:
        worker = replace(worker, envs=tuple(flags.worker.envs) or worker.envs, main=flags.worker.main or worker.main)
    return Settings(
        results=flags.results or environment.path("results") or written.results() or RESULTS,
        worker=worker,
        overrides_worker=flags.worker.choice is not None,
        envs=flags.worker.envs,
        main=flags.worker.main,
        sleep=flags.sleep or environment.sleep() or (None if file is None else file.table.sleep),
        jobs=flags.jobs or environment.jobs() or (None if file is None else file.table.jobs) or JOBS,
        compat_dates=_given_dates(flags) or environment.dates() or written.dates(),
        target=_target(flags, environment, file),
        token_env=flags.token_env or environment.text("token_env") or (None if file is None else file.table.token_env),
        workerds=tuple(flags.workerds),
        file=file,
        folder=folder,
    )


def _given_dates(flags: Flags) -> tuple[str, ...]:
    if not flags.compat_dates:
        return ()
    from poc_cli.targets.compatibility import checked

    return tuple(checked(flags.compat_dates))


def _target(flags: Flags, environment: "_Environment", file: "ConfigFile | None") -> Destination:
    if flags.target is not None:
        return destination(flags.target)
    text = environment.text("target")
    if text is not None:
        try:
            return destination(text)
        except UsageError as error:
            raise UsageError(f"POC_TARGET: {error.message}", error.advice) from error
    return Destination() if file is None or file.table.target is None else destination(file.table.target)


def find(start: Path) -> tuple[Path, tuple[str, ...]] | None:
    """Return the configuration file for a folder and the way to poc's tables in it, None if there is none.

    Parent folders are searched up to the root of the repository; outside of one only the folder itself, because
    whoever can write to a parent could choose the code that is run.
    """
    above = [start, *start.parents]
    root = next((folder for folder in above if (folder / ".git").exists()), start)
    for folder in above[: above.index(root) + 1]:
        if (folder / OWN).exists():
            return folder / OWN, ()
        if _has_tables(folder / SHARED):
            return folder / SHARED, ("tool", "poc")
    return None


def _has_tables(file: Path) -> bool:
    """Whether a pyproject.toml has [tool.poc]. An invalid file without it is left to other tools."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    try:
        tools = tomli.loads(text).get("tool")
    except (ValueError, RecursionError):
        return "[tool.poc" in text
    return isinstance(tools, dict) and "poc" in tools


def _read(file: Path, way: tuple[str, ...], here: Path) -> "ConfigFile":
    from poc_cli.config_file import read

    return read(file, os.path.relpath(file, here), way)


class _Written:
    """The values of the file; its paths are relative to its folder."""

    def __init__(self, folder: Path, file: "ConfigFile | None") -> None:
        self._folder = folder
        self._table = None if file is None else file.table

    def results(self) -> Path | None:
        text = None if self._table is None else self._table.results
        return None if text is None else self._path(text)

    def worker(self) -> WorkerChoice | None:
        place = None if self._table is None else self._table.worker
        if place is None:
            return None
        return WorkerChoice(self._path(place.dir), tuple(place.config or ()), tuple(place.env or ()), place.main)

    def _path(self, text: str) -> Path:
        return Path(os.path.relpath(self._folder / Path(text).expanduser()))

    def dates(self) -> tuple[str, ...]:
        date = None if self._table is None else self._table.compat_date
        return () if date is None else (date,)


class _Environment:
    """The POC_* variables; an empty one counts as unset."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def path(self, name: str) -> Path | None:
        text = self.text(name)
        return None if text is None else Path(text)

    def worker(self) -> WorkerChoice | None:
        path = self.path("worker")
        return None if path is None else WorkerChoice(path)

    def sleep(self) -> SleepMode | None:
        text = self.text("sleep")
        match text:
            case None | "idle" | "evict" | "everywhere":
                return text
        raise UsageError(f'POC_SLEEP is "{text}"', 'use "idle", "evict" or "everywhere"')

    def jobs(self) -> int | None:
        text = self.text("jobs")
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
            raise UsageError(f'POC_JOBS is "{text}"', "use a whole number, at least 1")
        return int(text[:9])

    def dates(self) -> tuple[str, ...]:
        text = self.text("compat_date")
        if text is None:
            return ()
        from poc_cli.targets.compatibility import checked

        try:
            return tuple(checked([text]))
        except UsageError as error:
            raise UsageError(f'POC_COMPAT_DATE is "{text}"', error.advice) from error

    def text(self, name: str) -> str | None:
        """Return the value of a variable, None if it is unset."""
        return self._variables.get(f"POC_{name.upper()}") or None
