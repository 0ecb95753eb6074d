"""`poc deploy`, `status` and `destroy` by the real wrangler against a stand-in, with all that can go wrong."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.standin.account import Account
from tests.standin.faults import Fault, Faults
from tests.standin.standin import StandIn
from tests.standin.tokens import ACCOUNT, SCRIPTS_READ, USER, Token
from tests.support.command import ROOT, Poc, Ran
from tests.support.processes import until, using

pytestmark = [pytest.mark.live, pytest.mark.long]

CANARY = "canary-6f1c0e9a7b2d4835"
"""The API token of these tests; it must turn up nowhere."""


@pytest.fixture
def cloud() -> Iterator[StandIn]:
    with StandIn(tokens=[Token(CANARY)]) as standin:
        standin.account.add_foreign("blog")
        yield standin


def variables(poc: Poc, cloud: StandIn, **more: str) -> dict[str, str]:
    home = poc.folder / "home"
    home.mkdir(exist_ok=True)
    own = {"HOME": str(home), "XDG_CACHE_HOME": str(cache()), "XDG_STATE_HOME": str(poc.folder / "state")}
    return {**cloud.environment, **own, **more}


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def run(poc: Poc, cloud: StandIn, *words: str, **more: str) -> Ran:
    ran = poc.run(*words, variables=variables(poc, cloud, **more))
    assert CANARY not in ran.out + ran.err
    return ran


def records(poc: Poc) -> dict[str, dict[str, Any]]:
    files = (poc.folder / "state").glob("poc/deployments/*.json")
    return {file.stem: json.loads(file.read_text()) for file in files}


def everything_in(folder: Path) -> str:
    return "".join(file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file())


def test_a_deployment_is_listed_and_removed_and_nothing_else_is_touched(poc: Poc, cloud: StandIn) -> None:
    deployed = run(poc, cloud, "deploy")
    assert deployed.code == 0, deployed.err
    [name] = cloud.account.ours
    assert f"https://{cloud.host(name)}" in deployed.out
    assert f"poc destroy {name}" in deployed.out
    assert "POC_TOKEN" in cloud.account.scripts[name].secrets

    listed = run(poc, cloud, "status")
    assert listed.code == 0
    assert f"{name}  https://{cloud.host(name)}" in listed.out
    assert "blog" not in listed.out

    removed = run(poc, cloud, "destroy", "--all")
    assert (removed.code, cloud.account.ours) == (0, [])
    assert "blog" in cloud.account.scripts
    assert records(poc) == {}
    assert list(poc.temporary.iterdir()) == []
    assert "nothing deployed" in run(poc, cloud, "status").out


def test_a_project_is_deployed_from_the_environment_that_has_its_objects(poc: Poc, cloud: StandIn) -> None:
    project = ROOT / "tests" / "projects" / "shapes" / "env-only"
    deployed = run(poc, cloud, "deploy", "--worker", str(project))
    assert deployed.code == 0, deployed.err
    assert "using the environment staging of wrangler.toml: only it has Durable Objects" in deployed.err
    [name] = cloud.account.ours
    assert list(cloud.account.scripts[name].classes) == ["Room"]
    assert run(poc, cloud, "destroy", "--all").code == 0


def test_the_account_tells_what_another_machine_has_deployed(poc: Poc, cloud: StandIn) -> None:
    run(poc, cloud, "deploy", "--name", "elsewhere")
    other = {"XDG_STATE_HOME": str(poc.folder / "another")}
    assert "elsewhere" in run(poc, cloud, "status", **other).out
    assert run(poc, cloud, "destroy", "elsewhere", **other).code == 0
    assert cloud.account.ours == []


def test_the_token_is_fresh_kept_for_the_user_alone_and_never_printed(poc: Poc, cloud: StandIn) -> None:
    first = run(poc, cloud, "deploy", "--name", "one")
    file = poc.folder / "state" / "poc" / "deployments" / "one.json"
    token = records(poc)["one"]["token"]
    assert len(token) * 6 >= 128  # each of its letters is one of 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    again = run(poc, cloud, "deploy", "--name", "one")
    assert records(poc)["one"]["token"] != token
    assert token not in first.out + first.err
    assert records(poc)["one"]["token"] not in again.out + again.err
    assert cloud.account.ours == ["one"]


def test_a_foreign_worker_is_neither_overwritten_nor_removed_without_force(poc: Poc, cloud: StandIn) -> None:
    before = cloud.account.scripts["blog"].versions[-1].id
    refused = run(poc, cloud, "deploy", "--name", "blog")
    assert refused.code == 3
    assert "already has a Worker blog that poc did not create" in refused.err
    kept = run(poc, cloud, "destroy", "blog")
    assert kept.code == 3
    assert "blog was not deployed by poc" in kept.err
    assert run(poc, cloud, "destroy", "--all").code == 0
    assert cloud.account.scripts["blog"].versions[-1].id == before
    cloud.account.scripts["blog"].last_deployed_from = "wrangler"  # else wrangler compares what the dashboard has set
    assert run(poc, cloud, "deploy", "--name", "blog", "--force").code == 0
    assert run(poc, cloud, "destroy", "blog").code == 0  # it is one of poc's now
    assert "blog" not in cloud.account.scripts


def test_nothing_is_written_outside_of_the_state_folder(poc: Poc, cloud: StandIn) -> None:
    run(poc, cloud, "deploy", "--name", "tidy")
    home, temporary = poc.folder / "home", poc.temporary
    assert [*home.iterdir(), *temporary.iterdir()] == []
    assert {path.name for path in poc.folder.iterdir()} == {"home", "tmp", "state"}
    assert CANARY not in everything_in(poc.folder)
    run(poc, cloud, "destroy", "tidy")


def test_secrets_are_on_no_command_line(poc: Poc, cloud: StandIn) -> None:
    seen: list[str] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.extend(word for command in using(poc.folder) for word in command)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        run(poc, cloud, "deploy", "--name", "quiet")
    finally:
        done.set()
        watcher.join()
    assert any(word.endswith("cli.js") for word in seen)  # wrangler was seen
    assert any(word == "--secrets-file" for word in seen)
    assert not any(CANARY in word or records(poc)["quiet"]["token"] in word for word in seen)


def status(number: int, **more: Any) -> Fault:
    return Fault("status", status=number, **more)


REFUSED: list[Any] = [
    pytest.param(
        {},
        (),
        {"CLOUDFLARE_API_TOKEN": ""},
        "CLOUDFLARE_API_TOKEN is not set, and wrangler is not logged in",
        id="no-token",
    ),
    pytest.param({}, (), {"CLOUDFLARE_API_TOKEN": "wrong"}, "it is wrong or has expired", id="wrong-token"),
    pytest.param({"tokens": [Token(CANARY, status="expired")]}, (), {}, "it is expired", id="expired"),
    pytest.param(
        {"tokens": [Token(CANARY, scopes=frozenset({SCRIPTS_READ, ACCOUNT}))]},
        (),
        {},
        "Workers Scripts > Edit",
        id="may-read",
    ),
    pytest.param(
        {"tokens": [Token(CANARY, scopes=frozenset({USER}))]}, (), {}, "lacks a permission on account", id="no-scope"
    ),
    pytest.param(
        {"accounts": [Account(name="One"), Account(name="Two")]},
        (),
        {"CLOUDFLARE_ACCOUNT_ID": ""},
        "has access to 2 accounts",
        id="several-accounts",
    ),
    pytest.param({}, (), {"CLOUDFLARE_ACCOUNT_ID": "0" * 32}, "there is no account with this id", id="no-such-account"),
    pytest.param({"accounts": [Account(subdomain=None)]}, (), {}, "no workers.dev subdomain yet", id="no-subdomain"),
    pytest.param(
        {},
        (),
        {"CLOUDFLARE_API_BASE_URL": "http://127.0.0.1:9/client/v4"},
        "no connection could be made",
        id="api-down",
    ),
    pytest.param(
        {}, (), {"CLOUDFLARE_API_BASE_URL": "http://api.example"}, "use an https:// address", id="in-the-open"
    ),
    pytest.param({}, (status(429, retry_after=900),), {}, "asks to wait 900 s", id="rate-limit"),
    pytest.param(
        {}, (status(429, retry_after=900, method="PUT"),), {}, "asks to wait 900 s", id="rate-limit-at-upload"
    ),
    pytest.param(
        {}, (status(403, code=10037, method="PUT"),), {}, "the most Workers that its plan allows", id="too-many-workers"
    ),
    pytest.param({}, (status(400, code=10097, method="PUT"),), {}, "new_sqlite_classes", id="free-plan"),
    pytest.param({}, (status(403, method="POST", path="/subdomain"),), {}, "lacks a permission", id="not-enabled"),
    pytest.param({}, (Fault("half", method="PUT"),), {}, "times without confirming it", id="half-each-time"),
    pytest.param({}, (status(500, method="PUT"),), {}, "failed with status 500", id="broken"),
    pytest.param({}, (Fault("lost", method="PUT"),), {}, "it closed the connection", id="always-lost"),
]


@pytest.mark.parametrize(("world", "faults", "more", "said"), REFUSED)
def test_what_fails_is_a_sentence_and_leaves_nothing(
    poc: Poc, world: dict[str, Any], faults: Sequence[Fault], more: dict[str, str], said: str
) -> None:
    with StandIn(**{"tokens": [Token(CANARY)], **world}, faults=Faults(*faults)) as cloud:
        failed = run(poc, cloud, "deploy", **more)
        assert failed.code == 3, failed.out + failed.err
        assert said in failed.err
        assert failed.err.startswith("poc: ") or "\npoc: " in failed.err
        assert failed.err.strip().count("\n") > 0  # what to do is on a line of its own
        assert failed.out == ""
        assert cloud.account.ours == []
        assert records(poc) == {}
        assert list(poc.temporary.iterdir()) == []


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([status(429, retry_after=1, count=1)], id="rate-limit-first"),
        pytest.param([status(429, retry_after=1, count=1, method="PUT")], id="rate-limit-at-upload"),
        pytest.param([status(500, count=2, method="PUT")], id="500-twice"),
        pytest.param([Fault("html", status=502, count=1, method="PUT")], id="gateway"),
        pytest.param([Fault("reset", count=1, method="PUT")], id="reset"),
        pytest.param([Fault("lost", count=1, method="PUT")], id="lost"),
        pytest.param([Fault("half", count=1, method="PUT")], id="half"),
        pytest.param([Fault("lost", count=1, method="POST")], id="lost-when-enabled"),
        pytest.param([status(500, probability=0.2)], id="a-fifth"),
    ],
)
def test_what_passes_is_waited_for(poc: Poc, cloud: StandIn, faults: list[Fault]) -> None:
    cloud.faults.set(*faults, seed=4)
    deployed = run(poc, cloud, "deploy", "--name", "patient")
    assert deployed.code == 0, deployed.err
    assert cloud.faults.struck
    if faults[0].retry_after is not None:
        assert "Cloudflare asks to wait 1 s" in deployed.err
    assert cloud.account.ours == ["patient"]
    cloud.faults.set(status(500, probability=0.3), Fault("lost", method="DELETE", count=1), seed=5)
    assert run(poc, cloud, "destroy", "patient").code == 0
    assert cloud.account.ours == []


def test_a_new_version_is_waited_for(poc: Poc, cloud: StandIn) -> None:
    run(poc, cloud, "deploy", "--name", "late")
    cloud.faults.propagation_ms = 1500
    assert run(poc, cloud, "deploy", "--name", "late").code == 0
    cloud.faults.clear()
    run(poc, cloud, "destroy", "late")


def test_a_project_is_deployed_as_a_copy_and_left_as_it_was(poc: Poc, cloud: StandIn) -> None:
    project = poc.folder / "chat"
    project.mkdir()
    (project / "main.js").write_text(
        'import { DurableObject } from "cloudflare:workers";\n'
        "export class Hall extends DurableObject {}\n"
        'export default { fetch: (request, env) => new Response(env.POC_TOKEN ? "has a token" : "has none") };\n'
    )
    (project / "wrangler.toml").write_text(
        'name = "shop"\nmain = "main.js"\ncompatibility_date = "2026-10-01"\nroute = "shop.example/*"\n'
        '[triggers]\ncrons = ["* * * * *"]\n'
        '[[durable_objects.bindings]]\nname = "HALL"\nclass_name = "Hall"\n'
        '[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Hall"]\n'
    )
    before = {file.name: file.read_bytes() for file in project.iterdir()}
    deployed = run(poc, cloud, "deploy", "--worker", str(project))
    assert deployed.code == 0, deployed.err
    assert "without its routes, its cron triggers" in deployed.err.replace("its route,", "its routes,")
    [name] = cloud.account.ours
    assert "shop" not in cloud.account.scripts
    assert not any("routes" in each.path or "schedules" in each.path for each in cloud.requests)
    assert {file.name: file.read_bytes() for file in project.iterdir()} == before
    assert run(poc, cloud, "destroy", name).code == 0


CONTEXT = """
import sys, time
from pathlib import Path
from poc_cli.targets.cloudflare.deployment import Plan, deployed
from poc_cli.targets.worker_source import source_or_shipped

