"""The programs that a project's own commands find, and the variables that they get."""

import os
import subprocess
from pathlib import Path

import pytest

from poc_cli.targets.node_tools import command_variables, search_path, write_shims


def test_tools_of_the_project_come_before_the_users_and_ours_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/local/bin:/usr/bin")
    path = search_path(Path("/home/ann/shop/apps/chat"), Path("/run/shims")).split(os.pathsep)
    assert path[:3] == [
        "/home/ann/shop/apps/chat/node_modules/.bin",
        "/home/ann/shop/apps/node_modules/.bin",
        "/home/ann/shop/node_modules/.bin",
    ]
    assert path[-3:] == ["/usr/local/bin", "/usr/bin", "/run/shims"]


@pytest.mark.parametrize("program", ["node", "npm", "npx"])
def test_the_wheels_programs_run_without_node_on_the_machine(tmp_path: Path, program: str) -> None:
    write_shims(tmp_path)
    environment = {"PATH": f"{tmp_path}:/nowhere", "HOME": str(tmp_path)}
    ran = subprocess.run([tmp_path / program, "--version"], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip().lstrip("v")[:1].isdigit()


def test_package_managers_come_through_corepack_where_asked_for(tmp_path: Path) -> None:
    write_shims(tmp_path, managers=True)
    assert {each.name for each in tmp_path.iterdir()} == {"node", "npm", "npx", "pnpm", "yarn"}
    assert "corepack/dist/pnpm.js" in (tmp_path / "pnpm").read_text(encoding="utf-8")


def test_a_command_gets_the_users_home_and_toolchains_but_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CARGO_HOME", "npm_config_cache", "CLOUDFLARE_API_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, f"/value/of/{name}")
    monkeypatch.setenv("HOME", "/home/ann")
    variables = command_variables(Path("/home/ann/shop"), Path("/run/shims"), Path("/run/own"))
    assert variables["HOME"] == "/home/ann"
    assert variables["CARGO_HOME"] == "/value/of/CARGO_HOME"
    assert variables["npm_config_cache"] == "/value/of/npm_config_cache"
    assert variables["TMPDIR"] == "/run/own"
    assert variables["pnpm_config_verify_deps_before_run"] == "false"  # or pnpm 11 removes node_modules
    assert not {"CLOUDFLARE_API_TOKEN", "GITHUB_TOKEN", "CI"} & set(variables)
