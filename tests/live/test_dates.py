"""Runs on other compatibility dates than the worker declares: the runtime takes them, the worker's files stay."""

import json
from pathlib import Path

import pytest

from tests.support.command import Poc

pytestmark = pytest.mark.live

BEFORE, SINCE = "2026-04-06", "2026-04-07"
"""The last day without web_socket_auto_reply_to_close and the first with it (workerd's compatibility-date.capnp)."""

# The date is a named constant, the module in a folder below, and `#` stands in a text: no look at the text finds it.
_DECLARATION = """\
using Workerd = import "/workerd/workerd.capnp";
const day :Text = "2026-08-01";
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "src/worker.js")],
  compatibilityDate = .day,
  durableObjectNamespaces = [(className = "Room", uniqueKey = "room-#1", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "ROOM", durableObjectNamespace = "Room")],
);
"""

_WORKER = """\
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {
  fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.addEventListener("message", (event) => server.send(event.data));
    return new Response(null, { status: 101, webSocket: client });
  }
}
export default {
  fetch(request, env) {
    return env.ROOM.get(env.ROOM.idFromName(new URL(request.url).pathname.slice(1))).fetch(request);
  },
};
"""

_STORY = """\
name    = "closing"
title   = "Who answers a close?"
object  = { class = "Room", name = "{play}" }
clients = { ann = "/{play}" }
steps = [
  { connect = "ann" },
  { on = "ann", send = "hello", expect = "hello", claim = "it-answers" },
  { close = "ann", code = 4321, expect_code = 4321, within = "4s", claim = "close-is-answered" },
]
[[claim]]
id   = "it-answers"
says = "A message is answered."
[[claim]]
id   = "close-is-answered"
says = "A close is answered by the runtime."
"""


@pytest.fixture
def worker(poc: Poc) -> Path:
    """Return a worker, and beside it a story about it."""
    folder = poc.folder / "worker"
    (folder / "src").mkdir(parents=True)
    (folder / "local.capnp").write_text(_DECLARATION, encoding="utf-8")
    (folder / "src" / "worker.js").write_text(_WORKER, encoding="utf-8")
    (poc.folder / "closing.toml").write_text(_STORY, encoding="utf-8")
    return folder


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _run(worker: Path, *dates: str) -> list[str]:
    options = [word for date in dates for word in ("--compat-date", date)]
    return ["run", "closing.toml", "--worker", str(worker), *options]


def test_a_claim_that_depends_on_the_date_differs_and_the_worker_stays_as_it_is(poc: Poc, worker: Path) -> None:
    before = _files(worker)
    ran = poc.run(*_run(worker, BEFORE, SINCE))
    assert ran.code == 1
    assert ran.out.startswith(f"differs by date              {BEFORE}  {SINCE}\n")
    assert "  closing/close-is-answered  refuted     held\n" in ran.out
    assert "the same on every date: 1 claim (1 held)\n" in ran.out
    assert ran.out.endswith(f"1 of 2 claims differs between {BEFORE}, {SINCE}\n")
    assert _files(worker) == before
    assert list(poc.temporary.iterdir()) == []


def test_each_date_is_a_run_of_its_own(poc: Poc, worker: Path) -> None:
    ran = poc.run(*_run(worker, BEFORE, SINCE), "--json")
    document = ran.document()
    assert document["dates"] == [BEFORE, SINCE]
    assert [run["target"]["compatibility_date"] for run in document["runs"]] == [BEFORE, SINCE]
    assert [run["exit_code"] for run in document["runs"]] == [1, 0]
    for run in document["runs"]:
        written = json.loads((poc.results / run["run"] / "run.json").read_text(encoding="utf-8"))
        assert written == run


def test_one_date_is_simply_that_run(poc: Poc, worker: Path) -> None:
    assert poc.run(*_run(worker, BEFORE), "-q").code == 1
    document = poc.run(*_run(worker, SINCE), "--json").document()
    assert (document["schema"], document["verdict"]) == ("poc.run/1", "held")
    assert document["target"]["compatibility_date"] == SINCE


def test_without_a_date_the_run_names_the_one_that_the_worker_declares(poc: Poc) -> None:
    assert poc.run("run", "echo", "--json").document()["target"]["compatibility_date"] == "2026-10-01"


def test_a_date_that_the_runtime_does_not_know_ends_it_before_anything_is_played(poc: Poc, worker: Path) -> None:
    ran = poc.run(*_run(worker, SINCE, "2199-01-01"))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(
        "poc: --compat-date 2199-01-01 is too new for this runtime, which supports dates up to 20"
    )
    assert not poc.results.exists()


def test_a_declaration_that_is_wrong_is_told_as_without_a_date(poc: Poc, worker: Path) -> None:
    text = (worker / "local.capnp").read_text(encoding="utf-8")
    (worker / "local.capnp").write_text(text.replace("bindings", "bindinks"), encoding="utf-8")
    ran = poc.run(*_run(worker, SINCE))
    assert ran.code == 3
    assert f"poc: workerd did not start on {worker.resolve()}: " in ran.err
    assert "no field named 'bindinks'" in ran.err


def test_what_changed_in_2026_differs_by_date(poc: Poc) -> None:
    before, since = "2026-02-23", "2026-03-17"
    options = ["--compat-date", before, "--compat-date", since, "--sleep", "evict", "--json"]
    found = poc.run("run", "binary-type", "delete-all", *options).document()
    verdicts = {each["claim"]: each["verdicts"] for each in found["claims"]}
    for claim in (
        "binary-type/accepted-sockets-get-a-blob",
        "binary-type/outgoing-sockets-get-a-blob",
        "delete-all/delete-all-deletes-the-alarm",
    ):
        assert verdicts[claim] == {before: "refuted", since: "held"}
    assert set(verdicts["binary-type/it-is-an-arraybuffer-after-a-sleep-too"].values()) == {"held"}
    # Its control is a socket of accept(), which got an ArrayBuffer as well before that date.
    assert verdicts["binary-type/hibernatable-sockets-get-an-arraybuffer"] == {before: "unknown", since: "held"}
