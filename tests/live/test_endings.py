"""However a run ends, it leaves its record and nothing else: no process, no temporary file."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.command import PATIENCE_SECONDS, Poc, program
from tests.support.mutant_runs import TOO_SLOW
from tests.support.processes import children, until, using
from tests.support.record import Event, history, latest, verdicts

pytestmark = pytest.mark.live


def _nothing_is_left(poc: Poc) -> bool:
    return not list(poc.temporary.iterdir()) and using(poc.temporary) == []


def _recorded(poc: Poc, kind: str) -> bool:
    found = list(poc.results.glob("*/history.ndjson"))
    return bool(found) and f'"kind":"{kind}"' in found[0].read_text(encoding="utf-8")


@contextmanager
def _in_the_middle(poc: Poc, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Yield a run that waits for its room to fall asleep, with both clients connected."""
    with poc.start("run", "hibernate", *arguments) as process:
        try:
            until("the clients have spoken", lambda: _recorded(poc, "captured"))
            assert using(poc.temporary)
            yield process
        finally:
            process.kill()


def _record(poc: Poc) -> list[Event]:
    """Return the history of the one run there is; every line of it must be whole."""
    (folder,) = poc.results.glob("2*")
    return history(folder)


def test_a_run_leaves_nothing_behind(poc: Poc) -> None:
    assert poc.run("run", "hibernate", "--sleep", "evict", "-q").code == 0
    assert _nothing_is_left(poc)


def test_a_run_that_ends_in_an_error_leaves_nothing_behind(poc: Poc) -> None:
    broken = poc.folder / "broken"
    broken.mkdir()
    (broken / "local.capnp").write_text('className = "Room", uniqueKey = "k"', encoding="utf-8")
    assert poc.run("run", "hibernate", "--worker", str(broken)).code == 3
    assert _nothing_is_left(poc)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_with_130_and_a_whole_history(poc: Poc, number: signal.Signals) -> None:
    with _in_the_middle(poc) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert _nothing_is_left(poc)
    events = _record(poc)
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    ends = {event["play"]: event["data"]["outcome"] for event in events if event["kind"] == "play_end"}
    assert ends["hibernate"] == "interrupted"
    assert "run_end" not in {event["kind"] for event in events}


def test_a_terminal_that_is_closed_ends_the_run_and_it_is_judged(poc: Poc) -> None:
    terminal, end = os.openpty()
    # A session of its own that owns the terminal, as a window has it.
    owning = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
    )
    command = [sys.executable, "-c", owning, *program(), "run", "hibernate"]
    variables = poc.environment({"TERM": "xterm"})
    with subprocess.Popen(
        command, cwd=poc.folder, env=variables, stdin=end, stdout=end, stderr=end, start_new_session=True
    ) as process:
        os.close(end)
        until("the clients have spoken", lambda: _recorded(poc, "captured"))
        os.close(terminal)
        assert process.wait(timeout=PATIENCE_SECONDS) == 130
    assert _nothing_is_left(poc)
    judged = json.loads((latest(poc.results) / "run.json").read_text(encoding="utf-8"))
    assert set(verdicts(judged).values()) == {"error"}


def test_a_run_that_is_to_outlive_its_terminal_does(poc: Poc) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does; the run inherits it
    try:
        with _lingering_story(poc) as process:
            process.send_signal(signal.SIGHUP)
            out, err = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    assert process.returncode == 0, out + err


def test_an_interrupted_run_is_never_judged_as_held(poc: Poc) -> None:
    with _in_the_middle(poc) as process:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)
    again = poc.run("judge")
    assert again.code == 3
    assert set(verdicts(again.document()).values()) == {"error"}
    assert again.out == (latest(poc.results) / "run.json").read_text(encoding="utf-8")


def test_the_runtime_does_not_outlive_us_even_when_we_are_killed(poc: Poc) -> None:
    with _in_the_middle(poc) as process:
        process.kill()
        process.wait()
        until("all processes have ended and the temporary folder is gone", lambda: _nothing_is_left(poc))
    assert _record(poc)[0]["kind"] == "run_start"


