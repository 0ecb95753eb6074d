"""What goes wrong at the API reaches the real wrangler as it would from Cloudflare, and leaves what it would leave."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.standin import sample
from tests.standin.account import FREE_SCRIPTS, Account
from tests.standin.faults import Fault
from tests.standin.public import get, version
from tests.standin.standin import StandIn
from tests.standin.tokens import EDIT_WORKERS, KV, SCRIPTS, Token
from tests.standin.wrangler import Ran, Wrangler

pytestmark = pytest.mark.live

UPLOAD = r"/scripts/[^/]+$"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault("status", status=401), "Authentication error [code: 10000]"),
        (Fault("status", status=403, path=UPLOAD), "Authentication error [code: 10000]"),
        (Fault("status", status=429, retry_after=61, path=UPLOAD), "you should wait 61 second(s)"),
        (Fault("status", status=500, path=UPLOAD), "An unknown error has occurred"),
        (Fault("html", status=502, path="/subdomain"), "502"),
        (Fault("reset"), "fetch failed"),
    ],
)
def test_a_deploy_that_fails_leaves_nothing(cloud: StandIn, wrangler: Wrangler, fault: Fault, says: str) -> None:
    cloud.faults.set(fault)
    ran = wrangler.deploy()
    assert ran.code == 1
    assert says in ran.text
    assert cloud.account.ours == [] or fault.kind == "html"
    assert cloud.faults.struck


def test_wrangler_tries_again_what_may_pass(cloud: StandIn, wrangler: Wrangler) -> None:
    cloud.faults.set(
        Fault("status", status=429, retry_after=0, path=UPLOAD, count=1),
        Fault("slow", ms=10, path="/settings"),
    )
    ran = wrangler.deploy()
    assert ran.code == 0, ran.text
    assert [each.kind for each in cloud.faults.struck] == ["slow", "status"]
    assert version(cloud, "sample") == "1"


def test_an_answer_that_is_lost_hides_a_deploy(cloud: StandIn, wrangler: Wrangler) -> None:
    cloud.faults.set(Fault("lost", method="PUT", path=UPLOAD, count=1))
    ran = wrangler.deploy()
    assert ran.code == 1
    assert "[code: 10074]" in ran.text  # wrangler asked again, and the class was there already
    assert cloud.account.ours == ["sample"]
    assert cloud.account.scripts["sample"].deployed is not None


def test_half_an_upload_is_listed_and_serves_nothing(cloud: StandIn, wrangler: Wrangler) -> None:
    cloud.faults.set(Fault("half"))
    ran = wrangler.deploy()
    assert ran.code == 1
    assert (cloud.account.ours, cloud.running) == (["sample"], [])
    assert cloud.account.scripts["sample"].deployed is None
    assert get(cloud, "sample").status_code == 404
    cloud.faults.clear()
    assert wrangler.run("delete", "--name", "sample", "--force").code == 0
    assert cloud.account.ours == []


def test_a_removal_whose_answer_is_lost_is_done(cloud: StandIn, wrangler: Wrangler) -> None:
    assert wrangler.deploy().code == 0
    cloud.faults.set(Fault("lost", method="DELETE"))
    assert wrangler.run("delete", "--name", "sample", "--force").code == 1
    assert (cloud.account.ours, cloud.running) == ([], [])


def _deploy(tmp_path: Path, account: Account, token: Token | None = None, **settings: Any) -> Ran:
    with StandIn(accounts=[account], tokens=[token] if token else []) as cloud:
        sample.write(tmp_path / "project", **settings)
        return Wrangler(tmp_path / "project", cloud.environment).deploy()


def test_limits_of_the_account(tmp_path: Path) -> None:
    full = Account()
    full.add_foreign(*(f"theirs-{number}" for number in range(FREE_SCRIPTS)))
    old = [{"tag": "v1", "new_classes": ["Room"]}]
    cases: list[tuple[Account, dict[str, Any], str]] = [
        (full, {}, "[code: 10037]"),
        (Account(subdomain=None), {}, "register a workers.dev subdomain"),
        (Account(), {"migrations": old}, "[code: 10097]"),
        (Account(), {"migrations": None}, "[code: 10061]"),
    ]
    for number, (account, settings, says) in enumerate(cases):
        ran = _deploy(tmp_path / str(number), account, **settings)
        assert ran.code == 1
        assert says in ran.text
        assert account.ours == []
    assert _deploy(tmp_path / "paid", Account(free=False), migrations=old).code == 0


def test_tokens_that_are_not_good_enough(tmp_path: Path) -> None:
    for number, (token, says) in enumerate(
        [
            (Token("t", EDIT_WORKERS - {SCRIPTS}), "Authentication error [code: 10000]"),
            (Token("t", status="expired"), "Authentication error [code: 10000]"),
        ]
    ):
        account = Account()
        ran = _deploy(tmp_path / str(number), account, token)
        assert ran.code == 1
        assert says in ran.text
        assert account.ours == []
    # a deploy needs no more than this
    assert _deploy(tmp_path / "enough", Account(), Token("t", frozenset({SCRIPTS}))).code == 0
    assert KV in EDIT_WORKERS


def test_a_worker_that_does_not_start_is_refused(cloud: StandIn, wrangler: Wrangler) -> None:
    assert wrangler.deploy().code == 0
    with (wrangler.folder / "index.js").open("a", encoding="utf-8") as code:
        code.write('throw new Error("not today");')
    ran = wrangler.deploy()
    assert ran.code == 1
    assert "not today" in ran.text
    assert "[code: 10021]" in ran.text
    assert version(cloud, "sample") == "1"


def test_what_cannot_be_served_is_refused(cloud: StandIn, wrangler: Wrangler) -> None:
    sample.write(wrangler.folder, kv_namespaces=[{"binding": "SCORES", "id": "0" * 32}])
    ran = wrangler.deploy()
    assert ran.code == 1
    assert "cannot serve these bindings: SCORES" in ran.text
    assert cloud.account.ours == []


def test_switches_by_hand(cloud: StandIn) -> None:
    switches = f"{cloud.api.removesuffix('/client/v4')}/_standin"
    token = {"Authorization": f"Bearer {cloud.tokens[0].value}"}
    with httpx.Client(trust_env=False) as client:
        given = {"faults": [{"kind": "status", "status": 429, "retry_after": 3, "count": 1}]}
        assert client.put(f"{switches}/faults", json=given).status_code == 200
        limited = client.get(f"{cloud.api}/user", headers=token)
        assert (limited.status_code, limited.headers["Retry-After"]) == (429, "3")
        assert client.get(f"{cloud.api}/user", headers=token).json()["result"] == {
            "id": "0" * 32,
            "email": "standin@example.com",
        }
        wrong = client.put(f"{switches}/faults", json={"faults": [{"kind": "sloow"}]})
        assert wrong.status_code == 400
        assert "'sloow' is no kind of fault" in wrong.json()["error"]
        seen = client.get(f"{switches}/account").json()
        assert seen["requests"] == ["GET /user 429 status", "GET /user 200"]
        missing = client.get(f"{cloud.api}/zones", headers=token)
        assert (missing.status_code, missing.json()["errors"][0]["code"]) == (404, 7000)
