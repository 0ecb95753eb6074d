"""One thing that happened, as a line of `history.ndjson`.

Never says what it means; the judge does.
"""

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


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the history.

    `t_ns` counts from the start of the run on the client's monotonic clock. Times inside `data` whose names begin
    with `at_` are the runtime's own clock; the two are never subtracted from each other.
    """

    id: int
    play: str
    t_ns: int
    actor: str
    kind: str
    step: int | None
    data: dict[str, Any]

    def line(self) -> str:
        """Give the line as it stands in the file, without its end."""
        return json.dumps(
            {
                "id": self.id,
                "play": self.play,
                "t_ns": self.t_ns,
                "actor": self.actor,
                "kind": self.kind,
                "step": self.step,
                "data": self.data,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
