"""How an address is reached: by which URI a WebSocket, by which URL a request, and with whose certificates."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from poc_cli.errors import UsageError

if TYPE_CHECKING:
    import httpx

EDGE: Final = "POC_EDGE"
_DEPLOYED: Final = ".workers.dev"


@dataclass(frozen=True, slots=True)
class Dial:
    """One WebSocket's URI, and what `websockets.connect` needs beside it."""

    uri: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Door:
    """An address, `http://` or `https://` without a slash at its end, and where its connections lead instead, if so."""

    url: str
    edge: str | None = None

    @property
    def host(self) -> str:
        """Return the host and port, as the Host header has them."""
        return urlsplit(self.url).netloc

    def socket(self, path: str) -> Dial:
        """Return how a WebSocket to a path is opened."""
        if self.edge is None:
            options = {"ssl": certificates()} if self.url.startswith("https:") else {}
            return Dial(self.url.replace("http", "ws", 1) + path, options)
        instead = urlsplit(self.edge)
        return Dial(f"ws://{self.host}{path}", {"host": instead.hostname, "port": instead.port or 80})

    def request(self, path: str) -> tuple[str, dict[str, str]]:
        """Return the URL of a request to a path, and the headers that it needs."""
        if self.edge is None:
            return self.url + path, {}
        return self.edge + path, {"Host": self.host}

    def client(self, timeout: float) -> "httpx.AsyncClient":
        """Return a client for such requests; it follows no redirects and uses no proxy of the environment."""
        import httpx  # 0.1 s, and most runs have no step that makes a request

        secure = self.edge is None and self.url.startswith("https:")
        return httpx.AsyncClient(trust_env=False, timeout=timeout, verify=certificates() if secure else no_tls())


@lru_cache(maxsize=1)
def no_tls() -> ssl.SSLContext:
    """Return a context that trusts nobody, for loopback, where nothing speaks TLS.

    Without it each client first reads all certificates of the machine, which takes longer than everything that it is
    then asked to do (measured: 25 ms).
    """
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@lru_cache(maxsize=1)
def certificates() -> ssl.SSLContext:
    """Return whom to trust; read once, for the same reason."""
    import httpx

    return httpx.create_ssl_context()


def door(url: str, environment: Mapping[str, str]) -> Door:
    """Return the way to an address. Raises UsageError for a POC_EDGE that is no address."""
    edge = environment.get(EDGE)
    if not edge or not (urlsplit(url).hostname or "").endswith(_DEPLOYED):
        return Door(url)
    parts = urlsplit(edge)
    if parts.scheme != "http" or not parts.hostname:
        raise UsageError(f'{EDGE} is "{edge}"', "give an address such as http://127.0.0.1:8787")
    return Door(url, f"http://{parts.netloc}")
