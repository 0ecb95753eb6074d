"""The shape of run.json, from which docs/run.schema.json is generated."""

from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from poc_cli.history.events import Number, TargetInfo
from poc_cli.judge.finding import Verdict
from poc_cli.record.json_schema import DIALECT, Definitions, as_text

SCHEMA: Final = "poc.run/1"


class ControlDocument(TypedDict):
    """How a control came out."""

    verdict: Annotated[str, "`not run` where there is none"]
    expected: str
    as_expected: Annotated[bool | None, "null where it was not played"]
    reason: str


class HeldOf(TypedDict):
    """In how many of a story's plays a claim held."""

    k: int
    n: int


class MatrixPlace(TypedDict):
    """The row of the matrix that a claim is about."""

    row: str
    expects: str


class ClaimDocument(TypedDict):
    """A claim and its verdict."""

    id: str
    says: str
    source: Annotated[str | None, "where the documentation says so"]
    check: str | None
    verdict: Verdict
    reason: Annotated[str, "one sentence"]
    evidence: Annotated[list[int], "ids of events in the history"]
    known: Annotated[str | None, "`refuted` where that is known of this target"]
    rechecked: NotRequired[Annotated[bool, "every step behind it was recomputed from the recorded messages"]]
    held_of: NotRequired[HeldOf]
    control: ControlDocument | None
    matrix: MatrixPlace | None


class LeftOutClaim(TypedDict):
    """A claim that cannot be tested on this target."""

    id: str
    reason: str


class SleepDocument(TypedDict):
    """A stay of an object out of memory."""

    object: str
    way: Annotated[str, "`idle` or `evict`"]
    oracle: NotRequired[Annotated[str, "what shows it: `trace` or `instance`"]]
    asleep_ms: Annotated[Number | None, "from its last event to leaving memory, by the runtime's clock"]
    woke_ms: Annotated[Number | None, "from there to coming back, by the runtime's clock"]
    silent_ms: NotRequired[Annotated[Number | None, "how long no client heard or said anything, without a trace"]]
    wake_ms: Annotated[Number | None, "from the message that resumed to its answer, by the client's clock"]
    proof: Annotated[list[int], "ids of events in the history"]


class Replayed(TypedDict):
    """A play that was given up and played again."""

    play: str
    reason: str


class Repeats(TypedDict):
    """How many performances there were, and how many of them were repeated."""

    performances: int
    repeated: int
    late: Annotated[int, "how many of these because this machine was late"]
    first: Annotated[Replayed | None, "the first of the late ones"]


class Question(TypedDict):
    """What a scenario asks, and the answer."""

    asks: str
    answer: Literal["yes", "no", "not shown"]


class ScenarioDocument(TypedDict):
    """A scenario and its claims."""

    name: str
    title: str
    file: str
    verdict: Annotated[Verdict | None, "null where it was left out"]
    left_out: Annotated[str | None, "why it was left out"]
    seconds: Number
    claims: list[ClaimDocument]
    left_out_claims: NotRequired[list[LeftOutClaim]]
    sleeps: list[SleepDocument]
    stopped: Annotated[str | None, "why it stopped before its last step"]
    error: str | None
    not_evicted: NotRequired[Annotated[list[str], "objects that a step should have evicted, and why it did not"]]
    question: NotRequired[Question]
    replayed: NotRequired[list[Replayed]]


class CellDocument(TypedDict):
    """A cell of the survival matrix."""

    row: str
    column: str
    value: Literal["survived", "lost", "reset", "not tested"]
    as_documented: bool | None
    claims: Annotated[list[str], "as scenario/claim"]


class Figure(TypedDict):
    """A figure with its spread, in milliseconds."""

    n: int
    min: Number
    median: Number
    p90: Number
    p99: Number
    max: Number
    lag_ms: NotRequired[Annotated[Number, "of a load: how late its own client was at most"]]
    samples: Annotated[dict[str, list[Number]], "the values by scenario, ascending"]


class Counts(TypedDict):
    """Claims by verdict, and what was left out."""

    held: int
    refuted: int
    unknown: int
    error: int
    left_out: Annotated[int, "scenarios"]
    claims_left_out: NotRequired[int]


class LeakDocument(TypedDict):
    """A secret of the worker's that reached a client or a log."""

    scenario: str
    secret: Annotated[str, "its name"]
    where: Annotated[dict[str, int], "how often, by place: reply, body, header, refusal, close, log"]
    first: Annotated[int, "the id of the first event"]
    counts: Annotated[bool, "it refutes no-secret-leaves"]
    public: Annotated[bool, "the scenario calls it public"]


class SleepOnset(TypedDict):
    """Where sleep begins on a worker elsewhere, by objects of poc's own."""

    awake_ms: Number | None
    asleep_ms: Number | None
    longest_ms: Number | None
    rooms: int
    slept: int


class RunTarget(TargetInfo):
    """Where the run was played, and which Cloudflare locations answered."""

    colos: NotRequired[list[str]]


class LoadStageDocument(TypedDict):
    """A stage of a load."""

    verb: str
    how: str
    round: int
    outcome: str
    seconds: Number
    opened: int
    failed: int
    left: int
    dropped: int
    sent: int
    due: int
    came: int
    lost: int
    lag_ms: Number
    quiet_ms: Number | None
    reached_ms: Number | None
    latency_ms: dict[str, dict[str, Number]]


class LoadProcess(TypedDict):
    """What a process used while a load was played."""

    name: str
    mib_before: Number
    mib_most: Number
    kib_a_socket: Number | None
    cpu_seconds: Number
    cpu_share: Number | None
    files_most: int


class LoadDocument(TypedDict):
    """A load: its stages, messages, processes, and what became of its sockets."""

    scenario: str
    sockets: int
    rooms: int
    sockets_held: int
    stages: list[LoadStageDocument]
    fates: dict[str, Any]
    messages: dict[str, Any]
    processes: list[LoadProcess]
    cluster: dict[str, Any] | None
    file_limit: int | None
    load_average: Number | None


class RunDocument(TypedDict):
    """A judged run, `run.json`."""

    schema: Literal["poc.run/1"]
    poc: Annotated[str | None, "the version of poc that played it"]
    run: Annotated[str | None, "the name of the run folder"]
    started: str | None
    seconds: Number | None
    verdict: Annotated[Verdict, "the worst of all claims, apart from known defects"]
    exit_code: int
    error: Annotated[str | None, "what is wrong with the record as a whole"]
    named: bool
    target: RunTarget
    sleep_onset: NotRequired[SleepOnset | None]
    sleep: Annotated[str | None, "the --sleep option"]
    scenarios: list[ScenarioDocument]
    repeats: NotRequired[Repeats]
    matrix: list[CellDocument]
    figures: dict[str, Figure]
    counts: Counts
    leaks: NotRequired[Annotated[list[LeakDocument] | None, "null where an older record has nothing about leaks"]]
    load: NotRequired[list[LoadDocument]]


def text() -> str:
    """Return docs/run.schema.json."""
    return as_text(schema())


def schema() -> dict[str, Any]:
    """Return the schema of a judged run. What older versions of poc did not write is optional."""
    definitions = Definitions()
    definitions.of(RunDocument)
    whole = definitions.found.pop(RunDocument.__name__)
    return {"$schema": DIALECT, "title": SCHEMA, **whole, "$defs": definitions.found}
