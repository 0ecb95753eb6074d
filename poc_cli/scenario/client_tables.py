"""The models of clients: WebSocket clients of poc, programs, and pages in a browser."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator

from poc_cli.scenario.duration import Duration
from poc_cli.scenario.matching import Decoder
from poc_cli.scenario.types import Folder, SecretName, Shape

LARGEST_COUNT = 10_000
"""The most clients in one play. The runtime needs two descriptors per socket, so this takes 20,000 of them."""

MOST_PROGRAMS = 50
"""The largest count of a program or page: each is a process of 50 MB or more."""


class ClientSpec(Shape):
    """A WebSocket client of poc."""

    path: str = Field(pattern=r"^/", description="The path and query of the URL to connect to.")
    headers: dict[str, str] = Field(default={}, description="Headers of the upgrade request.")
    subprotocols: list[str] = Field(default=[], description="The subprotocols it offers.")
    compression: bool = Field(default=False, description="Whether it offers permessage-deflate.")
    count: int | None = Field(default=None, ge=1, le=LARGEST_COUNT, description="How many clients: ann.1, ann.2, ….")
    decode: Decoder | None = Field(
        default=None, description="How to find the JSON in its texts: `json-after-prefix` reads `42[…]` as `[…]`."
    )
    ping: Duration | None = Field(default=None, description="The interval of protocol pings (default: none).")

    @field_validator("ping")
    @classmethod
    def _pings_apart(cls, ping: float | None) -> float | None:
        # Timers of the event loop have a resolution of a millisecond.
        if ping is not None and ping < 0.001:  # noqa: PLR2004
            raise ValueError('the interval of pings must be at least "1ms"')
        return ping


class CommandSpec(Shape):
    """A program as a client: it reads each message as a line on stdin and writes messages as lines to stdout."""

    command: list[str] = Field(min_length=1, description="The program and its arguments; `node` is poc's own.")
    dir: Folder | None = Field(default=None, description="Its working directory (default: the folder of the file).")
    build: str | None = Field(
        default=None, min_length=1, description="A command that builds it, in a copy of its folder."
    )
    also: list[Folder] = Field(default=[], description="Other folders that the build reads, relative to the file.")
    env: dict[str, str] = Field(default={}, description="Environment variables.")
    secrets: list[SecretName] = Field(default=[], description="Secrets of the scenario to add to its environment.")
    opens: Literal["socket", "line"] = Field(
        default="socket", description="When it counts as open: on a WebSocket to the worker, or on its first line."
    )
    count: int | None = Field(default=None, ge=1, le=MOST_PROGRAMS, description="How many of it: cli.1, cli.2, ….")


class PageSpec(Shape):
    """A page in a real browser; its messages are the frames of its WebSockets to the worker."""

    browser: str = Field(
        pattern=r"^(\{origin(\.foreign)?\}|https?://)", description="The URL of the page, which starts with {origin}."
    )
    opens: Literal["socket", "load"] = Field(
        default="socket", description="When it counts as open: on a WebSocket to the worker, or when it has loaded."
    )
    decode: Decoder | None = Field(
        default=None, description="How to find the JSON in its texts: `json-after-prefix` reads `42[…]` as `[…]`."
    )
    count: int | None = Field(default=None, ge=1, le=MOST_PROGRAMS, description="How many of it: page.1, page.2, ….")


AnyClient = ClientSpec | CommandSpec | PageSpec

_KINDS: dict[str, type[AnyClient]] = {"command": CommandSpec, "browser": PageSpec}
"""The key that identifies each kind of client; a table without either is a client of poc."""


def kind_of(value: object) -> type[AnyClient]:
    """Return the model of a client, given either its raw value or its model."""
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
"""The template for the worker's URL for this client, in a command and its environment."""


def texts_of(client: AnyClient) -> dict[str, object]:
    """Return the keys of a client that can contain templates, with their values."""
    match client:
        case CommandSpec():
            return {"command": client.command, "env": client.env}
        case PageSpec():
            return {"browser": client.browser}
    return {"path": client.path, "headers": client.headers, "subprotocols": client.subprotocols}


def own_names(client: AnyClient) -> frozenset[str]:
    """Return the names bound only in this client, besides its number."""
    return frozenset({URL}) if isinstance(client, CommandSpec) else frozenset()
