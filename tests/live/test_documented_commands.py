"""The commands of the documentation are run as they are written, page by page, on real workerd or the stand-in."""

import json
import re
import shlex
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.standin.standin import StandIn
from tests.support import documented
from tests.support.command import PATIENCE_SECONDS, ROOT, Poc, Ran
from tests.support.processes import until

pytestmark = [pytest.mark.live, pytest.mark.long]

DOCS = ROOT / "docs"


class Reader:
    """Somebody who types what the documentation says, in a folder of their own."""

    def __init__(self, poc: Poc) -> None:
        """Begin with an empty folder beside others."""
        self.poc = poc
        self.typed: set[str] = set()

    def types(self, command: str, code: int = 0, *, really: str = "", variables: dict[str, str] | None = None) -> Ran:
        """Run a command, `really` with other words where the page has a placeholder; it ends with a code."""
        self.typed.add(command)
        ran = documented.run(self.poc, really or command, variables=variables)
        assert ran.code == code, (really or command, ran.out, ran.err)
        return ran

    def records(self, command: str) -> None:
        """Record what a client does at the address that the command prints, and end it by Ctrl-C."""
        self.typed.add(command)
        output = self.poc.folder / "output.txt"
        with output.open("w") as stream:
            process = self.poc.start(*shlex.split(command)[1:], stdout=stream.fileno(), stderr=stream.fileno())
        with process:
            until("the recording has begun", lambda: "Ctrl-C ends the recording" in output.read_text(encoding="utf-8"))
            found = re.search(r"ws://[0-9.:]+", output.read_text(encoding="utf-8"))
            assert found is not None
            with connect(f"{found[0]}/rooms/kitchen?nick=ann", proxy=None) as ann:
                for message in ({"topic": "cats"}, {}):
                    ann.send(json.dumps(message))
                    assert json.loads(ann.recv(PATIENCE_SECONDS))["topic"] == "cats"
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_SECONDS) == 0, output.read_text(encoding="utf-8")

    def watches(self, command: str) -> None:
        """Start a command that plays again after each save, and end it after the first verdict."""
        self.typed.add(command)
        output = self.poc.folder / "output.txt"
        with output.open("w") as stream:
            process = self.poc.start(*shlex.split(command)[1:], stdout=stream.fileno(), stderr=stream.fileno())
        with process:
            until("a verdict", lambda: "Ctrl-C ends it" in output.read_text(encoding="utf-8"))
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_SECONDS) == 0
        assert "every claim held" in output.read_text(encoding="utf-8")


TYPED: set[str] = set()


@pytest.fixture
def reader(poc: Poc) -> Iterator[Reader]:
    folder = poc.folder / "desk"
    folder.mkdir()
    reader = Reader(type(poc)(folder))
    yield reader
    TYPED.update(reader.typed)


def chat(folder: Path) -> Path:
    """Write the worker of docs/your-own-worker.md."""
    page = DOCS / "your-own-worker.md"
    (folder / "src").mkdir(parents=True)
    (folder / "wrangler.jsonc").write_text(documented.blocks(page, "jsonc")[0], encoding="utf-8")
    (folder / "src" / "index.ts").write_text(documented.blocks(page, "ts")[0], encoding="utf-8")
    return folder


def test_a_worker_of_ones_own(reader: Reader) -> None:
    chat(reader.poc.folder / "my-chat")
    reader.records("poc record --worker my-chat")
    assert '"cats"' in reader.types("poc run session.toml --sleep everywhere", 1).out
    reader.types("poc init --worker my-chat")
    reader.types("poc lint scenarios/")
    reader.types("poc run scenarios/first.toml --sleep evict")
    chat(reader.poc.folder.parent / "my-app")
    (reader.poc.folder / "session.toml").unlink()
    reader.records("poc record --worker ../my-app")
    shutil.copyfile(reader.poc.folder / "scenarios" / "first.toml", reader.poc.folder / "my-story.toml")
    ran = reader.types("poc run my-story.toml --worker ../my-app --sleep everywhere")
    assert "feasible" in ran.out


def test_a_check_in_the_folder_of_a_project(reader: Reader) -> None:
    chat(reader.poc.folder / "project")
    reader.poc = type(reader.poc)(reader.poc.folder / "project")
    reader.types("poc init --worker DIR", really="poc init --worker .")
    reader.types("poc check -o reports")
    assert {each.name for each in (reader.poc.folder / "reports").iterdir()} >= {"report.html", "junit.xml"}
    reader.types("poc check --sleep evict -q")
    chat(reader.poc.folder.parent / "before")
    reader.types("poc run ./scenarios/ --worker ../before --results ../before/results -q")
    reader.types("poc run ./scenarios/ --worker . -q")
    reader.types("poc compare ../before/results/latest results/latest")


def test_a_first_scenario_and_its_cost(reader: Reader) -> None:
    (note,) = (block for block in documented.blocks(DOCS / "scenarios.md", "toml") if '"note"' in block)
    (reader.poc.folder / "note.toml").write_text(note, encoding="utf-8")
    shutil.copytree(
        ROOT / "worker", reader.poc.folder.parent / "my-worker", ignore=shutil.ignore_patterns("node_modules")
    )
    reader.types("poc run note.toml")
    reader.types("poc run note.toml --sleep evict --worker ../my-worker")
    reader.watches("poc run note.toml --sleep evict --watch")
    reader.types("poc run hibernate")
    ran = reader.types("poc run hibernate --sleep everywhere --ignore boots", 1)
    assert "looks like a counter in memory, back at its start" in ran.out
    reader.types("poc run hibernate", really="poc run hibernate --sleep evict")
    documented.run(reader.poc, "poc cost chat --toml > mine.toml")
    reader.types("poc cost mine.toml --from latest")
    reader.types("poc cost --from latest --times 50")


def test_a_load(reader: Reader) -> None:
    shutil.copytree(
        ROOT / "worker", reader.poc.folder.parent / "my-worker", ignore=shutil.ignore_patterns("node_modules")
    )
    text = (ROOT / "scenarios" / "load" / "chat.toml").read_text(encoding="utf-8")
    (reader.poc.folder / "my-load.toml").write_text(text, encoding="utf-8")
    reader.types("poc load --sockets 1000 --rooms 10 --ramp 2s --storm staggered --rounds 5")
    reader.types("poc load my-load.toml --worker ../my-worker")


def test_an_account(reader: Reader) -> None:
    with StandIn() as cloud:
        own = cloud.environment | {"XDG_STATE_HOME": str(reader.poc.folder / "state")}
        reader.types("poc run hibernate --target cloudflare", variables=own)
        said = reader.types("poc deploy", variables=own)
        found = re.search(r"https://\S+", said.out + said.err)
        assert found is not None
        name = found[0].removeprefix("https://").partition(".")[0]
        away = "poc run hibernate --target https://poc-0123456789ab.you.workers.dev"
        reader.types(away, really=f"poc run hibernate --target {found[0]}", variables=own)
        assert name in reader.types("poc status", variables=own).out
        reader.types("poc destroy poc-0123456789ab", really=f"poc destroy {name}", variables=own)
        reader.types("poc deploy --name chat --code-update deferred", variables=own)


def test_nothing_was_left_out() -> None:
    if len(TYPED) > 1:  # not where it is run alone
        assert documented.LONG == TYPED
