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
import time
from dataclasses import dataclass, field
from pathlib import Path

from poc_cli.errors import TargetError
from poc_cli.residency.identity import namespaces
from poc_cli.target.config import SIDECAR, Services, config

PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ")
"""The only variables of the environment that a worker's process gets: no credentials of the user's."""

STACK_FRAMES = 8
"""Frames of JavaScript that the trace keeps for each piece of work; timers put three of the runtime's own first."""

GRACE_SECONDS = 3.0
"""How long workerd may take to end by itself; with an open WebSocket it never does."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(slots=True)
class Process:
    """One workerd that has been started, with our ends of its pipes."""

    popen: subprocess.Popen[bytes]
    folder: Path
    services: Services
    control: int
    trace: int
    log: int
    started_ns: int = field(default_factory=time.monotonic_ns)

    def stop(self, *, gently: bool = True) -> None:
        """End the process and wait until it is gone; then remove its folder."""
        if gently and self.popen.poll() is None:
            self.popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(GRACE_SECONDS)
        if self.popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


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


def _die_with_parent(parent: int) -> None:
    # Runs between fork and exec. The signal is sent when the forking thread ends, so spawn from the main thread.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


_LIBC = ctypes.CDLL(None, use_errno=True)


def spawn(binary: Path, worker: Subject, environment: dict[str, str]) -> Process:
    """Start workerd on the worker, with its trace, its listen events and its log on pipes; does not wait for it.

    `environment` is added to the few variables of ours that are passed on. Raises TargetError where the program
    cannot be started.
    """
    services = Services(secrets.token_hex(8))
    folder = Path(tempfile.mkdtemp(prefix="poc-"))  # 0700: the side-car's sockets are in it
    (folder / "disk").mkdir()
    (folder / "sidecar.js").write_text(SIDECAR, encoding="utf-8")
    (folder / "config.capnp").write_text(config(services, sorted(worker.namespaces)), encoding="utf-8")

    control, control_end = os.pipe()
    trace, trace_end = os.pipe()
    log, log_end = os.pipe()
    command = [
        str(binary),
        "serve",
        "config.capnp",
        "--experimental",
        f"--import-path={worker.folder}",
        f"--control-fd={control_end}",
        f"--async-trace=/dev/fd/{trace_end}",
        f"--async-trace-stacks={STACK_FRAMES}",
        f"--directory-path=disk={folder / 'disk'}",
    ]
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    parent = os.getpid()
    try:
        popen = subprocess.Popen(
            command,
            cwd=folder,
            env=kept | environment,
            stdin=subprocess.DEVNULL,
            stdout=log_end,
            stderr=log_end,
            pass_fds=[control_end, trace_end],
            start_new_session=True,
            preexec_fn=(lambda: _die_with_parent(parent)) if sys.platform == "linux" else None,  # noqa: PLW1509
        )
    except OSError as error:
        for descriptor in (control, trace, log):
            os.close(descriptor)
        shutil.rmtree(folder, ignore_errors=True)
        raise TargetError(
            f"cannot start {binary}: {error.strerror}", "set POC_WORKERD to a workerd that runs here"
        ) from error
    finally:
        for descriptor in (control_end, trace_end, log_end):
            os.close(descriptor)
    return Process(popen, folder, services, control, trace, log)
