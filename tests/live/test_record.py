"""`poc record` on real workerd: what clients did becomes a scenario that plays, and nobody has written a line of it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import tomli

from tests.support.command import PATIENCE_SECONDS, Poc

pytestmark = pytest.mark.live

PROJECTS = Path(__file__).parent.parent / "projects"

CLIENTS = """
import asyncio, json, os
from websockets.asyncio.client import connect

async def ask(socket, **message):
    await socket.send(json.dumps(message))
    return json.loads(await socket.recv())

async def main():
    room = os.environ["POC_URL"] + "/room/kitchen?name="
    async with connect(room + "ann", proxy=None) as ann, connect(room + "bob", proxy=None) as bob:
        await ask(ann, op="put", key="color", value="blue")
        await ask(bob, op="attach", data={"seat": 7})
        await ann.send(json.dumps({"op": "say", "text": "hello"}))
        await asyncio.gather(ann.recv(), bob.recv())
        await ask(ann, op="get", key="color")
        await ask(bob, op="who")

asyncio.run(main())
"""


def recorded(poc: Poc, *words: str) -> str:
    """Record what the clients do; return the scenario's text."""
    (poc.folder / "clients.py").write_text(CLIENTS, encoding="utf-8")
    ran = poc.run("record", *words, "--", sys.executable, "clients.py")
    assert ran.code == 0, ran.err + ran.out
    assert "poc run session.toml --sleep everywhere" in ran.out
    return (poc.folder / "session.toml").read_text(encoding="utf-8")


def test_a_recorded_session_plays_at_once_and_is_clean(tmp_path: Path) -> None:
    poc = Poc(tmp_path / "play")
    found = tomli.loads(recorded(poc))
    assert found["object"] == {"class": "Room", "name": "{play}"}
    assert found["clients"] == {"ann": "/room/{play}?name=ann", "bob": "/room/{play}?name=bob"}
    assert [next(iter(step)) for step in found["steps"]][-2:] == ["close", "close"]
    assert poc.run("lint", "session.toml").code == 0
    ran = poc.run("run", "session.toml", "--sleep", "evict", "--json")
    claims = {each["id"]: each["verdict"] for each in ran.document()["scenarios"][0]["claims"]}
    assert claims == {"object-sleeps": "held", "sockets-survive-sleep": "held", "transparent-to-sleep": "held"}


@pytest.mark.long
def test_a_project_of_wrangler_is_recorded_with_both_of_its_objects(tmp_path: Path) -> None:
    poc = Poc(tmp_path / "play")
    chat = CLIENTS.replace("/room/kitchen?name=", "/rooms/kitchen?nick=")
    assert "rooms" in chat
    (poc.folder / "chat.py").write_text(chat, encoding="utf-8")
    ran = poc.run("record", "--worker", str(PROJECTS / "chat"), "--", sys.executable, "chat.py")
    assert ran.code == 0, ran.err
    found = tomli.loads((poc.folder / "session.toml").read_text(encoding="utf-8"))
    assert {each["name"] for each in found["objects"].values()} == {"{play}", "lobby"}
    assert poc.run("run", "session.toml", "--sleep", "everywhere").code == 0


def test_an_empty_session_writes_nothing(tmp_path: Path) -> None:
    poc = Poc(tmp_path / "play")
    ran = poc.run("record", "--", sys.executable, "-c", "")
    assert ran.code == 2
    assert "nothing was recorded" in ran.err
    assert not (poc.folder / "session.toml").exists()


@contextmanager
def being_recorded(poc: Poc) -> Iterator["subprocess.Popen[str]"]:
    """Yield a recording in which the clients have done all they do."""
    (poc.folder / "clients.py").write_text(CLIENTS, encoding="utf-8")
    with poc.start("record") as process:
        try:
            assert process.stderr is not None
            address = process.stderr.readline().rpartition("(")[2].rstrip(")\n")
            assert "Ctrl-C" in process.stderr.readline()
            environment = poc.environment({"POC_URL": address})
            subprocess.run([sys.executable, "clients.py"], cwd=poc.folder, env=environment, check=True)
            yield process
        finally:
            process.kill()


def is_played(process: "subprocess.Popen[str]") -> None:
    """End a recording by Ctrl-C, and wait until it is played."""
    assert process.stderr is not None
    process.send_signal(signal.SIGINT)
    assert "playing it" in process.stderr.readline()


def test_ctrl_c_ends_the_recording_and_twice_everything(tmp_path: Path) -> None:
    poc = Poc(tmp_path / "play")
    with being_recorded(poc) as process:
        is_played(process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130, err
    assert not (poc.folder / "session.toml").exists()


@pytest.mark.parametrize(("number", "during"), [(signal.SIGTERM, "recorded"), (signal.SIGHUP, "played")])
def test_another_signal_leaves_what_was_recorded(tmp_path: Path, number: signal.Signals, during: str) -> None:
    poc = Poc(tmp_path / "play")
    with being_recorded(poc) as process:
        if during == "played":
            is_played(process)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "it was not played, because a signal ended poc" in out
    assert not list(poc.temporary.iterdir())
    assert poc.run("lint", "session.toml").code == 0
    found = tomli.loads((poc.folder / "session.toml").read_text(encoding="utf-8"))
    assert len([each for each in found["steps"] if "send" in each]) == 5


VISITOR = """
import os, signal, sys, tempfile
from pathlib import Path
from tests.support.browser import chromium

def pin(pages, page, text):
    page.fill("input", text)
    page.press("input", "Enter")
    for each in pages:
        each.wait_for_selector(f"li:has-text('{text}')")

def visit(browser):
    pages = [browser.new_context().new_page() for _ in range(2)]
    for page, name in zip(pages, ("ann", "bob")):
        page.goto(f"{sys.argv[1]}?name={name}")
        page.wait_for_function("document.title === 'Board of 0'")
    pin(pages, pages[0], "buy milk")
    pin(pages, pages[1], "done")
    pages[0].reload()
    pages[0].wait_for_function("document.title === 'Board of 2'")
    pin(pages, pages[0], "thanks")

try:
    with tempfile.TemporaryDirectory() as folder, chromium(Path(folder)) as browser:
        visit(browser)
        browser.close()
finally:
    os.kill(os.getppid(), signal.SIGINT)
"""


@pytest.mark.long
@pytest.mark.browser
def test_a_page_becomes_clients_that_speak_by_themselves(tmp_path: Path) -> None:
    poc = Poc(tmp_path / "play")
    visitor = poc.folder / "visitor.py"
    visitor.write_text(VISITOR, encoding="utf-8")
    browser = {"BROWSER": f"{sys.executable} {visitor} %s &"}
    ran = poc.run("record", "--worker", str(PROJECTS / "board"), "--page", "/kitchen", variables=browser)
    assert ran.code == 0, ran.err + ran.out
    text = (poc.folder / "session.toml").read_text(encoding="utf-8")
    assert "3 requests for pages, their parts or streams of events were left out" in text
    found = tomli.loads(text)
    assert found["clients"] == {each: f"/boards/{{play}}/socket?name={each}" for each in ("ann", "bob")}
    assert [each["send"] for each in found["steps"] if "send" in each] == ["buy milk", "done", "thanks"]
    assert {each["http"] for each in found["steps"] if "http" in each} == {"/boards/{play}/notes"}
    assert poc.run("run", "session.toml", "--sleep", "everywhere").code == 0
