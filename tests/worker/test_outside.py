"""What the shipped worker has to do with the world outside: the API that it calls, pages, and no object at all."""

import hashlib
import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

from tests.support.asking import asked, joined, refused
from tests.support.server import Server, serving

pytestmark = pytest.mark.live

KEY = "the-key-of-the-api"

_numbers = count(1)

_ended = threading.Event()


class _Api(BaseHTTPRequestHandler):
    """Answers with what it was asked; `/silent` not at all, `/long` with more than the worker passes on."""

    def do_GET(self) -> None:
        if self.path == "/silent":
            _ended.wait(30)
            return
        told = {"path": self.path, "auth": self.headers["Authorization"]}
        body = b"x" * 65_537 if self.path == "/long" else json.dumps(told).encode()
        self.send_response(302 if self.path == "/elsewhere" else 418)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Yield one running worker, with an API to call, for the tests of this file; each takes a room of its own."""
    with ExitStack() as stack:
        api = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _Api))
        threading.Thread(target=api.serve_forever, daemon=True).start()
        stack.callback(api.shutdown)
        stack.callback(_ended.set)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="poc-test-")))
        origins = "https://one.example, https://two.example"
        address = f"http://127.0.0.1:{api.server_port}"
        bindings = {"POC_API_ORIGIN": address, "POC_API_KEY": KEY, "POC_ALLOWED_ORIGINS": origins}
        yield stack.enter_context(serving(folder, bindings))


@pytest.fixture
def room() -> str:
    """Return a room that no other test uses, as a path."""
    return f"/room/{next(_numbers)}"


@pytest.fixture
def ann(server: Server, room: str) -> Iterator[ClientConnection]:
    """Yield a client in a room of its own."""
    with joined(server, f"{room}?name=ann&tags=a,b") as client:
        yield client


def test_the_api_is_called_with_the_key_which_is_never_told(ann: ClientConnection) -> None:
    answer = asked(ann, "call", path="/x?y=1")
    assert (answer["status"], answer["body"]) == (418, {"path": "/x?y=1", "auth": "Bearer [secret]"})
    assert asked(ann, "call", path="/elsewhere")["status"] == 302
    assert asked(ann, "call", path="/long").items() >= {"body": None, "too_long": True}.items()
    assert refused(ann, "call", path="/silent", timeout_ms=100)[0] == "api_timeout"
    for path in ("//127.0.0.1:9/", "/\\127.0.0.1:9/", "http://127.0.0.1:9/", "@127.0.0.1:9/", ""):
        assert refused(ann, "call", path=path)[0] == "bad_field"
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    secret = {"present": True, "length": len(KEY), "sha256": digest}
    assert asked(ann, "secret").items() >= secret.items()


@pytest.mark.parametrize(
    ("bindings", "code"),
    [
        ({}, "api_not_configured"),
        ({"POC_API_ORIGIN": "http://127.0.0.1:9"}, "api_not_configured"),
        ({"POC_API_ORIGIN": "http://127.0.0.1:9", "POC_API_KEY": KEY}, "api_unreachable"),
    ],
)
def test_an_api_that_is_not_there(tmp_path: Path, bindings: dict[str, str], code: str) -> None:
    with serving(tmp_path, bindings) as server:
        with joined(server, "/room/a") as ann:
            assert refused(ann, "call", path="/")[0] == code
            assert asked(ann, "secret")["present"] is ("POC_API_KEY" in bindings)
        with pytest.raises(InvalidStatus), joined(server, "/room/a", origin="https://one.example"):
            pass


@pytest.mark.parametrize("origin", ["https://three.example", "null", "https://ONE.example", "https://one.example:1"])
def test_a_page_that_is_not_on_the_list_is_refused(server: Server, room: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as thrown, joined(server, room, origin=origin):
        pass
    assert thrown.value.response.status_code == 403
    assert json.loads(thrown.value.response.body or b"")["error"] == "origin_not_allowed"


@pytest.mark.parametrize("origin", ["https://one.example", "https://two.example", None])
def test_a_page_on_the_list_and_what_is_no_page_go_on(server: Server, room: str, origin: str | None) -> None:
    with joined(server, room, origin=origin) as client:
        assert asked(client, "who")["ok"] is True


def test_connections_without_an_object_share_nothing(server: Server) -> None:
    with joined(server, "/stateless?name=one") as one, joined(server, "/stateless?name=two") as two:
        assert [asked(one, "count")["count"] for _ in range(2)] == [1, 2]
        assert asked(two, "count")["count"] == 1
        assert asked(one, "who")["instance"] != asked(two, "who")["instance"]
        assert refused(two, "put", key="k")[0] == "unknown_op"
    assert server.ask("/stateless", op="who").status_code == 426
