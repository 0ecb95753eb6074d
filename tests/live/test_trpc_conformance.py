"""The adapter of scenarios/stack answers as tRPC's own WebSocket adapter does: the same dialogues with both."""

import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from poc_cli.shipped import shipped
from poc_cli.targets.npm import command, node
from tests.support.bare_worker import bare

pytestmark = [pytest.mark.live, pytest.mark.long]

HERE: Final = Path(__file__).parent.parent / "conformance"
ESBUILD: Final = Path(__file__).parent.parent.parent / "worker" / "node_modules" / "esbuild" / "bin" / "esbuild"

STACK: Final = shipped("scenarios") / "stack" / "worker"
ADAPTER: Final = STACK / "src" / "trpc-hibernation"

STOCK: Final = {
    "compilerOptions": {
        "target": "es2024",
        "lib": ["es2024"],
        "module": "es2022",
        "moduleResolution": "bundler",
        "types": ["@cloudflare/workers-types"],
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
    },
    "include": ["src"],
}
"""The compiler's options as `npm create cloudflare` writes them, where they concern types."""

DECLARATION: Final = """\
using Workerd = import "/workerd/workerd.capnp";
const main :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js")],
  compatibilityDate = "2026-10-01",
  durableObjectNamespaces = [(className = "Room", uniqueKey = "room", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "ROOMS", durableObjectNamespace = "Room")],
);
"""

WITHIN_SECONDS: Final = 20.0
"""A guard; an answer takes a millisecond."""

_SENTINEL: Final = "the end"


def call(method: str, path: str, data: Any = None, number: Any = 1, **more: Any) -> dict[str, Any]:
    """Return the call of a procedure; `more` goes beside its input."""
    given = {} if data is None else {"input": data}
    return {"id": number, "method": method, "params": {"path": path, **given, **more}}


def query(path: str, data: Any = None, number: Any = 1) -> dict[str, Any]:
    return call("query", path, data, number)


def publish(topic: str, event: int, number: int = 90) -> dict[str, Any]:
    return call("mutation", "publish", {"topic": topic, "id": event}, number)


def subscribe(path: str, number: Any = 1, data: Any = None, **more: Any) -> dict[str, Any]:
    return call("subscription", path, data, number, **more)


