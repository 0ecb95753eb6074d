"""Run wrangler as a child process that ends with poc."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from poc_cli.errors import TargetError
from poc_cli.targets.cloudflare.cloudflare_errors import Outcome
from poc_cli.targets.cloudflare.scratch import Scratch
from poc_cli.targets.npm import node
from poc_cli.targets.process import guard, signal_group

DEPLOYS_WITHIN_SECONDS: Final = 240.0
"""A deployment takes two seconds; a project's build command or a rate limit may take minutes."""

_PROGRAM: Final = Path("node_modules", "wrangler", "wrangler-dist", "cli.js")
"""wrangler itself; the program in bin/ starts it as a child, which signals do not always reach."""

_OUTPUT: Final = "output.txt"


@dataclass(slots=True)
class Child:
    """A started wrangler."""

    popen: subprocess.Popen[bytes]
    scratch: Scratch

    def finish(self, seconds: float = DEPLOYS_WITHIN_SECONDS) -> Outcome:
        """Wait until it ends, and kill it if it is late."""
        late = False
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            late = True
        finally:
            self.end()
        output = (self.scratch.folder / _OUTPUT).read_text(encoding="utf-8", errors="replace")
        return Outcome(self.popen.returncode, output, _deployed(self.scratch.records), late)

    def end(self) -> None:
        """End it and all that it started."""
        signal_group(self.popen.pid)
        self.popen.wait()


def command(home: Path) -> list[str]:
    """Return the command that starts the wrangler installed in a folder. Raises TargetError if it is incomplete."""
    program = home / _PROGRAM
    if not program.is_file():
        raise TargetError(f"wrangler is damaged: no {program}", f"remove {home}; the next deployment installs it again")
    return [str(node()), "--no-warnings", str(program)]


def start(home: Path, scratch: Scratch, words: Sequence[str], variables: dict[str, str]) -> Child:
    """Start wrangler; call on the main thread, with which it ends. Raises TargetError if that fails."""
    scratch.records.unlink(missing_ok=True)
    program = command(home)
    try:
        with (scratch.folder / _OUTPUT).open("wb") as output:
            popen = subprocess.Popen(
                [*program, *words],
                cwd=scratch.project,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=guard(os.getpid()),  # noqa: PLW1509 - it only calls libc
            )
    except OSError as error:
        raise TargetError(f"wrangler cannot be started: {error}", "run poc doctor") from error
    scratch.watch(popen.pid)
    return Child(popen, scratch)


def _deployed(records: Path) -> dict[str, Any] | None:
    """Return wrangler's record of a deployment that has a version, None if it wrote none."""
    try:
        lines = records.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if record.get("type") == "deploy" and record.get("version_id"):
            return dict(record)
    return None
