"""Which scenarios a word of the command line means, and what `--all` leaves to a tag."""

from dataclasses import replace
from pathlib import Path

import pytest

from poc_cli.commands.selection import chosen, files, is_wanted
from poc_cli.engine.run_plan import LOCAL, plan_run
from poc_cli.errors import UsageError
from poc_cli.run_options import RunOptions
from poc_cli.scenario.catalog import find, shipped_files
from poc_cli.scenario.plays import plays_of
from poc_cli.targets.worker_source import WorkerChoice


def names(options: RunOptions) -> set[str]:
    return {each.document.name for each in chosen(files(options), options)}


def test_a_scenario_that_is_named_like_its_folder_goes_before_the_folder() -> None:
    assert [file.stem for file in find(["stack"])] == ["stack"]
    assert {file.parent.name for file in find(["stack/*"])} == {"stack"}
    assert len(find(["stack/*"])) > 1
    assert {file.parent.name for file in find(["storage"])} == {"storage"}


def test_all_leaves_what_takes_long_or_has_to_be_built_to_its_tag() -> None:
    everything, stack = names(RunOptions(everything=True)), names(RunOptions(tags=["stack"]))
    assert "hibernate" in everything
    assert not everything & (stack | names(RunOptions(tags=["slow"])))
    assert stack == {name.removeprefix("stack/") for name in shipped_files() if name.startswith("stack/")}


def test_packages_that_lie_beside_a_scenario_hold_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine" / "app" / "node_modules" / "one").mkdir(parents=True)
    (tmp_path / "mine" / "room.toml").touch()
    (tmp_path / "mine" / "app" / "node_modules" / "one" / "settings.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert [file.name for file in find(["./mine/"])] == ["room.toml"]


STORY = """
name = "story"
title = "One message."
object = { class = "R", name = "{play}" }
clients = { ann = "/{play}" }
steps = [{ connect = "ann" }, { on = "ann", send = "x", expect = "y", claim = "b" }]
[[claim]]
id = "b"
says = "It is answered."
"""


def _story(folder: Path, worker: str) -> Path:
    (folder / "story.toml").write_text(f"{worker}\n{STORY}", encoding="utf-8")
    return folder / "story.toml"


def test_the_worker_of_the_configuration_is_wanted_only_by_scenarios_that_name_none(tmp_path: Path) -> None:
    configured = RunOptions(worker=WorkerChoice(Path("app")))
    own, without = _story(tmp_path, 'worker = "../own"'), tmp_path / "without.toml"
    without.write_text(STORY, encoding="utf-8")
    assert not is_wanted([own], configured)
    assert is_wanted([own, without], configured)
    assert is_wanted([own], replace(configured, overrides_worker=True))
    assert is_wanted([own], RunOptions())
    own.write_text("worker = [", encoding="utf-8")
    assert not is_wanted([own], configured)


def test_the_command_line_replaces_a_scenarios_worker_or_changes_its_environment(tmp_path: Path) -> None:
    file = _story(tmp_path, 'worker = { dir = "../own", config = "a.toml", env = "dev", vars = { A = "b" } }')
    (same,) = chosen([file], RunOptions())
    named = same.document.worker
    assert named is not None
    (changed,) = chosen([file], RunOptions(envs=["staging"], main="src/b.ts"))
    assert changed.document.worker == named.model_copy(update={"env": ["staging"], "main": "src/b.ts"})
    (replaced,) = chosen([file], RunOptions(worker=WorkerChoice(tmp_path, ("b.toml",)), overrides_worker=True))
    update = {"dir": str(tmp_path), "config": ["b.toml"], "env": None}
    assert replaced.document.worker == named.model_copy(update=update)


def test_an_environment_needs_a_worker_of_ones_own(tmp_path: Path) -> None:
    file = _story(tmp_path, "")
    with pytest.raises(UsageError, match="--env is for a worker of your own"):
        chosen([file], RunOptions(envs=["staging"]))
    chosen([file], RunOptions(envs=["staging"], worker=WorkerChoice(Path("app"))))


def test_one_story_is_chosen_of_several_and_its_controls_are_not_played() -> None:
    options = RunOptions(words=["resume", "echo"], only="resume")
    (scenario,) = chosen(files(options), options)
    assert scenario.document.name == "resume"
    assert len(plays_of(scenario)) > 1
    assert [play.role for play in plan_run([scenario], options, LOCAL).plays] == ["story"]
    with pytest.raises(UsageError, match='no chosen scenario has the story "hibernate"'):
        chosen(files(options), replace(options, only="hibernate"))
