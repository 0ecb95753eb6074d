"""What the tests of the scenario language share: one small file that is right."""

import pytest

STORY = """\
name = "hibernate"
title = "An idle room sleeps."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann", bob = { path = "/room/{play}" } }
vars = { color = "blue" }
steps = [
  { connect = ["ann", "bob"] },
  { on = "ann", send = { op = "who" }, expect = { sockets = 2 }, capture = { before = "instance" } },
  { hibernate = "idle" },
  { resume = "bob", send = { op = "who" }, expect = { sockets = 2 }, where = ["instance != {before}"] },
  { on = "ann", send = { op = "get" }, expect = { value = "{color}" }, claim = "storage" },
  { close = "*", code = 1000, within = "1s" },
]

[[claim]]
id = "sleeps"
says = "It sleeps."
check = "sleeps"
control = { clients = { ann = "/room/{play}?name=ann&api=standard" } }

[[claim]]
id = "storage"
says = "Rows come back."
matrix = { row = "SQLite rows", expects = "survives" }
"""


@pytest.fixture
def story() -> str:
    """Return a scenario that loads."""
    return STORY
