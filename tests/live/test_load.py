"""Loads on a real runtime, small ones: what they account for, how they end, and what they leave behind."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from poc_cli.load.plan import LoadOverrides, plan_of
from poc_cli.load.shard_runner import run_shard
from poc_cli.load.sharding import shards
from poc_cli.record.latency import decoded
from poc_cli.record.load_stage import from_json, merged
from poc_cli.record.ranges import count
from poc_cli.scenario.load_model import LoadTable
from tests.support.command import PATIENCE_SECONDS, Poc
from tests.support.loads import HELD, small
from tests.support.processes import children, until, using
from tests.support.record import history, latest, verdicts
from tests.support.server import TOKEN, serving

pytestmark = pytest.mark.live

NATURAL = ('sleep = "evict"', 'sleep = "natural"')


def _load(document: dict[str, Any]) -> dict[str, Any]:
    (section,) = document["load"]
    assert isinstance(section, dict)
    return section


def _nothing_is_left(poc: Poc) -> bool:
    return not list(poc.temporary.iterdir()) and using(poc.temporary) == []


def test_a_room_is_evicted_with_forty_sockets_and_all_of_them_speak_after_it(poc: Poc) -> None:
    ran = poc.run("load", small(poc), "--json")
    assert ran.code == 0, ran.out + ran.err
    document = ran.document()
    assert verdicts(document) == HELD
    load = _load(document)
    assert (load["sockets_held"], count(load["fates"]["open"])) == (40, 40)
    # three asked before, three after; one that woke the room, its broadcast to forty, and all forty once
    assert load["messages"]["due"] == load["messages"]["came"] == 3 + 1 + 40 + 40 + 3
    assert _nothing_is_left(poc)


@pytest.mark.parametrize("storm", ["all", "staggered"])
def test_rooms_fall_asleep_by_themselves_and_are_woken_by_all(poc: Poc, storm: str) -> None:
    changes = ('storm = "broadcast"', f'storm = "{storm}"'), ("sockets = 40", "sockets = 40\nrooms = 4"), NATURAL
    ran = poc.run("load", small(poc, *changes), "--json")
    assert ran.code == 0, ran.out + ran.err
    assert verdicts(ran.document()) == HELD
    (stage,) = [each for each in _load(ran.document())["stages"] if each["verb"] == "storm"]
    assert stage["latency_ms"]["answer"]["n"] == 40


def test_judging_it_again_gives_the_same_document(poc: Poc) -> None:
    ran = poc.run("load", small(poc), "--json", "--chat", "600", "--churn", "50", "--for", "500ms")
    assert ran.code == 0, ran.out + ran.err
    assert poc.run("judge").out == ran.out


def test_every_form_of_the_report_tells_of_it(poc: Poc) -> None:
    ran = poc.run("load", small(poc))
    assert ran.code == 0, ran.out + ran.err
    for form in ("text", "md", "json"):
        assert "40 sockets in 1 room" in poc.run("report", "--format", form).out or form == "json"
    assert poc.run("report", "--format", "html").code == 0
    page = (latest(poc.results) / "report.html").read_text(encoding="utf-8")
    assert "The load of small" in page
    assert "open sockets, at most 40" in page
    assert poc.run("report", "--format", "junit").code == 0


def test_two_loads_can_be_compared(poc: Poc) -> None:
    folders = []
    for _ in range(2):
        ran = poc.run("load", small(poc))
        assert ran.code == 0, ran.out + ran.err
        folders.append(str(latest(poc.results)))
    ran = poc.run("compare", *folders)
    assert ran.code == 0
    assert "4 claims (4 held)" in ran.out
    assert "a broadcast, p50" in ran.out


def test_clients_that_leave_come_back_and_all_are_accounted_for(poc: Poc) -> None:
    ran = poc.run("load", small(poc), "--json", "--churn", "40", "--for", "1s")
    assert ran.code == 0, ran.out + ran.err
    (churn,) = [each for each in _load(ran.document())["stages"] if each["verb"] == "churn"]
    assert churn["left"] == churn["opened"] == 40
    assert (churn["failed"], churn["dropped"]) == (0, 0)
    assert count(_load(ran.document())["fates"]["open"]) == 40


def test_who_does_not_read_gets_everything_in_the_end(poc: Poc) -> None:
    chat = '{ chat = "500ms", rate = 120, to = "room", slow = 5, within = "30s" },\n  { sleep'
    ran = poc.run("load", small(poc, ("{ sleep", chat)), "--json")
    assert ran.code == 0, ran.out + ran.err
    (stage,) = [each for each in _load(ran.document())["stages"] if each["verb"] == "chat"]
    assert stage["came"] == stage["due"] == 40 * stage["sent"] > 0
    # the five that were not read from are not timed
    assert stage["latency_ms"]["delivery"]["n"] == 35 * stage["sent"]


def test_with_the_trace_it_is_kept(poc: Poc) -> None:
    assert poc.run("load", small(poc), "-q", "--trace").code == 0
    assert (latest(poc.results) / "trace" / "1.jsonl").stat().st_size > 0
    assert poc.run("load", small(poc), "-q").code == 0
    assert (latest(poc.results) / "trace" / "1.jsonl").stat().st_size == 0


# --- refused


def test_what_does_not_fit_is_refused_before_anything_is_started(poc: Poc) -> None:
    ran = poc.run("load", small(poc), "--sockets", "500", files=512)
    assert ran.code == 2
    assert "500 sockets in 1 room do not fit" in ran.err
    assert "possible now: --sockets 126" in ran.err
    assert not poc.results.exists()
    ran = poc.run("load", small(poc), "--sockets", "126", "-q", files=512)
    assert ran.code == 0, ran.out + ran.err


def test_a_load_is_not_run_and_a_story_is_not_loaded(poc: Poc) -> None:
    ran = poc.run("run", "load/storm")
    assert (ran.code, ran.err) == (2, "poc: storm is a load scenario\n  load scenarios run alone: poc load storm\n")
    ran = poc.run("load", "hibernate")
    assert (ran.code, ran.err) == (2, "poc: hibernate is not a load scenario\n  run it with poc run hibernate\n")
    ran = poc.run("load")
    assert ran.code == 2
    assert "load/many-sockets" in ran.err


# --- how it ends


@contextmanager
def _in_the_middle(poc: Poc) -> Iterator[subprocess.Popen[str]]:
    """Yield a load that has opened its sockets and waits for the room to fall asleep."""
    with poc.start("load", small(poc, NATURAL)) as process:
        try:
            until("all are open", lambda: any('"open":40' in text for text in _histories(poc)))
            yield process
        finally:
            process.kill()


def _histories(poc: Poc) -> list[str]:
    return [file.read_text(encoding="utf-8") for file in poc.results.glob("2*/history.ndjson")]


@pytest.mark.long
def test_answers_of_a_runtime_that_was_stopped_are_waited_for(poc: Poc) -> None:
    """They come a second after their time; the figure says that it may be the machine's."""
    storm = ('storm = "broadcast", within = "2s"', 'storm = "staggered", over = "8s", within = "1s"')
    with poc.start("load", small(poc, storm), "--json") as process:
        slept = '"verb":"sleep","how":"evict","round"'
        until("the storm has begun", lambda: any(slept in text for text in _histories(poc)))
        (runtime,) = children(process.pid, "workerd")
        os.kill(runtime, signal.SIGSTOP)
        try:
            end = time.monotonic() + 10.0  # longer than the storm and its limit
            until("it has stood still", lambda: time.monotonic() >= end)
        finally:
            os.kill(runtime, signal.SIGCONT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, out + err
    document = json.loads(out)
    assert verdicts(document) == HELD
    (stage,) = [each for each in _load(document)["stages"] if each["verb"] == "storm"]
    assert stage["lag_ms"] > 1000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_130_and_an_account_of_how_far_it_came(poc: Poc, number: signal.Signals) -> None:
    with _in_the_middle(poc) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    events = history(next(poc.results.glob("2*")))
    ends = {event["kind"]: event["data"] for event in events}
    assert ends["play_end"]["outcome"] == "interrupted"
    assert count(ends["load_fates"]["open"]) == 40
    assert ends["load_stage"]["outcome"] == "interrupted"
    judged = json.loads(poc.run("judge").out)
    assert set(verdicts(judged).values()) == {"error"}
    assert _nothing_is_left(poc)


def test_a_runtime_that_dies_is_an_error_with_every_socket_named(poc: Poc) -> None:
    with _in_the_middle(poc) as process:
        (runtime,) = children(process.pid, "workerd")
        os.kill(runtime, signal.SIGKILL)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 3
    assert "workerd was ended by SIGKILL unexpectedly" in out
    assert "40 (sockets 0 to 39): 1006, closed by nobody" in out
    assert "Traceback" not in out + err
    assert "held" not in out.replace("0 held", "")
    assert _nothing_is_left(poc)


def test_nothing_of_it_outlives_us_even_when_we_are_killed(poc: Poc) -> None:
    with _in_the_middle(poc) as process:
        process.kill()
        process.wait()
        until("all processes have ended and the temporary folder is gone", lambda: _nothing_is_left(poc))
    (folder,) = poc.results.glob("2*")
    assert poc.run("judge", str(folder)).code == 3


# --- in a check


def test_a_check_plays_loads_beside_stories_and_holds_them_against_its_gates(poc: Poc) -> None:
    small(poc)
    config = '[check]\nscenarios = ["echo", "./small.toml"]\nlimits = {{ sockets = {}, broadcast_p99 = "30s" }}\n'
    (poc.folder / "poc.toml").write_text(config.format(40), encoding="utf-8")
    ran = poc.run("check", "--sleep", "evict")
    assert ran.code == 0, ran.out + ran.err
    assert "40 on one object slept and were used" in ran.out
    (poc.folder / "poc.toml").write_text(config.format(41), encoding="utf-8")
    ran = poc.run("check", "--sleep", "evict")
    assert ran.code == 1
    assert re.search(r"^not met +sockets is at least 41$", ran.out, re.MULTILINE)


# --- one shard, as a cluster runs it


def _table(sockets: int, rooms: int) -> LoadTable:
    stages = [{"ramp": "100ms"}, {"storm": "all", "within": "30s"}, {"storm": "broadcast", "within": "30s"}]
    path = "/room/{play}-{room}?name={i}"
    return LoadTable.model_validate({"sockets": sockets, "rooms": rooms, "path": path, "stages": stages})


def test_shards_are_carried_out_apart_and_merged(poc: Poc) -> None:
    plan = plan_of(_table(20, 4), LoadOverrides())
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with serving(poc.temporary) as server:
        parts = shards(plan, 2, play="abc")
        results = [run_shard(part, server.url, headers, 0) for part in parts]
    whole = merged([from_json(json.loads(json.dumps(each.as_json()))) for each in results])
    assert whole.outcome == "done"
    assert whole.fates["open"] == [[0, 19]]
    assert [stage.verb for stage in whole.stages] == ["ramp", "storm", "storm"]
    assert [stage.due - stage.came for stage in whole.stages] == [0, 0, 0]
    assert decoded(whole.stages[1].latencies["answer"]).n == 20
    assert decoded(whole.stages[2].latencies["delivery"]).n == 20
    assert count(whole.stages[2].answered) == 0  # no sleep, so that nobody is asked whether it outlived one


def test_a_shard_that_nobody_answers_names_the_error_at_every_socket() -> None:
    (part,) = shards(plan_of(_table(5, 1)), 1, play="abc")
    result = run_shard(part, "http://127.0.0.1:1", {}, 0)
    (group,) = result.fates["failed"]
    assert group["sockets"] == [[0, 4]]
    assert "efused" in group["error"]
    assert result.stages[0].failed == 5


def test_sockets_come_from_several_addresses_where_one_has_too_few_ports(
    poc: Poc, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from poc_cli.load import socket_pool

    used: list[str] = []

    def address(index: int) -> str:
        used.append(f"127.0.0.{1 + index // 2}")
        return used[-1]

    monkeypatch.setattr(socket_pool, "source_address", address)
    (part,) = shards(plan_of(_table(6, 1)), 1, play="abc")
    with serving(poc.temporary) as server:
        result = run_shard(replace(part, many_addresses=True), server.url, {"Authorization": f"Bearer {TOKEN}"}, 0)
    assert set(used) == {"127.0.0.1", "127.0.0.2", "127.0.0.3"}
    assert result.fates["open"] == [[0, 5]]


def test_elsewhere_clients_say_goodbye_in_the_end(poc: Poc, monkeypatch: pytest.MonkeyPatch) -> None:
    from poc_cli.load.socket_pool import SocketPool

    monkeypatch.setattr(SocketPool, "is_on_loopback", property(lambda _: False))
    (part,) = shards(plan_of(_table(6, 1)), 1, play="abc")
    with serving(poc.temporary) as server:
        result = run_shard(part, server.url, {"Authorization": f"Bearer {TOKEN}"}, 0)
        assert server.ask("/room/abc-0", op="who").json()["sockets"] == 0
    assert result.fates["open"] == [[0, 5]]
