"""What one would write without poc: two sockets, a row, an attachment, a forced sleep, and assertions."""

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

WORKER = Path(__file__).parents[2] / "worker"

SIDECAR = """
import unsafe from "workerd:unsafe";
export default { async fetch(request, env) {
  await unsafe.evict(env.ROOM.get(env.ROOM.idFromName("bench")), { webSockets: "hibernate" });
  return new Response("ok");
} };
"""

CONFIG = """
using Workerd = import "/workerd/workerd.capnp";
using Subject = import "/local.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = Subject.main),
    (name = "side", worker = (
      modules = [(name = "side.js", esModule = embed "side.js")],
      compatibilityDate = "2026-10-01", compatibilityFlags = ["experimental", "unsafe_module"],
      bindings = [(name = "ROOM", durableObjectNamespace = (className = "Room", serviceName = "main"))],
    )),
    (name = "internet", network = (allow = ["public", "private"])),
    (name = "disk", disk = (path = "disk", writable = true)),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:0", http = (), service = "main"),
    (name = "side", address = "127.0.0.1:0", http = (), service = "side"),
  ],
);
"""


async def ask(client: ClientConnection, **operation: Any) -> dict[str, Any]:
    """Send one operation and give its reply."""
    await client.send(json.dumps(operation))
    reply: dict[str, Any] = json.loads(await client.recv())
    return reply


async def evict(port: int) -> None:
    """Have the side-car evict the room."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: side\r\nConnection: close\r\n\r\n")
    assert b"200 OK" in await reader.read()
    writer.close()


async def story(http: int, side: int) -> None:
    """Check that rows, attachments and sockets survive a forced sleep."""
    url = f"ws://127.0.0.1:{http}/room/bench?name="
    headers = {"Authorization": "Bearer bench"}
    async with (
        connect(url + "ann", additional_headers=headers, ping_interval=None, proxy=None) as ann,
        connect(url + "bob", additional_headers=headers, ping_interval=None, proxy=None) as bob,
    ):
        await ask(ann, op="put", key="color", value="blue")
        before = await ask(bob, op="attach", data=7)
        await evict(side)
        after = await ask(bob, op="get", key="color")
        assert after["value"] == "blue"
        assert after["instance"] != before["instance"]
        assert after["attachment"] == 7
        assert (await ask(ann, op="who"))["sockets"] == 2


def main() -> None:
    """Start workerd, play, end it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "disk").mkdir()
        (folder / "side.js").write_text(SIDECAR, encoding="utf-8")
        (folder / "config.capnp").write_text(CONFIG, encoding="utf-8")
        command = [sys.argv[1], "serve", "config.capnp", "--experimental", "--control-fd=1", f"--import-path={WORKER}"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, env={"POC_TOKEN": "bench"}) as process:
            assert process.stdout is not None
            ports = {said["socket"]: said["port"] for said in (json.loads(process.stdout.readline()) for _ in range(2))}
            asyncio.run(story(ports["http"], ports["side"]))
            process.kill()


if __name__ == "__main__":
    main()
