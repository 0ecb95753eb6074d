"""What a short run loads: nothing before the runtime is started that is not needed for that, and nothing heavy at all.

By the names of modules, never by time.
"""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from poc_cli.cli import MODULES
from poc_cli.cli.app import app
from poc_cli.commands.run_local import JUDGING
from poc_cli.targets.installation import locate

HEAVY = {
    "aiohttp",
    "anyio",
    "distributed",
    "hdrh",
    "httpcore",
    "httpx",
    "jinja2",
    "junitparser",
    "pathspec",
    "playwright",
    "psutil",
    "rich",
    "tenacity",
    "uvloop",
}
"""Packages that a forced `hibernate` has no use for."""

OWN = {
    "poc_cli.commands.run_cloudflare",
    "poc_cli.commands.run_remote",
    "poc_cli.commands.run_url",
    "poc_cli.cost",
    "poc_cli.engine.black_box",
    "poc_cli.engine.canaries",
    "poc_cli.engine.hibernation_untraced",
    "poc_cli.clients.browser",
    "poc_cli.clients.page",
    "poc_cli.clients.program",
    "poc_cli.services",
    "poc_cli.load",
    "poc_cli.report.html",
    "poc_cli.targets.cloudflare",
    "poc_cli.targets.reachability",
    "poc_cli.targets.remote",
}
"""Parts of poc that it has no use for either."""

FOR_PLAYING = {"poc_cli.engine", "poc_cli.judge", "poc_cli.scenario.model", "poc_cli.report.text", "websockets"}
"""What is loaded once the runtime has been started."""

PROGRAM = """
import json, os, sys
from importlib import import_module

before = None

def started(event, arguments):
    global before
    if before is None and event == "subprocess.Popen" and {"compile", "serve"} & set(map(str, arguments[1])):
        before = sorted(sys.modules)

sys.addaudithook(started)
sys.argv = ["poc", "run", "hibernate", "--sleep", "evict", "--results", sys.argv[1]]
os._exit = sys.exit
from poc_cli.cli import main
try:
    main()
except SystemExit as ended:
    code = ended.code
for name in json.loads(sys.stdin.read()):
    import_module(name)
print(json.dumps([code, before, sorted(sys.modules)]))
"""


def parts(module: str) -> set[str]:
    """Return a module's name and those of the packages that it is in."""
    names = module.split(".")
    return {".".join(names[:length]) for length in range(1, len(names) + 1)}


def loaded(modules: list[str]) -> set[str]:
    return {part for module in modules for part in parts(module)}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str]]:
    """Return what is loaded when the runtime is started, and when the run has been played and judged.

    The runtime is a program that compiles the configuration and then ends at once, so that nothing is played:
    everything is loaded by then but what judges.
    """
    folder = tmp_path_factory.mktemp("startup")
    runtime = folder / "workerd"
    runtime.write_text(f'#!/bin/sh\n[ "$1" = compile ] && exec "{locate(print)}" "$@"\nexit 1\n')
    runtime.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder / "results")],
        input=json.dumps(JUDGING),
        env={"PATH": os.environ["PATH"], "POC_WORKERD": str(runtime), "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    code, before, after = json.loads(done.stdout)
    assert code == 3, done.stderr
    assert before is not None
    return loaded(before), loaded(after)


def test_the_runtime_is_started_before_what_plays_is_loaded(run: tuple[set[str], set[str]]) -> None:
    before, _ = run
    assert "poc_cli.targets.process" in before
    assert before & (HEAVY | OWN | FOR_PLAYING) == set()


def test_nothing_is_loaded_that_a_small_story_has_no_use_for(run: tuple[set[str], set[str]]) -> None:
    _, after = run
    assert after >= FOR_PLAYING, "or this test looks at nothing"
    assert after & (HEAVY | OWN) == set()


@pytest.mark.parametrize("module", MODULES)
def test_each_command_is_looked_for_in_the_module_that_has_it(module: str) -> None:
    import_module(f"poc_cli.cli.{module}")
    names = [each.name for each in app.registered_commands if _module_of(each.callback) == f"poc_cli.cli.{module}"]
    assert names == list(MODULES[module])


def _module_of(callback: object) -> str:
    return str(getattr(callback, "__module__", ""))
