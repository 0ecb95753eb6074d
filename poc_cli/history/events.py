"""The data of each kind of event in `history.ndjson`: one class for each kind, with its fields and their types.

The writer's check of names, the validation of a record, docs/history.schema.json and the table in docs/results.md come
from these classes. To a type checker they are frozen dataclasses. At run time an instance only keeps what it was given:
50 real dataclasses take 40 ms to define at the start of every run, and a field that is left out is not null.

A field without a default is in every history that is read. Any other is left out where it does not apply, and by
versions of poc that did not know it.
"""

from inspect import get_annotations
from typing import Annotated, Any, ClassVar, Final, Literal, NotRequired, TypedDict, dataclass_transform

from poc_cli.history import event as kinds

ABSENT: Final[Any] = object()
"""The default of a field that an event may leave out."""

Number = int | float
Clock = Annotated[int, "nanoseconds of the runtime's own clock"]

KINDS: Final[dict[str, "type[EventData]"]] = {}
"""The class of each kind, in the order of docs/results.md."""

NAMES: Final[dict[str, frozenset[str]]] = {}
"""All fields that an event of each kind may have."""

MASKS: Final = frozenset({"masked", "masked_weak"})
"""Fields that any event may have: the names of secrets that were taken out of it, long and random ones, and others."""


@dataclass_transform(kw_only_default=True, frozen_default=True)
class EventData:
    """The base of all kinds. The docstring of a class is its line in docs/results.md."""

    kind: ClassVar[str]
    declared: ClassVar[dict[str, Any]]
    """The declared type of each field, by its name."""

    required: ClassVar[frozenset[str]]

    def __init_subclass__(cls, kind: str) -> None:
        """Register the class under its kind."""
        cls.kind = kind
        cls.declared = get_annotations(cls)
        cls.required = frozenset(name for name in cls.declared if name not in cls.__dict__)
        KINDS[kind] = cls
        NAMES[kind] = MASKS.union(cls.declared)

    def __init__(self, **data: Any) -> None:
        """Keep the fields that are given, in their order."""
        self.__dict__ = data


def misnamed(kind: str, data: dict[str, Any]) -> str:
    """Return which kind or fields of an event are declared nowhere."""
    if kind not in NAMES:
        return f"there is no event of kind {kind}"
    return f"an event of kind {kind} has no field {', '.join(sorted(data.keys() - NAMES[kind]))}"


# --- the run


class TargetInfo(TypedDict):
    """Where something was played, and what is known of that place."""

    kind: NotRequired[str]
    url: NotRequired[str | None]
    versions: NotRequired[dict[str, Any]]
    compatibility_date: NotRequired[str | None]
    oracle: NotRequired[Annotated[str, "what tells that an object slept: trace or instance"]]
    abilities: NotRequired[list[str]]


class RunStart(EventData, kind=kinds.RUN_START):
    """The run begins. A run without its `run_end` was broken off."""

    target: TargetInfo
    format: str = ABSENT
    poc: Annotated[str, "the version of poc"] = ABSENT
    run: Annotated[str, "the name of the run folder"] = ABSENT
    started: Annotated[str, "the time in UTC"] = ABSENT
    named: Annotated[bool, "the scenarios were named on the command line"] = ABSENT
    sleep: Annotated[str | None, "the --sleep option"] = ABSENT
    repeat: int = ABSENT
    module_state: Annotated[str | None, "`put back` where stories are confirmed with fresh module state"] = ABSENT
    secrets: Annotated[list[str], "the names of the secrets that are taken out"] = ABSENT


class RunEnd(EventData, kind=kinds.RUN_END):
    """The run is complete."""


class LeftOut(EventData, kind=kinds.LEFT_OUT):
    """Of the run: a scenario that cannot be played here, and why."""

    scenario: str
    title: str
    file: str
    reason: str


