"""What a scenario file may say, as typed data: the story, its clients, its steps and its claims.

Never reads a file and never explains a mistake to a person; the loader does.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from poc_cli.scenario.duration import Duration

Verdict = Literal["held", "refuted", "unknown", "error"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]
"""One name or several; `"*"` means every client."""

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
CaptureName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class ObjectRef(_Model):
    """Which Durable Object a story is about: by class and name, or by class and hex id."""

    class_: str = Field(alias="class")
    name: str | None = None
    id: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _one_of_name_and_id(self) -> "ObjectRef":
        if (self.name is None) == (self.id is None):
            raise ValueError('an object is named by its "name" or by its "id"')
        return self


class ClientSpec(_Model):
    """One WebSocket client: where it connects and how."""

    path: str = Field(pattern=r"^/")
    headers: dict[str, str] = {}
    subprotocols: list[str] = []
    compression: bool = False


def _client_from_path(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


Client = Annotated[ClientSpec, BeforeValidator(_client_from_path)]


VERBS: dict[str, type["Step"]] = {}
"""Every verb by its key; a step has exactly one of them. Each class with a `verb` of its own puts itself here."""


class Step(_Model):
    """What every step has. A verb is a subclass; its key in the file is `verb`.

    The other class variables say which keys hold what, so that a new verb needs no change in the loader.
    """

    verb: ClassVar[str]
    names_clients: ClassVar[tuple[str, ...]] = ()
    allows_every_client: ClassVar[bool] = True
    fills_templates: ClassVar[tuple[str, ...]] = ()
    needs_object: ClassVar[bool] = False
    claim: str | None = None

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "verb" in vars(cls):
            VERBS[cls.verb] = cls


class Connect(Step):
    """Open the named clients at the same moment and wait until all are open."""

    verb: ClassVar[str] = "connect"
    names_clients: ClassVar[tuple[str, ...]] = ("connect",)
    connect: Names
    within: Duration = 5.0


class Exchange(Step):
    """What `on` and `resume` share: send a message, expect messages, or expect silence."""

    fills_templates: ClassVar[tuple[str, ...]] = ("send", "expect")
    send: Any = None
    expect: Any = None
    where: list[str] = []
    capture: dict[CaptureName, str] = {}
    exact: bool = False
    next: bool = False
    within: Duration = 5.0

    @property
    def sends(self) -> bool:
        """Whether the step sends (TOML has no null, so a field that was given is never None)."""
        return self.send is not None

    @property
    def expects(self) -> bool:
        """Whether the step waits for a message."""
        return self.expect is not None or bool(self.where) or bool(self.capture)


class On(Exchange):
    """Let clients send a message, expect one, or expect none for a while (`quiet`)."""

    verb: ClassVar[str] = "on"
    names_clients: ClassVar[tuple[str, ...]] = ("on",)
    on: Names
    quiet: Duration | None = None

    @model_validator(mode="after")
    def _does_something(self) -> "On":
        if not (self.sends or self.expects or self.quiet is not None):
            raise ValueError('says nothing to do: give "send", "expect", "where", "capture" or "quiet"')
        if self.quiet is not None and self.expects:
            raise ValueError('"quiet" and "expect" contradict each other in one step')
        return self


class Resume(Exchange):
    """As `on`, and the first event after a sleep: ends the play if something else woke the object first."""

    verb: ClassVar[str] = "resume"
    names_clients: ClassVar[tuple[str, ...]] = ("resume",)
    allows_every_client: ClassVar[bool] = False
    resume: str

    @model_validator(mode="after")
    def _sends_and_expects(self) -> "Resume":
        if not (self.sends and self.expects):
            raise ValueError('must "send" something and "expect" the answer')
        return self


class Close(Step):
    """Close clients with a close frame and wait for the answer to it."""

    verb: ClassVar[str] = "close"
    names_clients: ClassVar[tuple[str, ...]] = ("close",)
    fills_templates: ClassVar[tuple[str, ...]] = ("reason", "expect_reason")
    close: Names
    code: int = Field(default=1000, ge=1000, le=4999)
    reason: str = ""
    expect_code: int | None = None
    expect_reason: str | None = None
    within: Duration = 5.0


class Idle(Step):
    """Let time pass. Proves nothing."""

    verb: ClassVar[str] = "idle"
    idle: Duration


class Hibernate(Step):
    """Wait for the runtime's own idle timer (`idle`), or have the object evicted now (`evict`)."""

    verb: ClassVar[str] = "hibernate"
    needs_object: ClassVar[bool] = True
    hibernate: Literal["idle", "evict"]
    of: Names | None = None
    natural: bool = False
    forced: bool = False

    @model_validator(mode="after")
    def _subject_is_the_way(self) -> "Hibernate":
        if self.natural and self.hibernate != "idle":
            raise ValueError('"natural" says that the natural timer is the subject, so it needs hibernate = "idle"')
        if self.forced and self.hibernate != "evict":
            raise ValueError('"forced" says that evictions are the subject, so it needs hibernate = "evict"')
        return self


