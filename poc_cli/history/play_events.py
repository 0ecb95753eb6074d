"""The data of the events of runs, plays and clients in `history.ndjson`: one class for each kind."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from poc_cli.history import event as kinds
from poc_cli.history.event_data import ABSENT, EventData, MessageData, Number

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
    options: Annotated[list[str], "the options of `poc run` that play a scenario like this again"] = ABSENT
    workers: Annotated[list[str], "the folders of the workers under test; empty for an address"] = ABSENT


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
    asleep: Annotated[list[str], "of a disturbed session: the objects that are evicted, if the others stay"] = ABSENT
    resets: Annotated[bool, "module state is reset at each sleep"] = ABSENT
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


class Sent(MessageData, kind=kinds.SENT):
    """A message of a client, a page or a program; or a request of the story (actor `http`)."""

    showed: list[str] = ABSENT
    socket: int = ABSENT
    method: str = ABSENT
    path: str = ABSENT


class Received(MessageData, kind=kinds.RECEIVED):
    """A message to a client, a page or a program; or the answer to a request."""

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


class Told(MessageData, kind=kinds.TOLD):
    """The answer to poc's own query."""


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


class FrameSent(MessageData, kind=kinds.FRAME_SENT):
    """A message from a program on its WebSocket, as the relay saw it."""

    socket: int = ABSENT


class FrameReceived(MessageData, kind=kinds.FRAME_RECEIVED):
    """A message to a program on its WebSocket, as the relay saw it."""

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
