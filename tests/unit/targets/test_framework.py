"""Projects whose worker is made by a tool: what is built, what is not, and what is told about it."""

import json
import os
from pathlib import Path

import pytest

from poc_cli.errors import TargetError
from poc_cli.targets.framework import build_script, layout, not_built, without_assets
from poc_cli.targets.worker_source import WorkerChoice, WorkerSource, source

KNOWN = ["name", "main", "vars", "assets", "no_bundle", "targetEnvironment"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder that looks like an installation of wrangler."""
    schema: dict[str, object] = {"definitions": {"RawConfig": {"properties": dict.fromkeys(KNOWN, None)}}}
    _write(tmp_path / "home" / "node_modules" / "wrangler" / "config-schema.json", schema)
    return tmp_path / "home"


def _write(file: Path, table: object) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(table), encoding="utf-8")
    return file


def _built(folder: Path, **more: object) -> Path:
    """Write a project that Vite has built and return the generated configuration."""
    _write(folder / "wrangler.jsonc", {"name": "chat", "main": "src/index.ts"})
    _write(folder / "package.json", {"scripts": {"build": "vite build"}, "devDependencies": {"vite": "8"}})
    beside = [{"configPath": "../../dist/jobs/wrangler.json"}]
    redirect = {"configPath": "../../dist/chat/wrangler.json", "auxiliaryWorkers": beside}
    _write(folder / ".wrangler" / "deploy" / "config.json", redirect)
    _write(folder / "dist" / "jobs" / "wrangler.json", {"name": "jobs"})
    return _write(folder / "dist" / "chat" / "wrangler.json", {"name": "chat", "main": "index.js", **more})


def test_a_redirect_is_followed_with_the_workers_beside_it(tmp_path: Path, home: Path) -> None:
    generated = _built(tmp_path / "chat")
    made = layout(source(WorkerChoice(tmp_path / "chat")), home)
    assert made.redirected
    assert made.source.configs == (generated, tmp_path / "chat" / "dist" / "jobs" / "wrangler.json")
    assert made.source.envs == (None, None)
    assert made.notes[0].startswith("poc: using the built worker dist/chat/wrangler.json of 20")
    assert made.rewritten == {}


def test_the_generated_file_itself_may_be_named(tmp_path: Path, home: Path) -> None:
    generated = _built(tmp_path / "chat")
    made = layout(source(WorkerChoice(generated)), home)
    assert (made.redirected, made.source.folder) == (True, tmp_path / "chat")


def test_a_project_without_a_configuration_of_its_own_has_a_generated_one(tmp_path: Path, home: Path) -> None:
    generated = _built(tmp_path / "chat")
    (tmp_path / "chat" / "wrangler.jsonc").unlink()
    made = layout(source(WorkerChoice(tmp_path / "chat")), home)
    assert (made.redirected, made.source.configs[0]) == (True, generated)


def test_a_configuration_that_is_named_beside_the_redirect_is_not_redirected(tmp_path: Path, home: Path) -> None:
    _built(tmp_path / "chat")
    other = _write(tmp_path / "chat" / "wrangler.other.json", {"name": "other"})
    assert not layout(source(WorkerChoice(other)), home).redirected


def test_keys_of_another_wrangler_are_left_out_and_told_if_they_say_something(tmp_path: Path, home: Path) -> None:
    generated = _built(tmp_path / "chat", legacy_env=True, k9=[], configPath="wrangler.jsonc")
    made = layout(source(WorkerChoice(tmp_path / "chat")), home)
    assert [note.partition(": left out ")[2] for note in made.notes[1:]] == [
        "legacy_env, which wrangler 4.164.0 does not know"
    ]
    assert json.loads(made.rewritten[str(generated)]) == {
        "name": "chat",
        "main": "index.js",
        "configPath": "wrangler.jsonc",
    }


def test_legacy_env_is_left_out_of_a_projects_own_configuration(tmp_path: Path, home: Path) -> None:
    file = tmp_path / "wrangler.toml"
    file.write_text('name = "chat"\nlegacy_env = true\nk9 = 1\n', encoding="utf-8")
    made = layout(source(WorkerChoice(tmp_path)), home)
    assert made.rewritten == {str(file): 'name = "chat"\nk9 = 1'}
    assert made.notes == ("poc: wrangler.toml: left out legacy_env, which wrangler 4.164.0 does not know",)


def test_a_build_that_is_gone_is_told_with_how_to_make_it(tmp_path: Path, home: Path) -> None:
    _built(tmp_path / "chat").unlink()
    with pytest.raises(TargetError, match="which is not there") as raised:
        layout(source(WorkerChoice(tmp_path / "chat")), home)
    assert raised.value.advice == f"run `npm run build` in {tmp_path / 'chat'} first (vite), or give --build"


def test_a_build_for_another_environment_is_not_run(tmp_path: Path, home: Path) -> None:
    _built(tmp_path / "chat", targetEnvironment="staging")
    wanted = source(WorkerChoice(tmp_path / "chat", envs=("staging",)))
    assert layout(wanted, home).source.envs == (None, None)
    with pytest.raises(TargetError, match="is built for the environment staging, not for live") as raised:
        layout(source(WorkerChoice(tmp_path / "chat", envs=("live",))), home)
    assert raised.value.advice == "build it with CLOUDFLARE_ENV=live npm run build"


def test_a_source_that_is_newer_than_the_build_is_told(tmp_path: Path, home: Path) -> None:
    generated = _built(tmp_path / "chat")
    changed = _write(tmp_path / "chat" / "src" / "index.ts", {})
    wanted = source(WorkerChoice(tmp_path / "chat"))
    os.utime(changed, (1, 1))
    assert "newer" not in layout(wanted, home).notes[0]
    os.utime(generated, (0, 0))
    assert layout(wanted, home).notes[0].endswith("; src/index.ts is newer, so build it again (--build)")


def test_a_redirect_that_says_nothing_is_an_error(tmp_path: Path, home: Path) -> None:
    _write(tmp_path / "wrangler.json", {"name": "chat"})
    _write(tmp_path / ".wrangler" / "deploy" / "config.json", {})
    with pytest.raises(TargetError, match="names no configPath"):
        layout(source(WorkerChoice(tmp_path)), home)


@pytest.mark.parametrize(
    ("package", "lock", "expected"),
    [
        ("@react-router/dev", "package-lock.json", "run `npm run build` in {} first (React Router), or give --build"),
        (
            "@tanstack/react-start",
            "pnpm-lock.yaml",
            "run `pnpm run build` in {} first (TanStack Start), or give --build",
        ),
        ("@sveltejs/kit", "yarn.lock", "run `yarn run build` in {} first (SvelteKit), or give --build"),
        ("astro", "bun.lock", "run `bun run build` in {} first (Astro), or give --build"),
        (
            "@opennextjs/cloudflare",
            "package-lock.json",
            "run `npx opennextjs-cloudflare build` in {} first (OpenNext), or give --build",
        ),
    ],
)
def test_a_missing_build_is_told_with_the_tools_name(tmp_path: Path, package: str, lock: str, expected: str) -> None:
    dependencies = {"vite": "8", package: "1"}
    _write(tmp_path / "package.json", {"scripts": {"build": "x build"}, "devDependencies": dependencies})
    (tmp_path / lock).touch()
    for text in (
        'The entry-point file at ".open-next/worker.js" was not found.',
        'workers/app.ts:2:40: Could not resolve "virtual:react-router/server-build"',
        'src/worker.js:1:7: Could not resolve "../.svelte-kit/cloudflare/_worker.js"',
        'node_modules/x/index.js:28:10: Could not resolve "#tanstack-router-entry"',
        'node_modules/x/index.js:14:44: Could not resolve "tanstack-start-manifest:v"',
    ):
        said = not_built(tmp_path, text)
        assert said is not None
        assert said[1] == expected.format(tmp_path)


def test_other_errors_and_projects_without_a_build_are_left_alone(tmp_path: Path) -> None:
    missing = 'The entry-point file at "src/index.ts" was not found.'
    assert not_built(tmp_path, missing) is None
    assert build_script(tmp_path) is None
    _write(tmp_path / "package.json", {"scripts": {"build": "make"}})
    for module in ("./history", "node:fs", "cloudflare:email", "hono"):
        assert not_built(tmp_path, f'src/index.ts:3:1: Could not resolve "{module}"') is None
    assert not_built(tmp_path, missing) == (
        f"{tmp_path} is not built: there is no src/index.ts",
        f"run `npm run build` in {tmp_path} first (make), or give --build",
    )


def test_missing_assets_are_told(tmp_path: Path) -> None:
    assert without_assets(tmp_path, str(tmp_path / "dist")) == "poc: started without assets: there is no dist"
    assert without_assets(tmp_path, None) == "poc: started without assets: it names no folder for them"


def test_a_project_of_its_own_is_left_as_it_is(tmp_path: Path, home: Path) -> None:
    file = _write(tmp_path / "wrangler.json", {"name": "chat"})
    wanted = WorkerSource(tmp_path, (file,), (None,))
    assert layout(wanted, home).source == wanted
