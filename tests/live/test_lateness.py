"""Lateness of the harness or the runtime is never evidence, on the real runtime, with real signals.

Nothing is timed: a process is stopped once the record shows that the play has come to a step.
"""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.support.command import PATIENCE_SECONDS, ROOT, Poc
from tests.support.processes import children, until
from tests.support.record import history, latest

if TYPE_CHECKING:
    import subprocess

pytestmark = pytest.mark.live

WORKER = ROOT / "tests" / "projects" / "late"

HEAD = """name = "story"
title = "A room that takes its time."
object = {{ class = "Room", name = "{{play}}" }}
clients = {{ ann = "/room/{{play}}" }}
steps = [
  {{ connect = "ann" }},
  {{ on = "ann", send = {{ op = "warm" }}, expect = {{ op = "warm" }} }},
{steps}
]
[[claim]]
id = "it"
says = "It is so."
"""

HEARTBEAT = '  { idle = "3500ms" },\n  { on = "ann", send = "{{\\"op\\":\\"hb\\"}}", expect = { op = "hb" } },\n'


def story(poc: Poc, *steps: str) -> Path:
    """Write a scenario; its steps 0 and 1 connect and warm the room up."""
    file = poc.folder / "story.toml"
    file.write_text(HEAD.format(steps="".join(step if step.endswith("\n") else f"  {step},\n" for step in steps)))
    return file


def stopped(process: int) -> bool:
    return psutil.Process(process).status() == psutil.STATUS_STOPPED


@contextmanager
def playing(poc: Poc, file: Path, *, step: int) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Start a run and wait until its first play is in a step; give the process and its runtime's."""
    with poc.start("run", str(file), "--worker", str(WORKER), "--json") as process:
        try:
            until("the step has begun", lambda: begun(poc, step))
            (runtime,) = children(process.pid, "workerd")
            yield process, runtime
        finally:
            if process.poll() is None:
                process.kill()


def begun(poc: Poc, step: int) -> bool:
    found = list(poc.results.glob("2*/history.ndjson"))
    return bool(found) and any(
        f'"kind":"step","step":{step},' in line for line in found[0].read_text(encoding="utf-8").splitlines()
    )


def ended(process: "subprocess.Popen[str]") -> int:
    process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode


def verdict(poc: Poc) -> dict[str, Any]:
    """Return the one claim of the latest run, with how often it was played again."""
    (scenario,) = json.loads((latest(poc.results) / "run.json").read_text())["scenarios"]
    (claim,) = scenario["claims"]
    return {"verdict": claim["verdict"], "reason": claim["reason"], "replayed": len(scenario["replayed"])}


def played(poc: Poc, *steps: str) -> dict[str, Any]:
    """Play a story without any disturbance and give what came of it."""
    poc.run("run", str(story(poc, *steps)), "--worker", str(WORKER), "--json")
    return verdict(poc)


def hold(process: int, seconds: Callable[[], bool]) -> None:
    """Stop a process until a condition holds, and let it go on in any case."""
    os.kill(process, signal.SIGSTOP)
    try:
        until("it stands still", lambda: stopped(process))
        until("it has stood still for long enough", seconds)
    finally:
        os.kill(process, signal.SIGCONT)


def after(seconds: float) -> Callable[[], bool]:
    """Return a condition that holds once so much time has passed."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def test_a_handler_that_spins_is_refuted_and_no_error(poc: Poc) -> None:
    """The runtime answers nobody meanwhile, its side-car neither; and that is the worker's own doing."""
    found = played(
        poc,
        '{ on = "ann", send = { op = "spin", times = 4000000000 }, expect = { op = "spin" }, claim = "it",'
        ' within = "1s" }',
    )
    assert found["verdict"] == "refuted", found
    assert found["replayed"] == 0


def test_a_flood_in_a_quiet_window_is_refuted(poc: Poc) -> None:
    found = played(
        poc,
        '{ on = "ann", send = { op = "flood", times = 40 } }',
        '{ on = "ann", quiet = "2s", claim = "it" }',
    )
    assert found["verdict"] == "refuted", found


def test_a_runtime_that_is_stopped_is_late_and_no_error(poc: Poc) -> None:
    steps = (
        '{ on = "ann", send = { op = "late", ms = 1000 }, expect = { event = "late" }, within = "2s", claim = "it" }'
    )
    with playing(poc, story(poc, steps), step=2) as (process, runtime):
        hold(runtime, after(5))
        assert ended(process) == 0
    assert verdict(poc)["verdict"] == "held"
    late = [event for event in history(latest(poc.results)) if event["kind"] == "late"]
    assert any(event["data"]["who"] == "runtime" and event["data"]["ran"] < 0.8 for event in late)


def test_a_push_that_came_while_the_harness_was_stopped_holds_no_silence(poc: Poc) -> None:
    """Without the stop the push falls into the quiet window and refutes; stopped, it falls before it."""
    steps = (
        '{ on = "ann", send = { op = "late", ms = 1500 }, expect = { op = "late" } }',
        '{ on = "ann", send = { op = "warm" }, expect = { op = "warm" }, claim = "it" }',
        '{ on = "ann", quiet = "3s", claim = "it" }',
    )
    with playing(poc, story(poc, *steps), step=2) as (process, _):
        hold(process.pid, after(3))
        assert ended(process) == 1
    found = verdict(poc)
    assert found["verdict"] == "refuted", found  # by the second performance, which nobody stopped
    assert "nothing" in found["reason"]


@pytest.mark.long
def test_heartbeats_that_the_auto_response_swallows_are_refuted(poc: Poc) -> None:
    """The room sleeps in the story's own waits: that is what it shows, and no sign of lateness."""
    found = played(poc, HEARTBEAT * 3, '{ on = "ann", send = { op = "x" }, expect = { answers = 2 }, claim = "it" }')
    assert found["verdict"] == "refuted", found
    assert found["replayed"] == 0


@pytest.mark.long
def test_heartbeats_while_the_harness_is_stopped_prove_nothing_until_they_are_played_again(poc: Poc) -> None:
    steps = ('{ idle = "3s" }', '{ on = "ann", send = { op = "x" }, expect = { answers = 2 }, claim = "it" }')
    with playing(poc, story(poc, *steps), step=2) as (process, _):
        hold(process.pid, after(12))
        assert ended(process) == 0
    found = verdict(poc)
    assert (found["verdict"], found["replayed"]) == ("held", 1), found


@pytest.mark.long
def test_a_message_that_is_never_answered_is_refuted_though_the_room_sleeps_meanwhile(poc: Poc) -> None:
    found = played(
        poc, '{ on = "ann", send = { op = "swallow" }, expect = { op = "swallow" }, within = "14s", claim = "it" }'
    )
    assert found["verdict"] == "refuted", found


@pytest.mark.long
def test_a_push_by_an_alarm_after_twelve_seconds_is_held(poc: Poc) -> None:
    found = played(
        poc,
        '{ on = "ann", send = { op = "alarm", ms = 12000 }, expect = { op = "alarm" } }',
        '{ on = "ann", expect = { event = "alarm" }, within = "20s", claim = "it" }',
    )
    assert found["verdict"] == "held", found
