"""Tests of the worker's sources: the types hold, and wrangler makes the worker that Cloudflare would run."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from poc_cli.shipped import shipped
from poc_cli.targets.npm import node

RunTool = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_tool(tmp_path: Path) -> RunTool:
    """Return a function that runs a tool of worker/node_modules in worker/: its path there, then its arguments."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        "PATH": f"{node().parent}:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "WRANGLER_LOG_PATH": str(home / "logs"),
        "WRANGLER_CACHE_DIR": str(home / "wrangler"),
        "WRANGLER_SEND_METRICS": "false",
        "WRANGLER_SEND_ERROR_REPORTS": "false",
        "WRANGLER_HIDE_BANNER": "true",  # with the banner goes the look for a newer version
        "DO_NOT_TRACK": "1",
        "CI": "1",
        "NO_COLOR": "1",
    }

    def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        worker = shipped("worker")
        program = worker / "node_modules" / tool
        if not program.is_file():
            pytest.fail(f"{program} is missing: run make test, which installs it")
        return subprocess.run(
            [node(), program, *arguments],
            cwd=worker,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
        )

    return run


def test_the_types_hold(run_tool: RunTool) -> None:
    done = run_tool("typescript/bin/tsc", "--noEmit", "--strict")
    assert done.returncode == 0, done.stdout + done.stderr


def test_wrangler_bundles_the_worker_with_its_object(run_tool: RunTool, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    done = run_tool("wrangler/bin/wrangler.js", "deploy", "--dry-run", "--outdir", str(bundle))
    assert done.returncode == 0, done.stdout + done.stderr
    exported = re.findall(r"^export \{([^}]*)\}", (bundle / "index.js").read_text(), re.MULTILINE)
    names = {entry.split(" as ")[-1].strip() for block in exported for entry in block.split(",")}
    assert {"Room", "default"} <= names
