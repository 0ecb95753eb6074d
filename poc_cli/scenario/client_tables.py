"""Who may take part in a story: our own WebSocket client, a program of somebody's, a page in a browser."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator

from poc_cli.scenario.duration import Duration
from poc_cli.scenario.types import Folder, SecretName, Shape

LARGEST_COUNT = 10_000
"""Clients of one play. The runtime takes two descriptors a socket, so these already need 20,000 of them."""

MOST_PROGRAMS = 50
"""Programs, or pages, of one client with a count: each is a process of 50 MB or more."""


class ClientSpec(Shape):
    """One WebSocket client: where it connects and how."""

    path: str = Field(pattern=r"^/", description="Where it connects: the path and query of the worker's URL.")
    headers: dict[str, str] = Field(default={}, description="Headers of the opening request.")
    subprotocols: list[str] = Field(default=[], description="The subprotocols it offers.")
    compression: bool = Field(default=False, description="Whether it offers permessage-deflate.")
    count: int | None = Field(default=None, ge=1, le=LARGEST_COUNT, description="So many of it: ann.1, ann.2, ….")
    ping: Duration | None = Field(default=None, description="The time between protocol pings; none unless said.")

    @field_validator("ping")
    @classmethod
    def _pings_apart(cls, ping: float | None) -> float | None:
        # A timer of the event loop is no finer than a millisecond.
        if ping is not None and ping < 0.001:  # noqa: PLR2004
            raise ValueError('pings need time between them, at least "1ms"')
        return ping


class CommandSpec(Shape):
    """A program that is a client: it is sent a line for each message and answers in lines."""

    command: list[str] = Field(min_length=1, description="The program and its arguments; `node` is the one of poc.")
    dir: Folder | None = Field(default=None, description="Where it runs, relative to the file; beside it unless said.")
    build: str | None = Field(default=None, min_length=1, description="What makes its folder ready, in a copy.")
    also: list[Folder] = Field(default=[], description="What the build reads beside the folder, relative to the file.")
    env: dict[str, str] = Field(default={}, description="Variables of its environment.")
    secrets: list[SecretName] = Field(default=[], description="Secrets of the scenario that its environment has too.")
    opens: Literal["socket", "line"] = Field(
        default="socket", description="What shows that it is open: a WebSocket to the worker, or its first line."
    )
    count: int | None = Field(default=None, ge=1, le=MOST_PROGRAMS, description="So many of it: cli.1, cli.2, ….")


class PageSpec(Shape):
    """A page in a real browser: what it sends and gets by its WebSockets to the worker are its messages."""

    browser: str = Field(
        pattern=r"^(\{origin(\.foreign)?\}|https?://)", description="The address of the page: it begins with {origin}."
    )
    opens: Literal["socket", "load"] = Field(
        default="socket", description="What shows that it is open: a WebSocket to the worker, or that it is loaded."
    )
    count: int | None = Field(default=None, ge=1, le=MOST_PROGRAMS, description="So many of it: page.1, page.2, ….")


AnyClient = ClientSpec | CommandSpec | PageSpec

_KINDS: dict[str, type[AnyClient]] = {"command": CommandSpec, "browser": PageSpec}
"""The key by which a table shows what kind of client it is; a table without either is one of ours."""


def kind_of(value: object) -> type[AnyClient]:
    """Return the model of a client as it stands in the file, before or after it has been read."""
    if isinstance(value, ClientSpec | CommandSpec | PageSpec):
        return type(value)
    keys = value.keys() if isinstance(value, dict) else ()
    return next((model for key, model in _KINDS.items() if key in keys), ClientSpec)


def _client_from_path(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


_InFile = Annotated[str, Field(pattern=r"^/")] | ClientSpec | CommandSpec | PageSpec

Client = Annotated[
    Annotated[ClientSpec, Tag(ClientSpec.__name__)]
    | Annotated[CommandSpec, Tag(CommandSpec.__name__)]
    | Annotated[PageSpec, Tag(PageSpec.__name__)],
    Discriminator(lambda value: kind_of(value).__name__),
    BeforeValidator(_client_from_path, json_schema_input_type=_InFile),
]

URL = "url"
"""In a command and its environment: the address of the worker for this very client."""


def texts_of(client: AnyClient) -> dict[str, object]:
    """Return the keys of a client in whose texts templates are filled in, with their values."""
    match client:
        case CommandSpec():
            return {"command": client.command, "env": client.env}
        case PageSpec():
            return {"browser": client.browser}
    return {"path": client.path, "headers": client.headers, "subprotocols": client.subprotocols}


def own_names(client: AnyClient) -> frozenset[str]:
    """Return the names that only this client's texts have, beside its number."""
    return frozenset({URL}) if isinstance(client, CommandSpec) else frozenset()
