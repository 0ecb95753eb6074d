"""Explain why a runtime did not start: an error in the worker, or a program that is not workerd."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from poc_cli.errors import TargetError
from poc_cli.targets.process import ending

_PYODIDE: Final = "pyodide-capnp-bin.edgeworker.net"
"""Where workerd gets the Python interpreter from, unless it is in its cache."""

ANSWERS_WITHIN_SECONDS = 10.0
"""Time limit for `workerd --version`; it takes 0.03 s."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A process that did not start to listen; `code` is None if it was still running."""

    binary: Path
    worker: Path
    said: str
    code: int | None

    @property
    def did(self) -> str:
        """Return how it failed, as the predicate of a sentence."""
        return "did not listen in time" if self.code is None else ending(self.code)


def not_started(failure: Failure) -> TargetError:
    """Return the error for the user: about the worker, or about the program if it is not workerd."""
    if not _is_workerd(failure.binary):
        did = f"{failure.did} with the output: {failure.said}" if failure.said else f"{failure.did} without any output"
        return TargetError(f"{failure.binary} did not behave like workerd: it {did}", advice(failure.binary))
    said = _messages(failure.said)
    if _PYODIDE in said:
        return TargetError(
            f"{failure.worker} is a Python Worker: workerd downloads Pyodide from {_PYODIDE}, which it could not reach",
            "run it once with a network; after that it is in poc's cache",
        )
    if said:
        return TargetError(
            f"workerd did not start on {failure.worker}: {said}",
            "fix the worker; the first line of the error shows where",
        )
    return TargetError(
        f"workerd did not start on {failure.worker}: it {failure.did} without any output", "run poc doctor"
    )


def _messages(said: str) -> str:
    """Return what workerd logged, of a structured line only its message."""
    return "\n".join(_message(line) for line in said.splitlines())


def _message(line: str) -> str:
    try:
        return str(json.loads(line)["message"])
    except (ValueError, LookupError, TypeError):
        return line


def advice(binary: Path) -> str:
    """Return what to do about a program that is not workerd."""
    if os.environ.get("POC_WORKERD"):
        return "set POC_WORKERD to a workerd binary, or unset it to use the pinned one"
    return f"remove {binary.parents[4]}; the next run installs it again"


def _is_workerd(binary: Path) -> bool:
    try:
        finished = subprocess.run(
            [binary, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={},
            timeout=ANSWERS_WITHIN_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return finished.stdout.startswith(b"workerd ")
