"""What passes on a WebSocket is read from its bytes, however they are cut, and so is how it ended."""

import pytest
from websockets.frames import Close, CloseCode, Frame, Opcode

from poc_cli.clients import frames as wire_module
from poc_cli.clients.frames import ObservedConnection, Side


def frame(opcode: Opcode, data: bytes, *, fin: bool = True, mask: bool = False) -> bytes:
    return bytes(Frame(opcode, data, fin=fin).serialize(mask=mask))


def close(code: int, reason: str = "", *, mask: bool = False) -> bytes:
    return frame(Opcode.CLOSE, Close(code, reason).serialize(), mask=mask)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_messages_are_whole_however_the_bytes_come(size: int) -> None:
    data = (
        frame(Opcode.TEXT, "schön".encode(), mask=True)
        + frame(Opcode.BINARY, bytes(300), fin=False, mask=True)
        + frame(Opcode.PING, b"x", mask=True)
        + frame(Opcode.CONT, b"end", mask=True)
    )
    wire = ObservedConnection()
    found = [each for at in range(0, len(data), size) for each in wire.feed("client", data[at : at + size])]
    assert found == ["schön", bytes(300) + b"end"]


def test_the_two_directions_do_not_mix() -> None:
    wire = ObservedConnection()
    whole = frame(Opcode.TEXT, b"from the server")
    assert wire.feed("server", whole[:4]) == []
    assert wire.feed("client", frame(Opcode.TEXT, b"meanwhile", mask=True)) == ["meanwhile"]
    assert wire.feed("server", whole[4:]) == ["from the server"]


def test_what_is_no_frame_is_read_no_further() -> None:
    wire = ObservedConnection()
    assert wire.feed("server", b"\xff\xff\xff\xff") == []
    assert wire.feed("server", frame(Opcode.TEXT, b"later")) == []


def test_who_closed_first_and_what_came_back() -> None:
    wire = ObservedConnection()
    wire.feed("client", close(CloseCode.NORMAL_CLOSURE, "bye", mask=True))
    wire.feed("server", close(CloseCode.NORMAL_CLOSURE))
    ending = wire.ending("server")
    assert (ending.by, ending.code, ending.clean) == ("client", 1000, True)
    assert ending.description == "the client sent 1000 bye; then the server sent 1000"


def test_a_close_that_nobody_answers_is_not_clean() -> None:
    wire = ObservedConnection()
    wire.feed("server", close(4001, "go"))
    ending = wire.ending("client")
    assert (ending.by, ending.code, ending.reason, ending.clean) == ("server", 4001, "go", False)
    assert ending.description.endswith("no close frame from the client")


@pytest.mark.parametrize(("gone", "by"), [("client", "client"), ("server", "nobody")])
def test_an_end_without_a_close_frame(gone: str, by: str) -> None:
    ending = ObservedConnection().ending("client" if gone == "client" else "server")
    assert (ending.by, ending.code, ending.clean) == (by, 1006, False)


def test_a_connection_that_we_cut_is_our_doing() -> None:
    wire = ObservedConnection()
    assert wire.ending("server", "rst").description == "dropped by the client (RST)"


def test_a_message_of_many_frames_is_as_bounded_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "LARGEST_MESSAGE", 100)
    wire = ObservedConnection()
    assert wire.feed("server", frame(Opcode.TEXT, b"x" * 60, fin=False)) == []
    assert wire.feed("server", frame(Opcode.CONT, b"x" * 60)) == []
    assert wire.feed("server", frame(Opcode.TEXT, b"later")) == []


@pytest.mark.parametrize(("first", "second"), [("server", "client"), ("client", "server")])
def test_which_side_closed_first_and_whether_both_have(first: Side, second: Side) -> None:
    wire = ObservedConnection()
    wire.feed(first, close(4001, mask=first == "client"))
    assert (wire.closed_first, wire.is_closed) == (first, False)
    wire.feed(second, close(4001, mask=second == "client"))
    assert (wire.closed_first, wire.is_closed) == (first, True)