class Late(EventData, kind=kinds.LATE):
    """Of the run: from when to when poc (`poc`), a runtime or the whole machine stood still."""

    who: Annotated[str, "`poc`, `runtime` or `machine`"] = ABSENT
    from_ns: int = ABSENT
    to_ns: int = ABSENT
    runtime: Annotated[int, "the number of the runtime"] = ABSENT
    ran: Annotated[Number, "the share of the time in which the runtime's thread ran"] = ABSENT
    busy: Annotated[list[list[int]], "contexts that ran JavaScript without a pause, as [process, ctx]"] = ABSENT
    reading: Annotated[list[str], "the plays whose messages poc was reading"] = ABSENT


class Confirmed(EventData, kind=kinds.CONFIRMED):
    """Of the run: a story is known not to rest on module state.

    By `an earlier run` of the very same worker and story, or because the worker is poc's own.
    """

    scenario: str
    file: str
    sha256: str
    by: str


class Leaked(EventData, kind=kinds.LEAKED):
    """Of the run: a line of the worker's log that had secrets, without them.

    The first, tenth, hundredth (`times`) and so on of each.
    """

    text: str = ABSENT
    times: int = ABSENT


class Pulse(EventData, kind=kinds.PULSE):
    """Of the run, on a worker elsewhere: how long ten answers took and which location answered."""

    round_trip_ms: list[Number]
    colo: str | None = ABSENT
    failed: Annotated[str, "why there is no further answer"] = ABSENT


class Canary(EventData, kind=kinds.SENTINEL):
    """Of the run, on a worker elsewhere: an object of poc's own that was left alone.

    For how long, and which instance it was before and after; or why that failed.
    """

    left_alone_s: Number = ABSENT
    silent_ms: Number = ABSENT
    answer_ms: Number = ABSENT
    before: Annotated[list[Any], "the instance in the answers before"] = ABSENT
    after: Annotated[list[Any], "the instance in the answers after"] = ABSENT
    failed: str = ABSENT


class Tail(EventData, kind=kinds.TAIL):
    """Of the run, from `wrangler tail`: an event of the worker's that failed or logged something.

    At most 200. They come late or not at all, their times are of Cloudflare's clock, and the judge ignores them.
    """

    outcome: Any = ABSENT
    entrypoint: Any = ABSENT
    exceptions: Any = ABSENT
    logs: Any = ABSENT
    eventTimestamp: Any = ABSENT  # noqa: N815 - the name that Cloudflare has for it
    cut: Annotated[str, "in place of exceptions and logs, the beginning of what was longer than 8 KB"] = ABSENT
    failed: Annotated[str, "why no events are recorded"] = ABSENT


# --- a play


class PlayStart(EventData, kind=kinds.PLAY_START):
    """A play begins, with the scenario's text and sha256. A play without its `play_end` is an error."""

    scenario: str
    file: str
    text: str
    sha256: str
    role: Annotated[str, "`story`, `control`, `confirm`, `undisturbed`, `disturbed` or `load`"]
    decides: Annotated[list[str], "the claims that it decides"]
    nonce: str
    expect: Annotated[str | None, "the verdict that a control must have"] = ABSENT
    attempt: Annotated[int, "how often it was begun"] = ABSENT
    runtime: Annotated[int | None, "the number of its runtime"] = ABSENT
    alone: Annotated[bool, "no other play was in its runtime"] = ABSENT
    round: Annotated[int, "which of --repeat plays it is"] = ABSENT
    sleep: str | None = ABSENT
    ignore: Annotated[list[str], "of a session: keys and paths of the command line that may differ"] = ABSENT
    gaps: Annotated[list[int], "of a disturbed session: the steps after which its objects are evicted"] = ABSENT
    target: TargetInfo = ABSENT
    plan: Annotated[dict[str, Any], "of a load: sockets, rooms and stages"] = ABSENT
    limit: Annotated[int, "of a load: how many files may be open"] = ABSENT
    load_average: Annotated[Number, "of a load: the machine's load average before"] = ABSENT


