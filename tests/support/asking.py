"""Asking the shipped worker over a WebSocket, one operation at a time, for tests of the worker itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.support.server import TOKEN, Server

PATIENCE_SECONDS = 60
"""A guard against a worker that says nothing; it answers at once, where the machine lets it."""


@contextmanager
def joined(server: Server, path: str, **options: Any) -> Iterator[ClientConnection]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = server.sockets_url + path
    with connect(url, additional_headers=headers, proxy=None, compression=None, max_size=None, **options) as client:
        yield client


def asked(client: ClientConnection, op: str, **fields: Any) -> Any:
    """Ask for an operation and give the answer."""
    client.send(json.dumps({"op": op, **fields}))
    answer = json.loads(client.recv(timeout=PATIENCE_SECONDS))
    assert isinstance(answer, dict)
    return answer


def refused(client: ClientConnection, op: str, **fields: Any) -> tuple[str, str, str | None]:
    """Ask for what is refused; give the error's code, its text and the runtime's name for it."""
    answer = asked(client, op, **fields)
    assert answer["ok"] is False
    return answer["error"], answer["message"], answer.get("type")
