"""The verbs of the language, one class each: what a step may say, its sentence, what it needs, and its example.

The engine has the function that carries it out (`engine/step_handlers.py`).
"""

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from poc_cli.inert import inert
from poc_cli.scenario import wording
from poc_cli.scenario.abilities import Need
from poc_cli.scenario.duration import Duration, written
from poc_cli.scenario.step_bases import Acting, Exchange, Step
from poc_cli.scenario.types import CaptureName, Identifier, Names
from poc_cli.scenario.wording import EVERY, cut, do, listed, message


class Connect(Step):
    """Open the named clients at the same moment and wait until all are open, or `refused` with a status."""

    verb: ClassVar[str] = "connect"
    names_clients: ClassVar[tuple[str, ...]] = ("connect",)
    example: ClassVar[str] = """\
  { connect = ["ann", "bob"], within = "2s" },
"""
    connect: Names = Field(description="The clients to open.")
    within: Duration = Field(default=5.0, description="How long they may take.")
    refused: int | None = Field(
        default=None, ge=300, le=599, description="The HTTP status with which the server must refuse each of them."
    )

    @property
    def shows_something(self) -> bool:
        """Whether clients must be refused."""
        return self.refused is not None

    def sentence(self) -> str:
        """Return who connects."""
        end = "" if self.refused is None else f" and must be refused with status {self.refused}"
        end += self.time_limit()
        if self.connect == [EVERY]:
            return f"all clients connect at the same moment{end}"
        if len(self.connect) == 1:
            return f"{wording.clients(self.connect)} connects{end}"
        return f"{wording.clients(self.connect)} connect at the same moment{end}"


class On(Acting):
    """Let clients send a message, expect one, expect none for a while (`quiet`), or expect to be closed."""

    verb: ClassVar[str] = "on"
    names_clients: ClassVar[tuple[str, ...]] = ("on",)
    fills_templates: ClassVar[tuple[str, ...]] = (*Acting.fills_templates, "like", "expect_reason")
    example: ClassVar[str] = """\
  { connect = ["ann", "bob"] },
  { on = "ann", send = { op = "who" }, where = ["sockets == 2"], capture = { room = "instance" } },
  { on = "bob", send = { op = "who" }, where = ["instance == {room}"] },
  { on = "ann", send = { op = "say", text = "hi" }, expect = [{ reached = 2 }, { event = "said" }], order = "any" },
  { on = "bob", expect = { event = "said", text = "hi" }, next = true },
  { on = "*", quiet = "200ms" },
  { on = "ann", send = { op = "echo", text = "to myself" }, expect = { op = "echo" } },
  { on = "bob", quiet = "200ms", like = { op = "echo" } },
  { on = "bob", send = { op = "close", code = 4001, reason = "bye" }, expect_code = 4001, expect_reason = "bye" },
"""
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

    def sentence(self) -> str:
        """Return what is exchanged, and what must then not arrive or be closed."""
        told = self.exchange(self.on)
        if self.expects_close:
            code = wording.closing(self.expect_code, self.expect_reason)
            close = f"the server must close {listed(self.on, 'every client')}{code and f' with {code}'}"
            return f"{told}; then {close}" if told else f"{close}{self.time_limit()}"
        if self.quiet is None:
            return told
        noise = "nothing" if self.like is None else f"nothing like {message(self.like)}"
        silence = f"{noise} may arrive at {listed(self.on, 'any client')} for {written(self.quiet)}"
        return f"{told}; then {silence}" if self.sends else silence


class Resume(Acting):
    """As `on`, and the first event after a sleep: ends the play if something else woke the object first."""

    verb: ClassVar[str] = "resume"
    names_clients: ClassVar[tuple[str, ...]] = ("resume",)
    allows_every_client: ClassVar[bool] = False
    example: ClassVar[str] = """\
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { ok = true }, capture = { before = "instance" } },
  { hibernate = "evict" },
  { resume = "ann", send = { op = "who" }, expect = { ok = true }, where = ["instance != {before}"] },
"""
    resume: str = Field(description="The one client whose message wakes the object.")

    @model_validator(mode="after")
    def _sends_and_expects(self) -> "Resume":
        if not ((self.sends or self.acts) and (self.expects or self.expect_text is not None)):
            raise ValueError('must "send" something and "expect" the answer')
        return self

    def sentence(self) -> str:
        """Return what is exchanged as the object wakes."""
        return f"as the first to wake the object, {self.exchange([self.resume])}"


