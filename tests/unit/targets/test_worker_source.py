"""Which worker a folder or a file means."""

from pathlib import Path

import pytest

from poc_cli.errors import TargetError
from poc_cli.targets.worker_source import WorkerSource, source


def _with(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder.resolve()


def test_a_local_capnp_goes_before_all(tmp_path: Path) -> None:
    folder = _with(tmp_path, "local.capnp", "wrangler.jsonc")
    assert source(tmp_path) == WorkerSource(folder)


def test_who_names_an_environment_means_the_project(tmp_path: Path) -> None:
    folder = _with(tmp_path, "local.capnp", "wrangler.jsonc")
    assert source(tmp_path, env="staging") == WorkerSource(folder, (folder / "wrangler.jsonc",), "staging")


def test_configurations_are_looked_for_in_wranglers_order(tmp_path: Path) -> None:
    folder = _with(tmp_path, "wrangler.toml")
    assert source(tmp_path).configs == (folder / "wrangler.toml",)
    _with(tmp_path, "wrangler.jsonc")
    assert source(tmp_path).configs == (folder / "wrangler.jsonc",)
    _with(tmp_path, "wrangler.json")
    assert source(tmp_path).configs == (folder / "wrangler.json",)


def test_a_file_may_be_named_itself(tmp_path: Path) -> None:
    folder = _with(tmp_path, "app/wrangler.prod.jsonc")
    file = folder / "app" / "wrangler.prod.jsonc"
    assert source(file) == WorkerSource(folder / "app", (file,))


def test_several_configurations_stay_in_their_order(tmp_path: Path) -> None:
    folder = _with(tmp_path, "a.toml", "other/b.toml")
    assert source(tmp_path, ("a.toml", "other/b.toml")).configs == (folder / "a.toml", folder / "other" / "b.toml")


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="no folder"):
        source(tmp_path / "nowhere")
    with pytest.raises(
        TargetError, match=r"has no local\.capnp and no wrangler\.json, wrangler\.jsonc or wrangler\.toml"
    ):
        source(tmp_path)
    with pytest.raises(TargetError, match=r"there is no file .*a\.toml"):
        source(tmp_path, ("a.toml",))
