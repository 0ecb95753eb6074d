"""Guess from a project's code which class has the sockets, and at which path one of its objects is reached."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from poc_cli.commands.code_blocks import Blocks
from poc_cli.commands.route_conditions import (
    end_of_path,
    name_that_fits,
    parts_at,
    path_by_conditions,
    paths_away,
    paths_to,
    prefix_of,
)

_COMMENTS: Final = re.compile(r"(?:^|(?<=[\s;{},()]))(?://[^\n]*|/\*.*?\*/)", re.MULTILINE | re.DOTALL)
"""A comment begins a line or follows a space or a bracket; `//` in an address and `/*` in a route do not."""

_STRING: Final = r"[\"'`]"
_PLAY: Final = "{play}"

_CLASS: Final = re.compile(r"^\s*(?:export\s+)?(?:default\s+)?class\s+([\w$]+)(?:\s+extends\s+([\w.]+))?", re.MULTILINE)
_SOCKETS: Final = re.compile(r"acceptWebSocket\(|WebSocketPair\(|\bwebSocketMessage\(|\bonMessage\(|\bonConnect\(")
_ACCEPTS: Final = re.compile(r"acceptWebSocket\(|new WebSocketPair\b")
_SERVERS: Final = re.compile(r"(?:^|\.)(?:\w*Server|\w*Agent|YDurableObjects)$")
"""Base classes that accept WebSockets themselves: partyserver's, y-partyserver's, agents' and y-durableobjects'."""

_WITHOUT: Final = frozenset({"", "DurableObject"})
"""Base classes that accept none."""

_WITHOUT_SOCKETS: Final = "McpAgent"
"""An agent that speaks HTTP."""

_PARTIES: Final = re.compile(r"\b(?:routePartykitRequest|partyserverMiddleware)\b(?!\s*[,}]|\s+from\b)")
_AGENTS: Final = re.compile(r"\b(?:routeAgentRequest|agentsMiddleware)\b(?!\s*[,}]|\s+from\b)")
_BEFORE_CONNECT: Final = re.compile(r"\bonBeforeConnect\b")
_PREFIX_OPTION: Final = re.compile(rf"prefix:\s*{_STRING}([\w/-]+){_STRING}")
_Y_ROUTE: Final = re.compile(rf"\.route\(\s*{_STRING}(/[\w/-]*){_STRING}\s*,\s*yRoute\b")

_ROUTE: Final = re.compile(
    rf"(?:(\w+)?\s*\.\w+\(\s*|pathname:\s*|\(\s*){_STRING}((?:/?[\w.-]+(?:/[\w.-]+)*)?/(?::|\$(?=[A-Za-z]))[^\"'`\s]+){_STRING}"
)
_OTHER_METHOD: Final = re.compile(r"\w*\s*\.(?:post|put|patch|delete)\(")
"""No WebSocket is opened by these."""

_ROUTER: Final = re.compile(r"(\w+)\s*=\s*(?:new\s+)?\w*(?:Hono|Router)\s*[(<]")
_ROUTER_BASE: Final = re.compile(
    rf"(\w+)\s*=\s*(?:new\s+)?\w*Router(?:<[^>]*>)?\(\s*\{{[^}}]*?\bbase:\s*{_STRING}(/[\w/-]*){_STRING}"
)
"""A router of itty with a prefix of its own."""

_MOUNTED: Final = re.compile(rf"\.route\(\s*{_STRING}(/[\w/-]*){_STRING}\s*,\s*(\w+)")
_BASE_PATH: Final = re.compile(rf"basePath\(\s*{_STRING}(/[\w/-]*){_STRING}")
_PARAMETER: Final = re.compile(r"(?::|\$(?=[A-Za-z]))(\w+)(?:\{[^}]*\})?\??")
_NAMES: Final = r"(?:idFromName|getByName|getServerByName|getAgentByName)\("
_NAMED: Final = re.compile(_NAMES)
_CALL: Final = re.compile(rf"{_NAMES}(?:\s*[\w.]+\s*,)?\s*([^;\n]*)")
_LITERAL: Final = re.compile(rf"{_STRING}([\w.:-]+){_STRING}")
_TEMPLATE: Final = re.compile(r"`([^`$]*)\$\{([^`{}]*)\}([^`$]*)`")
_JOINED: Final = re.compile(r"[\"']([^\"']*)[\"']\s*\+\s*([\w.]+)")
_VARIABLE: Final = re.compile(r"[A-Za-z_$][\w$]*(?=\s*(?:\)|,|$))")
_WHOLE_PATH: Final = re.compile(r"^(?:(?:new URL\([^()]*\)|[\w$]+)\.)*pathname$")
_ARGUMENT: Final = re.compile(r"(?:[^(),]|\([^()]*\))*")
_CROSSWS: Final = re.compile(r"\.handleDurableUpgrade\(")
_CROSSWS_NAME: Final = re.compile(rf"instanceName:\s*{_STRING}([\w.:-]+){_STRING}")
_CROSSWS_DEFAULT: Final = "crossws"
"""The name that the adapter of crossws gives its object."""

_WHOLE_NAME: Final = re.compile(r"\$\{(?:\w+\.)?pathname\}|idFromName\(\s*(?:\w+\.)?pathname\s*\)")
_ELEMENT: Final = re.compile(r"(\w+)\s*\[(\d)\]")
_GIVEN: Final = re.compile(
    rf"(?:(\w+)\s*=[^=;\n]*?)?(?:searchParams\.(?:get|has)\(\s*{_STRING}|\breq\.query\(\s*{_STRING}|\.query\.)([\w-]+)"
)
_JOINED_TEXTS: Final = re.compile(r"([\"'])([\w./-]*)\1\s*\+\s*([\"'])([\w./-]*)\3")
_CONSTANT_PATH: Final = re.compile(rf"\b(?:const|let|var)\s+([\w$]+)\s*(?::\s*\w+)?=\s*{_STRING}(/[\w./-]*){_STRING}")
_PARAMETERS: Final = re.compile(
    r"\b(?:const|let|var)\s+([\w$]+)\s*=\s*(?:[\w$]+|new URL\([^()]*\))\.searchParams\s*(?:;|\n)"
)
_ANN: Final = "ann"
_QUERY: Final = re.compile(rf"searchParams\.get\(\s*{_STRING}(\w+){_STRING}|\.req\.query\(\s*{_STRING}(\w+){_STRING}")
_EXACT: Final = re.compile(
    rf"(?:[!=]==?\s*|endsWith\(\s*|startsWith\(\s*|case\s+|\.(?:get|all)\(\s*|\bpath:\s*){_STRING}(/[\w./-]*\w/?){_STRING}"
)
_LISTED: Final = re.compile(r"\[([\w\s,=]*)\]\s*=[^=;\n]*$")
_SPLIT: Final = re.compile(r"\.split\(\s*[\"'`/]/")
_STARTS: Final = re.compile(rf"startsWith\(\s*{_STRING}(/[\w./-]*\w)/?{_STRING}")
_PREFIX: Final = re.compile(rf"{_STRING}(/(?:[\w.-]+/)+){_STRING}")
_PATTERN: Final = re.compile(r"/\^\\/((?:[\w-]+\\/)*)\((?:\?<\w+>)?[^)]*\)((?:\\/[\w-]+)*)")
_PART: Final = re.compile(rf"(?:[!=]==?\s*|case\s+){_STRING}([a-z][\w-]*){_STRING}")
_ELEMENT_IS: Final = re.compile(rf"\[\d\]\s*===?\s*{_STRING}([a-z][\w-]*){_STRING}")
_OWN_PATH: Final = re.compile(rf"(?:case\s+|pathname\s*===?\s*){_STRING}(/[\w/-]+){_STRING}")
_OWN_PART: Final = re.compile(rf"case\s+{_STRING}(websocket|ws|socket|connect){_STRING}")
_NO_PART: Final = frozenset({"websocket", "string", "object", "number", "boolean", "function", "undefined"})
_LIKELY: Final = re.compile(r"ws|socket|connect|room|chat|live|sync", re.IGNORECASE)
_SOCKET_PART: Final = re.compile(r"/(?:ws|\w*socket|connect|live)$", re.IGNORECASE)
_OTHER_PAGE: Final = re.compile(r"\.\w+$|health|status|favicon|metrics|login", re.IGNORECASE)
_NEAR: Final = 1200
"""Characters after a route in which its handler is looked for."""


_BEFORE: Final = 700
"""Characters before a call in which its function looks at the request."""


@dataclass(frozen=True, slots=True)
class Route:
    """The class that has the sockets, the name of one of its objects, and the path that leads to it, if known."""

    class_name: str
    name: str
    path: str | None
    takes_sockets: bool = field(default=True, compare=False)
    """Whether the code of a class may accept a WebSocket; false only if all classes are there and none does."""
    is_by_id: bool = False
    """Whether the code takes the id of an object where others take its name."""


def route_in(files: Sequence[str], bindings: Mapping[str, str], classes: Sequence[str]) -> Route:
    """Return the likeliest route; `bindings` has the class of each binding, `classes` at least one class."""
    files = [_with_constants(_query_by_its_name(_COMMENTS.sub("", text))) for text in files]
    bodies = _bodies(files)
    class_name = max(classes, key=lambda name: (_score(bodies.get(name)), -classes.index(name)))
    binding = next((each for each, bound in bindings.items() if bound == class_name), class_name)
    if is_by_id := _takes_ids(files, binding):
        files = [text.replace("idFromString(", "idFromName(") for text in files]
    code = "\n".join(files)
    served = _served(code, binding)
    if served is not None:
        before = "\n".join(code[match.end() : match.end() + _BEFORE] for match in _BEFORE_CONNECT.finditer(code))
        return Route(class_name, _PLAY, _with_required(served, before))
    body = bodies.get(class_name, ("", ""))[1]
    front = code.replace(body, "") if body else code
    crossws = _CROSSWS.search(body) is not None
    name = _name(front, binding, crossws=crossws)
    if _PLAY not in name:
        path = _exact(front, body, paths_to(*_in_front(files, body, binding))) or _only_part(front)
        is_other = path is None or (crossws and _LIKELY.search(path) is None)  # its adapter takes any path
        path = "/" if path is None or is_other else path
    else:
        path = _path(files, front, body, binding)
    if name == f"/{_PLAY}" and path in {None, name}:  # the whole path is the name
        path = name = prefix_of(*_in_front(files, body, binding)) + name
    if path is not None and path.endswith("/*"):
        own = next((each for each in _EXACT.findall(body) if _LIKELY.search(each)), "")
        path = path.removesuffix("/*") + own
    path = None if path is None else _with_required(path, _asking(front, body, binding))
    if path is not None and _PLAY in path and (fixed := name_that_fits(front)) is not None:
        name, path = name.replace(_PLAY, fixed), path.replace(_PLAY, fixed)
    may_inherit = any(bodies.get(each, ("?", ""))[0].rpartition(".")[2] not in _WITHOUT for each in classes)
    takes_sockets = may_inherit or _SOCKETS.search(code) is not None
    return Route(class_name, name, path, takes_sockets, is_by_id and name == _PLAY)


def _takes_ids(files: Sequence[str], binding: str) -> bool:
    """Return whether the code finds the objects of a binding by their ids, as those of `newUniqueId()`."""
    near = [each for text in files for each in _CALL.finditer(text) if _is_near(text, each, binding)]
    ids = rf"\b{re.escape(binding)}\b[^;\n]{{0,40}}\.idFromString\("
    return not near and any(re.search(ids, text) for text in files)


def _query_by_its_name(code: str) -> str:
    """Return code in which a variable that holds the parameters of a query is called `searchParams`."""
    for name in set(_PARAMETERS.findall(code)) - {"searchParams"}:
        code = re.sub(rf"\b{re.escape(name)}\.(get|has)\(", r"searchParams.\1(", code)
    return code


def _with_constants(code: str) -> str:
    """Return code with the path itself in place of a constant that a request's path is compared with."""
    joined = _JOINED_TEXTS.sub(r"\1\2\4\1", code)
    for name, path in _CONSTANT_PATH.findall(joined):
        compared = re.compile(rf"((?:[!=]==?|(?:starts|ends)With\()\s*){re.escape(name)}\b(?!\s*[+.(\[])")
        joined = compared.sub(rf'\g<1>"{path}"', joined)
    return joined


