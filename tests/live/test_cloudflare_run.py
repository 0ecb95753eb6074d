"""`poc run --target cloudflare` against the stand-in: what is deployed, what is told, what stays secret."""

import base64
import json
import stat
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.standin.standin import StandIn
from tests.standin.tokens import Token
from tests.support.command import PATIENCE_SECONDS, Poc, Ran
from tests.support.processes import until
from tests.support.record import files, latest, verdicts

pytestmark = [pytest.mark.live, pytest.mark.long]

CANARY = "canary-of-the-account-3b9f0d7e5c1a4826"
TICKETS = "canary-of-the-app-51c7e3a09d2f4b68"
"""What must turn up nowhere."""

WORKER = """
import { DurableObject } from "cloudflare:workers";
export class Hall extends DurableObject {
  async fetch(request) {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }
  webSocketMessage(socket, text) {
    console.log(`heard ${text}, and the secret is ${this.env.TICKET_SECRET}`);
    console.error(btoa(`${this.env.POC_TOKEN} ${this.env.TICKET_SECRET}`), this.env.POC_TOKEN);
    const leak = `${this.env.POC_TOKEN} ${this.env.TICKET_SECRET}`;
    socket.send(JSON.stringify({ leak, app: this.env.APP_ORIGIN, has: this.env.TICKET_SECRET?.length ?? 0 }));
  }
}
export default { fetch: (request, env) => env.HALL.get(env.HALL.idFromName(request.url)).fetch(request) };
"""
CONFIG = """
name = "hall"
main = "main.js"
compatibility_date = "2026-10-01"
durable_objects.bindings = [{ name = "HALL", class_name = "Hall" }]
migrations = [{ tag = "v1", new_sqlite_classes = ["Hall"] }]
"""
STORY = """
name    = "{name}"
title   = "A worker of somebody's knows its app."
object  = {{ class = "Hall", name = "{{play}}" }}
worker  = {worker}
{more}
clients = {{ ann = "/room/{{play}}" }}
steps = [
  {{ connect = "ann" }},
  {{ on = "ann", send = "hello", expect = {expect}, claim = "known" }},
]
[[claim]]
id   = "known"
says = "It knows."
"""
OF_APP = 'secrets = ["TICKET_SECRET"]\norigin = { dir = "app", start = "exec node server.mjs" }'


