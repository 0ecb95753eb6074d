"""The routes of Workers themselves: their list, upload, versions, deployments, settings, and their removal."""

from typing import Any, Final

from aiohttp import web

from tests.standin import answers
from tests.standin.account import Account, Script
from tests.standin.answers import ok
from tests.standin.changes import Changes
from tests.standin.refusal import no_service
from tests.standin.upload import read
from tests.standin.world import World

HALF: Final = web.RequestKey("half", bool)
"""Whether the upload of this request is to be left half-finished."""


def routes(world: World, prefix: str) -> list[web.RouteDef]:
    """Return the routes."""
    here = _Scripts(world)
    workers = f"{prefix}/accounts/{{account}}/workers"
    script = f"{workers}/scripts/{{name}}"
    return [
        web.get(f"{workers}/scripts", here.all),
        web.get(f"{workers}/services/{{name}}", here.service),
        web.delete(f"{workers}/services/{{name}}", here.delete),
        web.get(f"{workers}/workers/{{name}}", here.worker),
        web.put(script, here.upload),
        web.delete(script, here.delete),
        web.get(f"{script}/settings", here.settings),
        web.get(f"{script}/script-settings", here.unversioned),
        web.patch(f"{script}/script-settings", here.change_unversioned),
        web.get(f"{script}/subdomain", here.subdomain),
        web.post(f"{script}/subdomain", here.enable),
        web.get(f"{script}/references", here.references),
        web.get(f"{script}/versions", here.versions),
        web.post(f"{script}/versions", here.store),
        web.get(f"{script}/versions/{{version}}", here.version),
        web.get(f"{script}/deployments", here.deployments),
        web.post(f"{script}/deployments", here.deploy),
    ]


class _Scripts:
    def __init__(self, world: World) -> None:
        self._world = world
        self._changes = Changes(world)

    def _account(self, request: web.Request) -> Account:
        return self._world.account(request.match_info["account"])

    def _script(self, request: web.Request) -> Script:
        return self._account(request).script(request.match_info["name"])

    async def all(self, request: web.Request) -> web.Response:
        return web.json_response(ok([answers.script(each) for each in self._account(request).scripts.values()]))

    async def service(self, request: web.Request) -> web.Response:
        scripts, name = self._account(request).scripts, request.match_info["name"]
        if name not in scripts:
            raise no_service(name)
        return web.json_response(ok(answers.service(scripts[name])))

    async def delete(self, request: web.Request) -> web.Response:
        await self._changes.remove(self._account(request), request.match_info["name"])
        return web.json_response(ok(None))

    async def worker(self, request: web.Request) -> web.Response:
        return web.json_response(ok(answers.subdomain(self._account(request), self._script(request))))

    async def upload(self, request: web.Request) -> web.Response:
        account, name = self._account(request), request.match_info["name"]
        before = dict(account.scripts[name].classes) if name in account.scripts else {}
        brought = read(request.headers.get("Content-Type", ""), await request.read())
        script, version = await self._changes.upload(account, name, brought, half=request.get(HALF, False))
        return web.json_response(ok(answers.uploaded(script, version, before)))

    async def settings(self, request: web.Request) -> web.Response:
        return web.json_response(ok(answers.settings(self._script(request))))

    async def unversioned(self, request: web.Request) -> web.Response:
        return web.json_response(ok(answers.unversioned(self._script(request))))

    async def change_unversioned(self, request: web.Request) -> web.Response:
        script = self._script(request)
        given: dict[str, Any] = await request.json()
        script.tags = given.pop("tags", None) or script.tags
        script.settings |= given
        return web.json_response(ok(answers.unversioned(script)))

    async def subdomain(self, request: web.Request) -> web.Response:
        shown = answers.subdomain(self._account(request), self._script(request))
        return web.json_response(ok(shown["subdomain"]))

    async def enable(self, request: web.Request) -> web.Response:
        self._script(request).on_workers_dev = bool((await request.json())["enabled"])
        return await self.subdomain(request)

    async def references(self, request: web.Request) -> web.Response:
        self._script(request)
        nobody = {
            "services": {"incoming": [], "pages_function": False},
            "durable_objects": [],
            "dispatch_outbounds": [],
        }
        return web.json_response(ok(nobody))

    async def versions(self, request: web.Request) -> web.Response:
        script = self._script(request)
        return web.json_response(ok({"items": [answers.version(script, each) for each in reversed(script.versions)]}))

    async def version(self, request: web.Request) -> web.Response:
        script = self._script(request)
        return web.json_response(ok(answers.version(script, script.version(request.match_info["version"]))))

    async def store(self, request: web.Request) -> web.Response:
        account, name = self._account(request), request.match_info["name"]
        brought = read(request.headers.get("Content-Type", ""), await request.read())
        script, version = await self._changes.store(account, name, brought)
        return web.json_response(ok(answers.version(script, version)))

    async def deployments(self, request: web.Request) -> web.Response:
        script = self._script(request)
        return web.json_response(
            ok({"deployments": [answers.deployment(each) for each in reversed(script.deployments)]})
        )

    async def deploy(self, request: web.Request) -> web.Response:
        account, name = self._account(request), request.match_info["name"]
        given: dict[str, Any] = await request.json()
        wanted = max(given["versions"], key=lambda each: float(each["percentage"]))["version_id"]
        annotations, strategy = given.get("annotations") or {}, given.get("code_update_strategy") or {}
        changed = await self._changes.deploy(account, name, str(wanted), annotations, strategy)
        return web.json_response(ok(answers.deployment(changed.deployments[-1])))
