"""Our own clients as a user meets them: a redirect, a flood, and what a flood does to the play beside it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from tests.support.command import Poc
from tests.support.record import history, latest, verdicts

pytestmark = pytest.mark.live

STORY: Final = """\
name = "{name}"
title = "A story."
object = {{ class = "Room", name = "{{play}}" }}
clients = {{ ann = "/room/{{play}}?name=ann" }}
steps = [
{steps}]
[[claim]]
id = "it"
says = "What the steps say."
"""

FLOODED: Final = """\
  { connect = "ann" },
  { on = "ann", send = { op = "flood", messages = 60_000, bytes = 1 } },
  { on = "ann", expect = { op = "flood" }, within = "120s", claim = "it" },
"""

BESIDE: Final = """\
  { connect = "ann" },
  { repeat = 20, as = "i", steps = [
    { on = "ann", send = { op = "who", id = "{i}" }, expect = { op = "who", id = "{i}" }, within = "60s" },
    { idle = "100ms" },
  ] },
  { on = "ann", send = { op = "who" }, expect = { op = "who" }, within = "60s", claim = "it" },
"""


def _story(poc: Poc, name: str, steps: str) -> str:
    file = poc.folder / f"{name}.toml"
    file.write_text(STORY.format(name=name, steps=steps), encoding="utf-8")
    return f"./{file.name}"


@contextmanager
def _redirecting() -> Iterator[tuple[str, list[Request]]]:
    """Serve an address that sends every WebSocket to another place; give it, and what has come to that place."""
    seen: list[Request] = []

    def elsewhere(connection: ServerConnection) -> None:
        if connection.request is not None:
            seen.append(connection.request)

    def redirect(connection: ServerConnection, request: Request) -> Response:  # noqa: ARG001 - all are sent away
        headers = Headers(Location=f"ws://127.0.0.1:{other.socket.getsockname()[1]}/", Connection="close")
        headers["Content-Length"] = "0"
        return Response(302, "Found", headers, b"")

    other = serve(elsewhere, "127.0.0.1", 0)
    first = serve(elsewhere, "127.0.0.1", 0, process_request=redirect)
    threads = [threading.Thread(target=server.serve_forever) for server in (other, first)]
    for thread in threads:
        thread.start()
    try:
        yield f"http://127.0.0.1:{first.socket.getsockname()[1]}", seen
    finally:
        for server in (other, first):
            server.shutdown()
        for thread in threads:
            thread.join()


def test_a_redirect_is_a_refusal_and_no_header_goes_where_it_leads(poc: Poc) -> None:
    story = _story(poc, "story", '  { connect = "ann", refused = 302, claim = "it" },\n')
    with _redirecting() as (address, seen):
        secret = {"KEY": "a-secret-of-ours"}
        ran = poc.run("run", story, "--target", address, "--header-env", "X-Key=KEY", "--json", variables=secret)
    assert verdicts(ran.document()) == {"story/it": "held"}
    (failed,) = (event["data"] for event in history(latest(poc.results)) if event["kind"] == "open_failed")
    assert "the server answered 302, which poc does not follow (location: ws://" in failed["said"]
    assert seen == []


def test_a_flood_is_an_error_and_the_play_beside_it_goes_on(poc: Poc) -> None:
    ran = poc.run("run", _story(poc, "flooded", FLOODED), _story(poc, "beside", BESIDE), "--json")
    assert ran.code == 3
    document = ran.document()
    assert verdicts(document) == {"flooded/it": "error", "beside/it": "held"}
    ended = {event["play"]: event["data"] for event in history(latest(poc.results)) if event["kind"] == "play_end"}
    reason = "flooded: ann received more than 50,000 messages that no step was waiting for"
    assert ended["flooded"]["reason"] == f"flooded.toml:8:3: {reason}"
    assert not list(poc.temporary.iterdir())
