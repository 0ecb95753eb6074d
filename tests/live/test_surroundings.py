"""What goes wrong around a play: a runtime that hangs, too many sockets, a full disk, a proxy in the environment."""

from pathlib import Path

import pytest

from tests.support.command import PATIENCE_SECONDS, Poc
from tests.support.mutants import assemble

pytestmark = pytest.mark.live

HANGS = """
import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";
export { default } from "./index.ts";
export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op === "echo" && operation.text === "hang") for (;;) {}
    return super.perform(operation, socket);
  }
}
"""

STORY = """
name    = "{name}"
title   = "One message."
clients = {{ ann = {{ path = "/room/{{play}}?name=a{{i}}", count = {count} }} }}
steps = [
  {{ connect = "ann" }},
  {{ on = "ann", send = {{ op = "echo", text = "{text}" }}, expect = {{ op = "echo" }}, claim = "answered" }},
]
[[claim]]
id   = "answered"
says = "The message is answered."
"""


def _story(folder: Path, name: str, text: str, count: int = 1) -> None:
    (folder / f"{name}.toml").write_text(STORY.format(name=name, text=text, count=count), encoding="utf-8")


def test_a_hung_runtime_is_an_error_of_the_play_that_hung_it_alone(poc: Poc) -> None:
    worker = assemble(HANGS, poc.folder / "worker")
    stories = poc.folder / "stories"
    stories.mkdir()
    _story(stories, "hangs", "hang")
    for number in range(3):
        _story(stories, f"harmless{number}", "hello")
    ran = poc.run("run", "stories/", "--worker", str(worker), "--json")
    verdicts = {scenario["name"]: scenario["verdict"] for scenario in ran.document()["scenarios"]}
    assert verdicts == {"hangs": "error", "harmless0": "held", "harmless1": "held", "harmless2": "held"}
    assert ran.code == 3


def test_more_sockets_than_fit_are_an_error_before_the_first_is_opened(poc: Poc) -> None:
    stories = poc.folder / "stories"
    stories.mkdir()
    _story(stories, "crowd", "hello", count=300)
    _story(stories, "hello", "hello")
    ran = poc.run("run", "stories/", "--json", files=600)
    scenarios = {scenario["name"]: scenario for scenario in ran.document()["scenarios"]}
    assert scenarios["hello"]["verdict"] == "held"
    assert scenarios["crowd"]["verdict"] == "error"
    assert "file descriptors" in scenarios["crowd"]["error"]
    assert "ulimit -n" in scenarios["crowd"]["error"]
    assert ran.code == 3


def test_a_folder_for_temporary_files_with_a_long_path_does_no_harm(poc: Poc) -> None:
    long = poc.folder / ("x" * 120)
    long.mkdir()
    stories = poc.folder / "stories"
    stories.mkdir()
    _story(stories, "hello", "hello")
    ran = poc.run("run", "stories/", variables={"TMPDIR": str(long), "XDG_RUNTIME_DIR": str(poc.temporary)})
    assert ran.code == 0, ran.err
    assert list(poc.temporary.iterdir()) == list(long.iterdir()) == []


def test_a_proxy_of_the_environment_is_not_asked(poc: Poc) -> None:
    stories = poc.folder / "stories"
    stories.mkdir()
    _story(stories, "hello", "hello")
    nowhere = "http://127.0.0.1:9"  # the discard port: nobody listens
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"), nowhere)
    ran = poc.run("run", "stories/", variables=proxies)
    assert ran.code == 0, ran.err


def test_two_runs_at_once_do_not_meet(poc: Poc) -> None:
    stories = poc.folder / "stories"
    stories.mkdir()
    _story(stories, "hello", "hello")
    both = [poc.start("run", "stories/", "-q") for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, err
    assert len([folder for folder in poc.results.iterdir() if folder.name != "latest"]) == 2
