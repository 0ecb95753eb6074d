"""The workers of one run: each is read, or built by wrangler, once, whoever asks for it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from poc_cli.targets.worker import Worker, subject
from poc_cli.targets.worker_source import WorkerSource

if TYPE_CHECKING:
    from poc_cli.targets.wrangler_build import Build


class Workers:
    """What is being built goes on while others are asked for; wranglers end with the context."""

    def __init__(self, binary: Path, date: str | None, say: Callable[[str], None]) -> None:
        """Take the runtime and the compatibility date that all are to run on; `say` is told what takes long."""
        self._binary = binary
        self._date = date
        self._say = say
        self._builds: dict[WorkerSource, Build] = {}
        self._there: dict[WorkerSource, Worker] = {}

    def begin(self, wanted: WorkerSource) -> None:
        """See to it that the worker will be there; does not wait. Raises TargetError."""
        if wanted in self._there or wanted in self._builds:
            return
        if not wanted.configs:
            found = subject(wanted.folder, self._date)
            self._there[wanted] = replace(found, beside=(*wanted.variables, *wanted.secrets))
            return
        from poc_cli.targets.runtime_programs import tools
        from poc_cli.targets.wrangler_build import Build

        self._builds[wanted] = Build(wanted, tools(self._say), self._date)

    def get(self, wanted: WorkerSource) -> Worker:
        """Return the worker, once it is there. Raises TargetError where it cannot be read or built."""
        self.begin(wanted)
        if wanted not in self._there:
            from poc_cli.targets.project import project

            self._there[wanted] = project(self._builds[wanted].finish(), self._binary, self._date)
        return self._there[wanted]

    @property
    def secrets(self) -> list[tuple[str, str]]:
        """Return the names and values of what must not be written down, of all workers that are there."""
        return [secret for each in self._there.values() for secret in each.secrets]

    @property
    def thrown(self) -> str:
        """Return what requests of projects have thrown, at the projects' own lines."""
        return "".join(each.thrown for each in self._builds.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for build in self._builds.values():
            build.close()