class Close(Step):
    """Close clients with a close frame and wait for the answer to it."""

    verb: ClassVar[str] = "close"
    names_clients: ClassVar[tuple[str, ...]] = ("close",)
    fills_templates: ClassVar[tuple[str, ...]] = ("reason", "expect_reason")
    example: ClassVar[str] = """\
  { connect = ["ann", "bob"] },
  { close = "ann", code = 4001, reason = "bye", expect_code = 4001, expect_reason = "bye", within = "1s" },
  { close = "bob" },
"""
    close: Names = Field(description="The clients to close.")
    code: int = Field(default=1000, ge=1000, le=4999, description="The close code to send.")
    reason: str = Field(default="", description="The reason to send.")
    expect_code: int | None = Field(default=None, description="The code that must come back.")
    expect_reason: str | None = Field(default=None, description="The reason that must come back.")
    within: Duration = Field(default=5.0, description="How long the answer may take.")

    def sentence(self) -> str:
        """Return who closes how, and what must come back."""
        reason = f" and the reason {cut(self.reason)}" if self.reason else ""
        told = f"{do(self.close, 'closes')} with code {self.code}{reason}"
        back = wording.closing(self.expect_code, self.expect_reason)
        return told + (f" and must get back {back}" if back else "") + self.time_limit()


class Taking(Step):
    """What steps have in common that take something away, so that a claim may be about what comes after."""

    id: Identifier | None = Field(default=None, description="Its name, for the `after` of a claim.")


class Kill(Taking):
    """Drop the TCP connection of clients without a close frame, as a network does; a page is ended at once."""

    verb: ClassVar[str] = "kill"
    names_clients: ClassVar[tuple[str, ...]] = ("kill",)
    example: ClassVar[str] = """\
  { connect = ["ann", "bob"] },
  { kill = "bob", how = "rst" },
  { connect = "bob" },
  { on = "bob", send = { op = "who" }, expect = { name = "bob" } },
"""
    kill: Names = Field(description="The clients whose connection is dropped.")
    how: Literal["fin", "rst", "process"] = Field(
        default="fin", description="Whether the other side sees an end or a reset; `process` kills a program instead."
    )

    @property
    def shows_something(self) -> bool:
        """It only lets something happen."""
        return False

    def sentence(self) -> str:
        """Return whose connection is dropped, and what the other side sees."""
        who = wording.clients(self.kill)
        if self.how == "process":
            return f"the process of {who} is killed (kill -9)"
        how = "an end (FIN)" if self.how == "fin" else "a reset (RST)"
        return f"the connection of {who} is dropped without a close frame: the other side sees {how}"


class Stall(Step):
    """Stop reading from the sockets of clients, so that the kernel's buffers fill; `release` reads on."""

    verb: ClassVar[str] = "stall"
    names_clients: ClassVar[tuple[str, ...]] = ("stall",)
    touches_objects: ClassVar[bool] = False
    example: ClassVar[str] = """\
  { connect = ["ann", "bob"] },
  { stall = "bob" },
  { on = "ann", send = { op = "broadcast", text = "hi" }, expect = { op = "broadcast", reached = 2 } },
  { stall = "bob", release = true },
  { on = "bob", expect = { event = "broadcast", text = "hi" } },
"""
    stall: Names = Field(description="The clients that stop reading.")
    release: bool = Field(default=False, description="Whether they read on instead.")

    @property
    def shows_something(self) -> bool:
        """It only lets something happen."""
        return False

    def sentence(self) -> str:
        """Return who stops reading, or reads on."""
        if self.release:
            return do(self.stall, "reads") + " on"
        return do(self.stall, "stops") + " reading, so that what is sent to it piles up"


