"""The API's outside: every request is written down, meets its fault, shows its token, and only then reaches a route.

Holds no route, and changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from tests.standin import identity, scripts, secrets_of, tailing
from tests.standin.answers import refused
from tests.standin.edge import reset
from tests.standin.faults import Fault, words
from tests.standin.refusal import Refusal
from tests.standin.tokens import authenticated, permit
from tests.standin.world import Request, World

PREFIX: Final = "/client/v4"
LARGEST_UPLOAD: Final = 64 * 1024 * 1024
"""Bytes of a request; Cloudflare takes 10 MB of a Worker compressed, and source maps beside it."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(world: World) -> web.Application:
    """Return the whole API, with the stand-in's own switches beside it."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path
        if not path.startswith(f"{PREFIX}/"):
            return await handler(request)
        return await _guarded(world, request, path.removeprefix(PREFIX), handler)

    app = web.Application(middlewares=[guarded], client_max_size=LARGEST_UPLOAD)
    for routes in (identity, scripts, secrets_of, tailing):
        app.add_routes(routes.routes(world, PREFIX))
    app.add_routes(_switches(world))
    return app


async def _guarded(world: World, request: web.Request, path: str, handler: Handler) -> web.StreamResponse:
    fault = world.faults.strike(request.method, path)
    kind = None if fault is None else fault.kind
    status: int | None = None
    try:
        answer = await _answer(world, request, path, handler, fault)
        if kind == "lost":
            answer = _broken(request)
        elif kind != "reset":
            status = answer.status
        return answer
    finally:
        world.requests.append(Request(request.method, path, status, kind))


async def _answer(
    world: World, request: web.Request, path: str, handler: Handler, fault: Fault | None
) -> web.StreamResponse:
    try:
        if fault is not None:
            if fault.kind == "reset":
                return _broken(request)
            if fault.kind in ("status", "html"):
                await request.read()  # as a server does that answers after having read
                return _failing(fault)
            if fault.kind == "slow":
                await asyncio.sleep(fault.ms / 1000)
            request[scripts.HALF] = fault.kind == "half"
        permit(authenticated(world.tokens, request.headers.get("Authorization")), request.method, path)
        return await handler(request)
    except Refusal as refusal:
        body = refused(refusal.code, refusal.message)
        return web.json_response(body, status=refusal.status, headers=dict(refusal.headers))
    except web.HTTPException as error:
        if error.status in (404, 405):
            sentence = f"The stand-in has no route for {request.method} {path}."
            return web.json_response(refused(7000, sentence), status=error.status)
        raise


def _failing(fault: Fault) -> web.Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.kind == "html":
        text = f"<html><head><title>{fault.status} Error</title></head><body>cloudflare</body></html>"
        return web.Response(text=text, status=fault.status, content_type="text/html", headers=headers)
    return web.json_response(refused(*words(fault)), status=fault.status, headers=headers)


def _broken(request: web.Request) -> web.Response:
    """Break the connection. The answer that it gives is for the server's own order; nobody gets it."""
    if isinstance(request.transport, asyncio.Transport):
        reset(request.transport)
    return web.Response()


def _switches(world: World) -> list[web.RouteDef]:
    async def put_faults(request: web.Request) -> web.Response:
        try:
            world.faults.replace(await request.json())
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"ok": True})

    async def collect(request: web.Request) -> web.Response:
        events: list[dict[str, Any]] = await request.json()
        await world.tails.tell(f"{request.match_info['account']}/{request.match_info['name']}", events)
        return web.Response()

    async def look(_: web.Request) -> web.Response:
        accounts = [
            {
                "id": account.id,
                "subdomain": account.subdomain,
                "scripts": sorted(account.scripts),
                "ours": account.ours,
                "live_tails": account.live_tails,
            }
            for account in world.accounts
        ]
        requests = [f"{each.method} {each.path} {each.status} {each.fault or ''}".strip() for each in world.requests]
        return web.json_response({"accounts": accounts, "running": world.stage.running, "requests": requests})

    return [
        web.put("/_standin/faults", put_faults),
        web.get("/_standin/account", look),
        web.post("/_standin/tail/{account}/{name}", collect),
    ]
