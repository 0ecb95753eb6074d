"""The verbs for time and objects: to wait, to put to sleep, to look, to restart and to repeat.

The engine implements them in `engine/step_handlers.py`.
"""

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from poc_cli.scenario import wording
from poc_cli.scenario.abilities import Need
from poc_cli.scenario.duration import Duration, written
from poc_cli.scenario.schema_rules import Rule, given, in_case
from poc_cli.scenario.step_bases import Step, Taking
from poc_cli.scenario.types import CaptureName, Names


class Idle(Step):
    """Let time pass. Proves nothing."""

    verb: ClassVar[str] = "idle"
    touches_objects: ClassVar[bool] = False
    asks_worker: ClassVar[bool] = False
    example: ClassVar[str] = """\
  { connect = "ann" },
  { idle = "200ms" },
"""
    idle: Duration = Field(description="The duration.")

    @property
    def shows_something(self) -> bool:
        """The step shows nothing by itself."""
        return False

    def sentence(self) -> str:
        """Describe the wait."""
        return f"wait for {written(self.idle)}"


class Hibernate(Taking):
    """Wait until the runtime's idle timer evicts the object (`idle`), or evict it now (`evict`)."""

    verb: ClassVar[str] = "hibernate"
    needs_object: ClassVar[bool] = True
    rules: ClassVar[tuple[Rule, ...]] = (
        in_case("natural", value=True, then={"properties": {"hibernate": {"const": "idle"}}}),
        in_case("forced", value=True, then={"properties": {"hibernate": {"const": "evict"}}}),
    )
    asks_worker: ClassVar[bool] = False
    example: ClassVar[str] = """\
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { ok = true } },
  { hibernate = "idle" },
  { on = "ann", send = { op = "who" }, expect = { ok = true } },
"""
    hibernate: Literal["idle", "evict"] = Field(description="Whether to wait for the idle timer or to evict.")
    of: Names | None = Field(default=None, description="The objects that must sleep (default: all).")
    natural: bool = Field(default=False, description="The idle timer is the subject: left out with --sleep evict.")
    forced: bool = Field(default=False, description="Evictions are the subject: left out with --sleep idle.")

    @model_validator(mode="after")
    def _subject_is_the_way(self) -> "Hibernate":
        if self.natural and self.hibernate != "idle":
            raise ValueError('"natural" means that the idle timer is the subject, so it requires hibernate = "idle"')
        if self.forced and self.hibernate != "evict":
            raise ValueError('"forced" means that evictions are the subject, so it requires hibernate = "evict"')
        return self

    @property
    def need(self) -> Need | None:
        """Eviction, if evictions are the subject; otherwise the object can also sleep in another way."""
        return "evict" if self.forced else None

    def sentence(self) -> str:
        """Describe which objects must sleep, and how."""
        who = wording.objects(self.of)
        if self.hibernate == "evict":
            return f"evict {who} from memory now, with the sockets staying open"
        return f"wait until the runtime's idle timer evicts {who} from memory"


class Probe(Step):
    """Check in the runtime's trace whether the object is asleep, awake or pinned, without touching it."""

    verb: ClassVar[str] = "probe"
    needs_object: ClassVar[bool] = True
    touches_objects: ClassVar[bool] = False
    only_looks: ClassVar[bool] = True
    asks_worker: ClassVar[bool] = False
    example: ClassVar[str] = """\
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { ok = true } },
  { probe = "awake" },
  { hibernate = "evict" },
  { on = "ann", send = "ping", expect = "pong" },
  { probe = "asleep" },
"""
    probe: Literal["asleep", "awake", "pinned"] = Field(description="What the trace must show.")
    of: Names | None = Field(default=None, description="The objects to check (default: all).")

    @property
    def need(self) -> Need:
        """The runtime's trace."""
        return "trace"

    def sentence(self) -> str:
        """Describe what the trace must show."""
        meaning = {"asleep": "asleep", "awake": "in memory", "pinned": "kept in memory by something pending"}
        return f"the trace must show {wording.objects(self.of)} {meaning[self.probe]}"


