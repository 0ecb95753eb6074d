"""Turn a recorded session into the steps of a story: who does what, and which messages each step waits for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from poc_cli.record.masking import is_moment
from poc_cli.recorder.messages import json_of, sent_form
from poc_cli.recorder.names import NAME_KEYS, ClientNames, field_name
from poc_cli.recorder.session import (
    Ended,
    Headers,
    Opened,
    Payload,
    Received,
    Requested,
    Sent,
    Session,
)
from poc_cli.recorder.substitution import Substitution, is_secret_key, name_in_address
from poc_cli.scenario.sessions import LONGEST_IDLE
from poc_cli.scenario.values import MISSING, Path, leaves

PAUSE: Final = 1.0
"""Seconds without anything after which a message counts as one that comes by time."""

HTTP: Final = "http"

_NO_CODE: Final = frozenset({1000, 1005})
_SUCCESS: Final = range(200, 300)
_LEAST_NUMBER: Final = 100_000
_LEAST_ID: Final = 5
_ID_KEYS: Final = ("id", "key", "token", "ticket", "cursor")
"""How the names of ids end."""

_DISCRIMINATORS: Final = frozenset({"type", "event", "op", "kind", "action", "cmd", "t", "method"})

_PAGE_TYPES: Final = ("text/html", "text/css", "image/", "font/", "audio/", "video/", "application/wasm")
_STREAM: Final = "text/event-stream"
_SCRIPTS: Final = ("javascript", "ecmascript", "source-map", "manifest")

_OF_BROWSERS: Final = frozenset(
    {
        "host",
        "connection",
        "upgrade",
        "user-agent",
        "origin",
        "referer",
        "pragma",
        "cache-control",
        "dnt",
        "content-length",
        "transfer-encoding",
        "keep-alive",
        "te",
        "priority",
        "expect",
        "upgrade-insecure-requests",
    }
)
_FAMILIES: Final = ("sec-", "accept")
"""Beginnings of headers that browsers and libraries send by themselves."""

_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(slots=True)
class Awaited:
    """A received message that a step waits for, and what is captured from it: a path by name."""

    number: int
    payload: Payload
    captures: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Action:
    """One step, or several if it waits for several messages: what a client does, and what it then receives."""

    verb: Literal["connect", "on", "close", "kill", "http", "idle"]
    client: str
    keys: dict[str, Any] = field(default_factory=dict)
    file: Payload | None = None
    """What it sends, if that is in a file of its own."""

    awaited: list[Awaited] = field(default_factory=list)
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ClientTable:
    """How a client connects."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    subprotocols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """The clients and the steps, and how many requests of pages were left out."""

    clients: Mapping[str, ClientTable]
    actions: tuple[Action, ...]
    left_out: int = 0

    @property
    def awaited(self) -> Iterator[Awaited]:
        """Yield all received messages in the order of the steps."""
        for action in self.actions:
            yield from action.awaited


def story_of(session: Session, substitution: Substitution) -> Story:
    """Return the story of a session."""
    return _Builder(substitution).built(session)


class _Builder:
    def __init__(self, substitution: Substitution) -> None:
        self._substitution = substitution
        self._names = ClientNames()
        self._clients: dict[str, ClientTable] = {}
        self._by_socket: dict[int, str] = {}
        self._actions: list[Action] = []
        self._segment = 0
        """Where the messages begin that answer the latest action."""

        self._numbers = 0
        self._given: dict[Any, tuple[Awaited, Path]] = {}
        """Where the worker first gave each value that looks like an id."""

        self._said: set[Any] = set()
        """Values that clients were the first to send."""

        self._last_s: float | None = None
        self._left_out = 0

    def built(self, session: Session) -> Story:
        for each in session.happenings:
            if isinstance(each, Opened):
                self._opened(each)
            elif isinstance(each, Sent) and each.socket in self._by_socket:
                self._sent(each)
            elif isinstance(each, Received) and each.socket in self._by_socket:
                self._received(each)
            elif isinstance(each, Ended) and each.socket in self._by_socket:
                self._ended(each)
            elif isinstance(each, Requested):
                self._requested(each)
            self._last_s = each.at_s
        return Story(self._clients, tuple(self._actions), self._left_out)

    def _act(self, action: Action) -> None:
        self._segment = len(self._actions)
        self._actions.append(action)

    def _opened(self, each: Opened) -> None:
        self._capture_in_address(each.address)
        headers, subprotocols = self._headers(each.headers)
        table = ClientTable(self._substitution.address(each.address), headers, subprotocols)
        name = self._names.of(name_in_address(each.address, NAME_KEYS), table.path)
        keys: dict[str, Any] = {}
        if name in self._clients:
            if self._clients[name].path != table.path:
                keys["path"] = table.path
        else:
            self._clients[name] = table
        if each.refused is None:
            self._by_socket[each.socket] = name
        else:
            keys["refused"] = each.refused
            self._names.free(name)
        self._act(Action("connect", name, keys))

    def _sent(self, each: Sent) -> None:
        value = json_of(each.payload)
        self._capture_in(each.payload if value is MISSING else value)
        form = sent_form(each.payload, self._substitution)
        action = Action("on", self._by_socket[each.socket], {} if form is None else {"send": form})
        action.file = each.payload if form is None else None
        self._act(action)

    def _received(self, each: Received) -> None:
        name = self._by_socket[each.socket]
        if self._last_s is not None and each.at_s - self._last_s > PAUSE:
            length = min(LONGEST_IDLE, round(each.at_s - self._last_s, 1))
            self._act(Action("idle", "", {"idle": f"{length:g}s"}, comment="What comes next came by time."))
        awaited = self._await(each.payload)
        mine = (one for one in self._actions[self._segment :] if one.verb == "on" and one.client == name)
        action = next(mine, None)
        if action is None:
            action = Action("on", name)
            self._actions.append(action)
        action.awaited.append(awaited)

    def _ended(self, each: Ended) -> None:
        name = self._by_socket.pop(each.socket)
        self._names.free(name)
        said = {"reason": each.reason} if each.reason else {}
        if each.by == "dropped":
            self._act(Action("kill", name))
        elif each.by == "client":
            code = {} if each.code in _NO_CODE else {"code": each.code}
            self._act(Action("close", name, code | said))
        else:
            keys = {"expect_code": each.code, **({"expect_reason": each.reason} if each.reason else {})}
            self._actions.append(Action("on", name, keys))

    def _requested(self, each: Requested) -> None:
        if _is_of_page(each):
            self._left_out += 1
            return
        self._capture_in_address(each.address)
        headers, _ = self._headers(each.headers)
        keys: dict[str, Any] = {"http": self._substitution.address(each.address)}
        if each.method != "POST":
            keys["method"] = each.method
        if headers:
            keys["headers"] = headers
        action = Action("http", HTTP, keys)
        body = _text_or_bytes(each.body)
        if body:
            value = json_of(body)
            self._capture_in(body if value is MISSING else value)
            form = sent_form(body, self._substitution)
            action.file = body if form is None else None
            keys |= {} if form is None else {"send": form}
        if each.status not in _SUCCESS:
            keys["status"] = each.status
        self._act(action)
        if each.answer:
            action.awaited.append(self._await(_text_or_bytes(each.answer)))

    # --- values that the worker gives and clients send back

    def _await(self, payload: Payload) -> Awaited:
        awaited = Awaited(self._numbers, payload)
        self._numbers += 1
        value = json_of(payload)
        if value is MISSING and isinstance(payload, str):
            value = payload
        for path, leaf in leaves(value) if value is not MISSING else ():
            given = _could_be_given(leaf) or (path and _is_id_of_letters(path[-1], leaf))
            if given and leaf not in self._said and not (path and path[-1] in _DISCRIMINATORS):
                self._given.setdefault(leaf, (awaited, path))
        return awaited

    def _capture_in(self, value: Any) -> None:
        for path, leaf in leaves(value):
            self._capture(leaf, str(path[-1]) if path else "")

    def _capture_in_address(self, address: str) -> None:
        url = urlsplit(address)
        for segment in url.path.split("/"):
            self._capture(unquote(segment), "")
        for name, value in parse_qsl(url.query):
            self._capture(value, name)

    def _capture(self, leaf: Any, used_as: str) -> None:
        """Capture a value where the worker gave it, if it did."""
        if isinstance(leaf, bool | None) or not (_could_be_given(leaf) or _is_id_of_letters(used_as, leaf)):
            return
        if leaf in self._given and leaf not in self._substitution.captured:
            awaited, path = self._given[leaf]
            key = next((each for each in reversed(path) if isinstance(each, str)), used_as)
            taken = {name for name, _ in self._substitution.captured.values()}
            name = field_name(key or used_as or "given", taken)
            self._substitution.captured[leaf] = name, awaited.number
            awaited.captures[name] = path_text(path)
        elif leaf not in self._given:
            self._said.add(leaf)

    def _headers(self, headers: Headers) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return the headers that no browser or library sends by itself, and the subprotocols."""
        found: dict[str, str] = {}
        subprotocols: tuple[str, ...] = ()
        for name, value in headers:
            low = name.lower()
            if low == "sec-websocket-protocol":
                subprotocols = tuple(self._substitution.text(each.strip()) for each in value.split(","))
            elif low in _SECRET_HEADERS or is_secret_key(low):
                scheme, space, rest = value.partition(" ")
                has_scheme = low != "cookie" and space and scheme.isalpha()
                found[name] = (
                    f"{scheme} {self._substitution.secret(rest, low)}"
                    if has_scheme
                    else self._substitution.secret(value, low)
                )
            elif low not in _OF_BROWSERS and not low.startswith(_FAMILIES):
                found[name] = str(self._substitution.value(value))
        return found, subprotocols


