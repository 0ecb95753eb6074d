"""The routes of tails: to ask for one, to follow it by WebSocket, to end it."""

from uuid import uuid4

from aiohttp import web

from tests.standin.account import Tail
from tests.standin.answers import ok
from tests.standin.world import World

EXPIRES: str = "2099-01-01T00:00:00Z"
"""No tail of the stand-in expires; a real one does after some hours."""


def routes(world: World, prefix: str) -> list[web.RouteDef]:
    """Return the routes; the WebSocket has no token but the id of its tail, as on Cloudflare."""
    here = _Tailing(world)
    workers = f"{prefix}/accounts/{{account}}/workers"
    return [
        web.get(f"{workers}/scripts/{{name}}/tails", here.all),
        web.post(f"{workers}/scripts/{{name}}/tails", here.begin),
        web.delete(f"{workers}/scripts/{{name}}/tails/{{tail}}", here.end),
        web.get(f"{workers}/tails/by-consumer/{{name}}", here.consumers),
        web.get("/_standin/follow/{account}/{tail}", here.follow),
    ]


class _Tailing:
    def __init__(self, world: World) -> None:
        self._world = world

    def _shown(self, account: str, tail: str) -> dict[str, str]:
        address = self._world.api.replace("http:", "ws:")
        return {"id": tail, "url": f"{address}/_standin/follow/{account}/{tail}", "expires_at": EXPIRES}

    async def all(self, request: web.Request) -> web.Response:
        account, name = self._world.account(request.match_info["account"]), request.match_info["name"]
        account.script(name)
        return web.json_response(
            ok([self._shown(account.id, each.id) for each in account.tails.values() if each.script == name])
        )

    async def begin(self, request: web.Request) -> web.Response:
        account = self._world.account(request.match_info["account"])
        tail = Tail(str(uuid4()), account.script(request.match_info["name"]).name)
        account.tails[tail.id] = tail
        return web.json_response(ok(self._shown(account.id, tail.id)))

    async def end(self, request: web.Request) -> web.Response:
        account = self._world.account(request.match_info["account"])
        account.tails.pop(request.match_info["tail"], None)
        await self._world.tails.end(request.match_info["tail"])
        return web.json_response(ok(None))

    async def consumers(self, _: web.Request) -> web.Response:
        return web.json_response(ok([]))

    async def follow(self, request: web.Request) -> web.StreamResponse:
        account = self._world.account(request.match_info["account"])
        tail = account.tails.get(request.match_info["tail"])
        if tail is None:
            raise web.HTTPNotFound
        return await self._world.tails.follow(tail.id, f"{account.id}/{tail.script}", request)
