"""What a load is to do, as plain values: the scenario's table with the flags of the command line laid over it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from poc_cli.errors import UsageError
from poc_cli.scenario.lint_load import MARK, stages_of
from poc_cli.scenario.load_model import Chat, Churn, LoadTable, Ramp, Rest, Sleep, Stage, Storm
from poc_cli.scenario.matching import payload

Verb = Literal["ramp", "idle", "sleep", "storm", "churn", "chat"]

_ORDER: Final = ("ramp", "idle", "chat", "churn", "sleep", "storm")
"""Where a stage goes that only a flag asks for: before the first one that comes later in here."""

OPENS_WITHIN_SECONDS: Final = 10.0
"""How long a handshake may take. At 9,900 sockets the slowest took less than one second (measured)."""

_BESIDE: Final = {"ramp": OPENS_WITHIN_SECONDS, "sleep": 2.0}
"""Seconds that a stage may take beyond its own: to finish handshakes, to ask all rooms who they are."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stage.

    `seconds` is what it is planned to take, `within` how long its answers may. `how` and `rate` are the verb's own:
    which storm, which sleep, to whom a chat goes; leaves a second, messages a minute.
    """

    verb: Verb
    seconds: float
    how: str = ""
    rate: float = 0.0
    within: float = 0.0
    slow: int = 0
    round: int = 1

    @property
    def longest(self) -> float:
        """Return how long it may take at most, so that shards that keep step begin the next one together."""
        answers = 2 * self.within if self.verb == "storm" else self.within  # a storm is followed by a roll call
        return self.seconds + answers + _BESIDE.get(self.verb, 0.0)


@dataclass(frozen=True, slots=True)
class Template:
    """A message that is the same each time but for its mark."""

    before: bytes
    after: bytes
    is_binary: bool

    def made(self, mark: bytes) -> bytes:
        """Return the message with a mark in it."""
        return self.before + mark + self.after


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole load: how many, where, what they go through, and what they say."""

    sockets: int
    rooms: int
    path: str
    headers: tuple[tuple[str, str], ...]
    stages: tuple[Step, ...]
    exchange: Template
    who: Template
    broadcast: Template
    instance: str | None

    def room_of(self, index: int) -> int:
        """Return the room of a socket: neighbors share one."""
        return index * self.rooms // self.sockets

    @property
    def longest(self) -> float:
        """Return the seconds that it may take at most."""
        return sum(stage.longest for stage in self.stages)

    def told(self) -> dict[str, Any]:
        """Return what the judge needs of it, for the history."""
        stages = [
            {"verb": each.verb, "how": each.how, "seconds": each.seconds, "rate": each.rate, "round": each.round}
            for each in self.stages
        ]
        return {"sockets": self.sockets, "rooms": self.rooms, "stages": stages}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says instead of the scenario; None if it says nothing."""

    sockets: int | None = None
    rooms: int | None = None
    rounds: int | None = None
    ramp: float | None = None
    idle: float | None = None
    sleep: Literal["natural", "evict", "none"] | None = None
    storm: Literal["all", "staggered", "broadcast", "none"] | None = None
    churn: float | None = None
    chat: float | None = None
    seconds: float | None = None
    """How long each chat and churn goes on."""


NO_WISHES: Final = Wishes()


def plan_of(table: LoadTable, wishes: Wishes = NO_WISHES) -> Plan:
    """Return the plan of a load. Raises UsageError if the flags do not go together."""
    sockets, rooms = wishes.sockets or table.sockets, wishes.rooms or table.rooms
    if rooms > sockets:
        raise UsageError(f"{rooms} rooms cannot each have one of {sockets} sockets", "ask for fewer rooms")
    if wishes.sleep == "none" and wishes.storm not in {None, "none"}:
        raise UsageError("a wake storm needs a sleep before it", "leave out --sleep none, or --storm")
    stages = _changed([_step(stage) for stage in stages_of(table)], wishes)
    return Plan(
        sockets=sockets,
        rooms=rooms,
        path=table.path,
        headers=tuple(table.headers.items()),
        stages=_rounds(stages, wishes.rounds or table.rounds),
        exchange=template(table.exchange),
        who=template(table.who),
        broadcast=template(table.broadcast),
        instance=table.instance,
    )


def template(message: object) -> Template:
    """Return a message of the file as a template; the mark follows what is given in hex. Raises ValueError."""
    sent = payload(message)
    if isinstance(sent, bytes):
        return Template(sent, b"", is_binary=True)
    before, _, after = sent.partition(MARK)
    return Template(before.encode(), after.encode(), is_binary=False)


def _step(stage: Stage) -> Step:
    match stage:
        case Ramp():
            return Step("ramp", stage.ramp)
        case Rest():
            return Step("idle", stage.idle)
        case Sleep():
            return Step("sleep", stage.wait if stage.sleep == "natural" else 0.0, stage.sleep)
        case Storm():
            seconds = stage.over if stage.storm == "staggered" else 0.0
            return Step("storm", seconds, stage.storm, within=stage.within, slow=stage.slow)
        case Churn():
            return Step("churn", stage.churn, rate=stage.rate, within=OPENS_WITHIN_SECONDS)
        case Chat():
            return Step("chat", stage.chat, stage.to, stage.rate, stage.within, stage.slow)
    raise ValueError(f"no stage of a load: {stage}")


def _changed(steps: list[Step], wishes: Wishes) -> list[Step]:
    """Return the stages as the flags want them."""
    natural = Step("sleep", Sleep(sleep="natural").wait, "natural")
    forced = Step("sleep", 0.0, "evict")
    whole: dict[str, Step | None] = {
        "ramp": None if wishes.ramp is None else Step("ramp", wishes.ramp),
        "idle": None if wishes.idle is None else Step("idle", wishes.idle),
        "sleep": {"natural": natural, "evict": forced}.get(wishes.sleep or ""),
        "storm": None if wishes.storm in {None, "none"} else _step(Storm.model_validate({"storm": wishes.storm})),
        "churn": None if wishes.churn is None else _step(_model(Churn, "churn", wishes.churn)),
        "chat": None if wishes.chat is None else _step(_model(Chat, "chat", wishes.chat)),
    }
    gone = {verb for verb, wish in (("sleep", wishes.sleep), ("storm", wishes.storm)) if wish == "none"}
    gone |= {"storm"} if "sleep" in gone else set()
    steps = [step for step in steps if step.verb not in gone]
    for verb, wanted in whole.items():
        if wanted is not None:
            steps = _with(steps, verb, wanted)
    return [_lasting(step, wishes.seconds) for step in steps]


def _model(model: type[Stage], verb: str, rate: float) -> Stage:
    return model.model_validate({verb: _DEFAULT, "rate": rate})


_DEFAULT: Final = "30s"
"""Of a churn or chat that only a flag asks for, where --for does not say."""


def _with(steps: list[Step], verb: str, wanted: Step) -> list[Step]:
    if any(step.verb == verb for step in steps):
        return [_as_wished(step, wanted) if step.verb == verb else step for step in steps]
    later = _ORDER[_ORDER.index(verb) + 1 :]
    place = next((index for index, step in enumerate(steps) if step.verb in later), len(steps))
    return [*steps[:place], wanted, *steps[place:]]


def _as_wished(step: Step, wanted: Step) -> Step:
    """Return a stage of the file with what a flag says of it; a rate keeps the file's length of time and recipients."""
    if step.verb in {"churn", "chat"}:
        return replace(step, rate=wanted.rate)
    return wanted


def _lasting(step: Step, seconds: float | None) -> Step:
    return step if seconds is None or step.verb not in {"churn", "chat"} else replace(step, seconds=seconds)


def _rounds(steps: Sequence[Step], rounds: int) -> tuple[Step, ...]:
    again = [replace(step, round=number) for number in range(1, rounds + 1) for step in steps[1:]]
    return (*steps[:1], *again)
