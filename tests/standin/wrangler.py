"""The real wrangler, for tests: as a child process, in folders of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poc_cli.targets.installation import tools
from poc_cli.targets.npm import node

PATIENCE_SECONDS = 120
"""A guard against a wrangler that hangs; the longest command here takes 10 s, three times as long when it retries."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, with the records that it wrote for machines."""

    code: int
    out: str
    err: str
    records: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """Return all that it said."""
        return self.out + self.err

    def record(self, kind: str) -> dict[str, Any]:
        """Return its one record of a kind."""
        (found,) = [each for each in self.records if each["type"] == kind]
        return found


class Wrangler:
    """Runs wrangler on the project in one folder."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Take the project's folder, and the variables that say which Cloudflare it is."""
        self.folder = folder
        self._home = folder.with_name(f"{folder.name}-home")
        self._home.mkdir()
        self._environment = environment
        self._program = [str(node()), str(tools(_say) / "node_modules" / "wrangler" / "bin" / "wrangler.js")]

    def _variables(self) -> dict[str, str]:
        home = str(self._home)
        return {
            "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            **dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR", "WRANGLER_CACHE_DIR"), home),
            **dict.fromkeys(("WRANGLER_LOG_PATH", "WRANGLER_REGISTRY_PATH"), str(self._home / "wrangler")),
            "WRANGLER_OUTPUT_FILE_PATH": str(self._home / "records"),
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_SEND_ERROR_REPORTS": "false",
            "WRANGLER_HIDE_BANNER": "true",
            "CI": "1",
            "NO_COLOR": "1",
            **self._environment,
        }

    @staticmethod
    def machine() -> dict[str, str]:
        """Return the variables of this machine that a program of ours may need."""
        names = ("HOME", "PATH", "POC_WORKERD", "XDG_CACHE_HOME")
        return {name: os.environ[name] for name in names if name in os.environ}

    @contextmanager
    def start(self, *words: str) -> "Iterator[subprocess.Popen[str]]":
        """Start a command and leave it running; its streams are pipes. It is killed where it has not ended by then."""
        with subprocess.Popen(
            [*self._program, *words],
            cwd=self.folder,
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *words: str) -> Ran:
        """Run a command to its end."""
        records = self._home / "records"
        records.unlink(missing_ok=True)
        with self.start(*words) as process:
            out, err = process.communicate(timeout=PATIENCE_SECONDS)
        lines = records.read_text(encoding="utf-8").splitlines() if records.exists() else []
        return Ran(process.returncode, out, err, [json.loads(line) for line in lines])

    def deploy(self, *words: str) -> Ran:
        """Deploy the project; an update drops sockets at once unless `words` say something else."""
        return self.run("deploy", "--durable-objects-code-update-mode", "immediate", *words)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