def stop(number: Any) -> dict[str, Any]:
    return {"id": number, "method": "subscription.stop"}


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What a client sends, each with how many messages answer it; `params` are its connectionParams if it has any."""

    says: Sequence[tuple[Any, int]]
    params: Any = None
    asks_for_params: bool = False


def admitted(params: Any, *says: tuple[Any, int]) -> Dialogue:
    return Dialogue(says, params, asks_for_params=True)


PARAMS: Final = {"method": "connectionParams", "data": {"user": "ann"}}

DIALOGUES: Final = {
    "a query": Dialogue([(query("echo", {"a": [1, "é", None]}), 1)]),
    "a query without input": Dialogue([(query("echo"), 1)]),
    "nothing is a result": Dialogue([(query("nothing"), 1)]),
    "null is an input": Dialogue([({"id": 1, "method": "query", "params": {"path": "echo", "input": None}}, 1)]),
    "an id that is a text": Dialogue([(query("echo", 1, "one"), 1)]),
    "an id of 0": Dialogue([(query("echo", 1, 0), 1)]),
    "an id with a fraction": Dialogue([(query("echo", 1, 1.5), 1)]),
    "an id that is null": Dialogue([(query("echo", 1, None), 1)]),
    "an id that is a list": Dialogue([(query("echo", 1, [1]), 1)]),
    "no id": Dialogue([({"method": "query", "params": {"path": "echo"}}, 1)]),
    "the version of JSON-RPC": Dialogue([(query("echo", 1) | {"jsonrpc": "2.0"}, 1)]),
    "another version of JSON-RPC": Dialogue([(query("echo", 1) | {"jsonrpc": "1.0"}, 1)]),
    "an error in JSON-RPC": Dialogue([(query("crash") | {"jsonrpc": "2.0"}, 1)]),
    "a nested path": Dialogue([(query("nested.echo", 1), 1)]),
    "a mutation": Dialogue([(call("mutation", "change", "x"), 1)]),
    "a query called as a mutation": Dialogue([(call("mutation", "echo", "x"), 1)]),
    "a subscription called as a query": Dialogue([(query("plain"), 1)]),
    "no such procedure": Dialogue([(query("missing"), 1)]),
    "a name of every object": Dialogue([(query("constructor"), 1), (query("__proto__"), 1), (query("toString"), 1)]),
    "no such method": Dialogue([(call("call", "echo"), 1)]),
    "no path": Dialogue([({"id": 1, "method": "query", "params": {}}, 1)]),
    "no params": Dialogue([({"id": 1, "method": "query"}, 1)]),
    "an error with a code": Dialogue([(call("mutation", "fail", {"code": "CONFLICT", "message": "no"}), 1)]),
    "an error of JavaScript": Dialogue([(query("crash"), 1)]),
    "an input that is refused": Dialogue([(query("rejectsInput", 1), 1)]),
    "a formatter that throws": Dialogue(
        [(call("mutation", "fail", {"code": "CONFLICT", "message": "the formatter throws"}), 1)]
    ),
    "a formatter with a context": admitted(PARAMS, (query("crash"), 1)),
    "a generator from a query": Dialogue([(query("stream"), 1)]),
    "no JSON": Dialogue([("{", 1), ("", 1), ("null", 1), ("7", 1)]),
    "JSON in a binary frame": Dialogue([(json.dumps(query("echo")).encode(), 1)]),
    "a batch": Dialogue([([query("echo", "a", 1), query("echo", "b", 2)], 2)]),
    "a batch of nothing": Dialogue([([], 0)]),
    "a batch with an error": Dialogue([([query("echo", "a", 1), query("crash", number=2)], 2)]),
    "a batch with something else": Dialogue([([query("echo", "a", 1), 7], 1)]),
    "a batch that is too large": Dialogue([([query("echo", "a", number) for number in range(5)], 5)]),
    "a batch that is too large without a call": Dialogue([([stop(number) for number in range(5)], 1)]),
    "the same id twice": Dialogue([([query("echo", "a"), query("echo", "b")], 2)]),
    "a keep-alive": Dialogue([("PONG", 0), ("PING", 1)]),
    "a subscription": Dialogue([(subscribe("plain"), 1), (publish("plain", 1), 2), (publish("plain", 2), 2)]),
    "two of one topic": Dialogue([(subscribe("plain", 1), 1), (subscribe("plain", 2), 1), (publish("plain", 1), 3)]),
    "two topics": Dialogue([(subscribe("plain", 1), 1), (subscribe("other", 2), 2), (publish("other", 1), 2)]),
    "what was missed": Dialogue([(subscribe("log", 1), 4), (publish("log", 4), 2)]),
    "resumed by the last id": Dialogue([(subscribe("log", 1, lastEventId="2"), 2), (publish("log", 4), 2)]),
    "resumed with an input": Dialogue([(subscribe("log", 1, {"x": 1}, lastEventId="1"), 3)]),
    "resumed with an input that is a list": Dialogue([(subscribe("log", 1, [1], lastEventId="1"), 4)]),
    "a last id that is a number": Dialogue([(subscribe("log", 1, lastEventId=1), 1)]),
    "a subscription that is stopped": Dialogue([(subscribe("plain"), 1), (stop(1), 1), (publish("plain", 1), 1)]),
    "a stop of what never was": Dialogue([(stop(1), 0)]),
    "stopped twice": Dialogue([(subscribe("plain"), 1), (stop(1), 1), (stop(1), 0)]),
    "begun again under its id": Dialogue([(subscribe("plain"), 1), (stop(1), 1), (subscribe("other"), 2)]),
    "an id that is taken": Dialogue([(subscribe("plain"), 1), (subscribe("other"), 1), (publish("plain", 1), 2)]),
    "an id that a subscription has, in a query": Dialogue([(subscribe("plain"), 1), (query("echo", "a"), 1)]),
    "ended by the server": Dialogue(
        [(subscribe("plain"), 1), (call("mutation", "end", "plain", 90), 2), (publish("plain", 1), 1)]
    ),
    "a subscription that is none": Dialogue([(subscribe("number"), 1)]),
    "a subscription that is refused": Dialogue([(subscribe("refuse"), 1), (subscribe("plain"), 1)]),
    "who somebody is": admitted(PARAMS, (query("user"), 1)),
    "nobody": Dialogue([(query("user"), 1)]),
    "params of null": admitted({"method": "connectionParams", "data": None}, (query("user"), 1)),
    "params with a call right behind": admitted([PARAMS, query("user")], (query("echo", 1, 2), 1)),
    "params that are a list": admitted({"method": "connectionParams", "data": ["ann"]}),
    "params that are no texts": admitted({"method": "connectionParams", "data": {"user": 1}}),
    "params that are missing": admitted({"method": "connectionParams"}),
    "params that are a list of messages": admitted([]),
    "params that are no JSON": admitted("{"),
    "a call in place of params": admitted(query("echo")),
    "params that are refused": admitted({"method": "connectionParams", "data": {"user": "intruder"}}),
}


OWN_WORDS: Final = {"JSON in a binary frame", "a subscription that is none"}
"""Where the adapter says the same in words of its own: it knows no encoders, and topics instead of generators."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The addresses of both."""

    official: str
    hibernating: str


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Yield the addresses of both servers."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="poc-test-")))
        modules = _installed(folder)
        _bundle(modules, "official.ts", folder / "official.mjs", "--platform=node")
        worker = folder / "worker"
        _bundle(modules, "hibernating.ts", worker / "index.js", "--external:cloudflare:workers")
        (worker / "local.capnp").write_text(DECLARATION, encoding="utf-8")
        running = stack.enter_context(bare(folder / "runtime", worker))
        process = stack.enter_context(
            subprocess.Popen([str(node()), folder / "official.mjs"], stdout=subprocess.PIPE, text=True)
        )
        stack.callback(process.kill)
        assert process.stdout is not None
        yield Servers(f"ws://127.0.0.1:{int(process.stdout.readline())}", running.url.replace("http", "ws"))


