"""Pages in a real browser as clients: what they send, get and show, a sleep under them, and that nothing is left."""

import shutil
import signal
import subprocess

import pytest

from tests.support.browser import executable
from tests.support.command import PATIENCE_SECONDS, ROOT, Poc
from tests.support.processes import until, using
from tests.support.record import history, latest, verdicts

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.long]

PROJECT = ROOT / "tests" / "projects" / "origin-app"

HEAD = """\
name    = "story"
title   = "A page takes part."
object  = {{ class = "Room", name = "{{play}}" }}
origin  = {{ dir = "app", start = "exec node server.mjs", ready = "/api/health", env.WORKER_URL = "{{worker}}" }}
worker  = {{ dir = "worker", vars = {{ POC_ALLOWED_ORIGINS = "{{origin}}" }} }}
clients = {{ ann = "/room/{{play}}?name=ann", page = {{ browser = "{{origin}}/room/{{play}}" }} }}
steps   = [
{steps}]

[[claim]]
id    = "sockets"
says  = "The page's socket survives."
check = "connections-survive"
"""

DECIDED = """
[[claim]]
id   = "decided"
says = "What the step says."
"""


def _story(poc: Poc, steps: str) -> str:
    shutil.copytree(PROJECT / "app", poc.folder / "app")
    shutil.copytree(ROOT / "worker", poc.folder / "worker", ignore=shutil.ignore_patterns("node_modules"))
    (poc.folder / "story.toml").write_text(
        HEAD.format(steps=steps) + (DECIDED if 'claim = "decided"' in steps else ""), encoding="utf-8"
    )
    return "./story.toml"


def _chromium() -> dict[str, str]:
    return {"POC_CHROMIUM": str(executable())}


def _nothing_is_left(poc: Poc) -> bool:
    return not list(poc.temporary.iterdir()) and using(poc.temporary) == []


@pytest.mark.parametrize("sleep", ["idle", "evict"])
def test_a_page_keeps_its_socket_through_a_sleep(poc: Poc, sleep: str) -> None:
    ran = poc.run("run", str(PROJECT / "page.toml"), "--sleep", sleep, "--json", variables=_chromium())
    told = verdicts(ran.document())
    assert told.pop("page/app-is-down") == "refuted"
    assert set(told.values()) == {"held"}, ran.document()["scenarios"]
    assert _nothing_is_left(poc)


def test_a_page_that_is_not_used_after_the_sleep_proves_nothing(poc: Poc) -> None:
    steps = """\
  { connect = ["ann", "page"] },
  { on = "ann", send = { op = "who" }, expect = { sockets = 2 } },
  { hibernate = "evict" },
  { resume = "ann", send = { op = "say", text = "hello" }, expect = { op = "say" } },
  { on = "page", expect_text = { selector = "#log li", texts = ["hello"] }, claim = "decided" },
"""
    ran = poc.run("run", _story(poc, steps), "--json", variables=_chromium())
    assert verdicts(ran.document()) == {"story/decided": "held", "story/sockets": "unknown"}


def test_what_it_cannot_do_or_does_not_show_is_a_sentence(poc: Poc) -> None:
    steps = """\
  { connect = "page" },
  { on = "page", click = "#nothing", within = "300ms", claim = "decided" },
  { on = "page", eval = "nothing.at.all", claim = "decided" },
  { on = "page", eval = "new Promise(() => {})", within = "300ms", claim = "decided" },
  { on = "page", eval = "({ a: [1, null] })", expect = { a = [2] }, claim = "decided" },
  { on = "page", expect_text = { selector = "#log li", texts = ["a"] }, within = "300ms", claim = "decided" },
  { on = "page", expect_text = { selector = "#state", text = "shut" }, within = "300ms", claim = "decided" },
  { on = "page", expect_text = { selector = ":::", text = "shut" }, within = "300ms", claim = "decided" },
  { on = "page", expect = { never = true }, within = "300ms", claim = "decided" },
"""
    poc.run("run", _story(poc, steps), "-q", variables=_chromium())
    ends = [event["data"] for event in history(latest(poc.results)) if event["kind"] == "step_end"]
    assert [end["ok"] for end in ends] == [True, *[False] * 8]
    # What was only slow is told from what contradicts.
    kinds = ["silence", "mismatch", "silence", "mismatch", "silence", "silence", "mismatch", "silence"]
    assert [end["failure"] for end in ends[1:]] == kinds
    reasons = [end["reason"] for end in ends[1:]]
    for reason, said in zip(
        reasons,
        (
            'page could not click "#nothing"',
            "nothing is not defined",
            "page's script did not finish within 0.3 s",
            "page got 1 message, not as expected",
            'page should show ["a"] at #log li within 0.3 s and shows nothing',
            'page should show "shut" at #state within 0.3 s and shows "open"',
            "not a valid selector",
            "page got nothing within 0.3 s",
        ),
        strict=True,
    ):
        assert said in reason


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("setTimeout(() => { for (;;); }, 50), 1", "page does not say what it shows within 0.5 s"),
        ("setInterval(() => location.reload(), 50), 1", "page should show"),
    ],
    ids=["loops", "reloads"],
)
def test_a_page_that_never_answers_ends_with_its_step_and_its_browser(poc: Poc, script: str, told: str) -> None:
    steps = f"""\
  {{ connect = "page" }},
  {{ on = "page", eval = "{script}", expect = {{ json = 1 }} }},
  {{ idle = "300ms" }},
  {{ on = "page", expect_text = {{ selector = "#log li", texts = ["never"] }}, within = "500ms", claim = "decided" }},
"""
    ran = poc.run("run", _story(poc, steps), "--json", variables=_chromium())
    assert verdicts(ran.document())["story/decided"] == "refuted"
    (failed,) = (event["data"] for event in history(latest(poc.results)) if event["data"].get("ok") is False)
    assert told in failed["reason"]
    assert _nothing_is_left(poc)


