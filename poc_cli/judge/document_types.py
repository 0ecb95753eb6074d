"""The types of run.json, from which docs/run.schema.json is generated."""

from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from poc_cli.history.event_data import Number
from poc_cli.history.play_events import TargetInfo
from poc_cli.judge.finding import Verdict
from poc_cli.record.json_schema import DIALECT, Definitions, as_text

SCHEMA: Final = "poc.run/1"


class ControlDocument(TypedDict):
    """The result of a control."""

    verdict: Annotated[str, "`not run` if it was not played"]
    expected: str
    as_expected: Annotated[bool | None, "null if it was not played"]
    reason: str


class HeldOf(TypedDict):
    """In how many rounds a claim held: k of n."""

    k: int
    n: int


class MatrixPlace(TypedDict):
    """The row of the matrix that a claim fills."""

    row: str
    expects: str


class RestsOnDocument(TypedDict):
    """A sleep, fault or dropped connection that a finding rests on."""

    object: str
    way: Annotated[str, "`idle`, `evict`, `crash`, `server`, `object`, `deploy`, `deploy-deferred` or `drop`"]
    line: Annotated[int | None, "the line of the step that caused it, null if it came by itself"]
    event: Annotated[int, "the id of the event with which it began"]


class ClaimDocument(TypedDict):
    """A claim and its verdict."""

    id: str
    says: str
    source: Annotated[str | None, "the page that documents it"]
    check: str | None
    verdict: Verdict
    reason: Annotated[str, "one sentence"]
    evidence: Annotated[list[int], "ids of events in the history"]
    rests_on: NotRequired[Annotated[list[RestsOnDocument], "the sleeps and faults that the verdict rests on"]]
    known: Annotated[str | None, "`refuted` if that is known of this target"]
    rechecked: NotRequired[Annotated[bool, "every step that it rests on was recomputed from the recorded messages"]]
    held_of: NotRequired[HeldOf]
    control: ControlDocument | None
    matrix: MatrixPlace | None


class LeftOutClaim(TypedDict):
    """A claim that cannot be tested on this target."""

    id: str
    reason: str


class SleepDocument(TypedDict):
    """A sleep of an object."""

    object: str
    way: Annotated[str, "`idle` or `evict`"]
    oracle: NotRequired[Annotated[str, "what shows it: `trace` or `instance`"]]
    asleep_ms: Annotated[Number | None, "milliseconds from its last event until it left memory, by the runtime's clock"]
    woke_ms: Annotated[Number | None, "milliseconds from then until it was in memory again, by the runtime's clock"]
    silent_ms: NotRequired[
        Annotated[Number | None, "without a trace: milliseconds without any message to or from a client"]
    ]
    wake_ms: Annotated[Number | None, "milliseconds from the message that woke it to its answer, by the client's clock"]
    proof: Annotated[list[int], "ids of events in the history"]


class ObjectUse(TypedDict):
    """How long an object was in memory since it was first there, and what woke it; in the first round of the story.

    An object that poc evicted counts as in memory for as long as the idle timer might have left it there.
    """

    object: str
    seconds: Number
    in_memory_share: Number
    wakes: int
    woken_by: Annotated[dict[str, int], "wakes by kind of event: `websocket`, `fetch`, `rpc`, `alarm`"]
    wakes_a_minute: Annotated[int, "the most wakes within 60 s"]


class PinDocument(TypedDict):
    """Something that kept an object in memory, and how long it would on Cloudflare."""

    object: str
    pin: Annotated[str, "what it is, and where it was begun"]
    on_cloudflare: str
    source: str


class Replayed(TypedDict):
    """A play that was given up and played again."""

    play: str
    reason: str


class Repeats(TypedDict):
    """How many plays there were, and how many of them were repeated."""

    performances: int
    repeated: int
    late: Annotated[int, "how many of these because this machine was too slow"]
    first: Annotated[Replayed | None, "the first of the late ones"]


class Question(TypedDict):
    """What a scenario asks, and the answer."""

    asks: str
    answer: Literal["yes", "no", "not shown"]


class LeftOutStep(TypedDict):
    """A step that a session leaves out."""

    line: int
    verb: str
    reason: str


class GapDocument(TypedDict):
    """A gap between two steps of a session."""

    gap: Annotated[int, "the step before it, counted from 0"]
    after_line: Annotated[int, "the line of the step before it"]
    before_line: int
    state: Literal["kept", "changed", "unsteady", "pinned", "stayed", "absent", "untested"]
    alone: Annotated[bool, "a performance had its only sleep here"]
    pins: list[str]
    before_alarm: Annotated[bool, "an alarm was due before the idle timer would have evicted the object"]


class LossDocument(TypedDict):
    """What a client saw differently after a sleep."""

    gaps: list[int]
    objects: Annotated[list[str], "that slept while the others stayed in memory; empty if all slept"]
    where: str
    says: str
    client: str
    kind: Literal["value", "missing", "extra", "doubled", "order"]
    path: Annotated[str, "of the first differing value in the message"]
    expected: Any
    seen: Any
    seen_in: Annotated[int, "in how many performances with these sleeps it showed"]
    of: int
    confirmed: Annotated[bool, "it showed often enough to count"]
    looks_like: str
    read: Annotated[str, "a page about it"]
    evidence: list[int]


