"""A load on a real Dask scheduler and three worker processes; one of them dies, one load is interrupted."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.cluster import Cluster, cluster
from tests.support.command import PATIENCE_SECONDS, Poc
from tests.support.processes import until
from tests.support.record import Event, claims, files, history, verdicts
from tests.support.server import TOKEN, serving

if TYPE_CHECKING:
    import subprocess

pytest.importorskip("distributed")
pytestmark = [pytest.mark.live, pytest.mark.long]

_LOAD = """
name   = "shared"
title  = "Sixty clients in six rooms."
object = {{ class = "Room", name = "{{play}}-{{room}}" }}

[load]
sockets = 60
rooms   = {rooms}
path    = "/room/{{play}}-{{room}}?name={{i}}"
stages  = [{{ ramp = "200ms" }}, {stages}]

[[claim]]
id    = "all-open"
says  = "Every client connects."
check = "load-opens"

[[claim]]
id    = "nothing-lost"
says  = "Every message is answered."
check = "load-nothing-lost"
"""

_SLEEPS = """
[[claim]]
id    = "rooms-sleep"
says  = "Every room leaves memory."
check = "load-sleeps"

[[claim]]
id    = "sockets-survive"
says  = "Every client speaks with its room after it."
check = "load-sockets-survive"
"""

_CHAT = '{ chat = "1s", rate = 60, within = "10s" }'
_SLEEP = '{ sleep = "natural" }, { storm = "broadcast", within = "10s" }'


@pytest.fixture
def three(poc: Poc) -> Iterator[Cluster]:
    folder = poc.folder / "dask"
    folder.mkdir()
    with cluster(folder, 3) as found:
        yield found


def _write(poc: Poc, stages: str, claims: str = "", *, rooms: int = 6) -> str:
    (poc.folder / "shared.toml").write_text(_LOAD.format(stages=stages, rooms=rooms) + claims, encoding="utf-8")
    return "./shared.toml"


def _events(poc: Poc) -> list[Event]:
    """Return the events of the one load there is, as far as they are written."""
    found = list(poc.results.glob("2*/history.ndjson"))
    if not found:
        return []
    text = found[0].read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def _all_are_open(poc: Poc) -> bool:
    return any(event["kind"] == "load_sample" and event["data"]["open"] == 60 for event in _events(poc))


@contextmanager
def _all_open(poc: Poc, three: Cluster) -> Iterator["subprocess.Popen[str]"]:
    """Yield a load whose sockets are all open and that has not ended."""
    with poc.start("load", _write(poc, _CHAT), "--cluster", three.address, "--json") as process:
        try:
            until("all sockets are open", lambda: _all_are_open(poc))
            yield process
        finally:
            process.kill()


def _folder(poc: Poc) -> Path:
    (folder,) = poc.results.glob("2*")
    return folder


# A room of one worker's alone, and one that all three share.
@pytest.mark.parametrize("rooms", [6, 1])
def test_a_load_is_shared_and_added_up(poc: Poc, three: Cluster, rooms: int) -> None:
    file = _write(poc, _SLEEP, _SLEEPS, rooms=rooms)
    ran = poc.run("load", file, "--cluster", three.address, "--json")
    document = ran.document()
    assert (ran.code, set(verdicts(document).values())) == (0, {"held"}), ran.out
    (load,) = document["load"]
    assert load["fates"]["open"] == [[0, 59]]
    assert load["sockets_held"] == 60 // rooms
    assert document["figures"]["opening_ms"]["n"] == 60
    assert document["figures"]["broadcast_ms"]["n"] >= 60
    workers = load["cluster"]["workers"]
    assert {each["worker"] for each in workers} == set(three.workers)
    assert [each["sockets"] for each in workers] == [[[0, 19]], [[20, 39]], [[40, 59]]]
    assert load["cluster"]["lost"] == []


def test_a_worker_that_is_killed_is_named_and_its_sockets_are_unknown(poc: Poc, three: Cluster) -> None:
    with _all_open(poc, three) as process:
        (shared,) = [event["data"] for event in _events(poc) if event["kind"] == "load_cluster"]
        killed, mine = next(
            (each["worker"], each["sockets"]) for each in shared["workers"] if [20, 39] in each["sockets"]
        )
        three.kill(killed)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 4, out + err
    assert "Traceback" not in err
    document = json.loads(out)
    assert set(verdicts(document).values()) == {"unknown"}
    assert all(killed in claim["reason"] for claim in claims(document).values())
    (load,) = document["load"]
    assert load["fates"]["unknown"] == mine
    assert load["fates"]["open"] == [[0, 19], [40, 59]]
    assert (load["fates"]["dropped"], load["fates"]["failed"]) == ([], [])
    assert load["messages"]["due"] == load["messages"]["came"] == 40
    (lost,) = [event["data"] for event in history(_folder(poc)) if event["kind"] == "load_lost"]
    assert (lost["worker"], lost["sockets"]) == (killed, mine)


def test_an_interrupted_load_ends_on_all_workers_with_an_account(poc: Poc, three: Cluster) -> None:
    with _all_open(poc, three) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    (fates,) = [event["data"] for event in history(_folder(poc)) if event["kind"] == "load_fates"]
    assert (fates["open"], fates["unknown"]) == ([[0, 59]], [])


def test_without_a_scheduler_nothing_is_begun(poc: Poc) -> None:
    ran = poc.run("load", _write(poc, _CHAT), "--cluster", "tcp://127.0.0.1:1")
    assert ran.code == 3
    assert "no Dask scheduler responds at tcp://127.0.0.1:1" in ran.err
    assert not poc.results.exists()


def test_without_a_worker_it_is_told_how_to_start_one(poc: Poc) -> None:
    folder = poc.folder / "dask"
    folder.mkdir()
    with cluster(folder, 0) as empty:
        ran = poc.run("load", _write(poc, _CHAT), "--cluster", empty.address)
    assert ran.code == 3
    assert f"dask worker {empty.address}" in ran.err
    assert not poc.results.exists()


def test_a_worker_elsewhere_is_loaded_by_a_cluster_and_its_token_is_written_nowhere(poc: Poc, three: Cluster) -> None:
    folder = poc.folder / "elsewhere"
    folder.mkdir()
    with serving(folder) as server:
        file = _write(poc, _CHAT)
        where = ("--target", server.url, "--token-env", "ROOM_TOKEN", "--cluster", three.address, "--json")
        ran = poc.run("load", file, *where, variables={"ROOM_TOKEN": TOKEN})
    assert (ran.code, set(verdicts(ran.document()).values())) == (0, {"held"}), ran.out
    assert ran.document()["target"]["url"] == server.url
    written = [*files(poc.results), *files(poc.folder / "dask")]
    assert len(written) > 4
    assert not [path for path in written if TOKEN.encode() in path.read_bytes()]
