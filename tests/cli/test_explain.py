"""`poc explain` on run folders that are written down here: what it prints, and what it says to a wrong name."""

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.support.command import Poc
from tests.unit.judge.histories import PIN, History, scenario

CONTROL = 'control = { clients = { ann = "/room/{play}?name=ann&pin=fetch" } }\n'
STORY = scenario(
    "sleeps",
    [
        '{ connect = "*" }',
        '{ hibernate = "idle" }',
        '{ resume = "ann", send = { op = "who" }, expect = { ok = true } }',
    ],
    claim=CONTROL,
)


def _write(poc: Poc, history: History) -> None:
    folder = poc.results / "a-run"
    folder.mkdir(parents=True)
    (folder / "history.ndjson").write_text(history.text(), encoding="utf-8")
    (poc.results / "latest").symlink_to("a-run")


def _slept_but_for_its_control() -> History:
    history = History()
    story = history.play(STORY)
    story.connect()
    story.sleeps()
    story.says({"ok": True})
    story.ended("done")
    control = history.play(STORY, 1)
    control.connect()
    control.stays(pins=(PIN | {"what": "fetch", "kind": "operation", "line": 30},))
    control.ended("stopped", "hibernate failed")
    return history.end()


def _stayed() -> History:
    history = History()
    story = history.play(STORY)
    story.connect()
    story.stays()
    story.ended("stopped", "hibernate failed at scenarios/story.toml:7:3: object was still in memory")
    return history.end()


def test_the_latest_run_is_explained(poc: Poc, snapshot: SnapshotAssertion) -> None:
    _write(poc, _stayed())
    ran = poc.run("explain")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == snapshot


def test_a_control_is_explained_where_it_is_named(poc: Poc, snapshot: SnapshotAssertion) -> None:
    _write(poc, _slept_but_for_its_control())
    assert poc.run("explain", "a-run", "--play", "story~it").out == snapshot
    assert "fetch (room.ts:30)" not in poc.run("explain", "a-run").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--object", "objekt"], 'poc: no object "objekt" in this run\n  did you mean "object"?\n'),
        (["--play", "store"], 'poc: no play "store" in this run\n  did you mean "story"?\n'),
        (["another-run"], "poc: no run folder another-run\n"),
    ],
)
def test_a_wrong_name_is_told_with_the_right_ones(poc: Poc, words: list[str], said: str) -> None:
    _write(poc, _slept_but_for_its_control())
    ran = poc.run("explain", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(said)


def test_a_record_that_breaks_off_is_explained_as_far_as_it_goes(poc: Poc) -> None:
    history = _stayed()
    del history.events[-2:]
    _write(poc, history)
    ran = poc.run("explain")
    assert ran.code == 0
    assert ran.out.startswith("the record of this run is incomplete: the record breaks off\n\nstory/object  ")
    assert "setInterval (room.ts:12) was still pending 13.0 s after its last event" in ran.out


def test_a_run_without_a_play_has_nothing_to_explain(poc: Poc) -> None:
    _write(poc, History().end())
    ran = poc.run("explain")
    assert (ran.code, ran.err) == (2, "poc: this run has no play to explain\n")
