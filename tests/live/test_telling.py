"""What the code of a worker throws and logs on the real runtime: told with object and line, and not in the way."""

import pytest

from poc_cli.history import event as kinds
from tests.support.command import ROOT, Poc
from tests.support.record import claims, history, latest, verdicts

pytestmark = pytest.mark.live

THROWS = ROOT / "tests" / "projects" / "throws"

TOLD = {
    "message": "webSocketMessage threw TypeError: no message (src/index.js:6)",
    "text": "webSocketMessage threw Error: just a text",
    "close": "webSocketClose threw TypeError: no close (src/index.js:6)",
    "fetch": "is 500: fetch threw TypeError: no fetch (src/index.js:6)",
    "front": "is 500: fetch of the Worker threw TypeError: no front (src/index.js:6)",
    "tell": "is 500: fetch of the Worker threw TypeError: no tell (src/index.js:86)",
    "constructor": "constructor threw TypeError: no constructor (src/index.js:6)",
}
THROWN = {
    "no message": ("webSocketMessage", "Room.webSocketMessage"),
    "no timer": (None, ""),
    "no waitUntil": (None, ""),
    "no alarm": ("alarm", "Room.alarm"),
    "no close": ("webSocketClose", "Room.webSocketClose"),
    "no constructor": ("constructor", "new Room"),
}


@pytest.mark.parametrize("worker", [".", "wrangler.jsonc"])
def test_each_kind_is_told_where_it_made_a_step_fail(poc: Poc, worker: str) -> None:
    ran = poc.run("run", str(THROWS / "places.toml"), "--worker", str(THROWS / worker), "--json")
    assert ran.code == 1, ran
    told = claims(ran.document())
    for claim, words in TOLD.items():
        assert words in told[f"places/{claim}"]["reason"], claim
    assert ("places/no-secret-leaves" in told) == (worker == "."), "only there the key is a secret"
    at = " (src/index.js:6)" if worker != "." else ""  # only wrangler has workerd print stacks
    assert told["places/caught"]["reason"].endswith(f"; console.error: could not TypeError: no caught{at}")
    unawaited = "; console.error: Uncaught (in promise) TypeError: no reject (src/index.js:46)"
    assert (unawaited in told["places/close"]["reason"]) == (worker != ".")
    events = history(latest(poc.results))
    objects = {
        each["data"]["message"]: each["data"]
        for each in events
        if each["kind"] == kinds.THREW and each["actor"] == "object:object"
    }
    for message, (handler, function) in THROWN.items():
        data = objects[message]
        assert (data.get("handler"), data["script"], data["line"]) == (handler, "src/index.js", 6)
        assert data["stack"][0] == "fail (src/index.js:6)"
        assert data["stack"][-1].startswith(function)
    rings = [each["data"] for each in events if each["kind"] == kinds.LOGGED and each["data"]["level"] == "warn"]
    assert rings[-1]["text"] == 'alarm {"rings": 1}'
    assert rings[-1]["at_ns"] <= objects["no alarm"]["at_ns"]
    log = (latest(poc.results) / "worker.log").read_text(encoding="utf-8")
    assert "    at Room.webSocketMessage (src/index.js:34)" in log
    assert "poc-tail" not in log
    assert "NOSENTRY" not in log


SLEEPS = """
name = "sleeps"
title = "What is thrown and logged neither keeps an object in memory nor wakes it."
worker = "."
object = { class = "Room", name = "{play}" }
clients = { ann = "/{play}" }
steps = [
  { connect = "ann" },
  { on = "ann", send = "message" },
  { on = "ann", send = "hello", expect = { done = "hello" } },
  { hibernate = "idle" },
  { resume = "ann", send = "hello", expect = { done = "hello" } },
]
[[claim]]
id = "sleeps"
says = "It sleeps."
check = "sleeps"
"""


@pytest.mark.parametrize("way", ["idle", "evict"])
def test_it_neither_pins_nor_wakes_an_object(poc: Poc, way: str) -> None:
    story = poc.folder / "sleeps.toml"
    story.write_text(SLEEPS, encoding="utf-8")
    ran = poc.run("run", str(story), "--worker", str(THROWS), "--sleep", way, "--json")
    assert verdicts(ran.document()) == {"sleeps/sleeps": "held"}, ran
    (sleep,) = ran.document()["scenarios"][0]["sleeps"]
    assert sleep["way"] == way


def test_a_response_body_that_is_open_is_told_with_the_line_of_its_stream(poc: Poc) -> None:
    ran = poc.run("run", str(ROOT / "tests" / "projects" / "stream" / "open.toml"), "--json")
    assert verdicts(ran.document()) == {"open/pinned": "held"}, ran
    (pin,) = [each["data"]["pins"] for each in history(latest(poc.results)) if each["kind"] == kinds.PROBED][-1]
    assert (pin["what"], pin["script"], pin["line"]) == ("an open response body", "src/index.ts", 15)
