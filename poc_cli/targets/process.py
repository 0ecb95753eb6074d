"""Start and stop one workerd process, which does not outlive poc."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from poc_cli.errors import TargetError
from poc_cli.targets.runtime_folder import runtime_base
from poc_cli.targets.scratch_folder import ScratchFolder
from poc_cli.targets.worker import Worker

PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ")
"""The only environment variables passed to a worker's process, so that it gets none of the user's credentials."""

STACK_FRAMES = 8
"""JavaScript frames in the trace for each piece of work; timers put three of the runtime's own first."""

GRACE_SECONDS = 1.0
"""How long workerd may take to exit by itself. Without an open connection it takes 0.03 s, and with an open WebSocket
it never exits (measured), so a longer wait gains nothing."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True)


class RuntimeFolder(ScratchFolder):
    """The folder of one runtime: its configuration, its disk and the side-car's sockets. It outlives its processes."""

    def __init__(self, worker: Worker, *, tailed: bool = True) -> None:
        """Create the folder (0700) and write the configuration. Raises TargetError if that fails.

        `tailed` has the runtime report what the worker throws and logs.
        """
        super().__init__(runtime_base())
        self.worker = worker
        self.tailed = tailed
        with self.filling():
            worker.fill(self.folder)


@dataclass(slots=True)
class Process:
    """A started workerd process, with poc's ends of its pipes."""

    popen: subprocess.Popen[bytes]
    place: RuntimeFolder
    control: int
    trace: int
    log: int
    inspected: bool = False
    """Whether it has an inspector."""

    def end(self, *, gently: bool) -> None:
        """End the process and wait for its exit; `gently` lets it exit by itself first."""
        if gently and self.popen.poll() is None:
            self.popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(GRACE_SECONDS)
        if self.popen.poll() is None:
            signal_group(self.popen.pid)
            self.popen.wait()


def signal_group(group: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a process group, if it still exists."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def ending(code: int) -> str:
    """Describe how a process ended, from its return code in `subprocess`."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:  # a real-time signal has no name
        return f"was ended by signal {-code}"


def _die_with_parent(parent: int) -> None:
    # Runs between fork and exec. The signal is sent when the forking thread ends, so only spawn from the main thread.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def passed_on() -> dict[str, str]:
    """Return the environment variables that are passed to child processes."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def guard(parent: int) -> Callable[[], None] | None:
    """Return the `preexec_fn` that ends the child with its parent; Linux only, elsewhere only the janitor does."""
    return partial(_die_with_parent, parent) if sys.platform == "linux" else None


def ends_with_poc(words: Sequence[str]) -> tuple[list[str], Callable[[], None] | None]:
    """Return the words and the `preexec_fn` that start a program, named by its path, which ends with poc.

    A `preexec_fn` has Python copy all page tables of the process: at 200 MiB a start stops the event loop for 10 ms and
    more, and for less than 1 ms without (measured). So the program setpriv sets what `guard` sets, where there is one.
    """
    setter = _setpriv()
    if setter is None or not os.access(words[0], os.X_OK):  # Popen says what is wrong with a program that cannot start
        return [*words], guard(os.getpid())
    return [setter, "--pdeathsig", "KILL", "--", *words], None


@cache
def _setpriv() -> str | None:
    """Return the path of a setpriv that can set the signal: of util-linux since 2.33, but not of busybox."""
    found = shutil.which("setpriv") if sys.platform == "linux" else None
    if found is None:
        return None
    tried = subprocess.run(
        [found, "--pdeathsig", "KILL", "--", found, "--version"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return found if tried.returncode == 0 else None


def spawn(
    binary: Path, place: RuntimeFolder, environment: dict[str, str], *, traced: bool = True, inspected: bool = False
) -> Process:
    """Start workerd with its trace, listen events and log on pipes, without waiting until it listens.

    `environment` is added to the variables that are passed on. Without `traced` the trace's pipe is at its end from the
    beginning. `inspected` enables the inspector on a free loopback port. Raises TargetError if the program cannot be
    started.
    """
    words = place.worker.words(binary, place.folder, tailed=place.tailed)
    for socket in ("fence.sock", "evict.sock"):  # left by the previous process
        (place.folder / socket).unlink(missing_ok=True)
    control, control_end = os.pipe()
    trace, trace_end = os.pipe()
    log, log_end = os.pipe()
    command = [
        str(binary),
        "serve",
        *words,
        "--experimental",
        f"--control-fd={control_end}",
    ]
    if traced:
        command += [f"--async-trace=/dev/fd/{trace_end}", f"--async-trace-stacks={STACK_FRAMES}"]
    if inspected:
        command.append("--inspector-addr=127.0.0.1:0")
    command, before_exec = ends_with_poc(command)
    try:
        popen = subprocess.Popen(
            command,
            cwd=place.folder,
            env=passed_on() | place.worker.variables(environment),
            stdin=subprocess.DEVNULL,
            stdout=log_end,
            stderr=log_end,
            pass_fds=[control_end, trace_end] if traced else [control_end],
            start_new_session=True,
            preexec_fn=before_exec,  # noqa: PLW1509 - it only calls libc
        )
    except OSError as error:
        for descriptor in (control, trace, log):
            os.close(descriptor)
        raise TargetError(
            f"cannot start {binary}: {error.strerror}", "set POC_WORKERD to a workerd binary for this machine"
        ) from error
    finally:
        for descriptor in (control_end, trace_end, log_end):
            os.close(descriptor)
    place.watch(popen.pid)
    return Process(popen, place, control, trace, log, inspected)