class SessionDocument(TypedDict):
    """A session that was played with sleeps in its gaps."""

    undisturbed: int
    disturbed: int
    unusable: Annotated[int, "performances that did not come to their end"]
    masked_share: Annotated[float | None, "of all values, those that differ without a sleep and do not count"]
    left_out: list[LeftOutStep]
    gaps: list[GapDocument]
    losses: list[LossDocument]


class ScenarioDocument(TypedDict):
    """A scenario and its claims."""

    name: str
    title: str
    file: str
    verdict: Annotated[Verdict | None, "null if it was left out"]
    left_out: Annotated[str | None, "why it was left out"]
    seconds: Number
    claims: list[ClaimDocument]
    left_out_claims: NotRequired[list[LeftOutClaim]]
    sleeps: list[SleepDocument]
    pinned: NotRequired[Annotated[list[PinDocument], "what kept objects of the story in memory"]]
    objects: NotRequired[Annotated[list[ObjectUse], "by the trace"]]
    stopped: Annotated[str | None, "why it stopped before its last step"]
    error: str | None
    not_evicted: NotRequired[Annotated[list[str], "objects that a step should have evicted, and why it did not"]]
    question: NotRequired[Question]
    replayed: NotRequired[list[Replayed]]
    session: NotRequired[SessionDocument]


class CellDocument(TypedDict):
    """A cell of the survival matrix."""

    row: str
    column: str
    value: Annotated[
        Literal["survived", "lost", "reset", "unknown", "not tested"], "of the claims that are decided, the worst"
    ]
    as_documented: Annotated[bool | None, "null if no claim is decided"]
    claims: Annotated[list[str], "those that are decided, as scenario/claim"]
    unknown: NotRequired[Annotated[list[str], "the claims about it that are not decided"]]


class Figure(TypedDict):
    """A figure with its spread, in milliseconds."""

    n: int
    min: Number
    median: Number
    p90: Number
    p99: Number
    max: Number
    lag_ms: NotRequired[Annotated[Number, "for a load: how late its own clients were at most"]]
    samples: NotRequired[Annotated[dict[str, list[Number]], "the values by scenario, ascending"]]
    own_wakes: NotRequired[
        Annotated[dict[str, list[Number]], "how long an object of poc's own took to wake meanwhile, in the same way"]
    ]


class Counts(TypedDict):
    """Claims by verdict, and what was left out."""

    held: int
    refuted: int
    unknown: int
    error: int
    left_out: Annotated[int, "scenarios"]
    claims_left_out: NotRequired[int]


class LeakDocument(TypedDict):
    """A secret of the worker that reached a client or a log."""

    scenario: str
    secret: Annotated[str, "its name"]
    where: Annotated[dict[str, int], "how often, by place: reply, body, header, refusal, close, log"]
    first: Annotated[int, "the id of the first event"]
    counts: Annotated[bool, "it refutes no-secret-leaves"]
    public: Annotated[bool, "the scenario lists it as public"]


class UncaughtDocument(TypedDict):
    """An exception of the worker that nothing caught and no claim tells of."""

    scenario: str
    threw: Annotated[str, "what was thrown, by which handler and at which line"]
    times: int
    first: Annotated[int, "the id of the first event"]


class SleepOnset(TypedDict):
    """After what silence objects sleep on a remote target, measured with canaries."""

    awake_ms: Number | None
    asleep_ms: Number | None
    longest_ms: Number | None
    rooms: int
    slept: int


class RunTarget(TargetInfo):
    """The target, and the Cloudflare locations that answered."""

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
    """The resources of a process during a load."""

    name: str
    mib_before: Number
    mib_most: Number
    kib_a_socket: Number | None
    cpu_seconds: Number
    cpu_share: Number | None
    files_most: int


class LoadDocument(TypedDict):
    """A load: its stages, messages, processes, and the outcome of its sockets."""

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
    verdict: Annotated[Verdict, "the worst of all claims, known defects not counted"]
    exit_code: int
    error: Annotated[str | None, "what is wrong with the record of the run"]
    named: bool
    target: RunTarget
    sleep_onset: NotRequired[SleepOnset | None]
    sleep: Annotated[str | None, "the --sleep option"]
    options: NotRequired[Annotated[list[str], "the options of `poc run` that play a scenario like this again"]]
    workers: NotRequired[Annotated[list[str], "the folders of the workers under test"]]
    scenarios: list[ScenarioDocument]
    repeats: NotRequired[Repeats]
    matrix: list[CellDocument]
    figures: dict[str, Figure]
    counts: Counts
    leaks: NotRequired[Annotated[list[LeakDocument] | None, "null if an older record does not say"]]
    uncaught: NotRequired[list[UncaughtDocument]]
    load: NotRequired[list[LoadDocument]]


def text() -> str:
    """Return docs/run.schema.json."""
    return as_text(schema())


def schema() -> dict[str, Any]:
    """Return the schema of run.json. Fields that older versions of poc did not write are optional."""
    definitions = Definitions()
    definitions.of(RunDocument)
    whole = definitions.found.pop(RunDocument.__name__)
    return {"$schema": DIALECT, "title": SCHEMA, **whole, "$defs": definitions.found}
