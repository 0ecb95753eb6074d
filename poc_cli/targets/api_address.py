"""Where the API of a run will listen, and the key to it, known before anything listens: the worker starts first."""

import secrets
import socket
from dataclasses import dataclass, field
from typing import Final

ALLOWED_ORIGIN: Final = "https://chat.example"
"""The one origin from which the worker lets browser pages in; the name is reserved for examples (RFC 2606)."""


def _bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.bind(("127.0.0.1", 0))
    return made


@dataclass(slots=True)
class Address:
    """Where the API will listen, an address at which nobody does, and the key; made before anything listens.

    The two sockets are held, so that nobody else on the machine gets their ports meanwhile.
    """

    key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    listening: socket.socket = field(default_factory=_bound)
    deserted: socket.socket = field(default_factory=_bound)

    def environment(self) -> dict[str, str]:
        """Return the variables by which a worker finds the API; it has to bind them to see them."""
        return {
            "POC_API_ORIGIN": _origin(self.listening),
            "POC_API_DESERTED": _origin(self.deserted),
            "POC_API_KEY": self.key,
            "POC_ALLOWED_ORIGINS": ALLOWED_ORIGIN,
        }

    def close(self) -> None:
        """Return both ports back."""
        self.listening.close()
        self.deserted.close()


def environment(token: str, address: Address, version: int = 1) -> dict[str, str]:
    """Return the variables that a worker may bind to."""
    return {"POC_TOKEN": token, "POC_VERSION": str(version), **address.environment()}


def _origin(bound: socket.socket) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}"
