"""A proxy on loopback between wrangler and Cloudflare's API: adds the token, retries, and records refusals."""

import asyncio
import hmac
import secrets
import socket
import threading
from dataclasses import replace
from typing import Final, Self

import httpx
from aiohttp import web

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
        self.token = secrets.token_urlsafe(32)
        self.refused: list[Refused] = []
        self.failure: TargetError | None = None
        self._ended = threading.Event()
        self._changed = threading.Condition()
        self._done: list[tuple[str, str]] = []
        self._api = replace(api, stopped=self._ended.is_set)
        self._bound = socket.create_server(("127.0.0.1", 0))
        self._loop = asyncio.new_event_loop()
        self._leaving = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="poc-relay", daemon=True)

    @property
    def url(self) -> str:
        """Return the base URL for wrangler."""
        return f"http://127.0.0.1:{self._bound.getsockname()[1]}{_PREFIX}"

    def __enter__(self) -> Self:
        """Start to serve, in a thread: whoever runs wrangler blocks until it ends."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Reject new requests and wait for pending ones; a removal would miss an upload that is still in progress."""
        self.give_up()
        self._loop.call_soon_threadsafe(self._leaving.set)
        self._thread.join(DRAINED_WITHIN_SECONDS)

    @property
    def last(self) -> Refused | None:
        """Return the last refusal below the account's path that is not just a 404.

        After a failure wrangler requests the token's user, which many tokens are not allowed to read.
        """
        found = (each for each in reversed(self.refused) if not each.is_absence and each.path.startswith("/accounts/"))
        return next(found, None)

    def wait_for(self, method: str, ending: str, seconds: float) -> bool:
        """Wait until a request whose path ends with `ending` has succeeded; False if it does not in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended.is_set() or self._succeeded(method, ending), seconds)
            return self._succeeded(method, ending)

    def give_up(self) -> None:
        """Reject all further requests."""
        self._ended.set()
        with self._changed:
            self._changed.notify_all()

    def _succeeded(self, method: str, ending: str) -> bool:
        return any(verb == method and path.endswith(ending) for verb, path in self._done)

    def admits(self, authorization: str | None) -> bool:
        """Return whether a request has the relay's token."""
        return hmac.compare_digest((authorization or "").encode(), f"Bearer {self.token}".encode())

    def passed_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Forward a request and return the API's answer; 503 if there is none."""
        if self._ended.is_set():
            return _no_answer()
        try:
            answer = self._api.send(method, path, body, headers)
        except TargetError as error:
            self.failure = error
            self._ended.set()  # all retries are used up here; wrangler would start over
            return _no_answer()
        if httpx.codes.is_success(answer.status):
            self._done.append((method, path))
        elif httpx.codes.is_error(answer.status):
            self.refused.append(Refused(method, path, answer))
        if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status == httpx.codes.TOO_MANY_REQUESTS:
            self._ended.set()
        with self._changed:
            self._changed.notify_all()
        return answer

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._served())

    async def _served(self) -> None:
        server = web.Application(client_max_size=0)
        server.router.add_route("*", "/{path:.*}", self._respond)
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=DRAINED_WITHIN_SECONDS)
        await runner.setup()
        await web.SockSite(runner, self._bound).start()
        await self._leaving.wait()
        await runner.cleanup()

    async def _respond(self, request: web.Request) -> web.Response:
        path = request.raw_path
        if not self.admits(request.headers.get("Authorization")) or not path.startswith(f"{_PREFIX}/"):
            refusal = web.Response(status=httpx.codes.FORBIDDEN, text="wrong token")
            refusal.force_close()  # the body is not read
            return refusal
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
        body = await request.read()
        answer = await asyncio.to_thread(self.passed_on, request.method, path.removeprefix(_PREFIX), headers, body)
        kept = {name: answer.headers[name] for name in _KEPT_OF_ANSWERS if name in answer.headers}
        return web.Response(status=answer.status, headers=kept, body=answer.body)


def _no_answer() -> Answer:
    return Answer(httpx.codes.SERVICE_UNAVAILABLE, {"content-type": "text/plain"}, b"no answer")
