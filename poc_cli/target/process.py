"""Starts one workerd process and ends it; nothing of it outlives us.

Never speaks to it. Imports only the standard library, so that the runtime starts while the rest is still loading.
"""

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from poc_cli.errors import TargetError
from poc_cli.residency.identity import namespaces
from poc_cli.target.config import SIDECAR, Services, config
from poc_cli.target.janitor import Janitor

PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ")
"""The only variables of the environment that a worker's process gets: no credentials of the user's."""

STACK_FRAMES = 8
"""Frames of JavaScript that the trace keeps for each piece of work; timers put three of the runtime's own first."""

GRACE_SECONDS = 3.0
"""How long workerd may take to end by itself; with an open WebSocket it never does."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Subject:
    """A folder with a `local.capnp`, and the Durable Object classes that it declares with their unique keys."""

    folder: Path
    namespaces: dict[str, str]


def subject(folder: Path) -> Subject:
    """Read what is to be run. Raises TargetError where the folder is none that the local target can run."""
    declaration = folder / "local.capnp"
    try:
        text = declaration.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TargetError(
            f"{folder} has no local.capnp", "the local target runs a folder whose local.capnp defines `main`"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"cannot read {declaration}: {error}") from error
    found = namespaces(text)
    if not found:
        raise TargetError(
            f"{declaration} declares no Durable Object class",
            "add durableObjectNamespaces with className and uniqueKey",
        )
    return Subject(folder.resolve(), found)


class Place:
    """The folder of one runtime: its configuration, its disk and the side-car's sockets. Outlives its processes."""

    def __init__(self, worker: Subject) -> None:
        """Make the folder (0700) and put the configuration there."""
        self.worker = worker
        self.services = Services(secrets.token_hex(8))
        # Named before it is made, so that the janitor knows of it from the first moment on.
        self.folder = Path(tempfile.gettempdir()) / f"poc-{secrets.token_hex(8)}"
        self.janitor = Janitor(self.folder)
        self.folder.mkdir(mode=0o700)
        (self.folder / "disk").mkdir()
        (self.folder / "sidecar.js").write_text(SIDECAR, encoding="utf-8")
        (self.folder / "config.capnp").write_text(config(self.services, sorted(worker.namespaces)), encoding="utf-8")

    def remove(self) -> None:
        """Remove the folder, once; its process must be gone."""
        if self.janitor.waiting:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.janitor.dismiss()


@dataclass(slots=True)
class Process:
    """One workerd that has been started, with our ends of its pipes."""

    popen: subprocess.Popen[bytes]
    place: Place
    control: int
    trace: int
    log: int

    def end(self, *, gently: bool) -> None:
        """End the process and wait until it is gone. `gently` gives it time to end by itself."""
        if gently and self.popen.poll() is None:
            self.popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(GRACE_SECONDS)
        if self.popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()


def _die_with_parent(parent: int) -> None:
    # Runs between fork and exec. The signal is sent when the forking thread ends, so spawn from the main thread.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _guard(parent: int) -> Callable[[], None] | None:
    """Give what the child does before it becomes workerd; elsewhere than on Linux the janitor alone keeps watch."""
    return partial(_die_with_parent, parent) if sys.platform == "linux" else None


def spawn(binary: Path, place: Place, environment: dict[str, str]) -> Process:
    """Start workerd, with its trace, its listen events and its log on pipes; does not wait for it.

    `environment` is added to the few variables of ours that are passed on. Raises TargetError where the program
    cannot be started.
    """
    for socket in ("fence.sock", "evict.sock"):  # of the process before
        (place.folder / socket).unlink(missing_ok=True)
    control, control_end = os.pipe()
    trace, trace_end = os.pipe()
    log, log_end = os.pipe()
    command = [
        str(binary),
        "serve",
        "config.capnp",
        "--experimental",
        f"--import-path={place.worker.folder}",
        f"--control-fd={control_end}",
        f"--async-trace=/dev/fd/{trace_end}",
        f"--async-trace-stacks={STACK_FRAMES}",
        f"--directory-path=disk={place.folder / 'disk'}",
    ]
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        popen = subprocess.Popen(
            command,
            cwd=place.folder,
            env=kept | environment,
            stdin=subprocess.DEVNULL,
            stdout=log_end,
            stderr=log_end,
            pass_fds=[control_end, trace_end],
            start_new_session=True,
            preexec_fn=_guard(os.getpid()),  # noqa: PLW1509 - no other thread runs yet, and it only calls libc
        )
    except OSError as error:
        for descriptor in (control, trace, log):
            os.close(descriptor)
        raise TargetError(
            f"cannot start {binary}: {error.strerror}", "set POC_WORKERD to a workerd that runs here"
        ) from error
    finally:
        for descriptor in (control_end, trace_end, log_end):
            os.close(descriptor)
    place.janitor.watch(popen.pid)
    return Process(popen, place, control, trace, log)