def path_text(path: Path) -> str:
    """Return a path as captures and conditions write it; that of a whole text is `@text`."""
    text = ""
    for each in path:
        if isinstance(each, int):
            text += f"[{each}]"
            continue
        name = each if each.replace("-", "_").isidentifier() else f'"{each}"'
        text += f".{name}" if text else name
    return text or "@text"


def _could_be_given(leaf: object) -> bool:
    """Return whether a value looks as if the worker had made it: an id, a ticket, a cursor."""
    if isinstance(leaf, bool):
        return False
    if isinstance(leaf, int | float):
        return leaf >= _LEAST_NUMBER or is_moment(leaf)
    return (
        isinstance(leaf, str)
        and len(leaf) >= _LEAST_ID
        and any(each.isdigit() for each in leaf)
        and not any(each.isspace() for each in leaf)
    )


def _is_id_of_letters(key: object, leaf: object) -> bool:
    """Return whether a word is an id by the name of its key; random ids have letters alone now and then."""
    named = str(key).lower().endswith(_ID_KEYS)
    return named and isinstance(leaf, str) and len(leaf) >= _LEAST_ID and leaf.isalnum()


def _is_of_page(each: Requested) -> bool:
    """Return whether a request loads a page or a part of one, asks for permission, or is answered by endless events."""
    kind = each.content_type.lower()
    loads = each.method in {"GET", "HEAD"}
    is_part = kind.startswith(_PAGE_TYPES) or any(word in kind for word in _SCRIPTS)
    return (
        each.method == "OPTIONS"
        or kind.startswith(_STREAM)
        or (loads and (is_part or each.address.partition("?")[0].endswith("favicon.ico")))
    )


def _text_or_bytes(data: bytes) -> Payload:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
