"""Reports to look at: a run that held, one that was refuted, one that could not sleep, a hostile one, a long one."""

from typing import Final

from poc_cli.history import event as kinds
from poc_cli.judge.run_document import document
from poc_cli.report.html import html
from tests.support.big_run import SCENARIOS, big_run
from tests.unit.judge.histories import History
from tests.unit.judge.tales import Tale
from tests.unit.report.hostile import everywhere

TIMER_NS: Final = 10_000_000_000
"""What the runtime waits before an idle object leaves memory."""


STORY: Final = """\
name = "story"
title = "A room is left alone, sleeps, and is spoken to again."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann", bob = "/room/{play}?name=bob" }
steps = [
  { connect = ["ann", "bob"] },
  { on = "ann", send = { op = "put", key = "color", value = "blue" }, expect = { ok = true } },
  { on = "bob", send = { op = "get", key = "color" }, expect = { value = "blue" } },
  { hibernate = "idle" },
  { on = "bob", send = "ping", expect = "pong" },
  { resume = "bob", send = { op = "who" }, expect = { sockets = 2 } },
  { on = "ann", send = { op = "get", key = "color" }, expect = { value = "blue" }, claim = "storage" },
  { close = "*", code = 1000 },
]

[[claim]]
id = "sleeps"
says = "A room that nothing happens to leaves memory."
source = "https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/"
check = "sleeps"
control = { clients = { ann = "/room/{play}?name=ann&api=standard" }, expect = "refuted" }

[[claim]]
id = "sockets"
says = "Clients stay connected while the object is out of memory."
check = "connections-survive"
matrix = { row = "connections", expects = "survives" }

[[claim]]
id = "storage"
says = "A row that was written before the sleep can be read after it."
check = "storage-survives"
matrix = { row = "SQLite rows", expects = "survives" }
"""


def page_of(history: History) -> str:
    """Return the page of a run as it stands."""
    return html(document(list(history.events)), history.events)


def begin(told: Tale) -> None:
    """Tell the story up to its sleep."""
    told.connect()
    told.says({"ok": True})
    told.says({"value": "blue"})
    told.history.t_ns += TIMER_NS


def story(*, color: str = "blue") -> History:
    """Return a run of the story with its control, in which every claim holds if the color is still blue."""
    history = History()
    told = history.play(STORY)
    begin(told)
    told.sleeps()
    told.says("pong", reached=0)
    told.says({"sockets": 2})
    if color == "blue":
        told.says({"value": color})
    else:
        told.gets_wrong({"value": color})
    told.close("ann", "bob")
    told.ended("done")
    sleepless(history)
    return history.end()


def sleepless(history: History) -> None:
    """Play the control, in which the object does not sleep."""
    told = history.play(STORY, 1)
    begin(told)
    told.stays()
    told.ended("stopped", "hibernate failed: still in memory")


def held() -> str:
    """Return the page of a run in which every claim held."""
    return page_of(story())


def refuted() -> str:
    """Return the page of a run with a claim that was refuted."""
    return page_of(story(color="red"))


def pinned() -> str:
    """Return the page of a run whose object could not sleep."""
    history = History()
    told = history.play(STORY)
    begin(told)
    told.stays()
    return page_of(told.stops())


def long(scenarios: int = SCENARIOS) -> str:
    """Return the page of a hundred scenarios and a hundred thousand events, or of fewer."""
    return page_of(big_run(scenarios))


def hostile_history(text: str) -> History:
    """Return a run that carries a text wherever a worker or a scenario's client has a say."""
    history = story()
    play = "story"
    start = history.add(play, "poc", kinds.PLAY_START, scenario=text, file=text, text=text, role=text, decides=[text])
    history.add(text, "poc", kinds.PLAY_START, **start.data)
    for label in (play, text):
        history.add(label, text, kinds.OPENED)
        history.add(label, text, kinds.SENT, text=text, bytes=1)
        history.add(label, text, kinds.RECEIVED, text=text, bytes=1)
        history.add(label, f"object:{text}", kinds.ENTERED, process=1, ctx=1, at_ns=1)
        history.add(label, f"object:{text}", kinds.DELIVERED, name=text, at_ns=1)
        pin = {"kind": text, "name": text, "what": text, "script": text, "line": 1, "at_ns": 1}
        history.add(label, f"object:{text}", kinds.AWAKE, at_ns=9, at_last_event_ns=1, pins=[pin])
        history.add(label, f"object:{text}", kinds.LEFT, how=text, process=1, ctx=1, at_ns=2, at_last_event_ns=1)
        history.add(label, text, kinds.FAULT, fault=text)
        history.add(label, "poc", kinds.STEP_END, step=0, ok=False, failure=text, reason=text)
        history.add(label, text, kinds.CLOSED, by=text, code=1000, reason=text, clean=False, said=text)
        history.add(label, "poc", kinds.PLAY_END, outcome=text, reason=text)
    return history


def hostile(text: str) -> str:
    """Return a page that carries a text in every place that is not ours."""
    judged = everywhere(text)
    judged["scenarios"][0]["claims"].append(
        judged["scenarios"][0]["claims"][0] | {"source": "https://example.com/" + text}
    )
    return html(judged, hostile_history(text).events, [text])
