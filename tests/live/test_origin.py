"""An app server beside the worker: built, started, seen, cut off, ended, and what is said where it does not come up."""

import shutil
from pathlib import Path

import pytest

from tests.support.command import ROOT, Poc
from tests.support.processes import using
from tests.support.record import history, latest, verdicts

pytestmark = [pytest.mark.live, pytest.mark.long]

PROJECT = ROOT / "tests" / "projects" / "origin-app"
CHAT = ROOT / "tests" / "projects" / "chat"

HEAD = """\
name    = "story"
title   = "An app takes part."
object  = {{ class = "{of}", name = "{{play}}" }}
secrets = ["TICKET_SECRET"]
public  = ["TICKET_SECRET"] # the app tells it on purpose
origin  = {origin}
worker  = {worker}
clients = {{ ann = "{path}" }}
steps   = [
{steps}]

[[claim]]
id   = "decided"
says = "What the step says."
"""

OURS = '{ dir = "worker", vars = { POC_ALLOWED_ORIGINS = "{origin}" } }'
MEETS = """\
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { name = "ann" }, claim = "decided" },
"""
STARTS = '{ dir = "app", start = "exec node server.mjs", ready = "/api/health", env = { WORKER_URL = "{worker}" } }'


def _story(poc: Poc, steps: str, origin: str = STARTS, worker: str = OURS, of: str = "Room") -> str:
    shutil.copytree(PROJECT / "app", poc.folder / "app", dirs_exist_ok=True)
    shutil.copytree(ROOT / "worker", poc.folder / "worker", ignore=shutil.ignore_patterns("node_modules"))
    file = poc.folder / "story.toml"
    path = "/room/{play}?name=ann"
    file.write_text(HEAD.format(steps=steps, origin=origin, worker=worker, of=of, path=path), encoding="utf-8")
    return "./story.toml"


def _calls(poc: Poc) -> list[dict[str, object]]:
    return [event["data"] for event in history(latest(poc.results)) if event["actor"] == "origin"]


def test_it_is_seen_cut_off_slowed_down_and_brought_back(poc: Poc) -> None:
    steps = """\
  { http = "{origin}/api/echo?text={play}", method = "GET", expect = { echo = "{play}" } },
  { origin = "called", expect = { method = "GET", path = "/api/echo", query = ["text"], status = 200 } },
  { origin = "down" },
  { http = "{origin}/api/echo?text={play}", method = "GET", claim = "decided" },
  { origin = "called", expect = { path = "/api/echo" }, where = ["not status exists"] },
  { origin = "slow", by = "300ms" },
  { http = "{origin}/api/echo?text={play}", method = "GET", expect = { echo = "{play}" } },
  { origin = "up" },
  { http = "{origin}/api/echo?text={play}", method = "GET", expect = { echo = "{play}" } },
  { on = "ann", send = { op = "who" }, expect = { ok = true } },
"""
    ran = poc.run("run", _story(poc, '  { connect = "ann" },\n' + steps), "--json")
    assert verdicts(ran.document()) == {"story/decided": "refuted"}
    assert ran.document()["scenarios"][0]["error"] is None
    assert [call.get("status") for call in _calls(poc) if "path" in call] == [200, None, 200, 200]
    log = (latest(poc.results) / "origin.log").read_text(encoding="utf-8")
    assert log == "listening, with the secret [secret]\n"
    assert not list(poc.temporary.iterdir())
    assert using(poc.temporary) == []


def test_worker_and_app_share_secrets_and_know_each_other(poc: Poc) -> None:
    shutil.copytree(CHAT, poc.folder / "chat")
    (poc.folder / "chat" / "src" / "asks.ts").write_text(
        "export * from './index';\n"
        "export default { async fetch(request: Request, env: Record<string, string>) {\n"
        "  const room = new URL(request.url).searchParams.get('room');\n"
        "  const answer = await fetch(`${env.APP_ORIGIN}/api/echo?text=${room}`);\n"
        "  const { secret, echo } = await answer.json() as Record<string, string>;\n"
        "  return Response.json({ same: secret === env.TICKET_SECRET && secret.length > 30, echo });\n"
        "} };\n",
        encoding="utf-8",
    )
    config = poc.folder / "chat" / "wrangler.jsonc"
    config.write_text(config.read_text(encoding="utf-8").replace("src/index.ts", "src/asks.ts"), encoding="utf-8")
    steps = """\
  { http = "/?room={play}", method = "GET", expect = { same = true, echo = "{play}" }, claim = "decided" },
  { origin = "called", expect = { path = "/api/echo", agent = "worker", status = 200 } },
"""
    worker = '{ dir = "chat", vars = { APP_ORIGIN = "{origin}" } }'
    story = _story(poc, steps, worker=worker, of="Room")
    ran = poc.run("run", story, "--json")
    assert verdicts(ran.document()) == {"story/decided": "held"}, ran.document()["scenarios"]


