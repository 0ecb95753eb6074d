"""`--watch`: what makes it play again, and what ends it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from poc_cli.commands.console import Console
from poc_cli.commands.run_watched import watch
from poc_cli.errors import PocError, UsageError
from poc_cli.exit_codes import ExitCode
from poc_cli.run_options import RunOptions
from poc_cli.targets.destination import Destination
from poc_cli.targets.worker_source import WorkerChoice

SCENARIO = """\
name = "it"
title = "It."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}" }
worker = "worker"
steps = [{ connect = "ann" }]

[[claim]]
id = "sleeps"
says = "It sleeps."
check = "sleeps"
"""

Edit = Callable[[], object]


class Watched:
    """A folder with a scenario and its worker, watched: edits come while it plays or waits, then Ctrl-C."""

    def __init__(self, folder: Path) -> None:
        """Write them."""
        self.scenario = folder / "it.toml"
        self.source = folder / "worker" / "src" / "index.ts"
        self.options = RunOptions(words=(str(self.scenario),), results=folder / "worker" / "results")
        self.source.parent.mkdir(parents=True)
        self.scenario.write_text(SCENARIO)
        self.source.write_text("export default {};")
        (folder / "worker" / ".gitignore").write_text("dist/\n")
        self.plays = 0

    def watch(self, *waiting: Edit, playing: dict[int, Edit] | None = None, code: int = ExitCode.HELD) -> int:
        """Do what comes in while it waits, one each time; `playing` comes in during a play, by its number."""
        edits = iter(waiting)

        def play(_options: RunOptions, _console: Console) -> int:
            self.plays += 1
            (playing or {}).get(self.plays, lambda: None)()
            return code

        def pause(_seconds: float) -> None:
            edit = next(edits, None)
            if edit is None:
                raise KeyboardInterrupt
            edit()

        return watch(self.options, Console(quiet=True), play, pause)

    def saves(self, text: str) -> Edit:
        """Return what saves the source with a text."""
        return lambda: self.source.write_text(text)

    def makes(self, name: str) -> Edit:
        """Return what makes a new file in the worker's folder."""
        file = self.source.parent.parent / name

        def make() -> None:
            file.parent.mkdir(exist_ok=True)
            file.write_text("new")

        return make


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def nothing() -> None:
    """Do nothing."""


def test_ctrl_c_between_two_plays_ends_it_without_a_fault(watched: Watched) -> None:
    assert watched.watch(nothing, nothing) == ExitCode.HELD
    assert watched.plays == 1


def test_ctrl_c_in_a_play_ends_it_as_it_ends_a_run(watched: Watched) -> None:
    assert watched.watch(code=ExitCode.INTERRUPTED) == ExitCode.INTERRUPTED


def test_it_plays_again_for_the_scenario_and_for_a_source(watched: Watched) -> None:
    edit = watched.scenario
    watched.watch(lambda: edit.write_text(SCENARIO.replace("It.", "It!")), nothing, watched.saves("export {};"))
    assert watched.plays == 3


def test_a_new_file_and_one_that_goes_count(watched: Watched) -> None:
    watched.watch(watched.makes("src/more.ts"), watched.source.unlink)
    assert watched.plays == 3


@pytest.mark.parametrize("name", ["dist/index.js", "node_modules/x.js", "results/history.ndjson"])
def test_what_is_no_source_does_not_count(watched: Watched, name: str) -> None:
    watched.watch(watched.makes(name), nothing)
    assert watched.plays == 1


def test_the_same_text_saved_again_does_not_count(watched: Watched) -> None:
    watched.watch(watched.saves(watched.source.read_text()), nothing)
    assert watched.plays == 1


def test_a_save_while_it_plays_is_played_next(watched: Watched) -> None:
    watched.watch(playing={1: watched.saves("export const a = 1;")})
    assert watched.plays == 2


def test_a_build_that_writes_something_else_each_time_does_not_play_for_ever(watched: Watched) -> None:
    builds = {number: watched.saves(f"export const a = {number};") for number in range(1, 9)}
    watched.watch(playing=builds)
    assert watched.plays == 2


def test_a_file_that_is_wrong_is_printed_and_watched_on(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    plays = 0

    def play(_options: RunOptions, _console: Console) -> int:
        nonlocal plays
        plays += 1
        if plays == 1:
            raise PocError("it.toml:1:1: not valid TOML")
        return ExitCode.HELD

    edits: Iterator[Edit] = iter([lambda: watched.scenario.write_text("name ="), watched.saves("x")])

    def pause(_seconds: float) -> None:
        edit = next(edits, None)
        if edit is None:
            raise KeyboardInterrupt
        edit()

    assert watch(watched.options, Console(), play, pause) == ExitCode.HELD
    assert plays == 3, "of a scenario that is wrong, the worker that it named before is watched"
    said = capsys.readouterr().err
    assert "poc: it.toml:1:1: not valid TOML" in said
    assert "poc: watching 3 files; Ctrl-C ends it" in said
    assert f"poc: {watched.scenario} changed" in said


def test_a_scenario_that_is_gone_ends_it(watched: Watched) -> None:
    with pytest.raises(UsageError):
        watched.watch(watched.scenario.unlink)


def test_the_worker_of_the_command_line_is_watched(tmp_path: Path, watched: Watched) -> None:
    other = tmp_path / "other"
    other.mkdir()
    watched.options = replace(watched.options, worker=WorkerChoice(other))
    watched.watch(lambda: (other / "local.capnp").write_text("x"))
    assert watched.plays == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"json": True}, "--watch prints text"),
        ({"target": Destination("url", "https://chat.example")}, "--watch plays on this machine only"),
        ({"compat_dates": ("2026-01-01", "2026-02-01")}, "--watch plays with one compatibility date"),
    ],
)
def test_what_goes_with_a_single_run_only(watched: Watched, changes: dict[str, object], said: str) -> None:
    watched.options = replace(watched.options, **changes)  # type: ignore[arg-type]
    with pytest.raises(UsageError) as caught:
        watched.watch()
    assert caught.value.message == said
    assert watched.plays == 0
