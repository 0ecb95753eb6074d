"""What passes on a WebSocket that is somebody else's: its messages and how it was closed, read from the bytes."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, Literal

from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Close, Frame, Opcode
from websockets.streams import StreamReader

from poc_cli.clients.client import Ending, Payload
from poc_cli.clients.websocket import LARGEST_MESSAGE

Side = Literal["client", "server"]

OTHER: Final[dict[Side, Side]] = {"client": "server", "server": "client"}

_BROKEN: Final = 1006  # RFC 6455 7.1.5: what an endpoint is told where no close frame came
_NO_CODE: Final = 1005  # where it came without a code


class _Reading:
    """One direction of a connection."""

    def __init__(self, *, masked: bool) -> None:
        self._stream = StreamReader()
        self._frames: list[Frame] = []
        self._parts: list[Frame] = []
        self._size = 0
        self._parsing: Generator[None, None, None] | None = self._parse(masked=masked)

    def feed(self, data: bytes) -> list[Frame]:
        """Return the messages and control frames that the bytes complete; a message comes as one frame."""
        if self._parsing is None:
            return []
        self._stream.feed_data(data)
        try:
            next(self._parsing, None)
        except (ProtocolError, PayloadTooBig, UnicodeDecodeError):
            self._parsing = None  # the ends will fall out over it; there is no more to be read here
        frames, self._frames = self._frames, []
        return [whole for frame in frames if (whole := self._whole(frame)) is not None]

    def _parse(self, *, masked: bool) -> Generator[None, None, None]:
        while True:
            frame = yield from Frame.parse(self._stream.read_exact, mask=masked, max_size=LARGEST_MESSAGE)
            self._frames.append(frame)

    def _whole(self, frame: Frame) -> Frame | None:
        if frame.opcode not in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            return frame
        self._parts.append(frame)
        self._size += len(frame.data)
        if self._size > LARGEST_MESSAGE:
            self._parsing = None  # as if it had come in one frame
        if not frame.fin or self._parsing is None:
            return None
        parts, self._parts, self._size = self._parts, [], 0
        return Frame(parts[0].opcode, b"".join(bytes(part.data) for part in parts))


@dataclass(slots=True)
class _Said:
    """The first close frame of one side."""

    code: int
    reason: str


class Wire:
    """Both directions of one connection."""

    def __init__(self) -> None:
        """Begin after the handshake."""
        self._readings: dict[Side, _Reading] = {"client": _Reading(masked=True), "server": _Reading(masked=False)}
        self._closes: dict[Side, _Said] = {}

    def feed(self, side: Side, data: bytes) -> list[Payload]:
        """Return the messages that bytes of one side complete."""
        found: list[Payload] = []
        for frame in self._readings[side].feed(data):
            if frame.opcode is Opcode.TEXT:
                found.append(bytes(frame.data).decode("utf-8", "replace"))
            elif frame.opcode is Opcode.BINARY:
                found.append(bytes(frame.data))
            elif frame.opcode is Opcode.CLOSE and side not in self._closes:
                self._closes[side] = _said(bytes(frame.data))
        return found

    @property
    def closed_first(self) -> Side | None:
        """Which side sent the first close frame, None as long as none was sent."""
        return next(iter(self._closes), None)

    @property
    def is_closed(self) -> bool:
        """Whether both have, so that no message can follow; TCP may stay open much longer."""
        return len(self._closes) == len(OTHER)

    def ending(self, first_gone: Side | None, dropped: str | None = None) -> Ending:
        """Return how the connection ended; `first_gone` is whose stream ended first, `dropped` how we cut it."""
        if dropped is not None:
            return Ending("client", _BROKEN, "", clean=False, description=f"dropped by the client ({dropped.upper()})")
        answer = self._closes.get("server")
        code, reason = (_BROKEN, "") if answer is None else (answer.code, answer.reason)
        if not self._closes:
            ours = first_gone == "client"
            who = "the client" if ours else "the server's side"
            said = f"{who} broke it off without a close frame"
            return Ending("client" if ours else "nobody", code, reason, clean=False, description=said)
        by = next(iter(self._closes))
        told = [f"the {side} sent {each.code} {each.reason}".strip() for side, each in self._closes.items()]
        missing = "" if self.is_closed else f"; no close frame from the {OTHER[by]}"
        return Ending(by, code, reason, clean=self.is_closed, description="; then ".join(told) + missing)


def _said(data: bytes) -> _Said:
    try:
        close = Close.parse(data)
    except (ProtocolError, UnicodeDecodeError):
        return _Said(_NO_CODE, "")
    return _Said(int(close.code), close.reason)
