"""An example for each verb: steps that the shipped worker carries out as told."""

from typing import Final

FRAME: Final = """\
name    = "example"
title   = "Two clients in one room."
object  = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann", bob = "/room/{play}?name=bob" }

steps = [
%s]
"""
"""The file around an example's steps."""

EXAMPLES: Final = {
    "connect": """\
  { connect = ["ann", "bob"], within = "2s" },
""",
    "on": """\
  { connect = ["ann", "bob"] },
  { on = "ann", send = { op = "who" }, where = ["sockets == 2"], capture = { room = "instance" } },
  { on = "bob", send = { op = "who" }, where = ["instance == {room}"] },
  { on = "ann", send = { op = "say", text = "hi" }, expect = [{ reached = 2 }, { event = "said" }], order = "any" },
  { on = "bob", expect = { event = "said", text = "hi" }, next = true },
  { on = "*", quiet = "200ms" },
  { on = "ann", send = { op = "echo", text = "to myself" }, expect = { op = "echo" } },
  { on = "bob", quiet = "200ms", like = { op = "echo" } },
  { on = "bob", send = { op = "close", code = 4001, reason = "bye" }, expect_code = 4001, expect_reason = "bye" },
""",
    "resume": """\
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { ok = true }, capture = { before = "instance" } },
  { hibernate = "evict" },
  { resume = "ann", send = { op = "who" }, expect = { ok = true }, where = ["instance != {before}"] },
""",
    "close": """\
  { connect = ["ann", "bob"] },
  { close = "ann", code = 4001, reason = "bye", expect_code = 4001, expect_reason = "bye", within = "1s" },
  { close = "bob" },
""",
    "kill": """\
  { connect = ["ann", "bob"] },
  { kill = "bob", how = "rst" },
  { connect = "bob" },
  { on = "bob", send = { op = "who" }, expect = { name = "bob" } },
""",
    "stall": """\
  { connect = ["ann", "bob"] },
  { stall = "bob" },
  { on = "ann", send = { op = "broadcast", text = "hi" }, expect = { op = "broadcast", reached = 2 } },
  { stall = "bob", release = true },
  { on = "bob", expect = { event = "broadcast", text = "hi" } },
""",
    "http": """\
  { connect = ["ann", "bob"] },
  { http = "/room/{play}", send = { op = "say", text = "news" }, expect = { reached = 2 } },
  { on = "*", expect = { event = "said", text = "news" } },
  { http = "/room/{play}", send = { op = "who" }, auth = false, status = 401 },
""",
    "origin": """\
  { connect = "ann" },
  { http = "{origin}/hello?room={play}", method = "GET", expect = { ok = true } },
  { origin = "called", expect = { method = "GET", path = "/hello", query = ["room"], status = 200 } },
  { origin = "slow", by = "500ms" },
  { http = "{origin}/hello?room={play}", method = "GET", expect = { ok = true } },
  { origin = "down" },
  { origin = "up" },
""",
    "idle": """\
  { connect = "ann" },
  { idle = "200ms" },
""",
    "hibernate": """\
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { ok = true } },
  { hibernate = "idle" },
  { on = "ann", send = { op = "who" }, expect = { ok = true } },
""",
    "probe": """\
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { ok = true } },
  { probe = "awake" },
  { hibernate = "evict" },
  { on = "ann", send = "ping", expect = "pong" },
  { probe = "asleep" },
""",
    "alarm": """\
  { connect = "ann" },
  { on = "ann", send = { op = "alarm", in_ms = 500 }, expect = { ok = true } },
  { alarm = "fires", within = "5s" },
  { on = "ann", expect = { event = "alarm" } },
""",
    "restart": """\
  { connect = "ann" },
  { on = "ann", send = { op = "put", key = "color", value = "blue" }, expect = { ok = true } },
  { restart = "crash" },
  { connect = "ann" },
  { on = "ann", send = { op = "get", key = "color" }, expect = { value = "blue" } },
""",
    "repeat": """\
  { connect = "ann" },
  { repeat = 3, as = "n", steps = [
    { on = "ann", send = { op = "echo", text = "line {n}" }, expect = { op = "echo", text = "line {n}" } },
  ] },
""",
}
"""The steps of each verb's example."""


ORIGIN: Final = 'origin  = { dir = "app", start = "node server.mjs", ready = "/hello" }\n'
"""What a file has beside that where its steps are about an app server."""


def whole(steps: str) -> str:
    """Return a whole file with the steps in it."""
    file = FRAME % steps
    return file.replace("clients = ", f"{ORIGIN}clients = ", 1) if "origin = " in steps else file
