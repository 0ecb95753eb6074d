"""The public side as a test sees it: requests and WebSockets to a Worker's own host name, by way of the edge."""

import json
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.standin.standin import StandIn


def get(cloud: StandIn, name: str, path: str = "/about") -> httpx.Response:
    """Return the answer of a Worker."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        return client.get(f"{cloud.edge}{path}", headers={"Host": cloud.host(name)})


_numbers = count(1)


def version(cloud: StandIn, name: str) -> str | None:
    """Return which version the sample says it is to somebody new; None where nothing of it answers."""
    answer = get(cloud, name, f"/about/{next(_numbers)}")  # an object that is there may keep its version
    return str(answer.json()["version"]) if answer.status_code == 200 else None


def socket(cloud: StandIn, name: str, path: str = "/room") -> ClientConnection:
    """Return a WebSocket to a Worker, open."""
    edge = urlsplit(cloud.edge)
    return connect(f"ws://{cloud.host(name)}{path}", address=(edge.hostname, edge.port), proxy=None, ping_interval=None)


def ask(client: ClientConnection, text: str = "hello") -> dict[str, Any]:
    """Send to the sample, and give what it answers."""
    client.send(text)
    answer = json.loads(client.recv(timeout=30))
    assert isinstance(answer, dict)
    return answer
