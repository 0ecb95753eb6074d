"""The plan of a load: the scenario's table with the options of the command line applied."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from poc_cli.errors import UsageError
from poc_cli.scenario.lint_load import MARK, stages_of
from poc_cli.scenario.load_model import Chat, Churn, LoadTable, Ramp, Rest, Sleep, Stage, Storm
from poc_cli.scenario.matching import payload

Verb = Literal["ramp", "idle", "sleep", "storm", "churn", "chat"]

_ORDER: Final = ("ramp", "idle", "chat", "churn", "sleep", "storm")
"""The order for a stage that only an option adds: before the first stage that is later in this list."""

OPENS_WITHIN_SECONDS: Final = 10.0
"""How long a handshake may take. With 9,900 sockets the slowest took less than one second (measured)."""

_OVERHEAD: Final = {"ramp": OPENS_WITHIN_SECONDS, "sleep": 2.0}
"""Seconds that a stage may take in addition: to finish handshakes, to request instances."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stage.

    `seconds` is its planned length, `within` the limit for its replies. `how` and `rate` depend on the verb: the kind
    of storm or sleep, or the receivers of a chat; leaves per second, or messages per minute.
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
        """Return the longest that it may take; shards in lockstep start the next stage after that time."""
        answers = 2 * self.within if self.verb == "storm" else self.within  # a storm is followed by a roll call
        return self.seconds + answers + _OVERHEAD.get(self.verb, 0.0)


@dataclass(frozen=True, slots=True)
class Template:
    """A message with a place for its mark."""

    before: bytes
    after: bytes
    is_binary: bool

    def with_mark(self, mark: bytes) -> bytes:
        """Return the message with a mark."""
        return self.before + mark + self.after


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a load: sockets, rooms, stages and messages."""

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
        """Return the room of a socket; consecutive sockets share a room."""
        return index * self.rooms // self.sockets

    @property
    def longest(self) -> float:
        """Return the longest that it may take, in seconds."""
        return sum(stage.longest for stage in self.stages)

    def as_json(self) -> dict[str, Any]:
        """Return the part of the plan that the history records for the judge."""
        stages = [
            {"verb": each.verb, "how": each.how, "seconds": each.seconds, "rate": each.rate, "round": each.round}
            for each in self.stages
        ]
        return {"sockets": self.sockets, "rooms": self.rooms, "stages": stages}


@dataclass(frozen=True, slots=True)
class LoadOverrides:
    """Options of the command line that override the scenario; None if not given."""

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
    """The length of each chat and churn."""


NO_OVERRIDES: Final = LoadOverrides()


def plan_of(table: LoadTable, overrides: LoadOverrides = NO_OVERRIDES) -> Plan:
    """Return the plan of a load. Raises UsageError if the options contradict each other."""
    sockets, rooms = overrides.sockets or table.sockets, overrides.rooms or table.rooms
    if rooms > sockets:
        raise UsageError(f"{rooms} rooms are too many for {sockets} sockets", "use fewer rooms")
    if overrides.sleep == "none" and overrides.storm not in {None, "none"}:
        raise UsageError("a wake storm needs a sleep before it", "leave out --sleep none, or --storm")
    stages = _changed([_step(stage) for stage in stages_of(table)], overrides)
    return Plan(
        sockets=sockets,
        rooms=rooms,
        path=table.path,
        headers=tuple(table.headers.items()),
        stages=_rounds(stages, overrides.rounds or table.rounds),
        exchange=template(table.exchange),
        who=template(table.who),
        broadcast=template(table.broadcast),
        instance=table.instance,
    )


def template(message: object) -> Template:
    """Return a message of the file as a template; for hex the mark is appended. Raises ValueError if it is invalid."""
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
    raise ValueError(f"not a stage of a load: {stage}")


def _changed(steps: list[Step], overrides: LoadOverrides) -> list[Step]:
    """Return the stages with the options applied."""
    natural = Step("sleep", Sleep(sleep="natural").wait, "natural")
    forced = Step("sleep", 0.0, "evict")
    whole: dict[str, Step | None] = {
        "ramp": None if overrides.ramp is None else Step("ramp", overrides.ramp),
        "idle": None if overrides.idle is None else Step("idle", overrides.idle),
        "sleep": {"natural": natural, "evict": forced}.get(overrides.sleep or ""),
        "storm": None if overrides.storm in {None, "none"} else _step(Storm.model_validate({"storm": overrides.storm})),
        "churn": None if overrides.churn is None else _step(_model(Churn, "churn", overrides.churn)),
        "chat": None if overrides.chat is None else _step(_model(Chat, "chat", overrides.chat)),
    }
    gone = {verb for verb, wish in (("sleep", overrides.sleep), ("storm", overrides.storm)) if wish == "none"}
    gone |= {"storm"} if "sleep" in gone else set()
    steps = [step for step in steps if step.verb not in gone]
    for verb, wanted in whole.items():
        if wanted is not None:
            steps = _with(steps, verb, wanted)
    return [_lasting(step, overrides.seconds) for step in steps]


def _model(model: type[Stage], verb: str, rate: float) -> Stage:
    return model.model_validate({verb: _DEFAULT, "rate": rate})


_DEFAULT: Final = "30s"
"""The length of a churn or chat that only an option adds, without --for."""


def _with(steps: list[Step], verb: str, wanted: Step) -> list[Step]:
    if any(step.verb == verb for step in steps):
        return [_overridden(step, wanted) if step.verb == verb else step for step in steps]
    later = _ORDER[_ORDER.index(verb) + 1 :]
    place = next((index for index, step in enumerate(steps) if step.verb in later), len(steps))
    return [*steps[:place], wanted, *steps[place:]]


def _overridden(step: Step, wanted: Step) -> Step:
    """Return a stage of the file with an option applied; a rate keeps the file's length and receivers."""
    if step.verb in {"churn", "chat"}:
        return replace(step, rate=wanted.rate)
    return wanted


def _lasting(step: Step, seconds: float | None) -> Step:
    return step if seconds is None or step.verb not in {"churn", "chat"} else replace(step, seconds=seconds)


def _rounds(steps: Sequence[Step], rounds: int) -> tuple[Step, ...]:
    again = [replace(step, round=number) for number in range(1, rounds + 1) for step in steps[1:]]
    return (*steps[:1], *again)