class PlayEnd(EventData, kind=kinds.PLAY_END):
    """A play is over."""

    outcome: Literal["done", "stopped", "error", "interrupted", "given_up"]
    reason: str
    at_step: int | None = ABSENT
    cut_step: Annotated[int | None, "of a play that was given up: from which step on nothing counts"] = ABSENT
    suspect: Annotated[bool, "its runtime hung or died while it waited for it"] = ABSENT


class Step(EventData, kind=kinds.STEP):
    """A step begins, with when it was due and how late that is."""

    verb: str
    line: Annotated[int, "of the scenario's file"]
    claim: str | None = ABSENT
    due_ns: int = ABSENT
    late_ms: Number = ABSENT


class Answered(TypedDict):
    """The message that met what a step expects."""

    event: int
    after_ns: NotRequired[Annotated[int, "from the message that was sent"]]


class StepEnd(EventData, kind=kinds.STEP_END):
    """How a step came out: `ok`, or `failure` and `reason`."""

    ok: bool
    failure: str = ABSENT
    reason: str = ABSENT
    sent: Annotated[dict[str, int], "the event of the message that each client sent"] = ABSENT
    answered: Annotated[dict[str, Answered], "by client"] = ABSENT
    passed_over: Annotated[dict[str, list[int]], "events that did not meet it, by client"] = ABSENT
    closed: Annotated[dict[str, int], "the close code, by client"] = ABSENT
    wake_ms: Annotated[Number, "from the message that resumed to its answer"] = ABSENT


class Captured(EventData, kind=kinds.CAPTURED):
    """A value was bound to a name."""

    name: str
    value: Any


class ModuleState(EventData, kind=kinds.MODULE_STATE):
    """In a play that confirms: an object had left memory, and the variables of modules were put back.

    To what they were when the worker was loaded. The record has names and lines, not values.
    """

    at: Annotated[str, "`sleep`; `step` or `end`, at the end of a step or of the play, for objects that did not sleep"]
    changed: Annotated[list[Any], "the variables that differed"]
    left: Annotated[list[Any], "the variables that could not be put back"]
    others: Annotated[list[Any], "the objects that were in memory meanwhile"]
    evicted: Annotated[list[str], "objects that did not sleep, and that were evicted"] = ABSENT
    pinned: Annotated[list[Any], "objects that the story does not name, and that work kept in memory"] = ABSENT
    kept: Annotated[list[str], "those that work pinned, and that had to do with the story's objects"] = ABSENT


# --- clients


class Opened(EventData, kind=kinds.OPENED):
    """A client's connection is open."""

    subprotocol: str | None = ABSENT
    compression: bool = ABSENT
    colo: Annotated[str, "the Cloudflare location that answered"] = ABSENT
    headers: Annotated[dict[str, list[str]], "secrets in the headers of the answer"] = ABSENT
    showed: Annotated[list[str], "secrets that the client showed in its own request"] = ABSENT
    socket: Annotated[int, "which connection of a program or page"] = ABSENT
    path: str = ABSENT
    objects: Annotated[list[str], "the objects that the address names"] = ABSENT


class OpenFailed(EventData, kind=kinds.OPEN_FAILED):
    """A client could not connect."""

    said: Annotated[str, "the library's exact sentence"] = ABSENT
    late: Annotated[bool, "there was no answer in time"] = ABSENT
    headers: dict[str, list[str]] = ABSENT
    showed: list[str] = ABSENT


class Sent(EventData, kind=kinds.SENT):
    """A message of a client, a page or a program; or a request of the story (actor `http`)."""

    text: str = ABSENT
    hex: str = ABSENT
    bytes: Annotated[int, "the size of the whole message"] = ABSENT
    cut: Annotated[bool, "the message is not recorded in full"] = ABSENT
    fields: Annotated[dict[str, Any], "the short fields at the top of a JSON object that was cut"] = ABSENT
    showed: list[str] = ABSENT
    socket: int = ABSENT
    method: str = ABSENT
    path: str = ABSENT


