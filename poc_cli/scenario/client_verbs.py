"""The verbs for what clients, requests and the app server do: keys, sentence, rules and example of each.

The engine implements them in `engine/step_handlers.py`.
"""

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from poc_cli.inert import inert
from poc_cli.scenario import wording
from poc_cli.scenario.duration import Duration, written
from poc_cli.scenario.schema_rules import ACTS, CLOSES, EXPECTS, Rule, any_of, given, in_case
from poc_cli.scenario.step_bases import Acting, Exchange, Step, Taking
from poc_cli.scenario.types import Names
from poc_cli.scenario.wording import EVERY, cut, do, listed, message


class Connect(Step):
    """Connect clients at the same time and wait until all are open, or `refused` with a status."""

    verb: ClassVar[str] = "connect"
    names_clients: ClassVar[tuple[str, ...]] = ("connect",)
    fills_templates: ClassVar[tuple[str, ...]] = ("path", "subprotocol")
    example: ClassVar[str] = """\
  { connect = ["ann", "bob"], within = "2s" },
  { on = "ann", send = { op = "who" }, expect = { name = "ann" }, capture = { room = "instance" } },
  { close = "ann" },
  { connect = "ann", path = "/room/{play}?name=ann&seen={room}" },
  { on = "ann", send = { op = "who" }, where = ["instance == {room}"] },
"""
    connect: Names = Field(description="The clients to connect.")
    path: str | None = Field(
        default=None, pattern=r"^/", description="The path to connect to this time, instead of the client's own."
    )
    within: Duration = Field(default=5.0, description="How long they may take.")
    refused: int | None = Field(
        default=None, ge=300, le=599, description="The HTTP status with which the server must reject each of them."
    )
    subprotocol: str | None = Field(
        default=None, description="The subprotocol that the server must select; empty if it must select none."
    )

    @property
    def shows_something(self) -> bool:
        """Whether clients must be rejected, or get a subprotocol."""
        return self.refused is not None or self.subprotocol is not None

    def sentence(self) -> str:
        """Describe who connects."""
        end = "" if self.path is None else f" to {inert(self.path)}"
        end += "" if self.refused is None else f" and must be rejected with status {self.refused}"
        end += "" if self.subprotocol is None else f" with the subprotocol {inert(self.subprotocol) or 'none'} selected"
        end += self.time_limit()
        if self.connect == [EVERY]:
            return f"all clients connect at the same time{end}"
        if len(self.connect) == 1:
            return f"{wording.clients(self.connect)} connects{end}"
        return f"{wording.clients(self.connect)} connect at the same time{end}"


class On(Acting):
    """Send a message from clients, expect one, expect none for some time (`quiet`), or expect to be closed."""

    verb: ClassVar[str] = "on"
    names_clients: ClassVar[tuple[str, ...]] = ("on",)
    fills_templates: ClassVar[tuple[str, ...]] = (*Acting.fills_templates, "like", "expect_reason")
    rules: ClassVar[tuple[Rule, ...]] = (
        any_of([given("send"), ACTS, given("expect_text"), EXPECTS, given("quiet"), CLOSES]),
        {"if": given("quiet"), "then": {"not": any_of([EXPECTS, CLOSES])}},
        {"if": given("like"), "then": given("quiet")},
    )
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
    on: Names = Field(description="The clients; the step applies to each.")
    quiet: Duration | None = Field(default=None, description="How long no message may arrive.")
    like: Any = Field(default=None, description="With `quiet`: the message that may not arrive; others may.")
    expect_code: int | None = Field(
        default=None,
        ge=1000,
        le=4999,
        description="The code with which the server must close; 1006 means without a close frame.",
    )
    expect_reason: str | None = Field(default=None, description="The reason with which it must close.")

    @property
    def expects_close(self) -> bool:
        """Whether the server must close the connection."""
        return self.expect_code is not None or self.expect_reason is not None

    @model_validator(mode="after")
    def _does_something(self) -> "On":
        does = self.sends or self.expects or self.quiet is not None or self.expects_close
        if not (does or self.acts or self.expect_text is not None):
            wanted = '"send", "expect", "where", "capture", "quiet" or "expect_code"'
            raise ValueError(f"does nothing: add {wanted}")
        if self.expects_close and self.quiet is not None:
            raise ValueError('"quiet" and an expected close contradict each other in one step')
        if self.quiet is not None and self.expects:
            raise ValueError('"quiet" and "expect" contradict each other in one step')
        if self.like is not None and self.quiet is None:
            raise ValueError('"like" says what may not arrive during "quiet", so it requires "quiet"')
        return self

    def sentence(self) -> str:
        """Describe the exchange, and the silence or close expected after it."""
        exchange = self.exchange(self.on)
        if self.expects_close:
            code = wording.closing(self.expect_code, self.expect_reason)
            close = f"the server must close {listed(self.on, 'every client')}{code and f' with {code}'}"
            return f"{exchange}; then {close}" if exchange else f"{close}{self.time_limit()}"
        if self.quiet is None:
            return exchange
        noise = "nothing" if self.like is None else f"nothing like {message(self.like)}"
        silence = f"{noise} may arrive at {listed(self.on, 'any client')} for {written(self.quiet)}"
        return f"{exchange}; then {silence}" if self.sends else silence


