"""Endpoints of workers: URIs for WebSockets, URLs for requests, and TLS certificates."""

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
    """The URI of a WebSocket and further arguments for `websockets.connect`."""

    uri: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An `http://` or `https://` address without a trailing slash, and the address to connect to instead, if any."""

    url: str
    edge: str | None = None

    @property
    def host(self) -> str:
        """Return host and port as in the Host header."""
        return urlsplit(self.url).netloc

    def socket(self, path: str) -> Dial:
        """Return the URI and arguments to open a WebSocket to a path."""
        if self.edge is None:
            options = {"ssl": certificates()} if self.url.startswith("https:") else {}
            return Dial(self.url.replace("http", "ws", 1) + path, options)
        instead = urlsplit(self.edge)
        return Dial(f"ws://{self.host}{path}", {"host": instead.hostname, "port": instead.port or 80})

    def request(self, path: str) -> tuple[str, dict[str, str]]:
        """Return the URL of a request to a path and the headers that it needs."""
        if self.edge is None:
            return self.url + path, {}
        return self.edge + path, {"Host": self.host}

    def client(self, timeout: float) -> "httpx.AsyncClient":
        """Return an HTTP client that follows no redirects and ignores proxy settings of the environment."""
        import httpx  # takes 0.1 s, and most runs make no requests

        secure = self.edge is None and self.url.startswith("https:")
        return httpx.AsyncClient(trust_env=False, timeout=timeout, verify=certificates() if secure else no_tls())


@lru_cache(maxsize=1)
def no_tls() -> ssl.SSLContext:
    """Return an empty TLS context for loopback, where nothing uses TLS.

    Without it each client first loads all certificates of the machine, which takes longer than its requests (measured:
    25 ms).
    """
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@lru_cache(maxsize=1)
def certificates() -> ssl.SSLContext:
    """Return a TLS context with the machine's certificates, loaded once for the same reason."""
    import httpx

    return httpx.create_ssl_context()


def endpoint_of(url: str, environment: Mapping[str, str]) -> Endpoint:
    """Return the endpoint of an address. Raises UsageError if POC_EDGE is not an address."""
    edge = environment.get(EDGE)
    if not edge or not (urlsplit(url).hostname or "").endswith(_DEPLOYED):
        return Endpoint(url)
    parts = urlsplit(edge)
    if parts.scheme != "http" or not parts.hostname:
        raise UsageError(
            f'{EDGE}="{edge}" is not a valid address', "set it to an address such as http://127.0.0.1:8787"
        )
    return Endpoint(url, f"http://{parts.netloc}")
