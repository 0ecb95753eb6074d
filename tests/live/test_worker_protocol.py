"""The shipped worker's protocol on a real workerd: who may speak to it, what it answers, how it closes."""

import asyncio
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from poc_cli.residency.identity import namespaces, object_id
from poc_cli.shipped import shipped
from tests.support.server import TOKEN, Server, serving

pytestmark = pytest.mark.live

_numbers = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Yield one running worker for the tests of this file; each takes a room of its own."""
    with tempfile.TemporaryDirectory(prefix="poc-test-") as folder, serving(Path(folder)) as running:
        yield running


@pytest.fixture
def room() -> str:
    """Return a room that no other test uses, as a path."""
    return f"/room/{next(_numbers)}"


@contextmanager
def joined(server: Server, path: str, token: str | None = TOKEN) -> Iterator[ClientConnection]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    url = server.sockets_url + path
    with connect(url, additional_headers=headers, proxy=None, compression=None) as client:
        yield client


def asked(client: ClientConnection, message: Any) -> dict[str, Any]:
    """Send a message, as it is or as JSON, and give the next answer."""
    client.send(message if isinstance(message, str | bytes) else json.dumps(message))
    answer = json.loads(client.recv())
    assert isinstance(answer, dict)
    return answer


# --- who may speak


def test_without_the_token_no_object_is_touched(server: Server) -> None:
    unique_key = namespaces((shipped("worker") / "local.capnp").read_text(encoding="utf-8"))["Room"]
    for token in (None, "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper()):
        answer = server.ask("/room/forbidden", token, op="who")
        assert answer.status_code == 401
        assert answer.json()["error"] == "unauthorized"
        with pytest.raises(InvalidStatus) as refused, joined(server, "/room/forbidden", token):
            pass
        assert refused.value.response.status_code == 401
    # The trace is written whenever a context ends, in order: what is not before this object was not there.
    assert server.ask("/room/allowed", op="who").status_code == 200
    allowed = object_id(unique_key, "allowed")
    while allowed not in server.objects():
        assert server.ask("/room/allowed", op="who").status_code == 200
    assert object_id(unique_key, "forbidden") not in server.objects()


@pytest.mark.parametrize("scheme", ["Basic", "bearer", "Token"])
def test_another_scheme_is_refused(server: Server, room: str, scheme: str) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(server.sockets_url + room, additional_headers={"Authorization": f"{scheme} {TOKEN}"}, proxy=None),
    ):
        pass
    assert refused.value.response.status_code == 401


def test_a_bearer_header_admits(server: Server, room: str) -> None:
    with joined(server, room) as client:
        assert client.subprotocol is None
        assert asked(client, {"op": "who"})["ok"] is True


def test_a_browser_shows_its_token_as_a_subprotocol_which_is_echoed(server: Server, room: str) -> None:
    bearer = Subprotocol(f"poc.bearer.{TOKEN}")
    with connect(server.sockets_url + room, subprotocols=[Subprotocol("chat"), bearer], proxy=None) as client:
        assert client.subprotocol == bearer
        assert asked(client, {"op": "who"})["ok"] is True


def test_a_wrong_subprotocol_is_refused(server: Server, room: str) -> None:
    wrong = [Subprotocol("poc.bearer.wrong"), Subprotocol(TOKEN)]
    with pytest.raises(InvalidStatus) as refused, connect(server.sockets_url + room, subprotocols=wrong, proxy=None):
        pass
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("name", ["token", "access_token", "authorization", "bearer", "POC_TOKEN"])
def test_a_token_in_the_url_counts_for_nothing(server: Server, room: str, name: str) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        joined(server, f"{room}?{name}={quote(TOKEN)}&Authorization=Bearer%20{TOKEN}", token=None),
    ):
        pass
    assert refused.value.response.status_code == 401


# --- bad input

BAD_INPUT = {
    "not JSON": ("not json", "not_json"),
    "nothing": ("", "not_json"),
    "binary": (b'{"op":"who"}', "not_json"),
    "JSON that is cut off": ('{"op":"who"', "not_json"),
    "null": ("null", "not_json"),
    "a number": ("17", "not_json"),
    "a list": ('[{"op":"who"}]', "not_json"),
    "a string": ('"who"', "not_json"),
    "no op": ({}, "unknown_op"),
    "an op that is a number": ({"op": 7}, "unknown_op"),
    "an unknown op": ({"op": "explode"}, "unknown_op"),
    "a name that every object has": ({"op": "constructor"}, "unknown_op"),
    "a name from the prototype": ({"op": "__proto__"}, "unknown_op"),
    "echo without a text": ({"op": "echo"}, "bad_field"),
    "put without a key": ({"op": "put", "value": 1}, "bad_field"),
    "put without a value": ({"op": "put", "key": "k"}, "bad_field"),
    "a key that is a number": ({"op": "put", "key": 1, "value": 1}, "bad_field"),
    "an unknown store": ({"op": "get", "key": "k", "store": "tape"}, "bad_field"),
    "an alarm at a fraction": ({"op": "alarm", "in_ms": 1.5}, "bad_field"),
    "an alarm in the past": ({"op": "alarm", "in_ms": -1}, "bad_field"),
    "an alarm in words": ({"op": "alarm", "in_ms": "soon"}, "bad_field"),
    "a close code in words": ({"op": "close", "code": "normal"}, "bad_field"),
    "a reason that is a number": ({"op": "close", "code": 4000, "reason": 7}, "bad_field"),
    "a close code that may not be sent": ({"op": "close", "code": 1006}, "failed"),
    "a close code that does not fit a frame": ({"op": "close", "code": 65_536}, "bad_field"),
    "an attachment above 16,384 bytes": ({"op": "attach", "data": "x" * 17_000}, "failed"),
    "SQL that is none": ({"op": "sql", "query": "SELEKT"}, "failed"),
}


@pytest.mark.parametrize("kind", BAD_INPUT)
def test_bad_input_gets_a_typed_error_and_closes_nothing(server: Server, room: str, kind: str) -> None:
    message, code = BAD_INPUT[kind]
    with joined(server, room) as client:
        before = asked(client, {"op": "who"})
        answer = asked(client, message)
        assert (answer["ok"], answer["error"]) == (False, code)
        assert answer["message"]
        after = asked(client, {"op": "who"})
        assert after == before


@pytest.mark.parametrize("kind", [kind for kind, (message, _) in BAD_INPUT.items() if isinstance(message, dict)])
def test_an_error_names_the_request_that_it_answers(server: Server, room: str, kind: str) -> None:
    message, code = BAD_INPUT[kind]
    assert isinstance(message, dict)
    with joined(server, room) as client:
        answer = asked(client, message | {"id": 8})
        assert (answer["error"], answer["id"]) == (code, 8)


def test_an_operation_on_a_socket_is_refused_over_http(server: Server, room: str) -> None:
    answer = server.ask(room, op="attach", data=1).json()
    assert (answer["ok"], answer["error"]) == (False, "socket_only")


@pytest.mark.parametrize("pin", ["", "unknown", "constructor", "__proto__"])
def test_an_unknown_pin_is_a_bad_request(server: Server, room: str, pin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, joined(server, f"{room}?pin={pin}"):
        pass
    assert refused.value.response.status_code == 400
    assert json.loads(refused.value.response.body or b"")["error"] == "bad_field"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/room/" + "x" * 512, 200),
        ("/room/" + "x" * 513, 400),
        ("/room/" + quote("é" * 512), 200),
        ("/room/" + quote("é" * 513), 400),
        ("/room/", 404),
        ("/room/a/b", 404),
        ("/room/%ff", 404),
        ("/room/%ED%A0%80", 404),
        ("/room/%2", 404),
        ("/room/..", 404),
        ("/room/%2e%2e", 404),
        ("/room/a%2Fb", 200),
        ("/room/%00", 200),
        ("/room/%0a", 200),
        ("/room/%F0%9F%98%80", 200),
        ("/room/__proto__", 200),
        ("/rooms/a", 404),
        ("/", 404),
    ],
)
def test_a_room_has_a_name_of_up_to_512_characters(server: Server, path: str, status: int) -> None:
    assert server.ask(path, op="who").status_code == status


# --- closing


@pytest.mark.parametrize(
    ("sent", "reason", "answered"),
    [(1000, "", 1000), (1001, "away", 1001), (3000, "own", 3000), (4321, "bye-é", 4321), (4999, "x" * 123, 4999)],
)
def test_a_close_is_answered_with_its_code_and_reason(
    server: Server, room: str, sent: int, reason: str, answered: int
) -> None:
    with joined(server, room) as client:
        asked(client, {"op": "who"})
        client.close(sent, reason)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (answered, reason)


@pytest.mark.parametrize("code", [1000, 1011, 3000, 4000, 4999])
def test_the_room_closes_with_the_code_that_it_is_asked_for(server: Server, room: str, code: int) -> None:
    with joined(server, room) as client:
        client.send(json.dumps({"op": "close", "code": code, "reason": "asked"}))
        with pytest.raises(ConnectionClosed) as closed:
            client.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, "asked")


def test_a_closed_socket_is_counted_no_more(server: Server, room: str) -> None:
    with joined(server, room) as stays:
        with joined(server, room) as leaves:
            assert asked(leaves, {"op": "who"})["sockets"] == 2
        assert asked(stays, {"op": "who"})["sockets"] == 1


# --- one object a name


async def test_fifty_connections_to_one_name_meet_in_one_instance(server: Server, room: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}

    async def one(number: int) -> dict[str, Any]:
        url = f"{server.sockets_url}{room}?name=c{number}"
        async with connect_async(url, additional_headers=headers, proxy=None) as client:
            await all_are_there.wait()
            await client.send('{"op":"who"}')
            answer = json.loads(await client.recv())
            await all_are_there.wait()
            assert isinstance(answer, dict)
            return answer

    all_are_there = asyncio.Barrier(50)
    answers = await asyncio.gather(*map(one, range(50)))
    assert len({answer["instance"] for answer in answers}) == 1
    assert {(answer["boots"], answer["sockets"]) for answer in answers} == {(1, 50)}
    assert [answer["name"] for answer in answers] == [f"c{number}" for number in range(50)]


def test_another_name_is_another_object(server: Server, room: str) -> None:
    server.ask(room, op="put", key="color", value="blue")
    assert server.ask(room, op="get", key="color").json()["value"] == "blue"
    assert server.ask(f"{room}-other", op="get", key="color").json()["value"] is None


def test_what_the_worker_refuses_is_told_in_words(server: Server) -> None:
    answer = server.ask("/nowhere", op="who").json()
    assert answer["ok"] is False
    assert re.fullmatch(r"[a-z_]+", answer["error"])
    assert " " in answer["message"]
