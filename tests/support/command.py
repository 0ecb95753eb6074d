"""The command line of poc as its users start it: a process of its own, in an environment of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
"""The checkout."""

PATIENCE_SECONDS = 600
"""A guard against a run that hangs, far above the longest one (41 s, 160 s where all has one processor and is busy)."""

_PASSED_ON = ("HOME", "PATH", "POC_WORKERD", "SSL_CERT_DIR", "SSL_CERT_FILE", "XDG_CACHE_HOME")


def program() -> list[str]:
    """Return the words that start poc."""
    installed = Path(sys.executable).parent / "poc"
    if installed.exists():
        return [str(installed)]
    code = "import sys; sys.argv[0] = 'poc'; from poc_cli.cli import main; main()"
    return [sys.executable, "-c", code]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    def document(self) -> Any:
        """Return stdout as the one JSON document that it has to be."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document


class Poc:
    """Starts `poc` in a folder; what it may leave behind would be in `temporary`."""

    def __init__(self, folder: Path) -> None:
        """Take the working folder; it is made with a folder for temporary files of its own."""
        self.folder = folder
        self.temporary = folder / "tmp"
        self.results = folder / "results"
        self.temporary.mkdir(parents=True)

    def environment(self, variables: dict[str, str] | None = None) -> dict[str, str]:
        """Return the variables that a command gets: no colours, no terminal, none of the machine's own settings."""
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        own = {"TMPDIR": str(self.temporary), "PYTHONPATH": str(ROOT), "COLUMNS": "100", "LC_ALL": "C.UTF-8"}
        return kept | own | (variables or {})

    def start(
        self,
        *arguments: str,
        variables: dict[str, str] | None = None,
        files: int | None = None,
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> "subprocess.Popen[str]":
        """Start a command and leave it running; its streams are pipes. `files` is its limit of open files."""
        limited = [] if files is None else ["/bin/sh", "-c", f'ulimit -n {files}; exec "$@"', "sh"]
        return subprocess.Popen(
            [*limited, *program(), *arguments],
            cwd=self.folder,
            env=self.environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            encoding="utf-8",
        )

    def run(self, *arguments: str, variables: dict[str, str] | None = None, files: int | None = None) -> Ran:
        """Run a command to its end. A traceback on either stream is a failure whatever is tested."""
        with self.start(*arguments, variables=variables, files=files) as process:
            try:
                out, err = process.communicate(timeout=PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        assert "Traceback" not in out + err, out + err
        return Ran(process.returncode, out, err)
