"""The token and the API's key are nowhere in what a run leaves or says, whatever a worker does with them."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest

from poc_cli.targets.installation import locate
from tests.support.command import Poc, Ran
from tests.support.mutants import assemble
from tests.support.record import claims, files, latest

pytestmark = pytest.mark.live

MASK = "[secret]"

HOSTILE = """
import type { Env } from "./env.ts";
import strict from "./index.ts";
import { Room as Real } from "./room.ts";

function leaks({ POC_TOKEN, POC_API_KEY }: Env): Record<string, string> {
  const both = `${POC_TOKEN} ${POC_API_KEY}`;
  const hex = [...both].map((letter) => letter.charCodeAt(0).toString(16)).join("");
  const encoded = btoa(both).replaceAll("+", "-").replaceAll("/", "_");
  return { both, url: encodeURIComponent(both), encoded, lead: btoa(`Bearer ${both}`), hex, [both]: both };
}

export class Room extends Real {
  override async fetch(request: Request): Promise<Response> {
    if (request.url.includes("throws")) throw new Error(JSON.stringify(leaks(this.env)));
    return super.fetch(request);
  }

  protected override send(socket: WebSocket, message: object): void {
    const told = leaks(this.env);
    console.log("sending with", told);
    console.error(JSON.stringify(told));
    this.ctx.storage.sql.exec(`SELECT '${told["both"]}', '${told["encoded"]}'`);
    const { POC_API_ORIGIN, POC_API_KEY, POC_TOKEN } = this.env;
    const url = `${POC_API_ORIGIN}/${this.ctx.id.name}/${POC_API_KEY}?token=${POC_TOKEN}&more=${told["lead"]}`;
    void fetch(url).then((answer) => answer.text()); // an answer that is not read keeps the object in memory
    super.send(socket, { ...message, ...told });
    socket.send(new TextEncoder().encode(told["both"]));
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    socket.close(4000, `${this.env.POC_API_KEY} ${this.env.POC_TOKEN}`);
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const response = await strict.fetch(request, env);
    if (response.status < 400) return response;
    return Response.json(leaks(env), { status: response.status, statusText: env.POC_API_KEY ?? "" });
  },
} satisfies ExportedHandler<Env>;
"""

STORY = """
name    = "provoked"
title   = "Whatever a worker can say is said."
object  = { class = "Room", name = "{play}" }
clients.ann      = "/room/{play}?name=ann"
clients.bob      = "/room/{play}?name=bob"
clients.stranger = { path = "/room/{play}?name=stranger", headers = { Authorization = "Bearer wrong" } }

