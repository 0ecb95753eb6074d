"""The path to an object as the conditions around the call that names it tell it, over functions and files."""

import pytest

from poc_cli.commands.route_guess import Route, route_in

ROOM = "export class Room {\n  fetch(request) {\n    this.ctx.acceptWebSocket(server);\n  }\n}\n"


def route(*files: str, room: str = ROOM) -> Route:
    return route_in([*files, room], {"ROOMS": "Room"}, ["Room"])


@pytest.mark.parametrize(
    ("front", "path"),
    [
        (  # parts that are compared by their number, on both sides of the name
            (
                'const parts = url.pathname.split("/");\n'
                'if (parts[1] === "room" && parts[3] === "websocket") {\n'
                '  const name = parts[2];\n  if (request.method === "GET") { return env.ROOMS.idFromName(name); }\n}'
            ),
            "/room/{play}/websocket",
        ),
        (  # parts that end it otherwise
            (
                'const [kind, name, last] = url.pathname.split("/").filter(Boolean);\n'
                'if (kind !== "rooms" || last !== "live") return notFound();\nreturn env.ROOMS.getByName(name);'
            ),
            "/rooms/{play}/live",
        ),
        (  # another case of the same switch
            (
                'const path = url.pathname.slice(1).split("/");\nswitch (path[0]) {\n'
                '  case "upload": { if (path[1] === "file") return upload(); break; }\n'
                '  case "room": { return env.ROOMS.idFromName(path[1]); }\n}'
            ),
            "/room/{play}",
        ),
        (  # a request that opens no socket names an object too
            (
                'if (request.method === "POST" && url.pathname === "/rooms") { env.ROOMS.idFromName(newCode()); }\n'
                'if (url.pathname.startsWith("/api/rooms/")) {\n  const id = url.pathname.split("/")[3];\n'
                "  return env.ROOMS.get(env.ROOMS.idFromName(id)).fetch(request);\n}"
            ),
            "/api/rooms/{play}",
        ),
        ('return env.ROOMS.idFromName(url.pathname.split("/")[2] || "lobby");', "/x/{play}"),
    ],
)
def test_conditions_in_one_function(front: str, path: str) -> None:
    assert route(f"export default {{ async fetch(request, env) {{\n{front}\n}} }};\n").path == path


def test_conditions_on_the_way_through_functions_and_files() -> None:
    router = (
        'import { rooms } from "./rooms.mjs";\nexport async function handle(request, env) {\n'
        '  const path = new URL(request.url).pathname.slice(1).split("/");\n'
        '  switch (path[0]) { case "assets": return page(path[1]); case "api": return rooms(path.slice(1), env); }\n}\n'
    )
    rooms = (
        'export async function rooms(path, env) {\n  if (path[0] !== "room") { return new Response("no", {}); }\n'
        "  if (!path[1]) { return post(); }\n  const name = path[1];\n  let id;\n"
        "  if (name.length <= 32) { id = env.ROOMS.idFromName(name); }\n"
        '  const next = new URL(url); next.pathname = "/" + path.slice(2).join("/");\n}\n'
    )
    room = ROOM.replace("    this", '    switch (url.pathname) { case "/websocket": }\n    this')
    assert route(router, rooms, room=room).path == "/api/room/{play}/websocket"


def test_the_end_of_the_path_that_only_the_object_asks_for() -> None:
    room = ROOM.replace("    this", '    if (!url.pathname.endsWith("/ws")) return notFound();\n    this')
    front = 'export default { fetch(r, env) { return env.ROOMS.getByName(r.url.pathname.split("/")[2]); } };\n'
    assert route(front, room=room).path == "/x/{play}/ws"


def test_a_path_that_leads_elsewhere() -> None:
    room = ROOM.replace("    this", '    if (url.pathname === "/boots") return boots();\n    this')
    front = 'export default { fetch(r, env) { return env.ROOMS.idFromName(url.searchParams.get("room")); } };\n'
    assert route(front, room=room).path == "/?room={play}"


def test_a_path_that_leads_to_another_class() -> None:
    front = (
        'if (pathname === "/ws" || pathname === "/") { return env.ROOMS.get(env.ROOMS.idFromName("all")); }\n'
        'if (pathname === "/game/ws") { return env.GAMES.get(env.GAMES.idFromName("game")); }\n'
    )
    assert route('const OTHER = "/game/ws/";\n' + front) == Route("Room", "all", "/ws")


def test_a_route_of_a_file_router() -> None:
    page = 'export const Route = createFileRoute("/rooms/$name")({ component: Page });\n'
    api = (
        'export const Route = createFileRoute("/api/chat/$room")({ server: { handlers: { GET: async ({ params }) => {\n'
        "  return env.ROOMS.get(env.ROOMS.idFromName(params.room)).fetch(request); } } } });\n"
    )
    assert route(page, api).path == "/api/chat/{play}"