class Received(EventData, kind=kinds.RECEIVED):
    """A message to a client, a page or a program; or the answer to a request."""

    text: str = ABSENT
    hex: str = ABSENT
    bytes: int = ABSENT
    cut: bool = ABSENT
    fields: dict[str, Any] = ABSENT
    headers: dict[str, list[str]] = ABSENT
    status: int = ABSENT
    socket: int = ABSENT
    dropped: Annotated[int, "how many characters of a program's line were dropped"] = ABSENT


class Closed(EventData, kind=kinds.CLOSED):
    """A connection has ended: who closed first, the code, and the library's exact sentence."""

    by: Annotated[str, "`client`, `server` or `nobody`"]
    clean: bool
    said: str
    code: int | None = ABSENT
    reason: str = ABSENT
    socket: int = ABSENT


class Unread(EventData, kind=kinds.UNREAD):
    """The messages of a client that no step was waiting for."""

    events: list[int] = ABSENT


class Asked(EventData, kind=kinds.ASKED):
    """A question of poc's own to an object on a worker elsewhere: who it is now."""

    mark: str = ABSENT


class Told(EventData, kind=kinds.TOLD):
    """The answer to a question of poc's own."""

    text: str = ABSENT
    hex: str = ABSENT
    bytes: int = ABSENT
    cut: bool = ABSENT
    fields: dict[str, Any] = ABSENT


class Called(EventData, kind=kinds.CALLED):
    """The worker called the run's own API (actor `api`), or a request came to the app server (actor `origin`)."""

    method: str = ABSENT
    path: str = ABSENT
    status: Annotated[int | None, "null where it was cut off"] = ABSENT
    authorized: Annotated[bool, "the key was right"] = ABSENT
    query: Annotated[list[str], "the names in the query"] = ABSENT
    ms: Number = ABSENT
    agent: Annotated[str | None, "who asked, as far as it says"] = ABSENT


class OriginIs(EventData, kind=kinds.ORIGIN_IS):
    """A step has cut the app server off, slowed it down or brought it back, for this play."""

    state: str = ABSENT
    later_s: Number | None = ABSENT


class Started(EventData, kind=kinds.STARTED):
    """A program that is a client was started; its lines are `sent` and `received`."""

    program: str = ABSENT


class Exited(EventData, kind=kinds.EXITED):
    """A program that is a client has ended."""

    code: int | None = ABSENT
    said: str = ABSENT


class Stderr(EventData, kind=kinds.STDERR):
    """A line that a program wrote to its standard error."""

    text: str = ABSENT


class FrameSent(EventData, kind=kinds.FRAME_SENT):
    """A message from a program on its WebSocket, as the relay saw it."""

    text: str = ABSENT
    hex: str = ABSENT
    bytes: int = ABSENT
    cut: bool = ABSENT
    fields: dict[str, Any] = ABSENT
    socket: int = ABSENT


class FrameReceived(EventData, kind=kinds.FRAME_RECEIVED):
    """A message to a program on its WebSocket, as the relay saw it."""

    text: str = ABSENT
    hex: str = ABSENT
    bytes: int = ABSENT
    cut: bool = ABSENT
    fields: dict[str, Any] = ABSENT
    socket: int = ABSENT


class Shown(EventData, kind=kinds.SHOWN):
    """What a page in a browser showed, or what its script returned; its frames are `sent` and `received`."""

    selector: str = ABSENT
    texts: list[str] = ABSENT
    wanted: Annotated[dict[str, Any], "what the step expects, where it is not that"] = ABSENT
    text: str = ABSENT
    bytes: int = ABSENT
    cut: bool = ABSENT
    fields: dict[str, Any] = ABSENT


class Console(EventData, kind=kinds.CONSOLE):
    """A line of a page's console."""

    level: str = ABSENT
    text: str = ABSENT


class PageError(EventData, kind=kinds.PAGE_ERROR):
    """An error that a page's script did not catch."""

    text: str = ABSENT