class _App(BaseHTTPRequestHandler):
    """An app that is there, and no more."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def cloud() -> Iterator[StandIn]:
    with StandIn(tokens=[Token(CANARY)]) as standin:
        standin.account.add_foreign("blog")
        yield standin


@pytest.fixture
def app() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _App) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def run(poc: Poc, cloud: StandIn, *words: str, **more: str) -> Ran:
    own = {"XDG_STATE_HOME": str(poc.folder / "state")}
    return poc.run("run", *words, "--target", "cloudflare", variables=cloud.environment | own | more)


def told(poc: Poc, name: str, expect: dict[str, Any], more: str = "", worker: str = '"hall"') -> str:
    """Write a story about the hall; give how it is named."""
    hall = poc.folder / "hall"
    hall.mkdir(exist_ok=True)
    (hall / "main.js").write_text(WORKER, encoding="utf-8")
    (hall / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    (poc.folder / "app").mkdir(exist_ok=True)
    wanted = ", ".join(f"{key} = {json.dumps(value)}" for key, value in expect.items())
    text = STORY.format(name=name, worker=worker, more=more, expect=f"{{ {wanted} }}")
    (poc.folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return f"./{name}.toml"


def reasons(ran: Ran) -> dict[str, str | None]:
    return {each["name"]: each["left_out"] for each in ran.document()["scenarios"]}


def test_the_worker_of_the_scenarios_is_deployed_with_the_app_s_address_and_secrets(
    poc: Poc, cloud: StandIn, app: str
) -> None:
    worker = '{ dir = "hall", vars = { APP_ORIGIN = "{origin}" } }'
    story = told(poc, "stack", {"app": app, "has": len(TICKETS)}, OF_APP, worker)
    ran = run(poc, cloud, story, "--origin", app, "--json", TICKET_SECRET=TICKETS)
    # The hall says its secret in each reply, which is masked in everything that is kept.
    assert verdicts(ran.document()) == {"stack/known": "held", "stack/no-secret-leaves": "refuted"}, ran.err
    assert cloud.account.ours == []
    left = "".join(file.read_bytes().decode("latin-1") for file in files(poc.folder))
    assert TICKETS not in left + ran.out + ran.err
    assert CANARY not in left + ran.out + ran.err


def test_without_the_app_s_address_the_reason_says_so(poc: Poc, cloud: StandIn) -> None:
    story = told(poc, "stack", {"has": 1}, OF_APP)
    assert "--origin URL" in str(reasons(run(poc, cloud, story, "--json"))["stack"])


def test_a_secret_of_the_app_that_is_not_told_is_a_usage_error_and_nothing_is_deployed(
    poc: Poc, cloud: StandIn, app: str
) -> None:
    ran = run(poc, cloud, told(poc, "stack", {"has": 1}, OF_APP), "--origin", app)
    assert ran.code == 2
    assert "TICKET_SECRET" in ran.err
    assert cloud.requests == []


def test_a_worker_that_all_scenarios_bring_is_deployed_and_one_of_several_is_not(poc: Poc, cloud: StandIn) -> None:
    first, second = told(poc, "first", {"has": 0}), told(poc, "second", {"has": 0})
    ran = run(poc, cloud, first, second, "--json")
    assert verdicts(ran.document()) == {"first/known": "held", "second/known": "held"}, ran.err
    mixed = run(poc, cloud, first, "connect", "--json")
    assert "has its own worker" in str(reasons(mixed)["first"])
    assert reasons(mixed)["connect"] is None
    assert cloud.account.ours == []


def test_a_run_says_what_it_took_of_the_free_day(poc: Poc, cloud: StandIn) -> None:
    ran = run(poc, cloud, "connect")
    assert ran.code == 0, ran.err
    assert "\nthis run: " in ran.out
    assert "of the free plan's day" in ran.out
    assert "this run: " not in run(poc, cloud, "connect", "-q").out


def _forms(secret: str) -> tuple[str, ...]:
    """Return how a secret may be written: as it is, and in base64 at every alignment, without the ends that vary."""
    encoded = [base64.b64encode(b"." * lead + secret.encode()).decode() for lead in range(3)]
    return (secret, *(each[4:-4] for each in encoded), secret.encode().hex())


def _found(text: str, secrets: Iterable[str]) -> list[str]:
    return [secret[:8] for secret in secrets for form in _forms(secret) if form in text]


def _deployed_secrets(cloud: StandIn) -> set[str]:
    versions = [version for name in cloud.account.ours for version in cloud.account.scripts[name].versions]
    return {str(each["text"]) for version in versions for each in version.bindings if each["type"] == "secret_text"}


def _run_and_listen(poc: Poc, cloud: StandIn, *words: str, **more: str) -> tuple[Ran, set[str]]:
    """Run, and give the values of the secrets that were deployed meanwhile."""
    own = {"XDG_STATE_HOME": str(poc.folder / "state")}
    words = ("run", *words, "--target", "cloudflare")
    with poc.start(*words, variables=cloud.environment | own | more) as process:
        until("something is deployed", lambda: bool(_deployed_secrets(cloud)) or process.poll() is not None)
        secrets = _deployed_secrets(cloud)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return Ran(process.returncode, out, err), secrets


def test_no_token_is_in_what_a_run_leaves_or_says(poc: Poc, cloud: StandIn) -> None:
    ran, secrets = _run_and_listen(poc, cloud, "hibernate", "-vv")
    assert ran.code == 0, ran.err
    assert any(each.path.endswith("/tails") for each in cloud.requests)
    assert len(secrets) == 2, "the worker's token and the key of the API"
    left = {str(file): file.read_bytes().decode("latin-1") for file in files(poc.folder)}
    assert any(name.endswith("history.ndjson") for name in left)
    assert {name: found for name, text in left.items() if (found := _found(name + text, {CANARY, *secrets}))} == {}
    assert _found(ran.out + ran.err, {CANARY, *secrets}) == []
    assert [*cloud.account.ours, *cloud.account.live_tails, *poc.temporary.iterdir()] == []


def test_what_a_kept_deployment_needs_is_readable_by_the_user_alone_and_nowhere_else(
    poc: Poc, cloud: StandIn, app: str
) -> None:
    story = told(poc, "stack", {"has": 1}, OF_APP)  # it is refuted, and told with what came
    words = (story, "--origin", app, "--keep", "-vv")
    ran, secrets = _run_and_listen(poc, cloud, *words, TICKET_SECRET=TICKETS)
    assert ran.code == 1, ran.err
    assert TICKETS in secrets
    assert len(secrets) == 3
    found = {file for file in files(poc.folder) if _found(file.read_bytes().decode("latin-1"), {CANARY, *secrets})}
    [name] = cloud.account.ours
    kept = poc.folder / "state" / "poc" / "deployments" / f"{name}.json"
    assert found == {kept}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert len(_found(kept.read_text(encoding="utf-8"), secrets)) == 1, "the worker's token, and not the app's secret"
    assert _found(ran.out + ran.err, {CANARY, *secrets}) == []
    assert "[secret]" in (latest(poc.results) / "history.ndjson").read_text(encoding="utf-8")
