"""`poc run --watch`: play again whenever a scenario or a worker's source is saved, until Ctrl-C.

Files are polled. A library that listens for changes (watchfiles, 1.3 MB) would need the same list of sources, gets no
events from folders that a container mounts, and cannot tell a save from a build that writes the same.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from poc_cli.commands.console import Console
from poc_cli.commands.run import run
from poc_cli.commands.selection import files
from poc_cli.errors import PocError, UsageError
from poc_cli.exit_codes import ExitCode
from poc_cli.run_options import RunOptions
from poc_cli.scenario.catalog import shown
from poc_cli.scenario.client_tables import CommandSpec
from poc_cli.scenario.model import ScenarioFile
from poc_cli.services.build_cache import files_inside
from poc_cli.targets.worker_source import source_or_shipped

_PAUSE_SECONDS: Final = 0.3
"""Between two looks at the files: not noticed by someone who has just saved one."""

_SHARE: Final = 10
"""A look at many files takes long; the pause is then so many times as long, so that a tenth of a core is used."""

Contents = Mapping[Path, str]
"""The digest of each file."""


def watch(
    options: RunOptions,
    console: Console,
    play: Callable[[RunOptions, Console], int] = run,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Run, and again after each change, until Ctrl-C; return the exit code, 0 if that came between two runs.

    Raises UsageError for options that go with a single run only, and if a scenario is gone.
    """
    _raise_if_unsuited(options)
    sources, was_changed_meanwhile = Sources(options), False
    while True:
        before = sources.contents()
        if _played(options, console, play) == ExitCode.INTERRUPTED:
            return ExitCode.INTERRUPTED
        after = sources.contents()
        # A build that writes something else each time must not play for ever: it counts once.
        changed = [] if was_changed_meanwhile else differing(before, after)
        was_changed_meanwhile = bool(changed)
        if not changed:
            console.note(f"poc: watching {len(after)} {'file' if len(after) == 1 else 'files'}; Ctrl-C ends it")
            try:
                changed = _awaited(sources, after, pause)
            except KeyboardInterrupt:
                return ExitCode.HELD
        console.note(f"poc: {shown(changed[0])} changed")


def _raise_if_unsuited(options: RunOptions) -> None:
    reason = "plays on this machine only" if not options.target.is_local else "prints text" if options.json else None
    if len(options.compat_dates) > 1:
        reason = "plays with one compatibility date"
    if len(options.workerds) > 1:
        reason = "plays on one runtime"
    if reason is not None:
        raise UsageError(f"--watch {reason}", "leave it or the other option out")


def _played(options: RunOptions, console: Console, play: Callable[[RunOptions, Console], int]) -> int:
    """Play once; what is wrong with a file is printed, since it may be right when it is saved again."""
    try:
        return play(options, console)
    except PocError as error:
        console.error(f"poc: {error}")
        return error.exit_code


def _awaited(sources: "Sources", before: Contents, pause: Callable[[float], None]) -> list[Path]:
    """Wait until files have changed, and return them."""
    while True:
        begun = time.monotonic()
        changed = differing(before, sources.contents())
        if changed:
            return changed
        pause(max(_PAUSE_SECONDS, _SHARE * (time.monotonic() - begun)))


def differing(before: Contents, after: Contents) -> list[Path]:
    """Return the files that have another content, are new or are gone, in order."""
    return sorted(each for each in before.keys() | after.keys() if before.get(each) != after.get(each))


class Sources:
    """The files that a run depends on: its scenarios, and what their workers, apps and programs are made of."""

    def __init__(self, options: RunOptions) -> None:
        self._options = options
        self._folders: dict[Path, list[Path]] = {}
        self._digests: dict[Path, tuple[tuple[int, int], str]] = {}

    def contents(self) -> Contents:
        """Return the digest of each file now. Raises UsageError if a scenario is gone."""
        scenarios = files(self._options)
        results = self._options.results.absolute()
        found: dict[Path, str] = {}
        for file in (*scenarios, *self._of_folders(scenarios)):
            if results not in file.absolute().parents and (digest := self._digest(file)) is not None:
                found[file] = digest
        return found

    def _of_folders(self, scenarios: Iterable[Path]) -> Iterator[Path]:
        chosen = self._options.worker
        folders = [] if chosen is None else [chosen.path if chosen.path.is_dir() else chosen.path.parent]
        folders += [folder for file in scenarios for folder in self._named_by(file)]
        for folder in dict.fromkeys(folders or [source_or_shipped(None).folder]):
            if folder.exists():
                yield from files_inside(folder)

    def _named_by(self, file: Path) -> list[Path]:
        """Return the folders that a scenario names; of one that is not right now, those that it named before."""
        from poc_cli.scenario.loader import read

        try:
            document = read(file).document
        except PocError:
            return self._folders.get(file, [])
        self._folders[file] = [file.parent / each for each in _folders_of(document)]
        return self._folders[file]

    def _digest(self, file: Path) -> str | None:
        """Return the digest of a file, read only where its time or size has changed; None if it is gone."""
        try:
            found = file.stat()
            marks = found.st_mtime_ns, found.st_size
            known = self._digests.get(file)
            if known is None or known[0] != marks:
                known = self._digests[file] = marks, hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError:
            return None
        return known[1]


def _folders_of(document: ScenarioFile) -> Iterator[str]:
    controls = [claim.control for claim in document.claim if claim.control is not None]
    for worker in (document.worker, *(control.worker for control in controls)):
        if worker is not None:
            yield from (worker.dir, *worker.also)
    if document.origin is not None:
        yield from (document.origin.dir, *document.origin.also)
    for clients in (document.clients, *(control.clients for control in controls)):
        for client in clients.values():
            if isinstance(client, CommandSpec):
                yield from (client.dir or ".", *client.also)
