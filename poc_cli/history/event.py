"""Events of a run, as the lines of `history.ndjson`."""

import json
from dataclasses import dataclass
from typing import Any

FORMAT = "poc.history/1"

RUN_START = "run_start"
RUN_END = "run_end"
PLAY_START = "play_start"
PLAY_END = "play_end"
LEFT_OUT = "left_out"
STEP = "step"
STEP_END = "step_end"
OPENED = "opened"
OPEN_FAILED = "open_failed"
SENT = "sent"
RECEIVED = "received"
CLOSED = "closed"
UNREAD = "unread"
CAPTURED = "captured"
ENTERED = "in"
DELIVERED = "event"
LEFT = "out"
EVICTING = "evicting"
EVICTED = "evicted"
REFUSED = "refused"
AWAKE = "still_awake"
PROBED = "probed"
FAULT = "fault"
CALLED = "called"
LOAD_STAGE = "load_stage"
LOAD_SAMPLE = "load_sample"
LOAD_FATES = "load_fates"
LOAD_CLUSTER = "load_cluster"
LOAD_LOST = "load_lost"
STARTED = "started"
STDERR = "stderr"
EXITED = "exited"
FRAME_SENT = "frame_sent"
FRAME_RECEIVED = "frame_received"
CONSOLE = "console"
PAGE_ERROR = "page_error"
REQUEST_FAILED = "request_failed"
SHOWN = "shown"
ORIGIN_IS = "origin_is"
WAITED = "waited"
ASKED = "asked"
TOLD = "told"
PULSE = "pulse"
SENTINEL = "sentinel"
TAIL = "tail"
LEAKED = "leaked"
MODULE_STATE = "module_state"
CONFIRMED = "confirmed"
LATE = "late"
TIMED = "timed"
THREW = "threw"
LOGGED = "logged"
GAP = "gap"

OF_THE_RUN = frozenset({RUN_START, RUN_END, LEFT_OUT, PULSE, SENTINEL, TAIL, LATE, LEAKED, CONFIRMED})
"""Events that belong to the run and to no play."""

STIRRING = frozenset({OPENED, SENT, RECEIVED, CLOSED, FRAME_SENT, FRAME_RECEIVED, ASKED, TOLD})
"""Events of traffic between clients and objects. The silence in which an object may sleep lies between two of these."""


OUR_OWN = frozenset({ASKED, TOLD})
"""poc's own identity queries, each to one object, and the answers."""


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the history.

    `t_ns` counts from the start of the run on the client's monotonic clock. Times inside `data` whose names begin
    with `at_` are on the runtime's clock; the two must not be subtracted from each other.
    """

    id: int
    play: str
    t_ns: int
    actor: str
    kind: str
    step: int | None
    data: dict[str, Any]

    def fields(self) -> dict[str, Any]:
        """Return the fields as written to the file."""
        return {
            "id": self.id,
            "play": self.play,
            "t_ns": self.t_ns,
            "actor": self.actor,
            "kind": self.kind,
            "step": self.step,
            "data": self.data,
        }

    def line(self) -> str:
        """Return the line as written to the file, without the line end."""
        return json.dumps(self.fields(), ensure_ascii=False, separators=(",", ":"))