class Alarm(Step):
    """Wait until the trace shows that an alarm was delivered that no earlier alarm step has seen."""

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
    of: Names | None = Field(default=None, description="The objects whose alarms count (default: all).")
    within: Duration = Field(default=15.0, description="How long it may take.")

    @property
    def need(self) -> Need:
        """The runtime's trace."""
        return "trace"

    def sentence(self) -> str:
        """Describe whose alarm must fire."""
        return f"an alarm of {wording.objects(self.of)} must fire{self.time_limit()}"


class Restart(Taking):
    """Restart the object or the whole runtime on the same disk; all its sockets are closed.

    `deploy-deferred` lets active objects keep the old code until they hibernate; only Cloudflare does it.
    """

    verb: ClassVar[str] = "restart"
    rules: ClassVar[tuple[Rule, ...]] = (
        {"if": given("max_delay"), "then": {"properties": {"restart": {"const": "deploy-deferred"}}}},
        in_case("back", value=True, then={"properties": {"restart": {"enum": ["deploy", "deploy-deferred"]}}}),
    )
    example: ClassVar[str] = """\
  { connect = "ann" },
  { on = "ann", send = { op = "put", key = "color", value = "blue" }, expect = { ok = true } },
  { restart = "crash" },
  { connect = "ann" },
  { on = "ann", send = { op = "get", key = "color" }, expect = { value = "blue" } },
"""
    restart: Literal["object", "server", "crash", "deploy", "deploy-deferred"] = Field(
        description="What to restart, and how."
    )
    max_delay: Duration | None = Field(
        default=None, description='For "deploy-deferred": after how long objects that stay active are reset.'
    )
    back: bool = Field(default=False, description="Deploy the version before once more instead of a new one.")
    of: Names | None = Field(default=None, description='The objects to restart, for restart = "object" (default: all).')

    @property
    def acts_on_objects(self) -> bool:
        """Whether objects are restarted, not the runtime."""
        return self.restart == "object"

    @property
    def need(self) -> Need:
        """The kind of restart."""
        needs: dict[str, Need] = {
            "object": "evict",
            "server": "restart",
            "crash": "crash",
            "deploy": "deploy",
            "deploy-deferred": "deferred",
        }
        return needs[self.restart]

    def sentence(self) -> str:
        """Describe what is restarted, and how."""
        sentences = {
            "object": f"{wording.objects(self.of)} is restarted: it leaves memory and its sockets close",
            "server": "the runtime is stopped and started again on the same disk",
            "crash": "the runtime is killed (kill -9) and started again on the same disk",
            "deploy": "a new version is deployed: a new process on the same disk, with another POC_VERSION",
            "deploy-deferred": "a new version is deployed that active objects take over only once they hibernate",
        }
        delay = "" if self.max_delay is None else f", at the latest after {written(self.max_delay)}"
        sentence = sentences[self.restart] + delay
        return sentence.replace("a new version", "the version before") if self.back else sentence

    @model_validator(mode="after")
    def _delays_a_deferred_update(self) -> "Restart":
        if self.max_delay is not None and self.restart != "deploy-deferred":
            raise ValueError('"max_delay" requires restart = "deploy-deferred"')
        if self.back and self.restart not in {"deploy", "deploy-deferred"}:
            raise ValueError('"back" requires restart = "deploy" or "deploy-deferred"')
        return self


class Repeat(Step):
    """Repeat some steps."""

    verb: ClassVar[str] = "repeat"
    example: ClassVar[str] = """\
  { connect = "ann" },
  { repeat = 3, as = "n", steps = [
    { on = "ann", send = { op = "echo", text = "line {n}" }, expect = { op = "echo", text = "line {n}" } },
  ] },
"""
    claim: None = Field(default=None, description="Not allowed: the steps inside name claims.")
    repeat: int = Field(ge=1, le=1000, description="How many times.")
    as_: CaptureName | None = Field(default=None, alias="as", description="The name of the counter, which starts at 1.")
    steps: list[Any] = Field(min_length=1, description="The steps, one verb each.")

    @field_validator("claim", mode="before")
    @classmethod
    def _claims_inside(cls, claim: object) -> None:
        if claim is not None:
            raise ValueError("a repeat decides no claim; name the claim in one of its steps")

    def sentence(self) -> str:
        """Describe how often the steps inside are played."""
        counter = "" if self.as_ is None else f", counted by {{{self.as_}}}"
        return f"{self.repeat} times{counter}:"