steps = [
  { connect = ["ann", "bob"] },
  { on = "ann", send = { op = "who" }, expect = { op = "who" }, capture = { leak = "both" } },
  { on = "ann", send = { op = "echo", text = "{leak}" }, expect = { text = "?" }, next = true, claim = "answer" },
  { on = "bob", send = { op = "put", key = "{leak}", value = "{leak}" }, expect = { op = "put" } },
  { http = "/room/{play}?throws={leak}", method = "GET", status = 418, claim = "status" },
  { http = "/nowhere/{leak}", method = "GET", status = 418, claim = "status" },
  { hibernate = "evict" },
  { resume = "ann", send = { op = "who" }, expect = { both = "{leak}!" }, next = true, claim = "answer" },
  { close = "ann", expect_reason = "bye", claim = "close" },
  { on = "bob", send = { op = "close", code = 4000, reason = "{leak}" }, expect_reason = "bye", claim = "close" },
  { connect = "stranger", refused = 418, claim = "refusal" },
]
"""

CLAIMS = ("answer", "status", "close", "refusal")
"""All are refuted, and the reasons say what came instead."""

WORLD = ("api-call", "api-fails", "key-untold", "origins", "tokens", "strange-names")
"""The scenarios about the world outside; the story above is played beside them."""

FORMS = ("text", "md", "json", "html")


@dataclass(frozen=True, slots=True)
class Leaky:
    """A run with a hostile worker: what the commands said, what they left, and the secrets that were in it."""

    said: dict[str, Ran]
    folder: Path
    secrets: tuple[str, ...]


def _silent(_: str) -> None:
    """Say nothing of the installation."""


def _eavesdropping(folder: Path) -> tuple[Path, Path]:
    """Make a workerd that writes down the secrets it is given, one a line; give it and the file."""
    heard, program = folder / "heard", folder / "workerd"
    binary = locate(_silent)
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n%s\\n" "$POC_TOKEN" "$POC_API_KEY" >> "{heard}"\nexec "{binary}" "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o700)
    return program, heard


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Leaky:
    """Play everything once with the hostile worker, and report it in every form."""
    poc = Poc(tmp_path_factory.mktemp("canary"))
    program, heard = _eavesdropping(poc.folder)
    worker = assemble(HOSTILE, poc.folder / "worker")
    stories = poc.folder / "stories"
    stories.mkdir()
    written = "".join(f'[[claim]]\nid = "{name}"\nsays = "It is not so."\n' for name in CLAIMS)
    (stories / "provoked.toml").write_text(STORY + written, encoding="utf-8")
    words = [*WORLD, "stories/", "--worker", str(worker), "--sleep", "evict"]
    said = {"run": poc.run("run", *words, "-vv", variables={"POC_WORKERD": str(program)})}
    assert said["run"].code == 1, said["run"].err
    folder = latest(poc.results)
    said |= {form: poc.run("report", "--format", form, "-o", f"told.{form}") for form in FORMS}
    said |= {f"{form} to stdout": poc.run("report", "--format", form) for form in FORMS}
    said["judge"] = poc.run("judge")
    said["explain"] = poc.run("explain")
    for form in FORMS:
        (poc.folder / f"told.{form}").rename(folder / f"told.{form}")
    return Leaky(said, folder, tuple(sorted(set(heard.read_text(encoding="utf-8").split()))))


def _decoded(text: str) -> Iterator[str]:
    """Yield a text as it is, URL-decoded, and each stretch that may be base64 decoded, at every alignment."""
    yield text
    yield unquote(text, errors="replace")
    for stretch in re.findall(r"[A-Za-z0-9+/_-]{32,}", text):
        standard = stretch.replace("-", "+").replace("_", "/")
        for start in range(4):
            whole = standard[start:] if (len(standard) - start) % 4 != 1 else standard[start:-1]
            yield base64.b64decode(whole + "=" * (-len(whole) % 4)).decode("latin-1")


def _found(text: str, secrets: tuple[str, ...]) -> list[str]:
    return [secret[:8] for reading in _decoded(text) for secret in secrets if secret in reading]


def test_the_search_finds_what_it_looks_for() -> None:
    secret = "a_secret-of-43-characters_as-poc-makes-them"  # noqa: S105 - made up
    for lead in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            assert _found(f'"{encode(b"." * lead + secret.encode()).decode()}"', (secret,))
    assert _found("".join(f"%{ord(letter):x}" for letter in secret), (secret,))
    assert not _found("[secret]" * 40, (secret,))


def test_the_worker_had_the_secrets_and_said_them(leaky: Leaky) -> None:
    assert len(leaky.secrets) == 2
    assert {len(secret) for secret in leaky.secrets} == {43}
    history = (leaky.folder / "history.ndjson").read_text(encoding="utf-8")
    for kind in ("received", "closed", "open_failed", "called", "sent"):
        assert any(MASK in line for line in history.splitlines() if f'"kind":"{kind}"' in line), kind
    assert MASK in (leaky.folder / "worker.log").read_text(encoding="utf-8", errors="replace")
    assert any(MASK in file.read_text(encoding="utf-8") for file in (leaky.folder / "trace").iterdir())
    assert MASK in leaky.said["run"].out
    assert all(MASK in (leaky.folder / f"told.{form}").read_text(encoding="utf-8") for form in FORMS)


def test_no_file_of_the_run_holds_a_secret(leaky: Leaky) -> None:
    kept = {file.name: file.read_bytes().decode("utf-8", "replace") for file in files(leaky.folder)}
    assert {"history.ndjson", "run.json", "worker.log", "1.jsonl"} <= kept.keys()
    assert {name: found for name, text in kept.items() if (found := _found(text, leaky.secrets))} == {}


def test_no_command_says_a_secret(leaky: Leaky) -> None:
    said = {name: _found(ran.out + ran.err, leaky.secrets) for name, ran in leaky.said.items()}
    assert {name: found for name, found in said.items() if found} == {}


def test_no_name_of_a_file_holds_a_secret(leaky: Leaky) -> None:
    assert not _found(" ".join(str(file) for file in files(leaky.folder)), leaky.secrets)


def test_the_leak_itself_is_a_finding(leaky: Leaky) -> None:
    document = json.loads((leaky.folder / "run.json").read_text(encoding="utf-8"))
    found = next(claim for name, claim in claims(document).items() if name == "provoked/no-secret-leaves")
    assert found["verdict"] == "refuted"
    # A stranger is refused with the key, and the token is an echo to all whose requests have shown it.
    # Whether the close tells the key too depends on whether the server's or the client's comes first.
    # A play that was repeated, because the machine was too slow, has one more refusal for each attempt.
    times = r"in \d+ replies,?( and)? in \d+ refusals?( and in \d+ closes?)?"
    told = rf"POC_API_KEY was {times}, first at event \d+; POC_TOKEN"
    assert re.match(told, found["reason"]), found["reason"]
    assert {each["secret"] for each in document["leaks"]} == {"POC_API_KEY", "POC_TOKEN"}
    logs = {each["secret"]: each["where"].get("log", 0) for each in document["leaks"] if "log" in each["where"]}
    assert logs.keys() == {"POC_API_KEY", "POC_TOKEN"}
    assert "no-secret-leaves" in leaky.said["run"].out