def test_a_page_that_floods_its_console_fills_no_record(poc: Poc) -> None:
    steps = """\
  { connect = "page" },
  { on = "page", eval = "for (let line = 0; line < 5000; line++) console.log(line); 1", expect = { json = 1 } },
  { on = "page", eval = "2", expect = { json = 2 }, claim = "decided" },
"""
    ran = poc.run("run", _story(poc, steps), "--json", variables=_chromium())
    assert verdicts(ran.document())["story/decided"] == "held"
    lines = [event["data"] for event in history(latest(poc.results)) if event["kind"] == "console"]
    assert len(lines) == 1001
    assert "the first 1000 are kept" in lines[-1]["text"]


def test_how_its_sockets_end_is_known(poc: Poc) -> None:
    steps = """\
  { connect = "page" },
  { on = "page", eval = "say({ op: 'close', code: 4001, reason: 'bye' })", expect_code = 4001, expect_reason = "bye" },
  { on = "page", expect_text = { selector = "#state", text = "closed 4001" } },
  { connect = "page" },
  { on = "page", eval = "socket.close(4002, 'mine')" },
  { on = "page", expect_text = { selector = "#state", text = "closed 4002" } },
  { connect = "page" },
  { restart = "crash" },
  { on = "page", expect_text = { selector = "#state", text = "closed 1006" } },
  { connect = "page" },
  { on = "page", eval = "document.querySelector('#state').remove(); location.reload()" },
  { on = "page", expect_text = { selector = "#state", text = "open" } },
  { kill = "page" },
"""
    poc.run("run", _story(poc, steps), "-q", variables=_chromium())
    events = history(latest(poc.results))
    (end,) = [event["data"] for event in events if event["kind"] == "play_end"]
    assert end["outcome"] == "done", end
    closes = [(event["data"]["by"], event["data"]["code"]) for event in events if event["kind"] == "closed"]
    assert closes == [("server", 4001), ("client", 4002), ("nobody", 1006), ("client", 1006), ("client", 1006)]


def test_a_page_reaches_nothing_but_this_machine(poc: Poc) -> None:
    steps = """\
  { connect = "page" },
  { on = "page", eval = "fetch('http://example.com').then(() => 'yes', () => 'no')", expect = "no", claim = "decided" },
"""
    ran = poc.run("run", _story(poc, steps), "--json", variables=_chromium())
    assert verdicts(ran.document())["story/decided"] == "held"
    failed = [event["data"]["said"] for event in history(latest(poc.results)) if event["kind"] == "request_failed"]
    assert failed == ["net::ERR_NAME_NOT_RESOLVED"]


def test_without_the_extra_it_is_a_sentence(poc: Poc) -> None:
    hidden = poc.folder / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'playwright' else find(name, *rest)\n",
        encoding="utf-8",
    )
    story = _story(poc, '  { connect = "page" },\n')
    ran = poc.run("run", story, variables={"PYTHONPATH": f"{hidden}:{ROOT}"})
    assert ran.code == 3
    assert "pip install 'poc-durable-objects[browser]'" in ran.err


def test_a_chromium_that_is_none_is_a_sentence(poc: Poc) -> None:
    story = _story(poc, '  { connect = "page" },\n')
    ran = poc.run("run", story, variables={"POC_CHROMIUM": "/bin/false"})
    assert ran.code == 3
    assert "the browser /bin/false did not start" in ran.out + ran.err
    assert poc.run("run", story, variables={"POC_CHROMIUM": "/nowhere"}).code == 3
    assert _nothing_is_left(poc)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_however_poc_ends_nothing_of_it_is_left(poc: Poc, number: signal.Signals) -> None:
    steps = """\
  { connect = ["ann", "page"] },
  { on = "ann", send = { op = "who" }, expect = { sockets = 2 }, capture = { before = "instance" } },
  { idle = "60s" },
"""
    with poc.start("run", _story(poc, steps), variables=_chromium()) as process:
        until("the page is open", lambda: _has_captured(poc))
        assert any("chromium" in words[0] for words in using(poc.temporary))
        process.send_signal(number)
        try:
            _, err = process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert "Traceback" not in err
    until("nothing is left", lambda: _nothing_is_left(poc))


def _has_captured(poc: Poc) -> bool:
    found = list(poc.results.glob("*/history.ndjson"))
    return bool(found) and '"name":"before"' in found[0].read_text(encoding="utf-8")
