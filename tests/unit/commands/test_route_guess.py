"""The path at which a project's objects are reached, as its code says it."""

import pytest

from poc_cli.commands.route_guess import Route, route_in

BINDINGS = {"ROOM": "Room"}
NAMED = "env.ROOM.idFromName(room)"


def path_in(code: str, *more: str) -> str | None:
    return route_in([code, *more], BINDINGS, ["Room"]).path


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ('app.get("/rooms/:room/ws", upgrade)', "/rooms/{play}/ws"),
        ('if (url.pathname.startsWith("/parties/main/"))', "/parties/main/{play}"),
        ("const found = url.pathname.match(/^\\/api\\/room\\/([^/]+)$/)", "/api/room/{play}"),
        ("url.pathname.match(/^\\/room\\/(?<room>[^/]+)\\/ws$/)", "/room/{play}/ws"),
        ('env.ROOM.idFromName(url.searchParams.get("room") ?? "lobby")', "/?room={play}"),
        ('const [, a, b] = url.pathname.split("/"); if (a === "live" && up === "websocket")', "/live/{play}"),
        ('const name = new URL(request.url).pathname.split("/")[1]', "/{play}"),
        ("env.ROOM.getByName(url.pathname.slice(1))", "/{play}"),
        ("export default {}", None),
    ],
)
def test_paths(code: str, path: str | None) -> None:
    assert path_in(code) == path


@pytest.mark.parametrize(
    ("code", "path"),
    [
        # the route whose handler names the object, not the first
        (
            f'app.get("/users/:id", list).get("/api/rooms/:room/ws", (c) => {{ {NAMED} }})',
            "/api/rooms/{play}/ws",
        ),
        (
            'app.get("/:team/rooms/:room{[a-z0-9-]+}", (c) => env.ROOM.idFromName(c.req.param("room")))',
            "/x/rooms/{play}",
        ),
        ('const app = new Hono().basePath("/api"); app.get("/chat/:room?", (c) => {})', "/api/chat/{play}"),
        (
            'const r = Router(); const games = Router({ base: "/game" }); games.get("/:room/ws", join)',
            "/game/{play}/ws",
        ),
        ('app.route("/v1", rooms); rooms.get("/ws/:room", (c) => {})', "/v1/ws/{play}"),
        ('const route = new URLPattern({ pathname: "/live/:room" });', "/live/{play}"),
        (
            'app.get("/ws", (c) => { const room = c.req.query("room"); return env.ROOM.idFromName(room); })',
            "/ws?room={play}",
        ),
        ('app.route("/editor", yRoute<Env>((env) => env.ROOM))', "/editor/{play}"),
    ],
)
def test_routes_of_hono_and_others(code: str, path: str) -> None:
    assert path_in(code) == path


def test_the_query_goes_with_the_path_that_is_compared() -> None:
    code = (
        'if (url.pathname === "/api/health") return ok; if (url.pathname === "/websocket") {'
        ' const room = url.searchParams.get("room"); return env.ROOM.get(env.ROOM.idFromName(room)).fetch(request); }'
    )
    assert path_in(code) == "/websocket?room={play}"


def test_a_path_that_only_the_object_compares() -> None:
    front = 'if (url.pathname === "/health") return ok; env.ROOM.idFromName(url.searchParams.get("room"))\n'
    room = 'class Room { fetch() { if (url.pathname === "/status") return; if (url.pathname === "/websocket") go(); } }'
    assert path_in(front + room) == "/websocket?room={play}"


def test_a_front_that_walks_down_a_path() -> None:
    front = (
        'const path = url.pathname.slice(1).split("/"); switch (path[0]) { case "api": return api(path.slice(1)); }'
        ' async function api(path) { switch (path[0]) { case "room": { const id = env.ROOM.idFromName(path[1]);'
        ' const next = new URL(request.url); next.pathname = "/" + path.slice(2).join("/"); } } }\n'
    )
    room = 'export class Room { async fetch() { switch (url.pathname) { case "/websocket": accept(); } } }'
    assert path_in(front + room) == "/api/room/{play}/websocket"


