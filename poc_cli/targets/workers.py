"""Load the workers of a run: each is read or built by wrangler once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from poc_cli.targets.project_options import ProjectOptions
from poc_cli.targets.worker import Worker, subject
from poc_cli.targets.worker_output import Output, Threw, log_text
from poc_cli.targets.worker_source import WorkerSource

if TYPE_CHECKING:
    from poc_cli.targets.wrangler_build import Build


class Workers:
    """The loaded workers. Builds run in the background; wrangler processes end with the context."""

    def __init__(
        self,
        binary: Path,
        date: str | None,
        say: Callable[[str], None],
        options: ProjectOptions = ProjectOptions(),  # noqa: B008 - frozen
    ) -> None:
        """Take the runtime and a compatibility date for all workers; `say` gets progress messages."""
        self._binary = binary
        self._date = date
        self._say = say
        self._options = options
        self._builds: dict[WorkerSource, Build] = {}
        self._loaded: dict[WorkerSource, Worker] = {}
        self._built: set[Path] = set()

    def begin(self, wanted: WorkerSource) -> None:
        """Load the worker or start its build, without waiting. Raises TargetError."""
        if wanted in self._loaded or wanted in self._builds:
            return
        if not wanted.configs:
            found = subject(wanted.folder, self._date)
            self._loaded[wanted] = replace(found, beside=(*wanted.variables, *wanted.secrets))
            return
        from poc_cli.targets.dev_script import as_started
        from poc_cli.targets.installation import tools
        from poc_cli.targets.wrangler_build import Build, BuildSettings

        chosen, notes = as_started(wanted)
        for note in notes:
            self._say(note)
        if self._options.build and chosen.folder not in self._built:
            from poc_cli.targets.project_script import run_build_script

            self._built.add(chosen.folder)
            run_build_script(chosen, self._say, shows_output=self._options.shows_output)
        settings = BuildSettings(self._date, self._say, self._options)
        self._builds[wanted] = Build(chosen, tools(self._say), settings)

    def get(self, wanted: WorkerSource) -> Worker:
        """Return the worker, waiting for its build. Raises TargetError if it cannot be read or built."""
        self.begin(wanted)
        if wanted not in self._loaded:
            from poc_cli.targets.project import project

            self._loaded[wanted] = project(self._builds[wanted].finish(), self._binary, self._date)
        return self._loaded[wanted]

    @property
    def secrets(self) -> list[tuple[str, str]]:
        """Return the names and values of the secrets of all loaded workers."""
        return [secret for each in self._loaded.values() for secret in each.secrets]

    def thrown(self) -> list[Threw]:
        """Return the exceptions of requests to the Workers of projects, which are in no log of the runtime."""
        return [threw for each in self._builds.values() for threw in each.thrown()]

    def thrown_text(self) -> str:
        """Return these exceptions as worker.log has them."""
        return log_text(Output(None, None, None, tuple(self.thrown())))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for build in self._builds.values():
            build.close()
