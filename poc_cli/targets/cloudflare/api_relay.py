"""A proxy on loopback between wrangler and Cloudflare's API: adds the token, retries, and records refusals."""

import hmac
import secrets
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self

import httpx

from poc_cli.errors import TargetError
from poc_cli.targets.cloudflare.cloudflare_api import Answer, Api, Refused

DRAINED_WITHIN_SECONDS: Final = 30.0
"""How long to wait for a pending request after wrangler has ended: as long as one attempt may take."""

_PREFIX: Final = "/client/v4"
_DROPPED: Final = frozenset(
    [
        "authorization",
        "host",
        "connection",
        "keep-alive",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
        "te",
        "trailer",
        "upgrade",
    ]
)
_KEPT_OF_ANSWERS: Final = ("content-type", "retry-after", "cf-ray")


class Relay:
    """A relay to one account's API."""

    def __init__(self, api: Api) -> None:
        """Initialize with the API."""
        self.token = secrets.token_urlsafe(32)
        self.refused: list[Refused] = []
        self.failure: TargetError | None = None
        self._ended = threading.Event()
        self._idle = threading.Condition()
        self._under_way = 0
        self._done: list[tuple[str, str]] = []
        self._api = replace(api, stopped=self._ended.is_set)
        self._server = _Server(self)

    @property
    def url(self) -> str:
        """Return the base URL for wrangler."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{_PREFIX}"

    def __enter__(self) -> Self:
        """Start to listen."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="poc-relay", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Reject new requests and wait for pending ones; a removal would miss an upload that is still in progress."""
        self.give_up()
        self._server.shutdown()
        self._server.server_close()
        with self._idle:
            self._idle.wait_for(lambda: self._under_way == 0, DRAINED_WITHIN_SECONDS)

    @property
    def last(self) -> Refused | None:
        """Return the last refusal below the account's path that is not just a 404.

        After a failure wrangler requests the token's user, which many tokens are not allowed to read.
        """
        found = (each for each in reversed(self.refused) if not each.is_absence and each.path.startswith("/accounts/"))
        return next(found, None)

    def wait_for(self, method: str, ending: str, seconds: float) -> bool:
        """Wait until a request whose path ends with `ending` has succeeded; False if it does not in time."""
        with self._idle:
            self._idle.wait_for(lambda: self._ended.is_set() or self._succeeded(method, ending), seconds)
            return self._succeeded(method, ending)

    def give_up(self) -> None:
        """Reject all further requests."""
        self._ended.set()
        with self._idle:
            self._idle.notify_all()

    def _succeeded(self, method: str, ending: str) -> bool:
        return any(verb == method and path.endswith(ending) for verb, path in self._done)

    def admits(self, authorization: str | None) -> bool:
        """Return whether a request has the relay's token."""
        return hmac.compare_digest((authorization or "").encode(), f"Bearer {self.token}".encode())

    def passed_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Forward a request and return the API's answer; 503 if there is none."""
        with self._idle:
            if self._ended.is_set():
                return _no_answer()
            self._under_way += 1
        try:
            answer = self._api.send(method, path, body, headers)
        except TargetError as error:
            self.failure = error
            self._ended.set()  # all retries are used up here; wrangler would start over
            return _no_answer()
        finally:
            with self._idle:
                self._under_way -= 1
                self._idle.notify_all()
        with self._idle:
            if httpx.codes.is_success(answer.status):
                self._done.append((method, path))
            self._idle.notify_all()
        if httpx.codes.is_error(answer.status):
            self.refused.append(Refused(method, path, answer))
        if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status == httpx.codes.TOO_MANY_REQUESTS:
            self._ended.set()
        return answer


def _no_answer() -> Answer:
    return Answer(httpx.codes.SERVICE_UNAVAILABLE, {"content-type": "text/plain"}, b"no answer")


class _Server(ThreadingHTTPServer):
    """The HTTP server of a relay."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.relay = relay


class _Handler(BaseHTTPRequestHandler):
    """A connection from wrangler."""

    server: _Server

    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        """Handle a request of any method; wrangler may have been killed meanwhile."""
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def _answer(self) -> None:
        relay = self.server.relay
        if not relay.admits(self.headers.get("Authorization")) or not self.path.startswith(f"{_PREFIX}/"):
            self.close_connection = True  # the body is not read
            self._send(Answer(httpx.codes.FORBIDDEN, {"content-type": "text/plain"}, b"wrong token"))
            return
        body = self._body()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _DROPPED}
        self._send(relay.passed_on(self.command, self.path.removeprefix(_PREFIX), headers, body))

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - names of the standard library

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return b"".join(parts)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name in _KEPT_OF_ANSWERS:
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:  # without the header the client may reuse the connection
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the standard library
        """Log nothing."""
