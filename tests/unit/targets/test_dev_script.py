"""What a project's own script says about how it is started."""

import json
from pathlib import Path

import pytest

from poc_cli.targets.dev_script import DevScript, as_started, dev_script
from poc_cli.targets.worker_source import WorkerChoice, source

IN_TWO = "".join(
    f'[env.{name}]\ndurable_objects.bindings = [{{ name = "R", class_name = "Room" }}]\n' for name in ("dev", "prod")
)


def _package(folder: Path, **scripts: str) -> None:
    (folder / "package.json").write_text(json.dumps({"scripts": scripts}), encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("wrangler dev", DevScript("dev")),
        ("wrangler dev src/index.ts --port 8787", DevScript("dev", "src/index.ts")),
        ("npx wrangler dev --port 8787 --env staging src/a.ts", DevScript("dev", "src/a.ts", "staging")),
        ("npm run css && wrangler dev --local -e=test a.js && echo done", DevScript("dev", "a.js", "test")),
        ("vite dev", None),
        ("wrangler deploy src/index.ts", None),
        ("wrangler dev 'broken", None),
    ],
)
def test_the_command_of_a_script(tmp_path: Path, command: str, found: DevScript | None) -> None:
    _package(tmp_path, build="tsc", dev=command)
    assert dev_script(tmp_path) == found


def test_the_script_dev_goes_before_others(tmp_path: Path) -> None:
    _package(tmp_path, preview="wrangler dev a.ts", start="wrangler dev b.ts", dev="wrangler dev c.ts")
    assert dev_script(tmp_path) == DevScript("dev", "c.ts")
    for text in ("[]", "{", '{"scripts": 3}'):
        (tmp_path / "package.json").write_text(text, encoding="utf-8")
        assert dev_script(tmp_path) is None


def test_an_entry_point_of_the_script_is_used_where_the_configuration_has_none(tmp_path: Path) -> None:
    _package(tmp_path, dev="wrangler dev index.ts")
    (tmp_path / "index.ts").touch()
    config = tmp_path / "wrangler.toml"
    config.write_text("", encoding="utf-8")
    chosen, notes = as_started(source(WorkerChoice(tmp_path)))
    assert chosen.main == (tmp_path / "index.ts").resolve()
    assert notes == ["using the entry point index.ts, as the script dev of package.json"]
    for text in ('main = "a.ts"', 'assets.directory = "dist"', "not toml"):
        config.write_text(text, encoding="utf-8")
        assert as_started(source(WorkerChoice(tmp_path)))[1] == []


def test_an_environment_of_the_script_is_used_where_only_environments_have_objects(tmp_path: Path) -> None:
    _package(tmp_path, dev="wrangler dev --env dev")
    (tmp_path / "wrangler.toml").write_text(f'main = "a.ts"\n{IN_TWO}', encoding="utf-8")
    chosen, notes = as_started(source(WorkerChoice(tmp_path)))
    assert (chosen.envs, notes) == (
        ("dev",),
        ["using the environment dev of wrangler.toml, as the script dev of package.json"],
    )
    assert as_started(source(WorkerChoice(tmp_path, envs=("prod",))))[0].envs == ("prod",)