def test_a_killed_run_is_never_judged_as_held(poc: Poc) -> None:
    with _in_the_middle(poc) as process:
        process.kill()
        process.wait()
    (folder,) = poc.results.glob("2*")
    judged = poc.run("judge", str(folder))
    assert judged.code == 3
    assert "held" not in verdicts(judged.document()).values()


_LINGERING = """
name    = "lingering"
title   = "A room in which nothing happens for a while."
object  = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann" }

steps = [
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { ok = true }, capture = { before = "instance" } },
  { idle = "8s" },
  { on = "ann", send = { op = "who" }, expect = { ok = true }, claim = "it-answers" },
]

[[claim]]
id   = "it-answers"
says = "The room answers after eight seconds."
"""
"""Eight seconds: a runtime that is ended must have died within them, on a busy machine too."""


@contextmanager
def _lingering_story(poc: Poc, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Yield a run of one play that has just begun to let eight seconds pass."""
    (poc.folder / "lingering.toml").write_text(_LINGERING, encoding="utf-8")
    with poc.start("run", "./lingering.toml", *arguments) as process:
        try:
            until("ann has spoken", lambda: _recorded(poc, "captured"))
            yield process
        finally:
            process.kill()


@contextmanager
def _lingering(poc: Poc, number: signal.Signals = signal.SIGKILL) -> Iterator[subprocess.Popen[str]]:
    """Yield such a run whose runtime was ended then."""
    with _lingering_story(poc) as process:
        (runtime,) = children(process.pid, "workerd")
        os.kill(runtime, number)
        yield process


@pytest.mark.parametrize(
    ("number", "ending"),
    # workerd itself takes note of a fault of memory, and exits.
    [(signal.SIGKILL, "was ended by SIGKILL"), (signal.SIGSEGV, "exited with code 1")],
)
def test_a_play_whose_runtime_died_is_played_again_and_every_report_says_so(
    poc: Poc, number: signal.Signals, ending: str
) -> None:
    with _lingering(poc, number) as process:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, out + err
    ends = [event["data"] for event in _record(poc) if event["kind"] == "play_end"]
    assert (ends[0]["outcome"], ends[-1]["outcome"]) == ("given_up", "done")
    assert all(TOO_SLOW in end["reason"] for end in ends[1:-1])
    reason = ends[0]["reason"]
    assert f"workerd {ending} unexpectedly" in reason
    assert "loop" not in reason
    assert f"  repeated: {reason}\n" in out
    assert "**lingering** was repeated: " in poc.run("report", "--format", "md").out
    (told,) = poc.run("judge").document()["scenarios"]
    assert told["replayed"][0] == {"play": "lingering", "reason": reason}
    assert _nothing_is_left(poc)


def test_a_runtime_that_dies_again_and_again_is_an_error_in_words(poc: Poc) -> None:
    with _lingering(poc) as process:
        while process.poll() is None:
            for runtime in children(process.pid, "workerd"):
                with suppress(ProcessLookupError):
                    os.kill(runtime, signal.SIGKILL)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 3
    assert "Traceback" not in out + err
    assert "workerd" in out + err
    assert "  held " not in out  # 0 held may be counted
    assert _nothing_is_left(poc)


def test_runs_side_by_side_do_not_meet(poc: Poc) -> None:
    runs = [poc.start("run", "echo", "--json") for _ in range(4)]
    for process in runs:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0 or (process.returncode == 4 and TOO_SLOW in out), out + err
    folders = [folder for folder in poc.results.iterdir() if not folder.is_symlink()]
    assert len(folders) == 4
    assert _is_one_of(latest(poc.results), folders)
    assert _nothing_is_left(poc)


def _is_one_of(folder: Path, folders: list[Path]) -> bool:
    return folder in {each.resolve() for each in folders}
