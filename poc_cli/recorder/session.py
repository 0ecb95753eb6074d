"""What happened at the front door while a session was recorded."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Payload = str | bytes

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A client asked for a WebSocket; `refused` is the status with which the worker refused it."""

    at_s: float
    socket: int
    address: str
    headers: Headers = ()
    refused: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A client sent a message."""

    at_s: float
    socket: int
    payload: Payload


@dataclass(frozen=True, slots=True)
class Received:
    """A client received a message."""

    at_s: float
    socket: int
    payload: Payload


@dataclass(frozen=True, slots=True)
class Ended:
    """A WebSocket ended, by a close frame of one side with a code and a reason, or without one (`dropped`)."""

    at_s: float
    socket: int
    by: Literal["client", "server", "dropped"]
    code: int = 1000
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Requested:
    """A client sent a request, and got a response."""

    at_s: float
    method: str
    address: str
    headers: Headers
    body: bytes
    status: int
    content_type: str
    answer: bytes


Happening = Opened | Sent | Received | Ended | Requested


@dataclass(frozen=True, slots=True)
class Session:
    """All of it in order, and the objects that came into memory, as their classes and hex ids."""

    happenings: tuple[Happening, ...]
    objects: tuple[tuple[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no client used a WebSocket or sent a request that a scenario would repeat."""
        return not any(isinstance(each, Opened | Requested) for each in self.happenings)


def addresses_in(session: Session) -> Iterator[str]:
    """Yield the path and query of each connection and request."""
    for each in session.happenings:
        if isinstance(each, Opened | Requested):
            yield each.address
