"""Find the objects of a play that the URL of a connection or request names."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from urllib.parse import parse_qsl, unquote, urlsplit

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.scenario.client_tables import URL, AnyClient, ClientSpec, CommandSpec
from poc_cli.scenario.model import Connect
from poc_cli.scenario.plays import Play
from poc_cli.scenario.templates import render_text

Labels = frozenset[str]


class Addresses:
    """The URLs of one play."""

    def __init__(self, play: Play, nonce: str, events: Sequence[Event]) -> None:
        self._play = play
        self._nonce = nonce
        self._events = events

    @cached_property
    def by_opening(self) -> dict[int, Labels]:
        """The objects that each connection's URL names, by the id of its `opened` event."""
        names = self._play.names(self._nonce)
        found: dict[int, Labels] = {}
        for event in self._events:
            if event.kind == kinds.CAPTURED:
                names[event.data["name"]] = event.data["value"]
            elif event.kind == kinds.OPENED:
                placed = None if event.step is None else self._play.steps[event.step]
                counters = {} if placed is None else placed.bound
                path = placed.step.path if placed is not None and isinstance(placed.step, Connect) else None
                listed = event.data.get("objects")  # of a program or a page, which choose their own URLs
                seen = frozenset(map(str, listed)) if isinstance(listed, list) else frozenset[str]()
                found[event.id] = seen or self._named_by(event.actor, {**names, **counters}, path)
        return found

    @cached_property
    def tell(self) -> bool:
        """Whether the URL of any client names an object, even if the client never connected."""
        if any(self.by_opening.values()):
            return True
        names = self._all_names
        connected = {event.actor for event in self._events if event.kind == kinds.OPENED}
        return any(self._named_by(client, names) for client in self._play.clients if client not in connected)

    def of_request(self, path: str) -> Labels | None:
        """Return the objects that a request's path and query name; None if no client's URL names any."""
        return self._in(path) if self.tell else None

    def _named_by(self, client: str, names: Mapping[str, object], path: str | None = None) -> Labels:
        known = {URL: "", **names, **self._play.client_bound(client)}
        written = _addresses_of(self._play.clients[client]) if path is None else [path]
        try:
            texts = [render_text(text, known) for text in written]
            return frozenset().union(*map(self._in, texts))
        except ValueError:  # it uses an unbound name, so it never connected; or it is not a URL
            return frozenset()

    def _in(self, address: str) -> Labels:
        url = urlsplit(address)
        parts = {unquote(part) for part in url.path.split("/")} | {value for _, value in parse_qsl(url.query)}
        return frozenset(label for label, title in self._titles.items() if title in parts)

    @cached_property
    def _titles(self) -> dict[str, str | None]:
        """The name or id by which a URL may name each object."""
        names = self._all_names
        titles: dict[str, str | None] = {}
        for label, each in self._play.objects.items():
            is_known = self._play.captured_for(label) <= names.keys()
            titles[label] = render_text(each.identity, names) if is_known else None
        return titles

    @property
    def _all_names(self) -> dict[str, object]:
        """What each name was bound to at last. A name that tells which object is meant is captured once."""
        captured = {event.data["name"]: event.data["value"] for event in self._events if event.kind == kinds.CAPTURED}
        return self._play.names(self._nonce) | captured


def _addresses_of(client: AnyClient) -> Iterator[str]:
    """Yield the texts of a client's table that may name its object."""
    match client:
        case ClientSpec():
            yield client.path
        case CommandSpec():
            yield from client.command
            yield from client.env.values()
        case _:
            yield client.browser