@pytest.mark.parametrize(
    ("code", "binding", "path"),
    [
        ("(await routePartykitRequest(request, env)) || notFound", "ChatRoom", "/parties/chat-room/{play}"),
        ("routePartykitRequest(request, env)", "CHAT_ROOM", "/parties/chat-room/{play}"),
        ('routePartykitRequest(request, env, { prefix: "live/rooms" })', "Main", "/live/rooms/main/{play}"),
        ("routeAgentRequest(request, env)", "MyAgent", "/agents/my-agent/{play}"),
        ('app.use("*", agentsMiddleware())', "Chat", "/agents/chat/{play}"),
        ('import { routeAgentRequest } from "agents"; app.get("/x/:y", z)', "Chat", "/x/{play}"),
        (
            (
                'partyserverMiddleware({ options: { onBeforeConnect(req) { const t = url.searchParams.get("token");\n'
                " if (!t) return refuse(); } } })"
            ),
            "Chat",
            "/parties/chat/{play}?token=ann",
        ),
    ],
)
def test_routers_of_partyserver_and_agents(code: str, binding: str, path: str) -> None:
    assert route_in([code], {binding: "Room"}, ["Room"]) == Route("Room", "{play}", path)


def test_the_class_with_the_sockets_is_chosen_among_several() -> None:
    limiter = 'import { DurableObject } from "x";\nexport class Limiter extends DurableObject { take() {} }\n'
    room = "export class Room extends DurableObject {\n  fetch() { this.ctx.acceptWebSocket(server); }\n}\n"
    front = 'export default { fetch(r, env) { env.ROOMS.idFromName(new URL(r.url).pathname.split("/")[1]); } };'
    bindings = {"LIMITERS": "Limiter", "ROOMS": "Room"}
    assert route_in([limiter + room + front], bindings, ["Limiter", "Room"]) == Route("Room", "{play}", "/{play}")
    imported = 'import { routeAgentRequest } from "agents";\n'
    server = f"{imported}export class Game extends Server<Env> {{}}\nroutePartykitRequest<Env>(r, env);"
    served = route_in([limiter, server], {"LIMITERS": "Limiter", "Game": "Game"}, ["Limiter", "Game"])
    assert served == Route("Game", "{play}", "/parties/game/{play}")


def test_an_agent_that_speaks_http_is_not_chosen() -> None:
    code = "class Tools extends McpAgent<Env> {}\nclass Chat extends AIChatAgent<Env> {}\nrouteAgentRequest(r, env)"
    bindings = {"Tools": "Tools", "Chat": "Chat"}
    assert route_in([code], bindings, ["Tools", "Chat"]) == Route("Chat", "{play}", "/agents/chat/{play}")


@pytest.mark.parametrize(
    ("code", "takes"),
    [
        ("class Room extends DurableObject { fetch() { return new Response(); } }", False),
        ("class Room extends DurableObject { fetch() { this.ctx.acceptWebSocket(server); } }", True),
        ("class Room extends DurableObject { fetch() { return opened(this); } }\nnew WebSocketPair();", True),
        ("class Room extends Server {}", True),
        ("class Room extends OfAPackage {}", True),
        ('export { Room } from "rooms";', True),
    ],
)
def test_whether_a_class_accepts_sockets(code: str, takes: bool) -> None:  # noqa: FBT001
    assert route_in([code], BINDINGS, ["Room"]).takes_sockets is takes


def test_comments_are_not_code() -> None:
    code = (
        "// return routeAgentRequest(request, env);\n/* app.get('/old/:room', upgrade) */\n"
        'const site = "https://example.com"; app.use("/api/*", cors());\n'
        'app.get("/rooms/:room", upgrade); // "/a/:b"\n'
    )
    assert path_in(code) == "/rooms/{play}"


