"""Build folders in the cache and keep the builds while their content is the same."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from poc_cli.clients.subprocesses import ProgramFolder
from poc_cli.errors import TargetError
from poc_cli.targets.installation import cache
from poc_cli.targets.process import ending, guard, signal_group

BUILDS_WITHIN_SECONDS: Final = 900.0
"""Enough for the first installation of a large app over a slow network."""

KEPT: Final = 3
"""Builds kept in the cache per folder; each may take hundreds of megabytes."""

_NEVER: Final = ("node_modules/", ".git/")
_LAST_LINES: Final = 20
_DONE: Final = "done"


@dataclass(frozen=True, slots=True)
class Build:
    """What is built: the folder, other paths that the build reads, and the command."""

    folder: Path
    also: tuple[Path, ...]
    command: str


def built_copy(build: Build, programs: ProgramFolder, say: Callable[[str], None]) -> tuple[Path, int]:
    """Return the built copy of a folder, and a descriptor that locks it while it is open.

    Raises TargetError if a folder is missing or the build fails.
    """
    root, files = _files(build)
    name = f"built-{build.folder.name}-{hashlib.sha256(str(build.folder).encode()).hexdigest()[:8]}"
    home = cache() / f"{name}-{_digest(build, root, files)}"
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(home.with_name(f"{home.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with _closed_on_error(lock):
            _wait(lock, fcntl.LOCK_SH, build, say)
            if not (home / _DONE).exists():
                fcntl.flock(lock, fcntl.LOCK_UN)
                _wait(lock, fcntl.LOCK_EX, build, say)
                if not (home / _DONE).exists():  # otherwise another run has built it meanwhile
                    say(f"building {build.folder} ({build.command}), once for this content")
                    _build(build, home, root, files, programs)
                fcntl.flock(lock, fcntl.LOCK_SH)
        _prune(name, home)
    except OSError as error:
        raise TargetError(f"{build.folder} cannot be built in {home}: {error}", "check the disk space") from error
    return home / "tree" / build.folder.relative_to(root), lock


@contextlib.contextmanager
def _closed_on_error(descriptor: int) -> Iterator[None]:
    try:
        yield
    except BaseException:
        os.close(descriptor)
        raise


def _wait(lock: int, kind: int, build: Build, say: Callable[[str], None]) -> None:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"another poc is building {build.folder}; waiting for it")
        fcntl.flock(lock, kind)


def _files(build: Build) -> tuple[Path, list[Path]]:
    """Return the common parent folder and all files, sorted. Raises TargetError if a path does not exist."""
    for place in (build.folder, *build.also):
        if not place.exists():
            raise TargetError(f"no folder {place}", "folders are named relative to the scenario's file")
    found = {file for place in (build.folder, *build.also) for file in files_inside(place)}
    folders = [place if place.is_dir() else place.parent for place in (build.folder, *build.also)]
    return Path(os.path.commonpath(folders)), sorted(found)


def files_inside(place: Path) -> Iterator[Path]:
    """Yield the files of a folder that no .gitignore in it ignores."""
    if place.is_file():
        yield place
        return
    from pathspec import GitIgnoreSpec

    rules: list[tuple[Path, GitIgnoreSpec]] = [(place, GitIgnoreSpec.from_lines(_NEVER))]

    def ignored(each: Path) -> bool:
        slash = "/" if each.is_dir() else ""
        inside = ((spec, each.relative_to(at)) for at, spec in rules if each.is_relative_to(at))
        return any(spec.match_file(f"{relative.as_posix()}{slash}") for spec, relative in inside)

    for here, folders, files in os.walk(place):
        rule = Path(here, ".gitignore")
        if rule.is_file():
            rules.append((Path(here), GitIgnoreSpec.from_lines(rule.read_text(encoding="utf-8").splitlines())))
        folders[:] = sorted(each for each in folders if not ignored(Path(here, each)))
        yield from (file for each in files if not ignored(file := Path(here, each)) and file.is_file())


def _digest(build: Build, root: Path, files: Sequence[Path]) -> str:
    whole = hashlib.sha256(f"{build.folder.relative_to(root)}\n{build.command}\n".encode())
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        runs = bool(file.stat().st_mode & stat.S_IXUSR)
        whole.update(f"{file.relative_to(root)}\n{runs}\n{content}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()[:16]


def _build(build: Build, home: Path, root: Path, files: Sequence[Path], programs: ProgramFolder) -> None:
    shutil.rmtree(home, ignore_errors=True)  # left by a build that failed or was killed
    for file in files:
        copy = home / "tree" / file.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    folder = home / "tree" / build.folder.relative_to(root)
    folder.mkdir(parents=True, exist_ok=True)
    log = home / "build.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            ["/bin/sh", "-c", build.command],
            cwd=folder,
            env=programs.environment(network=True) | {"CI": "1", "NEXT_TELEMETRY_DISABLED": "1", "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            preexec_fn=guard(os.getpid()),  # noqa: PLW1509 - no other thread runs yet, and it only calls libc
        )
        programs.watch(process.pid)
        try:
            code: int | None = process.wait(BUILDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            signal_group(process.pid)
            process.wait()
    if code != 0:
        output = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
        outcome = f"was not done within {BUILDS_WITHIN_SECONDS:g} s" if code is None else ending(code)
        raise TargetError(
            f"the build of {build.folder} ({build.command}) {outcome}:\n{output}", f"the full output is in {log}"
        )
    (home / _DONE).touch()


def _prune(name: str, current: Path) -> None:
    """Remove all but the latest builds of the same folder, except those that another run uses."""
    homes = [each for each in cache().glob(f"{name}-*") if each.is_dir() and each != current]
    with contextlib.suppress(OSError):
        homes.sort(key=lambda home: home.stat().st_mtime, reverse=True)
        for home in homes[KEPT - 1 :]:
            lock = os.open(home.with_name(f"{home.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home, ignore_errors=True)
            except BlockingIOError:
                pass
            finally:
                os.close(lock)
