"""Ask a workerd binary for its version: what a run records is what was started, not what is pinned."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

ANSWERS_WITHIN_SECONDS: Final = 10.0
"""Time limit for `--version`; it takes 0.01 s."""

UNKNOWN: Final = "unknown"
"""The version of a program that does not tell one; it fails to start, unless it is a wrapper."""


class RuntimeVersion:
    """The version of a binary. It is asked at once, and answers while the runtime starts."""

    def __init__(self, binary: Path) -> None:
        """Start `binary --version`. One that cannot be started has the version "unknown"."""
        self._binary = binary
        self._asked: subprocess.Popen[bytes] | None = None
        try:
            self._asked = subprocess.Popen(
                [binary, "--version"],
                env={"PATH": os.environ.get("PATH", "")},  # no secrets; a wrapper's interpreter is found by PATH
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError:  # starting the runtime itself says so
            return

    def text(self) -> str:
        """Return the version as npm has it, such as 1.20261117.1, or else the date that the binary says."""
        if self._asked is None:
            return UNKNOWN
        try:
            said, _ = self._asked.communicate(timeout=ANSWERS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._asked.kill()
            self._asked.communicate()
            return UNKNOWN
        name, _, date = said.decode("utf-8", "replace").strip().partition(" ")
        if name != "workerd" or not _is_date(date):
            return UNKNOWN
        packaged = _packaged(self._binary)
        return packaged if packaged is not None and _date_of(packaged) == date else date


def _packaged(binary: Path) -> str | None:
    """Return the version of the npm package that a binary lies in: the binary itself does not say the last number."""
    try:
        package: Any = json.loads((binary.resolve().parents[1] / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, IndexError):
        return None
    name, version = (package.get("name"), package.get("version")) if isinstance(package, dict) else (None, None)
    return version if str(name).startswith("@cloudflare/workerd-") and isinstance(version, str) else None


def _date_of(version: str) -> str:
    """Return the date in a version: 2026-11-17 for 1.20261117.1."""
    date = f"{version}..".split(".")[1]
    return f"{date[:4]}-{date[4:6]}-{date[6:]}"


def _is_date(text: str) -> bool:
    return len(text) == len("2026-11-17") and text.replace("-", "").isdigit()
