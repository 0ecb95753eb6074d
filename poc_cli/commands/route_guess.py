"""Guess from a project's code which class has the sockets, and at which path one of its objects is reached."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_COMMENTS: Final = re.compile(r"(?:^|(?<=[\s;{},()]))(?://[^\n]*|/\*.*?\*/)", re.MULTILINE | re.DOTALL)
"""A comment begins a line or follows a space or a bracket; `//` in an address and `/*` in a route do not."""

_STRING: Final = r"[\"'`]"
_PLAY: Final = "{play}"

_CLASS: Final = re.compile(r"^\s*(?:export\s+)?(?:default\s+)?class\s+(\w+)(?:\s+extends\s+([\w.]+))?", re.MULTILINE)
_SOCKETS: Final = re.compile(r"acceptWebSocket\(|WebSocketPair\(|\bwebSocketMessage\(|\bonMessage\(|\bonConnect\(")
_SERVERS: Final = re.compile(r"(?:^|\.)(?:\w*Server|\w*Agent|YDurableObjects)$")
"""Base classes that accept WebSockets themselves: partyserver's, y-partyserver's, agents' and y-durableobjects'."""

_WITHOUT_SOCKETS: Final = "McpAgent"
"""An agent that speaks HTTP."""

_PARTIES: Final = re.compile(r"\b(?:routePartykitRequest|partyserverMiddleware)(?:<[^>(]*>)?\(")
_AGENTS: Final = re.compile(r"\b(?:routeAgentRequest|agentsMiddleware)(?:<[^>(]*>)?\(")
_PREFIX_OPTION: Final = re.compile(rf"prefix:\s*{_STRING}([\w/-]+){_STRING}")
_Y_ROUTE: Final = re.compile(rf"\.route\(\s*{_STRING}(/[\w/-]*){_STRING}\s*,\s*yRoute\b")

_ROUTE: Final = re.compile(rf"(?:(\w+)?\s*\.\w+\(\s*|pathname:\s*|\(\s*){_STRING}((?:/[\w.-]+)*/:[^\"'`\s]+){_STRING}")
_MOUNTED: Final = re.compile(rf"\.route\(\s*{_STRING}(/[\w/-]*){_STRING}\s*,\s*(\w+)")
_BASE_PATH: Final = re.compile(rf"basePath\(\s*{_STRING}(/[\w/-]*){_STRING}")
_PARAMETER: Final = re.compile(r":(\w+)(?:\{[^}]*\})?\??")
_NAMES: Final = r"(?:idFromName|getByName|getServerByName|getAgentByName)\("
_NAMED: Final = re.compile(_NAMES)
_CONSTANT: Final = re.compile(rf"{_NAMES}(?:\s*[\w.]+\s*,)?\s*{_STRING}([\w.:-]+){_STRING}")
_QUERY: Final = re.compile(rf"searchParams\.get\(\s*{_STRING}(\w+){_STRING}|\.req\.query\(\s*{_STRING}(\w+){_STRING}")
_EXACT: Final = re.compile(
    rf"(?:[!=]==?\s*|endsWith\(\s*|startsWith\(\s*|case\s+|\.(?:get|all)\(\s*){_STRING}(/[\w./-]*\w){_STRING}"
)
_PREFIX: Final = re.compile(rf"{_STRING}(/(?:[\w.-]+/)+){_STRING}")
_PATTERN: Final = re.compile(r"/\^\\/((?:[\w-]+\\/)*)\((?:\?<\w+>)?[^)]*\)((?:\\/[\w-]+)*)")
_PART: Final = re.compile(rf"(?:[!=]==?\s*|case\s+){_STRING}([a-z][\w-]*){_STRING}")
_OWN_PATH: Final = re.compile(rf"(?:case\s+|pathname\s*===?\s*){_STRING}(/[\w/-]+){_STRING}")
_NO_PART: Final = frozenset({"websocket", "string", "object", "number", "boolean", "function", "undefined"})
_LIKELY: Final = re.compile(r"ws|socket|connect|room|chat|live|sync", re.IGNORECASE)
_NEAR: Final = 1200
"""Characters after a route in which its handler is looked for."""


@dataclass(frozen=True, slots=True)
class Route:
    """The class that has the sockets, the name of one of its objects, and the path that leads to it, if known."""

    class_name: str
    name: str
    path: str | None


def route_in(files: Sequence[str], bindings: Mapping[str, str], classes: Sequence[str]) -> Route:
    """Return the likeliest route; `bindings` has the class of each binding, `classes` at least one class."""
    files = [_COMMENTS.sub("", text) for text in files]
    bodies = _bodies(files)
    class_name = max(classes, key=lambda name: (_score(bodies.get(name)), -classes.index(name)))
    binding = next((each for each, bound in bindings.items() if bound == class_name), class_name)
    code = "\n".join(files)
    served = _served(code, binding)
    if served is not None:
        return Route(class_name, _PLAY, served)
    body = bodies.get(class_name, ("", ""))[1]
    front = code.replace(body, "") if body else code
    constant = _constant(front, binding)
    if constant is not None:
        return Route(class_name, constant, _exact(front) or "/")
    return Route(class_name, _PLAY, _path(files, front, body))


def _bodies(files: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the base class and the text of each class, up to the next class or export."""
    found: dict[str, tuple[str, str]] = {}
    for text in files:
        starts = list(_CLASS.finditer(text))
        for number, match in enumerate(starts):
            end = starts[number + 1].start() if number + 1 < len(starts) else len(text)
            exported = text.find("\nexport default", match.end(), end)
            found.setdefault(match[1], (match[2] or "", text[match.start() : end if exported < 0 else exported]))
    return found


