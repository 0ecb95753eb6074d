"""Read messages and close frames from the bytes of an observed WebSocket connection."""

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

_BROKEN: Final = 1006  # RFC 6455 7.1.5: the code reported if no close frame came
_NO_CODE: Final = 1005  # the code reported if the close frame has none


class _FrameReader:
    """One direction of a connection."""

    def __init__(self, *, masked: bool) -> None:
        self._stream = StreamReader()
        self._frames: list[Frame] = []
        self._parts: list[Frame] = []
        self._size = 0
        self._parsing: Generator[None, None, None] | None = self._parse(masked=masked)

    def feed(self, data: bytes) -> list[Frame]:
        """Return the messages and control frames completed by the bytes; fragments are joined into one frame."""
        if self._parsing is None:
            return []
        self._stream.feed_data(data)
        try:
            next(self._parsing, None)
        except (ProtocolError, PayloadTooBig, UnicodeDecodeError):
            self._parsing = None  # the endpoints will fail the connection; stop reading
        frames, self._frames = self._frames, []
        return [joined for frame in frames if (joined := self._joined(frame)) is not None]

    def _parse(self, *, masked: bool) -> Generator[None, None, None]:
        while True:
            frame = yield from Frame.parse(self._stream.read_exact, mask=masked, max_size=LARGEST_MESSAGE)
            self._frames.append(frame)

    def _joined(self, frame: Frame) -> Frame | None:
        if frame.opcode not in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            return frame
        self._parts.append(frame)
        self._size += len(frame.data)
        if self._size > LARGEST_MESSAGE:
            self._parsing = None  # as for one frame of that size
        if not frame.fin or self._parsing is None:
            return None
        parts, self._parts, self._size = self._parts, [], 0
        return Frame(parts[0].opcode, b"".join(bytes(part.data) for part in parts))


@dataclass(slots=True)
class _CloseFrame:
    """The first close frame of one side."""

    code: int
    reason: str


class ObservedConnection:
    """Both directions of one observed connection."""

    def __init__(self) -> None:
        self._readers: dict[Side, _FrameReader] = {
            "client": _FrameReader(masked=True),
            "server": _FrameReader(masked=False),
        }
        self._closes: dict[Side, _CloseFrame] = {}

    def feed(self, side: Side, data: bytes) -> list[Payload]:
        """Return the messages completed by bytes of one side."""
        found: list[Payload] = []
        for frame in self._readers[side].feed(data):
            if frame.opcode is Opcode.TEXT:
                found.append(bytes(frame.data).decode("utf-8", "replace"))
            elif frame.opcode is Opcode.BINARY:
                found.append(bytes(frame.data))
            elif frame.opcode is Opcode.CLOSE and side not in self._closes:
                self._closes[side] = _close_frame(bytes(frame.data))
        return found

    @property
    def closed_first(self) -> Side | None:
        """Which side sent the first close frame, None if none was sent yet."""
        return next(iter(self._closes), None)

    @property
    def is_closed(self) -> bool:
        """Whether both sides sent one, so that no message can follow; TCP may stay open much longer."""
        return len(self._closes) == len(OTHER)

    def ending(self, first_gone: Side | None, dropped: str | None = None) -> Ending:
        """Return how the connection ended; `first_gone` is the side that ended first, `dropped` how poc dropped it."""
        if dropped is not None:
            return Ending("client", _BROKEN, "", clean=False, description=f"dropped by the client ({dropped.upper()})")
        answer = self._closes.get("server")
        code, reason = (_BROKEN, "") if answer is None else (answer.code, answer.reason)
        if not self._closes:
            by_client = first_gone == "client"
            who = "the client" if by_client else "the server's side"
            description = f"{who} ended the connection without a close frame"
            return Ending("client" if by_client else "nobody", code, reason, clean=False, description=description)
        by = next(iter(self._closes))
        sent = [f"the {side} sent {each.code} {each.reason}".strip() for side, each in self._closes.items()]
        missing = "" if self.is_closed else f"; no close frame from the {OTHER[by]}"
        own = self._closes.get("client")
        asked = None if own is None else (own.code, own.reason)
        return Ending(by, code, reason, clean=self.is_closed, description="; then ".join(sent) + missing, asked=asked)


def _close_frame(data: bytes) -> _CloseFrame:
    try:
        close = Close.parse(data)
    except (ProtocolError, UnicodeDecodeError):
        return _CloseFrame(_NO_CODE, "")
    return _CloseFrame(int(close.code), close.reason)
