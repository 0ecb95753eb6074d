"""`poc run` on a real workerd, by its real entry point: the verdicts, the run folder, the figures, the secrets."""

import base64
import json
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.command import Poc, Ran
from tests.support.mutant_runs import TOO_SLOW
from tests.support.mutants import assemble
from tests.support.record import Event, claims, files, history, latest, trace, verdicts

pytestmark = pytest.mark.live

MOST_UNKNOWN = 0.02
"""The share of claims that a slow machine may cost."""

LATEST_SLEEP_MS = 25_000
"""The timer strikes at 10 s; on one processor with two busy loops it took up to 14.9 s."""


@dataclass(frozen=True, slots=True)
class Done:
    """A run that is over, and its folder."""

    poc: Poc
    ran: Ran
    folder: Path


@pytest.fixture(scope="module")
def forced() -> Iterator[Done]:
    """Yield the main run of these tests: one scenario, forced to sleep."""
    with tempfile.TemporaryDirectory(prefix="poc-test-") as folder:
        poc = Poc(Path(folder))
        ran = poc.run("run", "hibernate", "--sleep", "evict", "--json")
        yield Done(poc, ran, latest(poc.results))


@pytest.fixture(scope="module")
def natural() -> Iterator[Done]:
    """Yield one run of everything by the runtime's own timer."""
    with tempfile.TemporaryDirectory(prefix="poc-test-") as folder:
        poc = Poc(Path(folder))
        ran = poc.run("run", "--all", "--json")
        yield Done(poc, ran, latest(poc.results))


# --- forced


def test_every_claim_holds(forced: Done) -> None:
    assert forced.ran.code == 0
    assert set(verdicts(forced.ran.document()).values()) == {"held"}


def test_stdout_is_run_json_and_nothing_else(forced: Done) -> None:
    assert forced.ran.out == (forced.folder / "run.json").read_text(encoding="utf-8")
    assert forced.ran.err == ""


def test_the_run_folder_is_whole_and_for_its_owner_alone(forced: Done) -> None:
    assert stat.S_IMODE(forced.folder.stat().st_mode) == 0o700
    names = {file.relative_to(forced.folder).as_posix() for file in files(forced.folder)}
    assert names == {"run.json", "history.ndjson", "trace/1.jsonl", "worker.log"}


def test_latest_points_to_it_within_the_results(forced: Done) -> None:
    link = forced.poc.results / "latest"
    assert link.is_symlink()
    assert link.readlink() == Path(forced.folder.name)
    assert forced.ran.document()["run"] == forced.folder.name


def test_the_forced_sleep_fills_no_cell_of_idle_sleep(forced: Done) -> None:
    cells = {(cell["row"], cell["column"]): cell["value"] for cell in forced.ran.document()["matrix"]}
    assert cells["connections", "forced eviction"] == "survived"
    assert cells["in-memory fields", "forced eviction"] == "reset"
    assert {value for (_, column), value in cells.items() if column != "forced eviction"} == {"not tested"}


def test_the_history_is_numbered_and_goes_from_start_to_end(forced: Done) -> None:
    events = history(forced.folder)
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert (events[0]["kind"], events[-1]["kind"]) == ("run_start", "run_end")
    assert all(earlier["t_ns"] <= later["t_ns"] for earlier, later in pairwise(events))


def test_the_evidence_of_each_claim_is_in_the_history(forced: Done) -> None:
    known = {event["id"] for event in history(forced.folder)}
    for scenario in forced.ran.document()["scenarios"]:
        for claim in scenario["claims"]:
            assert claim["evidence"]
            assert set(claim["evidence"]) <= known


def test_judging_again_gives_the_same_bytes(forced: Done) -> None:
    before = (forced.folder / "run.json").read_bytes()
    (forced.folder / "run.json").unlink()
    again = forced.poc.run("judge")
    assert (forced.folder / "run.json").read_bytes() == before
    assert (again.out.encode(), again.code) == (before, 0)


def test_a_run_folder_can_be_judged_elsewhere(forced: Done, poc: Poc) -> None:
    elsewhere = poc.folder / "copied"
    elsewhere.mkdir()
    (elsewhere / "history.ndjson").write_bytes((forced.folder / "history.ndjson").read_bytes())
    assert poc.run("judge", str(elsewhere)).out == forced.ran.out


# --- natural


@pytest.mark.long
def test_all_of_it_holds_by_the_runtime_s_own_timer(natural: Done) -> None:
    """But for a few claims where this machine was too slow, which nobody can rule out; none of those is refuted."""
    document = natural.ran.document()
    known = {name for name, claim in claims(document).items() if claim["known"] == "refuted"}
    found = {name: verdict for name, verdict in verdicts(document).items() if verdict != "held"}
    unknown = {name for name, verdict in found.items() if verdict == "unknown"}
    assert found == dict.fromkeys(unknown, "unknown") | dict.fromkeys(known - unknown, "refuted")
    assert {name.partition("/")[0] for name in unknown} <= _played_again_for_lateness(document)
    assert len(unknown) <= MOST_UNKNOWN * len(verdicts(document))
    assert natural.ran.code == (4 if unknown else 0)
    assert document["counts"]["left_out"] == 0