plan = Plan(source_or_shipped(None), run="a-test", secrets={"POC_API_KEY": "key-of-the-api-0123456789"})
with deployed(plan, lambda line: print(line, file=sys.stderr, flush=True)) as made:
    print(made.name, made.url, made.version, flush=True)
    time.sleep(60)
"""


def context(poc: Poc, cloud: StandIn) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", CONTEXT],
        cwd=poc.folder,
        env=poc.environment({**variables(poc, cloud), "PYTHONPATH": str(ROOT)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_context_and_clears_the_account(poc: Poc, cloud: StandIn, number: signal.Signals) -> None:
    with context(poc, cloud) as process:
        assert process.stdout is not None
        name = process.stdout.readline().split()[0]
        assert cloud.account.ours == [name]
        process.send_signal(number)
        process.communicate()
    assert cloud.account.ours == []
    assert records(poc) == {}
    assert list(poc.temporary.iterdir()) == []


def test_a_signal_during_the_upload_clears_the_account(poc: Poc, cloud: StandIn) -> None:
    cloud.faults.set(Fault("slow", method="PUT", ms=1500))
    with context(poc, cloud) as process:
        until("the upload is under way", lambda: bool(cloud.faults.struck))
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert cloud.account.ours == []
    assert list(poc.temporary.iterdir()) == []


def test_what_a_killed_run_left_is_found_and_no_process_of_it(poc: Poc, cloud: StandIn) -> None:
    with context(poc, cloud) as process:
        assert process.stdout is not None
        name = process.stdout.readline().split()[0]
        going_on = run(poc, cloud, "status")
        assert "that run is still in progress" in going_on.out
        assert run(poc, cloud, "destroy", "--all").code == 0
        assert cloud.account.ours == [name]  # it is another run's, which lives
        process.kill()
        process.communicate()
    until("its temporary folder is gone", lambda: list(poc.temporary.iterdir()) == [])
    assert cloud.account.ours == [name]
    assert "left by that run" in run(poc, cloud, "status").out
    assert run(poc, cloud, "destroy", "--all").code == 0
    assert cloud.account.ours == []
    assert not psutil.pid_exists(process.pid) or not using(poc.folder)
