"""Between wrangler and the API: the right token, the whole body, the last answer, and nothing for strangers."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from poc_cli.targets.cloudflare.api_relay import Relay
from tests.support.cloudflare_api import Script, api, ill, well


class Seen(Script):
    """Remembers what arrived."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer, and remember."""
        self.requests.append(request)
        return super().__call__(request)


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as made:
        yield made


def ask(client: httpx.Client, relay: Relay, method: str, path: str, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {relay.token}", **more.pop("headers", {})}
    return client.request(method, relay.url + path, headers=headers, **more)


def test_the_token_is_put_in_and_the_body_is_whole(client: httpx.Client) -> None:
    script = Seen()
    script.on("PUT /accounts/a/x?y=1", well("done"))
    with Relay(api(script)) as relay:
        for content in (b"a\r\nb" * 1000, iter([b"a\r\nb" * 500, b"a\r\nb" * 500])):  # with a length, and in chunks
            answer = ask(client, relay, "PUT", "/accounts/a/x?y=1", content=content, headers={"Content-Type": "x/y"})
            assert answer.json()["result"] == "done"
            [request] = script.requests
            script.requests.clear()
            assert request.content == b"a\r\nb" * 1000
            assert request.headers["Authorization"] == "Bearer token-0123456789"
            assert request.headers["Content-Type"] == "x/y"
        assert relay.wait_for("PUT", "/x?y=1", 1.0)


def test_strangers_get_nothing(client: httpx.Client) -> None:
    script = Seen()
    with Relay(api(script)) as relay:
        for headers in ({}, {"Authorization": "Bearer token-0123456789"}, {"Authorization": f"Bearer {relay.token}x"}):
            refused = client.get(relay.url + "/accounts/a", headers=headers)
            assert (refused.status_code, refused.headers["connection"]) == (403, "close")
        outside = relay.url.removesuffix("/client/v4") + "/other"
        assert client.get(outside, headers={"Authorization": f"Bearer {relay.token}"}).status_code == 403
    assert script.requests == []


def test_what_was_refused_is_remembered_and_what_is_absent_is_not_the_reason(client: httpx.Client) -> None:
    script = Seen()
    script.on("PUT /accounts/a/x", ill(403, 10037)).on("GET /user", ill(403, 10000))
    with Relay(api(script)) as relay:
        assert ask(client, relay, "GET", "/accounts/a/absent").status_code == 404
        assert relay.last is None
        assert ask(client, relay, "PUT", "/accounts/a/x").status_code == 403
        ask(client, relay, "GET", "/accounts/a/absent")
        ask(client, relay, "GET", "/user")
        assert relay.last is not None
        assert relay.last.code == 10037


def test_after_the_end_of_patience_nothing_more_is_sent(client: httpx.Client) -> None:
    script = Seen()
    script.on("PUT /accounts/a/x", httpx.ReadError("reset"), well())
    with Relay(api(script)) as relay:
        assert ask(client, relay, "PUT", "/accounts/a/x").status_code == 503
        assert ask(client, relay, "PUT", "/accounts/a/x").status_code == 503
        assert len(script.requests) == 1
        assert relay.failure is not None
