"""The data of the events of objects and loads in `history.ndjson`: one class for each kind."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from poc_cli.history import event as kinds
from poc_cli.history.event_data import ABSENT, Clock, EventData, Number

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
    script: Annotated[str, "where an error in it came from, if its stack was printed"] = ABSENT
    line: int = ABSENT
    package: str = ABSENT
    package_line: int = ABSENT
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

    yardstick_ms: Annotated[
        float, "how long an object of poc's own took to wake just before, where wakes are measured"
    ] = ABSENT


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
    """What was done to a runtime (`crash`, `server`, `deploy`), an object (`object`) or a connection (`drop`).

    After `deploy-deferred` objects keep the old code until they hibernate.
    """

    fault: Literal["crash", "server", "deploy", "deploy-deferred", "object", "drop"]
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