@pytest.mark.parametrize(
    ("code", "name", "path"),
    [
        (
            'if (request.url.endsWith("/websocket")) { const stub = env.ROOM.getByName("foo"); }',
            "foo",
            "/websocket",
        ),
        ("const id = env.ROOM.idFromName('global'); return env.ROOM.get(id).fetch(request);", "global", "/"),
        ('app.get("/ws", (c) => c.env.ROOM.get(c.env.ROOM.idFromName("one")).fetch(c.req.raw))', "one", "/ws"),
        ('env.ROOM.idFromName("one"); createRoute({ method: "get", path: "/ws" })', "one", "/ws"),
        (
            'const parts = url.pathname.slice(1).split("/"); if (parts[0] === "websocket") env.ROOM.idFromName("one");',
            "one",
            "/websocket",
        ),
    ],
)
def test_a_name_that_is_always_the_same(code: str, name: str, path: str) -> None:
    assert route_in([code], BINDINGS, ["Room"]) == Route("Room", name, path)


@pytest.mark.parametrize(
    ("code", "name", "path"),
    [
        # a text around what comes from the request
        (
            (
                'app.get("/ws/:room?", (c) => { const room = c.req.param("room") || "all";'
                " return env.ROOM.idFromName(`chat-${room}`); })"
            ),
            "chat-{play}",
            "/ws/{play}",
        ),
        (
            'app.get("/ws/:room", (c) => env.ROOM.idFromName("chat:" + c.req.param("room")))',
            "chat:{play}",
            "/ws/{play}",
        ),
        ("const room = `path:${pathname}`;\nenv.ROOM.idFromName(room);", "path:/{play}", "/{play}"),
        ("env.ROOM.idFromName(url.pathname)", "/{play}", "/{play}"),
        # a variable that is always the same
        ('const NAME = "first"\nif (pathname !== "/sync") return; env.ROOM.idFromName(NAME)', "first", "/sync"),
        # the first of two calls is not about a room of the request
        ('env.ROOM.idFromName("lobby"); app.get("/r/:id", (c) => env.ROOM.idFromName(id))', "{play}", "/r/{play}"),
    ],
)
def test_names_that_the_code_makes(code: str, name: str, path: str) -> None:
    assert route_in([code], BINDINGS, ["Room"]) == Route("Room", name, path)


@pytest.mark.parametrize(
    ("code", "path"),
    [
        # the segment whose number the code has, behind the prefix that it asks for
        (
            (
                'if (url.pathname.startsWith("/ws")) {\n const parts = url.pathname.split("/").filter(Boolean);\n'
                ' const id = parts[1] || "lobby"; env.ROOM.idFromName(id); }'
            ),
            "/ws/{play}",
        ),
        (
            'if (path.startsWith("/api/")) { const parts = path.split("/");\n env.ROOM.idFromName(parts[3]); }',
            "/api/x/{play}",
        ),
        # the prefix that is asked for last, and a segment by its place in a list
        (
            (
                'if (path.startsWith("/users/")) return user(); if (path.startsWith("/rooms")) {\n'
                ' const parts = path.split("/").filter(Boolean); env.ROOM.idFromName(parts[1]); }'
            ),
            "/rooms/{play}",
        ),
        ('const [, , room] = url.pathname.split("/"); return env.ROOM.getByName(room).fetch(r);', "/x/{play}"),
        # a request that is no GET opens no WebSocket
        (
            (
                'app.post("/rooms/:room/messages", (c) => env.ROOM.idFromName(room));'
                ' app.get("/sub", (c) => { const room = c.req.query("room"); env.ROOM.idFromName(room); })'
            ),
            "/sub?room={play}",
        ),
        # a router in a chain, mounted by its name
        (
            (
                'const app = new Hono().route("/api", rooms);\n'
                'const rooms = new Hono()\n  .get("/:room/ws", (c) => env.ROOM.idFromName(c.req.param("room")))'
            ),
            "/api/{play}/ws",
        ),
    ],
)
def test_paths_by_their_parts(code: str, path: str) -> None:
    assert path_in(code) == path


@pytest.mark.parametrize(
    ("check", "query"),
    [
        ('const id = request.query.sessionId as string\nif (!id) return error(400, "missing")', "?sessionId=ann"),
        ('const who = url.searchParams.get("who"); if (who === null) return refuse();', "?who=ann"),
        ('if (!url.searchParams.has("token")) return refuse();', "?token=ann"),
        (
            'const as = url.searchParams.get("as"); if (!as) return no; if (!["host", "guest"].includes(as)) return;',
            "?as=host",
        ),
        ('const who = url.searchParams.get("who") ?? "somebody";', ""),
    ],
)
def test_a_query_that_the_code_requires(check: str, query: str) -> None:
    front = 'app.get("/ws/:room", (c) => env.ROOM.idFromName(room));\n'
    room = f"class Room {{ fetch(request) {{ {check}\nconst pair = new WebSocketPair(); }} }}"
    assert path_in(front + room) == f"/ws/{{play}}{query}"
    assert path_in(f"{front}function upload(request) {{ {check} }}") == "/ws/{play}"


