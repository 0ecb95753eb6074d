"""Who answers at an address, and in words why nobody does; asked of a small server that says what it is told to."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from poc_cli.errors import TargetError
from poc_cli.targets.base import TargetHung
from poc_cli.targets.endpoint import Endpoint
from poc_cli.targets.reachability import Host, host
from poc_cli.targets.remote import Address, Remote

OURS = '{"ok":false,"error":"not_json","message":"the message is not JSON"}'
UNAUTHORIZED = '{"ok":false,"error":"unauthorized","message":"this worker wants a bearer token"}'


@contextmanager
def saying(status: int, body: str) -> Iterator[str]:
    """Answer every request so until the end of the block; give the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked(status: int, body: str, token_from: str | None = None) -> Host:
    with saying(status, body) as url:
        return asyncio.run(host(Endpoint(url), "/room/x", {}, token_from=token_from))


@pytest.mark.parametrize(
    ("status", "body", "is_ours"),
    [
        (200, OURS, True),
        (200, "<html>", False),
        (200, "[1]", False),
        (404, "not found", False),
        (426, "upgrade", False),
        (500, "a worker's own mishap on a path that it does not know", False),
        (403, "this path is guarded", False),
    ],
)
def test_whoever_answers_can_be_played_with(*, status: int, body: str, is_ours: bool) -> None:
    assert asked(status, body).is_ours == is_ours


@pytest.mark.parametrize(
    ("status", "body", "token_from", "told"),
    [
        (401, UNAUTHORIZED, None, "requires a token (401)"),
        (401, "no", "CHAT_TOKEN", "rejects the token (401)"),
        (403, "no", "CHAT_TOKEN", "rejects the token (403)"),
        (500, "error code: 1101", None, "the worker throws an exception (Cloudflare error 1101)"),
        (429, "error code: 1027", None, "the daily request limit is used up"),
        (404, "error code: 1042", None, "Cloudflare error 1042"),
        (404, "<h1>There is nothing here yet</h1>", None, "workers.dev has no worker with this name"),
        (503, "down for\nmaintenance", None, "status 503 down for maintenance"),
        (530, "error code: 1016", None, "Cloudflare error 1016"),
    ],
)
def test_where_no_play_could_succeed_nothing_is_played(
    status: int, body: str, token_from: str | None, told: str
) -> None:
    with pytest.raises(TargetError) as refused:
        asked(status, body, token_from)
    assert told in refused.value.message
    assert refused.value.advice


def test_a_place_that_answers_anything_lives() -> None:
    with saying(404, "nothing") as url:
        asyncio.run(Remote(Address("url", Endpoint(url)), "/x").settled())


def test_a_place_that_answers_nobody_is_an_error_and_not_silence() -> None:
    with saying(503, "down") as url, pytest.raises(TargetHung, match="no longer answers"):
        asyncio.run(Remote(Address("url", Endpoint(url)), "/x").settled())
    with pytest.raises(TargetHung, match="nothing listens"):
        asyncio.run(Remote(Address("url", Endpoint("http://127.0.0.1:1")), "/x").settled())


@pytest.mark.parametrize("fault", ["server", "crash", "deploy"])
def test_a_place_that_is_not_ours_cannot_be_restarted(fault: str) -> None:
    with pytest.raises(TargetError, match="cannot be restarted by poc"):
        asyncio.run(Remote(Address("url", Endpoint("http://x")), "/x").restart(fault))  # type: ignore[arg-type]
