"""The shipped worker on a real workerd, started without any of poc's own machinery, for tests of the worker itself."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from poc_cli.shipped import shipped
from poc_cli.targets.installation import locate

TOKEN = secrets.token_urlsafe(16)
"""What the worker expects; the tests send it, too much of it, too little of it, or none."""

_CONFIG = """\
using Workerd = import "/workerd/workerd.capnp";
using Subject = import "/local.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = Subject.main),
    (name = "internet", network = (allow = ["public", "private"])),
    (name = "disk", disk = (path = "disk", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A worker that listens."""

    url: str
    trace: Path

    @property
    def sockets_url(self) -> str:
        """Return the address for WebSockets."""
        return self.url.replace("http", "ws", 1)

    def ask(self, path: str, token: str | None = TOKEN, **operation: Any) -> httpx.Response:
        """Send one operation over HTTP, with a token or without."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.post(self.url + path, headers=headers, content=json.dumps(operation), trust_env=False)

    def have_left(self, objects: list[str]) -> bool:
        """Return whether none of these objects is in memory, as far as the trace says."""
        lines = [json.loads(line) for line in self.trace.read_text(encoding="utf-8").splitlines() if line]
        ended = {line["ctx"] for line in lines if line["e"] == "ctx_end"}
        return not any(line["e"] == "ctx" and line["actor"] in objects and line["ctx"] not in ended for line in lines)

    def objects(self) -> list[str]:
        """Return the ids of the objects that have come into memory, each time they did, as far as the trace says."""
        lines = [json.loads(line) for line in self.trace.read_text(encoding="utf-8").splitlines() if line]
        return [line["actor"] for line in lines if line["e"] == "ctx" and line["actor"] is not None]


@contextmanager
def serving(folder: Path, bindings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run the worker in a folder until the end of the block, with `bindings` in its environment beside the token."""
    (folder / "disk").mkdir()
    (folder / "config.capnp").write_text(_CONFIG, encoding="utf-8")
    trace = folder / "trace.jsonl"
    control, control_end = os.pipe()
    command = [
        str(locate(lambda line: print(line, file=sys.stderr))),  # noqa: T201 - the only sign of a long installation
        "serve",
        "config.capnp",
        "--experimental",
        f"--import-path={shipped('worker')}",
        f"--control-fd={control_end}",
        f"--async-trace={trace}",
    ]
    variables = {"PATH": os.environ["PATH"], "POC_TOKEN": TOKEN} | dict(bindings or {})
    with subprocess.Popen(command, cwd=folder, env=variables, pass_fds=[control_end]) as process:
        os.close(control_end)
        try:
            with os.fdopen(control, encoding="utf-8") as lines:
                said = lines.readline()
                assert said, "workerd has ended; what it said is above"
                yield Server(f"http://127.0.0.1:{json.loads(said)['port']}", trace)
        finally:
            process.kill()
