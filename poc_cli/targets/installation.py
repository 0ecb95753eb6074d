"""Locate workerd and wrangler, and install the pinned versions into the user's cache if they are missing."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from poc_cli.errors import PocError, TargetError, UsageError
from poc_cli.shipped import shipped

WORKERD_VERSION = "1.20261117.1"
"""The newest workerd with binaries for all five platforms; worker/package.json pins the same version."""

WRANGLER_VERSION = "4.164.0"
"""The newest wrangler for that workerd; worker/package.json pins the same version."""

_PLATFORMS = {
    ("Linux", "x86_64"): "linux-64",
    ("Linux", "aarch64"): "linux-arm64",
    ("Darwin", "x86_64"): "darwin-64",
    ("Darwin", "arm64"): "darwin-arm64",
}
_MANIFEST, _LOCK = "package.json", "package-lock.json"
_VERSION = re.compile(r"1\.[0-9]{8}\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Thing:
    """An installable program: its download size, a file that exists once it is installed, and its npm manifests."""

    name: str
    version: str
    size: str
    proof: Callable[[Path], Path]
    manifests: Callable[[], tuple[str, str]]
    """The texts of package.json and package-lock.json; an empty lock leaves the versions to npm."""

    finish: Callable[[Path], None] | None = None
    """A step to run in the folder after npm."""


def locate(say: Callable[[str], None], npm: Sequence[str] | None = None, *, wanted: str | None = None) -> Path:
    """Return the absolute path of the workerd to run: `wanted`, else POC_WORKERD, else the pinned one.

    `wanted` is a version on npm or the path of a binary. What is missing or damaged in poc's cache is installed first,
    with progress lines passed to `say`. `npm` replaces the npm command. Raises TargetError if there is no workerd and
    it cannot be installed, and UsageError if `wanted` is neither.
    """
    named = os.environ.get("POC_WORKERD")
    if wanted is None and named:
        return _named(Path(named).absolute())
    if wanted is not None and wanted != WORKERD_VERSION:
        return _wanted(wanted, say, npm)
    worker = shipped("worker")
    home = _home(worker)
    binary = _binary(home)
    if not _is_executable(binary):
        thing = Thing("workerd", WORKERD_VERSION, "about 40 MB", _binary, lambda: _manifests(worker))
        bring(thing, home, say, npm)
    return binary


def _wanted(wanted: str, say: Callable[[str], None], npm: Sequence[str] | None) -> Path:
    if _VERSION.fullmatch(wanted) is None:
        if not _is_executable(Path(wanted)):
            raise UsageError(
                f"--workerd {wanted} is neither a version nor an executable file",
                f"name a version on npm, such as {WORKERD_VERSION}, or the workerd binary itself",
            )
        return Path(wanted).absolute()
    home = cache() / f"workerd-{wanted}-npm"
    binary = _binary(home)
    if not _is_executable(binary):
        package = json.dumps({"name": "poc-workerd", "private": True, "dependencies": {"workerd": wanted}})
        # No lock is shipped for it; npm checks what it downloads against the digests of the registry.
        bring(Thing("workerd", wanted, "about 40 MB", _binary, lambda: (package, "")), home, say, npm)
    return binary


def tools(say: Callable[[str], None], npm: Sequence[str] | None = None) -> Path:
    """Return the folder in which the pinned wrangler is installed.

    If it is missing it is installed first, as in `locate`. Raises TargetError if it cannot be installed.
    """
    worker = shipped("worker")
    home = wrangler_home()
    if not _is_executable(_wrangler(home)):
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
    """Return the folder of wrangler, installed or not."""
    return _home(shipped("worker"), f"wrangler-{WRANGLER_VERSION}")


def _wrangler(home: Path) -> Path:
    return home / "node_modules" / "wrangler" / "bin" / "wrangler.js"


def pinned() -> Path:
    """Return the path of the pinned workerd, installed or not. Raises TargetError on an unsupported platform."""
    return _binary(_home(shipped("worker")))


def _named(binary: Path) -> Path:
    if not _is_executable(binary):
        raise TargetError(
            f"POC_WORKERD names {binary}, which is not an executable file",
            "set it to the workerd binary itself, or unset it to use the pinned one",
        )
    return binary


def _binary(home: Path) -> Path:
    """Return the binary itself: `node_modules/.bin/workerd` is a Node program that leaves workerd behind."""
    machine = os.uname() if hasattr(os, "uname") else None
    platform = _PLATFORMS.get((machine.sysname, machine.machine)) if machine else None
    if platform is None:
        system = f"{machine.sysname} on {machine.machine}" if machine else sys.platform
        raise TargetError(
            f"poc runs workerd on Linux and macOS, on x86-64 and ARM64, but not on {system}",
            "on Windows use WSL; on other systems run poc against a URL",
        )
    return home / "node_modules" / "@cloudflare" / f"workerd-{platform}" / "bin" / "workerd"


def _home(worker: Path, thing: str = f"workerd-{WORKERD_VERSION}") -> Path:
    """Return the folder for this lock file; each lock gets its own folder, so that two versions do not mix."""
    lock = (worker / _LOCK).read_bytes()
    return cache() / f"{thing}-{sha256(lock).hexdigest()[:12]}"


def _manifests(worker: Path) -> tuple[str, str]:
    return (worker / _MANIFEST).read_text(encoding="utf-8"), (worker / _LOCK).read_text(encoding="utf-8")


def cache() -> Path:
    """Return poc's folder in the user's cache."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():  # the XDG specification says to ignore relative paths
        return given / "poc"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "poc"


