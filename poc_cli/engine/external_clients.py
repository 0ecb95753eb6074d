"""Create the clients of a play that are programs or pages, and record what they report."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from poc_cli.clients.client import Client, Ending, Payload
from poc_cli.clients.inbox import Received
from poc_cli.clients.page import PageClient, Visit
from poc_cli.clients.program import Program, ProgramClient
from poc_cli.engine.context import PlayContext
from poc_cli.engine.step_failure import PlayError
from poc_cli.history import event as kinds
from poc_cli.scenario.client_tables import URL, AnyClient, CommandSpec, PageSpec
from poc_cli.scenario.templates import render_text
from poc_cli.services.services import Services
from poc_cli.targets.npm import node

LONGEST_NOTE: Final = 4096
"""Characters of a line of stderr or of a page's console that the history keeps."""


class ContextObserver:
    """Records what one client reports in its play's history."""

    def __init__(self, context: PlayContext, name: str, client: "list[Client]") -> None:
        """Initialize with a list to which the client itself is added later."""
        self._context = context
        self._name = name
        self._client = client

    def note(self, kind: str, **data: Any) -> None:
        """Write an event of the client; long texts are masked, then cut."""
        self._context.note(self._name, kind, **{key: self._short(value) for key, value in data.items()})

    def _short(self, value: Any) -> Any:
        if not isinstance(value, str) or len(value) <= LONGEST_NOTE:
            return value
        safe = str(self._context.without_secrets(value))
        return safe if len(safe) <= LONGEST_NOTE else f"{safe[:LONGEST_NOTE]}…"

    def opened(self, socket: int, address: str) -> None:
        """Write that a WebSocket to the worker is open, with the path of its URL and the objects named in it."""
        url = urlsplit(address)
        parts = {unquote(part) for part in url.path.split("/")} | {value for _, value in parse_qsl(url.query)}
        objects = [each.label for each in self._context.objects.values() if {each.name, each.id} & parts]
        self.note(kinds.OPENED, socket=socket, path=url.path, objects=objects)

    def passed(self, kind: str, socket: int, payload: Payload) -> tuple[int, int]:
        """Write a message on such a WebSocket that is not for the inbox; return the event's id and time."""
        now = self._context.now_ns
        if self._context.is_broken_off:
            return 0, now
        recorded = self._context.recorded(payload)
        return self._context.note(self._name, kind, t_ns=now, socket=socket, **recorded), now

    def received(self, payload: Payload, **data: Any) -> None:
        """Write a message and put it in the inbox, unless the play was broken off."""
        if self._context.is_broken_off:
            return
        now = self._context.now_ns
        event_id = self._context.note(self._name, kinds.RECEIVED, t_ns=now, **data, **self._context.recorded(payload))
        message = self._context.message(self._name, payload)
        for client in self._client:
            client.inbox.put(Received(message, event_id, now))
            if client.inbox.overflow is not None:
                self._context.flooded(self._name, client.inbox.overflow)

    def ended(self, socket: int, ending: Ending) -> None:
        """Write that such a WebSocket has ended."""
        self._context.endings[self._name] = ending
        fields = {"by": ending.by, "code": ending.code, "reason": ending.reason, "clean": ending.clean}
        self.note(kinds.CLOSED, socket=socket, **fields, said=ending.description)


def external_client(context: PlayContext, services: Services, name: str, spec: AnyClient) -> Client:
    """Create a client that is a program or a page, without starting it. Raises PlayError for any other."""
    created: list[Client] = []
    observer = ContextObserver(context, name, created)
    match spec:
        case CommandSpec():
            program = _program(context, services, name, spec)
            created.append(ProgramClient(name, program, services.programs, lambda: context.target.endpoint, observer))
        case PageSpec():
            if services.pages is None:
                raise PlayError("there is no browser in this run")
            created.append(PageClient(name, _visit(context, services, name, spec), services.pages, observer))
        case _:
            raise PlayError(f"{name} is neither a program nor a page")
    return created[0]


def _visit(context: PlayContext, services: Services, name: str, spec: PageSpec) -> Visit:
    url = render_text(spec.browser, context.names | dict(context.play.client_bound(name)))
    gateway = urlsplit(services.gateway.url).port
    ways = (f"127.0.0.1:{gateway}", f"localhost:{gateway}")
    return Visit(url, spec.opens, lambda: (*ways, urlsplit(context.target.endpoint.url).netloc))


def _program(context: PlayContext, services: Services, name: str, spec: CommandSpec) -> Program:
    scenario = context.play.scenario
    origin = scenario.document.origin
    build, also = spec.build, spec.also
    if build is None and origin is not None and spec.dir is not None and Path(spec.dir) == Path(origin.dir):
        build, also = origin.build, origin.also  # the build that installs the app's packages
    folder = services.folder(scenario, spec.dir or ".", also, build)
    known = context.names | dict(context.play.client_bound(name))
    bearer = context.target.headers.get("Authorization", "").removeprefix("Bearer ")
    hidden = {secret: services.secrets[secret] for secret in spec.secrets} | ({"POC_TOKEN": bearer} if bearer else {})

    def words(url: str) -> tuple[list[str], dict[str, str]]:
        names = known | {URL: url}
        first, *rest = (render_text(word, names) for word in spec.command)
        program = str(node()) if first == "node" else first
        own = {key: render_text(value, names) for key, value in spec.env.items()}
        return [program, *rest], services.programs.environment() | {"POC_URL": url} | own | hidden

    return Program(words, folder, spec.opens)
