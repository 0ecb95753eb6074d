"""What a process did with a time: ran, waited for a processor, or stood still."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from poc_cli.targets import cpu_pressure
from poc_cli.targets.cpu_pressure import Mark, mark, spent


def told(folder: Path, process: int, ran: int, waited: int, state: str = "S") -> None:
    (folder / str(process)).mkdir(exist_ok=True)
    (folder / str(process) / "schedstat").write_text(f"{ran} {waited} 12\n")
    (folder / str(process) / "stat").write_text(f"{process} (a name) with ) in it) {state} 1 2 3\n")


def test_what_it_ran_and_waited_are_shares_of_the_time() -> None:
    found = spent(Mark(0, 5, 7, is_stopped=False), Mark(1_000, 405, 307, is_stopped=False))
    assert (found.length_ns, found.ran, found.waited, found.was_stopped) == (1_000, 0.4, 0.3, False)


@pytest.mark.parametrize(("state", "stopped"), [("S", False), ("R", False), ("D", False), ("T", True), ("t", True)])
def test_a_stopped_process_is_told_by_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, stopped: object
) -> None:
    monkeypatch.setattr(cpu_pressure, "PROC", tmp_path)
    told(tmp_path, 4711, ran=5, waited=7, state=state)
    found = mark(4711)
    assert (found.ran_ns, found.waited_ns, found.is_stopped) == (5, 7, stopped)


def test_one_that_has_gone_or_a_system_that_does_not_tell_counts_as_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu_pressure, "PROC", tmp_path)
    for process in (1, None):
        found = mark(process)
        assert (found.ran_ns, found.waited_ns, found.is_stopped) == (0, 0, False)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_a_real_process_that_is_stopped() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        try:
            os.kill(process.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED)
            assert mark(process.pid).is_stopped
        finally:
            process.kill()
