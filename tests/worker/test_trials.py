"""The trials of the shipped worker on a real workerd: what each answers, and the error where there is one."""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from poc_cli.residency.identity import object_id
from tests.support.asking import PATIENCE_SECONDS, asked, joined, refused
from tests.support.server import Server, serving

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


@pytest.fixture
def ann(server: Server, room: str) -> Iterator[ClientConnection]:
    """Yield a client in a room of its own."""
    with joined(server, f"{room}?name=ann&tags=a,b") as client:
        yield client


# --- pins

PINS = ["interval", "timeout", "fetch", "waituntil", "outgoing", "outgoing_fetch"]


def test_pins_are_counted_and_released(ann: ClientConnection) -> None:
    for number, kind in enumerate(PINS, start=1):
        assert asked(ann, "pin", kind=kind)["pins"] == number
    assert asked(ann, "release")["released"] == len(PINS)
    assert asked(ann, "release")["released"] == 0


@pytest.mark.parametrize("pin", PINS)
def test_a_pin_at_connecting_is_released_too(server: Server, room: str, pin: str) -> None:
    with joined(server, f"{room}?pin={pin}") as client:
        assert asked(client, "release")["released"] == 1


def test_an_awaited_fetch_answers_when_it_ends_and_a_hung_handler_never(ann: ClientConnection) -> None:
    assert asked(ann, "pin", kind="fetch_awaited", ms=1)["ended"] == "finished"
    ann.send('{"op":"pin","kind":"fetch_awaited","id":1}')
    ann.send('{"op":"pin","kind":"hang","id":2}')
    assert asked(ann, "release", id=3)["released"] == 2
    answer = json.loads(ann.recv(timeout=PATIENCE_SECONDS))
    assert (answer["id"], answer["ended"]) == (1, "released")
    assert asked(ann, "who", id=4)["id"] == 4


def test_a_time_is_for_pins_that_end_by_themselves(ann: ClientConnection) -> None:
    assert refused(ann, "pin", kind="interval", ms=5)[0] == "bad_field"
    assert refused(ann, "pin", kind="tape")[0] == "bad_field"
    asked(ann, "pin", kind="timeout", ms=1)
    asked(ann, "sleep", ms=50)
    assert asked(ann, "release")["released"] == 0


# --- what a socket and a room keep


def test_auto_responses(ann: ClientConnection) -> None:
    assert asked(ann, "auto_get").items() >= {"request": "ping", "response": "pong"}.items()
    assert asked(ann, "auto_timestamp")["timestamp"] is None
    asked(ann, "auto", request="beat", response="é" * 1024)
    ann.send("beat")
    assert ann.recv(timeout=PATIENCE_SECONDS) == "é" * 1024
    assert asked(ann, "auto_timestamp")["timestamp"] > 0
    for fields in ({"request": "x" * 2049, "response": ""}, {"request": "", "response": "x" * 2049}):
        code, text, kind = refused(ann, "auto", **fields)
        assert (code, kind) == ("failed", "RangeError")
        assert "cannot be larger than 2048 bytes" in text
    asked(ann, "auto_unset")
    assert asked(ann, "auto_get").items() >= {"request": None, "response": None}.items()


@pytest.mark.parametrize("name", ["", "ann", "é", "ćaé", "ćaéx", "😀", "x" * 200])
def test_an_attachment_of_exactly_the_limit(server: Server, room: str, name: str) -> None:
    with joined(server, f"{room}?name={quote(name)}") as client:
        fitting = asked(client, "attach_bytes", bytes=16_384)
        assert fitting["bytes"] == 16_384
        code, text, _ = refused(client, "attach_bytes", bytes=16_385)
        assert (code, text.endswith("'attachment' was 16385 bytes.")) == ("failed", True)
        assert asked(client, "attach_length")["length"] == fitting["length"]