class Resume(Acting):
    """Like `on`, for the first message after a sleep. Ends the play if something else woke the object first."""

    verb: ClassVar[str] = "resume"
    names_clients: ClassVar[tuple[str, ...]] = ("resume",)
    allows_every_client: ClassVar[bool] = False
    rules: ClassVar[tuple[Rule, ...]] = (any_of([given("send"), ACTS]), any_of([given("expect_text"), EXPECTS]))
    example: ClassVar[str] = """\
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { ok = true }, capture = { before = "instance" } },
  { hibernate = "evict" },
  { resume = "ann", send = { op = "who" }, expect = { ok = true }, where = ["instance != {before}"] },
"""
    resume: str = Field(description="The client whose message wakes the object.")

    @model_validator(mode="after")
    def _sends_and_expects(self) -> "Resume":
        if not ((self.sends or self.acts) and (self.expects or self.expect_text is not None)):
            raise ValueError('must "send" something and "expect" the answer')
        return self

    def sentence(self) -> str:
        """Describe the exchange that wakes the object."""
        return f"waking the object, {self.exchange([self.resume])}"


class Close(Step):
    """Close clients with a close frame and wait for the server's close frame."""

    verb: ClassVar[str] = "close"
    names_clients: ClassVar[tuple[str, ...]] = ("close",)
    fills_templates: ClassVar[tuple[str, ...]] = ("reason", "expect_reason")
    example: ClassVar[str] = """\
  { connect = ["ann", "bob"] },
  { close = "ann", code = 4001, reason = "bye", expect_code = 4001, expect_reason = "bye", within = "1s" },
  { close = "bob" },
"""
    close: Names = Field(description="The clients to close.")
    code: int = Field(
        default=1000,
        ge=0,
        le=65_535,
        description="The close code to send, also one that no close frame may carry; 1005 sends none.",
    )
    reason: str = Field(default="", description="The reason to send.")
    expect_code: int | None = Field(default=None, description="The code that must be returned.")
    expect_reason: str | None = Field(default=None, description="The reason that must be returned.")
    within: Duration = Field(default=5.0, description="How long the reply may take.")

    def sentence(self) -> str:
        """Describe who closes how, and what must be returned."""
        reason = f" and the reason {cut(self.reason)}" if self.reason else ""
        closes = f"{do(self.close, 'closes')} with code {self.code}{reason}"
        returned = wording.closing(self.expect_code, self.expect_reason)
        return closes + (f" and must get back {returned}" if returned else "") + self.time_limit()


class Kill(Taking):
    """Drop the TCP connection of clients without a close frame, like a network failure; a page is ended at once."""

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
        default="fin", description="Whether the server sees a FIN or a reset; `process` kills a program instead."
    )

    @property
    def shows_something(self) -> bool:
        """The step shows nothing by itself."""
        return False

    def sentence(self) -> str:
        """Describe whose connection is dropped, and what the server sees."""
        who = wording.clients(self.kill)
        if self.how == "process":
            return f"the process of {who} is killed (kill -9)"
        how = "a FIN" if self.how == "fin" else "a reset (RST)"
        return f"the connection of {who} is dropped without a close frame; the server sees {how}"


class Stall(Step):
    """Stop reading from the sockets of clients, so that the kernel's buffers fill; `release` resumes reading."""

    verb: ClassVar[str] = "stall"
    names_clients: ClassVar[tuple[str, ...]] = ("stall",)
    touches_objects: ClassVar[bool] = False
    asks_worker: ClassVar[bool] = False
    example: ClassVar[str] = """\
  { connect = ["ann", "bob"] },
  { stall = "bob" },
  { on = "ann", send = { op = "broadcast", text = "hi" }, expect = { op = "broadcast", reached = 2 } },
  { stall = "bob", release = true },
  { on = "bob", expect = { event = "broadcast", text = "hi" } },
"""
    stall: Names = Field(description="The clients that stop reading.")
    release: bool = Field(default=False, description="Whether they resume reading instead.")

    @property
    def shows_something(self) -> bool:
        """The step shows nothing by itself."""
        return False

    def sentence(self) -> str:
        """Describe who stops reading or resumes it."""
        if self.release:
            return do(self.stall, "resumes") + " reading"
        return do(self.stall, "stops") + " reading, so that messages pile up"


