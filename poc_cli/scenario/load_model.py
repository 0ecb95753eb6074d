"""What a load scenario may say: how many sockets in how many rooms, and what they go through, stage by stage."""

from typing import Any, ClassVar, Final, Literal

from pydantic import Field, field_validator

from poc_cli.scenario.duration import Duration
from poc_cli.scenario.model import Client, ScenarioFile
from poc_cli.scenario.types import Identifier, Shape

STAGES: Final[dict[str, type["Stage"]]] = {}
"""Every kind of stage by its key; a stage has exactly one of them."""

MOST_SOCKETS: Final = 10_000_000
"""Beyond what any cluster of ours opens: a slip of the pen."""

PATIENCE_SECONDS: Final = 10.0
"""How long an answer may take before it is counted as lost. Ten thousand are answered in one second (measured)."""

SLEEPS_WITHIN_SECONDS: Final = 13.0
"""An object still in memory this long after its last event cannot sleep (docs/design/sleep.md)."""


class Stage(Shape):
    """What every stage has. A kind of stage is a subclass; its key in the file is `verb`."""

    verb: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        STAGES[cls.verb] = cls


class Ramp(Stage):
    """Open all sockets, evenly over a length of time."""

    verb: ClassVar[str] = "ramp"
    ramp: Duration = Field(description="How long the opening takes.")


class Rest(Stage):
    """Let time pass; proves nothing."""

    verb: ClassVar[str] = "idle"
    idle: Duration = Field(description="How long.")


class Sleep(Stage):
    """Bring every room to sleep, by the runtime's own timer or by force."""

    verb: ClassVar[str] = "sleep"
    sleep: Literal["natural", "evict"] = Field(description="By the idle timer, or by an evict (local only).")
    wait: Duration = Field(default=SLEEPS_WITHIN_SECONDS, description="How long to leave the rooms alone.")


class Storm(Stage):
    """Wake every room: by a message of each client, or by one message and a broadcast to all."""

    verb: ClassVar[str] = "storm"
    storm: Literal["all", "staggered", "broadcast"] = Field(description="All at once, one after the other, or by one.")
    over: Duration = Field(default=5.0, description="Over how long a staggered storm is spread.")
    within: Duration = Field(default=PATIENCE_SECONDS, description="How long an answer may take before it is lost.")
    slow: int = Field(default=0, ge=0, description="How many of each room do not read while it goes on.")


class Churn(Stage):
    """Clients leave, and others come in their place."""

    verb: ClassVar[str] = "churn"
    churn: Duration = Field(description="For how long.")
    rate: float = Field(gt=0, description="How many leave and come a second.")


class Chat(Stage):
    """Every client says something now and then, to itself or to its room."""

    verb: ClassVar[str] = "chat"
    chat: Duration = Field(description="For how long.")
    rate: float = Field(gt=0, description="Messages of each client a minute.")
    to: Literal["self", "room"] = Field(default="self", description="Who gets each: its sender, or all in the room.")
    within: Duration = Field(default=PATIENCE_SECONDS, description="How long an answer may take before it is lost.")
    slow: int = Field(default=0, ge=0, description="How many of each room do not read while it goes on.")


class LoadTable(Shape):
    """`[load]`: the sockets, and what they say. A message holds `{mark}`, by which its answer is known."""

    sockets: int = Field(ge=1, le=MOST_SOCKETS, description="How many sockets.")
    rooms: int = Field(default=1, ge=1, description="Over how many objects they are spread.")
    rounds: int = Field(default=1, ge=1, description="How often the stages after the ramp are gone through.")
    path: str = Field(pattern=r"^/", description="Where each connects; {play}, {room} and {i} are filled in.")
    headers: dict[str, str] = Field(default={}, description="Headers of each opening request.")
    stages: list[Any] = Field(min_length=1, description="What happens, stage by stage: one verb each.")
    exchange: Any = Field(default={"hex": "01"}, description="A message that the object answers with its mark.")
    who: Any = Field(default={"op": "who", "id": "{mark}"}, description="A message whose answer tells the instance.")
    broadcast: Any = Field(
        default={"op": "broadcast", "text": "{mark}"}, description="A message that comes to all in the room."
    )
    instance: str | None = Field(default="instance", description="The path of the instance in the answer to `who`.")

    @field_validator("instance")
    @classmethod
    def _some_path(cls, instance: str | None) -> str | None:
        return instance or None


class LoadFile(ScenarioFile):
    """A whole file with a `[load]`: instead of clients and steps it has sockets and stages."""

    clients: dict[Identifier, Client] = Field(default={})
    steps: list[Any] = Field(default=[])
    load: LoadTable = Field(description="How many sockets, and what they go through.")
