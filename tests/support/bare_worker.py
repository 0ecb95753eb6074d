"""A worker on a raw workerd that nobody watches: what a run with `--target URL` finds at an address."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from poc_cli.shipped import shipped
from poc_cli.targets.installation import locate

TOKEN: Final = secrets.token_urlsafe(24)
"""What the worker wants to be shown; no output of poc may hold it."""

_CONFIG: Final = """\
using Workerd = import "/workerd/workerd.capnp";
using Subject = import "/local.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = Subject.main),
    (name = "internet", network = (allow = ["public", "private"])),
    (name = "disk", disk = (path = "disk", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "main")],
);
"""


@dataclass(slots=True)
class Bare:
    """A worker that listens; one that was stopped comes up again at the same address."""

    folder: Path
    worker: Path
    bindings: Mapping[str, str]
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, version: int = 1) -> None:
        """Start the process and wait until it listens."""
        (self.folder / "config.capnp").write_text(_CONFIG.replace("{port}", str(self.port)), encoding="utf-8")
        control, control_end = os.pipe()
        command = [
            str(locate(lambda line: print(line, file=sys.stderr))),  # noqa: T201 - the only sign of a long installation
            "serve",
            "config.capnp",
            "--experimental",
            f"--import-path={self.worker}",
            f"--control-fd={control_end}",
        ]
        own = {"PATH": os.environ["PATH"], "POC_TOKEN": TOKEN, "POC_VERSION": str(version)}
        variables = own | dict(self.bindings)
        self.process = subprocess.Popen(command, cwd=self.folder, env=variables, pass_fds=[control_end])
        os.close(control_end)
        with os.fdopen(control, encoding="utf-8") as lines:
            said = lines.readline()
        assert said, "workerd has ended; what it said is above"
        self.port = json.loads(said)["port"]

    def stop(self) -> None:
        """End the process, with all its sockets."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextmanager
def bare(folder: Path, worker: Path | None = None, bindings: Mapping[str, str] | None = None) -> Iterator[Bare]:
    """Run a worker, ours unless said, in a folder until the end of the block."""
    (folder / "disk").mkdir(parents=True)
    running = Bare(folder, worker or shipped("worker"), bindings or {})
    running.start()
    try:
        yield running
    finally:
        running.stop()
