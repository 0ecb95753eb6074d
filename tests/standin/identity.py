"""The routes that tell who somebody is: the token, the user, the accounts, and what an account has beside Workers."""

from aiohttp import web

from tests.standin.answers import ok, page
from tests.standin.refusal import Refusal, no_subdomain
from tests.standin.tokens import Token, authenticated
from tests.standin.world import World


def routes(world: World, prefix: str) -> list[web.RouteDef]:
    """Return the routes."""
    here = _Identity(world)
    account = f"{prefix}/accounts/{{account}}"
    return [
        web.get(f"{prefix}/user/tokens/verify", here.verify),
        web.get(f"{prefix}/user", here.user),
        web.get(f"{prefix}/accounts", here.accounts),
        web.get(account, here.account),
        web.get(f"{prefix}/memberships", here.memberships),
        web.get(f"{account}/workers/subdomain", here.subdomain),
        web.put(f"{account}/workers/subdomain", here.register),
        web.get(f"{account}/workers/subdomains/{{name}}", here.free_subdomain),
        web.get(f"{account}/storage/kv/namespaces", here.nothing),
        web.get(f"{account}/workers/durable_objects/namespaces", here.namespaces),
    ]


class _Identity:
    def __init__(self, world: World) -> None:
        self._world = world

    def _token(self, request: web.Request) -> Token:
        return authenticated(self._world.tokens, request.headers.get("Authorization"))

    async def verify(self, request: web.Request) -> web.Response:
        token = self._token(request)
        return web.json_response(ok({"id": "0" * 32, "status": token.status}))

    async def user(self, _: web.Request) -> web.Response:
        return web.json_response(ok({"id": "0" * 32, "email": self._world.email}))

    async def accounts(self, request: web.Request) -> web.Response:
        token = self._token(request)
        seen = [each for each in self._world.accounts if token.sees(each.id)]
        return web.json_response(page([{"id": each.id, "name": each.name, "type": "standard"} for each in seen]))

    async def account(self, request: web.Request) -> web.Response:
        account = self._world.account(request.match_info["account"])
        return web.json_response(ok({"id": account.id, "name": account.name, "type": "standard"}))

    async def memberships(self, request: web.Request) -> web.Response:
        token = self._token(request)
        seen = [each for each in self._world.accounts if token.sees(each.id)]
        found = [
            {
                "id": each.id,
                "status": "accepted",
                "roles": ["Administrator"],
                "account": {"id": each.id, "name": each.name},
            }
            for each in seen
        ]
        return web.json_response(page(found))

    async def subdomain(self, request: web.Request) -> web.Response:
        account = self._world.account(request.match_info["account"])
        if account.subdomain is None:
            raise no_subdomain()
        return web.json_response(ok({"subdomain": account.subdomain}))

    async def register(self, request: web.Request) -> web.Response:
        account = self._world.account(request.match_info["account"])
        account.subdomain = str((await request.json())["subdomain"])
        return web.json_response(ok({"subdomain": account.subdomain}))

    async def free_subdomain(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if any(each.subdomain == name for each in self._world.accounts):
            raise Refusal(409, 10031, f"The subdomain {name} is taken.")
        raise Refusal(404, 10032, f"The subdomain {name} is free.")

    async def nothing(self, _: web.Request) -> web.Response:
        return web.json_response(page([]))

    async def namespaces(self, request: web.Request) -> web.Response:
        account = self._world.account(request.match_info["account"])
        found = [
            {
                "id": each.key,
                "name": f"{script.name}_{name}",
                "script": script.name,
                "class": name,
                "use_sqlite": each.sqlite,
            }
            for script in account.scripts.values()
            for name, each in script.classes.items()
        ]
        return web.json_response(page(found))
