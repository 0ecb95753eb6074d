"""Says where workerd and wrangler are, and brings the pinned ones into the user's cache when they are not there yet."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from poc_cli.errors import TargetError
from poc_cli.shipped import shipped

WORKERD_VERSION = "1.20261023.1"
"""The newest workerd with binaries for all five platforms; worker/package.json pins the same."""

WRANGLER_VERSION = "4.156.0"
"""The newest wrangler that is made for that workerd; worker/package.json pins the same."""

_PLATFORMS = {
    ("Linux", "x86_64"): "linux-64",
    ("Linux", "aarch64"): "linux-arm64",
    ("Darwin", "x86_64"): "darwin-64",
    ("Darwin", "arm64"): "darwin-arm64",
}
_MANIFEST, _LOCK = "package.json", "package-lock.json"


@dataclass(frozen=True, slots=True)
class Thing:
    """What can be brought: what it takes over the network, the file that shows that it is there, what npm is told."""

    name: str
    version: str
    size: str
    proof: Callable[[Path], Path]
    manifests: Callable[[], tuple[str, str]]
    finish: Callable[[Path], None] | None = None
    """What is still to be done in the folder once npm is through."""


def locate(say: Callable[[str], None], npm: Sequence[str] | None = None) -> Path:
    """Return the absolute path of the workerd to run: the one POC_WORKERD names, else the pinned one.

    Where the pinned one is missing or damaged, it is installed first and `say` is told, a line of text at a time.
    `npm` replaces the command that is npm. Raises TargetError where there is no workerd and none can be brought.
    """
    named = os.environ.get("POC_WORKERD")
    if named:
        return _named(Path(named).absolute())
    worker = shipped("worker")
    home = _home(worker)
    binary = _binary(home)
    if not _is_executable(binary):
        thing = Thing("workerd", WORKERD_VERSION, "about 40 MB", _binary, lambda: _manifests(worker))
        bring(thing, home, say, npm)
    return binary


def tools(say: Callable[[str], None], npm: Sequence[str] | None = None) -> Path:
    """Return the folder that the pinned wrangler is installed in, with all that it needs.

    Where it is missing, it is installed first, as `locate` does it. Raises TargetError where it cannot be brought.
    """
    worker = shipped("worker")
    home = wrangler_home()
    if not _is_executable(_wrangler(home)):
        from poc_cli.targets.manifest import part

        thing = Thing(
            "wrangler",
            WRANGLER_VERSION,
            "about 70 MB",
            _wrangler,
            lambda: part((worker / _LOCK).read_text(encoding="utf-8"), "wrangler"),
        )
        bring(thing, home, say, npm)
    return home


def wrangler_home() -> Path:
    """Return the folder in which wrangler is, or will be once it is brought."""
    return _home(shipped("worker"), f"wrangler-{WRANGLER_VERSION}")


def _wrangler(home: Path) -> Path:
    return home / "node_modules" / "wrangler" / "bin" / "wrangler.js"


def pinned() -> Path:
    """Return where the pinned workerd is, or will be once it is brought. Raises TargetError where there is none."""
    return _binary(_home(shipped("worker")))


def _named(binary: Path) -> Path:
    if not _is_executable(binary):
        raise TargetError(
            f"POC_WORKERD names {binary}, which is not an executable file",
            "name the workerd binary itself, or unset POC_WORKERD to use the pinned one",
        )
    return binary


def _binary(home: Path) -> Path:
    """Return the real binary: `node_modules/.bin/workerd` is a Node program that leaves workerd behind when killed."""
    machine = os.uname() if hasattr(os, "uname") else None
    platform = _PLATFORMS.get((machine.sysname, machine.machine)) if machine else None
    if platform is None:
        here = f"{machine.sysname} on {machine.machine}" if machine else sys.platform
        raise TargetError(
            f"poc runs workerd on Linux and macOS, on x86-64 and ARM64, not on {here}",
            "on Windows use WSL; elsewhere run poc against a URL",
        )
    return home / "node_modules" / "@cloudflare" / f"workerd-{platform}" / "bin" / "workerd"


def _home(worker: Path, thing: str = f"workerd-{WORKERD_VERSION}") -> Path:
    """Return the folder for exactly this lock: another lock means another folder, so runs of two versions never mix."""
    lock = (worker / _LOCK).read_bytes()
    return cache() / f"{thing}-{sha256(lock).hexdigest()[:12]}"


def _manifests(worker: Path) -> tuple[str, str]:
    return (worker / _MANIFEST).read_text(encoding="utf-8"), (worker / _LOCK).read_text(encoding="utf-8")


def cache() -> Path:
    """Return the folder in the user's cache that is ours."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():  # the XDG specification: a relative one is to be ignored
        return given / "poc"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "poc"


def _is_executable(file: Path) -> bool:
    return file.is_file() and os.access(file, os.X_OK)


def bring(thing: Thing, home: Path, say: Callable[[str], None], npm: Sequence[str] | None) -> None:
    """Install a thing in its folder, if it is not there yet; one run at a time. Raises TargetError."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with _alone(home.with_name(f"{home.name}.lock"), thing.name, say) as lock:
            if not _is_executable(thing.proof(home)):  # else another run has brought it while we waited
                say(f"bringing {thing.name} {thing.version} into {home.parent} ({thing.size}, once)")
                _install(thing, home, lock, npm)
    except OSError as error:
        raise TargetError(
            f"{thing.name} cannot be put into {home.parent}: {error}",
            "set XDG_CACHE_HOME to a folder that can be written to"
            + (", or POC_WORKERD to a workerd of your own" if thing.name == "workerd" else ""),
        ) from error


@contextmanager
def _alone(file: Path, name: str, say: Callable[[str], None]) -> Iterator[int]:
    """Hold the lock on `file`; gives its descriptor. The lock ends with the last process that has it open."""
    import fcntl  # not on the way to a workerd that is there already

    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another poc is bringing {name}; waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _install(thing: Thing, home: Path, lock: int, npm: Sequence[str] | None) -> None:
    """Fill a folder beside `home` and give it its name once it is whole, so that `home` is never half there."""
    import shutil

    from poc_cli.targets.npm import CHECK_NPM, ci, command

    part = home.with_name(f"{home.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a run that was killed; its npm has ended, or we had no lock
    part.mkdir()
    try:
        for name, text in zip((_MANIFEST, _LOCK), thing.manifests(), strict=True):
            (part / name).write_text(text, encoding="utf-8")
        ci(part, npm or command(), holding=lock)
        if thing.finish is not None:
            thing.finish(part)
        if not _is_executable(thing.proof(part)):
            raise TargetError(f"npm brought no {thing.proof(part).relative_to(part)}", CHECK_NPM)
        shutil.rmtree(home, ignore_errors=True)  # a damaged one, or there is none
        part.rename(home)
    finally:
        shutil.rmtree(part, ignore_errors=True)
