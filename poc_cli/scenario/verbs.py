"""The verbs of the language: what each kind of step may say."""

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from poc_cli.scenario.duration import Duration
from poc_cli.scenario.step_bases import Acting, Exchange, Step
from poc_cli.scenario.types import CaptureName, Identifier, Names


class Connect(Step):
    """Open the named clients at the same moment and wait until all are open, or `refused` with a status."""

    verb: ClassVar[str] = "connect"
    names_clients: ClassVar[tuple[str, ...]] = ("connect",)
    connect: Names = Field(description="The clients to open.")
    within: Duration = Field(default=5.0, description="How long they may take.")
    refused: int | None = Field(
        default=None, ge=300, le=599, description="The HTTP status with which the server must refuse each of them."
    )


class On(Acting):
    """Let clients send a message, expect one, expect none for a while (`quiet`), or expect to be closed."""

    verb: ClassVar[str] = "on"
    names_clients: ClassVar[tuple[str, ...]] = ("on",)
    fills_templates: ClassVar[tuple[str, ...]] = (*Acting.fills_templates, "like", "expect_reason")
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
        does = self.sends or self.expects or self.quiet is not None or self.expects_close
        if not (does or self.acts or self.expect_text is not None):
            wanted = '"send", "expect", "where", "capture", "quiet" or "expect_code"'
            raise ValueError(f"says nothing to do: give {wanted}")
        if self.expects_close and self.quiet is not None:
            raise ValueError('"quiet" and a close that is expected contradict each other in one step')
        if self.quiet is not None and self.expects:
            raise ValueError('"quiet" and "expect" contradict each other in one step')
        if self.like is not None and self.quiet is None:
            raise ValueError('"like" says what may not arrive while "quiet" lasts, so it needs a "quiet"')
        return self


class Resume(Acting):
    """As `on`, and the first event after a sleep: ends the play if something else woke the object first."""

    verb: ClassVar[str] = "resume"
    names_clients: ClassVar[tuple[str, ...]] = ("resume",)
    allows_every_client: ClassVar[bool] = False
    resume: str = Field(description="The one client whose message wakes the object.")

    @model_validator(mode="after")
    def _sends_and_expects(self) -> "Resume":
        if not ((self.sends or self.acts) and (self.expects or self.expect_text is not None)):
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


class Taking(Step):
    """What steps have in common that take something away, so that a claim may be about what comes after."""

    id: Identifier | None = Field(default=None, description="Its name, for the `after` of a claim.")


class Kill(Taking):
    """Drop the TCP connection of clients without a close frame, as a network does; a page is ended at once."""

    verb: ClassVar[str] = "kill"
    names_clients: ClassVar[tuple[str, ...]] = ("kill",)
    kill: Names = Field(description="The clients whose connection is dropped.")
    how: Literal["fin", "rst", "process"] = Field(
        default="fin", description="Whether the other side sees an end or a reset; `process` kills a program instead."
    )


class Stall(Step):
    """Stop reading from the sockets of clients, so that the kernel's buffers fill; `release` reads on."""

    verb: ClassVar[str] = "stall"
    names_clients: ClassVar[tuple[str, ...]] = ("stall",)
    stall: Names = Field(description="The clients that stop reading.")
    release: bool = Field(default=False, description="Whether they read on instead.")


class Http(Exchange):
    """Send one HTTP request to the worker or the origin, from no client, and look at its answer."""

    verb: ClassVar[str] = "http"
    fills_templates: ClassVar[tuple[str, ...]] = ("http", "headers", "send", "expect")
    http: str = Field(
        pattern=r"^(\{origin(\.foreign)?\})?/",
        description="The path and query of the request; one to the app after {origin}.",
    )
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


class Origin(Exchange):
    """Cut the app server off, slow it down, bring it back, or expect a request to it."""

    verb: ClassVar[str] = "origin"
    fills_templates: ClassVar[tuple[str, ...]] = ("expect",)
    origin: Literal["up", "down", "slow", "called"] = Field(description="What becomes of it, or what it must see.")
    by: Duration | None = Field(default=None, description='How much later it answers, for origin = "slow".')

    @model_validator(mode="after")
    def _says_how(self) -> "Origin":
        if self.sends:
            raise ValueError('nothing is sent here; a request to the app is { http = "{origin}/…" }')
        if (self.origin == "slow") != (self.by is not None):
            raise ValueError('"by" says how much later it answers: it goes with origin = "slow", and only with it')
        if (self.origin == "called") != self.expects:
            raise ValueError('origin = "called" needs an "expect" or "where", and only it has one')
        return self


class Idle(Step):
    """Let time pass. Proves nothing."""

    verb: ClassVar[str] = "idle"
    idle: Duration = Field(description="How long.")


class Hibernate(Taking):
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


class Restart(Taking):
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
