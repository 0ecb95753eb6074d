"""The verbs of the language: what each kind of step may say.

Never carries out a step; the engine holds a function for each verb.
"""

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from poc_cli.scenario.duration import Duration
from poc_cli.scenario.shapes import CaptureName, Names, Shape

VERBS: dict[str, type["Step"]] = {}
"""Every verb by its key; a step has exactly one of them. Each class with a `verb` of its own puts itself here."""


class Step(Shape):
    """What every step has. A verb is a subclass; its key in the file is `verb`.

    The other class variables say which keys hold what, so that a new verb needs no change in the loader.
    """

    verb: ClassVar[str]
    names_clients: ClassVar[tuple[str, ...]] = ()
    allows_every_client: ClassVar[bool] = True
    fills_templates: ClassVar[tuple[str, ...]] = ()
    needs_object: ClassVar[bool] = False
    claim: str | None = Field(default=None, description="The claim it decides; without one it is a precondition.")

    @property
    def acts_on_objects(self) -> bool:
        """Whether the step needs an object that the scenario names."""
        return self.needs_object

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "verb" in vars(cls):
            VERBS[cls.verb] = cls


class Connect(Step):
    """Open the named clients at the same moment and wait until all are open, or `refused` with a status."""

    verb: ClassVar[str] = "connect"
    names_clients: ClassVar[tuple[str, ...]] = ("connect",)
    connect: Names = Field(description="The clients to open.")
    within: Duration = Field(default=5.0, description="How long they may take.")
    refused: int | None = Field(
        default=None, ge=300, le=599, description="The HTTP status with which the server must refuse each of them."
    )


class Exchange(Step):
    """What `on`, `resume` and `http` share: what is sent, and what is expected of the answer."""

    fills_templates: ClassVar[tuple[str, ...]] = ("send", "expect")
    send: Any = Field(default=None, description="The message: a table is JSON, a string is text.")
    expect: Any = Field(default=None, description="What must arrive; a list is several messages in order.")
    where: list[str] = Field(default=[], description="Conditions on the expected message: path op literal.")
    capture: dict[CaptureName, str] = Field(default={}, description="Names to bind, each to a path into that message.")
    exact: bool = Field(default=False, description="Whether keys that are not expected are a mismatch.")
    next: bool = Field(default=False, description="Whether it must be the very next message.")
    order: Literal["given", "any"] = Field(default="given", description="Whether a list may come in any order.")
    within: Duration = Field(default=5.0, description="How long to wait for the expected message.")

    @property
    def sends(self) -> bool:
        """Whether the step sends (TOML has no null, so a field that was given is never None)."""
        return self.send is not None

    @property
    def expects(self) -> bool:
        """Whether the step waits for a message."""
        return self.expect is not None or bool(self.where) or bool(self.capture)

    @model_validator(mode="after")
    def _order_is_of_several(self) -> "Exchange":
        if self.order == "any" and not isinstance(self.expect, list):
            raise ValueError('order = "any" is about several messages, so "expect" must be a list of them')
        return self


class On(Exchange):
    """Let clients send a message, expect one, expect none for a while (`quiet`), or expect to be closed."""

    verb: ClassVar[str] = "on"
    names_clients: ClassVar[tuple[str, ...]] = ("on",)
    fills_templates: ClassVar[tuple[str, ...]] = ("send", "expect", "like", "expect_reason")
    on: Names = Field(description="Who acts, each client by itself.")
    quiet: Duration | None = Field(default=None, description="How long nothing may arrive.")
    like: Any = Field(default=None, description="With `quiet`: what may not arrive; anything else may.")
    expect_code: int | None = Field(
        default=None, ge=1000, le=4999, description="The code with which the server must close; 1006: it breaks."
    )
    expect_reason: str | None = Field(default=None, description="The reason with which it must close.")

    @property
    def expects_close(self) -> bool:
        """Whether the server is to close the connection."""
        return self.expect_code is not None or self.expect_reason is not None

    @model_validator(mode="after")
    def _does_something(self) -> "On":
        if not (self.sends or self.expects or self.quiet is not None or self.expects_close):
            wanted = '"send", "expect", "where", "capture", "quiet" or "expect_code"'
            raise ValueError(f"says nothing to do: give {wanted}")
        if self.expects_close and self.quiet is not None:
            raise ValueError('"quiet" and a close that is expected contradict each other in one step')
        if self.quiet is not None and self.expects:
            raise ValueError('"quiet" and "expect" contradict each other in one step')
        if self.like is not None and self.quiet is None:
            raise ValueError('"like" says what may not arrive while "quiet" lasts, so it needs a "quiet"')
        return self


