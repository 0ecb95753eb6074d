"""An API of Cloudflare's in a few literals: what it answers to each method and path, in order."""

from collections.abc import Callable
from typing import Any

import httpx

from poc_cli.targets.cloudflare.cloudflare_api import Api, RetryLimits
from poc_cli.targets.cloudflare.credentials import ApiToken

Reply = httpx.Response | httpx.TransportError
BASE = "https://api.test/client/v4"


def well(result: Any = None) -> httpx.Response:
    """Return an answer with a result."""
    return httpx.Response(200, json={"success": True, "errors": [], "messages": [], "result": result})


def ill(status: int, code: int | None = None, message: str = "no", **headers: str) -> httpx.Response:
    """Return an error as Cloudflare words it."""
    body = {"success": False, "errors": [{"code": code, "message": message}], "result": None}
    return httpx.Response(status, json=body, headers={key.replace("_", "-"): value for key, value in headers.items()})


class Script:
    """Answers each request by what was set for `METHOD path`; the last answer to a path is repeated."""

    def __init__(self) -> None:
        """Begin with no answers."""
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[str] = []

    def on(self, request: str, *replies: Reply) -> "Script":
        """Answer `METHOD path` by these, one after the other."""
        self.replies[request] = list(replies)
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        asked = f"{request.method} {request.url.raw_path.decode().removeprefix('/client/v4')}"
        self.asked.append(asked)
        replies = self.replies.get(asked) or [ill(404, 10007)]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, httpx.TransportError):
            raise reply
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)


def api(script: Callable[[httpx.Request], httpx.Response], said: list[str] | None = None, **limits: float) -> Api:
    """Return the way to it; without retries unless given."""
    retry_limits = RetryLimits(**{"failure": 0.0, "refused": 0.0, "rate_limit": 0.0, **limits})
    client = httpx.Client(transport=httpx.MockTransport(script))
    return Api(BASE, ApiToken("token-0123456789"), (said if said is not None else []).append, client, retry_limits)
