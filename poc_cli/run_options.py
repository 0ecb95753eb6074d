"""The options of a run: one object from the command line down to the engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from poc_cli.targets.destination import Destination
from poc_cli.targets.project_options import ProjectOptions
from poc_cli.targets.worker_source import WorkerChoice

SleepMode = Literal["idle", "evict", "everywhere"]
"""How a run puts objects to sleep: by the runtime's idle timer, by a forced eviction, or between all steps in turn."""

EVERYWHERE: Final = "everywhere"

JOBS: Final = 500
"""Concurrent plays; each holds a few sockets and waits most of the time."""

RESULTS: Final = Path("results")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a run was asked to do, with the configuration and the defaults filled in."""

    words: Sequence[str] = ()
    """Names, files and folders of scenarios."""

    everything: bool = False
    last_failed: bool = False
    """Whether the scenarios are those of the latest run that did not come out as they should."""

    only: str | None = None
    """The one story to play, without its controls."""

    tags: Sequence[str] = ()
    loads: bool = False
    """Whether load scenarios are run too, as written, after everything else."""

    worker: WorkerChoice | None = None
    overrides_worker: bool = False
    """Whether `worker` replaces the worker that a scenario names."""

    envs: Sequence[str] = ()
    """The environments of the worker under test, whoever names it; `main` likewise."""

    main: str | None = None

    project: ProjectOptions = ProjectOptions()  # noqa: RUF009 - frozen

    sleep: SleepMode | None = None
    ignore: tuple[str, ...] = ()
    """With sleeps everywhere: keys and paths in messages that may differ."""

    jobs: int = JOBS
    repeat: int = 1
    compat_dates: tuple[str, ...] = ()
    workerds: tuple[str, ...] = ()
    """Versions or binaries of the runtime to use instead of the pinned one."""

    target: Destination = Destination()  # noqa: RUF009 - frozen
    code_update: str | None = None
    """How objects get new code on Cloudflare, as `--code-update` has it; None plays stories of both modes."""

    token_env: str | None = None
    header_env: Sequence[str] = ()
    """Headers for a worker that poc did not deploy, as `Name=VARIABLE`."""

    origin: str | None = None
    """The address of a deployed app that replaces the one a scenario would start."""

    keep: bool = False
    """Whether what is deployed for the run stays deployed."""

    results: Path = RESULTS
    json: bool = False
    verbosity: int = 0
    allow_unknown: bool = False

    def again(self) -> list[str]:
        """Return the options of `poc run` that play a scenario like this again."""
        named = self.worker if self.overrides_worker else None
        found = [] if named is None else ["--worker", str(named.path)]
        found += [word for each in (named.configs if named else ()) for word in ("--config", each)]
        found += [word for each in self.envs for word in ("--env", each)]
        found += [] if self.main is None else ["--main", self.main]
        found += ["--build"] if self.project.build else []
        found += [] if self.sleep is None else ["--sleep", self.sleep]
        found += [word for each in self.ignore for word in ("--ignore", each)]
        found += [word for each in self.compat_dates for word in ("--compat-date", each)]
        found += [word for each in self.workerds for word in ("--workerd", each)]
        found += [] if self.target.is_local else ["--target", self.target.url or self.target.word]
        found += [] if self.token_env is None else ["--token-env", self.token_env]
        found += [word for each in self.header_env for word in ("--header-env", each)]
        found += [] if self.origin is None else ["--origin", self.origin]
        return found

    @property
    def worker_option(self) -> str | None:
        """Return the option that says something about the worker under test, None if none does."""
        if self.overrides_worker:
            return "--worker"
        return "--env" if self.envs else "--main" if self.main is not None else None

    @property
    def compat_date(self) -> str | None:
        """Return the compatibility date where there is exactly one."""
        return self.compat_dates[0] if len(self.compat_dates) == 1 else None

    @property
    def workerd(self) -> str | None:
        """Return the runtime to use instead of the pinned one where there is exactly one."""
        return self.workerds[0] if len(self.workerds) == 1 else None