class Resume(Exchange):
    """As `on`, and the first event after a sleep: ends the play if something else woke the object first."""

    verb: ClassVar[str] = "resume"
    names_clients: ClassVar[tuple[str, ...]] = ("resume",)
    allows_every_client: ClassVar[bool] = False
    resume: str = Field(description="The one client whose message wakes the object.")

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
    close: Names = Field(description="The clients to close.")
    code: int = Field(default=1000, ge=1000, le=4999, description="The close code to send.")
    reason: str = Field(default="", description="The reason to send.")
    expect_code: int | None = Field(default=None, description="The code that must come back.")
    expect_reason: str | None = Field(default=None, description="The reason that must come back.")
    within: Duration = Field(default=5.0, description="How long the answer may take.")


class Kill(Step):
    """Drop the TCP connection of clients without a close frame, as a network does."""

    verb: ClassVar[str] = "kill"
    names_clients: ClassVar[tuple[str, ...]] = ("kill",)
    kill: Names = Field(description="The clients whose connection is dropped.")
    how: Literal["fin", "rst"] = Field(default="fin", description="Whether the other side sees an end or a reset.")


class Stall(Step):
    """Stop reading from the sockets of clients, so that the kernel's buffers fill; `release` reads on."""

    verb: ClassVar[str] = "stall"
    names_clients: ClassVar[tuple[str, ...]] = ("stall",)
    stall: Names = Field(description="The clients that stop reading.")
    release: bool = Field(default=False, description="Whether they read on instead.")


class Http(Exchange):
    """Send one HTTP request to the worker, from no client, and look at its answer."""

    verb: ClassVar[str] = "http"
    fills_templates: ClassVar[tuple[str, ...]] = ("http", "headers", "send", "expect")
    http: str = Field(pattern=r"^/", description="The path and query of the request.")
    method: str = Field(default="POST", pattern=r"^[A-Z]+$", description="The method of the request.")
    headers: dict[str, str] = Field(default={}, description="Headers of the request.")
    status: int | None = Field(default=None, ge=200, le=599, description="The status to come; any 2xx unless said.")
    auth: bool = Field(default=True, description="Whether the bearer token of poc is sent along.")

    @model_validator(mode="after")
    def _one_answer(self) -> "Http":
        if isinstance(self.expect, list):
            advice = "one that is a list is expect = { json = [...] }"
            raise ValueError(f"one request has one answer; {advice}")  # noqa: TRY004 - the file is wrong, not the program
        if self.next:
            raise ValueError('one request has one answer, so "next" means nothing here')
        return self


class Idle(Step):
    """Let time pass. Proves nothing."""

    verb: ClassVar[str] = "idle"
    idle: Duration = Field(description="How long.")


class Hibernate(Step):
    """Wait for the runtime's own idle timer (`idle`), or have the object evicted now (`evict`)."""

    verb: ClassVar[str] = "hibernate"
    needs_object: ClassVar[bool] = True
    hibernate: Literal["idle", "evict"] = Field(description="Whether to wait for the idle timer or to evict.")
    of: Names | None = Field(default=None, description="Which objects must sleep; all unless said.")
    natural: bool = Field(default=False, description="The timer is the subject: left out under --sleep evict.")
    forced: bool = Field(default=False, description="Evictions are the subject: left out under --sleep idle.")

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
    probe: Literal["asleep", "awake", "pinned"] = Field(description="What the trace must show.")
    of: Names | None = Field(default=None, description="Which objects are asked about; all unless said.")


class Alarm(Step):
    """Wait until the trace shows that an alarm was delivered, one that no alarm step before has seen."""

    verb: ClassVar[str] = "alarm"
    needs_object: ClassVar[bool] = True
    alarm: Literal["fires"] = Field(description="What must happen.")
    of: Names | None = Field(default=None, description="Whose alarms; those of all objects unless said.")
    within: Duration = Field(default=15.0, description="How long it may take.")


class Restart(Step):
    """Take the object, or the whole runtime, out of memory with its sockets, and bring it up on the same disk."""

    verb: ClassVar[str] = "restart"
    restart: Literal["object", "server", "crash", "deploy"] = Field(description="What is restarted, and how roughly.")
    of: Names | None = Field(default=None, description='Which objects, for restart = "object"; all unless said.')

    @property
    def acts_on_objects(self) -> bool:
        """Whether it is objects that are restarted, not the runtime."""
        return self.restart == "object"


class Repeat(Step):
    """Play some steps again and again."""

    verb: ClassVar[str] = "repeat"
    claim: None = Field(default=None, description="Never given: the steps inside name claims.")
    repeat: int = Field(ge=1, le=1000, description="How many times.")
    as_: CaptureName | None = Field(default=None, alias="as", description="The name of the counter, from 1 on.")
    steps: list[Any] = Field(min_length=1, description="The steps, one verb each.")

    @field_validator("claim", mode="before")
    @classmethod
    def _claims_inside(cls, claim: object) -> None:
        if claim is not None:
            raise ValueError("a repeat decides nothing itself; let one of its steps name the claim")