def _installed(folder: Path) -> Path:
    for name in ("package.json", "package-lock.json"):
        (folder / name).write_bytes((HERE / name).read_bytes())
    words = [*command(), "ci", "--ignore-scripts", "--omit=peer", "--no-audit", "--no-fund"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return folder / "node_modules"


def _bundle(modules: Path, source: str, target: Path, *more: str) -> None:
    words = [str(node()), str(ESBUILD), str(HERE / source), "--bundle", "--format=esm", f"--outfile={target}", *more]
    banner = "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
    words += [banner] if "--platform=node" in more else []
    subprocess.run(words, env={"NODE_PATH": str(modules)}, check=True, capture_output=True)


def _told(address: str, dialogue: Dialogue, room: str) -> list[list[str]]:
    """Return what answered each message, in an order of its own, and last whether the server closed."""
    path = "?connectionParams=1" if dialogue.asks_for_params else ""
    heard: list[list[str]] = []
    with connect(f"{address}/{room}{path}", proxy=None, compression=None) as client:
        with suppress(ConnectionClosed):
            if dialogue.asks_for_params:
                for each in dialogue.params if isinstance(dialogue.params, list) and dialogue.params else [None]:
                    client.send(_frame(dialogue.params if each is None else each))
            for says, answers in dialogue.says:
                client.send(_frame(says))
                heard.append(sorted(_normal(client.recv(WITHIN_SECONDS)) for _ in range(answers)))
            rest: list[str] = []
            heard.append(rest)
            if dialogue.says:  # without any, the server closes
                client.send(json.dumps(query("echo", _SENTINEL, _SENTINEL)))
            while not rest or _SENTINEL not in rest[-1]:
                rest.append(_normal(client.recv(WITHIN_SECONDS)))
        return [*heard, ["open" if client.close_code is None else "closed by the server"]]


def _frame(says: Any) -> str | bytes:
    return says if isinstance(says, str | bytes) else json.dumps(says)


def _normal(message: str | bytes) -> str:
    try:
        return json.dumps(json.loads(message), sort_keys=True)
    except ValueError:
        return str(message)


@pytest.mark.parametrize("name", DIALOGUES)
def test_both_say_the_same(servers: Servers, name: str) -> None:
    dialogue, room = DIALOGUES[name], name.replace(" ", "-")
    official, ours = (_told(each, dialogue, room) for each in (servers.official, servers.hibernating))
    if name in OWN_WORDS:
        assert ours != official  # else it is no exception any more
        official, ours = ([_without_message(each) for each in told] for told in (official, ours))
    assert ours == official


def test_a_session_that_is_too_large_is_refused_as_that(servers: Servers) -> None:
    with connect(f"{servers.hibernating}/large?connectionParams=1", proxy=None, compression=None) as client:
        client.send(json.dumps({"method": "connectionParams", "data": {"user": "x" * 20_000}}))
        error = json.loads(client.recv(WITHIN_SECONDS))["error"]
        assert (error["data"]["code"], error["message"]) == (
            "PAYLOAD_TOO_LARGE",
            "the session does not fit the attachment",
        )
        with pytest.raises(ConnectionClosed):
            client.recv(WITHIN_SECONDS)
        assert client.close_code == 4413


def test_a_request_that_asks_for_no_websocket_is_told_so(servers: Servers) -> None:
    url = servers.hibernating.replace("ws", "http", 1)
    assert httpx.get(f"{url}/plain", trust_env=False, timeout=WITHIN_SECONDS).status_code == HTTPStatus.UPGRADE_REQUIRED


def _without_message(heard: list[str]) -> list[str]:
    return [re.sub(r'"message": "[^"]*"', '"message": ...', each) for each in heard]


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    """Yield a folder with the packages of the stack's worker."""
    with tempfile.TemporaryDirectory(prefix="poc-test-") as name:
        folder = Path(name)
        for each in ("package.json", "package-lock.json"):
            (folder / each).write_bytes((STACK / each).read_bytes())
        words = [*command(), "ci", "--ignore-scripts", "--omit=peer", "--no-audit", "--no-fund"]
        subprocess.run(words, cwd=folder, check=True, capture_output=True)
        yield folder


def _types(project: Path) -> str:
    compiler = project / "node_modules" / "typescript" / "bin" / "tsc"
    return subprocess.run(
        [str(node()), compiler, "-p", "."], cwd=project, check=False, capture_output=True, text=True
    ).stdout


def test_the_folder_works_in_a_stock_project_as_its_readme_says(project: Path) -> None:
    source = project / "src"
    shutil.copytree(ADAPTER, source / "trpc-hibernation", ignore=shutil.ignore_patterns("dist"))
    (project / "tsconfig.json").write_text(json.dumps(STOCK), encoding="utf-8")
    readme = (ADAPTER / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```ts\n(// src/index\.ts\n.*?)```", readme, re.DOTALL)
    (source / "index.ts").write_text(example, encoding="utf-8")
    assert _types(project) == ""
    (source / "index.ts").write_text(example.replace("publish(SAID, {", "publish(SAID, { wrong: 1,"), encoding="utf-8")
    assert "src/index.ts" in _types(project)


def test_npm_makes_a_package_of_the_folder(project: Path) -> None:
    packed = project / "packed"
    shutil.copytree(ADAPTER, packed, ignore=shutil.ignore_patterns("dist"))
    subprocess.run([*command(), "pack"], cwd=packed, check=True, capture_output=True)
    (archive,) = packed.glob("*.tgz")
    with tarfile.open(archive) as files:
        names = set(files.getnames())
    assert {"package/README.md", "package/package.json", "package/dist/adapter.js", "package/dist/topic.d.ts"} <= names
    assert not [name for name in names if name.endswith(".ts") and not name.endswith(".d.ts")]
