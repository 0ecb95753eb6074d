"""The address and key of a run's API, reserved before it listens because the worker starts first."""

import secrets
import socket
from dataclasses import dataclass, field
from typing import Final

ALLOWED_ORIGIN: Final = "https://chat.example"
"""The only origin from which the worker accepts browser pages; the name is reserved for examples (RFC 2606)."""


def _bound() -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.bind(("127.0.0.1", 0))
    return bound


@dataclass(slots=True)
class Address:
    """The API's future address and key, and an address at which nothing listens.

    The two sockets stay bound so that no other process gets their ports.
    """

    key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    listening: socket.socket = field(default_factory=_bound)
    deserted: socket.socket = field(default_factory=_bound)

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
    return f"http://127.0.0.1:{bound.getsockname()[1]}"