def test_the_app_reaches_the_worker_of_the_play_by_one_address(poc: Poc) -> None:
    origin = STARTS.replace("server.mjs", "push.mjs")
    steps = """\
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { ok = true } },
  { restart = "server" },
  { connect = "ann" },
  { hibernate = "evict" },
  { http = "{origin}/push/{play}", method = "GET", expect = { status = 200 } },
  { on = "ann", expect = { event = "said", text = "pushed" }, claim = "decided" },
"""
    story = _story(poc, steps, origin)
    (poc.folder / "app" / "push.mjs").write_text(
        'import { createServer } from "node:http";\n'
        "const { WORKER_URL, POC_TOKEN, PORT } = process.env;\n"
        "createServer(async (request, response) => {\n"
        '  if (!request.url.startsWith("/push/")) return response.end("{}");\n'
        "  const headers = { authorization: `Bearer ${POC_TOKEN}` };\n"
        '  const body = JSON.stringify({ op: "say", text: "pushed" });\n'
        '  const room = request.url.slice("/push/".length);\n'
        '  const { status } = await fetch(`${WORKER_URL}/room/${room}`, { method: "POST", headers, body });\n'
        "  response.end(JSON.stringify({ status }));\n"
        '}).listen(Number(PORT), "127.0.0.1");\n',
        encoding="utf-8",
    )
    ran = poc.run("run", story, "--json")
    assert verdicts(ran.document()) == {"story/decided": "held"}, ran.document()["scenarios"]


@pytest.mark.parametrize(
    ("start", "within", "said"),
    [
        ("exec sleep 60", "1s", "was not up within 1 s: /api/health gives no response"),
        ("echo no such luck; exit 7", "30s", "exited with code 7 before it was up"),
        ("exec node server.mjs", "5s", "was not up within 5 s: /nowhere responds 404"),
    ],
)
def test_one_that_does_not_come_up_is_a_sentence(poc: Poc, start: str, within: str, said: str) -> None:
    ready = "/nowhere" if "404" in said else "/api/health"
    env = 'env = { WORKER_URL = "{worker}" }'
    origin = f'{{ dir = "app", start = "{start}", ready = "{ready}", within = "{within}", {env} }}'
    ran = poc.run(
        "run",
        _story(poc, MEETS, origin),
    )
    assert ran.code == 3
    assert said in ran.out + ran.err
    assert ("no such luck" in ran.out) == ("luck" in start)
    assert not list(poc.temporary.iterdir())
    assert using(poc.temporary) == []


def test_it_is_built_once_for_each_content(poc: Poc) -> None:
    cache = {"XDG_CACHE_HOME": str(poc.folder / "cache"), "POC_WORKERD": _workerd()}
    build = 'build = "date +%s%N > built.txt; cat ../shared/word.txt >> built.txt", also = ["shared"]'
    origin = STARTS.replace("ready", f"{build}, ready")
    story = _story(poc, MEETS, origin)
    (poc.folder / "shared").mkdir()
    (poc.folder / "shared" / "word.txt").write_text("one\n", encoding="utf-8")
    (poc.folder / "app" / ".gitignore").write_text("ignored/\n*.tmp\n", encoding="utf-8")

    def built() -> set[str]:
        assert poc.run("run", story, "-q", variables=cache).code == 0
        return {file.read_text(encoding="utf-8") for file in (poc.folder / "cache").rglob("built.txt")}

    first = built()
    assert len(first) == 1
    (poc.folder / "app" / "ignored").mkdir()
    (poc.folder / "app" / "ignored" / "thing").write_text("x", encoding="utf-8")
    (poc.folder / "app" / "more.tmp").write_text("x", encoding="utf-8")
    assert built() == first
    assert not (poc.folder / "app" / "built.txt").exists()
    (poc.folder / "shared" / "word.txt").write_text("two\n", encoding="utf-8")
    assert len(built() - first) == 1


def test_a_build_that_fails_is_a_sentence_and_tried_again(poc: Poc) -> None:
    cache = {"XDG_CACHE_HOME": str(poc.folder / "cache"), "POC_WORKERD": _workerd()}
    origin = STARTS.replace("ready", 'build = "echo broken >&2; exit 5", ready')
    story = _story(poc, MEETS, origin)
    for _ in range(2):
        ran = poc.run("run", story, variables=cache)
        assert ran.code == 3
        assert "exited with code 5:\nbroken" in ran.err


def _workerd() -> str:
    from poc_cli.targets.installation import locate

    return str(locate(lambda _: None))


def test_an_app_elsewhere_takes_its_place(poc: Poc) -> None:
    steps = '  { connect = "ann" },\n  { http = "{origin}/x", method = "GET", claim = "decided" },\n'
    story = _story(poc, steps)
    text = Path(poc.folder / "story.toml").read_text(encoding="utf-8")
    left_out = poc.run("run", story, "--origin", "http://127.0.0.1:9")
    assert left_out.code == 4
    assert "TICKET_SECRET" in left_out.out
    (poc.folder / "story.toml").write_text(text.replace('secrets = ["TICKET_SECRET"]\n', ""), encoding="utf-8")
    ran = poc.run("run", story, "--origin", "http://127.0.0.1:9", "--json")
    assert verdicts(ran.document()) == {"story/decided": "refuted"}
    assert poc.run("run", story, "--origin", "somewhere").code == 2
