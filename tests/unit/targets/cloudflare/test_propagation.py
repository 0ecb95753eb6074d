"""A version counts as there once it has answered several times in a row, and not before."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from poc_cli.errors import TargetError
from poc_cli.targets.cloudflare.propagation import IN_A_ROW, Awaited, wait

Reply = tuple[int, bytes]
NOT_YET: Reply = (404, b"<title>There is nothing here yet</title>error code: 1042")
OLD: Reply = (200, b'{"version": "1"}')
NEW: Reply = (200, b'{"version": "2"}')


@contextmanager
def edge(*replies: Reply) -> Iterator[tuple[str, list[str]]]:
    """Answer by these in order, the last one again and again; gives the address and what was asked."""
    left, asked = list(replies), list[str]()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append(f"{self.command} {self.path} {self.headers.get('Authorization')}")
            status, body = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - names of the standard library's

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_right_version_must_answer_in_a_row() -> None:
    phases: list[str] = []
    with edge(NOT_YET, (401, b""), OLD, NEW, OLD, NEW) as (url, asked):
        wait(Awaited(url, {"Authorization": "Bearer t"}, 2), phases.append)
    assert len(asked) == 5 + IN_A_ROW
    assert re.fullmatch(r"POST /room/poc-propagation-[0-9a-f]{12} Bearer t", asked[0])
    assert len(set(asked)) == len(asked)  # an object in memory may keep its code
    assert [each.partition(": ")[2] for each in phases] == [
        "workers.dev does not know it yet",
        "status 401",
        "version 1 instead of 2",
        "version 1 instead of 2",
    ]


def test_any_answer_of_a_strangers_worker_counts_but_the_edges_own() -> None:
    with edge(NOT_YET, (522, b""), (404, b"no such page")) as (url, asked):
        wait(Awaited(url, {}, None), lambda _: None)
    assert len(asked) == 2 + IN_A_ROW
    assert asked[0].startswith("GET / ")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (OLD, "version 1 instead of 2"),
        ((200, b"hello"), "not JSON"),
        ((200, b"[]"), "not JSON"),
        ((500, b""), "status 500"),
    ],
)
def test_what_never_comes_is_told(reply: Reply, said: str) -> None:
    with edge(reply) as (url, _), pytest.raises(TargetError, match=said):
        wait(Awaited(url, {}, 2), lambda _: None, seconds=0.0)


def test_nobody_there_is_told() -> None:
    with edge(NEW) as (url, _):
        pass
    with pytest.raises(TargetError, match="no response"):
        wait(Awaited(url, {}, 2), lambda _: None, seconds=0.0)