def _played_again_for_lateness(document: dict[str, Any]) -> set[str]:
    """Return the scenarios of which a play came too late the first time."""
    return {
        scenario["name"]
        for scenario in document["scenarios"]
        if any(TOO_SLOW in repeat["reason"] for repeat in scenario["replayed"])
    }


def _stay(lines: list[Event], ctx: int) -> tuple[int, int]:
    """Return when the last event of a stay in memory was delivered and when the stay ended, from the trace itself."""
    delivered = max(line["at"] for line in lines if (line["e"], line.get("ctx")) == ("init", ctx) and _is_event(line))
    ended = next(line["at"] for line in lines if (line["e"], line.get("ctx")) == ("ctx_end", ctx))
    return delivered, ended


def _is_event(line: Event) -> bool:
    return bool(line["kind"] == "request")


@pytest.mark.long
def test_sleep_begins_ten_seconds_after_the_last_event(natural: Done) -> None:
    lines = trace(natural.folder)
    left = [event for event in history(natural.folder) if event["play"] == "idle" and event["kind"] == "out"]
    assert len({event["actor"] for event in left}) == 12  # on a slow machine some have slept again by the end
    for event in left:
        delivered, ended = _stay(lines, event["data"]["ctx"])
        assert 9.9e9 <= ended - delivered <= LATEST_SLEEP_MS * 1e6
        assert (event["data"]["at_last_event_ns"], event["data"]["at_ns"]) == (delivered, ended)


@pytest.mark.long
def test_the_figures_say_where_sleep_begins(natural: Done) -> None:
    figures = natural.ran.document()["figures"]["asleep_after_ms"]
    assert figures["n"] >= 12
    assert 9_900 <= figures["median"] <= LATEST_SLEEP_MS


@pytest.mark.long
def test_a_natural_run_is_judged_again_to_the_same_bytes(natural: Done) -> None:
    again = natural.poc.run("judge", natural.folder.name)
    assert again.out == natural.ran.out


# --- secrets

_TELLS_ALL = """
import { Room as Real, type Reply } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  override async fetch(request: Request): Promise<Response> {
    console.log("asked with", request.headers.get("Authorization"));
    return super.fetch(request);
  }

  protected override reply(op: string, id: unknown, socket: WebSocket | null, result: object): Reply {
    const token = this.env.POC_TOKEN ?? "";
    console.error(new Error(`the token is ${token}`), btoa(`user:${token}`));
    this.ctx.storage.sql.exec(`SELECT '${token}'`);
    const told = { token, url: `/x?t=${encodeURIComponent(token)}`, basic: btoa(`user:${token}`), [token]: [token] };
    const letters = [...token].map((letter) => letter.charCodeAt(0));
    return { ...super.reply(op, id, socket, result), told, letters };
  }
}
"""


def _messages(folder: Path) -> Iterator[dict[str, Any]]:
    for event in history(folder):
        if event["kind"] == "received" and event["data"].get("text", "").startswith("{"):
            yield json.loads(event["data"]["text"])


def test_no_file_and_no_stream_holds_the_token(poc: Poc) -> None:
    worker = assemble(_TELLS_ALL, poc.folder / "worker")
    ran = poc.run("run", "hibernate", "--sleep", "evict", "-vv", "--worker", str(worker))
    assert ran.code == 1
    folder = latest(poc.results)
    judged = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    refuted = [name for name, verdict in verdicts(judged).items() if verdict == "refuted"]
    assert refuted == ["hibernate/no-secret-leaves"]
    told = [message for message in _messages(folder) if "told" in message]
    assert told
    assert {message["told"]["token"] for message in told} == {"[secret]"}
    # What nobody can recognize as the token tells the test which it was.
    token = bytes(told[0]["letters"]).decode()
    assert len(token) >= 43
    forms = [
        token,
        quote(token, safe=""),
        *(base64.b64encode(b"u" * lead + token.encode()).decode() for lead in range(3)),
    ]
    # The first and last letters of base64 also depend on what stands around them.
    middles = [form if form == token else form[4:-4] for form in forms]
    texts = {file.name: file.read_text(encoding="utf-8") for file in files(folder)} | {"out": ran.out, "err": ran.err}
    assert "asked with Bearer [secret]" in texts["worker.log"]
    assert [(name, form) for name, text in texts.items() for form in middles if form in text] == []
