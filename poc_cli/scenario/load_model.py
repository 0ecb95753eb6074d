"""The models of a load scenario: the number of sockets and rooms, and the stages they go through."""

from typing import Any, ClassVar, Final, Literal

from pydantic import Field, field_validator

from poc_cli.scenario.duration import Duration
from poc_cli.scenario.model import Client, ScenarioFile
from poc_cli.scenario.types import Identifier, Shape

STAGES: Final[dict[str, type["Stage"]]] = {}
"""Every kind of stage by its key; a stage has exactly one of these keys."""

MOST_SOCKETS: Final = 10_000_000
"""More sockets than any cluster opens; a larger number is a mistake."""

PATIENCE_SECONDS: Final = 10.0
"""How long a reply may take before it counts as lost. Ten thousand messages are answered in one second (measured)."""

SLEEPS_WITHIN_SECONDS: Final = 13.0
"""An object still in memory this long after its last event cannot sleep (docs/design/sleep.md)."""


class Stage(Shape):
    """Base class of all stages. Each kind is a subclass; its key in the file is `verb`."""

    verb: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        STAGES[cls.verb] = cls


class Ramp(Stage):
    """Open all sockets, spread evenly over a time."""

    verb: ClassVar[str] = "ramp"
    ramp: Duration = Field(description="How long it takes to open all.")


class Rest(Stage):
    """Let time pass. Proves nothing."""

    verb: ClassVar[str] = "idle"
    idle: Duration = Field(description="The duration.")


class Sleep(Stage):
    """Put every room to sleep, by the runtime's idle timer or by eviction."""

    verb: ClassVar[str] = "sleep"
    sleep: Literal["natural", "evict"] = Field(description="By the idle timer, or by eviction (local only).")
    wait: Duration = Field(default=SLEEPS_WITHIN_SECONDS, description="How long nothing is sent to the rooms.")


class Storm(Stage):
    """Wake every room, with a message from each client or with one message and a broadcast."""

    verb: ClassVar[str] = "storm"
    storm: Literal["all", "staggered", "broadcast"] = Field(
        description="All clients at once, one after the other, or one per room."
    )
    over: Duration = Field(default=5.0, description="The duration of a staggered storm.")
    within: Duration = Field(
        default=PATIENCE_SECONDS, description="How long a reply may take before it counts as lost."
    )
    slow: int = Field(default=0, ge=0, description="How many clients of each room stop reading meanwhile.")


class Churn(Stage):
    """Clients leave and are replaced by new ones."""

    verb: ClassVar[str] = "churn"
    churn: Duration = Field(description="The duration.")
    rate: float = Field(gt=0, description="How many clients are replaced per second.")


class Chat(Stage):
    """Every client sends messages at a fixed rate, to itself or to its room."""

    verb: ClassVar[str] = "chat"
    chat: Duration = Field(description="The duration.")
    rate: float = Field(gt=0, description="Messages per client and minute.")
    to: Literal["self", "room"] = Field(
        default="self", description="Who receives each: its sender, or everyone in the room."
    )
    within: Duration = Field(
        default=PATIENCE_SECONDS, description="How long a reply may take before it counts as lost."
    )
    slow: int = Field(default=0, ge=0, description="How many clients of each room stop reading meanwhile.")


class LoadTable(Shape):
    """`[load]`: the sockets and their messages. Each message contains `{mark}`, which identifies its reply."""

    sockets: int = Field(ge=1, le=MOST_SOCKETS, description="The number of sockets.")
    rooms: int = Field(default=1, ge=1, description="The number of objects they are spread over.")
    rounds: int = Field(default=1, ge=1, description="How often the stages after the ramp are run.")
    path: str = Field(pattern=r"^/", description="The path each connects to, with {play}, {room} and {i}.")
    headers: dict[str, str] = Field(default={}, description="Headers of each upgrade request.")
    stages: list[Any] = Field(min_length=1, description="The stages, one verb each.")
    exchange: Any = Field(default={"hex": "01"}, description="A message that the object answers with the same mark.")
    who: Any = Field(default={"op": "who", "id": "{mark}"}, description="A message whose reply contains the instance.")
    broadcast: Any = Field(
        default={"op": "broadcast", "text": "{mark}"}, description="A message that everyone in the room receives."
    )
    instance: str | None = Field(default="instance", description="The path of the instance in the reply to `who`.")

    @field_validator("instance")
    @classmethod
    def _some_path(cls, instance: str | None) -> str | None:
        return instance or None


class LoadFile(ScenarioFile):
    """A file with a `[load]` table, which has sockets and stages instead of clients and steps."""

    clients: dict[Identifier, Client] = Field(default={})
    steps: list[Any] = Field(default=[])
    load: LoadTable = Field(description="The sockets, and the stages they go through.")