class RequestFailed(EventData, kind=kinds.REQUEST_FAILED):
    """A request of a page that failed."""

    method: str = ABSENT
    path: str = ABSENT
    said: str = ABSENT


# --- objects, by the trace


class Entered(EventData, kind=kinds.ENTERED):
    """From the trace: the object came into memory."""

    process: int
    ctx: int
    at_ns: Clock


class Delivered(EventData, kind=kinds.DELIVERED):
    """From the trace: an event was delivered to the object."""

    name: str
    at_ns: Clock
    caller: Annotated[str | None, "of a fetch or jsrpc: the other object that called it"] = ABSENT


class Timed(EventData, kind=kinds.TIMED):
    """From the trace: the object began something that takes its own time, for the first time in this stay."""

    name: str = ABSENT
    process: int = ABSENT
    ctx: int = ABSENT


class Threw(EventData, kind=kinds.THREW):
    """An object threw an exception that nothing caught, or other code of the worker did (actor `worker`).

    Its time is that of the report, at the end of the event that it belongs to. docs/your-own-worker.md says which are
    not seen.
    """

    name: str
    message: str
    stack: Annotated[list[str], "the calls in the worker's own source, innermost first"]
    event: Annotated[str, "the event that it is reported with"]
    handler: Annotated[str, "what threw it, where the stack shows it: a handler or the constructor"] = ABSENT
    script: str = ABSENT
    line: int = ABSENT
    package: Annotated[str, "the script of a package that the line led to"] = ABSENT
    package_line: int = ABSENT
    object_class: Annotated[str, "of an object that the story does not name"] = ABSENT
    object: Annotated[str, "its id"] = ABSENT
    at_ns: Clock = ABSENT
    ago_ms: Annotated[int, "how long before the report it happened, from a second on"] = ABSENT


class Logged(EventData, kind=kinds.LOGGED):
    """A line that an object, or other code of the worker (actor `worker`), wrote to its console.

    At most 1,000 in a play. Its time is that of the report, at the end of the event that wrote it.
    """

    level: str
    text: str
    cut: Annotated[bool, "the text is not kept whole"] = ABSENT
    last: Annotated[bool, "what follows is only in worker.log"] = ABSENT
    object_class: str = ABSENT
    object: str = ABSENT
    at_ns: Clock = ABSENT
    ago_ms: int = ABSENT


class Pin(TypedDict):
    """Work that keeps an object in memory."""

    kind: NotRequired[str]
    name: NotRequired[str | None]
    what: str
    script: NotRequired[str | None]
    line: NotRequired[int | None]
    package: NotRequired[Annotated[str, "the script of a package that the line led to"]]
    package_line: NotRequired[int]
    at_ns: NotRequired[Clock]


class Left(EventData, kind=kinds.LEFT):
    """From the trace: the object left memory.

    How is worked out when it is judged: by the timer (`idle`), by poc's `evict`, with its process or by a fault
    (`died`), or otherwise (`dropped`: an abort, a constructor that threw), which is no sleep.
    """

    process: int
    ctx: int
    at_ns: Clock
    at_last_event_ns: Clock
    at_last_activity_ns: Clock
    ended: Literal["context", "process"] = ABSENT
    how: Annotated[Literal["idle", "evict", "died", "dropped"], "only in older histories"] = ABSENT
    callers: Annotated[list[dict[str, Any]], "who had called it, what pins them, whether they hold sockets"] = ABSENT
    beside: Annotated[list[dict[str, Any]], "other objects that a request to a Worker reached beside it"] = ABSENT


class Evicting(EventData, kind=kinds.EVICTING):
    """The runtime is asked to evict the object."""


class Evicted(EventData, kind=kinds.EVICTED):
    """The runtime has answered."""

    outcome: str = ABSENT
    said: str = ABSENT


class Refused(EventData, kind=kinds.REFUSED):
    """The object is not evicted, because the idle timer would not end its stay either."""

    pins: list[Pin]
    alarm_in_ms: int | None = ABSENT


