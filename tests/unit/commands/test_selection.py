"""Which scenarios a word of the command line means, and what `--all` leaves to a tag."""

from pathlib import Path

import pytest

from poc_cli.commands.selection import chosen, files
from poc_cli.run_options import RunOptions
from poc_cli.scenario.catalog import find, shipped_files


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
