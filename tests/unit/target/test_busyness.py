"""Who had something to do: running, or waiting for a processor; an idle process had nothing."""

import os
import time
from pathlib import Path

import pytest

from poc_cli.target import busyness
from poc_cli.target.busyness import Busyness, Mark, of_runtime


def test_the_runtime_is_watched_beside_us() -> None:
    assert of_runtime(4711).processes == (os.getpid(), 4711)
    assert of_runtime(None).processes == (os.getpid(),)


def told(folder: Path, process: int, ran: int, waited: int) -> None:
    (folder / str(process)).mkdir(exist_ok=True)
    (folder / str(process) / "schedstat").write_text(f"{ran} {waited} 12\n")


def test_the_busiest_counts_and_what_it_waited_counts_as_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busyness, "PROC", tmp_path)
    now = iter([0, 1_000_000_000, 1_000_000_000])
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(now))
    told(tmp_path, 1, ran=5, waited=7)
    told(tmp_path, 2, ran=0, waited=0)
    both = Busyness((1, 2))
    mark = both.mark()
    told(tmp_path, 1, ran=100_000_005, waited=7)
    told(tmp_path, 2, ran=400_000_000, waited=300_000_000)
    assert both.busy_since(mark) == pytest.approx(0.7)
    assert both.starved_since(mark) == pytest.approx(0.3)


def test_one_that_has_gone_or_a_system_that_does_not_tell_counts_as_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(busyness, "PROC", tmp_path)
    gone = Busyness((1,))
    assert gone.mark().ran_ns == (0,)
    assert gone.busy_since(Mark(0, (0,), (0,))) == 0
