"""A long run for measuring: many scenarios of many messages, written as a run would write it."""

import sys
from pathlib import Path
from typing import Final

from tests.unit.judge.histories import History

SCENARIOS: Final = 100
EXCHANGES: Final = 197
"""Of five events each: with the rest of its story a scenario comes to a thousand."""

IDLE_NS: Final = 10_000_000_000
"""What the runtime waits before an idle object leaves memory."""

_REPLY: Final = {"op": "echo", "ok": True, "instance": "b65edb67-8791-428d-a2f6-88d2e5c3eab1", "name": "ann"}

_STORY: Final = """\
name = "NAME"
title = "A room that talks a great deal, sleeps, and talks again."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann", bob = "/room/{play}?name=bob" }
steps = [
  { connect = ["ann", "bob"] },
  { repeat = COUNT, as = "i", steps = [ { on = "ann", send = { op = "echo", id = 1 }, expect = { ok = true } } ] },
  { hibernate = "idle" },
  { resume = "bob", send = { op = "who" }, expect = { sockets = 2 } },
  { on = "ann", send = { op = "who" }, expect = { sockets = 2 } },
  { close = "*", code = 1000 },
]

[[claim]]
id = "sleeps"
says = "A room that nothing happens to leaves memory while its clients stay connected."
source = "https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/"
check = "sleeps"

[[claim]]
id = "sockets-survive"
says = "Clients stay connected while the object is out of memory."
source = "https://developers.cloudflare.com/durable-objects/best-practices/websockets/"
check = "connections-survive"
matrix = { row = "connections", expects = "survives" }
"""


def big_run(scenarios: int = SCENARIOS, exchanges: int = EXCHANGES) -> History:
    """Return a whole history of so many scenarios with so many exchanges each."""
    history = History()
    for number in range(scenarios):
        text = _STORY.replace("NAME", f"talk-{number:03}").replace("COUNT", str(exchanges))
        told = history.play(text)
        told.connect()
        for _ in range(exchanges):
            told.says(_REPLY)
        history.t_ns += IDLE_NS
        told.sleeps()
        for _ in range(2):
            told.says({"sockets": 2})
        told.close("ann", "bob")
        told.ended("done")
    return history.end()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True)
    (folder / "history.ndjson").write_text(big_run().text(), encoding="utf-8")