class Probe(Step):
    """Ask the runtime's trace whether the object is asleep, awake or pinned. Touches nothing."""

    verb: ClassVar[str] = "probe"
    needs_object: ClassVar[bool] = True
    probe: Literal["asleep", "awake", "pinned"]
    of: Names | None = None


CHECKS = (
    "connections-survive",
    "sleeps",
    "stays-awake",
    "no-wake",
    "memory-is-reset",
    "storage-survives",
    "attachments-survive",
    "delivered-in-order",
    "delivered-once",
    "close-handshake",
    "wake-under",
)
"""The names of the checks; the judge holds one function for each."""

ROWS = (
    "connections",
    "SQLite rows",
    "KV storage",
    "attachments",
    "tags",
    "auto-response",
    "alarms",
    "secrets",
    "in-memory fields",
    "module globals",
    "unsent messages",
)
"""The rows of the survival matrix."""


class MatrixCell(_Model):
    """The cell of the survival matrix that a claim fills; the column comes from what happened."""

    row: str
    expects: Literal["survives", "lost", "reset"]

    @model_validator(mode="after")
    def _known_row(self) -> "MatrixCell":
        if self.row not in ROWS:
            raise ValueError(f'"row" must be one of {", ".join(ROWS)}')
        return self


class Control(_Model):
    """The same story with one change, which must come out the other way."""

    clients: dict[Identifier, Client] = {}
    vars: dict[CaptureName, Any] = {}
    steps: list[Any] | None = Field(default=None, min_length=1)
    expect: Literal["refuted", "unknown", "held"] = "refuted"

    @model_validator(mode="after")
    def _changes_something(self) -> "Control":
        if not self.clients and not self.vars and self.steps is None:
            raise ValueError('changes nothing: give "clients", "vars" or "steps"')
        return self


class Claim(_Model):
    """One sentence that the story puts to the test."""

    id: Identifier
    says: str = Field(min_length=1)
    source: str | None = None
    check: str | None = None
    of: list[str] | None = None
    by: str = "id"
    limit: Duration | None = None
    matrix: MatrixCell | None = None
    control: Control | None = None
    mutant: str | None = None
    known: dict[str, Literal["refuted"]] = {}


class ScenarioFile(_Model):
    """A whole file. `steps` holds the verbs' models once the loader has chosen each."""

    name: Identifier
    title: str = Field(min_length=1)
    tags: list[str] = []
    object: ObjectRef | None = None
    objects: dict[Identifier, ObjectRef] = {}
    vars: dict[CaptureName, Any] = {}
    clients: dict[Identifier, Client] = Field(min_length=1)
    steps: list[Any] = Field(min_length=1)
    claim: list[Claim] = []
