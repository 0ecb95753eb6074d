"""The API that the worker may call: what each path answers, who hears of it, and that nobody hears the key."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from poc_cli.targets.api_address import Address, environment
from poc_cli.targets.local_api import Api, Call


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Api, httpx.AsyncClient, dict[str, str]]]:
    address = Address()
    variables = address.environment()
    try:
        async with (
            Api(address).served() as api,
            httpx.AsyncClient(base_url=variables["POC_API_ORIGIN"], trust_env=False) as client,
        ):
            yield api, client, {"Authorization": f"Bearer {address.key}"}
    finally:
        address.close()


def played(story: Callable[[Api, httpx.AsyncClient, dict[str, str]], Awaitable[None]]) -> None:
    async def play() -> None:
        async with serving() as (api, client, key):
            await story(api, client, key)

    asyncio.run(play())


@pytest.mark.parametrize(
    ("path", "status", "key"),
    [
        ("/p/hello", 200, "right"),
        ("/p/hello?x=1", 200, "right"),
        ("/p/hello", 401, "wrong"),
        ("/p/status/500", 500, "right"),
        ("/p/status/503", 503, "right"),
        ("/p/status/500", 401, "wrong"),
        ("/p/status/x", 404, "right"),
        ("/p/status/999999999", 404, "right"),
        ("/p/slow/1", 200, "right"),
        ("/p/slow/60000", 401, "wrong"),
        ("/p/hang", 401, "wrong"),
        ("/p/drop", 401, "wrong"),
        ("/p/open", 200, "right"),
        ("/p/open", 401, "wrong"),
        ("/p/gate", 401, "wrong"),
        ("/p/other", 404, "right"),
        ("/", 404, "right"),
    ],
)
def test_each_path_has_its_status(path: str, status: int, key: str) -> None:
    async def story(_api: Api, client: httpx.AsyncClient, right: dict[str, str]) -> None:
        answer = await client.get(path, headers=right if key == "right" else {"Authorization": "Bearer wrong"})
        assert (answer.status_code, answer.json()["authorized"]) == (status, key == "right")

    played(story)


def test_calls_are_counted_for_each_play_and_told_to_it_alone() -> None:
    async def story(api: Api, client: httpx.AsyncClient, key: dict[str, str]) -> None:
        heard: list[Call] = []
        api.listen("p", heard.append)
        assert [(await client.get("/p/hello", headers=key)).json()["calls"] for _ in range(3)] == [1, 2, 3]
        assert (await client.get("/q/hello")).json()["calls"] == 1
        api.unlisten("p")
        await client.get("/p/hello", headers=key)
        assert heard == [Call("GET", "/hello", authorized=True, status=200)] * 3

    played(story)


@pytest.mark.parametrize("path", ["/p/drop", "/p/hang"])
def test_some_calls_get_no_answer(path: str) -> None:
    async def story(_api: Api, client: httpx.AsyncClient, key: dict[str, str]) -> None:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.ReadTimeout)):
            await client.get(path, headers=key, timeout=0.2)

    played(story)


@pytest.mark.parametrize("path", ["/p/slow/60000", "/p/gate"])
def test_it_ends_though_a_call_waits(path: str) -> None:
    async def story(_api: Api, client: httpx.AsyncClient, key: dict[str, str]) -> None:
        with pytest.raises(httpx.ReadTimeout):
            await client.get(path, headers=key, timeout=0.2)

    played(story)


def test_a_gate_is_closed_until_its_own_play_opens_it() -> None:
    async def story(api: Api, client: httpx.AsyncClient, key: dict[str, str]) -> None:
        api.listen("p", lambda _call: None)
        held = asyncio.create_task(client.get("/p/gate", headers=key))
        await client.get("/q/open", headers=key)
        await client.get("/p/open")  # without the key
        await client.get("/p/hello", headers=key)
        assert not held.done()
        await client.get("/p/open", headers=key)
        assert (await held).status_code == 200
        assert (await client.get("/p/gate", headers=key)).status_code == 200
        api.unlisten("p")
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/p/gate", headers=key, timeout=0.2)

    played(story)


def test_nobody_listens_at_the_deserted_address() -> None:
    async def story(_api: Api, client: httpx.AsyncClient, _key: dict[str, str]) -> None:
        address = Address()
        try:
            with pytest.raises(httpx.ConnectError):
                await client.get(address.environment()["POC_API_DESERTED"])
        finally:
            address.close()

    played(story)


def test_no_answer_holds_the_key() -> None:
    async def story(_api: Api, client: httpx.AsyncClient, key: dict[str, str]) -> None:
        secret = key["Authorization"].removeprefix("Bearer ")
        for path in ("/p/hello", "/p/status/401", f"/p/{secret}", f"/{secret}"):
            answer = await client.get(path, headers=key)
            assert secret not in answer.text + str(answer.headers)

    played(story)


def test_the_worker_is_given_the_addresses_and_both_secrets() -> None:
    address = Address()
    try:
        variables = environment("a-token", address, version=2)
    finally:
        address.close()
    assert (variables["POC_TOKEN"], variables["POC_VERSION"]) == ("a-token", "2")
    assert variables["POC_API_KEY"] == address.key
    assert variables["POC_API_ORIGIN"] != variables["POC_API_DESERTED"]