def _bodies(files: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the base class and the text of each class, up to the next class or export."""
    found: dict[str, tuple[str, str]] = {}
    for text in files:
        starts = list(_CLASS.finditer(text))
        for number, match in enumerate(starts):
            end = starts[number + 1].start() if number + 1 < len(starts) else len(text)
            at = match.end() - len(match[0].lstrip())
            margin = text[text.rfind("\n", 0, at) + 1 : at]
            closed = text.find(f"\n{margin}}}", match.end(), end)  # a class ends with the brace at its own margin
            exported = text.find("\nexport default", match.end(), end)
            end = min(each for each in (end, closed + len(margin) + 2, exported) if each > match.end())
            found.setdefault(match[1], (match[2] or "", text[match.start() : end]))
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


def _name(code: str, binding: str, *, crossws: bool) -> str:
    """Return the name of the binding's objects, with `{play}` for what comes from the request."""
    if crossws:
        given = _CROSSWS_NAME.search(code)
        return given[1] if given is not None else _CROSSWS_DEFAULT
    names = [_name_in(code[: each.start()], each[1]) for each in _calls(code, binding)]
    if not names:
        return _PLAY
    # One that is the same for all requests counts only if no other is made of one.
    return next((name for name in names if _PLAY in name), names[0])


def _calls(code: str, binding: str) -> list[re.Match[str]]:
    """Return the calls that name an object of the binding; all calls if none is near its name."""
    calls = list(_CALL.finditer(code))
    return [each for each in calls if _is_near(code, each, binding)] or calls


def _is_near(code: str, call: re.Match[str], binding: str) -> bool:
    return binding in code[max(0, call.start() - 60) : call.start() + 80]


def _name_in(before: str, expression: str) -> str:
    """Return the name that an expression gives, looking a variable up in the code before it."""
    if template := _TEMPLATE.match(expression):
        return f"{template[1]}{_inner(template[2])}{template[3]}"
    if joined := _JOINED.match(expression):
        return f"{joined[1]}{_inner(joined[2])}"
    if literal := _LITERAL.match(expression):
        return literal[1]
    variable = _VARIABLE.match(expression)
    if variable is not None:
        assigned = re.findall(rf"\b(?:const|let|var)\s+{re.escape(variable[0])}\b[^=;\n]*=\s*([^;\n]+)", before)
        # `const room = params.get("room") || "lobby"` begins with no text, so it comes from the request
        return _name_in("", assigned[-1].strip()) if assigned else _PLAY
    argument = _ARGUMENT.match(expression)
    return _inner(argument[0] if argument is not None else expression)


def _inner(expression: str) -> str:
    return f"/{_PLAY}" if _WHOLE_PATH.search(expression.strip()) else _PLAY


def _path(files: Sequence[str], front: str, body: str, binding: str) -> str | None:
    """Return the path with `{play}` in which the code looks for an object's name, None if it shows none."""
    found = _by_conditions(files, body, binding) or _queried(front, body, binding) or _routed(files, binding)
    if found is None and (match := _PATTERN.search(front)):
        found = f"/{match[1]}{_PLAY}{match[2]}".replace("\\", "")
    return found or _split_or_whole(front, body)


def _split_or_whole(front: str, body: str) -> str | None:
    """Return the path that the code splits or takes as a whole, None if it does neither."""
    split = _SPLIT.search(front)
    if split is not None and (found := _by_position(front, split.start())):
        return found
    if match := _PREFIX.search(front):
        return f"{match[1]}{_PLAY}"
    is_whole = _WHOLE_NAME.search(front) or "pathname.slice(1)" in front or "pathname.substring(1)" in front
    if split is not None and not _WHOLE_NAME.search(front):
        return _walked(front, body, split.end())
    return f"/{_PLAY}" if is_whole else None


def _by_conditions(files: Sequence[str], body: str, binding: str) -> str | None:
    """Return the path that the conditions around the calls tell, and the object's own part where it has one."""
    codes, calls = _in_front(files, body, binding)
    parts = path_by_conditions(codes, calls)
    if parts is None:
        return None
    changed = any(re.search(r"pathname\s*=[^=]", code.text) for code, _ in calls)
    own = [*_OWN_PATH.findall(body), *(f"/{each}" for each in _OWN_PART.findall(body))] if changed else []
    last = next((each for each in own if _LIKELY.search(each)), own[0] if own else "")
    last = last or end_of_path(Blocks(body), _ACCEPTS)
    parts = parts if changed else _with_own(parts, parts_at(Blocks(body), _ACCEPTS))
    return "/" + "/".join(parts) + ("" if last.removeprefix("/") == parts[-1] else last)


def _with_own(parts: tuple[str, ...], own: Mapping[int, str]) -> tuple[str, ...]:
    """Return the parts of a path with those that only the object asks for."""
    known = {number: part for number, part in enumerate(parts, 1) if part != "x"}
    whole = {**own, **known}
    return tuple(whole.get(number, "x") for number in range(1, max(whole) + 1))


def _in_front(files: Sequence[str], body: str, binding: str) -> tuple[list[Blocks], list[tuple[Blocks, re.Match[str]]]]:
    """Return the code in front of the objects, and in it the calls that name an object of the binding."""
    codes = [Blocks(text.replace(body, "") if body else text) for text in files]
    calls = [(code, call) for code in codes for call in _CALL.finditer(code.text)]
    return codes, [(code, call) for code, call in calls if _is_near(code.text, call, binding)] or calls


def _only_part(front: str) -> str | None:
    """Return the path whose first part the code compares with a text, None if it splits no path."""
    split = _SPLIT.search(front)
    found = None if split is None else _ELEMENT_IS.search(front, split.end())
    return None if found is None else f"/{found[1]}"


def _walked(front: str, body: str, start: int) -> str:
    """Return the path that code compares with part by part, after it has split it."""
    named = _NAMED.search(front)
    until = named.start() if named is not None and named.start() > start else len(front)
    parts = [part for part in _PART.findall(front, start, until) if part not in _NO_PART]
    parts = list(dict.fromkeys(parts)) if "switch" in front else parts[:1]
    listed = _LISTED.search(front[:start])
    names = [] if listed is None else [name.partition("=")[0].strip() for name in listed[1].split(",")]
    called = next((each[1] for each in _CALL.finditer(front, start)), "")
    used = [at for at, name in enumerate(names) if name and re.search(rf"\b{re.escape(name)}\b", called)]
    parts += ["x"] * (used[0] - 1 - len(parts) if used else 0)  # before the first slash is nothing
    own = _OWN_PATH.search(body) if re.search(r"pathname\s*=[^=]", front) else None
    return "/" + "/".join([*parts, _PLAY]) + (own[1] if own else "")


def _by_position(code: str, split: int) -> str | None:
    """Return the path whose segment of a number in the code is the name, behind a prefix that the code asks for.

    None where no prefix is asked for: the segments before it are then known from elsewhere.
    """
    prefix = next(iter([*_STARTS.finditer(code, 0, split)][-1:]), None)  # the nearest before it
    if prefix is None:
        return None
    end = code.find("\n", split)
    is_dense = (
        "filter(" in code[split : end if end > 0 else len(code)] or "slice(1)" in code[max(0, split - 40) : split]
    )
    variable = re.search(r"(\w+)\s*=[^=;\n]*$", code[:split])
    used = [int(each[2]) for each in _ELEMENT.finditer(code, split) if variable and each[1] == variable[1]]
    parts = [part for part in prefix[1].split("/") if part]
    if not used or "{" in prefix[1]:
        return None
    number = max(used) if is_dense else max(used) - 1
    if number < len(parts):
        return None
    return "/" + "/".join([*parts, *["x"] * (number - len(parts)), _PLAY])


def _routed(files: Sequence[str], binding: str) -> str | None:
    """Return the likeliest route with a parameter, as Hono, itty-router and URLPattern have them."""
    mounted = {match[2]: match[1] for text in files for match in _MOUNTED.finditer(text)}
    mounted |= {match[1]: match[2] for text in files for match in _ROUTER_BASE.finditer(text)}
    found: list[tuple[int, str]] = []
    for text in files:
        base = _BASE_PATH.search(text)
        for match in _ROUTE.finditer(text):
            if _OTHER_METHOD.match(match[0]):
                continue
            following = _ROUTE.search(text, match.end())
            handler = text[match.end() : min(match.end() + _NEAR, following.start() if following else len(text))]
            if "/$" in match[2] and _NAMED.search(handler) is None:
                continue  # a page of a file router
            likely = (
                (2 + (binding in handler)) * bool(_NAMED.search(handler))
                + bool(_LIKELY.search(match[2]))
                + ("upgrade" in handler.lower())
                + ("fetch(" in handler)
                + bool(_SOCKET_PART.search(match[2]))
            )
            routers = [each[1] for each in _ROUTER.finditer(text, 0, match.start())]
            owners = [match[1] or "", *routers[-1:]]
            prefix = next((mounted[each] for each in owners if each in mounted), base[1] if base else "")
            found.append((likely, f"{prefix.rstrip('/')}/{_filled(match[2], handler).removeprefix('/')}"))
    return max(found, key=lambda each: each[0])[1] if found else None


def _filled(route: str, handler: str) -> str:
    """Return a route with `{play}` for the parameter that names the object, and `x` for the others."""
    names = _PARAMETER.findall(route)
    named = _NAMED.search(handler)
    argument = handler[named.end() : named.end() + 80] if named is not None else ""
    chosen = next((name for name in names if re.search(rf"\b{name}\b", argument)), names[-1])
    return _PARAMETER.sub(lambda match: _PLAY if match[1] == chosen else "x", route)


def _queried(code: str, body: str, binding: str) -> str | None:
    """Return the path and query if the name comes from the query, None if it does not."""
    calls = _calls(code, binding)
    for match in _QUERY.finditer(code):
        name = match[1] or match[2]
        variable = re.search(r"(?:const|let|var)\s+(\w+)[^;\n]*$", code[: match.start()][-120:])
        used = variable is not None and any(re.search(rf"\b{variable[1]}\b", each[1]) for each in calls)
        if used or any(each.start() < match.start() <= each.end() for each in calls):
            return f"{_exact(code, body) or '/'}?{name}={_PLAY}"
    return None


def _exact(front: str, body: str, told: Sequence[str] = ()) -> str | None:
    """Return the path that the code compares the request's with, None if there is none; preferably one that is `told`.

    One that sounds like a socket's, in the code in front of the objects or in theirs, else the first in front; none
    that leads away before an object is named or its socket is made.
    """
    away = paths_away(Blocks(front), _NAMED) | paths_away(Blocks(body), _ACCEPTS)
    found, own = (
        [path for path in _EXACT.findall(code) if not _OTHER_PAGE.search(path) and path not in away]
        for code in (front, body)
    )
    listed = [path for path in told if path in found] or [*found, *own]
    return next((path for path in listed if _LIKELY.search(path)), listed[0] if listed and listed[0] in found else None)


def _asking(front: str, body: str, binding: str) -> str:
    """Return the code that sees a request on its way to a socket: before the object's name, and that of the object."""
    named = "\n".join(front[max(0, each.start() - _BEFORE) : each.start()] for each in _calls(front, binding))
    return f"{named}\n{body}"


def _with_required(path: str, code: str) -> str:
    """Return a path with a value for each parameter of the query without which the code refuses a request."""
    needed: dict[str, str] = {}
    for match in _GIVEN.finditer(code):
        variable, name = match[1], match[2]
        following = code[match.end() : match.end() + 200]
        asked = code[max(0, match.start() - 40) : match.start()]
        is_needed = re.search(rf"!\s*{variable}\b|\b{variable}\s*={{2,3}}\s*null", following) if variable else None
        if is_needed or re.search(r"!\s*(?:\w+\.)*$", asked):
            needed[name] = _one_of(code[match.end() : match.end() + _BEFORE], variable) or _ANN
    missing = {name: value for name, value in needed.items() if f"{name}=" not in path}
    if not missing:
        return path
    return path + ("&" if "?" in path else "?") + "&".join(f"{name}={value}" for name, value in missing.items())


def _one_of(code: str, variable: str | None) -> str | None:
    """Return the first of the texts of which a variable must be one, None if the code asks for none."""
    listed = variable and re.search(
        rf"\[\s*{_STRING}([\w-]+){_STRING}[^\]]*\]\s*\.\s*(?:includes|indexOf)\(\s*{variable}\b", code
    )
    return listed[1] if listed else None
