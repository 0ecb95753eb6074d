"""The routes of a Worker's secrets; each change deploys a new version, as on Cloudflare."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.standin.account import SECRETS, Script
from tests.standin.answers import ok, secret
from tests.standin.changes import Changes
from tests.standin.refusal import Refusal
from tests.standin.world import World


def routes(world: World, prefix: str) -> list[web.RouteDef]:
    """Return the routes."""
    here = _Secrets(world)
    script = f"{prefix}/accounts/{{account}}/workers/scripts/{{name}}"
    return [
        web.get(f"{script}/secrets", here.all),
        web.put(f"{script}/secrets", here.put),
        web.delete(f"{script}/secrets/{{secret}}", here.delete),
        web.patch(f"{script}/secrets-bulk", here.bulk),
    ]


class _Secrets:
    def __init__(self, world: World) -> None:
        self._world = world
        self._changes = Changes(world)

    def _script(self, request: web.Request) -> Script:
        return self._world.account(request.match_info["account"]).script(request.match_info["name"])

    async def _change(self, request: web.Request, given: Mapping[str, Mapping[str, Any] | None]) -> Script:
        """Put or remove secrets; None removes."""
        script = self._script(request)
        kept = [each for each in script.bindings if each["name"] not in given]
        put = [each for each in given.values() if each is not None]
        return await self._changes.rebind(
            self._world.account(request.match_info["account"]), script.name, [*kept, *put]
        )

    async def all(self, request: web.Request) -> web.Response:
        shown = [secret(each) for each in self._script(request).bindings if each["type"] in SECRETS]
        return web.json_response(ok(shown))

    async def put(self, request: web.Request) -> web.Response:
        given = await request.json()
        await self._change(request, {given["name"]: given})
        return web.json_response(ok(secret(given)))

    async def delete(self, request: web.Request) -> web.Response:
        name = request.match_info["secret"]
        if name not in self._script(request).secrets:
            raise Refusal(404, 10056, f"The secret {name} does not exist.")
        await self._change(request, {name: None})
        return web.json_response(ok(None))

    async def bulk(self, request: web.Request) -> web.Response:
        given = await request.json()
        script = await self._change(request, given["secrets"])
        return web.json_response(ok([secret(each) for each in script.bindings if each["type"] in SECRETS]))