class Http(Exchange):
    """Send one HTTP request to the worker or the origin, from no client, and look at its answer."""

    verb: ClassVar[str] = "http"
    fills_templates: ClassVar[tuple[str, ...]] = ("http", "headers", "send", "expect")
    example: ClassVar[str] = """\
  { connect = ["ann", "bob"] },
  { http = "/room/{play}", send = { op = "say", text = "news" }, expect = { reached = 2 } },
  { on = "*", expect = { event = "said", text = "news" } },
  { http = "/room/{play}", send = { op = "who" }, auth = false, status = 401 },
"""
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

    def sentence(self) -> str:
        """Return the request, and what it must get."""
        token = "" if self.auth else " without the token"
        sends = f" with {message(self.send)}" if self.sends else ""
        status = "any status of success" if self.status is None else f"status {self.status}"
        answer = f" and as answer {self.answer()}" if self.expect is not None else ""
        request = f"the HTTP request {self.method} {inert(self.http)}{token}{sends}"
        return f"{request} must get {status}{answer}{self.details()}"


class Origin(Exchange):
    """Cut the app server off, slow it down, bring it back, or expect a request to it."""

    verb: ClassVar[str] = "origin"
    fills_templates: ClassVar[tuple[str, ...]] = ("expect",)
    example: ClassVar[str] = """\
  { connect = "ann" },
  { http = "{origin}/hello?room={play}", method = "GET", expect = { ok = true } },
  { origin = "called", expect = { method = "GET", path = "/hello", query = ["room"], status = 200 } },
  { origin = "slow", by = "500ms" },
  { http = "{origin}/hello?room={play}", method = "GET", expect = { ok = true } },
  { origin = "down" },
  { origin = "up" },
"""
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

    def sentence(self) -> str:
        """Return what becomes of the app server, or what it must have seen."""
        if self.origin == "called":
            return f"the origin must have been called with {self.answer()}{self.details()}"
        later = "" if self.by is None else f" {written(self.by)} later"
        told = {
            "up": "the origin answers again as it does",
            "down": "the origin is cut off: every request of this play loses its connection",
            "slow": f"the origin answers each request of this play{later}",
        }
        return told[self.origin]


class Idle(Step):
    """Let time pass. Proves nothing."""

    verb: ClassVar[str] = "idle"
    touches_objects: ClassVar[bool] = False
    example: ClassVar[str] = """\
  { connect = "ann" },
  { idle = "200ms" },
"""
    idle: Duration = Field(description="How long.")

    @property
    def shows_something(self) -> bool:
        """It only lets something happen."""
        return False

    def sentence(self) -> str:
        """Return how long nothing is done."""
        return f"{written(self.idle)} pass"


class Hibernate(Taking):
    """Wait for the runtime's own idle timer (`idle`), or have the object evicted now (`evict`)."""

    verb: ClassVar[str] = "hibernate"
    needs_object: ClassVar[bool] = True
    example: ClassVar[str] = """\
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { ok = true } },
  { hibernate = "idle" },
  { on = "ann", send = { op = "who" }, expect = { ok = true } },
"""
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

    @property
    def need(self) -> Need | None:
        """An evict, if evictions are the subject: otherwise another way to sleep does as well."""
        return "evict" if self.forced else None

    def sentence(self) -> str:
        """Return who must sleep, and how."""
        who = wording.objects(self.of)
        if self.hibernate == "evict":
            return f"{who} must leave memory now: evicted, with the sockets staying open"
        return f"nothing is done until the runtime's idle timer has taken {who} out of memory"


class Probe(Step):
    """Ask the runtime's trace whether the object is asleep, awake or pinned. Touches nothing."""

    verb: ClassVar[str] = "probe"
    needs_object: ClassVar[bool] = True
    touches_objects: ClassVar[bool] = False
    only_looks: ClassVar[bool] = True
    example: ClassVar[str] = """\
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { ok = true } },
  { probe = "awake" },
  { hibernate = "evict" },
  { on = "ann", send = "ping", expect = "pong" },
  { probe = "asleep" },
"""
    probe: Literal["asleep", "awake", "pinned"] = Field(description="What the trace must show.")
    of: Names | None = Field(default=None, description="Which objects are asked about; all unless said.")

    @property
    def need(self) -> Need:
        """Probes and alarms are read from the trace."""
        return "trace"

    def sentence(self) -> str:
        """Return what the trace must show."""
        meaning = {"asleep": "asleep", "awake": "in memory", "pinned": "kept in memory by something pending"}
        return f"the trace must show {wording.objects(self.of)} {meaning[self.probe]}"


