"""The address and key of a run's API, reserved before it listens because the worker starts first."""

import secrets
import socket
from dataclasses import dataclass, field
from typing import Final

ALLOWED_ORIGIN: Final = "https://chat.example"
"""The only origin from which the worker accepts browser pages; the name is reserved for examples (RFC 2606)."""


LOOPBACK: Final = "127.0.0.1"


def bound_socket(port: int = 0) -> socket.socket:
    """Return a socket that is bound to a port of this machine, by default a free one, and does not listen yet.

    Raises OSError if the port is in use.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if port:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, port))
    except OSError:
        bound.close()
        raise
    return bound


@dataclass(slots=True)
class Address:
    """The API's future address and key, and an address at which nothing listens.

    The two sockets stay bound so that no other process gets their ports.
    """

    key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    listening: socket.socket = field(default_factory=bound_socket)
    deserted: socket.socket = field(default_factory=bound_socket)

    def environment(self) -> dict[str, str]:
        """Return the environment variables with the API's address; a worker must bind them to see them."""
        return {
            "POC_API_ORIGIN": _origin(self.listening),
            "POC_API_DESERTED": _origin(self.deserted),
            "POC_API_KEY": self.key,
            "POC_ALLOWED_ORIGINS": ALLOWED_ORIGIN,
        }

    def close(self) -> None:
        """Release both ports."""
        self.listening.close()
        self.deserted.close()


def environment(token: str, address: Address, version: int = 1) -> dict[str, str]:
    """Return the environment variables that a worker may bind."""
    return {"POC_TOKEN": token, "POC_VERSION": str(version), **address.environment()}


def _origin(bound: socket.socket) -> str:
    return f"http://{LOOPBACK}:{bound.getsockname()[1]}"