def test_a_function_behind_the_class_is_not_the_class() -> None:
    code = (
        "export class Room extends DurableObject {\n  fetch() { acceptWebSocket(server); }\n}\n"
        "function enter(url) {\n  const room = url.searchParams.get('room');\n  env.ROOM.idFromName(room);\n}\n"
        'export default { fetch(request) { if (url.pathname === "/ws/") return enter(url); } }'
    )
    assert path_in(code) == "/ws/?room={play}"
    indented = "\n".join(f"  {line}" for line in code.splitlines()).replace("  export default", "export default")
    assert path_in(indented) == "/ws/?room={play}"


def test_the_adapter_of_crossws() -> None:
    code = (
        'if (url.pathname === "/peers") return list();\nreturn ws.handleUpgrade(request, env, context);\n'
        "export class $DurableObject extends DurableObject {\n"
        " fetch(request) { return ws.handleDurableUpgrade(this, request) } }"
    )
    bindings = {"$DurableObject": "$DurableObject"}
    assert route_in([code], bindings, ["$DurableObject"]) == Route("$DurableObject", "crossws", "/")
    named = code.replace("ws.handleUpgrade", 'crossws({ instanceName: "one" }).handleUpgrade')
    assert route_in([named], bindings, ["$DurableObject"]).name == "one"


def test_an_id_is_taken_where_the_code_finds_no_object_by_name() -> None:
    code = 'app.get("/games/:id/ws", (c) => env.ROOM.get(env.ROOM.idFromString(c.req.param("id"))))'
    assert route_in([code], BINDINGS, ["Room"]) == Route("Room", "{play}", "/games/{play}/ws", is_by_id=True)
    named = f"{code}\n{NAMED}"
    assert not route_in([named], BINDINGS, ["Room"]).is_by_id


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ('if (path.startsWith("/ws/room/")) { const room = path.split("/").pop(); enter(room) }', "/ws/room/{play}"),
        ('const room = path.split("/").at(-1); if (path.startsWith("/live")) { enter(room) }', "/live/{play}"),
        ('const a = path.split("/"); if (path.startsWith("/live")) { enter(a[a.length - 1]) }', "/live/{play}"),
    ],
)
def test_a_name_that_is_the_last_part_stands_behind_the_prefix(code: str, path: str) -> None:
    assert path_in(code.replace("enter(", "env.ROOM.getByName(")) == path


def test_a_part_that_only_the_object_asks_for_is_in_the_path() -> None:
    front = (
        'export default { fetch(request, env) { const path = new URL(request.url).pathname.slice(1).split("/");\n'
        "if (path.length === 1) { return page } return env.ROOM.get(env.ROOM.idFromName(path[0])).fetch(request) } }\n"
    )
    room = (
        "export class Room {\n  async fetch(request) {\n"
        '    const path = new URL(request.url).pathname.slice(1).split("/");\n'
        '    if (path[0] && path[1] === "websocket") {\n      const pair = new WebSocketPair();\n    }\n  }\n}\n'
    )
    assert path_in(front + room) == "/{play}/websocket"


def test_a_pattern_for_a_secret_is_none_for_a_name() -> None:
    code = f'const isTotp = /^\\d{{6}}$/.test(body.totp);\napp.get("/rooms/:room/ws", (c) => {NAMED})'
    assert path_in(code) == "/rooms/{play}/ws"


def test_a_whole_path_that_is_the_name_begins_as_the_code_asks() -> None:
    code = 'fetch(u) { if (!u.pathname.startsWith("/ws")) { return none } return env.ROOM.getByName(u.pathname) }'
    assert route_in([code], BINDINGS, ["Room"]) == Route("Room", "/ws/{play}", "/ws/{play}")
