"""Which worker a folder, a file and the options mean."""

import json
from pathlib import Path

import pytest

from poc_cli.errors import TargetError
from poc_cli.scenario.service_tables import WorkerRef
from poc_cli.targets.worker_source import WorkerChoice, WorkerData, WorkerSource, named_by, source


def _with(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder.resolve()


def test_a_local_capnp_goes_before_all(tmp_path: Path) -> None:
    folder = _with(tmp_path, "local.capnp", "wrangler.jsonc")
    assert source(WorkerChoice(tmp_path)) == WorkerSource(folder)


def test_who_names_an_environment_or_an_entry_point_means_the_project(tmp_path: Path) -> None:
    folder = _with(tmp_path, "local.capnp", "wrangler.jsonc", "worker.js")
    config = folder / "wrangler.jsonc"
    assert source(WorkerChoice(tmp_path, envs=("staging",))) == WorkerSource(folder, (config,), ("staging",))
    chosen = source(WorkerChoice(tmp_path, main="worker.js"))
    assert chosen == WorkerSource(folder, (config,), (None,), folder / "worker.js")


def test_a_local_capnp_has_no_environments(tmp_path: Path) -> None:
    _with(tmp_path, "local.capnp")
    with pytest.raises(TargetError, match="has no environments"):
        source(WorkerChoice(tmp_path, envs=("staging",)))


def test_configurations_are_looked_for_in_wranglers_order(tmp_path: Path) -> None:
    folder = _with(tmp_path, "wrangler.toml")
    assert source(WorkerChoice(tmp_path)).configs == (folder / "wrangler.toml",)
    _with(tmp_path, "wrangler.jsonc")
    assert source(WorkerChoice(tmp_path)).configs == (folder / "wrangler.jsonc",)
    _with(tmp_path, "wrangler.json")
    assert source(WorkerChoice(tmp_path)).configs == (folder / "wrangler.json",)


def test_a_file_may_be_named_itself(tmp_path: Path) -> None:
    folder = _with(tmp_path, "app/wrangler.prod.jsonc")
    file = folder / "app" / "wrangler.prod.jsonc"
    assert source(WorkerChoice(file)) == WorkerSource(folder / "app", (file,), (None,))


def test_several_configurations_stay_in_their_order_with_one_environment_or_one_each(tmp_path: Path) -> None:
    folder = _with(tmp_path, "a.toml", "other/b.toml")
    configs = ("a.toml", "other/b.toml")
    assert source(WorkerChoice(tmp_path, configs)).configs == (folder / "a.toml", folder / "other" / "b.toml")
    assert source(WorkerChoice(tmp_path, configs, ("dev",))).envs == ("dev", "dev")
    assert source(WorkerChoice(tmp_path, configs, ("dev", ""))).envs == ("dev", "")
    with pytest.raises(TargetError, match="3 environments are named for 2 configurations"):
        source(WorkerChoice(tmp_path, configs, ("a", "b", "c")))


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="no folder"):
        source(WorkerChoice(tmp_path / "nowhere"))
    with pytest.raises(
        TargetError, match=r"has no local\.capnp and no wrangler\.json, wrangler\.jsonc or wrangler\.toml"
    ):
        source(WorkerChoice(tmp_path))
    with pytest.raises(TargetError, match=r"there is no file .*a\.toml"):
        source(WorkerChoice(tmp_path, ("a.toml",)))
    _with(tmp_path, "wrangler.toml")
    with pytest.raises(TargetError, match=r"there is no file .*main\.ts") as raised:
        source(WorkerChoice(tmp_path, main="main.ts"))
    assert raised.value.advice == "the entry point is named relative to the worker's folder"


def test_a_source_file_is_no_configuration(tmp_path: Path) -> None:
    folder = _with(tmp_path, "index.ts")
    for choice in (WorkerChoice(folder / "index.ts"), WorkerChoice(folder, ("index.ts",))):
        with pytest.raises(TargetError, match=r"index\.ts is no wrangler configuration") as raised:
            source(choice)
        assert (raised.value.advice or "").endswith("--main says which of its files is the entry point")


def _named(folder: Path, **table: object) -> WorkerSource:
    return named_by(WorkerRef.model_validate({"dir": "app", **table}), folder / "app", folder / "story.toml")


def test_what_stores_hold_is_named_by_paths_from_the_scenario(tmp_path: Path) -> None:
    folder = _with(tmp_path, "app/wrangler.toml", "data/a.sql", "data/b.png")
    seed = {"DB": ["SELECT 1", {"file": "data/a.sql"}], "R2": {"b": {"file": "data/b.png"}, "c": {"file": "x", "d": 1}}}
    found = _named(tmp_path, seed=seed, hyperdrive={"H": "postgres://a"})
    assert found.data.seed is not None
    assert json.loads(found.data.seed) == {
        "DB": ["SELECT 1", {"file": str(folder / "data" / "a.sql")}],
        "R2": {"b": {"file": str(folder / "data" / "b.png")}, "c": {"file": "x", "d": 1}},
    }
    assert found.data.hyperdrive == (("H", "postgres://a"),)
    assert _named(tmp_path).data == WorkerData()
    with pytest.raises(TargetError, match=r"there is no file .*gone\.sql to seed"):
        _named(tmp_path, seed={"DB": {"file": "gone.sql"}})


def test_a_local_capnp_has_no_stores(tmp_path: Path) -> None:
    _with(tmp_path, "app/local.capnp")
    with pytest.raises(TargetError, match="nothing to seed"):
        _named(tmp_path, seed={"DB": "SELECT 1"})
