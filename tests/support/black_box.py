"""A worker that is not ours, at an address: an echo that reports its instance and sleeps by a clock."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

SLEEPS_AFTER_SECONDS: Final = 10.0
"""As the documentation says of real ones."""


class BlackBox:
    """One object for all; `sleeps` says whether it leaves memory when nobody has said anything for long enough."""

    def __init__(self, *, sleeps: bool) -> None:
        """Begin its first stay in memory."""
        self.paths: list[str] = []
        self.url = ""
        self._sleeps = sleeps
        self._lock = threading.Lock()
        self._instance = str(uuid.uuid4())
        self._heard = time.monotonic()
        self._sockets = 0

    def serve(self, connection: ServerConnection) -> None:
        """Answer one client until it leaves."""
        self.paths.append(connection.request.path if connection.request is not None else "")
        with self._lock:
            self._sockets += 1
        try:
            for message in connection:
                life = {"boot": self._boot(), "sockets": self._sockets}
                connection.send(json.dumps({"you": json.loads(message), "life": life}))
        except ConnectionClosed:
            pass
        finally:
            with self._lock:
                self._sockets -= 1

    def _boot(self) -> str:
        with self._lock:
            now = time.monotonic()
            if self._sleeps and now - self._heard >= SLEEPS_AFTER_SECONDS:
                self._instance = str(uuid.uuid4())
            self._heard = now
            return self._instance


@contextmanager
def black_box(*, sleeps: bool = True) -> Iterator[BlackBox]:
    """Serve one at a free port of loopback until the end of the block."""
    box = BlackBox(sleeps=sleeps)
    server: Server = serve(box.serve, "127.0.0.1", 0)
    box.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
