"""The rough conditions that the catalogue and the mutants are played under.

Linux only. Every process that is stopped is continued, and every loop is ended, even where this script is killed.
"""

import contextlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

import psutil

from tests.support.command import ROOT

CONDITIONS: Final = ("busy", "pinned", "stalled", "stopped-poc", "stopped-runtime")
"""The ways to play: (a) to (e) of the proof that lateness decides nothing."""

BUSY_LOOPS: Final = 2
"""As many as the processors of a small machine, so that poc and the runtime get half of the time at most."""

STOPPED_SECONDS: Final = (3.0, 12.0)
"""Shorter than the runtime's idle timer of 10 s, and longer."""

LATEST_STOP_SECONDS: Final = 10.0
"""Most stories wait 10 s for a sleep, so a stop may fall before it, into it, or into what follows."""

_STARTED_WITHIN_SECONDS: Final = 30.0
"""A guard for the start of a runtime, which takes a tenth of a second on a quiet machine."""

# It ends by itself once whoever started it is gone.
_LOOP: Final = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    pass"

# A process of its own continues what it has stopped, whatever becomes of us meanwhile.
_STOP: Final = 'seconds=$1; shift; kill -STOP "$@"; sleep "$seconds"; kill -CONT "$@"'


@contextlib.contextmanager
def during(how: str) -> Iterator[None]:
    """Keep what lasts for as long as a condition: busy loops beside, or one processor for everything."""
    match how:
        case "busy":
            with _busy_loops():
                yield
        case "pinned":
            with _one_processor():
                yield
        case _:
            yield


def variables(how: str, seed: int) -> dict[str, str]:
    """Return the environment of a run: the seed of the stalls where poc's event loop is to be stalled."""
    return {"POC_TEST_STALLS": str(seed)} if how == "stalled" else {}


@contextlib.contextmanager
def beside(how: str, seconds: float, chance: random.Random, process: "subprocess.Popen[str]") -> Iterator[None]:
    """Stop a run, or its runtimes, once for so many seconds at a random moment; do nothing in other conditions."""
    if how not in {"stopped-poc", "stopped-runtime"}:
        yield
        return
    moment = chance.uniform(0.0, LATEST_STOP_SECONDS)
    targets = _runtimes if how == "stopped-runtime" else _itself
    code = "import sys; from tests.rough import conditions; conditions.stop(*sys.argv[1:])"
    words = [sys.executable, "-c", code, targets.__name__, str(process.pid), f"{moment:.3f}", f"{seconds:g}"]
    # A session of its own: ^C at this script must not end what is to continue the stopped.
    with subprocess.Popen(words, cwd=ROOT, start_new_session=True) as stopper:
        try:
            yield
        finally:
            stopper.wait()


def stop(targets: str, pid: str, moment: str, seconds: str) -> None:
    """Wait for the runtime and the moment, then stop and continue. Run as a process of its own."""
    try:
        poc = psutil.Process(int(pid))
        give_up = time.monotonic() + _STARTED_WITHIN_SECONDS
        while not _runtimes(poc) and _runs(poc) and time.monotonic() < give_up:
            time.sleep(0.02)  # a polling interval
        then = time.monotonic() + float(moment)
        while _runs(poc) and time.monotonic() < then:
            time.sleep(0.02)  # a polling interval
        found = {"_runtimes": _runtimes, "_itself": _itself}[targets](poc)
    except psutil.NoSuchProcess:
        return
    if found:
        subprocess.run(
            ["/bin/sh", "-c", _STOP, "sh", seconds, *map(str, found)], check=False, stderr=subprocess.DEVNULL
        )


def _runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _itself(poc: psutil.Process) -> list[int]:
    return [poc.pid] if _runs(poc) else []


def _runtimes(poc: psutil.Process) -> list[int]:
    return [each.pid for each in poc.children(recursive=True) if each.name() == "workerd"]


@contextlib.contextmanager
def _busy_loops() -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for _ in range(BUSY_LOOPS):
            loop = stack.enter_context(subprocess.Popen([sys.executable, "-c", _LOOP]))
            stack.callback(loop.kill)
        yield


@contextlib.contextmanager
def _one_processor() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