class Gap(EventData, kind=kinds.GAP):
    """Of a session: what became of an object that was to sleep after this step."""

    outcome: Literal["slept", "pinned", "absent", "stayed"]
    pins: list[Pin] = ABSENT
    alarm_in_ms: Annotated[int | None, "when its alarm was due, if before the idle timer"] = ABSENT


class StillAwake(EventData, kind=kinds.AWAKE):
    """The object was still in memory after the time in which the idle timer ends a stay."""

    pins: list[Pin]
    watched_ms: int
    at_ns: Clock
    at_last_event_ns: Clock
    at_last_activity_ns: Clock
    late_ms: Annotated[Number, "how much of that time was lateness"] = ABSENT


class Probed(EventData, kind=kinds.PROBED):
    """What the trace says of an object that a step asks about."""

    wanted: str = ABSENT
    found: str = ABSENT
    ok: bool = ABSENT
    pins: list[Pin] = ABSENT
    at_ns: Clock = ABSENT
    at_last_event_ns: Clock = ABSENT
    at_last_activity_ns: Clock = ABSENT
    late_ms: Number = ABSENT


class Waited(EventData, kind=kinds.WAITED):
    """On a worker elsewhere: for how long an object was left alone."""

    silent_ms: Number
    needed_ms: Number = ABSENT


class Fault(EventData, kind=kinds.FAULT):
    """What was done to a runtime (`crash`, `server`, `deploy`), an object (`object`) or a connection (`drop`)."""

    fault: Literal["crash", "server", "deploy", "object", "drop"]
    how: Annotated[str, "of a connection: fin, rst or process"] = ABSENT


# --- a load


class LoadStage(EventData, kind=kinds.LOAD_STAGE):
    """A stage of a load, with what was sent and received, what was lost and how long it took."""

    index: int
    verb: str
    how: str
    due: int
    came: int
    told: Annotated[list[Any], "instances, as [room, socket, instance, after the sleep, same connection]"]
    losses: Annotated[list[Any], "why an arrival is lost, how often and at which sockets"]
    round: int = ABSENT
    began_ms: Number = ABSENT
    ended_ms: Number = ABSENT
    outcome: str = ABSENT
    opened: int = ABSENT
    failed: int = ABSENT
    left: int = ABSENT
    cut: int = ABSENT
    sent: int = ABSENT
    late: int = ABSENT
    strays: int = ABSENT
    foreign: int = ABSENT
    unmarked: int = ABSENT
    unsent: int = ABSENT
    lag_ms: Number = ABSENT
    quiet_ms: Number | None = ABSENT
    reached_ms: Number | None = ABSENT
    open: list[Any] = ABSENT
    answered: list[Any] = ABSENT
    dropped: list[Any] = ABSENT
    evicted: list[Any] = ABSENT
    latencies: Annotated[dict[str, str], "encoded histograms by name"] = ABSENT


class LoadSample(EventData, kind=kinds.LOAD_SAMPLE):
    """How a load is doing, and what each process has used."""

    open: int
    uses: dict[str, Any]
    stage: str = ABSENT
    connecting: int = ABSENT
    failed: int = ABSENT
    sent: int = ABSENT
    came: int = ABSENT
    lost: int = ABSENT


class LoadFates(EventData, kind=kinds.LOAD_FATES):
    """What became of every socket of a load, each once."""

    open: list[Any]
    dropped: list[Any]
    failed: list[Any]
    left: list[Any]
    never_asked: list[Any] = ABSENT
    unknown: list[Any] = ABSENT


class LoadCluster(EventData, kind=kinds.LOAD_CLUSTER):
    """The workers of a Dask cluster that carry a load together."""

    scheduler: str
    workers: list[Any]
    apart_ms: Number = ABSENT


class LoadLost(EventData, kind=kinds.LOAD_LOST):
    """A worker of a Dask cluster that was lost, and its sockets with it."""

    worker: str
    sockets: list[Any]
    why: str
