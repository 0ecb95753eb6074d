"""Makes the clients of a play that are not our own, and takes down what they tell of themselves."""

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
from poc_cli.scenario.matching import Message
from poc_cli.scenario.templates import render_text
from poc_cli.services.services import Services
from poc_cli.targets.npm import node

LONGEST_NOTE: Final = 4096
"""Characters of a line of stderr or of a page's console that the history keeps."""


class StageAccount:
    """The account of one client on a stage; what it tells once its play is over goes nowhere."""

    def __init__(self, context: PlayContext, name: str, client: "list[Client]") -> None:
        """Take where it is written; `client` will hold the client itself."""
        self._context = context
        self._name = name
        self._client = client

    def note(self, kind: str, **data: Any) -> None:
        """Write an event of the client's; long texts are cut, once the secrets are out of them."""
        self._context.note(self._name, kind, **{key: self._short(value) for key, value in data.items()})

    def _short(self, value: Any) -> Any:
        if not isinstance(value, str) or len(value) <= LONGEST_NOTE:
            return value
        safe = str(self._context.without_secrets(value))
        return safe if len(safe) <= LONGEST_NOTE else f"{safe[:LONGEST_NOTE]}…"

    def opened(self, socket: int, address: str) -> None:
        """Write that a WebSocket of it to the worker is open; of its address the path and the objects it names."""
        url = urlsplit(address)
        parts = {unquote(part) for part in url.path.split("/")} | {value for _, value in parse_qsl(url.query)}
        objects = [each.label for each in self._context.objects.values() if {each.name, each.id} & parts]
        self.note(kinds.OPENED, socket=socket, path=url.path, objects=objects)

    def passed(self, kind: str, socket: int, payload: Payload) -> tuple[int, int]:
        """Write a message on such a WebSocket that is not for the inbox; give the event's id and time."""
        now = self._context.now_ns
        if self._context.is_broken_off:
            return 0, now
        told = self._context.recorded(payload)
        return self._context.note(self._name, kind, t_ns=now, socket=socket, **told), now

    def heard(self, payload: Payload, **data: Any) -> None:
        """Write a message for the inbox, and put it there, unless the play has ended over a flood."""
        if self._context.is_broken_off:
            return
        now = self._context.now_ns
        event_id = self._context.note(self._name, kinds.RECEIVED, t_ns=now, **data, **self._context.recorded(payload))
        message = Message(payload, None) if isinstance(payload, str) else Message(None, payload)
        for client in self._client:
            client.inbox.put(Received(message, event_id, now))
            if client.inbox.overflow is not None:
                self._context.flooded(self._name, client.inbox.overflow)

    def ended(self, socket: int, ending: Ending) -> None:
        """Write that such a WebSocket has ended."""
        self._context.endings[self._name] = ending
        told = {"by": ending.by, "code": ending.code, "reason": ending.reason, "clean": ending.clean}
        self.note(kinds.CLOSED, socket=socket, **told, said=ending.said)


def foreign_client(context: PlayContext, services: Services, name: str, spec: AnyClient) -> Client:
    """Make a client that is a program or a page; nothing is started yet. Raises PlayError for what is none."""
    made: list[Client] = []
    account = StageAccount(context, name, made)
    match spec:
        case CommandSpec():
            program = _program(context, services, name, spec)
            made.append(ProgramClient(name, program, services.programs, lambda: context.target.door, account))
        case PageSpec():
            if services.pages is None:
                raise PlayError("there is no browser in this run")
            made.append(PageClient(name, _visit(context, services, name, spec), services.pages, account))
        case _:
            raise PlayError(f"{name} is a client of our own")
    return made[0]


def _visit(context: PlayContext, services: Services, name: str, spec: PageSpec) -> Visit:
    url = render_text(spec.browser, context.names | dict(context.play.client_bound(name)))
    gateway = urlsplit(services.gateway.url).port
    ways = (f"127.0.0.1:{gateway}", f"localhost:{gateway}")
    return Visit(url, spec.opens, lambda: (*ways, urlsplit(context.target.door.url).netloc))


def _program(context: PlayContext, services: Services, name: str, spec: CommandSpec) -> Program:
    scenario = context.play.scenario
    origin = scenario.document.origin
    build, also = spec.build, spec.also
    if build is None and origin is not None and spec.dir is not None and Path(spec.dir) == Path(origin.dir):
        build, also = origin.build, origin.also  # so that it has what the app has, such as its packages
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