class Http(Exchange):
    """Send an HTTP request to the worker or the origin and check the response."""

    verb: ClassVar[str] = "http"
    fills_templates: ClassVar[tuple[str, ...]] = ("http", "headers", "send", "expect")
    rules: ClassVar[tuple[Rule, ...]] = (
        {"properties": {"expect": {"not": {"type": "array"}}, "next": {"const": False}}},
    )
    example: ClassVar[str] = """\
  { connect = ["ann", "bob"] },
  { http = "/room/{play}", send = { op = "say", text = "news" }, expect = { reached = 2 } },
  { on = "*", expect = { event = "said", text = "news" } },
  { http = "/room/{play}", send = { op = "who" }, auth = false, status = 401 },
"""
    http: str = Field(
        pattern=r"^(\{origin(\.foreign)?\})?/",
        description="The path and query of the request, with {origin} in front for a request to the app.",
    )
    method: str = Field(default="POST", pattern=r"^[A-Z]+$", description="The request method.")
    headers: dict[str, str] = Field(default={}, description="Request headers.")
    status: int | None = Field(default=None, ge=200, le=599, description="The expected status (default: any 2xx).")
    auth: bool = Field(default=True, description="Whether to send poc's bearer token.")

    @model_validator(mode="after")
    def _one_answer(self) -> "Http":
        if isinstance(self.expect, list):
            advice = "if it is a list, use expect = { json = [...] }"
            raise ValueError(f"a request has one response; {advice}")  # noqa: TRY004 - the file is wrong, not the program
        if self.next:
            raise ValueError('a request has one response, so "next" has no meaning here')
        return self

    def sentence(self) -> str:
        """Describe the request and the expected response."""
        token = "" if self.auth else " without the token"
        sends = f" with {message(self.send)}" if self.sends else ""
        status = "a 2xx status" if self.status is None else f"status {self.status}"
        answer = f" and the response {self.answer()}" if self.expect is not None else ""
        request = f"the HTTP request {self.method} {inert(self.http)}{token}{sends}"
        return f"{request} must get {status}{answer}{self.details()}"


class Origin(Exchange):
    """Disconnect the app server, slow it down, restore it, or expect a request to it."""

    verb: ClassVar[str] = "origin"
    fills_templates: ClassVar[tuple[str, ...]] = ("expect",)
    rules: ClassVar[tuple[Rule, ...]] = (
        {"not": given("send")},
        {**in_case("origin", "slow", given("by")), "else": {"not": given("by")}},
        {**in_case("origin", "called", EXPECTS), "else": {"not": EXPECTS}},
    )
    asks_worker: ClassVar[bool] = False
    example: ClassVar[str] = """\
  { connect = "ann" },
  { http = "{origin}/hello?room={play}", method = "GET", expect = { ok = true } },
  { origin = "called", expect = { method = "GET", path = "/hello", query = ["room"], status = 200 } },
  { origin = "slow", by = "500ms" },
  { http = "{origin}/hello?room={play}", method = "GET", expect = { ok = true } },
  { origin = "down" },
  { origin = "up" },
"""
    origin: Literal["up", "down", "slow", "called"] = Field(
        description="The new state, or `called` to expect a request."
    )
    by: Duration | None = Field(default=None, description='The delay of each response, for origin = "slow".')

    @model_validator(mode="after")
    def _says_how(self) -> "Origin":
        if self.sends:
            raise ValueError('"send" is not available here; to send a request to the app, use { http = "{origin}/…" }')
        if (self.origin == "slow") != (self.by is not None):
            raise ValueError('origin = "slow" requires a delay in "by", and no other value allows it')
        if (self.origin == "called") != self.expects:
            raise ValueError('origin = "called" requires "expect" or "where", and no other value allows them')
        return self

    def sentence(self) -> str:
        """Describe the new state of the app server, or the request it must have received."""
        if self.origin == "called":
            return f"the origin must have been called with {self.answer()}{self.details()}"
        delay = "" if self.by is None else f" by {written(self.by)}"
        sentences = {
            "up": "the origin responds normally again",
            "down": "the origin is unreachable: the connection of every request of this play is closed",
            "slow": f"the origin delays each response in this play{delay}",
        }
        return sentences[self.origin]