def _score(body: tuple[str, str] | None) -> int:
    if body is None:
        return 0
    base, text = body
    is_server = _SERVERS.search(base) is not None and not base.endswith(_WITHOUT_SOCKETS)
    return len(set(_SOCKETS.findall(text))) + 2 * is_server


def _served(code: str, binding: str) -> str | None:
    """Return the path of a router of partyserver, agents or y-durableobjects, None without one."""
    if found := _Y_ROUTE.search(code):
        return f"{found[1].rstrip('/')}/{_PLAY}"
    for router, prefix in ((_AGENTS, "agents"), (_PARTIES, "parties")):
        calls = [match.end() for match in router.finditer(code)]
        if calls:
            option = _PREFIX_OPTION.search(code, calls[-1], calls[-1] + _NEAR)
            return f"/{(option[1] if option else prefix).strip('/')}/{_kebab(binding)}/{_PLAY}"
    return None


def _kebab(name: str) -> str:
    """Return the name of a binding as partyserver has it in paths."""
    if name.upper() == name and name.lower() != name:
        return name.lower().replace("_", "-")
    return re.sub(r"[A-Z]", lambda match: f"-{match[0].lower()}", name).removeprefix("-").replace("_", "-").rstrip("-")


def _constant(code: str, binding: str) -> str | None:
    """Return the name that all objects of the binding have, None if it comes from the request."""
    calls = [match.start() for match in _NAMED.finditer(code)]
    mine = [at for at in calls if binding in code[max(0, at - 60) : at + 80]] or calls
    constants = [_CONSTANT.match(code, at) for at in mine]
    return constants[0][1] if constants and all(constants) and constants[0] is not None else None


def _path(files: Sequence[str], front: str, body: str) -> str | None:
    """Return the path with `{play}` in which the code looks for an object's name, None if it shows none."""
    if found := _routed(files):
        return found
    if found := _queried(front):
        return found
    if match := _PATTERN.search(front):
        return f"/{match[1]}{_PLAY}{match[2]}".replace("\\", "")
    if match := _PREFIX.search(front):
        return f"{match[1]}{_PLAY}"
    named = _NAMED.search(front)
    if match := re.search(r"\.split\(\s*[\"'`/]/", front):
        until = named.start() if named is not None and named.start() > match.end() else len(front)
        parts = [part for part in _PART.findall(front, match.end(), until) if part not in _NO_PART]
        parts = list(dict.fromkeys(parts)) if "switch" in front else parts[:1]
        own = _OWN_PATH.search(body) if re.search(r"pathname\s*=[^=]", front) else None
        return "/" + "/".join([*parts, _PLAY]) + (own[1] if own else "")
    return f"/{_PLAY}" if "pathname.slice(1)" in front or "pathname.substring(1)" in front else None


def _routed(files: Sequence[str]) -> str | None:
    """Return the likeliest route with a parameter, as Hono, itty-router and URLPattern have them."""
    mounted = {match[2]: match[1] for text in files for match in _MOUNTED.finditer(text)}
    found: list[tuple[int, str]] = []
    for text in files:
        base = _BASE_PATH.search(text)
        for match in _ROUTE.finditer(text):
            following = _ROUTE.search(text, match.end())
            handler = text[match.end() : min(match.end() + _NEAR, following.start() if following else len(text))]
            likely = 2 * bool(_NAMED.search(handler)) + bool(_LIKELY.search(match[2])) + ("Upgrade" in handler)
            prefix = mounted.get(match[1] or "", "") or (base[1] if base else "")
            found.append((likely, prefix.rstrip("/") + _filled(match[2], handler)))
    return max(found, key=lambda each: each[0])[1] if found else None


def _filled(route: str, handler: str) -> str:
    """Return a route with `{play}` for the parameter that names the object, and `x` for the others."""
    names = _PARAMETER.findall(route)
    named = _NAMED.search(handler)
    argument = handler[named.end() : named.end() + 80] if named is not None else ""
    chosen = next((name for name in names if re.search(rf"\b{name}\b", argument)), names[-1])
    return _PARAMETER.sub(lambda match: _PLAY if match[1] == chosen else "x", route)


def _queried(code: str) -> str | None:
    """Return the path and query if the name comes from the query, None if it does not."""
    for match in _QUERY.finditer(code):
        name = match[1] or match[2]
        variable = re.search(r"(?:const|let|var)\s+(\w+)[^;\n]*$", code[: match.start()][-120:])
        near = code[max(0, match.start() - 60) : match.start()]
        used = variable is not None and re.search(rf"{_NAMES}[^)]*\b{variable[1]}\b", code)
        if used or _NAMED.search(near):
            return f"{_exact(code) or '/'}?{name}={_PLAY}"
    return None


def _exact(code: str) -> str | None:
    """Return the path that the code compares the request's with, None if there is none."""
    found = [path for path in _EXACT.findall(code) if not re.search(r"\.\w+$", path)]
    return next((path for path in found if _LIKELY.search(path)), found[0] if found else None)
