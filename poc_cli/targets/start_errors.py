"""Tells why a runtime did not start: by the worker, in the runtime's words, or because the program is no workerd."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from poc_cli.errors import TargetError
from poc_cli.targets.process import ending

ANSWERS_WITHIN_SECONDS = 10.0
"""How long `workerd --version` may take; it takes 0.03 s."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What is known of a process that did not come to listen; `code` is None where it had to be ended."""

    binary: Path
    worker: Path
    said: str
    code: int | None

    @property
    def did(self) -> str:
        """Return how it failed, after `it`."""
        return "did not listen in time" if self.code is None else ending(self.code)


def not_started(failure: Failure) -> TargetError:
    """Return the error for the user: to mend the worker where the runtime complains, the runtime where it is none."""
    if not _is_workerd(failure.binary):
        did = f"{failure.did}, saying: {failure.said}" if failure.said else f"{failure.did} without a word"
        return TargetError(f"{failure.binary} did not behave like workerd: it {did}", advice(failure.binary))
    if failure.said:
        return TargetError(
            f"workerd did not start on {failure.worker}: {failure.said}",
            "mend the worker; the first error line names the place",
        )
    return TargetError(f"workerd did not start on {failure.worker}: it {failure.did} without a word", "see poc doctor")


def advice(binary: Path) -> str:
    """Return what to do about a program that is no workerd."""
    if os.environ.get("POC_WORKERD"):
        return "name a workerd by POC_WORKERD, or unset it to use the pinned one"
    return f"remove {binary.parents[4]}, and the next run brings it anew"


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