def _is_executable(file: Path) -> bool:
    return file.is_file() and os.access(file, os.X_OK)


def bring(thing: Thing, home: Path, say: Callable[[str], None], npm: Sequence[str] | None) -> None:
    """Install a program in its folder if it is missing; one poc process at a time. Raises TargetError."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with _locked(home.with_name(f"{home.name}.lock"), thing.name, say) as lock:
            if not _is_executable(thing.proof(home)):  # else another process installed it meanwhile
                say(f"installing {thing.name} {thing.version} in {home.parent} ({thing.size}, once)")
                _install(thing, home, lock, npm)
    except OSError as error:
        raise TargetError(
            f"cannot install {thing.name} in {home.parent}: {error}",
            "set XDG_CACHE_HOME to a writable folder"
            + (", or POC_WORKERD to your own workerd" if thing.name == "workerd" else ""),
        ) from error


@contextmanager
def _locked(file: Path, name: str, say: Callable[[str], None]) -> Iterator[int]:
    """Hold an exclusive lock on `file` and yield its descriptor; the last process that has it open releases it."""
    import fcntl  # not needed if workerd is already installed

    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another poc process that is installing {name}")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _install(thing: Thing, home: Path, lock: int, npm: Sequence[str] | None) -> None:
    """Install into a temporary folder and rename it when complete, so that `home` is never partial."""
    import shutil

    from poc_cli.targets.npm import CHECK_NPM, command, install

    part = home.with_name(f"{home.name}.part")
    shutil.rmtree(
        part, ignore_errors=True
    )  # left by a killed process; its npm has ended, or the lock would still be held
    part.mkdir()
    try:
        texts = [(name, text) for name, text in zip((_MANIFEST, _LOCK), thing.manifests(), strict=True) if text]
        for name, text in texts:
            (part / name).write_text(text, encoding="utf-8")
        install(part, npm or command(), locked=len(texts) > 1, holding=lock)
        if thing.finish is not None:
            thing.finish(part)
        if not _is_executable(thing.proof(part)):
            raise TargetError(f"npm did not install {thing.proof(part).relative_to(part)}", CHECK_NPM)
        shutil.rmtree(home, ignore_errors=True)  # remove a damaged one
        part.rename(home)
    finally:
        shutil.rmtree(part, ignore_errors=True)


_FOLDER: Final = "node_modules/"
_NEEDS: Final = ("dependencies", "optionalDependencies", "peerDependencies")


def part(lock: str, package: str) -> tuple[str, str]:
    """Return a package.json and package-lock.json that install only one package of a lock.

    Raises PocError if the lock does not have the package.
    """
    whole: dict[str, Any] = json.loads(lock)
    packages: dict[str, dict[str, Any]] = whole["packages"]
    if _FOLDER + package not in packages:
        raise PocError(f"package-lock.json has no {package}", "reinstall poc-durable-objects")
    needed: dict[str, dict[str, Any]] = {}
    pending = [_FOLDER + package]
    while pending:
        at = pending.pop()
        if at not in needed:
            # `dev` marks a package that the whole lock needs only for development; the extracted part needs it.
            needed[at] = {key: value for key, value in packages[at].items() if key != "dev"}
            names = {name for needs in _NEEDS for name in packages[at].get(needs, {})}
            pending += [found for name in names if (found := _found(packages, at, name)) is not None]
    manifest = {"name": f"poc-{package}", "private": True}
    wants = {"dependencies": {package: packages[_FOLDER + package]["version"]}}
    root = {"name": manifest["name"], **wants}
    kept = {"name": manifest["name"], "lockfileVersion": whole["lockfileVersion"], "requires": True}
    return json.dumps({**manifest, **wants}), json.dumps(
        {**kept, "packages": {"": root, **dict(sorted(needed.items()))}}
    )


def _found(packages: dict[str, dict[str, Any]], at: str, name: str) -> str | None:
    """Return where Node resolves a package from another one: in its own folder or in an enclosing one."""
    while at:
        inside = f"{at}/{_FOLDER}{name}"
        if inside in packages:
            return inside
        at = at.rpartition(f"/{_FOLDER}")[0]
    outside = _FOLDER + name
    return outside if outside in packages else None
