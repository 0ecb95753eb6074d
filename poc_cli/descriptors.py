"""The file descriptors that a runtime needs for its sockets; workerd exits when it runs out of them."""

import resource
from typing import Final

DESCRIPTORS_PER_SOCKET: Final = 2
"""Descriptors of workerd for each WebSocket (measured: 500 sockets, +1,009)."""

DESCRIPTORS_AT_REST: Final = 256
"""Reserved for what else workerd opens: 13 at rest, and SQLite files for each object in memory."""


def sockets_possible() -> int:
    """Return how many WebSockets one workerd can hold under this process's limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(0, (soft - DESCRIPTORS_AT_REST) // DESCRIPTORS_PER_SOCKET)