class Alarm(Step):
    """Wait until the trace shows that an alarm was delivered, one that no alarm step before has seen."""

    verb: ClassVar[str] = "alarm"
    needs_object: ClassVar[bool] = True
    touches_objects: ClassVar[bool] = False
    only_looks: ClassVar[bool] = True
    example: ClassVar[str] = """\
  { connect = "ann" },
  { on = "ann", send = { op = "alarm", in_ms = 500 }, expect = { ok = true } },
  { alarm = "fires", within = "5s" },
  { on = "ann", expect = { event = "alarm" } },
"""
    alarm: Literal["fires"] = Field(description="What must happen.")
    of: Names | None = Field(default=None, description="Whose alarms; those of all objects unless said.")
    within: Duration = Field(default=15.0, description="How long it may take.")

    @property
    def need(self) -> Need:
        """Probes and alarms are read from the trace."""
        return "trace"

    def sentence(self) -> str:
        """Return whose alarm must fire."""
        return f"an alarm of {wording.objects(self.of)} must fire{self.time_limit()}"


class Restart(Taking):
    """Take the object, or the whole runtime, out of memory with its sockets, and bring it up on the same disk."""

    verb: ClassVar[str] = "restart"
    example: ClassVar[str] = """\
  { connect = "ann" },
  { on = "ann", send = { op = "put", key = "color", value = "blue" }, expect = { ok = true } },
  { restart = "crash" },
  { connect = "ann" },
  { on = "ann", send = { op = "get", key = "color" }, expect = { value = "blue" } },
"""
    restart: Literal["object", "server", "crash", "deploy"] = Field(description="What is restarted, and how roughly.")
    of: Names | None = Field(default=None, description='Which objects, for restart = "object"; all unless said.')

    @property
    def acts_on_objects(self) -> bool:
        """Whether it is objects that are restarted, not the runtime."""
        return self.restart == "object"

    @property
    def need(self) -> Need:
        """What the place must be able to restart."""
        needs: dict[str, Need] = {"object": "evict", "server": "restart", "crash": "crash", "deploy": "deploy"}
        return needs[self.restart]

    def sentence(self) -> str:
        """Return what is restarted, and how."""
        told = {
            "object": f"{wording.objects(self.of)} is restarted: it leaves memory and its sockets close",
            "server": "the runtime is stopped and started again on the same disk",
            "crash": "the runtime is killed (kill -9) and started again on the same disk",
            "deploy": "a new version of the worker is deployed: a new process on the same disk, POC_VERSION raised",
        }
        return told[self.restart]


class Repeat(Step):
    """Play some steps again and again."""

    verb: ClassVar[str] = "repeat"
    example: ClassVar[str] = """\
  { connect = "ann" },
  { repeat = 3, as = "n", steps = [
    { on = "ann", send = { op = "echo", text = "line {n}" }, expect = { op = "echo", text = "line {n}" } },
  ] },
"""
    claim: None = Field(default=None, description="Never given: the steps inside name claims.")
    repeat: int = Field(ge=1, le=1000, description="How many times.")
    as_: CaptureName | None = Field(default=None, alias="as", description="The name of the counter, from 1 on.")
    steps: list[Any] = Field(min_length=1, description="The steps, one verb each.")

    @field_validator("claim", mode="before")
    @classmethod
    def _claims_inside(cls, claim: object) -> None:
        if claim is not None:
            raise ValueError("a repeat decides nothing itself; let one of its steps name the claim")

    def sentence(self) -> str:
        """Return how often the steps inside are played."""
        counter = "" if self.as_ is None else f", counted by {{{self.as_}}}"
        return f"{self.repeat} times{counter}:"