def test_attachments(ann: ClientConnection) -> None:
    asked(ann, "attach", data=1)
    mutated = asked(ann, "attach_mutate", data=2)
    assert (mutated["mutated"], mutated["attachment"]) == (2, 1)
    types = asked(ann, "attach_types")["types"]
    code, _, kind = refused(ann, "attach_function")
    assert (code, kind) == ("failed", "DataCloneError")
    check = asked(ann, "attach_types_check")
    assert (check["equal"], check["different"], check["name"]) == (types, [], "ann")
    asked(ann, "attach", data=1)
    assert asked(ann, "attach_types_check")["different"] == types


def test_a_crowd_in_another_room(server: Server, room: str, ann: ClientConnection) -> None:
    holder = f"{room}-holder"

    def held(op: str, **fields: Any) -> dict[str, Any]:
        said: dict[str, Any] = server.ask(holder, op=op, **fields).json()
        return said

    name = room.removeprefix("/room/")
    assert held("crowd", room=name, sockets=3).items() >= {"opened": 3, "refused": 0, "held": 3, "error": None}.items()
    assert asked(ann, "broadcast", text="hi")["event"] == "broadcast"
    assert json.loads(ann.recv(timeout=PATIENCE_SECONDS))["reached"] == 4
    assert held("crowd_heard").items() >= {"heard_by": 3, "messages": 3, "fewest": 1, "most": 1}.items()
    assert held("crowd_ask")["asked"] == 3
    assert held("crowd_heard")["messages"] == 3
    assert held("crowd_heard", within_ms=1).items() >= {"heard_by": 0, "fewest": 0}.items()
    assert held("crowd_close", sockets=2).items() >= {"closing": 2, "answered": True, "held": 1}.items()
    assert asked(ann, "who")["sockets"] == 2
    assert held("crowd", sockets=1)["error"] == "bad_field"


def test_tags_and_sockets(server: Server, room: str, ann: ClientConnection) -> None:
    assert asked(ann, "tags")["tags"] == ["name:ann", "a", "b"]
    assert asked(ann, "tagged", tag="b")["tagged"] == 1
    assert asked(ann, "sockets")["by_state"] == {"connecting": 0, "open": 1, "closing": 0, "closed": 0}
    many = ",".join(map(str, range(11)))
    for tags, words in ((many, "cannot have more than 10 tags"), ("x" * 257, "max tag length (256 characters)")):
        with pytest.raises(InvalidStatus) as thrown, joined(server, f"{room}?tags={tags}"):
            pass
        assert thrown.value.response.status_code == 400
        answer = json.loads(thrown.value.response.body or b"")
        assert (answer["error"], words in answer["message"]) == ("failed", True)
    assert asked(ann, "sockets")["count"] == 1


def test_others_are_closed_by_their_name(server: Server, room: str, ann: ClientConnection) -> None:
    with joined(server, f"{room}?name=bob", close_timeout=0.1) as bob:
        assert asked(ann, "kick", name="eve", code=4001)["kicked"] == 0
        assert asked(ann, "kick", name="bob", code=4001, reason="out")["kicked"] == 1
        with pytest.raises(ConnectionClosed):
            bob.recv()
        assert (bob.close_code, bob.close_reason) == (4001, "out")


def test_counts_alarms_and_timeouts(ann: ClientConnection) -> None:
    assert [asked(ann, "global")["global"] for _ in range(2)] == [1, 2]
    assert [asked(ann, "seq")["seq"] for _ in range(2)] == [1, 2]
    assert asked(ann, "alarm_get")["alarm"] is None
    asked(ann, "alarm", in_ms=60_000)
    assert asked(ann, "alarm_get")["alarm"] > 0
    asked(ann, "alarm_delete")
    assert asked(ann, "alarm_get")["alarm"] is None
    assert asked(ann, "remind", what="tea", in_ms=60_000)["what"] == "tea"
    later = asked(ann, "alarm_get")["alarm"]
    asked(ann, "remind", what="bus", in_ms=30_000)
    assert asked(ann, "alarm_get")["alarm"] < later
    assert asked(ann, "event_timeout", ms=1_000)["timeout_ms"] == 1_000
    assert refused(ann, "event_timeout", ms=604_800_001)[1] == "Event timeout should not exceed 604800000 ms."
    assert refused(ann, "event_timeout", ms=-1)[2] == "TypeError"
    assert asked(ann, "event_timeout_get")["timeout_ms"] == 1_000
    assert asked(ann, "event_timeout", ms=0)["timeout_ms"] is None


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 5000])
def test_an_illegal_close_leaves_the_socket_open(ann: ClientConnection, code: int) -> None:
    told = ("failed", f"Invalid WebSocket close code: {code}.", "InvalidAccessError")
    assert refused(ann, "close", code=code) == told
    assert refused(ann, "close", code=4000, reason="x" * 124)[2] == "SyntaxError"
    assert asked(ann, "who")["ok"] is True