def test_a_route_whose_rest_the_object_routes() -> None:
    room = ROOM.replace("    this", '    app.get("/websocket", () => {});\n    this')
    front = 'app.get("/api/room/:id/*", (c) => c.env.ROOMS.idFromName(c.req.param("id")));\n'
    assert route(front, room=room).path == "/api/room/{play}/websocket"


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("/^[A-Z0-9]{4}$/", "ABCD"),
        ("/^[0-9]{6}$/", "234567"),
        ("/^[a-z0-9-]+$/", "{play}"),
        ("/^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i", "3f2a7c1e-9b4d-4c6a-8e21-5d7f0a9b6c34"),
        ("/^\\/room\\/([a-zA-Z0-9]+)$/", "ABCD"),
        ("/^[!]{9}$/", "{play}"),
    ],
)
def test_a_name_that_a_pattern_accepts(pattern: str, name: str) -> None:
    front = (
        f"const isCode = (code) => {pattern}.test(code);\n"
        'export default { fetch(r, env) { return env.ROOMS.getByName(r.url.pathname.split("/")[1]); } };\n'
    )
    assert route(front) == Route("Room", name, f"/{name}")


def test_parameters_of_a_query_under_another_name() -> None:
    room = ROOM.replace(
        "    this", '    const given = url.searchParams;\n    if (!given.get("user")) return no();\n    this'
    )
    front = 'export default { fetch(r, env) { return env.ROOMS.getByName(r.url.pathname.split("/")[1]); } };\n'
    assert route(front, room=room).path == "/{play}?user=ann"


def test_a_router_that_is_called_by_a_cast() -> None:
    code = 'import { routeAgentRequest } from "agents";\nawait (routeAgentRequest as unknown as Router)(request, env);'
    assert route_in([code], {"CHAT": "Chat"}, ["Chat"]).path == "/agents/chat/{play}"


def test_brackets_in_texts_are_not_blocks() -> None:
    front = (
        "export default { fetch(r, env) {\n  const parts = r.url.pathname.split('/');\n"
        '  const braces = ["{", `a ${b ? "}" : "{"} c`, /[{(]/, \'don\\\'t {\'];\n'
        "  if (parts[1] !== 'rooms') { throw new Error(`no ${parts[1]}`); }\n"
        "  return env.ROOMS.getByName(parts[2]);\n} };\n"
    )
    assert route(front).path == "/rooms/{play}"


def test_a_path_that_a_constant_has() -> None:
    front = (
        "export default { fetch(r, env) {\n  const wsPath = '/' + 'live';\n"
        "  if (pathname === wsPath || pathname === wsPath + '/') {\n"
        '    return env.ROOMS.idFromName(searchParams.get("room") || "all"); }\n} };\n'
    )
    assert route(front).path == "/live?room={play}"


def test_a_part_of_the_path_goes_before_a_query_of_something_else() -> None:
    front = (
        'const path = url.pathname.slice(1).split("/");\n'
        'if (path[0] === "admin") { return list(url.searchParams.get("name"), env.USERS.idFromName(all)); }\n'
        'if (path[0] === "room") { return env.ROOMS.idFromName(path[1]); }\n'
    )
    assert route(front).path == "/room/{play}"


def test_the_route_whose_handler_passes_the_request_on() -> None:
    front = (
        'app.get("/room/:id", async (c) => c.json(await c.env.ROOMS.getByName(c.req.param("id")).hello()));\n'
        'app.get("room/:id/connect", (c) => c.env.ROOMS.getByName(c.req.param("id")).fetch(c.req.raw));\n'
        'app.get("/room/:id/data", (c) => c.env.ROOMS.getByName(c.req.param("id")).fetch(c.req.raw));\n'
    )
    assert route(front).path == "/room/{play}/connect"


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("new URL(request.url).pathname", "/{play}"),
        ("roomOf(url.pathname)", "{play}"),
        ("url.pathname", "/{play}"),
    ],
)
def test_a_name_that_is_the_whole_path(expression: str, name: str) -> None:
    front = f"const m = url.pathname.match(/^\\/rooms\\/([^/]+)/); env.ROOMS.get(env.ROOMS.idFromName({expression}));\n"
    assert route(front).name == name


def test_a_name_in_capitals() -> None:
    front = "const id = env.ROOMS.idFromName(room.toUpperCase()); url.pathname.match(/^\\/room\\/([^/]+)$/);\n"
    assert route(front) == Route("Room", "ABCD", "/room/ABCD")