def test_frames(ann: ClientConnection) -> None:
    ann.send('{"op":"binary","bytes":300}')
    assert ann.recv(timeout=PATIENCE_SECONDS) == bytes(number & 0xFF for number in range(300))
    assert json.loads(ann.recv(timeout=PATIENCE_SECONDS))["bytes"] == 300
    ann.send(b"\x01\x00")
    assert ann.recv(timeout=PATIENCE_SECONDS) == b"\x01\x00"
    for strange in (b"", b"\x03\x01"):
        ann.send(strange)
        assert json.loads(ann.recv(timeout=PATIENCE_SECONDS))["error"] == "not_json"
    assert asked(ann, "length", text="é" * 1000)["length"] == 1000


# --- what goes wrong, and beginning anew


def test_closes_and_errors_are_listed(server: Server, room: str) -> None:
    with joined(server, f"{room}?name=bob") as bob:
        asked(bob, "who")
        bob.close(4321, "bye")
    # The server leaves the connection open for ten seconds more (measured); nobody waits for that.
    with joined(server, f"{room}?name=eve", close_timeout=0.1) as eve:
        # The head of a text of 32 MiB and one byte: it is refused before the rest has come.
        eve.socket.sendall(b"\x81\xff" + ((32 << 20) + 1).to_bytes(8) + bytes(4))
    events: list[dict[str, Any]] = []
    while len(events) < 2:
        events = server.ask(room, op="events").json()["events"]
    close, error = events
    assert (close["kind"], close["code"], close["reason"], close["clean"]) == ("close", 4321, "bye", True)
    assert (error["kind"], error["name"], error["clean"]) == ("error", "eve", None)
    assert "Message is too large" in error["reason"]


def test_uncaught_errors_close_nothing(ann: ClientConnection) -> None:
    before = asked(ann, "who")
    asked(ann, "throw_later", ms=1)
    asked(ann, "reject")
    asked(ann, "sleep", ms=50)
    assert asked(ann, "who") == before


def test_the_next_constructor_after_a_sleep_does_what_it_is_told_once(server: Server) -> None:
    rooms = {what: f"/room/told-{what}" for what in ("throw", "slow", "write_then_throw")}
    objects = [object_id("poc-room", room.removeprefix("/room/")) for room in rooms.values()]
    with ExitStack() as open_:
        clients = {what: open_.enter_context(joined(server, room)) for what, room in rooms.items()}
        for what, client in clients.items():
            assert asked(client, "boot").items() >= {"ready": True, "boots": 1}.items()
            asked(client, "next_boot", what=what)
        give_up = time.monotonic() + 60
        while not server.have_left(objects):  # by the idle timer
            assert time.monotonic() < give_up
            time.sleep(0.1)
        for what, room in rooms.items():
            assert server.ask(room, op="boot").status_code == (200 if what == "slow" else 500)
    for what, room in rooms.items():
        then = server.ask(room, op="boot").json()
        # A constructor that throws takes back what it wrote, the count of the boot included.
        assert (then["boots"], then["ready"], then["constructed_ms"] >= 200) == (2, True, what == "slow")
        assert server.ask(room, op="get", key="next_boot").json()["value"] is None
